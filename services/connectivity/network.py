"""The stages below the sign-in: address, name, connection, encryption, web reply. No password is near them.

`faults` is the table with the words of the kind of system that is checked.
"""

import asyncio
import contextlib
import json
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import TypeAlias
from urllib.parse import urlsplit

import httpx

from models.addresses import Origin, alternate_hostname_text, normalise_base_url
from services.common.errors import ConsoleError
from services.common.fault_ids import FaultId
from services.connectivity import time_limits
from services.connectivity.fault_catalog import unreachable_error
from services.connectivity.tls import load_tls_context
from services.transport.authentication import ProxyChallengeTrace
from services.transport.connection_settings import MAX_CONCURRENT_CALLS, ConnectionSettings
from services.transport.faults import FaultTable
from services.transport.http_channel import USER_AGENT, OpenConnections
from services.transport.http_clients import call_error, can_sign_in_to_proxy, open_http_client
from services.transport.library_messages import is_cut_off
from services.transport.response_body import read_limited_body

PROXY_SCHEMES = ("http", "https")
ADDRESSES_SHOWN = 6


def check_url(
    faults: FaultTable, settings: ConnectionSettings, normalise: Callable[[str], str] = normalise_base_url
) -> str:
    """Say how the base URL is written; raises `url-invalid`. `normalise` raises ValueError with a sentence."""
    try:
        normal = normalise(settings.base_url)
    except ValueError as error:
        raise faults.error(
            FaultId.URL_INVALID, "Read the base URL", f"“{settings.base_url}” {error}"
        ) from error
    origin = Origin.of(normal)
    spelling = alternate_hostname_text(origin.host)
    port = "" if origin.port in (80, 443) else f"port {origin.port}"
    return ", ".join(part for part in (origin.scheme, origin.host, spelling, port) if part)


async def resolve_host(faults: FaultTable, origin: Origin) -> list[str]:
    """Return the addresses of the host; raises `dns-unknown-host` or `dns-timeout`."""
    tried = f"Look up {origin.host}"
    try:
        async with asyncio.timeout(time_limits.STAGE_TIMEOUT_S):
            found = await _getaddrinfo(origin.host, origin.port)
    except TimeoutError as error:
        raise unreachable_error(
            "dns", FaultId.DNS_TIMEOUT, tried, "the name server did not answer"
        ) from error
    except (OSError, UnicodeError) as error:
        # UnicodeError: a name that no name server can be asked for, such as one with an empty part.
        raise faults.error(FaultId.DNS_UNKNOWN_HOST, tried, str(error)) from error
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


AddressInfo: TypeAlias = tuple[
    socket.AddressFamily,
    socket.SocketKind,
    int,
    str,
    tuple[str, int] | tuple[str, int, int, int] | tuple[int, bytes],
]
"""An entry of `socket.getaddrinfo`."""


async def _getaddrinfo(host: str, port: int) -> list[AddressInfo]:
    """Look a name up in a thread of its own.

    Nothing ends a lookup before the system gives it up; in a thread of the loop's pool, the end of the program would
    wait for it.
    """
    loop = asyncio.get_running_loop()
    found: asyncio.Future[list[AddressInfo]] = loop.create_future()

    def tell(entries: list[AddressInfo], error: Exception | None) -> None:
        if found.done():
            return
        if error is None:
            found.set_result(entries)
        else:
            found.set_exception(error)

    def look() -> None:
        entries: list[AddressInfo] = []
        failed: Exception | None = None
        try:
            entries = [*socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
        except (OSError, UnicodeError) as error:
            failed = error
        with contextlib.suppress(RuntimeError):  # the loop was closed meanwhile: nobody waits any more
            loop.call_soon_threadsafe(tell, entries, failed)

    threading.Thread(target=look, name="name lookup", daemon=True).start()
    return await found


async def check_tcp(faults: FaultTable, origin: Origin, addresses: list[str]) -> tuple[str, str]:
    """Open and close a connection; returns the address that answered, and words about it.

    Raises `tcp-refused` or `tcp-timeout`.
    """
    tried = f"Connect to {origin.host} port {origin.port}"
    tries = f"tried {', '.join(addresses[:ADDRESSES_SHOWN])}"
    try:
        peer = await _open_and_close(origin.host, origin.port)
    except TimeoutError as error:
        raise faults.error(
            FaultId.TCP_TIMEOUT, tried, f"{time_limits.stage_timeout_text()}; {tries}"
        ) from error
    except OSError as error:
        raise faults.error(FaultId.TCP_REFUSED, tried, f"{error}; {tries}") from error
    before = addresses[: addresses.index(peer)] if peer in addresses else []
    passed = f"; tried before, without an answer: {', '.join(before[:ADDRESSES_SHOWN])}" if before else ""
    return peer, f"Port {origin.port} open at {peer}{passed}"


async def check_proxy(settings: ConnectionSettings) -> str:
    """Open and close a connection to the proxy; raises a `proxy-…` fault."""
    tried = f"Connect to the proxy {settings.proxy}"
    try:
        # httpx reads more than can be meant.
        urlsplit(settings.proxy or "")
        address = httpx.URL(settings.proxy or "")
    except (httpx.InvalidURL, ValueError) as error:
        raise unreachable_error("proxy", FaultId.PROXY_INVALID, tried, str(error)) from error
    if address.scheme not in PROXY_SCHEMES or not address.host:
        # There may well be something that listens; calls would not get through it.
        raise unreachable_error(
            "proxy", FaultId.PROXY_INVALID, tried, f"“{settings.proxy}” is no such address"
        )
    port = address.port or (443 if address.scheme == "https" else 80)
    try:
        peer = await _open_and_close(address.host, port)
    except TimeoutError as error:
        raise unreachable_error(
            "proxy", FaultId.PROXY_TIMEOUT, tried, time_limits.stage_timeout_text()
        ) from error
    except (OSError, UnicodeError) as error:
        raise unreachable_error("proxy", FaultId.PROXY_UNREACHABLE, tried, str(error)) from error
    return f"{address.host} port {port} open at {peer}"


async def _open_and_close(host: str, port: int) -> str:
    """Return the address that took the connection: the first to answer, as with the calls that follow.

    Raises TimeoutError, and OSError with the reason of every address.
    """
    import anyio

    try:
        async with asyncio.timeout(time_limits.STAGE_TIMEOUT_S):
            stream = await anyio.connect_tcp(host, port)
    except TimeoutError:
        raise
    except OSError as error:
        raise OSError("; ".join(dict.fromkeys(_connect_errors(error)))) from error
    peer = stream.extra(anyio.abc.SocketAttribute.remote_address)  # noqa: S610 -- an attribute, no query
    with contextlib.suppress(OSError):
        # The other side may cut an unused connection; it was open, which is what was asked.
        await stream.aclose()
    return str(peer[0]) if peer else host


def _connect_errors(error: BaseException) -> Iterator[str]:
    """Yield what each attempt failed with."""
    if isinstance(error, BaseExceptionGroup):
        for one in error.exceptions:
            yield from _connect_errors(one)
    elif isinstance(error.__cause__, OSError | BaseExceptionGroup):
        yield from _connect_errors(error.__cause__)
    else:
        yield str(error)


@dataclass(frozen=True, slots=True)
class AnonymousResponse:
    """What came without a sign-in. `at` is the time of this machine (seconds since 1970) halfway through the call."""

    response: httpx.Response
    at: float
    connections: OpenConnections
    """Closed, unless the caller keeps them."""


async def request_anonymously(
    faults: FaultTable, settings: ConnectionSettings, path: str, keep: AsyncExitStack | None = None
) -> AnonymousResponse:
    """Ask for `path` below the base URL without signing in, and read the answer to its end; raises what no reply stands for.

    The proxy gets its sign-in only when it has offered Basic. The connections stay open until `keep` ends, if it is given.
    """
    tried = f"Ask {settings.origin.host} for a web reply"
    verify = await load_tls_context(faults, settings, tried)
    ends = asyncio.get_running_loop().time() + time_limits.STAGE_TIMEOUT_S
    asking = _AnonymousRequest(faults, settings, path, tried, verify, ends, keep)
    try:
        try:
            return await asking.ask(signed=False)
        except httpx.ProxyError as error:
            if not asking.can_retry_with_proxy_sign_in(error):
                raise
            return await asking.ask(signed=True)
    except (httpx.TimeoutException, TimeoutError) as error:
        raise faults.error(FaultId.TIMEOUT, tried, time_limits.stage_timeout_text()) from error
    except (httpx.HTTPError, OSError) as error:
        raise asking.failed(error) from error


@dataclass(slots=True)
class _AnonymousRequest:
    """One call without a sign-in to the instance. `ends` is when it has to be over, by the clock of the loop."""

    faults: FaultTable
    settings: ConnectionSettings
    path: str
    tried: str
    verify: ssl.SSLContext | bool
    ends: float
    keep: AsyncExitStack | None
    offer: ProxyChallengeTrace = field(default_factory=ProxyChallengeTrace)
    signed: bool = False

    @property
    def _proxy_note(self) -> str:
        return f" (proxy {self.settings.effective_proxy})" if self.settings.effective_proxy else ""

    def can_retry_with_proxy_sign_in(self, error: httpx.ProxyError) -> bool:
        """Return whether a proxy that refused may be asked again with its sign-in."""
        return can_sign_in_to_proxy(self.settings, error, self.offer)

    def failed(self, error: Exception) -> ConsoleError:
        """Return the error for what httpx raised."""
        known = call_error(
            self.faults, self.settings, error, self.tried, self.offer, proxy_signed=self.signed
        )
        if known.problem.fault == FaultId.PROXY_FAILED:
            return unreachable_error("http", FaultId.PROXY_REFUSES, self.tried, known.problem.evidence)
        return known

    async def ask(self, *, signed: bool) -> AnonymousResponse:
        """Ask, with the proxy's sign-in where `signed` says so."""
        self.signed = signed
        address = f"{self.settings.base_url}{self.path}"
        client = await open_http_client(
            self.settings,
            verify=self.verify,
            proxy_signed=signed,
            time_limits=time_limits.STAGE_TIMEOUT_S,
            headers={"User-Agent": USER_AGENT},
            connections_max=MAX_CONCURRENT_CALLS,
        )
        async with AsyncExitStack() as closing:
            closing.push_async_callback(client.aclose)
            request = client.build_request("GET", address, extensions=self.offer.extensions)
            sent = time.time()
            async with asyncio.timeout_at(self.ends):
                response = await client.send(request, stream=True)
            received = time.time()
            try:
                await self._read_body(response)
            finally:
                await response.aclose()
            if self.keep is not None:
                self.keep.push_async_callback(closing.pop_all().aclose)
        return AnonymousResponse(response, (sent + received) / 2, OpenConnections(client, signed))

    async def _read_body(self, response: httpx.Response) -> None:
        """Read a body; raises a fault of the network where it does not come whole although its head did."""
        head = f"HTTP {response.status_code} came, but its body did not come whole"
        try:
            async with asyncio.timeout_at(self.ends):
                await read_limited_body(self.faults, response, self.tried)
        except (httpx.TimeoutException, TimeoutError) as error:
            told = response.headers.get("content-length", "")[:20]
            size = f"{response.num_bytes_downloaded}{f' of {told}' if told else ''} bytes"
            raise self._damaged_error(f"{head}: {size} within {time_limits.STAGE_TIMEOUT_S:g} s") from error
        except httpx.DecodingError as error:
            raise self._damaged_error(f"{head}: {error}") from error
        except httpx.RemoteProtocolError as error:
            if is_cut_off(error):
                raise self.faults.error(
                    FaultId.CONNECTION_LOST, self.tried, f"{head}: {error}{self._proxy_note}"
                ) from error
            raise self._damaged_error(f"{head}: {error}") from error
        self._raise_for_truncated_json(response)

    def _raise_for_truncated_json(self, response: httpx.Response) -> None:
        """Raise where JSON was cut without a sign of it in the lengths: what wrote it wrote all of it."""
        if "json" not in response.headers.get("content-type", "").lower() or not response.content:
            return
        try:
            json.loads(response.content)
        except (ValueError, RecursionError) as error:
            raise self._damaged_error(
                f"HTTP {response.status_code} came, but its JSON is not whole: {error}"
            ) from error

    def _damaged_error(self, seen: str) -> ConsoleError:
        return self.faults.error(FaultId.REPLY_DAMAGED, self.tried, f"{seen}{self._proxy_note}")
