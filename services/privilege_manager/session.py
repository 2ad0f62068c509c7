"""Calls to one Privilege Manager server as one API client: log-on with a token, log-off, repetition, waiting.

The token is held in memory only, as a `Secret`, and goes to the origin of the base URL alone.
"""

import asyncio
import json
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Self

import httpx

from services.common.errors import ConsoleError, Problem, RefusedError, new_correlation_id
from services.common.fault_ids import FaultId
from services.common.json_types import JsonLike, JsonValue
from services.common.secret import Secret
from services.privilege_manager.api_replies import (
    parse_reply,
    raise_for_failure,
    raise_for_redirect,
    retry_after,
)
from services.privilege_manager.faults import FAULTS, make_error
from services.privilege_manager.operations import Operation
from services.transport.authentication import BearerAuthorization
from services.transport.connection_settings import ConnectionSettings
from services.transport.http_channel import (
    RETRY_AFTER_AUTO_MAX_S,
    HttpChannel,
    RequestParts,
    repeat_read,
)
from services.transport.response_headers import RETRY_AFTER_DEFAULT_S
from services.transport.sign_in import SignIn, SignInSource, resolve_sign_in

LOG_ON_PATH = f"services{Operation.LOG_ON.path}"
RESPONSE_MAX_BYTES = 64 * 1024 * 1024
"""Lists come in one piece: the API has no pages."""
LOG_ON_BACKOFF_S = 60.0
"""For this long a refused Client ID and Client Secret are not sent again."""
LOG_OFF_TIMEOUT_S = 2.0
"""The end of a program does not wait longer for a server that may be gone."""
TOKEN_MAX = 16_384
_TOKEN_ENDED = frozenset(
    {FaultId.PRIVILEGE_MANAGER_TOKEN_REFUSED, FaultId.PRIVILEGE_MANAGER_FORBIDDEN, FaultId.LOGIN_PAGE}
)
"""What a call with a token that has ended is answered with."""


@dataclass(frozen=True, slots=True)
class SessionEnd:
    """How a log-off ended."""

    failure: str = ""
    """Why the server did not take it; empty when it did."""
    still_valid: bool | None = False
    """Whether the token is taken although the session was ended; None where the server did not tell."""


class ApiSession:
    """Calls to one server. A call that is answered 401 is repeated once with a new token: it was not executed."""

    def __init__(
        self,
        settings: ConnectionSettings,
        sign_in: SignInSource,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._channel = HttpChannel(settings, FAULTS, response_max=RESPONSE_MAX_BYTES)
        self._sign_in = sign_in
        self._clock = clock
        self._token: Secret | None = None
        self._log_on_lock = asyncio.Lock()
        self._refused: tuple[SignIn | None, Problem, float] | None = None
        """The sign-in of the last refused log-on, why, and until when it is not sent again."""
        self._limited_until = 0.0
        self.last_response_headers = httpx.Headers()
        """The headers of the latest response: the server's clock is told there."""

    async def __aenter__(self) -> Self:
        """Use the session for the length of a block."""
        return self

    async def __aexit__(self, *error: object) -> None:
        """Log off and close the connections."""
        await self.aclose()

    @property
    def settings(self) -> ConnectionSettings:
        """How the server is reached."""
        return self._channel.settings

    @property
    def sign_in(self) -> SignInSource:
        """How this session logs on, for a check that makes connections of its own."""
        return self._sign_in

    @property
    def is_busy(self) -> bool:
        """Whether calls are under way."""
        return self._channel.is_busy

    @property
    def is_logged_on(self) -> bool:
        """Whether it has a token; the server may have ended it meanwhile."""
        return self._token is not None

    async def log_on(self, tried: str) -> None:
        """Log on unless it has a token. Raises `privilege-manager-log-on-refused` and the other faults of log-on."""
        await self._ready_token(tried)

    async def log_off(self) -> None:
        """Give the token back, if there is one. A failure does not matter: the server ends it by itself."""
        token, self._token = self._token, None
        if token is None:
            return
        with suppress(ConsoleError, TimeoutError):
            async with asyncio.timeout(LOG_OFF_TIMEOUT_S):
                await self._send("DELETE", LOG_ON_PATH, "Log off", token, {})

    async def end_session(self, tried: str) -> SessionEnd | None:
        """Log off, and say whether the server took that; its token is used once more to see that it has ended.

        Returns None where no session was open.
        """
        token, self._token = self._token, None
        if token is None:
            return None
        try:
            response = await self._send("DELETE", LOG_ON_PATH, tried, token, {})
            raise_for_failure(response, tried)
        except ConsoleError as error:
            return SessionEnd(error.problem.evidence)
        path = f"services{Operation.VERSION.path}"
        try:
            parse_reply(await self._send("GET", path, "See whether the session has ended", token, {}), tried)
        except ConsoleError as error:
            return SessionEnd(still_valid=False if error.problem.fault in _TOKEN_ENDED else None)
        return SessionEnd(still_valid=True)

    async def aclose(self) -> None:
        """Log off and close the connections. A later call logs on again."""
        try:
            await self.log_off()
        finally:
            await self._channel.aclose()

    async def get(self, path: str, tried: str, *, params: dict[str, str] | None = None) -> httpx.Response:
        """GET a path below the base URL. Repeated after a lost connection, and after a short wait that the server asks for."""
        return await repeat_read(lambda: self._call("GET", path, tried, {"params": params}))

    async def ask(
        self, path: str, body: JsonLike, tried: str, *, params: dict[str, str] | None = None
    ) -> httpx.Response:
        """POST what only reads; repeated like `get`."""
        return await repeat_read(lambda: self._call("POST", path, tried, {"params": params, "json": body}))

    async def change(
        self,
        method: str,
        path: str,
        body: JsonLike,
        tried: str,
        *,
        params: dict[str, str] | None = None,
    ) -> httpx.Response:
        """Send a change. It is never repeated after a lost connection: it may have been executed."""
        parts: RequestParts = {"params": params}
        if method != "GET":
            parts["json"] = body
        return await self._call(method, path, tried, parts)

    async def _call(self, method: str, path: str, tried: str, parts: RequestParts) -> httpx.Response:
        await self._wait_for_limit(tried)
        token = await self._ready_token(tried)
        response = await self._send(method, path, tried, token, parts)
        if response.status_code == 401:
            if self._token is token:
                self._token = None
            token = await self._ready_token(tried)
            response = await self._send(method, path, tried, token, parts)
            if response.status_code == 401 and self._token is token:
                self._token = None
        if response.status_code in (429, 503):
            self._note_limit(response)
        return response

    async def _send(
        self, method: str, path: str, tried: str, token: Secret | None, parts: RequestParts
    ) -> httpx.Response:
        async def authorize() -> httpx.Auth | None:
            return None if token is None else BearerAuthorization(token)

        parts = {**parts, "headers": {"Accept": "application/json"}}
        response = await self._channel.send(method, path, tried, authorize=authorize, **parts)
        # The session is the token: a cookie would outlive it.
        self._channel.clear_cookies()
        self.last_response_headers = response.headers
        raise_for_redirect(response, self.settings.origin, tried)
        return response

    # -- log-on ------------------------------------------------------------

    async def _ready_token(self, tried: str) -> Secret:
        """Return the token; logs on if there is none. All callers wait for one log-on."""
        async with self._log_on_lock:
            if self._token is None:
                self._token = await self._log_on(tried)
            return self._token

    async def _log_on(self, tried: str) -> Secret:
        sign_in = await resolve_sign_in(self._sign_in)
        self._raise_if_refused_before(sign_in)
        if sign_in is None:
            raise make_error(
                FaultId.PRIVILEGE_MANAGER_LOG_ON_REFUSED, tried, "no User Credential; nothing was sent"
            )
        body = {"UserName": sign_in.account, "Password": sign_in.secret.reveal()}
        response = await self._send("POST", LOG_ON_PATH, tried, None, {"json": body})
        try:
            return _read_token(response, tried)
        except RefusedError as error:
            if error.problem.fault == FaultId.PRIVILEGE_MANAGER_LOG_ON_REFUSED:
                self._refused = (sign_in, error.problem, self._clock() + LOG_ON_BACKOFF_S)
            raise

    def _raise_if_refused_before(self, sign_in: SignIn | None) -> None:
        if self._refused is None:
            return
        before, problem, until = self._refused
        if self._clock() < until and _is_same(before, sign_in):
            raise RefusedError(replace(problem, correlation_id=new_correlation_id()))
        self._refused = None

    # -- limits ------------------------------------------------------------

    def _note_limit(self, response: httpx.Response) -> None:
        wait = retry_after(response)
        if wait is None and response.status_code == 429:
            wait = RETRY_AFTER_DEFAULT_S
        if wait is not None:
            self._limited_until = self._clock() + wait

    async def _wait_for_limit(self, tried: str) -> None:
        """Wait for a short time that the server asked for; raises `rate-limited` without a call for a long one."""
        left = self._limited_until - self._clock()
        if left <= 0:
            return
        if left > RETRY_AFTER_AUTO_MAX_S:
            seen = f"the server asked to wait; {left:.0f} s are left, nothing was sent"
            raise make_error(FaultId.RATE_LIMITED, tried, seen, retry_after=left)
        await asyncio.sleep(left)


def _read_token(response: httpx.Response, tried: str) -> Secret:
    """Return the token of a log-on reply. No error shows the body: it may hold a token."""
    status = response.status_code
    seen = f"HTTP {status} from {response.request.url.path}"
    if status == 401:
        raise make_error(FaultId.PRIVILEGE_MANAGER_LOG_ON_REFUSED, tried, seen)
    if status in (403, 404, 405, 410, 501):
        raise make_error(FaultId.PRIVILEGE_MANAGER_API_UNAVAILABLE, tried, seen)
    raise_for_failure(response, tried)
    try:
        token: JsonValue = json.loads(response.content)
    except (ValueError, RecursionError):
        token = None
    if not isinstance(token, str) or not _is_token(token):
        kind = "a text that is no token" if isinstance(token, str) else "no JSON text"
        raise make_error(
            FaultId.PRIVILEGE_MANAGER_LOG_ON_REPLY, tried, f"{seen}: {kind}, {len(response.content)} bytes"
        )
    return Secret(token)


def _is_token(text: str) -> bool:
    """Return whether a text can be sent in a header."""
    return 0 < len(text) <= TOKEN_MAX and text.isascii() and text.isprintable() and " " not in text


def _is_same(one: SignIn | None, other: SignIn | None) -> bool:
    if one is None or other is None:
        return one is other
    return one.account == other.account and one.secret.reveal() == other.secret.reveal()
