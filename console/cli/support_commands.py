"""`support-bundle`: logs, versions, configuration, checks and answers in one file, without a secret."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from console.cli import output
from console.cli.command_context import CommandContext, get_command_context
from console.version import VERSION
from services.common.errors import ConsoleError
from services.support_bundle import (
    read_credentials,
    read_logs,
    read_store,
    version_report,
    write_bundle,
)
from services.transfer import export_document


def support_bundle(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="Where to write the zip file.")],
) -> None:
    """Write logs, versions, the configuration, the last check of each server and the answers to a zip file; never a secret."""
    command = get_command_context(context)

    async def body() -> int:
        parts = {"versions.txt": version_report(VERSION)} | await _read_store(command)
        parts |= await asyncio.to_thread(read_logs, command.paths.state / "logs")
        try:
            names = await asyncio.to_thread(write_bundle, file, parts)
        except OSError as error:
            raise output.file_error("Write", str(file), error) from error
        output.print_message(f"{len(names)} files are written to {file}: {', '.join(names)}.")
        return output.EXIT_OK

    raise typer.Exit(command.status_of(body))


async def _read_store(command: CommandContext) -> dict[str, str]:
    """Return the parts that come from the store; one that cannot be opened is itself worth telling."""
    try:
        async with command.workspace() as workspace:
            document = await asyncio.to_thread(export_document, workspace.configuration)
            parts = await asyncio.to_thread(read_store, workspace.configuration)
            sign_ins = await asyncio.to_thread(read_credentials, workspace.configuration, workspace.vault)
            return {"configuration.yaml": document} | parts | sign_ins
    except ConsoleError as error:
        told = f"# The configuration cannot be read.\n# {error.problem.as_text()}\n".replace("\n ", "\n#  ")
        return {"configuration.yaml": told}
