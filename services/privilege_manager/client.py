"""The client for one Privilege Manager server: what its API can do, as methods."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import httpx

from services.common.fault_ids import FaultId
from services.common.json_types import JsonLike, JsonValue
from services.privilege_manager.api_items import (
    ActionItem,
    AnyItem,
    FilterItem,
    FilterRole,
    ItemList,
    PolicyItem,
    read_action,
    read_filter,
    read_id,
    read_policy,
)
from services.privilege_manager.api_replies import (
    Reply,
    parse_item,
    parse_list,
    parse_reply,
    raise_for_failure,
    summarize_body,
)
from services.privilege_manager.faults import make_error
from services.privilege_manager.operations import Operation
from services.privilege_manager.reports import Report, read_report
from services.privilege_manager.schemas import Schema
from services.privilege_manager.session import ApiSession
from services.privilege_manager.swagger import (
    SWAGGER_PATH,
    ApiDescription,
    parse_description,
)
from services.privilege_manager.task_parameters import TaskParameter
from services.transport.connection_settings import ConnectionSettings
from services.transport.sign_in import SignInSource

PLATFORM_CODES = {"windows": "win", "macos": "mac"}
"""Platforms as this console names them, and as the API takes them."""


@dataclass(frozen=True, slots=True)
class PolicyAction:
    """An action in a policy: for the process itself, or for the processes that it starts."""

    action_id: str
    is_child: bool = False


@dataclass(frozen=True, slots=True)
class PolicyFilter:
    """A filter in a policy, with what it is for."""

    filter_id: str
    role: FilterRole


class PrivilegeManagerClient(ApiSession):
    """One server as one API client.

    The addresses come from the server's Swagger document, which is read once. A call whose operation is missing there raises
    `privilege-manager-operation-missing` and sends nothing.
    """

    def __init__(
        self,
        settings: ConnectionSettings,
        sign_in: SignInSource,
        *,
        clock: Callable[[], float] | None = None,
    ) -> None:
        if clock is None:
            super().__init__(settings, sign_in)
        else:
            super().__init__(settings, sign_in, clock=clock)
        self._description: ApiDescription | None = None
        self._description_lock = asyncio.Lock()

    # -- what the server can do --------------------------------------------

    async def operations(self, *, again: bool = False) -> ApiDescription:
        """Return the operations of the server; the document is read once, or `again`.

        Raises `privilege-manager-swagger-unreadable`.
        """
        async with self._description_lock:
            if self._description is None or again:
                self._description = await self._read_description()
            return self._description

    async def approval_schema(self) -> Schema:
        """Return the schema of the body that `send_answer` takes; raises `privilege-manager-operation-missing`."""
        described = (await self.operations()).require(Operation.SEND_ANSWER, "Read how answers are sent")
        if described.body is None:
            evidence = f"{described.method} {described.path} has no body in the Swagger document"
            raise make_error(
                FaultId.PRIVILEGE_MANAGER_SWAGGER_UNREADABLE, "Read how answers are sent", evidence
            )
        return described.body

    async def version(self) -> str:
        """Return the version of the server, such as 12.0.5.1047."""
        tried = "Read the version of Privilege Manager"
        response, reply = await self._read(Operation.VERSION, tried)
        found = reply.result if reply.has_result else None
        if not isinstance(found, str) or not found.strip():
            raise make_error(
                FaultId.PRIVILEGE_MANAGER_REPLY_MALFORMED, tried, f"no version: {summarize_body(response)}"
            )
        return found.strip()

    # -- items -------------------------------------------------------------

    async def actions(self) -> ItemList[ActionItem]:
        """Return all actions; see `ItemList.complete`."""
        return await self._list(Operation.LIST_ACTIONS, read_action, "List the actions")

    async def action(self, action_id: str) -> ActionItem:
        """Return an action; raises NotFoundOnServerError."""
        return await self._item(Operation.READ_ACTION, read_action, action_id, "Read an action")

    async def policies(self) -> ItemList[PolicyItem]:
        """Return all policies; see `ItemList.complete`."""
        return await self._list(Operation.LIST_POLICIES, read_policy, "List the policies")

    async def policy(self, policy_id: str) -> PolicyItem:
        """Return a policy; raises NotFoundOnServerError."""
        return await self._item(Operation.READ_POLICY, read_policy, policy_id, "Read a policy")

    async def filters(self) -> ItemList[FilterItem]:
        """Return all filters; see `ItemList.complete`."""
        return await self._list(Operation.LIST_FILTERS, read_filter, "List the filters")

    async def filter(self, filter_id: str) -> FilterItem:
        """Return a filter; raises NotFoundOnServerError."""
        return await self._item(Operation.READ_FILTER, read_filter, filter_id, "Read a filter")

    # -- changes of policies -----------------------------------------------

    async def create_policy(self, name: str, description: str, platform: str) -> str:
        """Create an inactive policy for `windows` or `macos`; return its id.

        Raises `privilege-manager-policy-id-missing` when it was created and the reply does not name it.
        """
        tried = f"Create the policy “{name}”"
        body = {"Name": name, "Description": description, "OS": PLATFORM_CODES[platform]}
        response, reply = await self._change(Operation.CREATE_POLICY, (), body, tried)
        made = read_policy(reply.result if reply.has_result else reply.body)
        text = reply.result if isinstance(reply.result, str) else ""
        policy_id = made.item_id if made is not None else read_id(text)
        if policy_id is None:
            raise make_error(FaultId.PRIVILEGE_MANAGER_POLICY_ID_MISSING, tried, summarize_body(response))
        return policy_id

    async def add_actions(self, policy_id: str, actions: Iterable[PolicyAction]) -> None:
        """Add actions to a policy."""
        tried = "Add actions to a policy"
        body = _list_actions(actions, tried)
        await self._change(Operation.ADD_ACTIONS, (_id_for_path(policy_id, tried),), body, tried)

    async def remove_actions(self, policy_id: str, actions: Iterable[PolicyAction]) -> None:
        """Remove actions from a policy."""
        tried = "Remove actions from a policy"
        body = _list_actions(actions, tried)
        await self._change(Operation.REMOVE_ACTIONS, (_id_for_path(policy_id, tried),), body, tried)

    async def add_filters(self, policy_id: str, filters: Iterable[PolicyFilter]) -> None:
        """Add filters to a policy."""
        tried = "Add filters to a policy"
        body = _list_filters(filters, tried)
        await self._change(Operation.ADD_FILTERS, (_id_for_path(policy_id, tried),), body, tried)

    async def remove_filters(self, policy_id: str, filters: Iterable[PolicyFilter]) -> None:
        """Remove filters from a policy."""
        tried = "Remove filters from a policy"
        body = _list_filters(filters, tried)
        await self._change(Operation.REMOVE_FILTERS, (_id_for_path(policy_id, tried),), body, tried)

    async def set_active(self, policy_id: str, *, active: bool) -> None:
        """Switch a policy on or off."""
        tried = f"Switch a policy {'on' if active else 'off'}"
        values = (_id_for_path(policy_id, tried), "true" if active else "false")
        await self._change(Operation.SET_ACTIVE, values, None, tried)

    # -- tasks, reports, answers -------------------------------------------

    async def run_task(
        self, task_id: str, parameters: Sequence[TaskParameter] = (), instance_name: str = ""
    ) -> JsonValue:
        """Start a task; return the result of the reply, whose shape is not documented.

        The task is still running then. `instance_name` is what this run is called on the server.
        """
        tried = "Run a task"
        described = (await self.operations()).require(Operation.RUN_TASK, tried)
        named = described.query_name("instanceName")
        params = {named: instance_name} if named and instance_name else None
        path = described.address(_id_for_path(task_id, tried))
        body = [one.as_json() for one in parameters]
        response = await self.change(described.method, path, body, tried, params=params)
        reply = await asyncio.to_thread(parse_reply, response, tried, may_be_empty=True)
        return reply.result if reply.has_result else reply.body

    async def run_report(self, report_id: str, parameters: Sequence[TaskParameter] = ()) -> Report:
        """Return a report; parameters that are left out have the report's own defaults."""
        tried = "Run a report"
        described = (await self.operations()).require(Operation.RUN_REPORT, tried)
        named = described.query_name("bTestMode")
        params = {named: "false"} if named else None
        path = described.address(_id_for_path(report_id, tried))
        response = await self.ask(path, [one.as_json() for one in parameters], tried, params=params)
        return await asyncio.to_thread(_parse_report, response, tried)

    async def send_answer(self, body: JsonLike) -> JsonValue:
        """Send the decision of a request, built as `approval_schema` asks; return what the server answers.

        It is sent once. After `connection-lost` or `timeout` the server may have taken it.
        """
        tried = "Send the answer to Privilege Manager"
        _, reply = await self._change(Operation.SEND_ANSWER, (), body, tried)
        return reply.result if reply.has_result else reply.body

    # -- helpers -----------------------------------------------------------

    async def _read_description(self) -> ApiDescription:
        tried = "Read the operations of Privilege Manager"
        response = await self.get(SWAGGER_PATH, tried)
        if response.status_code in (404, 405, 410):
            seen = f"HTTP {response.status_code} from {response.request.url.path}"
            raise make_error(FaultId.PRIVILEGE_MANAGER_SWAGGER_UNREADABLE, tried, seen)
        raise_for_failure(response, tried)
        return await asyncio.to_thread(parse_description, response.content, tried)

    async def _read(self, operation: Operation, tried: str) -> tuple[httpx.Response, Reply]:
        described = (await self.operations()).require(operation, tried)
        response = await self.get(described.address(), tried)
        reply = await asyncio.to_thread(
            parse_reply, response, tried, missing=FaultId.PRIVILEGE_MANAGER_OPERATION_MISSING
        )
        return response, reply

    async def _list(
        self, operation: Operation, read: Callable[[JsonValue], AnyItem | None], tried: str
    ) -> ItemList[AnyItem]:
        described = (await self.operations()).require(operation, tried)
        response = await self.get(described.address(), tried)
        return await asyncio.to_thread(parse_list, response, tried, read)

    async def _item(
        self,
        operation: Operation,
        read: Callable[[JsonValue], AnyItem | None],
        item_id: str,
        tried: str,
    ) -> AnyItem:
        described = (await self.operations()).require(operation, tried)
        wanted = _id_for_path(item_id, tried)
        response = await self.get(described.address(wanted), tried)
        return await asyncio.to_thread(parse_item, response, tried, read, wanted)

    async def _change(
        self, operation: Operation, values: tuple[str, ...], body: JsonLike, tried: str
    ) -> tuple[httpx.Response, Reply]:
        described = (await self.operations()).require(operation, tried)
        response = await self.change(described.method, described.address(*values), body, tried)
        # An answer of 404 is about what the call names: a policy, or a request.
        missing = (
            FaultId.PRIVILEGE_MANAGER_OPERATION_MISSING
            if operation is Operation.CREATE_POLICY
            else FaultId.PRIVILEGE_MANAGER_NOT_FOUND
        )
        return response, parse_reply(response, tried, may_be_empty=True, missing=missing)


def _list_actions(actions: Iterable[PolicyAction], tried: str) -> JsonLike:
    listed: list[JsonLike] = [
        {"Id": _id_for_path(one.action_id, tried), "IsChildAction": one.is_child} for one in actions
    ]
    return {"Actions": listed}


def _list_filters(filters: Iterable[PolicyFilter], tried: str) -> JsonLike:
    listed: list[JsonLike] = [
        {"Id": _id_for_path(one.filter_id, tried), "FilterRole": int(one.role)} for one in filters
    ]
    return {"Filters": listed}


def _id_for_path(text: str, tried: str) -> str:
    """Return a GUID as the API takes it; a text that is none is refused before a call."""
    found = read_id(text)
    if found is None:
        raise make_error(
            FaultId.PRIVILEGE_MANAGER_NOT_FOUND, tried, f"“{text}” is not a GUID; nothing was sent"
        )
    return found


def _parse_report(response: httpx.Response, tried: str) -> Report:
    reply = parse_reply(response, tried)
    body = reply.result if isinstance(reply.result, dict) else reply.body
    report = read_report(body) if isinstance(body, dict) else None
    if report is None:
        raise make_error(FaultId.PRIVILEGE_MANAGER_REPORT_UNREADABLE, tried, summarize_body(response))
    return report
