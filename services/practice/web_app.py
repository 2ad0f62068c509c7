"""The web application of the practice instance: authentication, faults and routing."""

import asyncio
import base64
import json
import logging
import secrets
from collections.abc import Callable
from email.utils import formatdate
from urllib.parse import quote

from cryptography import x509
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from services.practice.access_policies import AccessRules, SignInKind, refused_soap
from services.practice.accounts_and_sessions import GUEST_USER, Accounts, User
from services.practice.basic_auth_restriction import BasicAuthRestriction
from services.practice.database import Database
from services.practice.fault_effects import apply_faults
from services.practice.faults import FaultRegistry
from services.practice.mutual_tls import (
    BALANCER_NAME,
    SUPPORTS_TLS_PATH,
    LoadBalancer,
    certificate_error,
    certificate_of,
    find_mapped_user,
)
from services.practice.oauth import TokenStore
from services.practice.script_runner import ScriptRunner
from services.practice.scripted_soap import ScriptedServices, soap_fault
from services.practice.table_api import TableApi, error_response, not_authenticated
from services.practice.web_parts import LoopbackHostOnly, LostResponse, RecordedCall, html_page

_URL_SAFE = ":/?#[]@!$&'()*+,;=%"
_log = logging.getLogger(__name__)
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
FAULT_PAGES = {
    "hibernating": (
        "Instance Hibernating page",
        "Your instance is hibernating. Sign in to the developer site to wake it.",
    ),
    "login_page": (
        "Log in | ServiceNow",
        "User name <input name='user_name'> Password <input name='user_password'>",
    ),
    "maintenance": ("Instance maintenance", "This instance is in maintenance."),
}


REDIRECT_FAULTS = {
    "redirect_elsewhere": "https://other-instance.example/",
    "sso_redirect": "https://sign-on.example/saml2/login",
}
"""Faults that point elsewhere, and where to."""


def internal_error(path: str) -> Response:
    """Return the response to an internal error: a JSON body, or a SOAP fault for SOAP calls."""
    if path.startswith("/api/"):
        return error_response(500, "Exception occurred", "Check logs for error trace")
    return soap_fault("Error completing SOAP request")


def fault_page(name: str, status: int = 200) -> Response:
    """Return a web page that an instance sends instead of data."""
    title, text = FAULT_PAGES[name]
    return html_page(title, text, status)


def _bearer_token(request: Request) -> str:
    """Return the access token of a request, or an empty text."""
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    return value.strip() if scheme.lower() == "bearer" else ""


def _sign_in_kind(request: Request, user: User | None) -> SignInKind:
    """Return how a call signs in."""
    if _bearer_token(request):
        return SignInKind.OAUTH
    if request.headers.get("authorization"):
        return SignInKind.BASIC
    return SignInKind.NONE if user is None else SignInKind.CERTIFICATE


def is_let_in(request: Request) -> bool:
    """Return whether the call ran as the user that it signed in as."""
    return not getattr(request.state, "refused", False)


class PracticeWebApp:
    """Answers every request."""

    def __init__(
        self, database: Database, accounts: Accounts, faults: FaultRegistry, runner: ScriptRunner
    ) -> None:
        self._database = database
        self._accounts = accounts
        self.tokens = TokenStore(database, accounts, faults)
        self.restriction = BasicAuthRestriction(database, accounts.is_web_service_only)
        self.access = AccessRules()
        self.faults = faults
        self._table_api = TableApi(database, faults)
        self.services = ScriptedServices(database, faults, runner)
        self.log: list[RecordedCall] = []
        self._current_node_sessions: set[str] = set()
        """Sessions that were begun since the last switch to another node."""
        self.base_url: Callable[[], str] = str
        self.balancer: LoadBalancer | None = None
        """What ends TLS in front of it; without one there are no client certificates."""
        self.app = Starlette(
            routes=[
                Route("/practice/faults", self._set_faults, methods=["GET", "POST", "DELETE"]),
                Route("/{path:path}", self._handle, methods=METHODS),
            ],
            # Other methods, and paths that no route matches.
            exception_handlers={404: self._handle, 405: self._handle},
            middleware=[Middleware(LoopbackHostOnly)],
        )

    async def _set_faults(self, request: Request) -> Response:
        """Activate a fault (POST {"name": …, options}) or deactivate all (DELETE)."""
        if request.method == "DELETE":
            self.faults.clear()
        elif request.method == "POST":
            if not request.headers.get("content-type", "").lower().startswith("application/json"):
                # A web page may send other content types to this machine without a preflight request.
                return JSONResponse({"error": "Send application/json."}, 400)
            try:
                body = json.loads(await request.body())
                self.faults.set(str(body.pop("name", "")), **body)
            except (ValueError, RecursionError, TypeError, AttributeError) as error:
                return JSONResponse({"error": str(error)}, 400)
        return JSONResponse({"active": self.faults.active})

    async def _handle(self, request: Request, _: Exception | None = None) -> Response:
        try:
            # Read immediately, so that the call is recorded even if the client disconnects.
            await request.body()
        except ClientDisconnect:
            return Response(status_code=400)
        certificate = certificate_of(request.scope) if self.balancer is not None else None
        if self.balancer is not None and certificate is not None and not self.balancer.accepts(certificate):
            self.log.append(RecordedCall.of(request, "", 400))
            return certificate_error()
        user, session = self._authenticate(request, certificate)
        try:
            response = await self._answer(request, user)
        except Exception:  # noqa: BLE001 -- a mistake of its own; callers get what an instance would say
            _log.exception("%s %s", request.method, request.url.path)
            response = internal_error(request.url.path)
        self.log.append(RecordedCall.of(request, user.user_name if user else "", response.status_code))
        self._add_instance_headers(response, user if is_let_in(request) else None, session)
        if self.faults.consume("answer_lost"):
            return LostResponse()
        if self.faults.on("cut_body") and response.body:
            content = bytes(response.body)
            return Response(
                content[: len(content) // 2],
                response.status_code,
                media_type=response.headers.get("content-type"),
            )
        return response

    async def _answer(self, request: Request, user: User | None) -> Response:
        spoilt = await self._fault_response()
        if spoilt is None and self._is_stale_session(request):
            text = "Insufficient rights to query records"
            api = request.url.path.startswith("/api/")
            spoilt = error_response(403, text, "") if api else html_page(text, text, 403)
        if spoilt is not None:
            return spoilt
        if user is not None and self.faults.on("page_forbidden"):
            return html_page("403 Forbidden", "Your address is not let in.", 403)
        path = request.scope["path"].removeprefix("/")
        parts = path.split("/")
        if path == SUPPORTS_TLS_PATH and self.balancer is not None:
            return PlainTextResponse("true" if self.balancer.supports_inner_tls else "false")
        if parts[:2] == ["api", "now"]:
            rest = [p for p in parts[2:] if p not in ("v1", "v2")]
            refusal = self._refuse_rest(request, user, rest)
            if refusal is not None or user is None:
                return refusal or not_authenticated()
            users = self.faults.on("user_forbidden") and rest[1:2] == ["sys_user"]
            lists = self.faults.on("lists_forbidden") and "sysparm_query=" in request.url.query
            if self.faults.on("forbidden") or users or (lists and request.method == "GET"):
                text = "Field(s) present in the query do not have permission to be read"
                return error_response(403, "Insufficient rights to query records", text)
            if len(rest) in (2, 3) and rest[0] == "table":
                return await self._table_api.answer(request, user, rest[1], rest[2] if len(rest) == 3 else "")
            return error_response(400, "Requested URI does not represent any resource", path)
        if path.endswith(".do"):
            return await self._do(request, user, path.removesuffix(".do"))
        return fault_page("login_page")

    def _refuse_rest(self, request: Request, user: User | None, rest: list[str]) -> Response | None:
        """Return why a REST call is refused before anything is looked for, or None."""
        table = rest[1] if rest[:1] == ["table"] and len(rest) > 1 else ""
        kind, client = _sign_in_kind(request, user), self.tokens.client_of(_bearer_token(request))
        address = request.client.host if request.client is not None else ""
        restricted = client is not None and client.is_restricted
        refusal = self.access.refuse_rest(request.method, table, kind, address, restricted=restricted)
        request.state.refused = refusal is not None
        if refusal is None and user is None:
            refusal = not_authenticated(self.access.find_rest(request.method, table).challenge(kind))
            if getattr(request.state, "second_factor", False):
                refusal.headers["X-MFA_TOKEN"] = "invalid"  # noqa: S105 -- the documented header, no secret
        if refusal is not None or user is None:
            return refusal
        if client is not None and client.is_scoped:
            return error_response(403, "User Not Authorized", "Access to unscoped api is not allowed")
        return self.access.refuse_machine_on_rest(user, table)

    def _soap_user(self, request: Request, user: User | None, name: str) -> tuple[User | None, Response]:
        """Return the user that a SOAP call runs as, None where it is refused, and the page of the refusal."""
        kind, address = (
            _sign_in_kind(request, user),
            request.client.host if request.client is not None else "",
        )
        taken = self.access.accepts_soap(name, kind, address, user)
        if not taken or self.faults.applies_to_service("soap_refused", name):
            user = None
        request.state.refused = user is None
        asked = "wsdl" if request.url.query.upper().startswith("WSDL") else "soap"
        if user is None and not self._database.is_set(f"glide.basicauth.required.{asked}", default=True):
            # A call without a valid sign-in runs as the guest.
            user = self._accounts.user(GUEST_USER)
        return user, refused_soap(self.access.find_soap(name).challenge(kind))

    async def _do(self, request: Request, user: User | None, name: str) -> Response:
        query = request.url.query.upper()
        if name == "oauth_token" and request.method == "POST":
            return self.tokens.answer(request.headers.get("content-type", ""), await request.body())
        if name == "oauth_revoke_token" and request.method == "GET":
            # It asks for no sign-in.
            self.tokens.revoke(request.query_params.get("token", ""))
            return Response(status_code=200)
        if not query.startswith(("WSDL", "SOAP")):
            return fault_page("login_page")
        user, refusal = self._soap_user(request, user, name)
        if user is None:
            return refusal
        service = self.services.service(name)
        if service is None:
            return html_page("Page not found", "The page does not exist.", 404)
        strict = self._database.is_set("glide.soap.strict_security", default=True)
        role = "soap_query" if query.startswith("WSDL") else "soap_script"
        refused = strict and not user.has(role, "soap")
        if role == "soap_query" and self.faults.applies_to_service("wsdl_refused", name):
            status = int(self.faults.option("wsdl_refused", "status", 500))
            said = (
                "com.glide.processors.soap.SOAPProcessingException: Insufficient rights for querying records"
            )
            return soap_fault(said, status=status)
        if (
            self.faults.on("forbidden")
            or refused
            or self.faults.applies_to_service("service_forbidden", name)
        ):
            if role == "soap_query":
                return html_page("Forbidden", "Insufficient rights", 403)
            return soap_fault(
                "com.glide.processors.soap.SOAPProcessingException: Insufficient rights to run the service"
            )
        if role == "soap_query":
            return self.services.wsdl(service, self.base_url())
        return await self.services.call(request, service, user)

    async def _fault_response(self) -> Response | None:
        """Return the response of an instance-wide fault, or None."""
        faults = self.faults
        if faults.on("slow"):
            await asyncio.sleep(float(faults.option("slow", "seconds", 2)))
        for name in FAULT_PAGES:
            if faults.on(name):
                return fault_page(name)
        for name, default in REDIRECT_FAULTS.items():
            if faults.on(name):
                target = faults.option(name, "to", default)
                return Response(status_code=302, headers={"Location": quote(target, safe=_URL_SAFE)})
        if faults.on("not_servicenow"):
            return JSONResponse({"hello": "world"})
        if faults.on("foreign_page"):
            return html_page("Welcome to nginx!", "It works.")
        if faults.on("server_error"):
            return html_page("Error", "Internal error", 500)
        if faults.consume("rate_limited"):
            seconds = int(faults.option("rate_limited", "seconds", 60))
            limit = int(faults.option("rate_limited", "limit", 100))
            answer = error_response(
                429, "Rate limit exceeded", f"Rate limit of {limit} requests per hour for Table API exceeded"
            )
            answer.headers["Retry-After"] = str(seconds)
            answer.headers["X-RateLimit-Limit"] = str(limit)
            return answer
        return None

    def _authenticate(
        self, request: Request, certificate: x509.Certificate | None
    ) -> tuple[User | None, str]:
        """Return user and session of a request; credentials take precedence over a cookie, and that over a certificate."""
        header = request.headers.get("authorization", "")
        session = request.cookies.get("JSESSIONID", "")
        if token := _bearer_token(request):
            return self._open_session(self.tokens.user_of(token), session)
        if header:
            return self._open_session(self._basic_user(request, header), session)
        resumed = self._accounts.resume(session) if session else None
        if resumed is None and certificate is not None and not self.faults.on("certificate_sign_in_off"):
            mapped = find_mapped_user(self._database, certificate)
            return self._open_session(self._accounts.user(mapped) if mapped else None, session)
        return resumed, session

    def _basic_user(self, request: Request, header: str) -> User | None:
        """Return the user of a name and a password that may sign in with them, or None."""
        request.state.second_factor = self.faults.on("mfa_required")
        if self.faults.on("unauthorised") or self.faults.on("mfa_required"):
            return None
        user = self._accounts.sign_in(header)
        if user is None or self._is_basic_auth_restricted(user):
            return None
        if self._accounts.needs_second_factor(user):
            request.state.second_factor = True
            return None
        return user if self.restriction.lets_in(user) else None

    def _open_session(self, user: User | None, session: str) -> tuple[User | None, str]:
        """Return a user that signed in with a call, and a session of that user."""
        if user is not None and self._accounts.session_user_name(session) != user.user_name:
            session = self._accounts.open_session(user)
            self._current_node_sessions.add(session)
        return user, session

    def _is_stale_session(self, request: Request) -> bool:
        """Whether the session was started before the instance switched to another node."""
        if not self.faults.on("node_switched"):
            self._current_node_sessions.clear()
            return False
        session = request.cookies.get("JSESSIONID", "")
        return bool(session) and session not in self._current_node_sessions

    def _is_basic_auth_restricted(self, user: User) -> bool:
        """Whether basic authentication is restricted, and the account may sign in interactively."""
        row = self._database.first("sys_user", user_name=user.user_name)
        if row is None or not self.faults.on("basic_auth_restricted"):
            return False
        return apply_faults(self.faults, "sys_user", row)["web_service_access_only"] != "true"

    def _add_instance_headers(self, response: Response, user: User | None, session: str) -> None:
        """Add the headers and cookies that instances send."""
        ahead = float(self.faults.option("clock_off", "seconds", 600)) if self.faults.on("clock_off") else 0
        response.headers["Date"] = formatdate(self._database.clock().timestamp() + ahead, usegmt=True)
        if self.faults.on("rate_limit_told"):
            response.headers["X-RateLimit-Limit"] = str(
                int(self.faults.option("rate_limit_told", "limit", 60))
            )
        if self.faults.on("not_servicenow"):
            return
        headers = {
            "X-Is-Logged-In": "true" if user else "false",
            "X-Transaction-ID": secrets.token_hex(6),
            "Server": "ServiceNow" if self.balancer is None else BALANCER_NAME,
            "Server-Timing": "sem_wait;dur=0, sesh_wait;dur=0",
            "Pragma": "no-store,no-cache",
            "Cache-Control": "no-cache,no-store,must-revalidate,max-age=-1",
            "Expires": "0",
        }
        response.headers.update(headers)
        if user is not None and session:
            route = base64.b16encode(b"practice").decode().lower()
            response.set_cookie("JSESSIONID", session, httponly=True)
            response.set_cookie("glide_user_route", f"glide.{route}", httponly=True)
            response.set_cookie("glide_session_store", session, max_age=1800, httponly=True)
