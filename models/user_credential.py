"""User Credential: an account name; its password lives in the vault under the credential's id."""

from typing import ClassVar

from sqlmodel import Field

from models.base import NAME_MAX, ConfigurationFields, ConfigurationObject, Name
from models.kinds import Kind


class UserCredentialFields(ConfigurationFields):
    """What is entered for a User Credential, but for the password."""

    account: Name = Field(default="", min_length=1, max_length=NAME_MAX)


class UserCredential(UserCredentialFields, ConfigurationObject, table=True):
    """An account on a foreign system."""

    __tablename__ = "user_credential"
    kind: ClassVar[Kind] = Kind.USER_CREDENTIAL
    fields: ClassVar[type[ConfigurationFields]] = UserCredentialFields
