"""`provision`: the task Create ServiceNow Approval Request Items."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, Any

import typer

from console.cli import output
from console.cli.checking import Json, Server
from console.cli.context import of
from models.foreign_system import ForeignSystem
from models.kinds import Kind
from models.user_credential import UserCredential
from services import provisioning
from services.errors import ConsoleError, InputError, Owner, Problem
from services.files import save_file, what_to_do, why_not
from services.language import plural, tr
from services.provisioning import Applied, ItemNames, ProvisionPlan, Undone, Verification
from services.provisioning.problems import StoppedError
from services.secret import Secret
from services.servicenow import Instance, SignIn
from services.transfer.online import try_to_resolve
from services.workspace import Workspace

SIGNS = {"create": "+", "update": "~", "keep": "=", "conflict": "!"}


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
    list[str] | None, typer.Option(help="Name of a conflict to write over, or “all” (Force update).")
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
    bool, typer.Option("--further-variables", help="Add what newer versions of Privilege Manager send.")
]
Confirm = Annotated[str, typer.Option(help="Name of the server, where it is marked production.")]


@dataclass(frozen=True, slots=True)
class _Asked:
    """What one call asks for."""

    server: str
    what: tuple[str, ...]
    admin: "_Admin"
    overwrite: tuple[str, ...]
    confirm: str
    json: bool
    update_set: Path | None
    undo: str
    names: ItemNames = field(default_factory=ItemNames)


def provision(
    context: typer.Context,
    server: Server,
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
    confirm: Confirm = "",
    json: Json = False,
) -> None:
    """Make, check or take back what approvals need in ServiceNow; 1 with conflicts, drift or what is not verified."""
    choices = {"plan": plan, "apply": apply, "verify": verify, "undo": undo, "update-set": update_set}
    asked = _Asked(
        server,
        tuple(name for name, given in choices.items() if given),
        _Admin(admin_credential, admin_account, password_stdin),
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
        return await _carry_out(workspace, replace(asked, names=names))

    of(context).run(work, json_too=json)


async def _carry_out(workspace: Workspace, asked: _Asked) -> int:
    if len(asked.what) != 1:
        raise _wrong(
            f"{len(asked.what)} of --plan, --apply, --verify, --undo and --update-set were given",
            "Give exactly one of them.",
        )
    (what,) = asked.what
    system = await asyncio.to_thread(workspace.configuration.named, Kind.FOREIGN_SYSTEM, asked.server)
    assert isinstance(system, ForeignSystem)  # noqa: S101 -- narrows for the type checker
    if system.production and what in ("apply", "undo") and asked.confirm != system.name:
        raise _wrong(
            f"“{system.name}” is marked production",
            f'Confirm with --confirm "{system.name}", or use a test server.',
        )
    async with _instance(workspace, system, asked.admin) as instance:
        return await _COMMANDS[what](workspace, instance, system, asked)


async def _plan(workspace: Workspace, instance: Instance, system: ForeignSystem, asked: _Asked) -> int:
    made = await provisioning.plan(workspace.store, instance, system, asked.names, overwrite=asked.overwrite)
    if asked.json:
        output.as_json(made.as_dict())
    else:
        _show(made)
    return output.NOT_GOOD if made.conflicts else output.GOOD


async def _apply(workspace: Workspace, instance: Instance, system: ForeignSystem, asked: _Asked) -> int:
    try:
        done = await provisioning.apply(
            workspace.store, instance, system, asked.names, overwrite=asked.overwrite, progress=_say
        )
    except StoppedError as error:
        output.problem(error)
        if asked.json:
            output.as_json({"error": error.problem.as_dict(), "receipt": error.receipt, "verified": False})
        return error.exit_status
    for told in await try_to_resolve(workspace, system.id):
        output.say(told)
    if asked.json:
        output.as_json(done.as_dict())
    else:
        _show_applied(done)
    return output.GOOD if done.ok else output.NOT_GOOD


async def _verify(workspace: Workspace, instance: Instance, system: ForeignSystem, asked: _Asked) -> int:
    baseline = await provisioning.last_good(workspace.store, system, asked.names)
    found = await provisioning.verify(instance, asked.names, baseline)
    if asked.json:
        output.as_json(found.as_dict())
    else:
        _show_verification(found)
    return output.GOOD if found.ok else output.NOT_GOOD


async def _undo(workspace: Workspace, instance: Instance, system: ForeignSystem, asked: _Asked) -> int:
    done: Undone = await provisioning.undo(
        workspace.store, instance, system, asked.undo, overwrite=asked.overwrite, progress=_say
    )
    if asked.json:
        output.as_json(done.as_dict())
    else:
        output.result(
            f"{len(done.removed)} removed, {len(done.restored)} restored; receipt {done.receipt.id}"
        )
    return output.GOOD if done.ok else output.NOT_GOOD


async def _update_set(workspace: Workspace, instance: Instance, system: ForeignSystem, asked: _Asked) -> int:
    made = await provisioning.plan(workspace.store, instance, system, asked.names, overwrite=asked.overwrite)
    assert asked.update_set is not None  # noqa: S101 -- this command was chosen by it
    content = provisioning.update_set(made)
    if str(asked.update_set) == "-":
        output.content(content)
    else:
        try:
            await asyncio.to_thread(save_file, asked.update_set, content)
        except OSError as error:
            raise _cannot_write(asked.update_set, error) from error
        if asked.json:
            output.as_json(made.as_dict() | {"file": str(asked.update_set)})
    for warning in made.warnings:
        output.say(f"Warning: {warning}")
    output.say(
        plural(len(made.writes), "{count} record in the update set.", "{count} records in the update set.")
    )
    if made.conflicts:
        output.say(
            plural(
                len(made.conflicts),
                "{count} conflict is not in it.",
                "{count} conflicts are not in it.",
            )
        )
    return output.NOT_GOOD if made.conflicts else output.GOOD


_COMMANDS: dict[str, Any] = {
    "plan": _plan, "apply": _apply, "verify": _verify, "undo": _undo, "update-set": _update_set,
}  # fmt: skip


# -- who signs in --------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Admin:
    """Who else than the server's own account signs in for this run."""

    credential: str
    account: str
    from_input: bool


@asynccontextmanager
async def _instance(workspace: Workspace, system: ForeignSystem, admin: _Admin) -> AsyncIterator[Instance]:
    """Give the instance, signed in as the administrator where one is named; such a connection ends with the block."""
    if admin.account:
        sign_in = await _typed(admin)
        async with workspace.instance_for(workspace.settings_of(system), sign_in) as instance:
            yield instance
    elif admin.credential:
        async with (
            _lent(workspace, system, admin.credential) as sign_in,
            workspace.instance_for(workspace.settings_of(system), sign_in) as instance,
        ):
            yield instance
    else:
        yield await workspace.instance(system.id)


async def _typed(admin: _Admin) -> SignIn:
    if admin.credential or not admin.from_input:
        raise _wrong(
            "--admin-account goes with --password-stdin and without --admin-credential",
            "Name one administrator, and pipe the password of the account in.",
        )
    password = await asyncio.to_thread(sys.stdin.readline)
    return SignIn(admin.account, Secret(password.rstrip("\r\n")))


@asynccontextmanager
async def _lent(workspace: Workspace, system: ForeignSystem, name: str) -> AsyncIterator[SignIn]:
    """Give the sign-in of a User Credential that the server itself does not use, for the length of the block.

    Naming both is the explicit act that a first binding takes; it is taken back, because it was for this run only.
    """
    vault = workspace.vault
    credential = await asyncio.to_thread(workspace.configuration.named, Kind.USER_CREDENTIAL, name)
    assert isinstance(credential, UserCredential)  # noqa: S101 -- narrows for the type checker
    state = await asyncio.to_thread(vault.state, credential.id, credential.name)
    lent = not state.covers(system.destination)
    if lent:
        await asyncio.to_thread(vault.bind, credential.id, credential.name, system.destination)
    try:
        secret = await asyncio.to_thread(vault.get, credential.id, credential.name, system.destination)
        yield SignIn(credential.account, secret)
    finally:
        if lent:
            await asyncio.to_thread(vault.unbind, credential.id, credential.name, system.destination)


# -- what is shown -------------------------------------------------------------


def _say(text: str, done: int = 0, total: int | None = None) -> None:
    # The last report comes when all is done; every other one as a step begins.
    output.say(f"{min(done + 1, total)}/{total} {text}" if total else text)


def _show(made: ProvisionPlan) -> None:
    for change in made.changes:
        output.result(
            f"{SIGNS[change.operation]} {change.operation:9}{change.table:23}{change.name}  {change.why}"
        )
        if change.operation in ("update", "conflict"):
            for column, (before, to) in change.fields.items():
                output.result(f"{'':11}{column}: {_short(before)} -> {_short(str(to))}")
    for warning in made.warnings:
        output.say(f"Warning: {warning}")
    output.result(", ".join(f"{count} {name}" for name, count in made.summary.items()))


def _short(text: str | None) -> str:
    lines = (text or "").splitlines()
    return repr(text) if len(lines) <= 1 else f"{len(lines)} lines"


def _show_applied(done: Applied) -> None:
    _show(done.plan)
    _show_verification(done.verification)
    output.result(tr("Run ID {id}", id=done.receipt.id))
    for reminder in done.reminders:
        output.say(reminder)


def _show_verification(found: Verification) -> None:
    for change in found.wrong:
        output.result(f"! {change.operation:9}{change.table:23}{change.name}  {change.why}")
    for one in found.drift:
        columns = f": {', '.join(one.fields)}" if one.fields else ""
        output.result(f"~ {one.change:9}{one.table:23}{one.name}{columns}  by {one.by}, {one.at}")
    if found.problem is not None:
        output.say(found.problem.as_text())
    output.result(
        "Verified" if found.ok else "Verified; others changed something" if found.verified else "Not verified"
    )


def _wrong(evidence: str, remedy: str) -> InputError:
    return InputError(
        Problem(
            "Read the call",
            evidence,
            "The call cannot be carried out as it is.",
            Owner.CONSOLE,
            remedy,
            "call-invalid",
        )
    )


def _cannot_write(path: Path, error: OSError) -> ConsoleError:
    return ConsoleError(
        Problem(
            tried=f"Write {path}",
            evidence=error.strerror or str(error),
            cause=why_not(error),
            owner=Owner.CONSOLE,
            remedy=what_to_do(error),
            fault="file-not-written",
        )
    )
