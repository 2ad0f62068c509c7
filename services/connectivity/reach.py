"""The stages below the sign-in: address, name, connection, encryption, web reply. No password is near them."""

import asyncio
import contextlib
import socket
import threading
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx

from models.addresses import Origin, normalise_base_url
from services.connectivity import timing
from services.connectivity.encryption import trust
from services.connectivity.faults import unreachable
from services.servicenow.answers import failure_of, read_bounded
from services.servicenow.connection import ConnectionSettings, proxy_of
from services.servicenow.faults import failure

PROXY_SCHEMES = ("http", "https")
SHOWN = 6


def look_at_url(settings: ConnectionSettings) -> str:
    """Say how the base URL is written; raises `url-invalid`."""
    try:
        normal = normalise_base_url(settings.base_url)
    except ValueError as error:
        raise failure("url-invalid", "Read the base URL", f"“{settings.base_url}” {error}") from error
    origin = Origin.of(normal)
    return f"{origin.scheme}, {origin.host}" + ("" if origin.port in (80, 443) else f", port {origin.port}")


async def look_up_name(origin: Origin) -> list[str]:
    """Return the addresses of the host; raises `dns-unknown-host` or `dns-timeout`."""
    tried = f"Look up {origin.host}"
    try:
        async with asyncio.timeout(timing.STAGE_LIMIT_S):
            found = await _addresses(origin.host, origin.port)
    except TimeoutError as error:
        raise unreachable("dns", "dns-timeout", tried, "the name server did not answer") from error
    except (OSError, UnicodeError) as error:
        # UnicodeError: a name that no name server can be asked for, such as one with an empty part.
        raise failure("dns-unknown-host", tried, str(error)) from error
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


async def _addresses(host: str, port: int) -> list[Any]:
    """Look a name up in a thread of its own.

    Nothing ends a lookup before the system gives it up; in a thread of the loop's pool, the end of the program would
    wait for it.
    """
    loop = asyncio.get_running_loop()
    found: asyncio.Future[list[Any]] = loop.create_future()

    def tell(entries: list[Any], error: Exception | None) -> None:
        if found.done():
            return
        if error is None:
            found.set_result(entries)
        else:
            found.set_exception(error)

    def look() -> None:
        entries: list[Any] = []
        failed: Exception | None = None
        try:
            entries = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            failed = error
        with contextlib.suppress(RuntimeError):  # the loop was closed meanwhile: nobody waits any more
            loop.call_soon_threadsafe(tell, entries, failed)

    threading.Thread(target=look, name="name lookup", daemon=True).start()
    return await found


async def connect(origin: Origin, addresses: list[str]) -> str:
    """Open and close a connection to one of the addresses; raises `tcp-refused` or `tcp-timeout`."""
    tried = f"Connect to {origin.host} port {origin.port}"
    tries = f"tried {', '.join(addresses[:SHOWN])}"
    try:
        peer = await _open_and_close(origin.host, origin.port)
    except TimeoutError as error:
        raise failure("tcp-timeout", tried, f"{timing.no_answer()}; {tries}") from error
    except OSError as error:
        raise failure("tcp-refused", tried, f"{error}; {tries}") from error
    return f"Port {origin.port} open at {peer}"


async def connect_to_proxy(settings: ConnectionSettings) -> str:
    """Open and close a connection to the proxy; raises a `proxy-…` fault."""
    tried = f"Connect to the proxy {settings.proxy}"
    try:
        # httpx reads more than can be meant.
        urlsplit(settings.proxy or "")
        address = httpx.URL(settings.proxy or "")
    except (httpx.InvalidURL, ValueError) as error:
        raise unreachable("proxy", "proxy-invalid", tried, str(error)) from error
    if address.scheme not in PROXY_SCHEMES or not address.host:
        # There may well be something that listens; calls would not get through it.
        raise unreachable("proxy", "proxy-invalid", tried, f"“{settings.proxy}” is no such address")
    port = address.port or (443 if address.scheme == "https" else 80)
    try:
        peer = await _open_and_close(address.host, port)
    except TimeoutError as error:
        raise unreachable("proxy", "proxy-timeout", tried, timing.no_answer()) from error
    except (OSError, UnicodeError) as error:
        raise unreachable("proxy", "proxy-unreachable", tried, str(error)) from error
    return f"{address.host} port {port} open at {peer}"


async def _open_and_close(host: str, port: int) -> str:
    """Return the address that took the connection."""
    async with asyncio.timeout(timing.STAGE_LIMIT_S):
        _, writer = await asyncio.open_connection(host, port)
    peer = writer.get_extra_info("peername")
    writer.close()
    await timing.closed(writer)
    return str(peer[0]) if peer else host


@dataclass(frozen=True, slots=True)
class WebReply:
    """What came without a sign-in. `at` is the time of this machine (seconds since 1970) halfway through the call."""

    response: httpx.Response
    at: float


async def ask_for_page(settings: ConnectionSettings) -> WebReply:
    """Ask for a record without signing in; raises what no reply stands for."""
    tried = f"Ask {settings.origin.host} for a web reply"
    verify = await trust(settings, tried)
    proxy = await proxy_of(settings)
    try:
        async with (
            asyncio.timeout(timing.STAGE_LIMIT_S),
            httpx.AsyncClient(
                verify=verify,
                timeout=timing.STAGE_LIMIT_S,
                trust_env=False,
                follow_redirects=False,
                proxy=proxy,
                headers={"Accept-Encoding": "gzip"},
            ) as client,
        ):
            sent = time.time()
            address = f"{settings.base_url}api/now/table/sys_user?sysparm_limit=1"
            async with client.stream("GET", address) as response:
                await read_bounded(response, tried)
            received = time.time()
    except (httpx.TimeoutException, TimeoutError) as error:
        raise failure("timeout", tried, timing.no_answer()) from error
    except (httpx.HTTPError, OSError) as error:
        signed = proxy is not None and proxy.auth is not None
        known = failure_of(error, tried, proxy=settings.proxy_used, signed=signed)
        if known.problem.fault == "proxy-failed":
            raise unreachable("http", "proxy-refuses", tried, known.problem.evidence) from error
        raise known from error
    return WebReply(response, (sent + received) / 2)
