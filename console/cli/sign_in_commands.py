"""`sign-in`: moves a ServiceNow server from one User Credential to another, and back."""

import asyncio
import uuid
from pathlib import Path
from typing import Annotated

import typer

from console.cli import output
from console.cli.arguments import ConfirmOpen, ConfirmProduction, Json, ServerName
from console.cli.command_context import get_command_context
from console.cli.errors import call_error
from console.cli.probe_command import format_row
from console.cli.unproven_user import tell_unproven_account
from models.foreign_system import ForeignSystem
from models.sign_in import METHODS
from models.user_credential import UserCredential
from services.common.errors import InputError
from services.common.file_writing import save_file, write_problem
from services.language import number, tr, translate, translate_message
from services.sign_in_probe import RowResult
from services.sign_in_switch.checklist import ELSEWHERE, checklist_document
from services.sign_in_switch.comparison import VERDICT_WORDS, compare_rehearsals, is_good
from services.sign_in_switch.probe_records import last_probe, probe_for_switch, read_probed_sign_in
from services.sign_in_switch.rehearsal_records import last_rehearsal, rehearse_sign_in
from services.sign_in_switch.switch import SwitchPlan, plan_switch, switch_sign_in, undo_switch
from services.sign_in_switch.switch_records import SwitchReceipt
from services.workspace import Workspace

app = typer.Typer(help="How ServiceNow servers sign in.", no_args_is_help=True, rich_markup_mode=None)
To = Annotated[
    str, typer.Option("--to", metavar="CREDENTIAL", help="Name of the User Credential to sign in with.")
]
Document = Annotated[
    Path | None, typer.Option("--document", metavar="FILE", help="Write the checklist as a Markdown file.")
]


@app.command()
def plan(
    context: typer.Context, server: ServerName, to: To, document: Document = None, json: Json = False
) -> None:
    """Print what a ServiceNow administrator prepares, and what the switch changes; nothing is written to the store."""

    async def work(workspace: Workspace) -> int:
        made = await asyncio.to_thread(_make_plan, workspace, server, to)
        if document is not None:
            await asyncio.to_thread(_write_document, made, document)
        if json:
            output.print_json(made.as_dict())
        else:
            _print_plan(made)
        return output.EXIT_OK

    get_command_context(context).run(work, json_too=json)


@app.command()
def rehearse(
    context: typer.Context,
    server: ServerName,
    credential: Annotated[
        str, typer.Option("--with", metavar="CREDENTIAL", help="Name of the User Credential to sign in with.")
    ],
    confirm: ConfirmProduction = "",
    json: Json = False,
) -> None:
    """Rehearse a request with another sign-in than the server's, and compare it with that; 1 when a step failed."""

    async def work(workspace: Workspace) -> int:
        stored = await asyncio.to_thread(workspace.configuration.named, ForeignSystem, server)
        _require_production(stored, confirm)
        chosen = await asyncio.to_thread(workspace.configuration.named, UserCredential, credential)
        after = await rehearse_sign_in(workspace, stored, chosen)
        if after.user_shown is False:
            tell_unproven_account(chosen)
        present = await asyncio.to_thread(_credential_of, workspace, stored)
        before = None
        if present is not None and present.id != chosen.id:
            before = await asyncio.to_thread(last_rehearsal, workspace.store, stored.id, present)
        rows = compare_rehearsals(before, after)
        if json:
            compared = [row.as_dict() for row in rows]
            output.print_json({"ok": after.ok, "rehearsal": after.as_dict(), "comparison": compared})
        else:
            heads = (tr("Rehearsal"), tr("Before"), tr("After"), tr("Verdict"))
            texts = [
                (
                    translate(row.name),
                    translate_message(row.before),
                    translate_message(row.after),
                    translate(VERDICT_WORDS[row.verdict]),
                )
                for row in rows
            ]
            output.print_table(heads, texts)
            if after.problem:
                output.print_message(after.problem)
        return output.EXIT_OK if is_good(rows) else output.EXIT_NOT_OK

    get_command_context(context).run(work, json_too=json)


@app.command()
def switch(
    context: typer.Context,
    server: ServerName,
    to: To,
    confirm: ConfirmProduction = "",
    confirm_open: ConfirmOpen = 0,
    json: Json = False,
) -> None:
    """Let a server sign in with another User Credential, in one transaction; open requests are not touched.

    The other sign-in is probed first, with one attempt, unless a good probe of it from the last 24 hours is known.
    """

    async def work(workspace: Workspace) -> int:
        made = await asyncio.to_thread(_make_plan, workspace, server, to)
        _require_production(made.server, confirm)
        await _probe_where_needed(workspace, made, json=json)
        rehearsed = await asyncio.to_thread(last_rehearsal, workspace.store, made.server.id, made.after)
        if rehearsed is None or not rehearsed.ok:
            output.print_message(
                tr("Warning: no rehearsal with “{credential}” has succeeded yet.", credential=made.after.name)
            )
        done = await asyncio.to_thread(switch_sign_in, workspace, made, confirmed=confirm_open)
        _print_receipt(made.server, done, json=json)
        return output.EXIT_OK

    get_command_context(context).run(work, json_too=json)


@app.command()
def undo(
    context: typer.Context, server: ServerName, confirm: ConfirmProduction = "", json: Json = False
) -> None:
    """Undo the last switch of a server: it signs in as before."""

    async def work(workspace: Workspace) -> int:
        stored = await asyncio.to_thread(workspace.configuration.named, ForeignSystem, server)
        _require_production(stored, confirm)
        done = await asyncio.to_thread(undo_switch, workspace, stored.id)
        _print_receipt(stored, done, json=json)
        return output.EXIT_OK

    get_command_context(context).run(work, json_too=json)


def _make_plan(workspace: Workspace, server: str, to: str) -> SwitchPlan:
    server_id: uuid.UUID = workspace.configuration.named(ForeignSystem, server).id
    credential = workspace.configuration.named(UserCredential, to)
    return plan_switch(workspace, server_id, credential.id)


async def _probe_where_needed(workspace: Workspace, made: SwitchPlan, *, json: bool) -> None:
    """Probe the new sign-in unless a good probe of it is known; the switch itself refuses one that is not good."""
    if await asyncio.to_thread(_is_probed, workspace, made):
        return

    def tell(row: RowResult) -> None:
        if not json:
            output.print_message(format_row(row))

    await probe_for_switch(workspace, made.server, made.after, report=tell)


def _is_probed(workspace: Workspace, made: SwitchPlan) -> bool:
    about = read_probed_sign_in(workspace.vault, made.server, made.after)
    found = last_probe(workspace.store, made.server, about)
    return found is not None and found.is_good


def _credential_of(workspace: Workspace, server: ForeignSystem) -> UserCredential | None:
    if server.credential_id is None:
        return None
    return workspace.configuration.get(UserCredential, server.credential_id)


def _require_production(server: ForeignSystem, confirm: str) -> None:
    if server.production and confirm != server.name:
        raise call_error(
            "Read the call",
            f"“{server.name}” is marked production",
            f'Confirm with --confirm "{server.name}", or use a test server.',
        )


def _write_document(made: SwitchPlan, file: Path) -> None:
    title = tr("Move {name} off passwords", name=made.server.name)
    text = checklist_document(title, made.server.base_url, made.after.method, made.checklist)
    try:
        save_file(file, text.encode())
    except OSError as error:
        raise InputError(write_problem("Save the checklist", file, error)) from error


def _print_plan(made: SwitchPlan) -> None:
    rows = [
        (
            translate(entry.name),
            translate(entry.value),
            translate(entry.where),
            entry.confirmed_by.value if entry.confirmed_by is not None else translate(ELSEWHERE),
        )
        for entry in made.checklist
    ]
    heads = (tr("Setting"), tr("Value"), tr("Where"), tr("Confirmed by"))
    output.print_table(heads, rows, whole=(tr("Value"), tr("Where")))
    now, then = translate(METHODS[made.before.method].label), translate(METHODS[made.after.method].label)
    output.print_result(tr("Credential now: {name} ({method})", name=made.before.name, method=now))
    output.print_result(tr("Credential then: {name} ({method})", name=made.after.name, method=then))
    count = number(made.open_requests.count)
    output.print_result(tr("Open requests: {count}, not touched", count=count))


def _print_receipt(server: ForeignSystem, done: SwitchReceipt, *, json: bool) -> None:
    if json:
        output.print_json(done.as_dict())
        return
    side = done.after if done.in_effect else done.before
    text = tr("“{server}” signs in with “{credential}” now.", server=server.name, credential=side.name)
    output.print_result(text)
