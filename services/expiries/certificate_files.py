"""When the certificates of a file end: PEM with any number of certificates, DER, and PKCS#12 with its passphrase."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import pkcs12

from services.common.secret import Secret
from services.expiries.calendar import NEVER
from services.language import plural_message, tr_message

FILE_SIZE_MAX = 8 * 1024 * 1024
"""Bytes; the bundle of all public authorities has 0.3 MB."""
_PEM_CERTIFICATE = re.compile(
    rb"-----BEGIN ((?:X509 |TRUSTED )?CERTIFICATE)-----.*?-----END \1-----", re.DOTALL
)
_PKCS12_HEAD = re.compile(rb"\x30(?:[\x00-\x7f]|\x80|\x81.|\x82..|\x83...|\x84....)\x02\x01\x03", re.DOTALL)
"""A sequence that begins with version 3 (RFC 7292, 4)."""


@dataclass(frozen=True, slots=True)
class CertificateEnd:
    """The end of one certificate, in UTC; None for one without a defined end (RFC 5280, 4.1.2.5)."""

    name: str
    ends_at: datetime | None


@dataclass(frozen=True, slots=True)
class CertificateFile:
    """The certificates of a file, and why others, or the whole file, cannot be read; empty where all can."""

    ends: tuple[CertificateEnd, ...] = ()
    reason: str = ""

    @property
    def earliest(self) -> CertificateEnd | None:
        """The certificate that ends first; None where none has an end."""
        return min(
            (one for one in self.ends if one.ends_at is not None),
            key=lambda one: one.ends_at or NEVER,
            default=None,
        )


def read_certificate_file(path: str, passphrase: Callable[[], Secret | None]) -> CertificateFile:
    """Return the certificates of a file; `passphrase` is asked for a PKCS#12 file only. Blocks.

    Raises what `passphrase` raises.
    """
    try:
        content = _read(Path(path))
    except (OSError, ValueError) as error:
        text = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        return CertificateFile(reason=tr_message("{path} cannot be read: {reason}", path=path, reason=text))
    if _PKCS12_HEAD.match(content):
        return _read_pkcs12(content, passphrase())
    return read_certificates(content)


def read_certificates(content: bytes) -> CertificateFile:
    """Return the certificates of a text in PEM form, or the one in DER form."""
    blocks = [found[0] for found in _PEM_CERTIFICATE.finditer(content)]
    if not blocks:
        return _read_der(content)
    ends, broken = [], 0
    for block in blocks:
        try:
            ends.append(_end_of(x509.load_pem_x509_certificate(block)))
        except (ValueError, UnsupportedAlgorithm):
            broken += 1
    if not broken:
        return CertificateFile(tuple(ends))
    return CertificateFile(
        tuple(ends),
        plural_message(
            broken,
            "{count} of {all} certificates in the file cannot be read",
            "{count} of {all} certificates in the file cannot be read",
            all=len(blocks),
        ),
    )


def _read(path: Path) -> bytes:
    if path.exists() and not path.is_file():
        raise ValueError("it is no file")
    with path.open("rb") as file:
        content = file.read(FILE_SIZE_MAX + 1)
    if len(content) > FILE_SIZE_MAX:
        raise ValueError("it is too large for a file of certificates")
    return content


def _read_der(content: bytes) -> CertificateFile:
    try:
        return CertificateFile((_end_of(x509.load_der_x509_certificate(content)),))
    except (ValueError, UnsupportedAlgorithm):
        return CertificateFile(reason=tr_message("The file contains no certificate in PEM or PKCS#12 form"))


def _read_pkcs12(content: bytes, passphrase: Secret | None) -> CertificateFile:
    try:
        store = pkcs12.load_pkcs12(content, passphrase.reveal().encode() if passphrase else None)
    except UnsupportedAlgorithm:
        return CertificateFile(
            reason=tr_message("The PKCS#12 file is encrypted in a way that is not supported")
        )
    except ValueError:
        # The library cannot tell a wrong passphrase from a damaged file, and neither can OpenSSL.
        return CertificateFile(
            reason=tr_message("The passphrase of the PKCS#12 file is wrong, or the file is damaged")
            if passphrase
            else tr_message("The PKCS#12 file needs a passphrase, and none is set on the User Credential")
        )
    found = [one.certificate for one in (store.cert, *store.additional_certs) if one is not None]
    if not found:
        return CertificateFile(reason=tr_message("The PKCS#12 file contains no certificate"))
    return CertificateFile(tuple(map(_end_of, found)))


def _end_of(certificate: x509.Certificate) -> CertificateEnd:
    ends_at = certificate.not_valid_after_utc
    return CertificateEnd(_subject(certificate), None if ends_at >= NEVER else ends_at)


def _subject(certificate: x509.Certificate) -> str:
    """Return the name a person knows a certificate by: its common name, else its whole subject."""
    try:
        subject = certificate.subject
        common = subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
        return str(common[0].value) if common else subject.rfc4514_string()
    except ValueError:
        return ""
