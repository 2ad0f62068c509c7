"""Why a client certificate was refused, as far as the handshake, the file and the load balancer tell."""

import asyncio

from models.translation_marks import tr_later
from services.common.errors import ConsoleError, Problem
from services.common.fault_ids import FaultId
from services.connectivity import network, time_limits
from services.connectivity.fault_catalog import declare_faults, table_fault
from services.connectivity.tls import INTERCEPTION_ISSUERS, read_certificate
from services.servicenow.faults import FAULTS, make_error
from services.transport.certificate_file_error import CertificateFileError
from services.transport.connection_settings import ConnectionSettings

SUPPORTS_TLS_PATH = "adcv2/supports_tls"
"""Where the load balancer ADCv2 says whether the way behind it supports client certificates."""

_FILE, _MUTUAL = (
    "RFC 5280: certificates; RFC 7292: PKCS#12",
    "ServiceNow documentation: mutual authentication",
)
_NOTHING = tr_later("This console sends nothing to the server, and says so at once.")
_ENDS = tr_later("Every connection ends during or right after the TLS handshake.")
_REFUSED = tr_later("Every request fails with 401, as with a wrong password.")
_PAGE = tr_later("Every request fails with 400 and a page about the SSL certificate.")

declare_faults(
    *(
        table_fault(FAULTS, fault_id, stages, see, source)
        for fault_id, stages, see, source in (
            (FaultId.CERTIFICATE_FILE_UNREADABLE, "tls", _NOTHING, _FILE),
            (FaultId.CERTIFICATE_PASSPHRASE_MISSING, "tls", _NOTHING, _FILE),
            (FaultId.CERTIFICATE_PASSPHRASE_WRONG, "tls", _NOTHING, _FILE),
            (FaultId.CERTIFICATE_KEY_MISSING, "tls", _NOTHING, _FILE),
            (FaultId.CERTIFICATE_KEY_MISMATCH, "tls", _NOTHING, _FILE),
            (FaultId.CERTIFICATE_EXPIRED, "tls", _NOTHING, _FILE),
            (FaultId.CERTIFICATE_NOT_YET_VALID, "tls", _NOTHING, _FILE),
            (FaultId.CERTIFICATE_REQUIRED, "http", _ENDS, "RFC 8446, 6.2: error alerts"),
            (FaultId.CERTIFICATE_REJECTED, "http", _ENDS, "RFC 8446, 6.2: error alerts"),
            (FaultId.CERTIFICATE_UNTRUSTED, "http", _PAGE, _MUTUAL),
            (FaultId.CERTIFICATE_WRONG_PURPOSE, "http", _PAGE, _MUTUAL),
            (FaultId.CERTIFICATE_NOT_CHOSEN, "authentication", _NOTHING, _MUTUAL),
            (FaultId.CERTIFICATE_REFUSED, "authentication", _REFUSED, _MUTUAL),
            (FaultId.CERTIFICATE_NOT_REQUESTED, "authentication", _REFUSED, _MUTUAL),
            (FaultId.CERTIFICATE_NOT_MAPPED, "authentication", _REFUSED, _MUTUAL),
            (FaultId.CERTIFICATE_INTERCEPTED, "authentication", _REFUSED, _MUTUAL),
            (FaultId.CERTIFICATE_BALANCER_UNSUPPORTED, "authentication", _REFUSED, _MUTUAL),
            (
                FaultId.CERTIFICATE_OTHER_ACCOUNT,
                "authentication",
                tr_later(
                    "Requests and decisions run under the name of another user than the one chosen here."
                ),
                _MUTUAL,
            ),
        )
    )
)


async def explain_refusal(settings: ConnectionSettings, problem: Problem) -> ConsoleError:
    """Return the error for a call that came without a user although a client certificate was to sign it in."""
    from services.transport.handshake_probe import observe_handshake

    supported, handshake = await asyncio.gather(
        _ask_balancer(settings), observe_handshake(FAULTS, settings, time_limits.STAGE_TIMEOUT_S)
    )
    evidence = problem.evidence
    if supported is not None:
        evidence = f"{evidence}; /{SUPPORTS_TLS_PATH} answers {'true' if supported else 'false'}"
    if handshake is None:
        text = f"{evidence}; the handshake cannot be observed on this way"
        return make_error(FaultId.CERTIFICATE_REFUSED, problem.tried, text)
    shown = read_certificate(handshake.server_certificate)
    evidence = f"{evidence}; the server shows {shown.text}" if shown is not None else evidence
    if handshake.requested:
        text = f"{evidence}; the handshake asked for a client certificate, and it was sent"
        return make_error(FaultId.CERTIFICATE_NOT_MAPPED, problem.tried, text)
    text = f"{evidence}; the handshake asked for no client certificate, and none was sent"
    if shown is not None and INTERCEPTION_ISSUERS.search(shown.issuer):
        return make_error(FaultId.CERTIFICATE_INTERCEPTED, problem.tried, text)
    if supported is False:
        return make_error(FaultId.CERTIFICATE_BALANCER_UNSUPPORTED, problem.tried, text)
    return make_error(FaultId.CERTIFICATE_NOT_REQUESTED, problem.tried, text)


async def explain_error_page(settings: ConnectionSettings, problem: Problem) -> ConsoleError | None:
    """Return a closer error for the page of the load balancer, where the file of the certificate tells more; else None."""
    from services.transport.client_certificates import find_certificate, is_for_clients

    if not settings.client_certificate:
        return None
    try:
        source = settings.certificate_passphrase
        passphrase = await source() if source is not None else None
        certificate = await asyncio.to_thread(find_certificate, settings.client_certificate, passphrase)
    except (ConsoleError, CertificateFileError):
        return None
    if is_for_clients(certificate):
        return None
    return make_error(FaultId.CERTIFICATE_WRONG_PURPOSE, problem.tried, problem.evidence)


async def _ask_balancer(settings: ConnectionSettings) -> bool | None:
    """Return whether the load balancer says that the way behind it supports certificates; None where it says nothing."""
    try:
        answer = await network.request_anonymously(FAULTS, settings, SUPPORTS_TLS_PATH)
    except ConsoleError:
        return None
    word = answer.response.text.strip().lower() if answer.response.status_code == 200 else ""
    return {"true": True, "false": False}.get(word)
