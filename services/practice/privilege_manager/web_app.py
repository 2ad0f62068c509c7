"""The web application of the practice Privilege Manager: addresses, tokens, rights and faults.

Below `/TMS/practice/` stand addresses that the product does not have. They take the place of its pages (Export and
Import Items, approval types, webhooks) and of an endpoint that raises a request, or set faults. They need no token.
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable
from email.utils import formatdate

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from services.common.json_types import JsonObject
from services.practice.privilege_manager.api import Api, Call
from services.practice.privilege_manager.approvals import Approval
from services.practice.privilege_manager.faults import PrivilegeManagerFaults
from services.practice.privilege_manager.item_xml import ImportRefusedError
from services.practice.privilege_manager.operations import Operation, Right, find_operation
from services.practice.privilege_manager.responses import (
    error,
    internal_error,
    login_page,
    not_authorised,
    product_page,
    result,
)
from services.practice.privilege_manager.sessions import RIGHTS, ApiClient, Sessions
from services.practice.privilege_manager.state import PracticeState, RequestRefusedError
from services.practice.privilege_manager.swagger import swagger_document
from services.practice.web_parts import LoopbackHostOnly, LostResponse, RecordedCall, html_page

BASE_PATH = "TMS"
SERVICES = "services"
METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"]
_log = logging.getLogger(__name__)
_FILE_TYPES = ("application/zip", "application/xml", "application/octet-stream")
"""Content types of an import; a web page may send none of them to this machine without a preflight request."""
_OUTSIDE = "page"
"""The operation that faults see for everything that is not an operation of the API."""


class PrivilegeManagerWebApp:
    """Answers every request."""

    def __init__(
        self,
        state: PracticeState,
        sessions: Sessions,
        faults: PrivilegeManagerFaults,
        raise_request: Callable[..., Awaitable[Approval]],
    ) -> None:
        self._state = state
        self._sessions = sessions
        self._faults = faults
        self._raise_request = raise_request
        self._api = Api(state, sessions, faults)
        self.log: list[RecordedCall] = []
        self.app = Starlette(
            routes=[Route("/{path:path}", self._handle, methods=METHODS)],
            exception_handlers={404: self._handle, 405: self._handle},
            middleware=[Middleware(LoopbackHostOnly)],
        )

    # -- every request -----------------------------------------------------

    async def _handle(self, request: Request, _: Exception | None = None) -> Response:
        try:
            await request.body()
        except ClientDisconnect:
            return Response(status_code=400)
        parts = [part for part in request.scope["path"].split("/") if part]
        operation, name = self._operation(request.method, parts)
        token = _bearer(request)
        client = self._sessions.client_of(token)
        if self._faults.strike("call_lost", name):
            self._record(request, client, 0)
            return LostResponse()
        try:
            response = await self._answer(request, parts, operation, name, client)
        except Exception:  # noqa: BLE001 -- a mistake of its own; callers get what a server would say
            _log.exception("%s %s", request.method, request.url.path)
            response = internal_error()
        self._record(request, client, response.status_code)
        if self._faults.strike("answer_lost", name):
            return LostResponse()
        if response.body and self._faults.strike("cut_body", name):
            content = bytes(response.body)
            response = Response(
                content[: len(content) // 2],
                response.status_code,
                media_type=response.headers.get("content-type"),
            )
        clock_off = self._faults.concerns("clock_off", name)
        ahead = self._faults.option("clock_off", "seconds", 600.0) if clock_off else 0.0
        response.headers["Date"] = formatdate(self._state.clock().timestamp() + float(ahead), usegmt=True)
        return response

    def _record(self, request: Request, client: ApiClient | None, status: int) -> None:
        self.log.append(RecordedCall.of(request, client.client_id if client else "", status))

    def _operation(self, method: str, parts: list[str]) -> tuple[Operation | None, str]:
        """Return the operation of a call, if there is one, and the name that faults know the call by."""
        if [part.lower() for part in parts[:2]] != [BASE_PATH.lower(), SERVICES]:
            return None, _OUTSIDE
        rest = parts[2:]
        if [part.lower() for part in rest] == ["swagger", "docs", "v1"]:
            return None, "swagger"
        operation = find_operation(method, rest)[0]
        return operation, operation.name if operation is not None else _OUTSIDE

    @property
    def _missing(self) -> frozenset[str]:
        return self._state.options.without | self._faults.missing_operations()

    async def _answer(
        self,
        request: Request,
        parts: list[str],
        operation: Operation | None,
        name: str,
        client: ApiClient | None,
    ) -> Response:
        lower = [part.lower() for part in parts]
        if lower[:2] == [BASE_PATH.lower(), "practice"]:
            return await self._practice(request, parts[2:])
        spoilt = await self._fault_response(name)
        if spoilt is not None:
            return spoilt
        if lower[:1] != [BASE_PATH.lower()]:
            return html_page("404 - File or directory not found.", "There is nothing here.", 404)
        if lower[1:2] != [SERVICES]:
            return product_page()
        if name == "swagger":
            return self._swagger(request)
        return await self._service(request, parts[2:], operation, client)

    async def _service(
        self, request: Request, parts: list[str], operation: Operation | None, client: ApiClient | None
    ) -> Response:
        """Answer a call of the API."""
        methods = find_operation(request.method, parts)[2]
        if operation is None or operation.name in self._missing:
            if operation is None and methods:
                return JSONResponse(
                    {"Message": f"The requested resource does not support http method '{request.method}'."},
                    405,
                )
            return JSONResponse({"Message": "No HTTP resource was found that matches the request URI."}, 404)
        if not self._state.api_enabled or self._faults.strike("api_disabled", operation.name):
            return error("The API is not enabled.", int(self._faults.option("api_disabled", "status", 403.0)))
        token = _bearer(request)
        if operation.right is not Right.LOG_ON:
            if client is not None and self._faults.strike("token_expired", operation.name):
                self._sessions.log_off(token)
                client = None
            if client is None:
                return not_authorised()
            if operation.right not in RIGHTS[client.role]:
                return not_authorised(403)
        body = await request.body()
        call = Call(
            operation, find_operation(request.method, parts)[1], dict(request.query_params), body, token
        )
        return self._api.answer(call)

    def _swagger(self, request: Request) -> Response:
        if self._faults.strike("swagger_refused", "swagger"):
            return not_authorised()
        if self._faults.strike("swagger_missing", "swagger"):
            return html_page("404", "The resource cannot be found.", 404)
        if self._faults.strike("swagger_invalid", "swagger"):
            return JSONResponse({"paths": []})
        document = swagger_document(
            self._state.options,
            host=request.headers.get("host", ""),
            base_path=f"/{BASE_PATH}/{SERVICES}",
            without=self._missing,
        )
        if self._faults.strike("schema_changed", "swagger"):
            definitions = document["definitions"]
            assert isinstance(definitions, dict)  # noqa: S101 -- made above
            definitions[self._state.options.approval.definition] = {
                "type": "object",
                "properties": {"Payload": {"type": "string"}},
            }
        return JSONResponse(document)

    async def _fault_response(self, name: str) -> Response | None:
        """Return the response of a fault that is the same for every operation, or None."""
        faults = self._faults
        if faults.strike("slow", name):
            await asyncio.sleep(float(faults.option("slow", "seconds", 2.0)))
        if faults.strike("forbidden", name):
            return not_authorised(403)
        if faults.strike("not_found", name):
            return html_page("404 - File or directory not found.", "There is nothing here.", 404)
        if faults.strike("html_500", name):
            return internal_error()
        if faults.strike("status_error", name):
            return error("The request could not be carried out.", 200)
        if faults.strike("rate_limited", name):
            limited = error("Too many requests.", 429)
            limited.headers["Retry-After"] = str(int(faults.option("rate_limited", "seconds", 60.0)))
            return limited
        return self._other_page(name)

    def _other_page(self, name: str) -> Response | None:
        """Return the answer of something that is not the API, or None."""
        faults = self._faults
        if faults.strike("not_json", name):
            return Response("OK", media_type="application/json")
        if faults.strike("other_json", name):
            return JSONResponse({"hello": "world"})
        if faults.strike("login_redirect", name):
            return Response(
                status_code=302, headers={"Location": f"/{BASE_PATH}/Account/Login?ReturnUrl=%2FTMS%2F"}
            )
        if faults.strike("redirect_elsewhere", name):
            target = faults.option("redirect_elsewhere", "to", "https://other-server.example/TMS/")
            return Response(status_code=302, headers={"Location": target})
        if faults.strike("login_page", name):
            return login_page()
        if faults.strike("maintenance", name):
            status = int(faults.option("maintenance", "status", 503.0))
            return html_page("Maintenance", "The server is being upgraded.", status)
        if faults.strike("foreign_page", name):
            return html_page("Welcome to nginx!", "It works.")
        return None

    # -- in place of the product's pages -----------------------------------

    async def _practice(self, request: Request, parts: list[str]) -> Response:
        lower = [part.lower() for part in parts]
        match request.method, lower:
            case "GET", ["items", item_id, "export"]:
                return self._export(item_id, zipped=request.query_params.get("format") != "xml")
            case "POST", ["items", "import"]:
                return await self._import(request)
            case _, ["faults"]:
                return await self._set_faults(request)
            case "POST", ["approval-types"]:
                return await self._new_approval_type(request)
            case "POST", ["webhooks"]:
                return await self._new_webhook(request)
            case "POST", ["requests"]:
                return await self._new_request(request)
            case "GET", ["requests"]:
                return result(
                    [_shown(one) for one in self._state.approvals.values()], len(self._state.approvals)
                )
            case "GET", ["requests", approval_id]:
                approval = self._state.approvals.get(approval_id)
                return (
                    error("There is no such request.", 404) if approval is None else result(_shown(approval))
                )
        return error("There is no such address.", 404)

    def _export(self, item_id: str, *, zipped: bool) -> Response:
        with self._state.lock:
            item = self._state.items.get(item_id)
            content = self._state.items.export(item_id)
        if item is None or content is None:
            return error("There is no such item, or its contract is not public.", 404)
        if not zipped and item.document is not None:
            return Response(item.document, media_type="application/xml")
        headers = {"Content-Disposition": f'attachment; filename="{item.id}.zip"'}
        return Response(content, media_type="application/zip", headers=headers)

    async def _import(self, request: Request) -> Response:
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() not in _FILE_TYPES:
            return error(f"Send one of {', '.join(_FILE_TYPES)}.", 415)
        overwrite = request.query_params.get("overwrite", "true").lower() != "false"
        try:
            with self._state.lock:
                done = self._state.items.import_file(await request.body(), overwrite=overwrite)
        except ImportRefusedError as problem:
            return error(str(problem), 400)
        answer: JsonObject = {
            "Imported": [*done.imported], "Skipped": [*done.skipped], "Refused": [*done.refused],
        }  # fmt: skip
        if done.refused and not done.imported:
            return error("A built-in item is not overwritten.", 409)
        return result(answer)

    async def _new_approval_type(self, request: Request) -> Response:
        body = await _json_object(request)
        if body is None or not body.get("Name"):
            return error("Send a JSON object with a Name.", 400)
        process = str(body.get("Process") or "Default Manual Approval Process")
        made = self._state.add_approval_type(str(body["Name"]), process=process)
        return result({"ItemId": made.id, "Name": made.name})

    async def _new_webhook(self, request: Request) -> Response:
        body = await _json_object(request)
        if body is None:
            return error("Send a JSON object.", 400)
        try:
            self._state.add_webhook(str(body.get("Url") or ""), str(body.get("Authorization") or ""))
        except ValueError as problem:
            return error(str(problem), 400)
        return result(None)

    async def _new_request(self, request: Request) -> Response:
        body = await _json_object(request)
        if body is None:
            return error("Send a JSON object.", 400)
        try:
            approval = await self._raise_request(
                policy=str(body.get("Policy") or ""),
                user=str(body.get("User") or ""),
                file_path=str(body.get("FilePath") or ""),
                reason=str(body.get("Reason") or ""),
                computer=str(body["Computer"]) if body.get("Computer") else None,
            )
        except RequestRefusedError as problem:
            return error(str(problem), 409)
        return result(_shown(approval))

    async def _set_faults(self, request: Request) -> Response:
        """Activate a fault (POST {"name": …, options}) or deactivate all (DELETE)."""
        if request.method == "DELETE":
            self._faults.clear()
        elif request.method == "POST":
            body = await _json_object(request)
            if body is None:
                return error("Send a JSON object.", 400)
            options = {key: value for key, value in body.items() if isinstance(value, str | int | float)}
            try:
                self._faults.set(str(options.pop("name", "")), **options)
            except ValueError as problem:
                return error(str(problem), 400)
        return JSONResponse({"active": self._faults.active})


def _bearer(request: Request) -> str:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    # Some published scripts send the JSON text of the token as it came, with its quotes.
    return token.strip().strip('"') if scheme.lower() == "bearer" else ""


async def _json_object(request: Request) -> JsonObject | None:
    """Return the JSON object of a body, or None. A web page cannot send this content type without a preflight."""
    if not request.headers.get("content-type", "").lower().startswith("application/json"):
        return None
    try:
        value = json.loads(await request.body())
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _shown(approval: Approval) -> JsonObject:
    """Return a request as the window of the endpoint sees it."""
    return {
        **approval.event(),
        "State": str(approval.state),
        "Until": approval.until.isoformat() if approval.until else None,
        "Comment": approval.comment,
        "Answers": approval.answers,
    }
