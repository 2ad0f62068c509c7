"""HTTP calls to one instance as one account: sign-in, session cookies, proxy, limits, retries.

`http_client.ServiceNowClient` adds the tables and scripted services of the instance.
"""

import asyncio
from collections.abc import Mapping
from typing import Self, Unpack

import httpx

from services.common.errors import ConsoleError
from services.common.fault_ids import FaultId
from services.servicenow.access_tokens import AccessToken, AccessTokens, TokenFacts, bearer
from services.servicenow.faults import FAULTS, make_error
from services.servicenow.response_checks import raise_for_certificate_refusal, raise_for_redirect
from services.transport.authentication import basic_authorization
from services.transport.connection_settings import ConnectionSettings
from services.transport.http_channel import (
    GET_ATTEMPTS,
    Authorize,
    HttpChannel,
    OpenConnections,
    RequestParts,
    repeat_read,
)
from services.transport.sign_in import (
    CertificateSignIn,
    ServerSignIn,
    ServerSignInSource,
    SignIn,
    TokenSignIn,
    resolve_sign_in,
)

SENDS_MAX = 3
"""How often a call whose access token ended while it waited for its turn waits for another turn."""


class _TokenEndedError(Exception):
    """The access token of a call ended while the call waited; nothing was sent."""


class HttpSession:
    """HTTP calls to one instance as one account.

    At most two calls are in flight; cookies are kept per account; nothing is sent to another origin than that of the base
    URL; a GET is repeated after a short wait that the instance requests, a POST never.
    """

    def __init__(
        self,
        settings: ConnectionSettings,
        sign_in: ServerSignInSource,
        connections: OpenConnections | None = None,
    ) -> None:
        self._sign_in = sign_in
        self._channel = HttpChannel(settings, FAULTS, connections=connections)
        self._tokens = AccessTokens(self._channel)
        self._signed: ServerSignIn | None = None
        self._sign_in_lock = asyncio.Lock()
        self._identity: tuple[type[ServerSignIn], str] | None = None
        self._refused: set[str] = set()
        """Calls that were refused with a fresh session as well."""
        self.last_response_headers = httpx.Headers()
        """The headers of the latest answer: limits are told there."""
        self.last_response_status = 0
        """The status of the latest answer; 0 before it."""

    async def __aenter__(self) -> Self:
        """Use the session for the length of a block."""
        return self

    async def __aexit__(self, *error: object) -> None:
        """Close the connections."""
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections; the instance opens new ones when it is asked again."""
        await self._channel.aclose()

    @property
    def is_busy(self) -> bool:
        """Whether calls are under way."""
        return self._channel.is_busy

    @property
    def settings(self) -> ConnectionSettings:
        """How the instance is reached; it does not change, because its sign-in is for this destination."""
        return self._channel.settings

    @property
    def sign_in(self) -> ServerSignInSource:
        """How this instance signs in, for a check that makes connections of its own."""
        return self._sign_in

    @property
    def access_token(self) -> AccessToken | None:
        """The access token in use, for evidence; None for other methods, and before the first call."""
        return self._tokens.current

    @property
    def token_facts(self) -> TokenFacts:
        """What is known of the access tokens of this session; never a token."""
        return self._tokens.facts

    async def fetch_access_token(self, tried: str) -> AccessToken | None:
        """Return the access token of the next call, fetched where there is none; None for methods without tokens."""
        return (await self._ready_authorization(tried))[1]

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
        return await repeat_read(
            lambda: self._asked("GET", path, tried, params=params, headers={"Accept": accept}), tries
        )

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
        self, method: str, path: str, tried: str, **parts: Unpack[RequestParts]
    ) -> httpx.Response:
        """Send a call that changes nothing, and once more without the session where that may be why it was refused.

        A session that is led to another node may be refused there until it is begun anew. An access token may have been
        revoked; a call that changes something is not repeated for that.
        """
        response, token = await self._send_with_token(method, path, tried, **parts)
        if response.status_code == 401 and self._tokens.current is not token:
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
        self, method: str, path: str, tried: str, **parts: Unpack[RequestParts]
    ) -> httpx.Response:
        return (await self._send_with_token(method, path, tried, **parts))[0]

    async def _send_with_token(
        self, method: str, path: str, tried: str, **parts: Unpack[RequestParts]
    ) -> tuple[httpx.Response, AccessToken | None]:
        """Send a call, once; return the response, and the access token that it carried if there was one."""
        for left in reversed(range(SENDS_MAX)):
            authorization, token = await self._ready_authorization(tried)
            signed = self._signed
            authorize = self._authorize(authorization, token if left else None)
            try:
                response = await self._channel.send(method, path, tried, authorize=authorize, **parts)
                break
            except _TokenEndedError:
                continue
        self.last_response_headers, self.last_response_status = response.headers, response.status_code
        if response.status_code == 401:
            self._tokens.drop(token)
            # Asked for again with the next call: it may have been corrected in the vault meanwhile. The session must
            # not answer in place of what is sent then.
            self._signed = None
            self._channel.clear_cookies()
        if response.status_code == 403:
            # Another node may not know the session; the next call begins a new one. What it set with this answer, too.
            self._channel.clear_cookies()
        raise_for_redirect(response, self.settings.origin, tried)
        if isinstance(signed, CertificateSignIn):
            if response.status_code in (400, 401):
                # The file or its passphrase may be corrected meanwhile; open connections show the old certificate.
                await self._channel.renew_connections()
            raise_for_certificate_refusal(response, tried)
        return response, token

    def _authorize(self, authorization: httpx.Auth | None, token: AccessToken | None) -> Authorize:
        """Return what gives `authorization` when a call has its turn; it raises _TokenEndedError where `token` has ended."""

        async def authorize() -> httpx.Auth | None:
            if token is not None and not self._tokens.is_alive(token):
                raise _TokenEndedError
            return authorization

        return authorize

    async def _ready_authorization(self, tried: str) -> tuple[httpx.Auth | None, AccessToken | None]:
        """Return what sets `Authorization` on the next call, and the access token in it if there is one."""
        async with self._sign_in_lock:
            if self._signed is None:
                self._signed = await resolve_sign_in(self._sign_in)
            signed = self._signed
            identity = (type(signed), signed.account) if signed is not None else None
            if identity != self._identity:
                # A live session cookie may win over new credentials, so it must not survive them.
                self._channel.clear_cookies()
                self._refused.clear()
                self._tokens.clear()
            self._identity = identity
        if isinstance(signed, CertificateSignIn) and not self.settings.shows_client_certificate:
            # Sent all the same, the call would run as a guest.
            raise make_error(FaultId.CERTIFICATE_NOT_CHOSEN, tried, f"the way to {self.settings.origin}")
        if isinstance(signed, TokenSignIn):
            try:
                token = await self._tokens.get(signed, tried)
            except ConsoleError:
                # Asked for again with the next call: the secrets may have been corrected in the vault meanwhile.
                self._signed = None
                raise
            return bearer(token), token
        return basic_authorization(signed if isinstance(signed, SignIn) else None), None
