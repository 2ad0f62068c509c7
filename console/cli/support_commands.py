"""`support-bundle`: logs, versions, checks and configuration in one file, without a secret."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from console.cli import output
from console.cli.command_context import CommandContext, get_command_context
from console.version import VERSION
from services.common.errors import ConsoleError
from services.support_bundle import read_logs, version_report, write_bundle
from services.transfer import export_document


def support_bundle(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="Where to write the zip file.")],
) -> None:
    """Write logs (with the last checks), versions and the configuration to a zip file; never a secret."""
    command = get_command_context(context)

    async def body() -> int:
        parts = {
            "versions.txt": version_report(VERSION),
            "configuration.yaml": await _export_configuration(command),
        }
        parts |= await asyncio.to_thread(read_logs, command.paths.state / "logs")
        try:
            names = await asyncio.to_thread(write_bundle, file, parts)
        except OSError as error:
            raise output.file_error("Write", str(file), error) from error
        output.print_message(f"{len(names)} files are written to {file}: {', '.join(names)}.")
        return output.EXIT_OK

    raise typer.Exit(command.status_of(body))


async def _export_configuration(command: CommandContext) -> str:
    """Return the configuration as it is exported; a store that cannot be opened is itself worth telling."""
    try:
        async with command.workspace() as workspace:
            return await asyncio.to_thread(export_document, workspace.configuration)
    except ConsoleError as error:
        return f"# The configuration cannot be read.\n# {error.problem.as_text()}\n".replace("\n ", "\n#  ")
