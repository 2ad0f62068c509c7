"""HTTP calls to one server: connections, proxy sign-in, limits, and errors of calls that got no response.

What the server's sign-in looks like, and what its responses mean, is up to the client of each product.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TypedDict, Unpack

import httpx

from services.common.errors import ConsoleError
from services.common.fault_ids import FaultId
from services.common.json_types import JsonLike
from services.transport.authentication import ProxyChallengeTrace
from services.transport.connection_settings import CALL_TIMEOUT_S, MAX_CONCURRENT_CALLS, ConnectionSettings
from services.transport.faults import FaultTable
from services.transport.http_clients import (
    call_error,
    can_sign_in_to_proxy,
    open_http_client,
    open_tls_context,
)
from services.transport.library_messages import is_proxy_auth_required
from services.transport.response_body import RESPONSE_MAX_BYTES, read_limited_body
from services.transport.response_headers import parse_retry_after

USER_AGENT = "ApprovalConsole/0.1"
GET_ATTEMPTS = 3
RETRY_AFTER_AUTO_MAX_S = 5.0
"""A longer wait is left to the caller."""
started_call_paths: ContextVar[list[str] | None] = ContextVar("calls_begun", default=None)
"""The paths of the calls that were started in this context; calls that wait for a free connection are not among them."""

Authorize = Callable[[], Awaitable[httpx.Auth | None]]
"""Returns what sets `Authorization` on the next call to the server, or None for a call without a sign-in."""


class RequestParts(TypedDict, total=False):
    """The parts of a call beside method and address, named as httpx names them."""

    params: dict[str, str] | None
    headers: dict[str, str]
    json: JsonLike
    content: bytes


@dataclass(frozen=True, slots=True)
class _Call:
    """One call as it is sent, perhaps a second time through the proxy."""

    method: str
    url: str
    tried: str
    parts: RequestParts = field(repr=False)
    trace: ProxyChallengeTrace


async def repeat_read(
    call: Callable[[], Awaitable[httpx.Response]], tries: int = GET_ATTEMPTS
) -> httpx.Response:
    """Run a call that changes nothing, up to `tries` times: after a lost connection, or a short wait that the server asks for.

    Returns whatever status came last.
    """
    for attempt in range(1, tries + 1):
        try:
            response = await call()
        except ConsoleError as error:
            if attempt == tries or error.problem.fault != FaultId.CONNECTION_LOST:
                raise
            continue
        limited = response.status_code in (429, 503)
        wait = parse_retry_after(response.headers, datetime.now(UTC)) if limited else None
        if wait is None or wait > RETRY_AFTER_AUTO_MAX_S or attempt == tries:
            return response
        await asyncio.sleep(wait)
    raise AssertionError("unreachable")


@dataclass(frozen=True, slots=True)
class OpenConnections:
    """The connections of a call without a sign-in, for the calls that follow it. Who made them closes them, too."""

    client: httpx.AsyncClient
    proxy_signed: bool
    """Whether the proxy was given its sign-in."""


class HttpChannel:
    """The connections to one server. At most two calls are in flight, and each ends after 60 s.

    Nothing is sent to another origin than that of the base URL, no redirect is followed, and the proxy gets its sign-in only
    after it has offered Basic. Responses larger than `response_max` bytes are refused.
    """

    def __init__(
        self,
        settings: ConnectionSettings,
        faults: FaultTable,
        *,
        response_max: int = RESPONSE_MAX_BYTES,
        connections: OpenConnections | None = None,
    ) -> None:
        self.settings = settings
        self.faults = faults
        self._response_max = response_max
        self._client: httpx.AsyncClient | None = None
        self._proxy_accepts_basic = False
        """Whether the proxy has offered Basic: only then it is sent its sign-in."""
        self._retired_clients: list[httpx.AsyncClient] = []
        """Clients that are used no more: calls may still be under way in their connections."""
        self._files: _FileMarks | None = None
        """The files that the connections were opened with; None until they were looked at."""
        self._client_lock = asyncio.Lock()
        self._call_semaphore = asyncio.Semaphore(MAX_CONCURRENT_CALLS)
        self._calls = 0
        if connections is not None:
            self._client, self._proxy_accepts_basic = connections.client, connections.proxy_signed
            self._client.timeout = settings.timeout
            # A session without a sign-in would be answered in place of what is sent next.
            self.clear_cookies()

    @property
    def is_busy(self) -> bool:
        """Whether calls are under way, or wait for their turn."""
        return self._calls > 0

    async def aclose(self) -> None:
        """Close the connections; new ones are opened with the next call."""
        client, self._client = self._client, None
        retired, self._retired_clients = self._retired_clients, []
        for one in (client, *retired):
            if one is not None:
                await one.aclose()

    async def renew_connections(self) -> None:
        """Let the next call open new connections, with the files as they are then; calls under way end in theirs."""
        client, self._client = self._client, None
        if client is not None:
            self._retired_clients.append(client)
        if not self._calls:
            await self.aclose()

    def clear_cookies(self) -> None:
        """Forget the server's session."""
        if self._client is not None:
            self._client.cookies.clear()

    async def send(
        self, method: str, path: str, tried: str, *, authorize: Authorize, **parts: Unpack[RequestParts]
    ) -> httpx.Response:
        """Send one call to a path below the base URL, once; return the response with its body, whatever its status.

        `authorize` is called when the call has its turn, by one call at a time. Raises what it raises, and the faults of the
        transport.
        """
        call = _Call(method, f"{self.settings.base_url}{path}", tried, parts, ProxyChallengeTrace())
        self._calls += 1
        try:
            async with self._call_semaphore:
                if (begun := started_call_paths.get()) is not None:
                    begun.append(path)
                # Only now: while this call waited for its turn, the connections may have been closed.
                client, auth = await self._ready(tried, authorize)
                async with asyncio.timeout(CALL_TIMEOUT_S):
                    try:
                        return await self._send_once(client, call, auth)
                    except httpx.ProxyError as error:
                        # The proxy did not open its tunnel, so that nothing of the call has left yet.
                        if not self._can_retry_with_proxy_sign_in(client, error, call.trace):
                            raise
                        client, auth = await self._ready(tried, authorize)
                        return await self._send_once(client, call, auth)
        except (httpx.HTTPError, TimeoutError, ssl.SSLError) as error:
            # A server that misses a client certificate says so only now, and httpx lets that through as it is.
            raise await self._failed(error, tried, call.trace) from error
        except httpx.InvalidURL as error:
            # httpx reads the address of a redirect although it is told not to follow any.
            raise self.faults.error(
                FaultId.REDIRECT_ELSEWHERE, tried, f"an address that cannot be read: {error}"
            ) from error
        finally:
            self._calls -= 1

    async def _send_once(
        self, client: httpx.AsyncClient, call: _Call, auth: httpx.Auth | None
    ) -> httpx.Response:
        async with self._stream(client, self._request(client, call), auth) as response:
            await read_limited_body(self.faults, response, call.tried, limit=self._response_max)
        return response

    def _can_retry_with_proxy_sign_in(
        self, client: httpx.AsyncClient, error: httpx.ProxyError, trace: ProxyChallengeTrace
    ) -> bool:
        """Return whether a call that the proxy refused may be repeated; the next client carries the proxy's sign-in."""
        if client is not self._client:
            # Another call was refused before, and the next client carries the sign-in already.
            return (
                self._proxy_accepts_basic
                and is_proxy_auth_required(error)
                and self.settings.proxy_sign_in is not None
            )
        if self._proxy_accepts_basic or not can_sign_in_to_proxy(self.settings, error, trace):
            return False
        self._proxy_accepts_basic = True
        self._client = None
        self._retired_clients.append(client)
        return True

    async def _failed(self, error: Exception, tried: str, trace: ProxyChallengeTrace) -> ConsoleError:
        signed = self._proxy_accepts_basic
        if signed and is_proxy_auth_required(error):
            # Like the server's own password, the proxy's may be corrected meanwhile; open connections use the old one.
            await self.aclose()
        return call_error(self.faults, self.settings, error, tried, trace, proxy_signed=signed)

    def _request(self, client: httpx.AsyncClient, call: _Call) -> httpx.Request:
        try:
            request = client.build_request(
                call.method, call.url, **call.parts, extensions=call.trace.extensions
            )
        except (httpx.InvalidURL, UnicodeError) as error:
            raise self.faults.error(
                FaultId.INPUT_UNSENDABLE, call.tried, str(error), cause="No call can carry this text."
            ) from error
        bound = httpx.URL(str(self.settings.origin))
        if _url_origin(request.url) != _url_origin(bound):
            # The last look before the password leaves: an address put together from parts may mean another host.
            raise self.faults.error(
                FaultId.URL_INVALID, call.tried, f"{request.url} is not at {self.settings.origin}"
            )
        return request

    @asynccontextmanager
    async def _stream(
        self, client: httpx.AsyncClient, request: httpx.Request, auth: httpx.Auth | None
    ) -> AsyncIterator[httpx.Response]:
        # Passed with each call: httpx keeps no copy that a repr could show.
        response = await client.send(
            request, auth=auth if auth is not None else httpx.USE_CLIENT_DEFAULT, stream=True
        )
        try:
            yield response
        finally:
            await response.aclose()

    async def _ready(self, tried: str, authorize: Authorize) -> tuple[httpx.AsyncClient, httpx.Auth | None]:
        async with self._client_lock:
            auth = await authorize()
            files = await _look_at_files(self.settings)
            if self._client is None:
                self._client, self._files = await self._open(tried), files
            elif self._files is not None and files != self._files:
                await self._take_new_files(self._client, files, tried)
            self._files = files
            return self._client, auth

    async def _take_new_files(self, client: httpx.AsyncClient, files: "_FileMarks", tried: str) -> None:
        """Open connections with a renewed certificate; one that cannot be used, perhaps half written, changes nothing yet.

        The server ends or refuses the present connections when their certificate is no longer good.
        """
        self._files = files
        try:
            self._client = await self._open(tried)
        except ConsoleError:
            return
        self._retired_clients.append(client)

    async def _open(self, tried: str) -> httpx.AsyncClient:
        settings = self.settings
        try:
            httpx.URL(settings.base_url)
            verify = await open_tls_context(self.faults, settings, tried)
        except OSError as error:
            raise self.faults.error(
                FaultId.TLS_UNTRUSTED,
                tried,
                str(error),
                cause="The CA bundle or client certificate cannot be read.",
                remedy="Compare its path on the Foreign System with the file.",
            ) from error
        except (ValueError, httpx.InvalidURL) as error:
            raise self.faults.error(FaultId.URL_INVALID, tried, f"{settings.base_url}: {error}") from error
        try:
            return await open_http_client(
                settings,
                verify=verify,
                proxy_signed=self._proxy_accepts_basic,
                time_limits=settings.timeout,
                headers={"User-Agent": USER_AGENT},
                connections_max=MAX_CONCURRENT_CALLS,
            )
        except (ValueError, httpx.InvalidURL, ImportError) as error:
            # Nothing but the proxy is read here; httpx says ImportError for a kind that it has no means for.
            raise self.faults.error(FaultId.PROXY_FAILED, tried, f"{settings.proxy}: {error}") from error


_FileMarks = tuple[tuple[int, int, int] | None, ...]


async def _look_at_files(settings: ConnectionSettings) -> _FileMarks:
    """Return what changes when the CA bundle or the client certificate is replaced under its name.

    Looked at in a thread: they may be in a folder of the network, which may not answer.
    """
    paths = [path for path in (settings.ca_bundle, settings.client_certificate) if path]
    return await asyncio.to_thread(lambda: tuple(map(_file_mark, paths))) if paths else ()


def _file_mark(path: str) -> tuple[int, int, int] | None:
    try:
        found = Path(path).stat()
    except (OSError, ValueError):
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def _url_origin(url: httpx.URL) -> tuple[str, bytes, int | None]:
    return url.scheme, url.raw_host, url.port
