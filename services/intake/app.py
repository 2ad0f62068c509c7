"""The HTTP application of the intake: routes, authentication by token, rate limits, and the check of the Host header.

Errors are answered as problem details (RFC 9457). Web pages of other origins cannot use it: there is no CORS, bodies have
to be JSON, and requests for other host names are refused.
"""

import asyncio
import logging
import uuid
from collections.abc import Awaitable, Callable
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
from services.common.json_types import JsonLike
from services.common.threads import run_to_completion
from services.common.utc_text import format_utc
from services.intake.accepted_requests import IdempotencyKeyReusedError, Intake, IntakeNotReadyError
from services.intake.clients import TOKEN_PREFIX, IntakeClients
from services.intake.event_recorder import Arrival, EventRecorder
from services.intake.http_problems import SECURITY_HEADERS, HttpProblem, closing, unavailable
from services.intake.limits import TOKEN_LENGTH_MAX
from services.intake.log_throttle import ThrottledCounter
from services.intake.openapi import build_openapi_document
from services.intake.rate_limit import CallKind, RateLimiter
from services.intake.request_body import parse_body, read_body, read_idempotency_key
from services.servicenow.journal_text import journal_to_text
from services.store import Store
from services.store.errors import StoreError

log = logging.getLogger(__name__)


class IntakeApp:
    """The routes of the intake. `names` are the host names that it accepts in addition to those of this machine."""

    def __init__(
        self, store: Store, *, names: tuple[str, ...] = (), rates: RateLimiter | None = None
    ) -> None:
        self._clients = IntakeClients(store)
        self._intake = Intake(store)
        self._recorder = EventRecorder(store)
        self._store = store
        self._rates = rates or RateLimiter()
        self.refused = ThrottledCounter(lambda text: log.info("intake: %s", text), "calls refused")
        """Refused calls. They need no token, so they are counted instead of logged one by one."""
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
        """Log counted calls if it is time for that."""
        self.refused.tick()
        self._failed_calls.tick()

    def flush(self) -> None:
        """Log all counted calls now."""
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
                response = unavailable("The store cannot be used now.").response()
            except ClientDisconnect:
                response = Response(status_code=400)
            except asyncio.CancelledError:
                # The server is stopping.
                response = unavailable("The intake is being stopped.").response()
            except Exception:
                # The address is not logged: a faulty client may have put its token there.
                log.exception("intake: %s", endpoint.__name__)
                response = HttpProblem(500, "internal-error", "The request could not be handled").response()
            response.headers.update(SECURITY_HEADERS)
            return response

        return answer

    # -- endpoints ---------------------------------------------------------

    async def _raise(self, request: Request) -> Response:
        arrival = Arrival(request.client.host if request.client else "", _declared_size(request))
        try:
            response = await self._raise_for(request, arrival)
        except HttpProblem as refusal:
            await self._recorder.record(arrival, refusal.status, refusal.fault)
            raise
        await self._recorder.record(arrival, response.status_code)
        return response

    async def _raise_for(self, request: Request, arrival: Arrival) -> Response:
        arrival.token = _read_token(request)
        client = arrival.client = await self._client(arrival.token)
        self._enforce_rate_limit(client, CallKind.RAISE)
        arrival.content = await read_body(request)
        payload = parse_body(arrival.content)
        if client.is_learning:
            return JSONResponse({"status": "stored"}, 202)
        key = read_idempotency_key(request)
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
            raise unavailable(error.problem.cause) from error
        row = accepted.row
        arrival.request_id = row.id
        log.info(
            "intake: client %s %s request %s", client.id, "raised" if accepted.created else "repeated", row.id
        )
        headers = {"Location": f"/v1/requests/{row.id}"}
        return JSONResponse(_to_response_body(row), 202 if accepted.created else 200, headers=headers)

    async def _state(self, request: Request) -> Response:
        client = await self._client(_read_token(request))
        self._enforce_rate_limit(client, CallKind.READ)
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
            # Concurrent health checks share one read of the store.
            self._health_check = asyncio.ensure_future(asyncio.to_thread(self._read_store))
            self._health_check.add_done_callback(lambda ended: ended.cancelled() or ended.exception())
        await asyncio.shield(self._health_check)
        return JSONResponse({"status": "ok"})

    async def _openapi(self, request: Request) -> Response:
        del request
        return JSONResponse(build_openapi_document())

    async def _http_error(self, request: Request, error: Exception) -> Response:
        """Answer calls that match no route."""
        del request
        status = error.status_code if isinstance(error, HTTPException) else 500
        headers = dict(error.headers or {}) if isinstance(error, HTTPException) else {}
        titles = {404: "There is nothing at this address", 405: "This address does not take this method"}
        fault = {404: "address-unknown", 405: "method-unknown"}.get(status, "refused")
        detail = "The intake is running. Send events and requests with POST." if status == 405 else ""
        self.refused.count(fault)
        return HttpProblem(
            status, fault, titles.get(status, "Refused"), detail, headers={**SECURITY_HEADERS, **headers}
        ).response()

    # -- authentication and rate limits ------------------------------------

    def _read_store(self) -> None:
        with self._store.read() as session:
            session.get(IntakeClient, uuid.UUID(int=0))

    async def _client(self, token: str) -> IntakeClient:
        client = await asyncio.to_thread(self._clients.find_by_token, token) if token else None
        if client is None:
            raise HttpProblem(
                401,
                "token-refused",
                "A valid token is needed",
                "Send the token of a client of this intake in the header Authorization, with or without Bearer before it.",
                headers={"WWW-Authenticate": 'Bearer realm="intake"'},
            )
        return client

    def _enforce_rate_limit(self, client: IntakeClient, kind: CallKind) -> None:
        wait = self._rates.acquire(client.id, kind)
        if wait > 0:
            raise HttpProblem(
                429,
                "rate-limited",
                "Too many calls",
                f"Call again in {wait} s.",
                headers={"Retry-After": str(wait)},
            )


class _HostCheckMiddleware:
    """Refuses requests whose Host header names another host.

    Otherwise a web page could resolve its own name to this machine (DNS rebinding) and call the intake from a browser.
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
                421, "host-unknown", "This server is not called that", detail, headers=SECURITY_HEADERS
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
    """Answer a call beyond the limit of concurrent calls."""
    await closing(unavailable("Too many calls are being answered.")).response()(scope, receive, send)


def _to_response_body(row: ApprovalRequest) -> dict[str, JsonLike]:
    """Return the state of a request as a client gets it."""
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
        **{name: format_utc(at) for name, at in times.items()},
    }


def _read_token(request: Request) -> str:
    """Return what the Authorization header has for a token, with or without the word Bearer; empty where it cannot be one.

    Senders that keep the header's value as a secret may not be able to put a word before it.
    """
    headers = request.headers.getlist("authorization")
    first, space, rest = (headers[0].strip() if len(headers) == 1 else "").partition(" ")
    token = rest.strip() if space and first.lower() == "bearer" else "" if space else first
    # The store is not read for a text that cannot be a token.
    return token if token.startswith(TOKEN_PREFIX) and len(token) <= TOKEN_LENGTH_MAX else ""


def _declared_size(request: Request) -> int:
    declared = request.headers.get("content-length", "")
    return int(declared) if declared.isdecimal() and len(declared) < 10 else 0


def _request_not_found() -> HttpProblem:
    return HttpProblem(404, "request-unknown", "This client has no such request")
