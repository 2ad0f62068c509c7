"""The stages below the sign-in: address, name, connection, encryption, web reply. No password is near them."""

import asyncio
import contextlib
import json
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx

from models.addresses import Origin, normalise_base_url, spelling_text
from services.connectivity import timing
from services.connectivity.encryption import trust
from services.connectivity.faults import unreachable
from services.errors import ConsoleError
from services.servicenow.answers import failure_of, proxy_sign_in, read_bounded, wants_proxy_sign_in
from services.servicenow.connection import ConnectionSettings, ProxyOffer, proxy_of
from services.servicenow.faults import failure
from services.servicenow.headers import offers_basic

PROXY_SCHEMES = ("http", "https")
SHOWN = 6


def look_at_url(settings: ConnectionSettings) -> str:
    """Say how the base URL is written; raises `url-invalid`."""
    try:
        normal = normalise_base_url(settings.base_url)
    except ValueError as error:
        raise failure("url-invalid", "Read the base URL", f"“{settings.base_url}” {error}") from error
    origin = Origin.of(normal)
    spelling = spelling_text(origin.host)
    port = "" if origin.port in (80, 443) else f"port {origin.port}"
    return ", ".join(part for part in (origin.scheme, origin.host, spelling, port) if part)


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


async def connect(origin: Origin, addresses: list[str]) -> tuple[str, str]:
    """Open and close a connection; returns the address that answered, and words about it.

    Raises `tcp-refused` or `tcp-timeout`.
    """
    tried = f"Connect to {origin.host} port {origin.port}"
    tries = f"tried {', '.join(addresses[:SHOWN])}"
    try:
        peer = await _open_and_close(origin.host, origin.port)
    except TimeoutError as error:
        raise failure("tcp-timeout", tried, f"{timing.no_answer()}; {tries}") from error
    except OSError as error:
        raise failure("tcp-refused", tried, f"{error}; {tries}") from error
    before = addresses[: addresses.index(peer)] if peer in addresses else []
    passed = f"; tried before, without an answer: {', '.join(before[:SHOWN])}" if before else ""
    return peer, f"Port {origin.port} open at {peer}{passed}"


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
    """Return the address that took the connection: the first to answer, as with the calls that follow.

    Raises TimeoutError, and OSError with the reason of every address.
    """
    import anyio

    try:
        async with asyncio.timeout(timing.STAGE_LIMIT_S):
            stream = await anyio.connect_tcp(host, port)
    except TimeoutError:
        raise
    except OSError as error:
        raise OSError("; ".join(dict.fromkeys(_reasons(error)))) from error
    peer = stream.extra(anyio.abc.SocketAttribute.remote_address)  # noqa: S610 -- an attribute, no query
    with contextlib.suppress(OSError):
        # The other side may cut an unused connection; it was open, which is what was asked.
        await stream.aclose()
    return str(peer[0]) if peer else host


def _reasons(error: BaseException) -> Iterator[str]:
    """Yield what each attempt failed with."""
    if isinstance(error, BaseExceptionGroup):
        for one in error.exceptions:
            yield from _reasons(one)
    elif isinstance(error.__cause__, OSError | BaseExceptionGroup):
        yield from _reasons(error.__cause__)
    else:
        yield str(error)


@dataclass(frozen=True, slots=True)
class WebReply:
    """What came without a sign-in. `at` is the time of this machine (seconds since 1970) halfway through the call."""

    response: httpx.Response
    at: float


async def ask_for_page(settings: ConnectionSettings) -> WebReply:
    """Ask for a record without signing in, and read the answer to its end; raises what no reply stands for.

    The proxy gets its sign-in only when it has offered Basic.
    """
    tried = f"Ask {settings.origin.host} for a web reply"
    verify = await trust(settings, tried)
    ends = asyncio.get_running_loop().time() + timing.STAGE_LIMIT_S
    asking = _Asking(settings, tried, verify, ends)
    try:
        try:
            return await asking.ask(signed=False)
        except httpx.ProxyError as error:
            if not asking.may_sign_in(error):
                raise
            return await asking.ask(signed=True)
    except (httpx.TimeoutException, TimeoutError) as error:
        raise failure("timeout", tried, timing.no_answer()) from error
    except (httpx.HTTPError, OSError) as error:
        raise asking.failed(error) from error


@dataclass(slots=True)
class _Asking:
    """One call without a sign-in to the instance. `ends` is when it has to be over, by the clock of the loop."""

    settings: ConnectionSettings
    tried: str
    verify: ssl.SSLContext | bool
    ends: float
    offer: ProxyOffer = field(default_factory=ProxyOffer)
    signed: bool = False

    @property
    def _through(self) -> str:
        return f" (proxy {self.settings.proxy_used})" if self.settings.proxy_used else ""

    def may_sign_in(self, error: httpx.ProxyError) -> bool:
        """Return whether a proxy that refused may be asked again with its sign-in."""
        has = self.settings.proxy_sign_in is not None
        return has and wants_proxy_sign_in(error) and offers_basic(self.offer.schemes)

    def failed(self, error: Exception) -> ConsoleError:
        """Return the error for what httpx raised."""
        settings = self.settings
        if wants_proxy_sign_in(error):
            text, has = f"{error}{self._through}", settings.proxy_sign_in is not None
            return proxy_sign_in(self.tried, text, self.offer.schemes, given=self.signed, has_sign_in=has)
        known = failure_of(error, self.tried, proxy=settings.proxy_used)
        if known.problem.fault == "proxy-failed":
            return unreachable("http", "proxy-refuses", self.tried, known.problem.evidence)
        return known

    async def ask(self, *, signed: bool) -> WebReply:
        """Ask, with the proxy's sign-in where `signed` says so."""
        self.signed = signed
        proxy = await proxy_of(self.settings, signed=signed)
        address = f"{self.settings.base_url}api/now/table/sys_user?sysparm_limit=1"
        async with httpx.AsyncClient(
            verify=self.verify,
            timeout=timing.STAGE_LIMIT_S,
            trust_env=False,
            follow_redirects=False,
            proxy=proxy,
            headers={"Accept-Encoding": "gzip"},
        ) as client:
            request = client.build_request("GET", address, extensions=self.offer.extensions)
            sent = time.time()
            async with asyncio.timeout_at(self.ends):
                response = await client.send(request, stream=True)
            received = time.time()
            try:
                await self._read_to_the_end(response)
            finally:
                await response.aclose()
        return WebReply(response, (sent + received) / 2)

    async def _read_to_the_end(self, response: httpx.Response) -> None:
        """Read a body; raises a fault of the network where it does not come whole although its head did."""
        head = f"HTTP {response.status_code} came, but its body did not come whole"
        try:
            async with asyncio.timeout_at(self.ends):
                await read_bounded(response, self.tried)
        except (httpx.TimeoutException, TimeoutError) as error:
            told = response.headers.get("content-length", "")[:20]
            size = f"{response.num_bytes_downloaded}{f' of {told}' if told else ''} bytes"
            raise self._damaged(f"{head}: {size} within {timing.STAGE_LIMIT_S:g} s") from error
        except httpx.DecodingError as error:
            raise self._damaged(f"{head}: {error}") from error
        except httpx.RemoteProtocolError as error:
            if "peer closed" in str(error):
                raise failure("connection-lost", self.tried, f"{head}: {error}{self._through}") from error
            raise self._damaged(f"{head}: {error}") from error
        self._refuse_broken_json(response)

    def _refuse_broken_json(self, response: httpx.Response) -> None:
        """Raise where JSON was cut without a sign of it in the lengths: what wrote it wrote all of it."""
        if "json" not in response.headers.get("content-type", "").lower() or not response.content:
            return
        try:
            json.loads(response.content)
        except (ValueError, RecursionError) as error:
            raise self._damaged(
                f"HTTP {response.status_code} came, but its JSON is not whole: {error}"
            ) from error

    def _damaged(self, seen: str) -> ConsoleError:
        return failure("reply-damaged", self.tried, f"{seen}{self._through}")
