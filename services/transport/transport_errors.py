"""Errors of calls that got no response: what httpx raised, as a fault of the network, the proxy or the server."""

import socket
import ssl
from collections.abc import Sequence

import httpx

from services.common.errors import ConsoleError
from services.common.fault_ids import FaultId
from services.transport.faults import FaultTable
from services.transport.library_messages import (
    CertificateProblem,
    certificate_problem,
    client_certificate_alert,
    is_proxy_auth_required,
)
from services.transport.response_headers import offers_basic

_FAULT_BY_CERTIFICATE_PROBLEM = {
    CertificateProblem.EXPIRED: FaultId.TLS_CERTIFICATE_EXPIRED,
    CertificateProblem.NOT_YET_VALID: FaultId.TLS_CERTIFICATE_EXPIRED,
    CertificateProblem.WRONG_HOST: FaultId.TLS_WRONG_HOST,
    CertificateProblem.UNTRUSTED: FaultId.TLS_UNTRUSTED,
}


def transport_error(
    faults: FaultTable, error: Exception, tried: str, *, proxy: str | None = None
) -> ConsoleError:
    """Return the error for what httpx raised; with a `proxy`, it is the proxy that was not reached."""
    text = f"{type(error).__name__}: {error}"
    if is_proxy_auth_required(error):
        return proxy_auth_error(faults, tried, f"{text} (proxy {proxy})", ())
    reason: BaseException | None = error
    while reason is not None:
        if proxy and isinstance(reason, httpx.ConnectError | httpx.ConnectTimeout):
            text = f"{text} (proxy {proxy})"
        known = _error_for_cause(faults, reason, tried, proxied=bool(proxy))
        if known is not None:
            return known
        reason = reason.__cause__ or reason.__context__
    kinds: tuple[tuple[type[Exception], FaultId], ...] = (
        (httpx.ProxyError, FaultId.PROXY_FAILED),
        (httpx.ConnectTimeout, FaultId.PROXY_FAILED if proxy else FaultId.TCP_TIMEOUT),
        (httpx.ConnectError, FaultId.PROXY_FAILED if proxy else FaultId.TCP_REFUSED),
        (TimeoutError, FaultId.TIMEOUT),
        (httpx.TimeoutException, FaultId.TIMEOUT),
        (httpx.DecodingError, FaultId.REPLY_DAMAGED),
    )
    found = next((fault for kind, fault in kinds if isinstance(error, kind)), FaultId.CONNECTION_LOST)
    return faults.error(found, tried, text)


def proxy_auth_error(
    faults: FaultTable,
    tried: str,
    evidence: str,
    schemes: Sequence[str],
    *,
    given: bool = False,
    has_sign_in: bool = False,
) -> ConsoleError:
    """Return the error for a 407. `schemes` is what the proxy offers, `given` that it was sent a sign-in.

    `has_sign_in` says that there is one for the proxy, sent or not.
    """
    offered = ", ".join(schemes)
    seen = f"{evidence}; it offers {offered}" if offered else f"{evidence}; it offers no way to sign in"
    if given:
        return faults.error(FaultId.PROXY_SIGN_IN_REFUSED, tried, seen)
    if offers_basic(schemes) or not (schemes or has_sign_in):
        return faults.error(FaultId.PROXY_SIGN_IN, tried, seen if offered else evidence)
    return faults.error(FaultId.PROXY_SIGN_IN_UNSUPPORTED, tried, f"{seen}; no password was sent")


def _error_for_cause(
    faults: FaultTable, reason: BaseException, tried: str, *, proxied: bool
) -> ConsoleError | None:
    """Return the error for a reason that says by itself what went wrong, or None."""
    match reason:
        case ssl.SSLCertVerificationError():
            return faults.error(
                _FAULT_BY_CERTIFICATE_PROBLEM[certificate_problem(reason)],
                tried,
                reason.verify_message or str(reason),
            )
        case ssl.SSLWantReadError():
            return faults.error(FaultId.TLS_FAILED, tried, "the other side did not answer in time")
        case ssl.SSLError():
            return faults.error(client_certificate_alert(reason) or FaultId.TLS_FAILED, tried, str(reason))
        case ConnectionRefusedError() if not proxied:
            return faults.error(FaultId.TCP_REFUSED, tried, str(reason))
        case socket.gaierror() if not proxied:
            return faults.error(FaultId.DNS_UNKNOWN_HOST, tried, str(reason))
    return None
