"""`intake`: the programs that may raise requests through the worker."""

import asyncio
from typing import Annotated

import typer

from console.cli import output
from console.cli.command_context import get_command_context
from models.approval_type import ApprovalType
from services.intake.clients import IntakeClients
from services.intake.payload_mapping import document_from_arguments
from services.workspace import Workspace

app = typer.Typer(help="Programs that may raise requests.", no_args_is_help=True)


@app.command()
def add(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="What the program is called.")],
    type_: Annotated[
        str,
        typer.Option(
            "--type",
            help="Name of the Approval Type that it raises requests of.",
        ),
    ],
    map_: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            help="Where a variable stands in the payload: NAME=/pointer, NAME?=/pointer where it may be missing, "
            "NAME=text for a constant, or NAME={…} with a source in JSON. id=/pointer is the payload's own id. "
            "May be given again; without it the payload names the variables as the contract does.",
        ),
    ] = None,
) -> None:
    """Let a program raise requests; its token is written to standard output, this once."""

    async def work(workspace: Workspace) -> int:
        token = await asyncio.to_thread(_add_client, workspace, name, type_, map_ or [])
        output.print_message(f"“{name}” may raise requests of “{type_}”. Its token is shown only now:")
        output.print_result(token)
        return output.EXIT_OK

    get_command_context(context).run(work)


def _add_client(workspace: Workspace, name: str, type_name: str, pairs: list[str]) -> str:
    document = document_from_arguments(pairs)
    approval_type = workspace.configuration.named(ApprovalType, type_name)
    _, token = IntakeClients(workspace.store).add(name, approval_type.id, document)
    return token


@app.command("list")
def list_(context: typer.Context) -> None:
    """List the programs that may raise requests."""

    async def work(workspace: Workspace) -> int:
        found = await asyncio.to_thread(IntakeClients(workspace.store).all)
        rows = [
            (client.name, type_name, client.mapping, f"{client.created_at:%Y-%m-%d}", client.created_by)
            for client, type_name in found
        ]
        output.print_table(("Name", "Approval Type", "Mapping", "Added", "By"), rows)
        return output.EXIT_OK

    get_command_context(context).run(work)


@app.command()
def remove(
    context: typer.Context, name: Annotated[str, typer.Argument(help="What the program is called.")]
) -> None:
    """Take the right to raise requests back; the requests that it raised stay."""

    async def work(workspace: Workspace) -> int:
        await asyncio.to_thread(IntakeClients(workspace.store).remove, name)
        output.print_message(f"“{name}” may raise requests no longer.")
        return output.EXIT_OK

    get_command_context(context).run(work)
