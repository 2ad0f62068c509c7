"""`check` and `items`: what a server is like right now."""

import asyncio
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from console.cli import output
from console.cli.arguments import Json, ServerName
from console.cli.command_context import get_command_context
from models.approval_process import ApprovalProcess
from models.foreign_system import ForeignSystem
from models.kinds import KINDS, Kind
from models.servers import Server
from models.text_folding import fold_text
from models.user_credential import UserCredential
from services.common.errors import ConsoleError, InputError, Owner, Problem, format_candidates
from services.common.fault_ids import FaultId
from services.common.threads import run_to_completion
from services.configuration import Configuration
from services.connectivity import CheckReport, PreviousSignIn, StageResult, run_check
from services.connectivity.check_history import (
    CheckSignIn,
    find_known_operations,
    find_last_sign_in,
    get_check_sign_in,
    save_check,
)
from services.language import plural, time_of_day, tr
from services.servicenow.request_item_copies import RequestItemCopies
from services.servicenow.request_item_search import Catalogue, RequestItem
from services.servicenow.visible_rows import RowVisibility
from services.store import NotFoundError
from services.transfer.apply_online import try_resolve_request_items
from services.transport.sign_in import ServerSignInSource
from services.workspace import Workspace


class ServerKind(StrEnum):
    """A kind of server, as documents spell it."""

    SERVICENOW = "servicenow"
    PRIVILEGE_MANAGER = "privilege_manager"


SERVER_KINDS = {
    ServerKind.SERVICENOW: Kind.FOREIGN_SYSTEM,
    ServerKind.PRIVILEGE_MANAGER: Kind.PRIVILEGE_MANAGER_SERVER,
}


def check(
    context: typer.Context,
    server: Annotated[str, typer.Argument(help="Name of the ServiceNow or Privilege Manager server.")],
    process: Annotated[str, typer.Option(help="Approval Process whose services are checked.")] = "",
    kind: Annotated[
        ServerKind | None, typer.Option(help="Kind of the server, where two kinds have one of this name.")
    ] = None,
    json: Json = False,
) -> None:
    """Check a server in stages; 1 when a stage failed."""

    async def work(workspace: Workspace) -> int:
        system, chosen = await asyncio.to_thread(_find_server_and_process, workspace, server, process, kind)
        # Beside a JSON document the stages are progress; without one they are the result.
        write = output.print_message if json else output.print_result

        def tell(stage: StageResult) -> None:
            for line in _stage_lines(stage):
                write(line)

        sign_in, used, accepted, operations = await asyncio.to_thread(_load_sign_in_state, workspace, system)
        report = await run_check(
            workspace.connection_settings_for(system),
            sign_in,
            chosen,
            kind=system.kind,
            accepted=accepted,
            known_operations=operations,
            report=tell,
        )
        await _store_check(workspace, system, chosen, report, used)
        if report.can_continue and isinstance(system, ForeignSystem):
            for told in await try_resolve_request_items(workspace, system.id):
                output.print_message(told)
        if json:
            output.print_json(report.as_dict())
        else:
            output.print_result(
                f"{system.name}: {report.verdict}, {report.ms:.0f} ms, {report.correlation_id}"
            )
        return output.EXIT_NOT_OK if report.verdict == "failed" else output.EXIT_OK

    get_command_context(context).run(work, json_too=json)


def _load_sign_in_state(
    workspace: Workspace, system: Server
) -> tuple[ServerSignInSource, CheckSignIn | None, PreviousSignIn | None, dict[str, str]]:
    """Return how the check signs in, what identifies that, when it was accepted last, and the operations known from then."""
    credential = _credential_of(workspace, system)
    used = get_check_sign_in(workspace.vault, system, credential)
    sign_in = workspace.sign_in_source_for(system, credential)
    accepted = find_last_sign_in(workspace.store, system.id, used)
    return sign_in, used, accepted, find_known_operations(workspace.store, system)


def _credential_of(workspace: Workspace, system: Server) -> UserCredential | None:
    if system.credential_id is None:
        return None
    return workspace.configuration.get(UserCredential, system.credential_id)


async def _store_check(
    workspace: Workspace,
    system: Server,
    process: ApprovalProcess | None,
    report: CheckReport,
    used: CheckSignIn | None,
) -> None:
    """Put the check among the past ones of its server; what it found counts also where that fails."""
    try:
        await run_to_completion(lambda: save_check(workspace.store, system, report, process, used=used))
    except ConsoleError as error:
        output.print_message(f"This check could not be kept: {error.problem.cause}")


def _stage_lines(result: StageResult) -> list[str]:
    """Return a stage as lines: what was seen, and for what is not good its fault, cause, owner and remedy."""
    lines = [f"{result.state:8} {result.stage:18} {result.evidence}"]
    if result.state in ("failed", "warning"):
        parts = (
            ("Fault", result.fault or ""),
            ("Cause", result.cause),
            ("Owner", result.owner),
            ("Remedy", result.remedy),
        )
        lines += [f"{'':9}{label}: {text}" for label, text in parts]
        lines += [f"{'':9}Possible cause {line}" for line in format_candidates(result.candidates)]
    return lines


def _find_server_and_process(
    workspace: Workspace, server: str, process: str, kind: ServerKind | None
) -> tuple[Server, ApprovalProcess | None]:
    """Return the server and the process to check: the named one, else the only one that uses the server."""
    configuration = workspace.configuration
    system = _find_server(configuration, server, kind)
    if not isinstance(system, ForeignSystem):
        if process:
            raise _process_unused_error(system, process)
        return system, None
    processes = configuration.all(ApprovalProcess)
    users = [p for p in processes if p.server_id == system.id]
    if not process:
        return system, users[0] if len(users) == 1 else None
    chosen = next((p for p in users if fold_text(p.name) == fold_text(process)), None)
    if chosen is None:
        raise NotFoundError(
            f"the Approval Process “{process}” of “{server}”", process, [p.name for p in users]
        )
    return system, chosen


def _find_server(configuration: Configuration, name: str, kind: ServerKind | None) -> Server:
    """Return the server of a name, of either kind; raises InputError where both kinds have one and `kind` is None."""
    servers = [one for one in configuration.servers() if kind is None or one.kind is SERVER_KINDS[kind]]
    found = [one for one in servers if fold_text(one.name) == fold_text(name)]
    if not found:
        raise NotFoundError(f"the server “{name}”", name, [one.name for one in servers])
    if len(found) > 1:
        options = " or ".join(f"--kind {one}" for one in ServerKind)
        raise InputError(
            Problem(
                tried=f"Find the server “{name}”",
                evidence=f"{len(found)} servers have this name: {', '.join(KINDS[one.kind].singular for one in found)}.",
                cause="A ServiceNow Server and a Privilege Manager Server have the same name.",
                owner=Owner.CONSOLE,
                remedy=f"Say which one is meant, with {options}.",
                fault=FaultId.CALL_INVALID,
            )
        )
    return found[0]


def _process_unused_error(system: Server, process: str) -> InputError:
    return InputError(
        Problem(
            tried=f"Check “{system.name}” with the Approval Process “{process}”",
            evidence=f"“{system.name}” is a {KINDS[system.kind].singular}.",
            cause="Approval Processes run on ServiceNow Servers; nothing of a Privilege Manager Server depends on one.",
            owner=Owner.CONSOLE,
            remedy="Leave out --process, or name the ServiceNow Server of the process.",
            fault=FaultId.CALL_INVALID,
        )
    )


def items(
    context: typer.Context,
    server: ServerName,
    search: Annotated[str, typer.Argument(help="Text that the name contains.")] = "",
    refresh: Annotated[
        bool, typer.Option("--refresh", help="Read from the instance, not from the local copy.")
    ] = False,
    limit: Annotated[int, typer.Option(min=1, help="How many at the most.")] = 50,
    json: Json = False,
) -> None:
    """List request items; those with the required variables come first."""
    command = get_command_context(context)

    async def work(workspace: Workspace) -> int:
        system, copies = await asyncio.to_thread(
            _find_server_and_copies, workspace, server, command.paths.state
        )
        visible: RowVisibility | None = None
        copy = None if refresh else await asyncio.to_thread(copies.load, search, limit)
        if copy is not None:
            found = list(copy.items)
            output.print_message(
                f"Read at {time_of_day(copy.read_at, seconds=True)}; --refresh reads the instance again."
            )
        else:
            catalogue = Catalogue(await workspace.instance(system.id))
            found = await _read_items(catalogue, search, limit)
            if found:  # or a new item would not be found for a while
                await asyncio.to_thread(copies.save, search, limit, found)
            else:
                visible = await catalogue.visibility()
        if not found:
            output.print_message(_nothing_found_text(search, visible))
        if json:
            shown = {"server": system.name, "items": [_item_as_dict(i) for i in found]}
            # An empty list says whether it proves that there are none.
            output.print_json(shown if found else {**shown, "rows_seen": _visibility_word(visible)})
        else:
            rows = [
                (
                    i.name,
                    i.category,
                    tr("required variables present")
                    if i.meets_contract
                    else plural(len(i.variables), "{count} variable", "{count} variables"),
                    i.sys_id,
                )
                for i in found
            ]
            output.print_table(("Name", "Category", "Variables", "sys_id"), rows, whole=("sys_id",))
        return output.EXIT_OK

    command.run(work, json_too=json)


def _find_server_and_copies(
    workspace: Workspace, name: str, folder: Path
) -> tuple[ForeignSystem, RequestItemCopies]:
    system = workspace.configuration.named(ForeignSystem, name)
    return system, RequestItemCopies(folder, system, _credential_of(workspace, system))


def _nothing_found_text(search: str, visible: RowVisibility | None) -> str:
    if visible is not None and not visible.is_proof:
        seen = f"No active Request Item with “{search}” in its name" if search else "No Request Item"
        return f"{seen} is seen. {visible.sentence}."
    return f"No active Request Item has “{search}” in its name." if search else "There is no Request Item."


def _visibility_word(visible: RowVisibility | None) -> str:
    return "" if visible is None else visible.state.value


async def _read_items(catalogue: Catalogue, search: str, limit: int) -> list[RequestItem]:
    found: list[RequestItem] = []
    async for batch in catalogue.search(search, limit=limit):
        found += batch
    return found[:limit]


def _item_as_dict(item: RequestItem) -> dict[str, object]:
    return {
        "sys_id": item.sys_id,
        "name": item.name,
        "category": item.category,
        "short_description": item.short_description,
        "active": item.active,
        "variables": list(item.variables),
        "meets_contract": item.meets_contract,
    }
