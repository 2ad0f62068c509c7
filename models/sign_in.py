"""How a User Credential signs in to ServiceNow: the methods, and what each of them needs."""

from dataclasses import dataclass
from enum import StrEnum

from models.secret_names import SecretName
from models.translation_marks import tr_later


class SignInMethod(StrEnum):
    """The values are those of documents and of `--sign-in`."""

    BASIC = "basic"
    CLIENT_CREDENTIALS = "oauth_client_credentials"
    PASSWORD_GRANT = "oauth_password"  # noqa: S105 -- the name of a method
    JWT_BEARER = "oauth_jwt_bearer"
    CERTIFICATE = "certificate"


class JwtAlgorithm(StrEnum):
    """Signatures that ServiceNow verifies with a certificate; the values are those of RFC 7518."""

    RS256 = "RS256"
    RS384 = "RS384"
    RS512 = "RS512"
    ES256 = "ES256"
    ES384 = "ES384"
    ES512 = "ES512"


@dataclass(frozen=True, slots=True)
class MethodForm:
    """What a method is called, and which fields and secrets of a credential it uses."""

    label: str
    required_fields: frozenset[str] = frozenset()
    optional_fields: frozenset[str] = frozenset()
    required_secrets: tuple[SecretName, ...] = ()
    optional_secrets: tuple[SecretName, ...] = ()

    @property
    def fields(self) -> frozenset[str]:
        """The fields that the method uses."""
        return self.required_fields | self.optional_fields

    @property
    def secrets(self) -> tuple[SecretName, ...]:
        """The secrets that the method uses, the required ones first."""
        return self.required_secrets + self.optional_secrets


METHODS: dict[SignInMethod, MethodForm] = {
    SignInMethod.BASIC: MethodForm(tr_later("Basic"), required_secrets=(SecretName.PASSWORD,)),
    SignInMethod.CLIENT_CREDENTIALS: MethodForm(
        tr_later("OAuth 2.0 client credentials"),
        required_fields=frozenset({"client_id"}),
        optional_fields=frozenset({"scope"}),
        required_secrets=(SecretName.CLIENT_SECRET,),
    ),
    SignInMethod.PASSWORD_GRANT: MethodForm(
        tr_later("OAuth 2.0 password grant"),
        required_fields=frozenset({"client_id"}),
        optional_fields=frozenset({"scope"}),
        required_secrets=(SecretName.CLIENT_SECRET, SecretName.PASSWORD),
    ),
    SignInMethod.JWT_BEARER: MethodForm(
        tr_later("OAuth 2.0 JWT bearer"),
        required_fields=frozenset({"client_id", "key_id", "subject"}),
        optional_fields=frozenset({"algorithm", "scope"}),
        required_secrets=(SecretName.PRIVATE_KEY,),
        optional_secrets=(SecretName.PRIVATE_KEY_PASSPHRASE, SecretName.CLIENT_SECRET),
    ),
    SignInMethod.CERTIFICATE: MethodForm(
        tr_later("Client certificate"), optional_secrets=(SecretName.CERTIFICATE_PASSPHRASE,)
    ),
}

REST_ONLY_METHODS = ("api_key", "hmac")
"""Kinds that ServiceNow takes for REST only: no SOAP access policy can list them. They are refused before anything is sent."""
REST_ONLY_TEXT = tr_later(
    "cannot be an API key: ServiceNow takes API keys for REST only, and approvals are requested with SOAP"
)

TOKEN_METHODS = frozenset(
    {SignInMethod.CLIENT_CREDENTIALS, SignInMethod.PASSWORD_GRANT, SignInMethod.JWT_BEARER}
)
"""Methods that exchange their secrets for an access token."""
