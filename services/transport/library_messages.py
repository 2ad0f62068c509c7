"""Conclusions from the wording of library errors, where the libraries give no other sign.

Every pattern of this kind is here. `tests/services/transport/test_library_messages.py` provokes the errors with the
installed versions of httpx, h11 and OpenSSL, so that an update with another wording fails there.
"""

import ssl
from enum import Enum, auto

import httpx

from services.common.fault_ids import FaultId

_PROXY_AUTH_REQUIRED = "407"
_WRONG_HOST = ("hostname", "ip address", "not valid for")
_OLD_PROTOCOL = ("protocol version", "unsupported protocol", "version_too_low")
_NO_TLS = ("wrong version number", "record layer", "http request")
_CLIENT_CERTIFICATE_ALERTS = {
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": FaultId.CERTIFICATE_REQUIRED,
    "TLSV1_ALERT_UNKNOWN_CA": FaultId.CERTIFICATE_REJECTED,
    "SSLV3_ALERT_BAD_CERTIFICATE": FaultId.CERTIFICATE_REJECTED,
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": FaultId.CERTIFICATE_REJECTED,
    "SSLV3_ALERT_CERTIFICATE_REVOKED": FaultId.CERTIFICATE_REJECTED,
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN": FaultId.CERTIFICATE_REJECTED,
    "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE": FaultId.CERTIFICATE_REJECTED,
}
"""Alerts that a server sends about the certificate of a client, by OpenSSL's symbols (`SSL_R_…`)."""
_CUT_OFF = "peer closed"


class CertificateProblem(Enum):
    """Why a certificate was not accepted."""

    EXPIRED = auto()
    NOT_YET_VALID = auto()
    WRONG_HOST = auto()
    UNTRUSTED = auto()


class HandshakeProblem(Enum):
    """Why a TLS handshake failed, apart from the certificate."""

    OLD_PROTOCOL = auto()
    NO_TLS = auto()


def is_proxy_auth_required(error: Exception) -> bool:
    """Return whether httpx raised `error` because a proxy answered CONNECT with 407.

    httpx puts the status and the reason phrase of the response into the message: "407 Proxy Authentication Required".
    """
    return isinstance(error, httpx.ProxyError) and str(error).startswith(_PROXY_AUTH_REQUIRED)


def certificate_problem(error: ssl.SSLCertVerificationError) -> CertificateProblem:
    """Return why a certificate was not accepted.

    OpenSSL has codes for this, but the trust stores of Windows and macOS (through truststore) only have messages.
    """
    text = f"{error.verify_message} {error}".lower()
    if "not yet valid" in text:
        return CertificateProblem.NOT_YET_VALID
    if "expired" in text:
        return CertificateProblem.EXPIRED
    if any(part in text for part in _WRONG_HOST):
        return CertificateProblem.WRONG_HOST
    return CertificateProblem.UNTRUSTED


def handshake_problem(error: Exception) -> HandshakeProblem | None:
    """Return why a handshake failed, or None where the message does not tell."""
    text = str(error).lower()
    if any(part in text for part in _OLD_PROTOCOL):
        return HandshakeProblem.OLD_PROTOCOL
    if any(part in text for part in _NO_TLS):
        return HandshakeProblem.NO_TLS
    return None


def client_certificate_alert(error: ssl.SSLError) -> FaultId | None:
    """Return the fault that an alert of the server about the client certificate stands for, or None.

    OpenSSL names the alert in `reason`: "TLSV13_ALERT_CERTIFICATE_REQUIRED".
    """
    return _CLIENT_CERTIFICATE_ALERTS.get(str(getattr(error, "reason", "") or ""))


def is_cut_off(error: httpx.RemoteProtocolError) -> bool:
    """Return whether the connection ended before the response was complete; other protocol errors are invalid HTTP.

    h11: "peer closed connection without sending complete message body (received 3 bytes, expected 10)".
    """
    return _CUT_OFF in str(error)
