"""The sign-in of a User Credential: its fields with the secrets that its method needs, read from the vault."""

import uuid

from models.secret_names import SecretName
from models.sign_in import METHODS, TOKEN_METHODS, SignInMethod
from models.user_credential import UserCredential
from services.common.errors import Owner, Problem, RefusedError
from services.common.fault_ids import FaultId
from services.common.secret import Secret
from services.transport.authentication import CertificateSignIn, ServerSignIn, SignIn, TokenSignIn
from services.vault import SecretMissingError, Vault
from services.vault.base import SecretTarget


def read_sign_in(vault: Vault, credential: UserCredential, place: SecretTarget) -> ServerSignIn:
    """Return how a credential signs in to a server at `place`; blocks.

    Raises SecretMissingError for a secret that its method needs, and SecretNotForHostError for one that is bound elsewhere,
    an optional one included: nothing is sent in part.
    """
    method = credential.method
    found = _read_secrets(vault, credential.id, credential.name, method, place)
    if method in TOKEN_METHODS:
        return TokenSignIn(
            account=credential.account,
            method=method,
            client_id=credential.client_id,
            scope=credential.scope,
            key_id=credential.key_id,
            subject=credential.subject,
            algorithm=credential.algorithm,
            secrets=found,
        )
    if method is SignInMethod.CERTIFICATE:
        return CertificateSignIn(credential.account)
    return SignIn(credential.account, found[SecretName.PASSWORD])


def sign_in_fields(sign_in: ServerSignIn) -> dict[str, object]:
    """Return the fields of a User Credential that signs in as `sign_in` does."""
    match sign_in:
        case TokenSignIn():
            return {
                "account": sign_in.account,
                "sign_in": sign_in.method.value,
                "client_id": sign_in.client_id,
                "scope": sign_in.scope,
                "key_id": sign_in.key_id,
                "subject": sign_in.subject,
                "algorithm": sign_in.algorithm,
            }
        case CertificateSignIn():
            return {"account": sign_in.account, "sign_in": SignInMethod.CERTIFICATE.value}
        case _:
            return {"account": sign_in.account}


def sign_in_secrets(sign_in: ServerSignIn) -> dict[SecretName, Secret]:
    """Return the secrets of `sign_in`, as a vault stores them."""
    match sign_in:
        case TokenSignIn():
            return dict(sign_in.secrets)
        case SignIn():
            return {SecretName.PASSWORD: sign_in.secret}
        case _:
            return {}


def read_password_sign_in(vault: Vault, credential: UserCredential, place: SecretTarget) -> SignIn:
    """Return the account and password of a credential for a place that takes nothing else: a proxy, Privilege Manager.

    Raises `sign-in-unsupported` for a credential with another method, and as `read_sign_in` does.
    """
    sign_in = read_sign_in(vault, credential, place) if credential.method is SignInMethod.BASIC else None
    if isinstance(sign_in, SignIn):
        return sign_in
    raise RefusedError(
        Problem(
            tried=f"Sign in with “{credential.name}”",
            evidence=f"Its sign-in is {METHODS[credential.method].label}; nothing was sent.",
            cause="A proxy and Privilege Manager take an account and a password only.",
            owner=Owner.CONSOLE,
            remedy="Choose a User Credential with an account and a password.",
            fault=FaultId.SIGN_IN_UNSUPPORTED,
        )
    )


def _read_secrets(
    vault: Vault, credential_id: uuid.UUID, name: str, method: SignInMethod, place: SecretTarget
) -> dict[SecretName, Secret]:
    form = METHODS[method]
    found = {one: vault.get(credential_id, name, place, secret_name=one) for one in form.required_secrets}
    for one in form.optional_secrets:
        try:
            found[one] = vault.get(credential_id, name, place, secret_name=one)
        except SecretMissingError:
            continue
    return found
