"""Lists of items of a Privilege Manager server: read from it, searched, and written as a table or as JSON."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, TypeVar

import typer

from console.cli import output
from models.privilege_manager_server import PrivilegeManagerServer
from models.server_item import ItemKind
from models.text_folding import fold_text
from services.common.json_types import JsonLike
from services.policies import ItemCopies, refresh_copies
from services.policies.item_copies import CopiedList
from services.privilege_manager.api_items import Item
from services.workspace import Workspace

SearchText = Annotated[str, typer.Argument(help="Text that the name contains.")]
ItemT = TypeVar("ItemT", bound=Item)


async def find_server(workspace: Workspace, name: str) -> PrivilegeManagerServer:
    """Return the Privilege Manager server of a name. Raises NotFoundError."""
    return await asyncio.to_thread(workspace.configuration.named, PrivilegeManagerServer, name)


async def read_copies(
    workspace: Workspace, server: str, kinds: Sequence[ItemKind]
) -> tuple[PrivilegeManagerServer, ItemCopies]:
    """Read lists from a server, and return it with the copies of its items. Raises ConsoleError."""
    stored = await find_server(workspace, server)
    client = await workspace.privilege_manager(stored.id)
    await refresh_copies(workspace.store, stored, client, kinds)
    return stored, ItemCopies(workspace.store, stored)


def search_items(listed: CopiedList[ItemT], text: str) -> list[ItemT]:
    """Return the items whose name contains a text, in any case."""
    return [one for one in listed.items if fold_text(text) in fold_text(one.name or "")]


def write_list(
    server: PrivilegeManagerServer,
    listed: CopiedList[ItemT],
    shown: Mapping[str, Sequence[JsonLike]],
    print_rows: Callable[[], None],
    incomplete: str,
    *,
    json: bool,
) -> int:
    """Write the items that are shown, and `incomplete` where the server kept some back; returns the exit status.

    `shown` has them for JSON under their name in the document; `print_rows` prints them as a table.
    """
    if json:
        output.print_json(
            {
                "server": server.name,
                "total": len(listed.items),
                "complete": listed.complete,
                "read_at": listed.read_at.isoformat() if listed.read_at else None,
                **shown,
            }
        )
    else:
        print_rows()
    if not listed.complete:
        output.print_message(incomplete)
    return output.EXIT_OK if listed.complete else output.EXIT_NOT_OK
