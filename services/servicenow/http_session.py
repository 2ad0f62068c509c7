"""HTTP calls to one instance as one account: sign-in, session cookies, proxy, limits, retries.

`http_client.ServiceNowClient` adds the tables and scripted services of the instance.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Self, TypedDict, Unpack

import httpx

from services.common.errors import ConsoleError
from services.common.fault_ids import FaultId
from services.servicenow.faults import FAULTS, make_error
from services.servicenow.response_checks import raise_for_redirect
from services.transport.authentication import (
    ProxyChallengeTrace,
    SignIn,
    SignInSource,
    basic_authorization,
    resolve_sign_in,
)
from services.transport.connection_settings import CALL_TIMEOUT_S, MAX_CONCURRENT_CALLS, ConnectionSettings
from services.transport.http_clients import call_error, can_sign_in_to_proxy, open_http_client, tls_context
from services.transport.library_messages import is_proxy_auth_required
from services.transport.response_body import read_limited_body
from services.transport.response_headers import parse_retry_after

USER_AGENT = "ApprovalConsole/0.1"
GET_ATTEMPTS = 3
RETRY_AFTER_AUTO_MAX_S = 5.0
started_call_paths: ContextVar[list[str] | None] = ContextVar("calls_begun", default=None)
"""The paths of the calls that were started in this context; calls that wait for a free connection are not among them."""


class _RequestParts(TypedDict, total=False):
    """The parts of a call beside method and address, named as httpx names them."""

    params: dict[str, str] | None
    headers: dict[str, str]
    json: dict[str, str]
    content: bytes


class HttpSession:
    """HTTP calls to one instance as one account.

    At most two calls are in flight; cookies are kept per account; nothing is sent to another origin than that of the base
    URL; a GET is repeated after a short wait that the instance requests, a POST never.
    """

    def __init__(self, settings: ConnectionSettings, sign_in: SignInSource) -> None:
        self.settings = settings
        self._sign_in = sign_in
        self._client: httpx.AsyncClient | None = None
        self._signed: SignIn | None = None
        self._account: str | None = None
        self._auth: httpx.BasicAuth | None = None
        self._proxy_accepts_basic = False
        """Whether the proxy has offered Basic: only then it is sent its sign-in."""
        self._retired_clients: list[httpx.AsyncClient] = []
        """Clients without the proxy's sign-in: calls may still be under way in their connections."""
        self._client_lock = asyncio.Lock()
        self._call_semaphore = asyncio.Semaphore(MAX_CONCURRENT_CALLS)
        self._refused: set[str] = set()
        """Calls that were refused with a fresh session as well."""
        self.last_response_headers = httpx.Headers()
        """The headers of the latest answer: limits are told there."""

    async def __aenter__(self) -> Self:
        """Use the session for the length of a block."""
        return self

    async def __aexit__(self, *error: object) -> None:
        """Close the connections."""
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections; the instance opens new ones when it is asked again."""
        client, self._client = self._client, None
        retired, self._retired_clients = self._retired_clients, []
        for one in (client, *retired):
            if one is not None:
                await one.aclose()

    @property
    def sign_in(self) -> SignInSource:
        """How this instance signs in, for a check that makes connections of its own."""
        return self._sign_in

    # -- calls -------------------------------------------------------------

    async def get(
        self,
        path: str,
        *,
        tried: str,
        params: dict[str, str] | None = None,
        accept: str,
        tries: int = GET_ATTEMPTS,
    ) -> httpx.Response:
        """GET a path below the base URL; retries what may pass, up to `tries` calls. Returns whatever status came."""
        for attempt in range(1, tries + 1):
            try:
                response = await self._asked("GET", path, tried, params=params, headers={"Accept": accept})
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

    async def send_json(
        self, method: str, path: str, body: Mapping[str, str], *, tried: str, params: dict[str, str]
    ) -> httpx.Response:
        """Send a change to the Table API, once."""
        headers = {"Accept": "application/json"}
        return await self._send(method, path, tried, params=params, headers=headers, json=dict(body))

    async def send_delete(self, path: str, *, tried: str) -> httpx.Response:
        """Remove a record through the Table API, once."""
        return await self._send("DELETE", path, tried, headers={"Accept": "application/json"})

    async def post_soap(
        self, path: str, body: bytes, *, action: str, tried: str, reads: bool = False
    ) -> httpx.Response:
        """Send a SOAP request, once; one that only `reads` is asked again where a read is."""
        headers = {
            "Content-Type": "text/xml; charset=utf-8",
            "SOAPAction": f'"{action}"',
            "Accept": "text/xml",
        }
        if reads:
            return await self._asked("POST", f"{path}?SOAP", tried, headers=headers, content=body)
        return await self._send("POST", f"{path}?SOAP", tried, headers=headers, content=body)

    async def _asked(
        self, method: str, path: str, tried: str, **parts: Unpack[_RequestParts]
    ) -> httpx.Response:
        """Send a call that changes nothing, and once more without the session where that may be why it was refused.

        A session that is led to another node may be refused there until it is begun anew.
        """
        response = await self._send(method, path, tried, **parts)
        key = f"{method} {path.partition('?')[0]}"
        if response.status_code != 403 or "cookie" not in response.request.headers or key in self._refused:
            return response
        again = await self._send(method, path, tried, **parts)
        if again.status_code == 403:
            # It is not the session. The next calls need not ask twice.
            self._refused.add(key)
        return again

    async def _send(
        self, method: str, path: str, tried: str, **parts: Unpack[_RequestParts]
    ) -> httpx.Response:
        url = f"{self.settings.base_url}{path}"
        offer = ProxyChallengeTrace()
        try:
            async with self._call_semaphore:
                if (begun := started_call_paths.get()) is not None:
                    begun.append(path)
                # Only now: while this call waited for its turn, the connections may have been closed.
                client = await self._ready(tried)
                async with asyncio.timeout(CALL_TIMEOUT_S):
                    try:
                        response = await self._send_once(client, method, url, tried, parts, offer)
                    except httpx.ProxyError as error:
                        # The proxy did not open its tunnel, so that nothing of the call has left yet.
                        if not self._can_retry_with_proxy_sign_in(client, error, offer):
                            raise
                        client = await self._ready(tried)
                        response = await self._send_once(client, method, url, tried, parts, offer)
        except (httpx.HTTPError, TimeoutError, ssl.SSLError) as error:
            # A server that misses a client certificate says so only now, and httpx lets that through as it is.
            raise await self._failed(error, tried, offer) from error
        except httpx.InvalidURL as error:
            # httpx reads the address of a redirect although it is told not to follow any.
            raise make_error(
                FaultId.REDIRECT_ELSEWHERE, tried, f"an address that cannot be read: {error}"
            ) from error
        self.last_response_headers = response.headers
        if response.status_code == 401:
            # Asked for again with the next call: it may have been corrected in the vault meanwhile. The session must
            # not answer in place of what is sent then.
            self._signed = None
            client.cookies.clear()
        if response.status_code == 403:
            # Another node may not know the session; the next call begins a new one. What it set with this answer, too.
            client.cookies.clear()
        raise_for_redirect(response, self.settings.origin, tried)
        return response

    async def _send_once(
        self,
        client: httpx.AsyncClient,
        method: str,
        url: str,
        tried: str,
        parts: _RequestParts,
        offer: ProxyChallengeTrace,
    ) -> httpx.Response:
        request = self._request(client, method, url, tried, parts, offer)
        async with self._stream(client, request) as response:
            await read_limited_body(FAULTS, response, tried)
        return response

    def _can_retry_with_proxy_sign_in(
        self, client: httpx.AsyncClient, error: httpx.ProxyError, offer: ProxyChallengeTrace
    ) -> bool:
        """Return whether a call that the proxy refused may be repeated; the next client carries the proxy's sign-in."""
        if client is not self._client:
            # Another call was refused before, and the next client carries the sign-in already.
            return (
                self._proxy_accepts_basic
                and is_proxy_auth_required(error)
                and self.settings.proxy_sign_in is not None
            )
        if self._proxy_accepts_basic or not can_sign_in_to_proxy(self.settings, error, offer):
            return False
        self._proxy_accepts_basic = True
        self._client = None
        self._retired_clients.append(client)
        return True

    async def _failed(self, error: Exception, tried: str, offer: ProxyChallengeTrace) -> ConsoleError:
        signed = self._proxy_accepts_basic
        if signed and is_proxy_auth_required(error):
            # Like the instance's own password, the proxy's may be corrected meanwhile; open connections use the old one.
            await self.aclose()
        return call_error(FAULTS, self.settings, error, tried, offer, proxy_signed=signed)

    def _request(
        self,
        client: httpx.AsyncClient,
        method: str,
        url: str,
        tried: str,
        parts: _RequestParts,
        offer: ProxyChallengeTrace,
    ) -> httpx.Request:
        try:
            request = client.build_request(method, url, **parts, extensions=offer.extensions)
        except (httpx.InvalidURL, UnicodeError) as error:
            raise make_error(
                FaultId.INPUT_UNSENDABLE, tried, str(error), cause="No call can carry this text."
            ) from error
        bound = httpx.URL(str(self.settings.origin))
        if _url_origin(request.url) != _url_origin(bound):
            # The last look before the password leaves: an address put together from parts may mean another host.
            raise make_error(FaultId.URL_INVALID, tried, f"{request.url} is not at {self.settings.origin}")
        return request

    @asynccontextmanager
    async def _stream(
        self, client: httpx.AsyncClient, request: httpx.Request
    ) -> AsyncIterator[httpx.Response]:
        auth = self._auth if self._auth is not None else httpx.USE_CLIENT_DEFAULT
        response = await client.send(request, auth=auth, stream=True)
        try:
            yield response
        finally:
            await response.aclose()

    async def _ready(self, tried: str) -> httpx.AsyncClient:
        async with self._client_lock:
            if self._signed is None:
                self._signed = await resolve_sign_in(self._sign_in)
            sign_in = self._signed
            account = sign_in.account if sign_in else None
            if self._client is not None and account != self._account:
                # A live session cookie may win over new credentials, so it must not survive them.
                self._client.cookies.clear()
                self._refused.clear()
            self._account = account
            # Passed with each call: httpx keeps no copy that a repr could show.
            self._auth = basic_authorization(sign_in)
            if self._client is None:
                self._client = await self._open(tried)
            return self._client

    async def _open(self, tried: str) -> httpx.AsyncClient:
        settings = self.settings
        try:
            # Reading the system's trust store takes long enough to be felt in a window.
            httpx.URL(settings.base_url)
            verify = await asyncio.to_thread(tls_context, settings)
        except OSError as error:
            raise make_error(
                FaultId.TLS_UNTRUSTED,
                tried,
                str(error),
                cause="The CA bundle or client certificate cannot be read.",
                remedy="Compare its path on the Foreign System with the file; a key must have no passphrase.",
            ) from error
        except (ValueError, httpx.InvalidURL) as error:
            raise make_error(FaultId.URL_INVALID, tried, f"{settings.base_url}: {error}") from error
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
            raise make_error(FaultId.PROXY_FAILED, tried, f"{settings.proxy}: {error}") from error


def _url_origin(url: httpx.URL) -> tuple[str, bytes, int | None]:
    return url.scheme, url.raw_host, url.port
