"""Client certificates: read from PEM or PKCS#12, judged before anything is sent, and loaded into a TLS context.

The private key is never written to disk unencrypted: `ssl` takes files only, so what PKCS#12 holds goes through a file that
is encrypted with a random passphrase, in a private directory that is removed at once.
"""

import os
import re
import secrets
import ssl
import tempfile
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.types import (
    CertificateIssuerPrivateKeyTypes,
    CertificatePublicKeyTypes,
)
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
    pkcs12,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from services.common.fault_ids import FaultId
from services.common.secret import Secret
from services.transport.certificate_file_error import CertificateFileError

FILE_MAX_BYTES = 1 << 20
_PEM_START = b"-----BEGIN "
_PKCS12_CONTENT = bytes.fromhex("06092a864886f70d010701")
"""The object identifier of PKCS#7 data, which stands at the start of every PKCS#12 file (RFC 7292, 4)."""
_START_LENGTH = 64
_KEY_BLOCK = re.compile(rb"-----BEGIN ([A-Z0-9 ]*PRIVATE KEY)-----.{1,100000}?-----END \1-----", re.DOTALL)
_ENCRYPTED = (b"ENCRYPTED PRIVATE KEY", b"4,ENCRYPTED")


@dataclass(frozen=True, slots=True)
class ClientCertificate:
    """A client certificate with its private key and the certificates of its issuers."""

    path: str
    certificate: x509.Certificate
    chain: tuple[x509.Certificate, ...] = ()
    key: CertificateIssuerPrivateKeyTypes | None = field(default=None, repr=False)
    loads_directly: bool = False
    """Whether the file is PEM with the certificate in front of its issuers: what `ssl` reads by itself."""

    @property
    def subject(self) -> str:
        """Whom it names."""
        return _common_name(self.certificate.subject)

    @property
    def issuer(self) -> str:
        """Who made it."""
        return _common_name(self.certificate.issuer)

    @property
    def valid_until(self) -> datetime:
        """When it expires, in UTC."""
        return self.certificate.not_valid_after_utc

    def load_into(self, context: ssl.SSLContext, passphrase: Secret | None) -> None:
        """Let `context` show the certificate where a server asks for one; blocks. Raises OSError and ssl.SSLError."""
        if self.loads_directly:
            # Without a password OpenSSL would prompt for the passphrase of a key on the terminal.
            context.load_cert_chain(self.path, password=passphrase.reveal() if passphrase else "")
        elif self.key is not None:
            _load_through_encrypted_file(context, self.key, (self.certificate, *self.chain))


def read_client_certificate(
    path: str, passphrase: Secret | None = None, now: datetime | None = None
) -> ClientCertificate:
    """Read a file and check that it can be used at `now`; blocks.

    Raises CertificateFileError with a `certificate-…` fault: unreadable, passphrase missing or wrong, no private key, a key
    of another certificate, expired, not yet valid.
    """
    found = _read_file(path, passphrase)
    moment = now or datetime.now(UTC)
    seen = f"{path}: {found.subject}, made by {found.issuer}, "
    if found.certificate.not_valid_after_utc < moment:
        raise CertificateFileError(
            FaultId.CERTIFICATE_EXPIRED, f"{seen}expired on {found.valid_until:%Y-%m-%d %H:%M} UTC"
        )
    starts = found.certificate.not_valid_before_utc
    if starts > moment:
        raise CertificateFileError(
            FaultId.CERTIFICATE_NOT_YET_VALID,
            f"{seen}valid from {starts:%Y-%m-%d %H:%M} UTC; this machine's clock says {moment:%Y-%m-%d %H:%M}",
        )
    return found


def find_certificate(path: str, passphrase: Secret | None = None) -> x509.Certificate:
    """Return the certificate of a file, without its key and whatever its dates; blocks.

    The certificates of a PEM file can be read without the passphrase. Raises CertificateFileError as
    `read_client_certificate` does.
    """
    content = _read_content(path)
    if _PEM_START not in content:
        return _read_pkcs12(path, content, passphrase).certificate
    return _pem_certificates(path, content)[0]


def is_for_clients(certificate: x509.Certificate) -> bool:
    """Return whether it may be used by a client; one that names no purposes may be used for all (RFC 5280, 4.2.1.12)."""
    try:
        purposes = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except (x509.ExtensionNotFound, ValueError):
        return True
    allowed = (ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE)
    return any(one in purposes for one in allowed)


def _read_file(path: str, passphrase: Secret | None) -> ClientCertificate:
    content = _read_content(path)
    if _PEM_START in content:
        return _read_pem(path, content, passphrase)
    return _read_pkcs12(path, content, passphrase)


def _read_content(path: str) -> bytes:
    try:
        with Path(path).open("rb") as file:
            content = file.read(FILE_MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        raise CertificateFileError(FaultId.CERTIFICATE_FILE_UNREADABLE, f"{path}: {error}") from error
    if len(content) > FILE_MAX_BYTES:
        raise CertificateFileError(
            FaultId.CERTIFICATE_FILE_UNREADABLE, f"{path}: larger than {FILE_MAX_BYTES} bytes"
        )
    return content


def _pem_certificates(path: str, content: bytes) -> list[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(content)
    except ValueError as error:
        raise CertificateFileError(
            FaultId.CERTIFICATE_FILE_UNREADABLE, f"{path}: no certificate in PEM form can be read: {error}"
        ) from error


def _read_pem(path: str, content: bytes, passphrase: Secret | None) -> ClientCertificate:
    certificates = _pem_certificates(path, content)
    block = _KEY_BLOCK.search(content)
    if block is None:
        raise CertificateFileError(
            FaultId.CERTIFICATE_KEY_MISSING, f"{path}: {_count(certificates)}, no private key"
        )
    encrypted = any(mark in block[0] for mark in _ENCRYPTED)
    if encrypted and passphrase is None:
        raise CertificateFileError(
            FaultId.CERTIFICATE_PASSPHRASE_MISSING, f"{path}: its private key is encrypted"
        )
    given = passphrase.reveal().encode() if encrypted and passphrase is not None else None
    try:
        key = load_pem_private_key(block[0], given)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        # The library's text is left out: it may quote what it was given.
        fault = FaultId.CERTIFICATE_PASSPHRASE_WRONG if encrypted else FaultId.CERTIFICATE_FILE_UNREADABLE
        raise CertificateFileError(fault, f"{path}: its private key cannot be read") from error
    return _matched(path, certificates, key)


def _matched(path: str, certificates: list[x509.Certificate], key: object) -> ClientCertificate:
    """Return the certificate of `key` with the others as its issuers."""
    public = _public_bytes(getattr(key, "public_key", lambda: None)())
    own = next((one for one in certificates if public and _public_bytes(one.public_key()) == public), None)
    if own is None:
        named = ", ".join(_common_name(one.subject) for one in certificates[:3])
        raise CertificateFileError(
            FaultId.CERTIFICATE_KEY_MISMATCH,
            f"{path}: {_count(certificates)} ({named}); the private key belongs to none of them",
        )
    return ClientCertificate(
        path,
        own,
        tuple(one for one in certificates if one is not own),
        key,  # type: ignore[arg-type]  # it has the public key of a certificate
        loads_directly=own is certificates[0],
    )


def _read_pkcs12(path: str, content: bytes, passphrase: Secret | None) -> ClientCertificate:
    if _PKCS12_CONTENT not in content[:_START_LENGTH]:
        with suppress(ValueError):
            x509.load_der_x509_certificate(content)
            raise CertificateFileError(
                FaultId.CERTIFICATE_KEY_MISSING, f"{path}: one certificate in DER form, no private key"
            )
        raise CertificateFileError(FaultId.CERTIFICATE_FILE_UNREADABLE, f"{path}: neither PEM nor PKCS#12")
    tries = (None, b"") if passphrase is None else (passphrase.reveal().encode(),)
    for given in tries:
        with suppress(ValueError):
            return _of_pkcs12(path, pkcs12.load_pkcs12(content, given))
    if passphrase is None:
        raise CertificateFileError(
            FaultId.CERTIFICATE_PASSPHRASE_MISSING, f"{path}: PKCS#12, protected by a passphrase"
        )
    raise CertificateFileError(
        FaultId.CERTIFICATE_PASSPHRASE_WRONG, f"{path}: PKCS#12 that this passphrase does not open"
    )


def _of_pkcs12(path: str, store: pkcs12.PKCS12KeyAndCertificates) -> ClientCertificate:
    others = tuple(one.certificate for one in store.additional_certs)
    if store.key is None:
        raise CertificateFileError(FaultId.CERTIFICATE_KEY_MISSING, f"{path}: PKCS#12 without a private key")
    if store.cert is None:
        return _without_direct_loading(_matched(path, list(others), store.key))
    own = store.cert.certificate
    return _without_direct_loading(_matched(path, [own, *others], store.key))


def _without_direct_loading(found: ClientCertificate) -> ClientCertificate:
    return ClientCertificate(found.path, found.certificate, found.chain, found.key)


def _load_through_encrypted_file(
    context: ssl.SSLContext, key: CertificateIssuerPrivateKeyTypes, certificates: tuple[x509.Certificate, ...]
) -> None:
    once = secrets.token_hex(24)
    locked = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(once.encode()))
    public = b"".join(one.public_bytes(Encoding.PEM) for one in certificates)
    # The directory is readable by this account alone.
    with tempfile.TemporaryDirectory(prefix="approval-console-") as folder:
        file = Path(folder, "client.pem")
        with os.fdopen(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as writing:
            writing.write(locked + public)
        context.load_cert_chain(file, password=once)


def _public_bytes(key: CertificatePublicKeyTypes | None) -> bytes:
    if key is None:
        return b""
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _count(certificates: list[x509.Certificate]) -> str:
    return "one certificate" if len(certificates) == 1 else f"{len(certificates)} certificates"


def _common_name(name: x509.Name) -> str:
    found = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found[0].value) if found else name.rfc4514_string() or "an unnamed party"
