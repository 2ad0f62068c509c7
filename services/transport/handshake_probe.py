"""Whether a server asks for a client certificate: a TLS handshake of its own, seen record by record.

`ssl` does not say whether a certificate was requested. OpenSSL sends the one it was given to every server that requests
one, and to no other, so what this side sends shows it. Nothing but the handshake is sent.
"""

import asyncio
import base64
import ssl
from contextlib import suppress
from dataclasses import dataclass

import httpx

from services.common.errors import ConsoleError
from services.transport.connection_settings import ConnectionSettings
from services.transport.faults import FaultTable
from services.transport.http_clients import open_tls_context
from services.transport.response_headers import offers_basic, parse_auth_schemes
from services.transport.sign_in import resolve_sign_in

_RECORD_HEADER = 5
_HANDSHAKE, _APPLICATION_DATA = 22, 23
"""Content types of TLS records (RFC 8446, 5.1)."""
_CERTIFICATE = 11
"""The handshake message with a certificate (RFC 5246, 7.4)."""
_CHUNK = 65536
_HEAD_MAX = 16_384


@dataclass(frozen=True, slots=True)
class Handshake:
    """What a handshake showed."""

    requested: bool
    """Whether the server asked for a client certificate."""
    server_certificate: bytes
    """The certificate of the server (DER)."""


async def observe_handshake(
    faults: FaultTable, settings: ConnectionSettings, timeout_s: float
) -> Handshake | None:
    """Make a handshake with the client certificate, and end it; None where it cannot be observed.

    An encrypted way to the proxy is not observed. Raises nothing: it adds to what is known already.
    """
    with suppress(
        TimeoutError,
        OSError,
        ValueError,
        ConsoleError,
        httpx.InvalidURL,
        asyncio.IncompleteReadError,
        asyncio.LimitOverrunError,
    ):
        async with asyncio.timeout(timeout_s):
            context = await open_tls_context(faults, settings, "Observe the TLS handshake")
            if isinstance(context, ssl.SSLContext) and settings.client_certificate:
                return await _observe(settings, context)
    return None


async def _observe(settings: ConnectionSettings, context: ssl.SSLContext) -> Handshake | None:
    opened = await _open(settings)
    if opened is None:
        return None
    reader, writer = opened
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    sent = b""
    try:
        session = context.wrap_bio(incoming, outgoing, server_hostname=settings.origin.host)
        ended = False
        while not ended:
            try:
                session.do_handshake()
                ended = True
            except ssl.SSLWantReadError:
                pass
            written = outgoing.read()
            sent += written
            writer.write(written)
            await writer.drain()
            if not ended:
                received = await reader.read(_CHUNK)
                if not received:
                    return None
                incoming.write(received)
    finally:
        writer.transport.abort()
    return Handshake(_has_sent_certificate(sent, session), session.getpeercert(binary_form=True) or b"")


def _has_sent_certificate(sent: bytes, session: ssl.SSLObject) -> bool:
    """Return whether the records that this side has sent hold a certificate.

    Up to TLS 1.2 its message can be read. With TLS 1.3 the messages are encrypted: without a certificate there is but one
    of them, whose length is that of a hash.
    """
    records = list(_records(sent))
    if session.version() != "TLSv1.3":
        return any(kind == _HANDSHAKE and body[:1] == bytes([_CERTIFICATE]) for kind, body in records)
    return sum(kind == _APPLICATION_DATA for kind, _ in records) > 1


def _records(content: bytes) -> list[tuple[int, bytes]]:
    found, at = [], 0
    while at + _RECORD_HEADER <= len(content):
        length = int.from_bytes(content[at + 3 : at + _RECORD_HEADER])
        body = content[at + _RECORD_HEADER : at + _RECORD_HEADER + length]
        found.append((content[at], body))
        at += _RECORD_HEADER + length
    return found


async def _open(settings: ConnectionSettings) -> tuple[asyncio.StreamReader, asyncio.StreamWriter] | None:
    """Open a connection to the server, or through the proxy's tunnel; None where the proxy makes none."""
    origin = settings.origin
    if settings.effective_proxy is None:
        return await asyncio.open_connection(origin.host, origin.port)
    proxy = httpx.URL(settings.effective_proxy)
    if proxy.scheme != "http":
        return None
    host = f"[{origin.host}]" if ":" in origin.host else origin.host
    head = f"CONNECT {host}:{origin.port} HTTP/1.1\r\nHost: {host}:{origin.port}\r\n"
    sign_in = ""
    for _ in range(2):
        reader, writer = await asyncio.open_connection(proxy.host, proxy.port or 80)
        try:
            writer.write(f"{head}{sign_in}\r\n".encode("ascii"))
            answer = (await reader.readuntil(b"\r\n\r\n"))[:_HEAD_MAX].decode("latin-1").split("\r\n")
        except BaseException:
            # A timeout or a cancellation as well: nobody else knows this connection.
            writer.transport.abort()
            raise
        status = answer[0].split(" ")[1:2]
        if status == ["200"]:
            return reader, writer
        writer.transport.abort()
        if status != ["407"] or sign_in:
            return None
        sign_in = await _proxy_sign_in(settings, answer[1:])
        if not sign_in:
            return None
    return None


async def _proxy_sign_in(settings: ConnectionSettings, headers: list[str]) -> str:
    """Return the header with which the proxy is signed in to, or an empty text where it has not offered Basic."""
    offered = [
        value.strip()
        for name, _, value in (line.partition(":") for line in headers)
        if name.strip().lower() == "proxy-authenticate"
    ]
    given = await resolve_sign_in(settings.proxy_sign_in)
    if given is None or not offers_basic(parse_auth_schemes(offered)):
        return ""
    value = base64.b64encode(f"{given.account}:{given.secret.reveal()}".encode()).decode()
    return f"Proxy-Authorization: Basic {value}\r\n"
