"""Where a secret becomes a header: `Authorization` for a server, `Proxy-Authorization` for a proxy.

A proxy's sign-in uses Basic, a server's Basic, an access token or a client certificate. The header for a server is attached to each call; httpx keeps
no copy of it that a `repr` could show. A proxy gets its sign-in only after it has offered Basic (`ProxyChallengeTrace`).
"""

from collections.abc import Generator, Mapping
from typing import Any

import httpx

from services.common.secret import Secret
from services.transport.response_headers import parse_auth_schemes
from services.transport.sign_in import SignIn


def basic_authorization(sign_in: SignIn | None) -> httpx.BasicAuth | None:
    """Return what sets `Authorization` on a call to the server, or None for a call without a sign-in."""
    if sign_in is None:
        return None
    return httpx.BasicAuth(sign_in.account, sign_in.secret.reveal())


class BearerAuthorization(httpx.Auth):
    """Sets `Authorization` with an access token on a call to the server. The token is revealed only then."""

    def __init__(self, token: Secret) -> None:
        self._token = token

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Set the header."""
        request.headers["Authorization"] = f"Bearer {self._token.reveal()}"
        yield request


def proxy_credentials(sign_in: SignIn | None) -> tuple[str, str] | None:
    """Return account and password as `httpx.Proxy` takes them for `Proxy-Authorization`, or None.

    They are passed beside the proxy's address, not in it: addresses are shown and logged.
    """
    return (sign_in.account, sign_in.secret.reveal()) if sign_in is not None else None


class ProxyChallengeTrace:
    """The authentication schemes that a proxy offered when it refused one CONNECT with 407.

    httpx raises without the headers of that response; only its trace extension has them.
    """

    def __init__(self) -> None:
        self.schemes: tuple[str, ...] = ()

    @property
    def extensions(self) -> dict[str, object]:
        """The extensions of a request to httpx with which the response to its CONNECT is recorded here."""
        return {"trace": self._trace}

    async def _trace(self, event: str, info: Mapping[str, Any]) -> None:  # Any: httpcore's events are untyped
        if event != "http11.receive_response_headers.complete":
            return
        _, status, _, headers = info["return_value"]
        if status == 407:
            values = [v.decode("latin-1") for name, v in headers if name.lower() == b"proxy-authenticate"]
            self.schemes = parse_auth_schemes(values)
