"""Access tokens of one instance: one fetch for all callers, early renewal, and no loop after a refusal.

Tokens are held in memory only, as a `Secret`. What ServiceNow's token endpoint answers is described in its documentation
of the OAuth API response parameters; almost every refusal is the same 401, so that the fault lists candidates.
"""

import asyncio
import json
import time
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import httpx

from models.secret_names import SecretName
from models.sign_in import SignInMethod
from services.common.errors import ConsoleError, RefusedError, new_correlation_id
from services.common.fault_ids import Execution, FaultId, FaultTrait
from services.common.json_types import JsonValue
from services.common.redaction import evidence_excerpt, remember_secret
from services.common.secret import Secret
from services.servicenow.faults import make_error
from services.servicenow.jwt_assertions import make_assertion
from services.servicenow.response_checks import raise_for_failure, raise_for_redirect
from services.servicenow.sign_in_candidates import refused_token_candidates
from services.transport.authentication import BearerAuthorization
from services.transport.faults import RateLimitedError
from services.transport.http_channel import HttpChannel
from services.transport.response_headers import parse_http_date
from services.transport.sign_in import TokenSignIn

TOKEN_PATH = "oauth_token.do"  # noqa: S105 -- a path
JWT_GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
RENEW_AFTER = 0.8
"""The part of its life after which a token is replaced, so that no call meets its end."""
END_MARGIN_S = 5.0
"""How long before its end a token is no longer used where it cannot be renewed early."""
LIFETIME_DEFAULT_S = 1800.0
"""When a reply does not say it: the default of ServiceNow's clients."""
LIFETIME_MAX_S = 24 * 3600.0
REFUSALS = (FaultId.OAUTH_TOKEN_REFUSED, FaultId.OAUTH_CLIENT_UNKNOWN)
"""How the endpoint refuses what it was sent."""
BAD_REQUEST, UNAUTHORIZED, FORBIDDEN, SERVER_ERROR = 400, 401, 403, 500
RENEW_AGAIN_AFTER_S = 30.0
"""After a renewal that could not be made, a token that has not ended is used for this long."""
LIFETIME_MIN_S = 1.0
"""A token that is given again in its last second has a life time of zero."""
REFUSED_PAUSE_S = 60.0
"""For this long refused secrets are not sent again."""
TOKEN_MAX = 16_384
CLOCK_TOLERANCE_S = 5.0
"""A refused assertion is made once more when the reply shows that this clock differs by more than was allowed for."""


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A token, and what its reply said of it."""

    value: Secret = field(repr=False)
    lifetime_s: float
    scope: str
    fetched_at: float
    """Monotonic seconds."""
    used_for_s: float = 0.0
    """For how long after its fetch it is used, before another one is fetched."""

    def is_fresh(self, now: float) -> bool:
        """Return whether it is used for another call."""
        return now < self.fetched_at + self.used_for_s

    def is_alive(self, now: float) -> bool:
        """Return whether it has not ended."""
        return now < self.fetched_at + self.lifetime_s


@dataclass(frozen=True, slots=True)
class TokenFacts:
    """What is known of the tokens of one client since it was opened; never a token."""

    fetched: int
    refused: int
    lifetime_s: float | None
    """Of the token in use; None without one."""
    expires_in_s: float | None
    """Seconds until the token in use ends; None without one."""
    renewed_before_s: float | None = None
    """How long before its end the token in use is replaced; None without one."""
    calls: int = 0
    """Calls that were given a token."""


@dataclass(frozen=True, slots=True)
class _Refusal:
    sign_in: TokenSignIn
    error: ConsoleError
    until: float


class AccessTokens:
    """Fetches and caches the token of one session."""

    def __init__(self, channel: HttpChannel, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._channel = channel
        self._clock = clock
        self._lock = asyncio.Lock()
        self._sign_in: TokenSignIn | None = None
        """What the token was fetched with."""
        self._token: AccessToken | None = None
        self._refresh_token: Secret | None = None
        self._refusal: _Refusal | None = None
        self._gives_same = False
        """Whether the instance answered a renewal with the token that was to be replaced, as ServiceNow documents it."""
        self._clock_offset_s = 0.0
        """How far the instance's clock is ahead of this one, from the `Date` of its replies."""
        self._fetched = self._refused = self._calls = 0
        self._failures = 0
        self._last_failure: ConsoleError | None = None
        """How the latest fetch failed, for the callers that waited for it."""

    @property
    def current(self) -> AccessToken | None:
        """The token in use, for evidence; its value is a secret."""
        return self._token

    @property
    def facts(self) -> TokenFacts:
        """Counts of fetches and refusals, and when the token in use ends."""
        token = self._token
        ends_in = None if token is None else max(token.fetched_at + token.lifetime_s - self._clock(), 0.0)
        lifetime = None if token is None else token.lifetime_s
        before = None if token is None else max(token.lifetime_s - token.used_for_s, 0.0)
        return TokenFacts(self._fetched, self._refused, lifetime, ends_in, before, self._calls)

    def clear(self) -> None:
        """Forget token and refresh token: credential or destination changed."""
        self._sign_in = self._token = self._refresh_token = self._refusal = self._last_failure = None

    async def get(self, sign_in: TokenSignIn, tried: str) -> AccessToken:
        """Return a token for `sign_in`; all callers wait for one fetch, and share its failure. Raises the `oauth-…` faults."""
        failures = self._failures
        async with self._lock:
            if not _is_same(self._sign_in, sign_in):
                self.clear()
                self._sign_in = sign_in
            if self._token is None or not self._token.is_fresh(self._clock()):
                before, failure = self._token, self._last_failure
                if failure is not None and self._failures != failures:
                    raise _repeated(failure)
                await self._wait_for_end(before)
                try:
                    self._token = await self._fetch_before_call(sign_in, tried)
                except ConsoleError as error:
                    self._failures += 1
                    self._last_failure = _repeated(error)
                    usable = self._still_usable(before) if error.retryable else None
                    if usable is None:
                        raise
                    self._token = usable
                else:
                    self._note_renewal(before, self._token)
            self._calls += 1
            return self._token

    def is_alive(self, token: AccessToken) -> bool:
        """Return whether `token` has not ended by this clock."""
        return token.is_alive(self._clock())

    def _still_usable(self, token: AccessToken | None) -> AccessToken | None:
        """Return a token that is used for some time more, because it has not ended and cannot be renewed now; else None."""
        now = self._clock()
        if token is None or not token.is_alive(now + END_MARGIN_S):
            return None
        left = token.fetched_at + token.lifetime_s - END_MARGIN_S - now
        return replace(token, used_for_s=now - token.fetched_at + min(left, RENEW_AGAIN_AFTER_S))

    async def _wait_for_end(self, token: AccessToken | None) -> None:
        """Wait for the last seconds of a token whose instance gives another one only after its end."""
        if token is not None and self._gives_same:
            left = token.fetched_at + token.lifetime_s - self._clock()
            await asyncio.sleep(max(0.0, min(left, END_MARGIN_S)))

    def _note_renewal(self, before: AccessToken | None, after: AccessToken) -> None:
        """Use tokens until shortly before their end where asking early gives the same one with the time that is left."""
        if before is not None and not self._gives_same:
            self._gives_same = before.value.reveal() == after.value.reveal()
        if self._gives_same and self._token is after:
            self._token = replace(
                after, used_for_s=max(after.lifetime_s - END_MARGIN_S, after.lifetime_s / 2)
            )

    def drop(self, token: AccessToken | None) -> None:
        """Forget a token that a call was refused with, unless it was replaced meanwhile."""
        if token is not None and self._token is token and self.may_renew(token):
            self._token = None

    def may_renew(self, token: AccessToken) -> bool:
        """Return whether a refusal may be the end of `token`: right after its fetch, another one would be refused as well."""
        return self._clock() >= token.fetched_at + REFUSED_PAUSE_S

    # -- fetching ----------------------------------------------------------

    async def _fetch_before_call(self, sign_in: TokenSignIn, tried: str) -> AccessToken:
        """Fetch a token, a second time where the connection was lost. Raises faults of calls that were not executed only."""
        try:
            try:
                return await self._fetch(sign_in, tried)
            except ConsoleError as error:
                if error.problem.fault is not FaultId.CONNECTION_LOST:
                    raise
                return await self._fetch(sign_in, tried)
        except ConsoleError as error:
            fault = error.problem.fault
            if fault.execution is Execution.NOT_EXECUTED:
                raise
            # The call that needs the token was not sent, whatever became of the request for one.
            known = FaultId.OAUTH_TOKEN_UNAVAILABLE if error.retryable else FaultId.OAUTH_REPLY_UNREADABLE
            raise make_error(known, tried, f"{TOKEN_PATH}: {fault}, {error.problem.evidence}") from error

    async def _fetch(self, sign_in: TokenSignIn, tried: str) -> AccessToken:
        self._raise_if_refused_before(sign_in)
        if self._refresh_token is not None:
            form = {
                **_client(sign_in),
                "grant_type": "refresh_token",
                "refresh_token": self._refresh_token.reveal(),
            }
            try:
                return await self._request(sign_in, form, tried, remember_refusal=False)
            except RefusedError as error:
                if error.problem.fault not in REFUSALS:
                    raise
                # It has ended, or was revoked; the password is sent in its place.
                self._refresh_token = None
        offset_s = self._clock_offset_s
        try:
            return await self._request(sign_in, await self._form(sign_in, tried), tried)
        except RefusedError:
            if sign_in.method is not SignInMethod.JWT_BEARER or not self._clock_differs(offset_s):
                raise
        # The times in the assertion were wrong by the clock that the reply tells; this one has those of the instance.
        self._refusal = None
        return await self._request(sign_in, await self._form(sign_in, tried), tried)

    def _clock_differs(self, from_offset_s: float) -> bool:
        """Return whether the clocks differ by another time than `from_offset_s`, more than an assertion allows for."""
        return abs(self._clock_offset_s - from_offset_s) > CLOCK_TOLERANCE_S

    async def _form(self, sign_in: TokenSignIn, tried: str) -> dict[str, str]:
        form = _client(sign_in)
        match sign_in.method:
            case SignInMethod.PASSWORD_GRANT:
                form |= {
                    "grant_type": "password",
                    "username": sign_in.account,
                    "password": sign_in.secrets[SecretName.PASSWORD].reveal(),
                }
            case SignInMethod.JWT_BEARER:
                offset = self._clock_offset_s
                assertion = Secret(
                    await asyncio.to_thread(make_assertion, sign_in, clock_offset_s=offset, tried=tried)
                )
                form |= {"grant_type": JWT_GRANT, "assertion": assertion.reveal()}
            case _:
                form |= {"grant_type": "client_credentials"}
        if sign_in.scope:
            form["scope"] = sign_in.scope
        return form

    async def _request(
        self, sign_in: TokenSignIn, form: dict[str, str], tried: str, *, remember_refusal: bool = True
    ) -> AccessToken:
        """Ask for a token, once. What the endpoint answers in place of one is remembered, so that nobody asks at once again."""
        response = await self._channel.send(
            "POST",
            TOKEN_PATH,
            tried,
            authorize=_no_authorization,
            content=urllib.parse.urlencode(form).encode(),
            headers={"Content-Type": "application/x-www-form-urlencoded", "Accept": "application/json"},
        )
        # A session that the token endpoint begins belongs to nobody.
        self._channel.clear_cookies()
        self._note_clock(response)
        try:
            raise_for_redirect(response, self._channel.settings.origin, tried)
            token = self._read(response, sign_in, tried)
        except ConsoleError as error:
            self._refused += 1
            passes = response.status_code >= SERVER_ERROR or isinstance(error, RateLimitedError)
            if not passes and (remember_refusal or error.problem.fault not in REFUSALS):
                self._refusal = _Refusal(sign_in, _repeated(error), self._clock() + REFUSED_PAUSE_S)
            raise
        self._fetched += 1
        return token

    def _raise_if_refused_before(self, sign_in: TokenSignIn) -> None:
        refusal = self._refusal
        if refusal is None:
            return
        if self._clock() < refusal.until and _is_same(refusal.sign_in, sign_in):
            raise _repeated(refusal.error)
        self._refusal = None

    def _note_clock(self, response: httpx.Response) -> None:
        told = parse_http_date(response.headers.get("date", ""))
        if told is not None:
            self._clock_offset_s = (told - datetime.now(UTC)).total_seconds()

    def _refusal_error(self, code: JsonValue, sign_in: TokenSignIn, tried: str, seen: str) -> ConsoleError:
        """Return the error for an error reply; almost every cause has the same one."""
        seen = f"{seen}: error {code}"[:300] if isinstance(code, str) else seen
        if code == "unauthorized_client":
            return make_error(FaultId.OAUTH_CLIENT_UNKNOWN, tried, seen)
        clock_differs = sign_in.method is SignInMethod.JWT_BEARER and self._clock_differs(0)
        if clock_differs:
            seen = f"{seen}; the clock of the instance is {self._clock_offset_s:+.0f} s from this one"
        candidates = refused_token_candidates(
            sign_in.method,
            sends_secret=bool(sign_in.secrets.get(SecretName.CLIENT_SECRET)),
            clock_differs=clock_differs,
        )
        return make_error(FaultId.OAUTH_TOKEN_REFUSED, tried, seen, candidates=candidates)

    def _read(self, response: httpx.Response, sign_in: TokenSignIn, tried: str) -> AccessToken:
        """Return the token of a reply. No error shows the body: it may hold a token."""
        seen = f"HTTP {response.status_code} from {response.request.url.path}"
        try:
            body: JsonValue = json.loads(response.content)
        except (ValueError, RecursionError):
            body = None
        code = body.get("error") if isinstance(body, dict) else None
        if response.status_code == UNAUTHORIZED or (response.status_code == BAD_REQUEST and code is not None):
            raise self._refusal_error(code, sign_in, tried, seen)
        try:
            raise_for_failure(response, tried)
        except ConsoleError as error:
            if FaultTrait.SIGNED_IN not in error.problem.fault.traits:
                raise
            # What says of an API that it has let an account in says nothing here: there is no token yet.
            if response.status_code == FORBIDDEN:
                raise self._refusal_error(None, sign_in, tried, seen) from error
            raise make_error(FaultId.OAUTH_REPLY_UNREADABLE, tried, seen) from error
        if not isinstance(body, dict):
            raise make_error(FaultId.OAUTH_REPLY_UNREADABLE, tried, f"{seen}: no JSON object")
        value, kind = body.get("access_token"), body.get("token_type", "Bearer")
        if not isinstance(value, str) or not _is_token(value):
            raise make_error(FaultId.OAUTH_REPLY_UNREADABLE, tried, f"{seen}: no access_token")
        if not isinstance(kind, str) or kind.lower() != "bearer":
            raise make_error(FaultId.OAUTH_REPLY_UNREADABLE, tried, f"{seen}: a token_type other than Bearer")
        refresh = body.get("refresh_token")
        if isinstance(refresh, str) and _is_token(refresh):
            self._refresh_token = Secret(refresh)
            remember_secret(refresh)
        # Redacted from now on, wherever the instance repeats it.
        remember_secret(value)
        scope, lifetime_s = body.get("scope"), _lifetime(body.get("expires_in"))
        return AccessToken(
            Secret(value),
            lifetime_s,
            evidence_excerpt(scope) if isinstance(scope, str) else "",
            self._clock(),
            lifetime_s * RENEW_AFTER,
        )


def bearer(token: AccessToken) -> BearerAuthorization:
    """Return what sets the header of a call."""
    return BearerAuthorization(token.value)


def _repeated(error: ConsoleError) -> ConsoleError:
    """Return the same error for another caller, with an id of its own and without the frames that it was raised in."""
    problem = replace(error.problem, correlation_id=new_correlation_id())
    if isinstance(error, RateLimitedError):
        return RateLimitedError(problem, error.retry_after)
    return type(error)(problem)


def _client(sign_in: TokenSignIn) -> dict[str, str]:
    """Return the parameters that identify the client; a public client has no secret."""
    secret = sign_in.secrets.get(SecretName.CLIENT_SECRET)
    return {"client_id": sign_in.client_id, **({"client_secret": secret.reveal()} if secret else {})}


def _lifetime(value: JsonValue) -> float:
    """Return `expires_in` in seconds, whatever form it has; the default where it does not say."""
    try:
        seconds = (
            float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else -1.0
        )
    except (ValueError, OverflowError):
        seconds = -1.0
    return min(max(seconds, LIFETIME_MIN_S), LIFETIME_MAX_S) if seconds >= 0 else LIFETIME_DEFAULT_S


def _is_token(text: str) -> bool:
    """Return whether a text can be sent in a header."""
    return 0 < len(text) <= TOKEN_MAX and text.isascii() and text.isprintable() and " " not in text


def _is_same(one: TokenSignIn | None, other: TokenSignIn) -> bool:
    if one is None or replace(one, secrets={}) != replace(other, secrets={}):
        return False
    return {name: secret.reveal() for name, secret in one.secrets.items()} == {
        name: secret.reveal() for name, secret in other.secrets.items()
    }


async def _no_authorization() -> None:
    """Send no Authorization header: the client's secrets are in the form."""
