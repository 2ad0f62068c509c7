"""TLS of the practice instance: its load balancer, which asks for a client certificate, and the user that one is mapped to.

Source of what it answers: vendor documentation on mutual authentication. Not public, so a choice: the columns of
`sys_user_certificate`, and which order the checks of the load balancer have.
"""

import base64
import ssl
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID
from starlette.responses import Response
from starlette.types import Scope

from services.practice.accounts_and_sessions import user_sys_id
from services.practice.database import Database
from services.practice.loopback_server import CLIENT_CERTIFICATE, TLS_EXTENSION
from services.practice.web_parts import html_page

CERTIFICATE_TABLE = "sys_user_certificate"
SUPPORTS_TLS_PATH = "adcv2/supports_tls"
BALANCER_NAME = "snow_adc"
_NO_CHECK_TIME = 0x200000
"""X509_V_FLAG_NO_CHECK_TIME of OpenSSL, for which `ssl` has no name: the load balancer judges the dates itself."""
_TRUSTED_FOR_CLIENTS = bytes.fromhex("300c300a06082b06010505070302")
"""X509_CERT_AUX of OpenSSL: trusted for TLS clients. Appended to a certificate it is taken whatever its purposes are."""


@dataclass(slots=True)
class LoadBalancer:
    """Ends TLS in front of the practice instance, as ADCv2 does."""

    server_file: str
    """PEM with the certificate of the server and its key."""
    authorities: list[x509.Certificate] = field(default_factory=list)
    """What was uploaded as CA Cert and is copied to the load balancer."""
    known: list[x509.Certificate] = field(default_factory=list)
    """Client certificates that the handshake lets through, so that a page can say that they are not accepted."""
    requests_certificate: bool = True
    supports_inner_tls: bool = True
    """What `GET /adcv2/supports_tls` answers."""

    def make_context(self, folder: Path) -> ssl.SSLContext:
        """Return the TLS context; `folder` takes a file of certificates, which are public."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.server_file)
        if not self.requests_certificate:
            return context
        accepted = folder / "accepted.pem"
        accepted.write_text(
            "".join(
                [
                    *(one.public_bytes(Encoding.PEM).decode() for one in self._handshake_authorities()),
                    *map(_as_trusted, self.known),
                ]
            ),
            encoding="ascii",
        )
        context.verify_mode = ssl.CERT_OPTIONAL
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN | _NO_CHECK_TIME
        if self.authorities or self.known:
            context.load_verify_locations(accepted)
        return context

    def _handshake_authorities(self) -> list[x509.Certificate]:
        """Return the authorities that made none of the `known` ones: with its issuer at hand, a certificate is judged by it."""
        return [one for one in self.authorities if not any(_is_made_by(known, [one]) for known in self.known)]

    def accepts(self, certificate: x509.Certificate, now: datetime | None = None) -> bool:
        """Return whether it comes from a trusted authority, is valid now, and is meant for clients."""
        moment = now or datetime.now(UTC)
        is_valid = certificate.not_valid_before_utc <= moment <= certificate.not_valid_after_utc
        return is_valid and _is_for_clients(certificate) and _is_made_by(certificate, self.authorities)


def _as_trusted(certificate: x509.Certificate) -> str:
    content = base64.encodebytes(certificate.public_bytes(Encoding.DER) + _TRUSTED_FOR_CLIENTS).decode()
    return f"-----BEGIN TRUSTED CERTIFICATE-----\n{content}-----END TRUSTED CERTIFICATE-----\n"


def _is_for_clients(certificate: x509.Certificate) -> bool:
    try:
        purposes = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except x509.ExtensionNotFound:
        return True
    return ExtendedKeyUsageOID.CLIENT_AUTH in purposes


def _is_made_by(certificate: x509.Certificate, authorities: Iterable[x509.Certificate]) -> bool:
    for one in authorities:
        try:
            certificate.verify_directly_issued_by(one)
        except (ValueError, TypeError, InvalidSignature):
            continue
        return True
    return False


def mapping_row(certificate: x509.Certificate, user: str, *, active: bool) -> dict[str, str | bool]:
    """Return the row of `sys_user_certificate` that maps a certificate to a user."""
    pem = certificate.public_bytes(Encoding.PEM).decode()
    return {"name": user, "user": user_sys_id(user), "pem_certificate": pem, "active": active}


def find_mapped_user(database: Database, certificate: x509.Certificate) -> str:
    """Return the user name that an active mapping names for a certificate, or an empty text."""
    pem = certificate.public_bytes(Encoding.PEM).decode()
    row = database.first(CERTIFICATE_TABLE, pem_certificate=pem, active="true")
    user = database.get("sys_user", row["user"]) if row is not None else None
    return user["user_name"] if user is not None else ""


def certificate_of(scope: Scope) -> x509.Certificate | None:
    """Return the client certificate of the connection that a request came over, or None."""
    content = scope.get("extensions", {}).get(TLS_EXTENSION, {}).get(CLIENT_CERTIFICATE)
    return x509.load_der_x509_certificate(content) if content else None


def certificate_error() -> Response:
    """Return the page with which the load balancer refuses a client certificate."""
    text = "400 The SSL certificate error"
    page = html_page(text, f"{text}<hr>snow_adc", 400)
    page.headers["Server"] = BALANCER_NAME
    return page
