"""`provision`: the task Create ServiceNow Approval Request Items."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated

import typer

from console.cli import output
from console.cli.arguments import ConfirmProduction, Json, ServerName
from console.cli.command_context import get_command_context
from console.cli.errors import call_error
from console.cli.unproven_user import tell_unproven_user
from models.foreign_system import ForeignSystem
from models.user_credential import UserCredential
from services import provisioning
from services.common.errors import ConsoleError, InputError
from services.common.file_writing import save_file, write_problem
from services.common.secret import Secret
from services.language import plural, tr
from services.provisioning import ApplyResult, ItemNames, ProvisionPlan, UndoResult, Verification
from services.provisioning.problems import RunStoppedError
from services.servicenow import ServiceNowClient, SignIn
from services.transfer.apply_online import try_resolve_request_items
from services.workspace import Workspace

OPERATION_SIGNS = {"create": "+", "update": "~", "keep": "=", "conflict": "!"}


Plan = Annotated[bool, typer.Option("--plan", help="Say what would be done.")]
Apply = Annotated[
    bool, typer.Option("--apply", help="Make and correct the items; goes on with a run that stopped.")
]
Verify = Annotated[bool, typer.Option("--verify", help="Compare the items, and say what others changed.")]
Undo = Annotated[str, typer.Option(metavar="RECEIPT", help="Take back the run with this receipt.")]
UpdateSet = Annotated[
    Path | None, typer.Option(metavar="FILE", help="Write the plan as an update set; - for standard output.")
]
AdminCredential = Annotated[str, typer.Option(help="User Credential of an administrator, for this run only.")]
AdminAccount = Annotated[
    str,
    typer.Option(help="Administrator's account for this run only; its password comes from standard input."),
]
PasswordStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password of --admin-account.")
]
Overwrite = Annotated[
    list[str] | None,
    typer.Option(help="Name of a conflict to write over, or “all” (Force update)."),
]
Prefix = Annotated[str, typer.Option(help="Put before the names, for one more set on the instance.")]
Category = Annotated[str, typer.Option(help="Category of the item: Thycotic, Delinea or another.")]
Item = Annotated[str, typer.Option(help="Name of the catalog item.")]
CreateService = Annotated[str, typer.Option(help="Name of the create service.")]
StatusService = Annotated[str, typer.Option(help="Name of the status service.")]
CancelService = Annotated[str, typer.Option(help="Name of the cancel service.")]
Catalog = Annotated[str, typer.Option(help="Catalog that the category stands in.")]
Workflow = Annotated[str, typer.Option(help="Workflow that asks the approvers.")]
FurtherVariables = Annotated[
    bool,
    typer.Option("--further-variables", help="Add what newer versions of Privilege Manager send."),
]


@dataclass(frozen=True, slots=True)
class _ProvisionOptions:
    """What one call asks for."""

    server: str
    what: tuple[str, ...]
    admin: "_AdminOptions"
    overwrite: tuple[str, ...]
    confirm: str
    json: bool
    update_set: Path | None
    undo: str
    names: ItemNames = field(default_factory=ItemNames)


def provision(
    context: typer.Context,
    server: ServerName,
    plan: Plan = False,
    apply: Apply = False,
    verify: Verify = False,
    undo: Undo = "",
    update_set: UpdateSet = None,
    admin_credential: AdminCredential = "",
    admin_account: AdminAccount = "",
    password_stdin: PasswordStdin = False,
    overwrite: Overwrite = None,
    prefix: Prefix = "",
    category: Category = "",
    item: Item = "",
    create_service: CreateService = "",
    status_service: StatusService = "",
    cancel_service: CancelService = "",
    catalog: Catalog = "",
    workflow: Workflow = "",
    further_variables: FurtherVariables = False,
    confirm: ConfirmProduction = "",
    json: Json = False,
) -> None:
    """Make, check or take back what approvals need in ServiceNow; 1 with conflicts, drift or what is not verified."""
    choices = {"plan": plan, "apply": apply, "verify": verify, "undo": undo, "update-set": update_set}
    asked = _ProvisionOptions(
        server,
        tuple(name for name, given in choices.items() if given),
        _AdminOptions(admin_credential, admin_account, password_stdin),
        tuple(overwrite or ()),
        confirm,
        json,
        update_set,
        undo,
    )

    async def work(workspace: Workspace) -> int:
        names = ItemNames.of(
            prefix=prefix,
            category=category,
            item=item,
            create_service=create_service,
            status_service=status_service,
            cancel_service=cancel_service,
            catalog=catalog,
            workflow=workflow,
            further_variables=further_variables,
        )
        return await _run_provision(workspace, replace(asked, names=names))

    get_command_context(context).run(work, json_too=json)


async def _run_provision(workspace: Workspace, asked: _ProvisionOptions) -> int:
    if len(asked.what) != 1:
        raise _input_error(
            f"{len(asked.what)} of --plan, --apply, --verify, --undo and --update-set were given",
            "Give exactly one of them.",
        )
    (what,) = asked.what
    system = await asyncio.to_thread(workspace.configuration.named, ForeignSystem, asked.server)
    if system.production and what in ("apply", "undo") and asked.confirm != system.name:
        raise _input_error(
            f"“{system.name}” is marked production",
            f'Confirm with --confirm "{system.name}", or use a test server.',
        )
    async with _open_instance(workspace, system, asked.admin) as instance:
        return await _COMMANDS[what](workspace, instance, system, asked)


async def _plan(
    workspace: Workspace, instance: ServiceNowClient, system: ForeignSystem, asked: _ProvisionOptions
) -> int:
    made = await provisioning.plan(workspace.store, instance, system, asked.names, overwrite=asked.overwrite)
    if asked.json:
        output.print_json(made.as_dict())
    else:
        _print_plan(made)
    return output.EXIT_NOT_OK if made.conflicts else output.EXIT_OK


async def _apply(
    workspace: Workspace, instance: ServiceNowClient, system: ForeignSystem, asked: _ProvisionOptions
) -> int:
    try:
        done = await provisioning.apply(
            workspace.store,
            instance,
            system,
            asked.names,
            overwrite=asked.overwrite,
            progress=_print_progress,
        )
    except RunStoppedError as error:
        output.print_problem(error)
        if asked.json:
            output.print_json({"error": error.problem.as_dict(), "receipt": error.receipt, "verified": False})
        return error.exit_status
    for told in await try_resolve_request_items(workspace, system.id):
        output.print_message(told)
    if asked.json:
        output.print_json(done.as_dict())
    else:
        _print_applied(done)
    return output.EXIT_OK if done.ok else output.EXIT_NOT_OK


async def _verify(
    workspace: Workspace, instance: ServiceNowClient, system: ForeignSystem, asked: _ProvisionOptions
) -> int:
    baseline = await provisioning.load_baseline(workspace.store, system, asked.names)
    found = await provisioning.verify(instance, asked.names, baseline)
    if asked.json:
        output.print_json(found.as_dict())
    else:
        _print_verification(found)
    return output.EXIT_OK if found.ok else output.EXIT_NOT_OK


async def _undo(
    workspace: Workspace, instance: ServiceNowClient, system: ForeignSystem, asked: _ProvisionOptions
) -> int:
    done: UndoResult = await provisioning.undo(
        workspace.store, instance, system, asked.undo, overwrite=asked.overwrite, progress=_print_progress
    )
    if asked.json:
        output.print_json(done.as_dict())
    else:
        output.print_result(
            f"{len(done.removed)} removed, {len(done.restored)} restored; receipt {done.receipt.id}"
        )
    return output.EXIT_OK if done.ok else output.EXIT_NOT_OK


async def _update_set(
    workspace: Workspace, instance: ServiceNowClient, system: ForeignSystem, asked: _ProvisionOptions
) -> int:
    made = await provisioning.plan(workspace.store, instance, system, asked.names, overwrite=asked.overwrite)
    assert asked.update_set is not None  # noqa: S101 -- this command was chosen by it
    content = provisioning.render_update_set(made)
    if str(asked.update_set) == "-":
        output.write_bytes(content)
    else:
        try:
            await asyncio.to_thread(save_file, asked.update_set, content)
        except OSError as error:
            raise ConsoleError(write_problem(f"Write {asked.update_set}", asked.update_set, error)) from error
        if asked.json:
            output.print_json(made.as_dict() | {"file": str(asked.update_set)})
    for warning in made.warnings:
        output.print_message(f"Warning: {warning}")
    output.print_message(
        plural(len(made.writes), "{count} record in the update set.", "{count} records in the update set.")
    )
    if made.conflicts:
        output.print_message(
            plural(
                len(made.conflicts),
                "{count} conflict is not in it.",
                "{count} conflicts are not in it.",
            )
        )
    return output.EXIT_NOT_OK if made.conflicts else output.EXIT_OK


_Command = Callable[[Workspace, ServiceNowClient, ForeignSystem, _ProvisionOptions], Awaitable[int]]
_COMMANDS: dict[str, _Command] = {
    "plan": _plan, "apply": _apply, "verify": _verify, "undo": _undo, "update-set": _update_set,
}  # fmt: skip


# -- who signs in --------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _AdminOptions:
    """Who else than the server's own account signs in for this run."""

    credential: str
    account: str
    password_from_stdin: bool


@asynccontextmanager
async def _open_instance(
    workspace: Workspace, system: ForeignSystem, admin: _AdminOptions
) -> AsyncIterator[ServiceNowClient]:
    """Give the instance, signed in as the administrator where one is named; such a connection ends with the block."""
    if admin.account:
        password = await _read_admin_sign_in(admin)
        async with workspace.instance_for(workspace.connection_settings_for(system), password) as instance:
            yield instance
    elif admin.credential:
        # Its secrets are lent to the server for this run only.
        name = admin.credential
        credential = await asyncio.to_thread(workspace.configuration.named, UserCredential, name)
        async with await workspace.instance_as(system, credential) as instance:
            tell_unproven_user(instance, credential)
            yield instance
    else:
        yield await workspace.instance(system.id)


async def _read_admin_sign_in(admin: _AdminOptions) -> SignIn:
    if admin.credential or not admin.password_from_stdin:
        raise _input_error(
            "--admin-account goes with --password-stdin and without --admin-credential",
            "Name one administrator, and pipe the password of the account in.",
        )
    password = await asyncio.to_thread(sys.stdin.readline)
    return SignIn(admin.account, Secret(password.rstrip("\r\n")))


# -- what is shown -------------------------------------------------------------


def _print_progress(text: str, done: int = 0, total: int | None = None) -> None:
    # The last report comes when all is done; every other one as a step begins.
    output.print_message(f"{min(done + 1, total)}/{total} {text}" if total else text)


def _print_plan(made: ProvisionPlan) -> None:
    for change in made.changes:
        output.print_result(
            f"{OPERATION_SIGNS[change.operation]} {change.operation:9}{change.table:23}{change.name}  {change.why}"
        )
        if change.operation in ("update", "conflict"):
            for column, (before, to) in change.fields.items():
                output.print_result(f"{'':11}{column}: {_shorten(before)} -> {_shorten(str(to))}")
    for warning in made.warnings:
        output.print_message(f"Warning: {warning}")
    output.print_result(", ".join(f"{count} {name}" for name, count in made.summary.items()))


def _shorten(text: str | None) -> str:
    lines = (text or "").splitlines()
    return repr(text) if len(lines) <= 1 else f"{len(lines)} lines"


def _print_applied(done: ApplyResult) -> None:
    _print_plan(done.plan)
    _print_verification(done.verification)
    output.print_result(tr("Run ID {id}", id=done.receipt.id))
    for reminder in done.reminders:
        output.print_message(reminder)


def _print_verification(found: Verification) -> None:
    for change in found.wrong:
        output.print_result(f"! {change.operation:9}{change.table:23}{change.name}  {change.why}")
    for one in found.drift:
        columns = f": {', '.join(one.fields)}" if one.fields else ""
        output.print_result(f"~ {one.change:9}{one.table:23}{one.name}{columns}  by {one.by}, {one.at}")
    if found.problem is not None:
        output.print_message(found.problem.as_text())
    output.print_result(
        "Verified" if found.ok else "Verified; others changed something" if found.verified else "Not verified"
    )


def _input_error(evidence: str, remedy: str) -> InputError:
    return call_error("Read the call", evidence, remedy)
