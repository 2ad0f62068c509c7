"""The last four links: Approval Process, ServiceNow server, request item, and who approves."""

from collections.abc import Callable
from dataclasses import replace

from models.kinds import Kind
from services.approval_chain.finding import found
from services.approval_chain.links import (
    ChainLink,
    LinkKind,
    LinkObject,
    LinkState,
    Reading,
    RemedyAct,
    Source,
)
from services.approval_chain.route import Route
from services.common.errors import ConsoleError
from services.common.fault_ids import FaultId
from services.connectivity.report import StageResult, StageState
from services.connectivity.servicenow.stages.approvers import ApproverFindings
from services.connectivity.servicenow.stages.authentication import attempt_sign_in, check_account
from services.connectivity.servicenow.stages.request_item import RequestItemCheck, look_at_approval_flow
from services.servicenow import ServiceNowClient
from services.servicenow.contract import VARIABLES
from services.servicenow.table_api import Row

Report = Callable[[ChainLink], None]


def judge_process(route: Route) -> ChainLink:
    """Return the link of the Approval Process, which this console knows by itself."""
    process, approval_type = route.process, route.type
    here = LinkObject(Kind.APPROVAL_PROCESS, process.id) if process is not None else None
    link = ChainLink(LinkKind.APPROVAL_PROCESS, process.name if process is not None else "", object=here)
    reading = Reading.now(Source.CONSOLE)
    if process is not None:
        by = f"Process Handler of “{approval_type.name}”" if approval_type is not None else "As it is here"
        return link.ok(f"{by}; Privilege Manager does not tell what it uses", reading)
    if approval_type is not None:
        place = LinkObject(Kind.APPROVAL_TYPE, approval_type.id)
        evidence = f"“{approval_type.name}” has no Process Handler"
        return found(link, FaultId.CHAIN_PROCESS_MISSING, evidence, reading, place=place)
    if route.server is not None:
        evidence = f"No Approval Process here uses “{route.server.name}”"
        return found(
            link,
            FaultId.CHAIN_PROCESS_MISSING,
            evidence,
            reading,
            remedy="Create an Approval Process on this server.",
            act=RemedyAct.CREATE_PROCESS,
        )
    return link.missing("No Approval Type leads to an Approval Process")


def outline_server(route: Route) -> ChainLink:
    """Return the link of the server before anything was asked."""
    server = route.server
    here = LinkObject(Kind.FOREIGN_SYSTEM, server.id) if server is not None else None
    return ChainLink(LinkKind.SERVER, server.name if server is not None else "", object=here)


def outline_item(route: Route) -> ChainLink:
    """Return the link of the request item before anything was asked; it opens its Approval Process."""
    process = route.process
    here = LinkObject(Kind.APPROVAL_PROCESS, process.id) if process is not None else None
    return ChainLink(
        LinkKind.REQUEST_ITEM, process.request_item_name if process is not None else "", object=here
    )


def outline_approver() -> ChainLink:
    """Return the link of the approver before anything was asked."""
    return ChainLink(LinkKind.APPROVER)


def links_without_server(route: Route) -> tuple[ChainLink, ChainLink, ChainLink]:
    """Return the links where the chain has no server."""
    link, process = outline_server(route), route.process
    if process is None:
        server = link.missing("No Approval Process leads to a server")
    else:
        server = found(
            link,
            FaultId.CHAIN_SERVER_MISSING,
            f"“{process.name}” names no ServiceNow Server",
            Reading.now(Source.CONSOLE),
            place=LinkObject(Kind.APPROVAL_PROCESS, process.id),
        )
    seen = "There is no server to ask"
    if process is None:
        return server, outline_item(route).missing(seen), outline_approver().missing(seen)
    return (
        server,
        found(outline_item(route), FaultId.CHAIN_REQUEST_ITEM_UNKNOWN, seen, act=RemedyAct.NONE),
        found(outline_approver(), FaultId.CHAIN_APPROVERS_UNKNOWN, seen, act=RemedyAct.NONE),
    )


async def check_instance(
    instance: ServiceNowClient, route: Route, report: Report
) -> tuple[ChainLink, ChainLink, ChainLink]:
    """Sign in once, then look at the item and at its approvers. Reports each link as soon as it is known."""
    server = await _check_server(instance, route)
    report(server)
    if not _accepted(server):
        seen = "The server cannot be asked"
        return (
            server,
            found(outline_item(route), FaultId.CHAIN_REQUEST_ITEM_UNKNOWN, seen, act=RemedyAct.NONE),
            found(outline_approver(), FaultId.CHAIN_APPROVERS_UNKNOWN, seen, act=RemedyAct.NONE),
        )
    if route.process is None:
        seen = "No Approval Process names an item"
        return server, outline_item(route).missing(seen), outline_approver().missing(seen)
    check = RequestItemCheck(instance, route.process)
    item = await _check_item(check, route)
    report(item)
    return server, item, await _check_approver(instance, check.row, item)


def _accepted(server: ChainLink) -> bool:
    """Whether the instance let the account in, so that more can be asked."""
    return server.state is LinkState.OK


async def _check_server(instance: ServiceNowClient, route: Route) -> ChainLink:
    link = outline_server(route)
    try:
        signed = await attempt_sign_in(instance)
    except ConsoleError as error:
        limited = error.problem.fault is FaultId.RATE_LIMITED
        state = LinkState.UNKNOWN if limited else LinkState.BROKEN
        return link.failed(error.problem, state)
    reading = Reading.now(Source.SERVICENOW)
    account = check_account(signed, None)
    if isinstance(account, StageResult) and account.state is StageState.FAILED:
        return link.judged(account, RemedyAct.CHECK_CONNECTION, reading)
    return link.ok(signed.result.evidence, reading)


async def _check_item(check: RequestItemCheck, route: Route) -> ChainLink:
    link = outline_item(route)
    try:
        seen = await check.look()
    except ConsoleError as error:
        return link.failed(error.problem, LinkState.UNKNOWN)
    reading = Reading.now(Source.SERVICENOW)
    if check.row is not None:
        link = replace(link, name=check.row["name"] or link.name)
    if isinstance(seen, StageResult):
        if seen.fault != FaultId.REQUEST_ITEM_VARIABLES or route.server is None:
            return link.judged(seen, RemedyAct.OPEN_OBJECT, reading)
        # The items are put right by server, not on the page of the process.
        judged = link.judged(seen, RemedyAct.PROVISION, reading)
        return replace(judged, place=LinkObject(Kind.FOREIGN_SYSTEM, route.server.id))
    return link.ok(seen, reading, count=len(VARIABLES))


async def _check_approver(instance: ServiceNowClient, row: Row | None, item: ChainLink) -> ChainLink:
    link = outline_approver()
    if row is None:
        evidence = f"The request item is not known: {item.evidence}"
        return found(link, FaultId.CHAIN_APPROVERS_UNKNOWN, evidence, act=RemedyAct.NONE)
    try:
        seen, approvers = await look_at_approval_flow(instance, row)
    except ConsoleError as error:
        return link.failed(error.problem, LinkState.UNKNOWN)
    reading = Reading.now(Source.SERVICENOW)
    link = replace(link, name=_name_approvers(approvers), object=item.object)
    if isinstance(seen, StageResult):
        return link.judged(seen, RemedyAct.NONE, reading)
    able = len(approvers.able_to_act)
    if not able:
        return found(link, FaultId.CHAIN_APPROVERS_UNKNOWN, seen, reading, act=RemedyAct.NONE)
    return link.ok(seen, reading, count=able)


def _name_approvers(approvers: ApproverFindings) -> str:
    if approvers.group:
        return approvers.group
    people = approvers.people or []
    return ", ".join(person.name for person in people[:2]) + (" …" if len(people) > 2 else "")
