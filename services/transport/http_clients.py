"""TLS, proxy and HTTP client for calls to a server: the same for the client and for the staged check."""

import asyncio
import ssl
from collections.abc import Mapping
from dataclasses import replace

import httpx

from services.common.errors import ConsoleError
from services.common.fault_ids import FaultId
from services.common.secret import Secret
from services.transport.authentication import ProxyChallengeTrace, proxy_credentials
from services.transport.certificate_file_error import CertificateFileError, CertificateNotNeededError
from services.transport.connection_settings import ConnectionSettings
from services.transport.faults import FaultTable
from services.transport.library_messages import is_proxy_auth_required
from services.transport.response_headers import offers_basic
from services.transport.sign_in import resolve_sign_in
from services.transport.transport_errors import proxy_auth_error, transport_error


async def open_tls_context(
    faults: FaultTable, settings: ConnectionSettings, tried: str
) -> ssl.SSLContext | bool:
    """Return the TLS context with the client certificate, if there is one. False for plain HTTP.

    The passphrase of the client certificate is requested only where its file needs one; without the passphrase the
    certificate is left out where the sign-in does not need it. Raises a `certificate-…` fault for a file that cannot be
    used, what the request for the passphrase raises, and as `tls_context` does.
    """
    try:
        # Reading the system's trust store takes long enough to be felt in a window.
        return await asyncio.to_thread(tls_context, settings)
    except CertificateFileError as error:
        if error.fault != FaultId.CERTIFICATE_PASSPHRASE_MISSING or settings.certificate_passphrase is None:
            raise faults.error(error.fault, tried, error.evidence) from error
    try:
        passphrase = await settings.certificate_passphrase()
    except CertificateNotNeededError:
        return await asyncio.to_thread(tls_context, replace(settings, client_certificate=None))
    try:
        return await asyncio.to_thread(tls_context, settings, passphrase)
    except CertificateFileError as error:
        raise faults.error(error.fault, tried, error.evidence) from error


def tls_context(settings: ConnectionSettings, passphrase: Secret | None = None) -> ssl.SSLContext | bool:
    """Return the TLS context: the system's trust store, or the configured private CA bundle. False for plain HTTP.

    `passphrase` is that of the client certificate. Raises CertificateFileError for a client certificate that cannot be used,
    OSError or ssl.SSLError when a bundle cannot be read, ValueError for an invalid address.
    Blocks: reading the system's trust store takes long enough to be noticed in a window.
    """
    if settings.origin.scheme == "http":
        return False
    context: ssl.SSLContext
    if settings.ca_bundle:
        context = ssl.create_default_context(cafile=settings.ca_bundle)
        # Python 3.13 has stricter rules for bundles than 3.11. The same bundle works on every version: what is
        # configured here is trusted, an intermediate CA included, and a private CA need not meet every rule of RFC 5280.
        context.verify_flags &= ~ssl.VERIFY_X509_STRICT
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    else:
        import truststore

        context = truststore.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    if settings.client_certificate:
        from services.transport.client_certificates import read_client_certificate

        read_client_certificate(settings.client_certificate, passphrase).load_into(context, passphrase)
    return context


async def build_proxy(settings: ConnectionSettings, *, signed: bool) -> httpx.Proxy | None:
    """Return the proxy for httpx, or None where none is used.

    With `signed` it carries its sign-in, if there is one. httpx sends that with the first request, so use it only for a
    proxy that has offered Basic. Raises what the request for the sign-in raises, and ValueError or httpx.InvalidURL for an
    invalid address.
    """
    address = settings.effective_proxy
    if address is None:
        return None
    context = None
    if httpx.URL(address).scheme == "https":
        # Verified like the server; the client certificate is for the server alone.
        found = await asyncio.to_thread(tls_context, replace(settings, client_certificate=None))
        context = found if isinstance(found, ssl.SSLContext) else None
    sign_in = await resolve_sign_in(settings.proxy_sign_in) if signed else None
    return httpx.Proxy(address, ssl_context=context, auth=proxy_credentials(sign_in))


async def open_http_client(
    settings: ConnectionSettings,
    *,
    verify: ssl.SSLContext | bool,
    proxy_signed: bool,
    time_limits: httpx.Timeout | float,
    headers: Mapping[str, str] | None = None,
    connections_max: int | None = None,
) -> httpx.AsyncClient:
    """Return an HTTP client for `settings`. Raises like `build_proxy`, and ImportError for an unsupported kind of proxy.

    It follows no redirects, because a password belongs to one origin, and ignores environment variables, because only the
    configured proxy may see calls.
    """
    return httpx.AsyncClient(
        verify=verify,
        timeout=time_limits,
        proxy=await build_proxy(settings, signed=proxy_signed),
        trust_env=False,
        follow_redirects=False,
        headers={**(headers or {}), "Accept-Encoding": "gzip"},
        limits=httpx.Limits(max_connections=connections_max, max_keepalive_connections=connections_max),
    )


def can_sign_in_to_proxy(settings: ConnectionSettings, error: Exception, trace: ProxyChallengeTrace) -> bool:
    """Return whether a call that the proxy refused with `error` may be repeated with the proxy's sign-in.

    The proxy did not open its tunnel, so nothing of the call was sent to the server.
    """
    has_sign_in = settings.proxy_sign_in is not None
    return has_sign_in and is_proxy_auth_required(error) and offers_basic(trace.schemes)


def call_error(
    faults: FaultTable,
    settings: ConnectionSettings,
    error: Exception,
    tried: str,
    trace: ProxyChallengeTrace,
    *,
    proxy_signed: bool,
) -> ConsoleError:
    """Return the error for what httpx raised during a call; `proxy_signed`: the proxy got its sign-in."""
    if not is_proxy_auth_required(error):
        return transport_error(faults, error, tried, proxy=settings.effective_proxy)
    has_sign_in = settings.proxy_sign_in is not None
    return proxy_auth_error(
        faults,
        tried,
        f"{error} (proxy {settings.effective_proxy})",
        trace.schemes,
        given=proxy_signed and has_sign_in,
        has_sign_in=has_sign_in,
    )
