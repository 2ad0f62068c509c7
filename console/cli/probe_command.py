"""`credential probe`: one sign-in attempt with a User Credential on a server, and what accepts it."""

import asyncio
from typing import Annotated

import typer

from console.cli import output
from console.cli.arguments import Json
from console.cli.command_context import get_command_context
from models.foreign_system import ForeignSystem
from models.user_credential import UserCredential
from services.sign_in_probe import PROBE_ROWS, ProbedServices, RowResult, find_probed_services, probe_sign_in
from services.sign_in_switch.probe_records import keep_probe
from services.workspace import Workspace


def probe(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Name of the User Credential.")],
    server: Annotated[str, typer.Option(help="Name of the ServiceNow server.")],
    json: Json = False,
) -> None:
    """Probe a sign-in with one attempt: token, REST, WSDL, SOAP, and whether it runs as the account; 1 unless all is proven.

    The User Credential need not be the one that the server uses now.
    """

    async def work(workspace: Workspace) -> int:
        credential, system, services = await asyncio.to_thread(_find_probed, workspace, name, server)
        settings, sign_in = await workspace.signing_in_as(system, credential)

        def tell(row: RowResult) -> None:
            if not json:
                output.print_result(format_row(row))

        found = await probe_sign_in(settings, sign_in, services, report=tell)
        await asyncio.to_thread(keep_probe, workspace, system, credential, found)
        if json:
            output.print_json(found.as_dict())
        else:
            verdict = "good" if found.is_good else "failed" if found.is_failed else "not proven"
            output.print_result(
                f"{credential.name} on {system.name}: {verdict}, {found.calls} calls, {found.ms:.0f} ms"
            )
        return output.EXIT_OK if found.is_good else output.EXIT_NOT_OK

    get_command_context(context).run(work, json_too=json)


def _find_probed(
    workspace: Workspace, name: str, server: str
) -> tuple[UserCredential, ForeignSystem, ProbedServices]:
    credential = workspace.configuration.named(UserCredential, name)
    system = workspace.configuration.named(ForeignSystem, server)
    return credential, system, find_probed_services(workspace.configuration, system.id)


def format_row(row: RowResult) -> str:
    """Return a row as lines: what was seen, and its problem."""
    state = row.state.value.replace("_", " ")
    line = f"{PROBE_ROWS[row.row]:10} {state:24} {row.evidence}"
    return line if row.problem is None else f"{line}\n{row.problem.as_text()}"
