"""The intake over HTTP: raises requests for programs and tells them how these stand. Loopback unless it is encrypted.

What cannot be done is answered as problem details (RFC 9457). No page of another origin is let in: there is no CORS, a
body is JSON or refused, and only the names that this server is meant to have are answered to.
"""

import asyncio
import functools
import json
import logging
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from models.addresses import is_loopback
from models.approval_request import ApprovalRequest
from models.intake_client import IntakeClient
from models.kinds import RequestState
from services.common.errors import InvalidError
from services.common.threads import run_to_completion
from services.intake.accepted_requests import (
    TOKEN_PREFIX,
    IdempotencyKeyReusedError,
    Intake,
    IntakeClients,
    IntakeNotReadyError,
)
from services.intake.log_throttle import ThrottledCounter
from services.intake.openapi import build_openapi_document
from services.intake.rate_limit import RateLimiter
from services.servicenow.journal_text import journal_to_text
from services.store import Store
from services.store.errors import StoreError

BODY_MAX = 64 * 1024
DRAIN_MAX = 1024 * 1024
DEPTH_MAX = 32
TOKEN_LENGTH_MAX = 200
UNREADABLE_FAULT = "request-unreadable"
BODY_TIMEOUT_S = 10.0
RETRY_AFTER_S = 5
PROBLEM_TYPE = "urn:approval-console:problem:"
_SECURITY_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}

log = logging.getLogger(__name__)


@dataclass
class HttpProblem(Exception):  # noqa: N818 -- what is answered, not what went wrong here
    """An answer that is a problem: status, stable id, title, what about it, wrong fields, and headers."""

    status: int
    fault: str
    title: str
    detail: str = ""
    fields: tuple[dict[str, str], ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)

    def response(self) -> Response:
        """Return the answer as problem details."""
        body: dict[str, Any] = {
            "type": PROBLEM_TYPE + self.fault,
            "title": self.title,
            "status": self.status,
        }
        if self.detail:
            body["detail"] = self.detail
        if self.fields:
            body["errors"] = list(self.fields)
        return JSONResponse(
            body, self.status, headers=dict(self.headers), media_type="application/problem+json"
        )


class IntakeApp:
    """The routes of the intake. `names` are the hosts it answers to beside those of this machine."""

    def __init__(
        self, store: Store, *, names: tuple[str, ...] = (), rates: RateLimiter | None = None
    ) -> None:
        self._clients = IntakeClients(store)
        self._intake = Intake(store)
        self._store = store
        self._rates = rates or RateLimiter()
        self.refused = ThrottledCounter(lambda text: log.info("intake: %s", text), "calls refused")
        """What nobody needs a token for to be refused: it is counted, and takes no room in the log."""
        self._failed_calls = ThrottledCounter(
            lambda text: log.warning("intake: %s", text), "calls could not be answered"
        )
        self._health_check: asyncio.Future[None] | None = None
        self.app = Starlette(
            routes=[
                Route("/v1/requests", self._with_error_handling(self._raise), methods=["POST"]),
                Route("/v1/requests/{id}", self._with_error_handling(self._state), methods=["GET"]),
                Route("/healthz", self._with_error_handling(self._health), methods=["GET"]),
                Route("/openapi.json", self._with_error_handling(self._openapi), methods=["GET"]),
            ],
            exception_handlers={HTTPException: self._http_error},
            middleware=[Middleware(_HostCheckMiddleware, names=names, refused=self.refused)],
        )
        self.app.router.redirect_slashes = False

    def tick(self) -> None:
        """Say what is due to be said of refused calls."""
        self.refused.tick()
        self._failed_calls.tick()

    def flush(self) -> None:
        """Say all that was counted."""
        self.refused.flush()
        self._failed_calls.flush()

    def _with_error_handling(
        self, endpoint: Callable[[Request], Awaitable[Response]]
    ) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            try:
                response = await endpoint(request)
            except HttpProblem as refusal:
                self.refused.count(refusal.fault)
                response = refusal.response()
            except StoreError as error:
                self._failed_calls.count(error.problem.fault, error.problem.as_text())
                response = _unavailable("The store cannot be used now.").response()
            except ClientDisconnect:
                response = Response(status_code=400)
            except asyncio.CancelledError:
                # The server stops, and waits for this answer no longer.
                response = _unavailable("The intake is being stopped.").response()
            except Exception:
                # Not the address: whoever calls wrongly may have put a token into it.
                log.exception("intake: %s", endpoint.__name__)
                response = HttpProblem(500, "internal-error", "The request could not be handled").response()
            response.headers.update(_SECURITY_HEADERS)
            return response

        return answer

    # -- endpoints ---------------------------------------------------------

    async def _raise(self, request: Request) -> Response:
        client = await self._client(request)
        self._enforce_rate_limit(client, "raise")
        payload = _parse_body(await _read_body(request))
        key = _idempotency_key(request)
        try:
            accepted = await run_to_completion(lambda: self._intake.accept(client, payload, key))
        except InvalidError as error:
            fields = tuple({"field": f.name, "reason": f.message} for f in error.fields)
            raise HttpProblem(422, "request-invalid", "The request cannot be raised", "", fields) from error
        except IdempotencyKeyReusedError as error:
            raise HttpProblem(
                422, "idempotency-key-reused", error.problem.cause, error.problem.evidence
            ) from error
        except IntakeNotReadyError as error:
            self._failed_calls.count(error.problem.fault, error.problem.as_text())
            raise _unavailable(error.problem.cause) from error
        row = accepted.row
        log.info(
            "intake: client %s %s request %s", client.id, "raised" if accepted.created else "repeated", row.id
        )
        headers = {"Location": f"/v1/requests/{row.id}"}
        return JSONResponse(_to_response_body(row), 202 if accepted.created else 200, headers=headers)

    async def _state(self, request: Request) -> Response:
        client = await self._client(request)
        self._enforce_rate_limit(client, "ask")
        try:
            key = uuid.UUID(request.path_params["id"])
        except ValueError:
            raise _request_not_found() from None
        row = await asyncio.to_thread(self._intake.find_request, client, key)
        if row is None:
            raise _request_not_found()
        return JSONResponse(_to_response_body(row))

    async def _health(self, request: Request) -> Response:
        del request
        if self._health_check is None or self._health_check.done():
            # One look at the store for all who ask at the same time.
            self._health_check = asyncio.ensure_future(asyncio.to_thread(self._read_store))
            self._health_check.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
        await asyncio.shield(self._health_check)
        return JSONResponse({"status": "ok"})

    async def _openapi(self, request: Request) -> Response:
        del request
        return JSONResponse(build_openapi_document())

    async def _http_error(self, request: Request, error: Exception) -> Response:
        """Answer what no route takes."""
        del request
        status = error.status_code if isinstance(error, HTTPException) else 500
        headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
        titles = {404: "There is nothing at this address", 405: "This address does not take this method"}
        fault = {404: "address-unknown", 405: "method-unknown"}.get(status, "refused")
        self.refused.count(fault)
        return HttpProblem(
            status, fault, titles.get(status, "Refused"), headers={**_SECURITY_HEADERS, **headers}
        ).response()

    # -- inside ------------------------------------------------------------

    def _read_store(self) -> None:
        with self._store.read() as session:
            session.get(IntakeClient, uuid.UUID(int=0))

    async def _client(self, request: Request) -> IntakeClient:
        headers = request.headers.getlist("authorization")
        scheme, _, token = (headers[0] if len(headers) == 1 else "").partition(" ")
        client = None
        token = token.strip()
        # Whatever does not look like a token is none: the store is not asked for it.
        if scheme.lower() == "bearer" and token.startswith(TOKEN_PREFIX) and len(token) <= TOKEN_LENGTH_MAX:
            client = await asyncio.to_thread(self._clients.find_by_token, token)
        if client is None:
            raise HttpProblem(
                401,
                "token-refused",
                "A valid token is needed",
                "Send Authorization: Bearer with the token of a client of this intake.",
                headers={"WWW-Authenticate": 'Bearer realm="intake"'},
            )
        return client

    def _enforce_rate_limit(self, client: IntakeClient, what: str) -> None:
        wait = self._rates.wait(client.id, what)
        if wait > 0:
            raise HttpProblem(
                429,
                "rate-limited",
                "Too many calls",
                f"Call again in {wait} s.",
                headers={"Retry-After": str(wait)},
            )


class _HostCheckMiddleware:
    """Refuses requests that were meant for another host.

    A web page can lead a name of its own to this machine, and would then be let in by the browser of whoever looks at it.
    """

    def __init__(self, app: ASGIApp, names: tuple[str, ...], refused: ThrottledCounter) -> None:
        self._app = app
        self._refused = refused
        self._names = frozenset(name.casefold() for name in names)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        hosts = [value for name, value in scope["headers"] if name == b"host"]
        if len(hosts) != 1 or not self._is_allowed_host(hosts[0].decode("latin-1")):
            detail = "It answers to the names of this machine, and to those it was started with."
            self._refused.count("host-unknown")
            refusal = HttpProblem(
                421, "host-unknown", "This server is not called that", detail, headers=_SECURITY_HEADERS
            )
            await refusal.response()(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _is_allowed_host(self, host: str) -> bool:
        try:
            name = urlsplit(f"//{host}").hostname or ""
        except ValueError:
            return False
        return is_loopback(name) or name.casefold() in self._names


async def respond_busy(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a call for which there is no room."""
    refusal = _unavailable("Too many calls are being answered.")
    refusal.headers = {**_SECURITY_HEADERS, **refusal.headers, "Connection": "close"}
    await refusal.response()(scope, receive, send)


@functools.cache
def invalid_http_response() -> bytes:
    """Return the answer to what is no HTTP request, as it is written."""
    return _serialize_response(HttpProblem(400, UNREADABLE_FAULT, "The call is no HTTP that can be read"))


@functools.cache
def connection_limit_response() -> bytes:
    """Return what a connection is told for which there is no place, as it is written."""
    return _serialize_response(_unavailable("Too many connections are open."))


def _serialize_response(refusal: HttpProblem) -> bytes:
    refusal.headers = {**_SECURITY_HEADERS, **refusal.headers, "Connection": "close"}
    answer = refusal.response()
    head = b"".join(b"%s: %s\r\n" % (name, value) for name, value in answer.raw_headers)
    phrase = HTTPStatus(refusal.status).phrase.encode()
    return b"HTTP/1.1 %d %s\r\n%s\r\n%s" % (refusal.status, phrase, head, bytes(answer.body))


async def _read_body(request: Request) -> bytes:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
        raise HttpProblem(415, "type-unknown", "Only JSON is taken", "Send Content-Type: application/json.")
    if request.headers.get("content-encoding", "identity").lower() != "identity":
        raise HttpProblem(
            415, "type-unknown", "Only plain JSON is taken", "Send it without Content-Encoding."
        )
    told = request.headers.get("content-length", "")
    content, size = bytearray(), int(told) if told.isdecimal() and len(told) < 20 else 0
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            if size > DRAIN_MAX:
                raise _too_large()
            async for part in request.stream():
                content += part
                # Who is cut off in the middle of sending never hears why: a little more is read, and kept by nobody.
                if len(content) > DRAIN_MAX:
                    break
    except TimeoutError as error:
        raise HttpProblem(408, "body-late", "The body did not come in time") from error
    if max(size, len(content)) > BODY_MAX:
        raise _too_large()
    return bytes(content)


def _too_large() -> HttpProblem:
    return HttpProblem(
        413, "body-too-large", "The body is too large", f"At most {BODY_MAX} bytes are taken.",
        headers={"Connection": "close"},
    )  # fmt: skip


def _parse_body(content: bytes) -> Any:
    try:
        text = content.decode("utf-8")
        payload = json.loads(text, object_pairs_hook=_reject_duplicate_names, parse_constant=_reject_constant)
    except (ValueError, RecursionError) as error:
        told = "It is nested too deeply." if isinstance(error, RecursionError) else f"{error}"[:300]
        raise HttpProblem(400, "body-unreadable", "The body is no JSON that can be read", told) from error
    if not isinstance(payload, dict):
        raise HttpProblem(400, "body-unreadable", "The body is no JSON object")
    if _is_deeper_than(payload, DEPTH_MAX):
        raise HttpProblem(
            400, "body-unreadable", "The body is nested too deeply", f"At most {DEPTH_MAX} levels are read."
        )
    return payload


def _reject_duplicate_names(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a name that stands twice: two readers could take different values of it."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _reject_constant(word: str) -> Any:
    raise ValueError(f"{word} is no JSON")


def _is_deeper_than(payload: Any, most: int) -> bool:
    level = [payload]
    for _ in range(most):
        level = [
            inner
            for value in level
            if isinstance(value, dict | list)
            for inner in (value.values() if isinstance(value, dict) else value)
        ]
        if not level:
            return False
    return any(isinstance(value, dict | list) for value in level)


def _idempotency_key(request: Request) -> str:
    """Return the Idempotency-Key; it may stand in quotes, as the draft of the standard writes it."""
    keys = request.headers.getlist("idempotency-key")
    if not keys:
        return ""
    key = keys[0].strip()
    if len(key) >= 2 and key.startswith('"') and key.endswith('"'):
        key = key[1:-1]
    if len(keys) > 1 or not key or any(not 32 <= ord(c) < 127 for c in key):
        problem = {"field": "Idempotency-Key", "reason": "is not one text of visible ASCII characters"}
        raise HttpProblem(422, "request-invalid", "The request cannot be raised", "", (problem,))
    return key


def _to_response_body(row: ApprovalRequest) -> dict[str, Any]:
    """Return what a client is told of its request."""
    times = {
        "requested_at": row.requested_at, "submitted_at": row.submitted_at, "times_out_at": row.times_out_at,
        "ended_at": row.ended_at,
    }  # fmt: skip
    return {
        "id": str(row.id),
        "state": str(row.state),
        "final": RequestState(row.state).is_final,
        "approved": row.state == RequestState.APPROVED,
        "number": row.number or None,
        "comment": journal_to_text(row.comment) or None,
        **{name: at.strftime("%Y-%m-%dT%H:%M:%SZ") if at else None for name, at in times.items()},
    }


def _request_not_found() -> HttpProblem:
    return HttpProblem(404, "request-unknown", "This client has no such request")


def _unavailable(detail: str) -> HttpProblem:
    return HttpProblem(
        503,
        "unavailable",
        "Requests cannot be taken now",
        detail,
        headers={"Retry-After": str(RETRY_AFTER_S)},
    )
