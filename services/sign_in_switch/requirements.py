"""What a switch and its undo ask of the credential that a server is to have, before anything is written."""

from models.foreign_system import ForeignSystem
from models.sign_in import SignInMethod
from models.user_credential import UserCredential
from services.common.fault_ids import FaultId
from services.credential_sign_in import read_certificate_passphrase, read_sign_in
from services.servicenow.faults import make_error
from services.sign_in_switch import problems
from services.transport.certificate_file_error import CertificateFileError
from services.transport.connection_settings import ConnectionSettings
from services.vault import Vault


def refuse_impossible(
    server: ForeignSystem, before: UserCredential, after: UserCredential, tried: str
) -> None:
    """Raise `sign-in-switch-refused` where going from `before` to `after` changes nothing, or cannot work on this server."""
    if before.id == after.id:
        raise problems.same_credential(server.name, after.name)
    if after.method is not SignInMethod.CERTIFICATE:
        return
    if not server.client_certificate:
        raise problems.certificate_missing(server.name, tried)
    if not ConnectionSettings.of(server).shows_client_certificate:
        raise problems.certificate_without_tls(server.name, server.base_url, tried)


def require_usable_sign_in(
    vault: Vault, server: ForeignSystem, credential: UserCredential, tried: str
) -> None:
    """See that secrets and client certificate of a sign-in can be used on a server now; blocks, and sends nothing.

    Raises SecretMissingError, SecretNotForHostError, and a `certificate-…` fault: unreadable file, passphrase missing or
    wrong, no private key, a key of another certificate, expired, not yet valid.
    """
    read_sign_in(vault, credential, server.destination)
    if not server.client_certificate or not ConnectionSettings.of(server).shows_client_certificate:
        return
    try:
        _read_certificate(vault, server, server.client_certificate, credential)
    except CertificateFileError as error:
        if credential.method is SignInMethod.CERTIFICATE:
            raise make_error(error.fault, tried, error.evidence) from error
        # Such a file is left out of the connection; every other one that cannot be used ends it.
        if error.fault is not FaultId.CERTIFICATE_PASSPHRASE_MISSING:
            remedy = problems.certificate_in_the_way(server.name)
            raise make_error(error.fault, tried, error.evidence, remedy=remedy) from error


def _read_certificate(vault: Vault, server: ForeignSystem, path: str, credential: UserCredential) -> None:
    from services.transport.client_certificates import read_client_certificate

    try:
        read_client_certificate(path)
    except CertificateFileError as error:
        if error.fault is not FaultId.CERTIFICATE_PASSPHRASE_MISSING:
            raise
        # The passphrase is asked for only where the file needs one, as when a connection is opened.
        passphrase = read_certificate_passphrase(vault, credential, server.destination)
        if passphrase is None:
            raise
        read_client_certificate(path, passphrase)
