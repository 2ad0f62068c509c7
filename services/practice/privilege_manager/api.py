"""The operations of the practice server, each as a method that takes a call and returns an answer."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from starlette.responses import JSONResponse, Response

from services.common.json_types import JsonObject, JsonValue
from services.practice.privilege_manager.faults import PrivilegeManagerFaults
from services.practice.privilege_manager.initial_items import new_policy
from services.practice.privilege_manager.items import LISTS, Item, ItemKind
from services.practice.privilege_manager.operations import Operation
from services.practice.privilege_manager.options import ApprovalSchema
from services.practice.privilege_manager.reports import run_report
from services.practice.privilege_manager.responses import error, not_authorised, result
from services.practice.privilege_manager.sessions import Sessions
from services.practice.privilege_manager.state import PracticeState

FILTER_LISTS = {1: "PositiveFileFilterIds", 2: "ManditoryFilterIds", 3: "NegativeFileFilterIds"}
"""The list of each FilterRole: target, inclusion, exclusion."""
OBJECT_WRAPPERS = (
    "http://schemas.arellia.com/dc/:ObjectWrapper",
    "Arellia.Serialization.ObjectWrapper, Arellia.Core",
)
_UNIT_SECONDS = {"seconds": 1, "minutes": 60, "hours": 3600}
_BOOLEANS = {"true": True, "false": False}


class BadCallError(ValueError):
    """A call whose body or parameters cannot be used; its text says why."""


@dataclass(frozen=True, slots=True)
class Call:
    """A call of an operation: path and query parameters, the body, and the token."""

    operation: Operation
    values: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes = field(repr=False)
    token: str = field(default="", repr=False)

    def json(self) -> JsonValue:
        """Return the body as JSON; None: it is empty. Raises BadCallError."""
        if not self.body.strip():
            return None
        try:
            value: JsonValue = json.loads(self.body)
        except (ValueError, RecursionError) as problem:
            raise BadCallError("The body is not JSON.") from problem
        return value

    def members(self) -> dict[str, JsonValue]:
        """Return the members of the body by their name in lower case: the server takes names in any case."""
        value = self.json()
        if not isinstance(value, dict):
            raise BadCallError("The body must be an object.")
        return {name.lower(): member for name, member in value.items()}


class Api:
    """Carries out the operations."""

    def __init__(self, state: PracticeState, sessions: Sessions, faults: PrivilegeManagerFaults) -> None:
        self._state = state
        self._sessions = sessions
        self._faults = faults
        self._methods: dict[str, Callable[[Call], Response]] = {
            "log_on": self._log_on,
            "log_off": self._log_off,
            "version": self._version,
            "actions": lambda call: self._list(call, ItemKind.ACTION),
            "action": lambda call: self._item(call, ItemKind.ACTION),
            "filters": lambda call: self._list(call, ItemKind.FILTER),
            "filter": lambda call: self._item(call, ItemKind.FILTER),
            "policies": lambda call: self._list(call, ItemKind.POLICY),
            "policy": lambda call: self._item(call, ItemKind.POLICY),
            "create_policy": self._create_policy,
            "add_filters": lambda call: self._change_filters(call, add=True),
            "remove_filters": lambda call: self._change_filters(call, add=False),
            "add_actions": lambda call: self._change_actions(call, add=True),
            "remove_actions": lambda call: self._change_actions(call, add=False),
            "set_active": self._set_active,
            "run_task": self._run_task,
            "run_report": self._run_report,
            "send_answer": self._send_answer,
        }

    def answer(self, call: Call) -> Response:
        """Carry out a call."""
        try:
            with self._state.lock:
                return self._methods[call.operation.name](call)
        except BadCallError as problem:
            return error(str(problem), 400)

    # -- sessions ----------------------------------------------------------

    def _log_on(self, call: Call) -> Response:
        body = call.members()
        token = self._sessions.log_on(_text(body, "username"), _text(body, "password"))
        refused = token is None or self._faults.strike("logon_refused", "log_on")
        return not_authorised() if refused else JSONResponse(token)

    def _log_off(self, call: Call) -> Response:
        self._sessions.log_off(call.token)
        return result(None)

    def _version(self, call: Call) -> Response:
        version = self._state.options.version
        if self._faults.strike("wrong_version", call.operation.name):
            version = self._faults.option("wrong_version", "version", "10.5.0")
        return result(version)

    # -- reading -----------------------------------------------------------

    def _view(self, item: Item) -> JsonObject:
        options = self._state.options
        shown = item.view(options.id_member, whole=options.whole_items)
        if self._faults.on("ids_missing"):
            shown.pop(options.id_member, None)
        if self._faults.on("members_missing"):
            shown = {
                name: value for name, value in shown.items() if name not in {*LISTS, "Enabled", "Priority"}
            }
        return shown

    def _list(self, call: Call, kind: ItemKind) -> Response:
        shown: list[JsonValue] = [self._view(item) for item in self._state.items.of_kind(kind)]
        total = len(shown)
        if self._faults.strike("list_truncated", call.operation.name):
            shown = shown[: total // 2]
        return result(shown, total)

    def _item(self, call: Call, kind: ItemKind) -> Response:
        item = self._state.items.get(call.values["itemId"], kind)
        return error("The item was not found.", 404) if item is None else result(self._view(item))

    def _run_report(self, call: Call) -> Response:
        if call.json() is not None:
            _parameters(call)
        options = self._state.options
        report = run_report(self._state, call.values["reportId"], options.rows_member)
        if report is None:
            return error("Check the Report ID.", 404)
        return result(report) if options.wrap_reports else JSONResponse(report)

    # -- changing ----------------------------------------------------------

    def _policy(self, call: Call) -> Item | None:
        return self._state.items.get(call.values["policyId"], ItemKind.POLICY)

    def _create_policy(self, call: Call) -> Response:
        body = call.members()
        name, system = _text(body, "name").strip(), _text(body, "os").strip().lower()
        if not name:
            raise BadCallError("Name is required.")
        if system not in {"win", "mac"}:
            raise BadCallError("OS must be win or mac.")
        item = new_policy(
            name,
            _text(body, "description"),
            macos=system == "mac",
            targeted=self._state.options.new_policies_targeted,
        )
        if not self._faults.strike("not_written", call.operation.name):
            self._state.items.add(item)
        return result(item.id)

    def _change(self, call: Call, entries: list[tuple[str, str]], kind: ItemKind, *, add: bool) -> Response:
        """Add or remove ids; `entries` are pairs of the list's member and an id."""
        policy = self._policy(call)
        if policy is None:
            return error("The policy was not found.", 404)
        if policy.is_protected:
            return error("This item is read-only.", 400)
        for _, item_id in entries:
            if self._state.items.get(item_id, kind) is None and add:
                return error(f"There is no {kind} {item_id}.", 404)
        if self._faults.strike("not_written", call.operation.name):
            return result(None)
        for member, item_id in entries:
            wanted = item_id.strip("{}").lower()
            present = policy.ids(member)
            if add != (wanted in present):
                changed: list[JsonValue] = [one for one in present if one != wanted]
                policy.members[member] = [*changed, wanted] if add else changed
        policy.document = None
        return result(None)

    def _change_filters(self, call: Call, *, add: bool) -> Response:
        entries = []
        for entry in _entries(call, "filters"):
            role = entry.get("filterrole")
            if not isinstance(role, int) or role not in FILTER_LISTS:
                raise BadCallError("FilterRole must be 1, 2 or 3.")
            entries.append((FILTER_LISTS[role], _text(entry, "id")))
        return self._change(call, entries, ItemKind.FILTER, add=add)

    def _change_actions(self, call: Call, *, add: bool) -> Response:
        entries = [
            (
                "ChildApplicationActionIds" if entry.get("ischildaction") is True else "ApplicationActionIds",
                _text(entry, "id"),
            )
            for entry in _entries(call, "actions")
        ]
        return self._change(call, entries, ItemKind.ACTION, add=add)

    def _set_active(self, call: Call) -> Response:
        active = _BOOLEANS.get(call.values["enable"].lower())
        policy = self._policy(call)
        if active is None:
            raise BadCallError("The last part of the address must be true or false.")
        if policy is None:
            return error("The policy was not found.", 404)
        if policy.is_protected:
            return error("This item is read-only.", 400)
        if not self._faults.strike("not_written", call.operation.name):
            policy.members["Enabled"] = active
            policy.document = None
        return result(None)

    def _run_task(self, call: Call) -> Response:
        parameters = _parameters(call)
        if self._faults.strike("task_refused", call.operation.name):
            return error("The task could not be started.", 200)
        day = self._state.clock().strftime("%a %b %d %Y")
        name = call.query.get("instanceName") or f"Interactive run on {day}"
        run = self._state.run_task(call.values["taskId"], name, parameters)
        if run is None:
            return error("The task was not found.", 404)
        return result({"ItemId": run.id, "Name": run.name})

    # -- decisions ---------------------------------------------------------

    def _send_answer(self, call: Call) -> Response:
        schema = self._state.options.approval
        body = call.members()
        response = body.get(schema.response.lower())
        if response not in (schema.approve, schema.deny) or isinstance(response, bool) != isinstance(
            schema.approve, bool
        ):
            raise BadCallError(f"{schema.response} must be {schema.approve} or {schema.deny}.")
        decided = self._state.decide(
            _text(body, schema.approval_id.lower()),
            approved=response == schema.approve,
            duration=_duration(body, schema),
            comment=_text(body, (schema.comment or "").lower()),
            approver=_text(body, (schema.approver or "").lower()),
        )
        if decided is None:
            return error("The approval request was not found.", 404)
        if not decided:
            return error("The approval request was decided before.", 200)
        return result(None)


def _text(members: Mapping[str, JsonValue], name: str) -> str:
    value = members.get(name)
    if value is not None and not isinstance(value, str):
        raise BadCallError(f"{name} must be a text.")
    return value or ""


def _entries(call: Call, name: str) -> list[dict[str, JsonValue]]:
    value = call.members().get(name)
    if not isinstance(value, list) or not value:
        raise BadCallError(f"{name} must be a list.")
    return [_lower(entry) for entry in value]


def _lower(value: JsonValue) -> dict[str, JsonValue]:
    if not isinstance(value, dict):
        raise BadCallError("An entry of the list must be an object.")
    return {name.lower(): member for name, member in value.items()}


def _parameters(call: Call) -> tuple[JsonObject, ...]:
    """Return the parameters of a task or report. Raises BadCallError."""
    value = call.json()
    if not isinstance(value, list):
        raise BadCallError("The body must be a list of parameters.")
    found: list[JsonObject] = []
    for entry in value:
        parameter = _lower(entry)
        wrapped = parameter.get("value")
        if not _text(parameter, "name"):
            raise BadCallError("A parameter has no Name.")
        if isinstance(wrapped, dict) and wrapped.get("type") not in OBJECT_WRAPPERS:
            raise BadCallError("The Value of a parameter has an unknown type.")
        found.append({"Name": parameter["name"], "Value": wrapped})
    return tuple(found)


def _duration(body: Mapping[str, JsonValue], schema: ApprovalSchema) -> timedelta | None:
    value = body.get(schema.duration.lower()) if schema.duration is not None else None
    if value is None:
        return None
    if schema.duration_unit != "timespan":
        if not isinstance(value, int) or isinstance(value, bool) or value <= 0:
            raise BadCallError(f"{schema.duration} must be a positive number.")
        return timedelta(seconds=value * _UNIT_SECONDS[schema.duration_unit])
    days, _, clock = value.rpartition(".") if isinstance(value, str) else ("", "", "")
    try:
        hours, minutes, seconds = (int(part) for part in clock.split(":"))
        return timedelta(days=int(days or 0), hours=hours, minutes=minutes, seconds=seconds)
    except (ValueError, OverflowError) as problem:
        raise BadCallError(f"{schema.duration} must be written as hh:mm:ss.") from problem
