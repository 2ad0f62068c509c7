"""The stage `tls`: what was agreed on, by whom the certificate was made, and how long it is good for.

Nothing is ever sent over a connection whose certificate does not hold: who made it is read from the handshake alone.
"""

import asyncio
import re
import ssl
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from services.common.errors import ConsoleError
from services.common.fault_ids import FaultId
from services.common.utc_text import format_utc
from services.connectivity import time_limits
from services.connectivity.fault_catalog import fault_result, unreachable_error
from services.connectivity.report import StageResult
from services.language import plural_message
from services.transport.connection_settings import ConnectionSettings
from services.transport.faults import FaultTable
from services.transport.http_clients import open_tls_context
from services.transport.library_messages import (
    CertificateProblem,
    HandshakeProblem,
    certificate_problem,
    handshake_problem,
)
from services.transport.transport_errors import transport_error

STAGE = "tls"
EXPIRES_SOON_DAYS = 21
INTERCEPTION_ISSUERS = re.compile(
    r"zscaler|netskope|blue ?coat|symantec web|fortinet|fortigate|palo alto|forcepoint|websense|mcafee web|"
    r"skyhigh|sophos|check ?point|cisco umbrella|barracuda|menlo|iboss|untangle|squid|mitmproxy|kaspersky|"
    r"inspection|intercept|decrypt",
    re.IGNORECASE,
)
"""Names that authorities of inspecting devices carry."""
CHAIN_SHOWN = 4


@dataclass(frozen=True, slots=True)
class PresentedCertificate:
    """The certificate that a server shows, believed or not: names, and who made it."""

    subject: str
    issuer: str
    until: datetime

    @property
    def text(self) -> str:
        return f"the certificate of {self.subject}, made by {self.issuer}, good until {self.until:%Y-%m-%d}"


async def check_tls(faults: FaultTable, settings: ConnectionSettings, address: str = "") -> str | StageResult:
    """Say version, cipher, chain and days left; raises a `tls-…` fault that names who made the certificate.

    `address` is the one of the host's addresses that took a connection.
    """
    origin = settings.origin
    tried = f"Agree on encryption with {origin.host}"
    context = await load_tls_context(faults, settings, tried)
    try:
        async with asyncio.timeout(time_limits.STAGE_TIMEOUT_S):
            _, writer = await asyncio.open_connection(
                address or origin.host, origin.port, ssl=context or None, server_hostname=origin.host
            )
    except TimeoutError as error:
        raise unreachable_error(
            STAGE, FaultId.TLS_TIMEOUT, tried, time_limits.stage_timeout_text()
        ) from error
    except (ssl.SSLError, OSError) as error:
        raise await _handshake_error(faults, settings, address, error, tried) from error
    try:
        session: ssl.SSLObject | None = writer.get_extra_info("ssl_object")
        return _describe_session(session) if session is not None else "no encryption"
    finally:
        await _abort_connection(writer)


async def _abort_connection(writer: asyncio.StreamWriter) -> None:
    """End a connection that carried nothing; saying goodbye in TLS would cost a round trip more."""
    writer.transport.abort()
    await time_limits.wait_closed(writer)


def _describe_session(session: ssl.SSLObject) -> StageResult:
    ends_at = _end_of(session.getpeercert())
    days = None if ends_at is None else (ends_at - datetime.now(UTC)).days
    cipher = session.cipher()
    parts = [session.version() or "no version"]
    if days is not None:
        parts.append(
            plural_message(days, "certificate valid for {count} day", "certificate valid for {count} days")
        )
    parts += [cipher[0]] if cipher else []
    chain = _chain_names(session)
    parts += [f"chain {' < '.join(chain)}"] if chain else []
    seen = ", ".join(parts)
    devices = [name for name in chain[1:] if INTERCEPTION_ISSUERS.search(name)]
    if devices:
        seen += f"; {devices[0]} opens the connection in between"
    if days is not None and days < EXPIRES_SOON_DAYS:
        result = fault_result(STAGE, FaultId.TLS_CERTIFICATE_EXPIRES_SOON, seen)
    else:
        result = StageResult.ok(STAGE, seen)
    return result if ends_at is None else replace(result, certificate_ends_at=format_utc(ends_at))


async def load_tls_context(
    faults: FaultTable, settings: ConnectionSettings, tried: str
) -> ssl.SSLContext | bool:
    """Return what certificates are judged by; raises `tls-file-unreadable`, and a `certificate-…` fault of the client's."""
    try:
        return await open_tls_context(faults, settings, tried)
    except (ssl.SSLError, OSError) as error:
        files = " or ".join(f for f in (settings.ca_bundle, settings.client_certificate) if f)
        raise unreachable_error(STAGE, FaultId.TLS_FILE_UNREADABLE, tried, f"{files}: {error}") from error


async def _handshake_error(
    faults: FaultTable, settings: ConnectionSettings, address: str, error: Exception, tried: str
) -> ConsoleError:
    """Return the error for a connection that was not agreed on, told apart as far as it can be."""
    known = transport_error(faults, error, tried)
    match known.problem.fault:
        case FaultId.TLS_CERTIFICATE_EXPIRED | FaultId.TLS_WRONG_HOST | FaultId.TLS_UNTRUSTED:
            shown = await _fetch_certificate(settings, address)
            seen = known.problem.evidence + (f"; {shown.text}" if shown else "")
            return unreachable_error(
                STAGE, _certificate_fault_id(known.problem.fault, error, shown), tried, seen
            )
        case FaultId.TLS_FAILED:
            problem = handshake_problem(error)
            if problem is HandshakeProblem.OLD_PROTOCOL:
                return unreachable_error(STAGE, FaultId.TLS_PROTOCOL_OLD, tried, str(error))
            if problem is HandshakeProblem.NO_TLS:
                return unreachable_error(STAGE, FaultId.TLS_NOT_SPOKEN, tried, str(error))
    return known


def _certificate_fault_id(fault: FaultId, error: Exception, shown: PresentedCertificate | None) -> FaultId:
    if (
        isinstance(error, ssl.SSLCertVerificationError)
        and certificate_problem(error) is CertificateProblem.NOT_YET_VALID
    ):
        return FaultId.TLS_CERTIFICATE_NOT_YET_VALID
    if fault == FaultId.TLS_UNTRUSTED and shown is not None:
        if INTERCEPTION_ISSUERS.search(shown.issuer):
            return FaultId.TLS_INTERCEPTED
        if shown.issuer == shown.subject:
            return FaultId.TLS_SELF_SIGNED
    return fault


async def _fetch_certificate(settings: ConnectionSettings, address: str) -> PresentedCertificate | None:
    """Read the certificate that the server shows, without believing it and without sending anything."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    host, port = settings.origin.host, settings.origin.port
    try:
        async with asyncio.timeout(time_limits.STAGE_TIMEOUT_S / 2):
            _, writer = await asyncio.open_connection(
                address or host, port, ssl=context, server_hostname=host
            )
    except (TimeoutError, OSError):
        # It adds to what is known already; without it the fault stands all the same.
        return None
    session: ssl.SSLObject | None = writer.get_extra_info("ssl_object")
    content = session.getpeercert(binary_form=True) if session is not None else None
    await _abort_connection(writer)
    return read_certificate(content) if content else None


def read_certificate(content: bytes) -> PresentedCertificate | None:
    """Return names and end of a certificate (DER); None where it cannot be read, or is empty."""
    from cryptography import x509

    try:
        certificate = x509.load_der_x509_certificate(content)
        subject, issuer = (
            _common_name((a.rfc4514_attribute_name, a.value) for a in name)
            for name in (certificate.subject, certificate.issuer)
        )
    except ValueError:
        # Not every library reads what another one writes.
        return None
    return PresentedCertificate(subject, issuer, certificate.not_valid_after_utc)


def _common_name(attributes: Iterable[tuple[str, object]]) -> str:
    """Return the name a person knows a party by: its common name, else its organisation."""
    named = {key: str(value) for key, value in attributes}
    for key in ("CN", "commonName", "O", "organizationName"):
        if named.get(key):
            return named[key]
    return "an unnamed party"


def _chain_names(session: ssl.SSLObject) -> list[str]:
    """Return the names of the certificates up to the trusted one, where this Python can tell."""
    inner = getattr(session, "_sslobj", None)
    reader = getattr(inner, "get_verified_chain", None)
    if reader is None:
        return []
    names = []
    for certificate in list(reader() or ())[:CHAIN_SHOWN]:
        subject = certificate.get_info().get("subject", ())
        names.append(_common_name(pair for part in subject for pair in part))
    return names


def _end_of(certificate: object) -> datetime | None:
    until = certificate.get("notAfter") if isinstance(certificate, dict) else None
    if not isinstance(until, str):
        return None
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(until), UTC)
