"""Parts of the web applications of both practice servers."""

import hashlib
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from models.addresses import is_loopback

_HTML_TEMPLATE = "<!DOCTYPE html><html><head><title>{title}</title></head><body><h1>{title}</h1><p>{text}</p></body></html>"


def html_page(title: str, text: str, status: int = 200) -> Response:
    """Return a small web page; `title` and `text` may hold HTML."""
    return HTMLResponse(_HTML_TEMPLATE.format(title=title, text=text), status)


@dataclass(frozen=True, slots=True)
class RecordedCall:
    """A recorded call, without secrets."""

    method: str
    path: str
    query: str
    account: str
    status: int
    authorized: bool
    digest: str
    """SHA-256 of the Authorization header, or an empty text."""
    headers: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, request: Request, account: str, status: int) -> Self:
        """Return the record of a request that was answered with `status`."""
        header = request.headers.get("authorization", "")
        return cls(
            request.method,
            request.url.path,
            request.url.query,
            account,
            status,
            bool(header),
            hashlib.sha256(header.encode()).hexdigest() if header else "",
            {k: v for k, v in request.headers.items() if k not in ("authorization", "cookie")},
        )


class LostResponse(Response):
    """A response that is never sent; the connection is closed instead."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Announce a response and return without sending it; the server closes the connection."""
        del scope, receive
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1")]})


class LoopbackHostOnly:
    """Rejects requests with another Host header.

    A web page could resolve its own host name to this machine (DNS rebinding).
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        app = self._app
        if scope["type"] == "http" and not _is_loopback_host(Request(scope).headers.get("host", "")):
            app = JSONResponse({"error": "This instance answers to names of this machine only."}, 421)
        await app(scope, receive, send)


def _is_loopback_host(host: str) -> bool:
    try:
        return is_loopback(urlsplit(f"//{host}").hostname or "")
    except ValueError:
        return False
