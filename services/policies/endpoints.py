"""Endpoints: runs the targeting update task, and reads from reports which computers have which policy.

Which task and which report that is on a server, is not public. The ids are kept in the store for each server and its address, once
they are found in a list that the server offers or entered by a person.
"""

import asyncio
import json
import re
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from models.base import TEXT_MAX, utcnow
from models.kinds import Kind, TaskState
from models.privilege_manager_server import PrivilegeManagerServer
from models.store_meta import StoreMeta
from models.task_names import ENDPOINTS_TASK
from models.task_run import TaskRun
from models.text_folding import fold_text
from services.common.errors import ConsoleError, Problem
from services.common.json_types import JsonLike, JsonValue
from services.common.threads import run_to_completion
from services.language import tr_message
from services.policies.problems import task_unknown_error
from services.privilege_manager import Operation, PrivilegeManagerClient
from services.privilege_manager.api_items import read_filter, read_id
from services.privilege_manager.api_replies import parse_list
from services.privilege_manager.reports import ITEM_ID_COLUMN, Report
from services.store import NotFoundError, Store

TARGETING_TASK = "Resource and Collection Targeting Update"
"""The product's name of the task."""
AGENT_INSTALLATIONS = "85fedb4c-5110-4291-8de9-907294ab10bb"
"""The built-in report of the computers with an agent; its id is the same on every server."""
POLICY_COLUMNS = ("_PolicyId", "PolicyId", "Policy Id", "Policy Name", "Policy")
COMPUTER_COLUMNS = ("Computer Name", "Computer", "Agent Name", "Agent", "Name")
TIME_COLUMNS = ("Updated", "Last Updated", "Time", "Date")
"""Names of columns that are looked for, the best first. No title decides: titles are translated."""
_TASK_LIST = re.compile(r"/api/v\d+/tasks/getall", re.IGNORECASE)
_META_KEY = "policy_settings:{server}"


@dataclass(frozen=True, slots=True)
class EndpointSettings:
    """Ids of one server; empty where they are not known."""

    task_id: str = ""
    report_id: str = ""


def load_endpoint_settings(store: Store, server_id: uuid.UUID) -> EndpointSettings:
    """Return what is kept for a server at its present address; blocks."""
    with store.read() as session:
        found = session.get(StoreMeta, _META_KEY.format(server=server_id))
        server = session.get(PrivilegeManagerServer, server_id)
    known = json.loads(found.value) if found is not None else {}
    if server is None or known.get("address") != server.base_url:
        return EndpointSettings()
    return EndpointSettings(known.get("task", ""), known.get("report", ""))


def save_endpoint_settings(store: Store, server: PrivilegeManagerServer, settings: EndpointSettings) -> None:
    """Keep the ids for a server, with an audit entry; blocks. Raises NotFoundError where it was deleted."""
    value = json.dumps({"address": server.base_url, "task": settings.task_id, "report": settings.report_id})
    with store.write("Endpoints of a Privilege Manager server") as work:
        if work.session.get(PrivilegeManagerServer, server.id) is None:
            raise NotFoundError(f"the server “{server.name}”")
        work.session.merge(StoreMeta(key=_META_KEY.format(server=server.id), value=value))
        work.event(
            "set endpoint items",
            kind=Kind.PRIVILEGE_MANAGER_SERVER.value,
            object_id=server.id,
            name=server.name,
            detail=f"task {settings.task_id or 'unknown'}, report {settings.report_id or 'unknown'}",
        )


@dataclass(frozen=True, slots=True)
class EndpointUpdate:
    """A targeting update that was started. The server runs it; how far it is, the API does not tell."""

    task_id: str
    instance_name: str
    found_by: str
    """`setting` or `name`."""
    result: JsonValue

    def as_dict(self) -> dict[str, JsonLike]:
        """Return it for JSON."""
        return {
            "task": self.task_id,
            "instance_name": self.instance_name,
            "found_by": self.found_by,
            "result": self.result,
        }


@dataclass(frozen=True, slots=True)
class ReportFinding:
    """What a report told, or why it told nothing."""

    report_id: str
    rows: int = 0
    missing_columns: tuple[str, ...] = ()
    """For each column that is not there: the names that were looked for."""
    columns: tuple[str, ...] = ()
    """The columns that are there, where one is missing."""
    problem: Problem | None = None

    @property
    def ok(self) -> bool:
        """Whether it told what was asked."""
        return self.problem is None and not self.missing_columns

    def as_dict(self) -> dict[str, JsonLike]:
        """Return it for JSON."""
        return {
            "report": self.report_id,
            "rows": self.rows,
            "missing_columns": list(self.missing_columns),
            "columns": list(self.columns),
            "problem": self.problem.as_dict() if self.problem is not None else None,
        }


@dataclass(frozen=True, slots=True)
class PolicyComputer:
    """A computer that has a policy, as a report tells. `updated` is the server's text."""

    policy: str
    computer: str
    updated: str = ""


@dataclass(frozen=True, slots=True)
class EndpointStatus:
    """What the server tells about endpoints. None: it does not tell."""

    agents: int | None
    agent_report: ReportFinding
    policy_report: ReportFinding | None
    computers: tuple[PolicyComputer, ...] | None
    not_told: tuple[str, ...]
    """Sentences, to be translated: what the server does not tell, and what can be done."""

    @property
    def ok(self) -> bool:
        """Whether all of it could be read."""
        return not self.not_told

    def as_dict(self) -> dict[str, JsonLike]:
        """Return it for JSON."""
        return {
            "agents": self.agents,
            "agent_report": self.agent_report.as_dict(),
            "policy_report": self.policy_report.as_dict() if self.policy_report is not None else None,
            "computers": [
                {"policy": one.policy, "computer": one.computer, "updated": one.updated}
                for one in self.computers
            ]
            if self.computers is not None
            else None,
            "not_told": list(self.not_told),
        }


@dataclass(frozen=True, slots=True)
class Endpoints:
    """The endpoints of one server."""

    store: Store
    server: PrivilegeManagerServer
    client: PrivilegeManagerClient

    async def update(self, task_id: str = "") -> EndpointUpdate:
        """Start the targeting update, and keep that as a task run. A `task_id` that the server takes is kept for it.

        Raises `policy-targeting-task-unknown` where neither a setting nor the server names the task.
        """
        run = TaskRun(
            task=ENDPOINTS_TASK,
            object_kind=Kind.PRIVILEGE_MANAGER_SERVER.value,
            object_id=self.server.id,
            object_name=self.server.name,
            started_by=self.store.actor,
        )
        try:
            update = await self._start(task_id)
        except ConsoleError as error:
            cause = str(error)
            await run_to_completion(lambda: _keep_run(self.store, run, TaskState.FAILED, cause))
            raise
        await run_to_completion(lambda: _keep_run(self.store, run, TaskState.SUCCEEDED, update.instance_name))
        return update

    async def _start(self, task_id: str) -> EndpointUpdate:
        settings = await asyncio.to_thread(load_endpoint_settings, self.store, self.server.id)
        wanted, found_by = read_id(task_id) or task_id or settings.task_id, "setting"
        if not wanted:
            wanted, found_by = await self._find_task(), "name"
        name = f"{TARGETING_TASK} ({self.store.actor})"
        result = await self.client.run_task(wanted, (), name)
        if wanted != settings.task_id:
            stored = EndpointSettings(wanted, settings.report_id)
            await run_to_completion(lambda: save_endpoint_settings(self.store, self.server, stored))
        return EndpointUpdate(wanted, name, found_by, result)

    async def _find_task(self) -> str:
        """Return the id of the task by its name in the server's list of tasks."""
        api = await self.client.operations()
        path = next((one for one in api.unknown_paths if _TASK_LIST.fullmatch(one)), None)
        if path is None:
            raise task_unknown_error(
                "No id is kept for the server, and its Swagger document has no list of tasks."
            )
        tried = "List the tasks"
        response = await self.client.get(f"services{path}", tried)
        listed = await asyncio.to_thread(parse_list, response, tried, read_filter)
        found = [one.item_id for one in listed if fold_text(one.name or "") == fold_text(TARGETING_TASK)]
        if len(found) != 1:
            raise task_unknown_error(
                f"The server's list of {len(listed)} tasks has {len(found)} of this name."
            )
        return found[0]

    async def status(self, policies: Mapping[str, str] | None = None, report_id: str = "") -> EndpointStatus:
        """Return what reports tell. A `report_id` that gives a report is kept for the server.

        `policies` are the policies to tell of, name by GUID; None: all. Raises ConsoleError only where no report
        can be run at all.
        """
        (await self.client.operations()).require(Operation.RUN_REPORT, "Read the status of endpoints")
        settings = await asyncio.to_thread(load_endpoint_settings, self.store, self.server.id)
        not_told: list[str] = []
        agents, agent_finding = await self._agents(not_told)
        wanted = read_id(report_id) or report_id or settings.report_id
        if not wanted:
            not_told.append(
                tr_message(
                    "Which report tells which computers have a policy is not public. Enter the id of such a report once."
                )
            )
            return EndpointStatus(agents, agent_finding, None, None, tuple(not_told))
        finding, computers = await self._policy_computers(wanted, policies, not_told)
        if finding.problem is None and wanted != settings.report_id:
            stored = EndpointSettings(settings.task_id, wanted)
            await run_to_completion(lambda: save_endpoint_settings(self.store, self.server, stored))
        return EndpointStatus(agents, agent_finding, finding, computers, tuple(not_told))

    async def _agents(self, not_told: list[str]) -> tuple[int | None, ReportFinding]:
        report, finding = await self._run(AGENT_INSTALLATIONS)
        if report is None:
            not_told.append(tr_message("The report Agent Installations could not be read."))
            return None, finding
        ids = report.values(ITEM_ID_COLUMN)
        rows = report.rows if ids is None else tuple(dict.fromkeys(str(one) for one in ids))
        return len(rows), finding

    async def _policy_computers(
        self, report_id: str, policies: Mapping[str, str] | None, not_told: list[str]
    ) -> tuple[ReportFinding, tuple[PolicyComputer, ...] | None]:
        report, finding = await self._run(report_id)
        if report is None:
            not_told.append(tr_message("The report of computers by policy could not be read."))
            return finding, None
        policy, computer = _first(report, POLICY_COLUMNS), _first(report, COMPUTER_COLUMNS)
        missing = [
            " / ".join(names)
            for found, names in ((policy, POLICY_COLUMNS), (computer, COMPUTER_COLUMNS))
            if found is None
        ]
        if policy is None or computer is None:
            text = tr_message("The report has no column {columns}.", columns="; ".join(missing))
            not_told.append(text)
            there = tuple(column.name for column in report.columns)
            return ReportFinding(report_id, len(report.rows), tuple(missing), there), None
        time = _first(report, TIME_COLUMNS)
        if time is None:
            not_told.append(tr_message("The report does not tell when a computer was updated."))
        names = _first(report, POLICY_COLUMNS[3:])
        found = []
        for row in report.rows:
            told, shown = _text(row[policy]), _text(row[names]) if names is not None else ""
            name = _wanted_policy(told, shown, policies)
            if name is not None:
                updated = _text(row[time]) if time is not None else ""
                found.append(PolicyComputer(name, _text(row[computer]), updated))
        return finding, tuple(found)

    async def _run(self, report_id: str) -> tuple[Report | None, ReportFinding]:
        try:
            report = await self.client.run_report(report_id)
        except ConsoleError as error:
            return None, ReportFinding(report_id, problem=error.problem)
        return report, ReportFinding(report_id, len(report.rows))


def _keep_run(store: Store, run: TaskRun, state: TaskState, outcome: str) -> None:
    run.state, run.outcome, run.ended_at = state, outcome[:TEXT_MAX], utcnow()
    with store.write() as work:
        work.session.add(run)


def _wanted_policy(told: str, shown: str, policies: Mapping[str, str] | None) -> str | None:
    """Return the name of the policy that a row is about, or None where it is not asked for."""
    item_id = read_id(told)
    if policies is None:
        return shown or told
    if item_id is not None:
        return policies.get(item_id)
    wanted = {fold_text(name): name for name in policies.values()}
    return wanted.get(fold_text(told))


def _first(report: Report, names: Iterable[str]) -> int | None:
    positions = (report.index(name) for name in names)
    return next((one for one in positions if one is not None), None)


def _text(value: JsonValue) -> str:
    return "" if value is None else str(value)
