"""`config`: the configuration as a YAML document."""

import asyncio
import codecs
import sys
from pathlib import Path
from typing import Annotated

import typer

from console.cli import output
from console.cli.arguments import ConfirmOpen, Json
from console.cli.command_context import get_command_context
from services.common.errors import InputError
from services.common.file_writing import save_file
from services.common.plain_text import is_free_of_controls
from services.language import plural
from services.transfer import Document, DocumentPlan, export_document, plan_document, read_document
from services.workspace import Workspace

app = typer.Typer(help="The configuration as a YAML document.", no_args_is_help=True)

File = Annotated[str, typer.Argument(help="Path of the document; - for standard input.")]


@app.command("plan")
def plan_(context: typer.Context, file: File = "-", json: Json = False) -> None:
    """Say what apply would change; 1 when something would."""
    document = _load_document(context, file, json=json)

    async def work(workspace: Workspace) -> int:
        made = await asyncio.to_thread(plan_document, document, workspace.configuration)
        _print_plan(made, json=json)
        return output.EXIT_OK if made.empty else output.EXIT_NOT_OK

    get_command_context(context).run(work, json_too=json, plans=True)


@app.command("apply")
def apply_(
    context: typer.Context, file: File = "-", confirm_open: ConfirmOpen = 0, json: Json = False
) -> None:
    """Bring the configuration to what the document says, in one transaction; nothing is deleted."""
    document = _load_document(context, file, json=json)

    async def work(workspace: Workspace) -> int:
        from services.transfer.apply_online import apply_online

        made = await asyncio.to_thread(plan_document, document, workspace.configuration)
        await apply_online(made, workspace, confirmed=confirm_open)
        _print_plan(made, json=json)
        return output.EXIT_OK

    get_command_context(context).run(work, json_too=json, begins=True)


@app.command("export")
def export_(
    context: typer.Context,
    file: Annotated[str, typer.Argument(help="Where to write; - for standard output.")] = "-",
) -> None:
    """Write the configuration, without secrets."""

    async def work(workspace: Workspace) -> int:
        ascii_only = file == "-" and not output.supports_unicode()
        text = await asyncio.to_thread(export_document, workspace.configuration, ascii_only=ascii_only)
        if file == "-" and not is_free_of_controls(text):
            # Written by YAML's own escapes, it reads back as it was.
            text = await asyncio.to_thread(export_document, workspace.configuration, ascii_only=True)
        if file == "-":
            output.print_result(text.rstrip("\n"))
        else:
            await asyncio.to_thread(_write_file, Path(file), text)
            output.print_message(f"Written to {file}.")
        return output.EXIT_OK

    get_command_context(context).run(work)


@app.command()
def validate(context: typer.Context, file: File = "-") -> None:
    """Check the form of a document, without comparing it with what is stored."""
    document = _load_document(context, file, json=False)
    for warning in document.warnings:
        output.print_message(warning)
    count = len(document.entries)
    output.print_message(
        plural(
            count,
            "The document is well formed: {count} object.",
            "The document is well formed: {count} objects.",
        )
    )


def _load_document(context: typer.Context, file: str, *, json: bool) -> Document:
    """Read the document; ends the command when it cannot be used.

    Before anything runs side by side: a thread that waits for standard input cannot be cancelled.
    """
    try:
        return _read_document_file(file)
    except InputError as error:
        raise typer.Exit(get_command_context(context).failed(error, json_too=json)) from error


def _read_document_file(file: str) -> Document:
    try:
        text = _decode(sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes())
    except (OSError, UnicodeDecodeError) as error:
        raise output.file_error("Read", file, error) from error
    return read_document(text)


def _decode(content: bytes) -> str:
    """Read the encodings that YAML may have, whatever the terminal's: UTF-8, or what a byte order mark names."""
    marked = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    return content.decode("utf-16" if marked else "utf-8-sig")


def _write_file(path: Path, text: str) -> None:
    try:
        save_file(path, text.encode())
    except OSError as error:
        raise output.file_error("Write", str(path), error) from error


def _print_plan(made: DocumentPlan, *, json: bool) -> None:
    for warning in made.warnings:
        output.print_message(warning)
    if json:
        output.print_json(made.as_dict())
        return
    for change in made.changes:
        output.print_result(f"{change.operation:7} {change.kind.value:17} {change.name}")
        if change.operation == "update":
            for name, (before, after) in change.fields.items():
                output.print_result(f"          {name}: {before} -> {after}")
    counts = ", ".join(f"{count} to {operation}" for operation, count in made.summary.items())
    output.print_message(f"Plan: {counts}.")
