"""`requests show`, `approve`, `reject`, `cancel` and `remind`: one request or several, by whatever they are called."""

import asyncio
import contextlib
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Annotated, Any

import typer

from console.cli import output
from console.cli.context import of
from models.approval_request import ApprovalRequest
from models.foreign_system import ForeignSystem
from models.kinds import Kind
from models.user_credential import UserCredential
from services.errors import InputError, Owner, Problem
from services.language import date_time, tr
from services.requests import acting
from services.requests.acting import Outcome, Told
from services.requests.deeds import Deed
from services.requests.details import Details, details, state_word
from services.requests.learning import stored_request
from services.requests.lookup import find_request
from services.servicenow import ConnectionSettings, Instance, SignIn
from services.workspace import Workspace

Ids = Annotated[list[str], typer.Argument(metavar="ID…", help="Id, PMApprovalId, number or PMRequestId.")]
Id = Annotated[str, typer.Argument(metavar="ID", help="Id, PMApprovalId, number or PMRequestId.")]
Comment = Annotated[str, typer.Option(help="Comment for the requester.")]
DecideAs = Annotated[str, typer.Option(help="User Credential that decides; else the server's own account.")]
Reminder = Annotated[str, typer.Option("--comment", help="What those who are asked are told.")]
Json = Annotated[bool, typer.Option("--json", help="Write one JSON document to standard output.")]

DONE_FAULTS = frozenset({"request-not-open", "request-busy", "reminded-already", "decision-not-taken"})
"""Looked at as asked, and found not to be as wished: the exit status says so."""
INPUT_FAULTS = frozenset({"object-missing", "cancel-unconfirmed", "request-never-raised"})


def show(context: typer.Context, request: Id, json: Json = False) -> None:
    """Show all about a request: timeline, both systems' states, who can act, what to tell the caller."""

    async def work(workspace: Workspace) -> int:
        key = await asyncio.to_thread(find_request, workspace.store, request)
        found = await details(workspace, key)
        if json:
            output.as_json(found.as_dict())
        else:
            _write(found)
        if found.problem is not None:
            output.say(found.problem.as_text())
        return output.GOOD

    of(context).run(work, json_too=json)


def approve(
    context: typer.Context, requests: Ids, comment: Comment = "", decide_as: DecideAs = "", json: Json = False
) -> None:
    """Approve requests that are still open; 1 where one was not."""
    _decide(context, "approve", requests, comment, decide_as, json_too=json)


def reject(
    context: typer.Context, requests: Ids, comment: Comment = "", decide_as: DecideAs = "", json: Json = False
) -> None:
    """Reject requests that are still open; 1 where one was not."""
    _decide(context, "reject", requests, comment, decide_as, json_too=json)


def _decide(
    context: typer.Context,
    decision: acting.Decision,
    requests: Sequence[str],
    comment: str,
    decide_as: str,
    *,
    json_too: bool,
) -> None:
    async def deed(workspace: Workspace, keys: list[uuid.UUID], told: Told) -> list[Outcome]:
        async with _decider(workspace, keys, decide_as) as decider:
            return await acting.decide(workspace, keys, decision, comment, decider, told=told)

    _act(context, requests, deed, json_too=json_too)


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

    async def deed(workspace: Workspace, keys: list[uuid.UUID], told: Told) -> list[Outcome]:
        return await acting.cancel(workspace, keys, comment, confirmed=confirm, told=told)

    _act(context, requests, deed, json_too=json)


def remind(context: typer.Context, requests: Ids, comment: Reminder = "", json: Json = False) -> None:
    """Write to those who are asked about requests that are still open; within 15 minutes once only."""

    async def deed(workspace: Workspace, keys: list[uuid.UUID], told: Told) -> list[Outcome]:
        return await acting.remind(workspace, keys, comment, told=told)

    _act(context, requests, deed, json_too=json)


def register(app: typer.Typer) -> None:
    """Add the commands to the group `requests`."""
    for command in (show, approve, reject, cancel, remind):
        app.command(command.__name__)(command)


def _act(
    context: typer.Context,
    requests: Sequence[str],
    deed: Callable[[Workspace, list[uuid.UUID], Told], Awaitable[list[Outcome]]],
    *,
    json_too: bool,
) -> None:
    async def work(workspace: Workspace) -> int:
        # All of them are found before anything is changed.
        keys = [await asyncio.to_thread(find_request, workspace.store, text) for text in requests]
        outcomes = await deed(workspace, keys, _tell)
        if json_too:
            output.as_json({"outcomes": [_plain(outcome) for outcome in outcomes]})
        else:
            for outcome in outcomes:
                if outcome.ok:
                    output.result(f"{outcome.label}\t{outcome.seen}")
        return status_of(outcomes)

    of(context).run(work, json_too=json_too)


def status_of(outcomes: Sequence[Outcome]) -> int:
    """Return the exit status: of several that failed in different ways the one that says that something was looked at."""
    failed = [outcome.problem.fault for outcome in outcomes if not outcome.ok and outcome.problem]
    if not failed:
        late = any(outcome.problem and outcome.problem.fault in DONE_FAULTS for outcome in outcomes)
        return output.NOT_GOOD if late else output.GOOD
    if len(failed) < len(outcomes) or any(fault in DONE_FAULTS for fault in failed):
        return output.NOT_GOOD
    return output.WRONG_INPUT if all(fault in INPUT_FAULTS for fault in failed) else output.IMPOSSIBLE


def _tell(outcome: Outcome) -> None:
    """Say at once what went wrong; what went well is the result."""
    if outcome.problem is not None:
        output.say(outcome.problem.as_text())


def _plain(outcome: Outcome) -> dict[str, Any]:
    return {
        "id": str(outcome.id),
        "label": outcome.label,
        "ok": outcome.ok,
        "seen": outcome.seen,
        **(outcome.deed or Deed("", "")).as_dict(),
        "problem": outcome.problem.as_dict() if outcome.problem else None,
    }


@asynccontextmanager
async def _decider(workspace: Workspace, keys: list[uuid.UUID], name: str) -> AsyncIterator[Instance | None]:
    """Give the instance signed in as another credential; it is for the one server that all requests are on."""
    if not name:
        yield None
        return
    server, sign_in = await asyncio.to_thread(_other_sign_in, workspace, keys, name)
    async with contextlib.aclosing(workspace.instance_for(ConnectionSettings.of(server), sign_in)) as made:
        yield made


def _other_sign_in(workspace: Workspace, keys: list[uuid.UUID], name: str) -> tuple[ForeignSystem, SignIn]:
    rows: list[ApprovalRequest] = [stored_request(workspace.store, key) for key in keys]
    servers = {row.server_id for row in rows}
    if len(servers) != 1 or None in servers:
        raise _several_servers(name)
    server = workspace.configuration.get(Kind.FOREIGN_SYSTEM, servers.pop() or uuid.UUID(int=0))
    credential = workspace.configuration.named(Kind.USER_CREDENTIAL, name)
    assert isinstance(server, ForeignSystem)  # noqa: S101 -- narrows for the type checker
    assert isinstance(credential, UserCredential)  # noqa: S101 -- narrows for the type checker
    secret = workspace.vault.get(credential.id, credential.name, server.origin)
    return server, SignIn(credential.account, secret)


def _several_servers(name: str) -> InputError:
    return InputError(
        Problem(
            tried=f"Decide as “{name}”",
            evidence="The requests are not on one server.",
            cause="A User Credential signs in to one server.",
            owner=Owner.CONSOLE,
            remedy="Decide the requests of each server by themselves.",
            fault="call-invalid",
        )
    )


def _write(found: Details) -> None:
    row = found.row
    _under(f"{row.number or row.id}  {state_word(row.state)}  {row.policy_name}".rstrip())
    for name, value in (
        ("User", row.initiator_name or row.initiator_id),
        ("Computer", row.agent_name or row.agent_id),
        ("File", row.file_path),
        ("Reason", row.reason),
        ("Process", row.process_name),
        ("Link", found.link),
    ):
        if value:
            _under(f"  {name:9} {value}")
    output.result("States")
    for side in (found.here, found.there):
        seen = tr(", seen {time}", time=date_time(side.at, seconds=True)) if side.at else ""
        _under(f"  {side.system}: {side.state}{seen}{f'. {side.detail}' if side.detail else ''}")
    _under(f"  {'Mismatch: ' if found.mismatch else ''}{found.sentence}")
    if found.why_stuck and found.why_stuck != found.sentence:
        _under(f"  {found.why_stuck}")
    if found.who_can_act:
        output.result("Who can act")
    for person in found.who_can_act:
        via = f", through {person.via}" if person.via else ""
        _under(
            f"  {person.name}{f' ({person.user_name})' if person.user_name else ''}{via}{f'. {person.absent}' if person.absent else ''}"
        )
    output.result("Timeline")
    for line in found.timeline:
        more = f": {line.detail}" if line.detail else ""
        _under(f"  {date_time(line.at, seconds=True)}  {line.title}{more}")
    output.result("Answer for the caller")
    _under(f"  {found.answer_for_caller}")
    for text in found.unseen:
        output.say(text)


def _under(text: str) -> None:
    """Write a line; further lines of what people wrote stay under it, so that none of them passes for one of ours."""
    output.result(text.replace("\n", "\n      "))
