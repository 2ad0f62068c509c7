"""Checks a chain of seven links, from the policy on endpoints to the approver in ServiceNow. Reads only."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace

from models.kinds import Kind
from models.privilege_manager_server import PrivilegeManagerServer
from services.approval_chain import privilege_manager_links as pm_links
from services.approval_chain import servicenow_links as sn_links
from services.approval_chain.links import (
    ChainLink,
    ChainReport,
    LinkKind,
    LinkObject,
    LinkState,
    OtherPolicy,
    RemedyAct,
    RequestsOfPolicy,
)
from services.approval_chain.other_policies import find_others
from services.approval_chain.privilege_manager_links import PrivilegeManagerLinks
from services.approval_chain.route import ChainStart, Route, StoredObjects
from services.approval_chain.server_facts import ServerFacts, read_server
from services.approval_chain.stored_requests import count_recent, read_requests
from services.common.errors import ConsoleError, Problem
from services.common.fault_ids import FaultId
from services.common.tasks import gather_or_cancel
from services.privilege_manager.faults import make_problem as pm_problem
from services.servicenow.faults import make_problem as sn_problem
from services.transport.http_channel import started_call_paths
from services.workspace import Workspace

SIDE_TIMEOUT_S = 60.0
"""How long either server may take for all its answers."""
ReportCallback = Callable[[ChainReport], None]


def outline_chain(workspace: Workspace, start: ChainStart) -> ChainReport:
    """Return the links of a chain with their names from the store, all unknown; blocks. Raises NotFoundError."""
    return _outline(StoredObjects.read(workspace.configuration).route(start))


async def check_chain(
    workspace: Workspace, start: ChainStart, report: ReportCallback | None = None
) -> ChainReport:
    """Check every link, also behind a broken one; both servers are asked side by side.

    `report` gets the chain whenever links became known. Raises NotFoundError where `start` is not there.
    """
    objects = await asyncio.to_thread(StoredObjects.read, workspace.configuration)
    calls: list[str] = []
    noted = started_call_paths.set(calls)
    try:
        return await _Check(workspace, objects, objects.route(start), calls, report).run()
    finally:
        started_call_paths.reset(noted)


class _Check:
    """One check: its route, the links that are known, and who is told."""

    def __init__(
        self,
        workspace: Workspace,
        objects: StoredObjects,
        route: Route,
        calls: list[str],
        report: ReportCallback | None,
    ) -> None:
        self._workspace = workspace
        self._objects = objects
        self._route = route
        self._calls = calls
        self._report = report
        self._outline = _outline(route)
        self._known: dict[LinkKind, ChainLink] = {}
        self._started = time.perf_counter()

    async def run(self) -> ChainReport:
        """Look at everything and return the report."""
        self._tell(self._current())
        if self._route.process is None and self._route.server is None:
            # What the server's policy leads to is known only when that was read.
            found, facts = await self._check_privilege_manager()
            await self._check_servicenow()
        else:
            (found, facts), _ = await gather_or_cancel(
                self._check_privilege_manager(), self._check_servicenow()
            )
        others, requests = await asyncio.to_thread(self._read_stored, found, facts)
        report = replace(self._current(), others=others, requests=requests)
        self._tell(report)
        return report

    def _note(self, *links: ChainLink) -> None:
        for link in links:
            self._known[link.kind] = link
        self._tell(self._current())

    def _tell(self, report: ChainReport) -> None:
        if self._report is not None:
            self._report(report)

    def _current(self) -> ChainReport:
        links = tuple(self._known.get(link.kind, link) for link in self._outline.links)
        name = next((link.name for link in links if link.name), "")
        ms = (time.perf_counter() - self._started) * 1000
        return ChainReport(name, links, ms=ms, calls=len(self._calls))

    # -- Privilege Manager ----------------------------------------------------

    async def _check_privilege_manager(self) -> tuple[PrivilegeManagerLinks, ServerFacts | None]:
        server = self._route.privilege_manager
        facts: ServerFacts | None = None
        if server is None:
            found = pm_links.unseen_links(self._route)
        else:
            found, facts = await self._ask(server)
        self._route = found.route
        self._outline = _outline(found.route)
        place = LinkObject(Kind.PRIVILEGE_MANAGER_SERVER, server.id) if server is not None else None
        self._note(
            *(
                replace(link, place=place) if link.act is RemedyAct.CHECK_CONNECTION else link
                for link in (found.policy, found.action, found.approval_type)
            )
        )
        return found, facts

    async def _ask(self, server: PrivilegeManagerServer) -> tuple[PrivilegeManagerLinks, ServerFacts]:
        try:
            client = await self._workspace.privilege_manager(server.id)
            async with asyncio.timeout(SIDE_TIMEOUT_S):
                facts = await read_server(client, self._route)
                return await pm_links.check_links(client, facts, self._objects, self._route), facts
        except TimeoutError:
            late = f"waited for {SIDE_TIMEOUT_S:g} s"
            problem = pm_problem(FaultId.TIMEOUT, f"Ask “{server.name}”", late)
        except ConsoleError as error:
            problem = error.problem
        facts = ServerFacts(problem=problem)
        return pm_links.unreadable_links(facts, self._route), facts

    # -- ServiceNow -----------------------------------------------------------

    async def _check_servicenow(self) -> None:
        route = self._route
        self._note(sn_links.judge_process(route))
        if route.server is None:
            self._note(*sn_links.links_without_server(route))
            return
        try:
            instance = await self._workspace.instance(route.server.id)
            async with asyncio.timeout(SIDE_TIMEOUT_S):
                self._note(*await sn_links.check_instance(instance, route, self._note))
        except TimeoutError:
            late = f"waited for {SIDE_TIMEOUT_S:g} s"
            self._note_unanswered(sn_problem(FaultId.TIMEOUT, f"Ask “{route.server.name}”", late))
        except ConsoleError as error:
            self._note_unanswered(error.problem)

    def _note_unanswered(self, problem: Problem) -> None:
        """Note the links that were not seen when the instance stopped answering."""
        route = self._route
        if LinkKind.SERVER not in self._known:
            self._note(sn_links.outline_server(route).failed(problem, LinkState.BROKEN))
        for link in (sn_links.outline_item(route), sn_links.outline_approver()):
            if link.kind not in self._known:
                self._note(link.failed(problem, LinkState.UNKNOWN))

    # -- what the store tells ---------------------------------------------------

    def _read_stored(
        self, found: PrivilegeManagerLinks, facts: ServerFacts | None
    ) -> tuple[tuple[OtherPolicy, ...], RequestsOfPolicy | None]:
        store = self._workspace.store
        links = self._current().links
        others = find_others(self._objects, found, facts, links)
        counts = count_recent(store, [other.name for other in others])
        policy = links[0]
        return (
            tuple(replace(other, requests=counts.get(other.name, 0)) for other in others),
            read_requests(store, policy.name) if policy.name and not policy.absent else None,
        )


def _outline(route: Route) -> ChainReport:
    """Return the links with their names, before anything was asked."""
    process = sn_links.judge_process(route)
    links = (
        pm_links.outline_policy(route),
        pm_links.outline_action(route),
        pm_links.outline_type(route),
        ChainLink(process.kind, process.name, object=process.object),
        sn_links.outline_server(route),
        sn_links.outline_item(route),
        sn_links.outline_approver(),
    )
    return ChainReport(route.name, links)
