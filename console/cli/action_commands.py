"""`actions`: approval actions of Privilege Manager."""

import asyncio
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from console.cli import output
from console.cli.arguments import Json, PrivilegeManagerName
from console.cli.command_context import get_command_context
from console.cli.errors import call_error
from console.cli.item_lists import SearchText, find_server, read_copies, search_items, write_list
from models.server_item import ItemKind
from models.window_texts import DEFAULT_LANGUAGE, find_text_key
from services.actions.server_actions import record_copies_seen
from services.common.file_writing import save_file
from services.common.json_types import JsonLike
from services.coordination.clock import SystemClock
from services.language import tr
from services.policies.action_wait import wait_for_action
from services.policies.server_state import platform_of
from services.privilege_manager.api_items import ActionItem
from services.privilege_manager.items.action_copy import ActionCopy, ActionEdits, Change, make_copy
from services.privilege_manager.items.archive import SIZE_MAX, write_archive
from services.workspace import Workspace

app = typer.Typer(help="Approval actions of Privilege Manager.", no_args_is_help=True)

SHOWN_MAX = 60
"""Characters of a value in the table of changes; JSON has all of it."""


class OutputForm(StrEnum):
    """File name extensions of what *Import Items* accepts."""

    ARCHIVE = ".zip"
    XML = ".xml"


@app.command("list")
def list_actions(
    context: typer.Context,
    server: PrivilegeManagerName,
    search: SearchText = "",
    json: Json = False,
) -> None:
    """List the actions of a server by name."""

    async def work(workspace: Workspace) -> int:
        stored, copies = await read_copies(workspace, server, (ItemKind.ACTION,))
        actions = await asyncio.to_thread(copies.actions)
        shown = search_items(actions, search)

        def print_rows() -> None:
            rows = [(one.name or "", platform_of(one) or "", one.item_id) for one in shown]
            output.print_table((tr("Action"), tr("Platform"), tr("Id")), rows, whole=(tr("Id"),))

        listed = {"actions": [_action_as_dict(one) for one in shown]}
        incomplete = tr("The list of actions is incomplete.")
        return write_list(stored, actions, listed, print_rows, incomplete, json=json)

    get_command_context(context).run(work, json_too=json)


@app.command()
def wait(
    context: typer.Context,
    server: PrivilegeManagerName,
    name: Annotated[str, typer.Argument(help="Name or id of the action.")],
    timeout: Annotated[float, typer.Option(min=0, metavar="SECONDS", help="How long to wait.")] = 1800,
    json: Json = False,
) -> None:
    """Wait until the server shows an action: asked every 10 s, later every 60 s; 1 when it did not come."""

    async def work(workspace: Workspace) -> int:
        if not name.strip():
            raise call_error("Read the call", "The name is empty.", "Give the name or id of the action.")
        stored = await find_server(workspace, server)
        client = await workspace.privilege_manager(stored.id)
        done = await wait_for_action(
            client, name, SystemClock(), timeout_s=timeout, report=output.print_message
        )
        await record_copies_seen(workspace.store, stored.id, name, done.found)
        if json:
            output.print_json({"asked": done.asked, "actions": [_action_as_dict(one) for one in done.found]})
        elif done.found:
            for one in done.found:
                output.print_result(f"{one.item_id}\t{one.name or ''}")
        else:
            output.print_message(tr("The action “{name}” is not on the server.", name=name))
        return output.EXIT_OK if done.found else output.EXIT_NOT_OK

    get_command_context(context).run(work, json_too=json)


def _action_as_dict(action: ActionItem) -> dict[str, JsonLike]:
    return {
        "id": action.item_id,
        "name": action.name,
        "description": action.description,
        "platform": platform_of(action),
        "command_line": action.command_line,
    }


@app.command()
def copy(
    context: typer.Context,
    export: Annotated[Path, typer.Argument(help="The action as Privilege Manager exported it, zip or XML.")],
    name: Annotated[str, typer.Option(help="Name of the copy.")],
    approval_type_id: Annotated[
        str, typer.Option(metavar="GUID", help="Item id of the Approval Type in Privilege Manager.")
    ],
    out: Annotated[
        Path, typer.Option(metavar="FILE", help="Where to write: FILE.zip for Import Items, or FILE.xml.")
    ],
    text: Annotated[
        list[str] | None,
        typer.Option(
            metavar="KEY=VALUE",
            help="Text of the window, such as information_section=…; words between ** are bold.",
        ),
    ] = None,
    language: Annotated[
        str,
        typer.Option(
            metavar="LL", help="Language of the texts, such as de; added if missing. Else the default texts."
        ),
    ] = DEFAULT_LANGUAGE,
    description: Annotated[str | None, typer.Option(help="Description of the copy.")] = None,
    require_authentication: Annotated[
        bool | None, typer.Option(help="Whether the user signs in again; else as exported.")
    ] = None,
    item: Annotated[
        str, typer.Option(metavar="GUID", help="Item id of the action, where the export contains several.")
    ] = "",
    json: Json = False,
) -> None:
    """Write a copy of an exported approval action, ready for Import Items; only what is named changes."""
    command = get_command_context(context)

    async def body() -> int:
        form = _output_form(out)
        texts = _parse_texts(text or [])
        edits = ActionEdits(
            name=name,
            approval_type_id=approval_type_id,
            description=description,
            require_authentication=require_authentication,
            texts={language: texts} if texts or language else {},
            source_item_id=item,
        )
        copied = await asyncio.to_thread(lambda: make_copy(_read_export(export), edits))
        content = write_archive(copied.xml) if form is OutputForm.ARCHIVE else copied.xml
        try:
            await asyncio.to_thread(save_file, out, content)
        except OSError as error:
            raise output.file_error("Write", str(out), error) from error
        _print_copy(copied, out, json=json)
        return output.EXIT_OK

    raise typer.Exit(command.status_of(body, json_too=json))


def _output_form(file: Path) -> OutputForm:
    try:
        return OutputForm(file.suffix.lower())
    except ValueError:
        raise call_error(
            f"Write the copy to {file}",
            f"The name ends with “{file.suffix}”.",
            "Name a file that ends with .zip or .xml.",
        ) from None


def _parse_texts(given: list[str]) -> dict[str, str]:
    """Return texts by key; names that are no key of this program are left to the window to know."""
    texts: dict[str, str] = {}
    for one in given:
        name, equals, value = one.partition("=")
        key = str(find_text_key(name) or name.strip())
        if not equals or not key or key in texts:
            raise call_error(
                "Read the texts of the copy", f"--text {one}", "Write each text once, as --text KEY=VALUE."
            )
        texts[key] = value
    return texts


def _read_export(file: Path) -> bytes:
    """Return the content of the file; one byte more than is accepted is enough to refuse it."""
    try:
        with file.open("rb") as opened:
            return opened.read(SIZE_MAX + 1)
    except OSError as error:
        raise output.file_error("Read", str(file), error) from error


def _print_copy(copied: ActionCopy, file: Path, *, json: bool) -> None:
    if json:
        output.print_json(
            {
                "item_id": copied.item_id,
                "name": copied.name,
                "file": str(file),
                "changes": [_change_to_dict(change) for change in copied.changes],
            }
        )
        return
    rows = [
        (
            change.kind.value,
            " ".join(part for part in (change.language, change.key) if part),
            _shorten(change.before),
            _shorten(change.after),
        )
        for change in copied.changes
    ]
    output.print_table(("Change", "Text", "Exported", "Copy"), rows)
    output.print_message(
        f"The copy {copied.item_id} is written to {file}. Import it in Admin > Import Items."
    )


def _change_to_dict(change: Change) -> dict[str, object]:
    return {
        "kind": change.kind.name.lower(),
        "language": change.language,
        "key": change.key,
        "before": change.before,
        "after": change.after,
        "spans": [
            {"source": [span.source_start, span.source_end], "copy": [span.copy_start, span.copy_end]}
            for span in change.spans
        ],
    }


def _shorten(value: str) -> str:
    shown = " ".join(value.split())
    return shown if len(shown) <= SHOWN_MAX else f"{shown[: SHOWN_MAX - 1]}…"
