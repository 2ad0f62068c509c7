"""The sign-in of a User Credential: its fields with the secrets that its method needs, read from the vault."""

from models.secret_names import SecretName
from models.sign_in import METHODS, TOKEN_METHODS, SignInMethod
from models.user_credential import UserCredential
from services.common.errors import Owner, Problem, RefusedError
from services.common.fault_ids import FaultId
from services.common.secret import Secret
from services.transport.certificate_file_error import CertificateNotNeededError
from services.transport.sign_in import CertificateSignIn, ServerSignIn, SignIn, TokenSignIn
from services.vault import SecretMissingError, Vault
from services.vault.base import SecretTarget


def read_sign_in(
    vault: Vault, credential: UserCredential, place: SecretTarget, *, lend: bool = False
) -> ServerSignIn:
    """Return how a credential signs in to a server at `place`; blocks. `lend` is that of `Vault.get`.

    Raises SecretMissingError for a secret that its method needs, and SecretNotForHostError for one that is bound elsewhere,
    an optional one included: nothing is sent in part.
    """
    method = credential.method
    if method is SignInMethod.CERTIFICATE:
        # Its passphrase opens the file of the server; it is read when the connection is opened.
        return CertificateSignIn(credential.account)
    found = _read_secrets(vault, credential, place, lend=lend)
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


def require_own_certificate(credential: UserCredential, own: UserCredential | None, server: str) -> None:
    """Raise `certificate-of-other-credential` where a certificate would sign in another account than its credential names.

    `own` is the credential of the server: the client certificate is mapped to its account where it signs in with it.
    """
    takes_certificate = own is not None and own.method is SignInMethod.CERTIFICATE
    is_same = own is not None and own.account == credential.account
    if credential.method is not SignInMethod.CERTIFICATE or not takes_certificate or is_same:
        return
    raise RefusedError(
        Problem(
            tried=f"Sign in to “{server}” as {credential.account}",
            evidence=f"“{credential.name}” is not the User Credential of “{server}”; nothing was sent.",
            cause="The client certificate of a server signs in the account of the server's own User Credential, and no other.",
            owner=Owner.CONSOLE,
            remedy="Choose a User Credential with another sign-in method for this account.",
            fault=FaultId.CERTIFICATE_OF_OTHER_CREDENTIAL,
        )
    )


def read_certificate_passphrase(
    vault: Vault, credential: UserCredential, place: SecretTarget, *, lend: bool = False
) -> Secret | None:
    """Return the passphrase of the client certificate of a server, or None where none is stored; blocks.

    `lend` is that of `Vault.get`, `place` is the server's `destination`. Raises SecretNotForHostError for one that was entered for another file, host or
    way.
    """
    try:
        return vault.get(
            credential.id,
            credential.name,
            place,
            secret_name=SecretName.CERTIFICATE_PASSPHRASE,
            lend=lend,
        )
    except SecretMissingError:
        return None


def read_own_certificate_passphrase(
    vault: Vault, credential: UserCredential, place: SecretTarget
) -> Secret | None:
    """Return the passphrase of an instance's client certificate from the instance's own credential; blocks.

    Raises CertificateNotNeededError where none is stored and the credential signs in without it: while a switch is prepared,
    and after its undo, the passphrase is with the other credential. Raises as `read_certificate_passphrase` does.
    """
    found = read_certificate_passphrase(vault, credential, place)
    if found is None and credential.method is not SignInMethod.CERTIFICATE:
        raise CertificateNotNeededError(FaultId.CERTIFICATE_PASSPHRASE_MISSING, "left out of the connection")
    return found


def _read_secrets(
    vault: Vault, credential: UserCredential, place: SecretTarget, *, lend: bool
) -> dict[SecretName, Secret]:
    def get(one: SecretName) -> Secret:
        return vault.get(credential.id, credential.name, place, secret_name=one, lend=lend)

    form = METHODS[credential.method]
    found = {one: get(one) for one in form.required_secrets}
    for one in form.optional_secrets:
        try:
            found[one] = get(one)
        except SecretMissingError:
            continue
    return found
