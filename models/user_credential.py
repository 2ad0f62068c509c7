"""User Credential: an account name; its password is stored in the vault under the credential's id."""

from typing import ClassVar

from sqlmodel import Field

from models.base import NAME_MAX, ConfigurationFields, ConfigurationObject, Name
from models.document_keys import DESCRIPTION_KEY, NAME_KEY, DocumentKey
from models.kinds import Kind


class UserCredentialFields(ConfigurationFields):
    """The editable fields of a User Credential, without the password."""

    account: Name = Field(default="", min_length=1, max_length=NAME_MAX)


class UserCredential(UserCredentialFields, ConfigurationObject, table=True):
    """An account on a foreign system."""

    __tablename__ = "user_credential"
    kind: ClassVar[Kind] = Kind.USER_CREDENTIAL
    fields: ClassVar[type[ConfigurationFields]] = UserCredentialFields
    document: ClassVar[tuple[DocumentKey, ...]] = (
        NAME_KEY,
        DocumentKey("account", "account", required=True),
        DESCRIPTION_KEY,
    )
    routing_fields: ClassVar[frozenset[str]] = frozenset({"account"})

    @property
    def caption(self) -> str:
        """The account name."""
        return self.account
