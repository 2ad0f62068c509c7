"""`requests show`, `approve`, `reject`, `cancel` and `remind`: one request or several, by whatever they are called."""

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Annotated

import typer

from console.cli import output
from console.cli.arguments import DecideAs, Json
from console.cli.command_context import get_command_context
from console.cli.errors import call_error
from console.cli.unproven_user import tell_unproven_user
from models.approval_request import ApprovalRequest
from models.foreign_system import ForeignSystem
from models.user_credential import UserCredential
from services.common.errors import InputError
from services.common.fault_ids import FaultId
from services.language import date_time, tr
from services.requests.decisions.action_run import ActionResult
from services.requests.decisions.batch import ResultCallback
from services.requests.decisions.cancel import cancel_requests
from services.requests.decisions.decide import decide_requests
from services.requests.decisions.remind import remind_approvers
from services.requests.details.labels import state_label
from services.requests.details.loader import load_details
from services.requests.details.model import RequestDetails
from services.requests.domain.permissions import Decision
from services.requests.inbox.lookup import find_request
from services.requests.lifecycle.apply_observation import load_request
from services.requests.records.request_action import RequestAction
from services.servicenow import ServiceNowClient
from services.workspace import Workspace

Ids = Annotated[list[str], typer.Argument(metavar="ID…", help="Id, PMApprovalId, number or PMRequestId.")]
Id = Annotated[str, typer.Argument(metavar="ID", help="Id, PMApprovalId, number or PMRequestId.")]
Comment = Annotated[str, typer.Option(help="Comment for the requester.")]
Reminder = Annotated[str, typer.Option("--comment", help="What those who are asked are told.")]

NOT_DONE_FAULTS = frozenset(
    {FaultId.REQUEST_NOT_OPEN, FaultId.REQUEST_BUSY, FaultId.REMINDED_ALREADY, FaultId.DECISION_NOT_TAKEN}
)
"""Looked at as asked, and found not to be as wished: the exit status says so."""
INPUT_FAULTS = frozenset({FaultId.OBJECT_MISSING, FaultId.CANCEL_UNCONFIRMED, FaultId.REQUEST_NEVER_RAISED})


def show(context: typer.Context, request: Id, json: Json = False) -> None:
    """Show all about a request: timeline, both systems' states, who can act, what to tell the caller."""

    async def work(workspace: Workspace) -> int:
        key = await asyncio.to_thread(find_request, workspace.store, request)
        found = await load_details(workspace, key)
        if json:
            output.print_json(found.as_dict())
        else:
            _print_details(found)
        if found.problem is not None:
            output.print_message(found.problem.as_text())
        return output.EXIT_OK

    get_command_context(context).run(work, json_too=json)


def approve(
    context: typer.Context, requests: Ids, comment: Comment = "", decide_as: DecideAs = "", json: Json = False
) -> None:
    """Approve requests that are still open; 1 where one was not."""
    _run_decision(context, "approve", requests, comment, decide_as, json_too=json)


def reject(
    context: typer.Context, requests: Ids, comment: Comment = "", decide_as: DecideAs = "", json: Json = False
) -> None:
    """Reject requests that are still open; 1 where one was not."""
    _run_decision(context, "reject", requests, comment, decide_as, json_too=json)


def _run_decision(
    context: typer.Context,
    decision: Decision,
    requests: Sequence[str],
    comment: str,
    decide_as: str,
    *,
    json_too: bool,
) -> None:
    async def deed(workspace: Workspace, keys: list[uuid.UUID], told: ResultCallback) -> list[ActionResult]:
        async with _decider_instance(workspace, keys, decide_as) as decider:
            return await decide_requests(workspace, keys, decision, comment, decider, on_result=told)

    _run_action(context, requests, deed, json_too=json_too)


def cancel(
    context: typer.Context,
    requests: Ids,
    comment: Comment = "",
    confirm: Annotated[
        bool, typer.Option("--confirm", help="Cancel also what Privilege Manager raised and waits for.")
    ] = False,
    json: Json = False,
) -> None:
    """Cancel requests that are still open; 1 where one was not."""

    async def deed(workspace: Workspace, keys: list[uuid.UUID], told: ResultCallback) -> list[ActionResult]:
        return await cancel_requests(workspace, keys, comment, confirmed=confirm, on_result=told)

    _run_action(context, requests, deed, json_too=json)


def remind(context: typer.Context, requests: Ids, comment: Reminder = "", json: Json = False) -> None:
    """Write to those who are asked about requests that are still open; within 15 minutes once only."""

    async def deed(workspace: Workspace, keys: list[uuid.UUID], told: ResultCallback) -> list[ActionResult]:
        return await remind_approvers(workspace, keys, comment, on_result=told)

    _run_action(context, requests, deed, json_too=json)


def _run_action(
    context: typer.Context,
    requests: Sequence[str],
    deed: Callable[[Workspace, list[uuid.UUID], ResultCallback], Awaitable[list[ActionResult]]],
    *,
    json_too: bool,
) -> None:
    async def work(workspace: Workspace) -> int:
        # All of them are found before anything is changed.
        keys = [await asyncio.to_thread(find_request, workspace.store, text) for text in requests]
        outcomes = await deed(workspace, keys, _print_problem)
        if json_too:
            output.print_json({"outcomes": [_outcome_as_dict(outcome) for outcome in outcomes]})
        else:
            for outcome in outcomes:
                if outcome.ok:
                    output.print_result(f"{outcome.label}\t{outcome.message}")
        return exit_status_of(outcomes)

    get_command_context(context).run(work, json_too=json_too)


def exit_status_of(outcomes: Sequence[ActionResult]) -> int:
    """Return the exit status: of several that failed in different ways the one that says that something was looked at."""
    failed = [outcome.problem.fault for outcome in outcomes if not outcome.ok and outcome.problem]
    if not failed:
        late = any(outcome.problem and outcome.problem.fault in NOT_DONE_FAULTS for outcome in outcomes)
        return output.EXIT_NOT_OK if late else output.EXIT_OK
    if len(failed) < len(outcomes) or any(fault in NOT_DONE_FAULTS for fault in failed):
        return output.EXIT_NOT_OK
    return output.EXIT_INPUT_ERROR if all(fault in INPUT_FAULTS for fault in failed) else output.EXIT_FAILURE


def _print_problem(outcome: ActionResult) -> None:
    """Say at once what went wrong; what went well is the result."""
    if outcome.problem is not None:
        output.print_message(outcome.problem.as_text())


def _outcome_as_dict(outcome: ActionResult) -> dict[str, object]:
    return {
        "id": str(outcome.id),
        "label": outcome.label,
        "ok": outcome.ok,
        "seen": outcome.message,
        **(outcome.action or RequestAction("", "")).as_dict(),
        "problem": outcome.problem.as_dict() if outcome.problem else None,
    }


@asynccontextmanager
async def _decider_instance(
    workspace: Workspace, keys: list[uuid.UUID], name: str
) -> AsyncIterator[ServiceNowClient | None]:
    """Give the instance signed in as another credential; it is for the one server that all requests are on."""
    if not name:
        yield None
        return
    server, credential = await asyncio.to_thread(_load_decider, workspace, keys, name)
    async with contextlib.aclosing(await workspace.instance_as(server, credential)) as made:
        tell_unproven_user(made, credential)
        yield made


def _load_decider(
    workspace: Workspace, keys: list[uuid.UUID], name: str
) -> tuple[ForeignSystem, UserCredential]:
    rows: list[ApprovalRequest] = [load_request(workspace.store, key) for key in keys]
    servers = {row.server_id for row in rows}
    if len(servers) != 1 or None in servers:
        raise _several_servers_error(name)
    server = workspace.configuration.get(ForeignSystem, servers.pop() or uuid.UUID(int=0))
    return server, workspace.configuration.named(UserCredential, name)


def _several_servers_error(name: str) -> InputError:
    return call_error(
        f"Decide as “{name}”",
        "The requests are not on one server.",
        "Decide the requests of each server by themselves.",
        "A User Credential signs in to one server.",
    )


def _print_details(found: RequestDetails) -> None:
    row = found.row
    _print_indented(f"{row.number or row.id}  {state_label(row.state)}  {row.policy_name}".rstrip())
    for name, value in (
        ("User", row.initiator_name or row.initiator_id),
        ("Computer", row.agent_name or row.agent_id),
        ("File", row.file_path),
        ("Reason", row.reason),
        ("Process", row.process_name),
        ("Link", found.link),
    ):
        if value:
            _print_indented(f"  {name:9} {value}")
    output.print_result("States")
    for side in (found.here, found.there):
        seen = tr(", seen {time}", time=date_time(side.at, seconds=True)) if side.at else ""
        _print_indented(f"  {side.system}: {side.state}{seen}{f'. {side.detail}' if side.detail else ''}")
    _print_indented(f"  {'Mismatch: ' if found.mismatch else ''}{found.sentence}")
    if found.why_stuck and found.why_stuck != found.sentence:
        _print_indented(f"  {found.why_stuck}")
    if found.who_can_act:
        output.print_result("Who can act")
    for person in found.who_can_act:
        via = f", through {person.via}" if person.via else ""
        _print_indented(
            f"  {person.name}{f' ({person.user_name})' if person.user_name else ''}{via}{f'. {person.absent}' if person.absent else ''}"
        )
    output.print_result("Timeline")
    for line in found.timeline:
        more = f": {line.detail}" if line.detail else ""
        _print_indented(f"  {date_time(line.at, seconds=True)}  {line.title}{more}")
    output.print_result("Answer for the caller")
    _print_indented(f"  {found.answer_for_caller}")
    for text in found.unseen:
        output.print_message(text)


def _print_indented(text: str) -> None:
    """Write a line; further lines of what people wrote stay under it, so that none of them passes for one of ours."""
    output.print_result(text.replace("\n", "\n      "))
