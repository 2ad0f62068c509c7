"""User Credential: an account and how it signs in; its secrets are stored in the vault under the credential's id."""

from datetime import date
from typing import ClassVar

from pydantic import ValidationInfo, field_validator
from sqlmodel import Field

from models.base import EMPTY_TEXT, NAME_MAX, ConfigurationFields, ConfigurationObject, Name
from models.document_keys import DESCRIPTION_KEY, NAME_KEY, DocumentKey, ValueForm
from models.kinds import Kind
from models.sign_in import METHODS, REST_ONLY_METHODS, REST_ONLY_TEXT, JwtAlgorithm, SignInMethod
from models.translation_marks import tr_later

CLIENT_ID_MAX = 255
SCOPE_MAX = 1000


class UserCredentialFields(ConfigurationFields):
    """The editable fields of a User Credential, without its secrets. Fields that its method does not use are empty."""

    account: Name = Field(default="", min_length=1, max_length=NAME_MAX)
    sign_in: str = Field(
        default=SignInMethod.BASIC.value,
        max_length=32,
        sa_column_kwargs={"server_default": SignInMethod.BASIC.value},
    )
    """A value of `SignInMethod`. It stands before the fields that depend on it."""
    client_id: Name = Field(
        default="", max_length=CLIENT_ID_MAX, sa_column_kwargs={"server_default": EMPTY_TEXT}
    )
    scope: Name | None = Field(default=None, max_length=SCOPE_MAX)
    """Scopes that are asked for, separated by spaces; None for those of the client."""
    key_id: Name = Field(default="", max_length=NAME_MAX, sa_column_kwargs={"server_default": EMPTY_TEXT})
    """The `kid` of the JWT verifier map."""
    subject: Name = Field(default="", max_length=NAME_MAX, sa_column_kwargs={"server_default": EMPTY_TEXT})
    """The value of the client's User field, which finds the user."""
    algorithm: str = Field(default="", max_length=8, sa_column_kwargs={"server_default": EMPTY_TEXT})
    """A value of `JwtAlgorithm`, for JWT bearer only."""
    secret_expires_on: str = Field(default="", max_length=10, sa_column_kwargs={"server_default": EMPTY_TEXT})
    """The last day of its secret as YYYY-MM-DD, entered by hand: ServiceNow does not tell it. Empty for no reminder."""

    @field_validator("sign_in")
    @classmethod
    def _validate_sign_in(cls, value: str) -> str:
        if value in REST_ONLY_METHODS:
            raise ValueError(REST_ONLY_TEXT)
        if value not in set(SignInMethod):
            raise ValueError(f"must be one of {', '.join(SignInMethod)}")
        return value

    @field_validator("secret_expires_on")
    @classmethod
    def _validate_day(cls, value: str) -> str:
        value = value.strip()
        if value:
            try:
                return date.fromisoformat(value).isoformat()
            except ValueError:
                raise ValueError(tr_later("is no date; write it as YYYY-MM-DD")) from None
        return value

    @field_validator("client_id", "scope", "key_id", "subject", "algorithm")
    @classmethod
    def _validate_for_method(cls, value: str | None, info: ValidationInfo) -> str | None:
        method, field = info.data.get("sign_in"), str(info.field_name)
        if method is None:
            return value
        form = METHODS[SignInMethod(method)]
        value = (value or "").strip() if field in form.fields else ""
        if field == "scope":
            return value or None
        if field not in form.fields:
            return ""
        if field == "algorithm":
            return _validate_algorithm(value or JwtAlgorithm.RS256)
        if field in form.required_fields and not value:
            raise ValueError(tr_later("is empty"))
        return value


def _validate_algorithm(value: str) -> str:
    if value not in set(JwtAlgorithm):
        raise ValueError(f"must be one of {', '.join(JwtAlgorithm)}")
    return str(value)


class UserCredential(UserCredentialFields, ConfigurationObject, table=True):
    """An account on a foreign system."""

    __tablename__ = "user_credential"
    kind: ClassVar[Kind] = Kind.USER_CREDENTIAL
    fields: ClassVar[type[ConfigurationFields]] = UserCredentialFields
    document: ClassVar[tuple[DocumentKey, ...]] = (
        NAME_KEY,
        DocumentKey("account", "account", required=True),
        DocumentKey("sign_in", "sign_in", omitted=SignInMethod.BASIC.value),
        DocumentKey("client_id", "client_id", omitted=""),
        DocumentKey("scope", "scope", ValueForm.OPTIONAL_TEXT, omitted=None),
        DocumentKey("key_id", "key_id", omitted=""),
        DocumentKey("subject", "subject", omitted=""),
        DocumentKey("algorithm", "algorithm", omitted=""),
        DocumentKey("secret_expires_on", "secret_expires_on", ValueForm.DATE, omitted=""),
        DESCRIPTION_KEY,
    )
    routing_fields: ClassVar[frozenset[str]] = frozenset({"account", "sign_in", "client_id", "subject"})

    @property
    def method(self) -> SignInMethod:
        """How it signs in."""
        return SignInMethod(self.sign_in)

    @property
    def caption(self) -> str:
        """The account name."""
        return self.account
