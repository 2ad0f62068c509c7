"""`credential`: secrets into and out of the vault; never shown."""

import asyncio
import getpass
import sys
from typing import Annotated

import typer

from console.cli import output
from console.cli.arguments import ConfirmOpen
from console.cli.command_context import get_command_context
from models.user_credential import UserCredential
from services.common.errors import InputError, InvalidError, Owner, Problem
from services.common.fault_ids import FaultId
from services.common.secret import Secret
from services.workspace import Workspace

app = typer.Typer(help="User Credentials and their passwords.", no_args_is_help=True)


@app.command("set")
def set_(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Name of the User Credential; made when there is none.")],
    account: Annotated[str, typer.Option(help="Account Name in ServiceNow.")],
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="Read the password from standard input.")
    ] = False,
    confirm_open: ConfirmOpen = 0,
) -> None:
    """Keep the password of a User Credential, for the servers that use it."""
    secret = _read_password(from_stdin=password_stdin)

    async def work(workspace: Workspace) -> int:
        origins = await asyncio.to_thread(_store_password, workspace, name, account, secret, confirm_open)
        output.print_message(
            f"The password of “{name}” is kept, for {', '.join(origins) or 'the first server that uses it'}."
        )
        return output.EXIT_OK

    get_command_context(context).run(work, begins=True)


def _store_password(
    workspace: Workspace, name: str, account: str, secret: Secret, confirmed: int
) -> list[str]:
    configuration = workspace.configuration
    credential = configuration.find_by_name(UserCredential, name)
    if credential is None:
        credential = configuration.new(UserCredential, name=name, account=account)
    is_new, changed = credential.version == 0, credential.account != account
    credential.account = account
    if wrong := configuration.check(credential):
        raise InvalidError(wrong)
    refused = configuration.open_requests_error(credential)
    if refused is not None and refused.open.count > confirmed:
        raise refused
    places = workspace.destinations_for(credential.id)
    # The password first: where it is refused, no credential is made, and none is left with another's password.
    with workspace.vault.putting(
        credential.id, credential.name, account, secret, places, tried=f"Set the password of “{name}”"
    ):
        if is_new:
            configuration.save(credential)
        elif changed:
            configuration.save(credential, "Account changed on the command line", confirmed=confirmed)
    return [str(origin) for origin in dict.fromkeys(place.origin for place in places)]


def _read_password(*, from_stdin: bool) -> Secret:
    if from_stdin:
        line = sys.stdin.readline()
        value = line.rstrip("\r\n")
    else:
        value = getpass.getpass("Password: ") if sys.stdin.isatty() else ""
    if not value:
        raise SystemExit(_report_missing_password())
    return Secret(value)


def _report_missing_password() -> int:
    error = InputError(
        Problem(
            tried="Read the password",
            evidence="Standard input is empty.",
            cause="A password is never taken from the command line, where other users could read it.",
            owner=Owner.CONSOLE,
            remedy="Pipe it in with --password-stdin, or type it at a terminal.",
            fault=FaultId.PASSWORD_MISSING,
        )
    )
    output.print_problem(error)
    return error.exit_status


@app.command("list")
def list_(context: typer.Context) -> None:
    """List the User Credentials, and for which servers each has a password."""

    async def work(workspace: Workspace) -> int:
        rows = await asyncio.to_thread(_credential_rows, workspace)
        output.print_table(("Name", "Account Name", "Password"), rows)
        return output.EXIT_OK

    get_command_context(context).run(work)


def _credential_rows(workspace: Workspace) -> list[tuple[str, str, str]]:
    rows = []
    for item in workspace.configuration.all(UserCredential):
        state = workspace.vault.state(item.id, item.name)
        bound = ", ".join(str(o) for o in state.origins) or "no server yet"
        account = item.account if isinstance(item, UserCredential) else ""
        rows.append((item.name, account, f"set, for {bound}" if state.present else "not set"))
    return rows


@app.command()
def forget(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Name of the User Credential.")],
) -> None:
    """Remove a password from the vault; the User Credential stays."""

    async def work(workspace: Workspace) -> int:
        item = await asyncio.to_thread(workspace.configuration.named, UserCredential, name)
        found = await asyncio.to_thread(workspace.vault.forget, item.id, item.name)
        output.print_message(
            f"The password of “{name}” is removed." if found else f"No password was kept for “{name}”."
        )
        return output.EXIT_OK

    get_command_context(context).run(work)
