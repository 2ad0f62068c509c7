"""Reads and writes what the page of an action works with: the export, the copy, and what the server has."""

import asyncio
import re
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from console.actions.action_presenter import ActionFacts
from console.runtime import lazy_imports
from services.common.errors import ConsoleError, InputError, Owner, Problem
from services.common.fault_ids import FaultId
from services.language import tr, tr_message

if TYPE_CHECKING:
    from console.runtime.context import Context
    from models.action import Action
    from services.privilege_manager.items.approval_action import ApprovalAction

_NOT_IN_FILE_NAMES = re.compile(r'[\x00-\x1f<>:"/\\|?*]')


class ActionFiles:
    """The blocking work of the page, done in threads."""

    def __init__(self, ctx: "Context") -> None:
        self.ctx = ctx

    async def load(
        self, facts: ActionFacts, action_id: uuid.UUID, stored: "Action | None", server_id: uuid.UUID | None
    ) -> None:
        """Read progress, export and the local copy of the server's actions into `facts`."""
        await lazy_imports.ready(self.ctx, lazy_imports.actions)
        from services.actions import progress as progresses
        from services.actions import server_actions

        store = (await self.ctx.ready()).store
        progress = await self.ctx.call(progresses.load_progress, store, action_id)
        if facts.export is None or progress.exported_at != facts.progress.exported_at:
            facts.export = await self.ctx.call(progresses.load_export, progress)
        facts.progress = progress
        facts.is_current = (
            stored is not None
            and progress.written_at is not None
            and progresses.digest_of(stored, progress.export_content) == progress.written_digest
        )
        facts.listed = (
            None
            if server_id is None
            else await self.ctx.call(server_actions.load_server_actions, store, server_id)
        )

    async def ask_server(self, facts: ActionFacts, server_id: uuid.UUID) -> None:
        """Ask the server for its version and its actions."""
        await lazy_imports.ready(self.ctx, lazy_imports.actions)
        from services.actions import server_actions

        workspace = await self.ctx.ready()
        facts.server_problem = None
        try:
            client = await workspace.privilege_manager(server_id)
            facts.listed = await server_actions.read_server_actions(workspace.store, client, server_id)
            facts.version = await client.version()
        except ConsoleError as error:
            facts.server_problem = error.problem

    async def read_export(self, path: str) -> "ApprovalAction":
        """Return the action in a file. Raises ConsoleError."""
        await lazy_imports.ready(self.ctx, lazy_imports.actions)
        from services.privilege_manager.items.approval_action import read_action

        return await asyncio.to_thread(lambda: read_action(read_export_file(Path(path))))

    async def use_export(self, facts: ActionFacts, action_id: uuid.UUID, path: str) -> str:
        """Keep a file as the export; returns the name of the action in it, empty for a file that is refused."""
        await lazy_imports.ready(self.ctx, lazy_imports.actions)
        from services.actions import progress as progresses

        store = (await self.ctx.ready()).store
        try:
            content = await asyncio.to_thread(read_export_file, Path(path))
            action = await self.ctx.call(progresses.store_export, store, action_id, Path(path).name, content)
        except InputError as error:
            facts.refused = error.problem
            return ""
        facts.refused, facts.export = None, action
        return action.item.name

    async def write_copy(self, action: "Action", path: str) -> None:
        """Write the copy of an action into a file. Raises ConsoleError."""
        await lazy_imports.ready(self.ctx, lazy_imports.actions)
        from services.actions import progress as progresses
        from services.common.file_writing import save_file

        store = (await self.ctx.ready()).store
        progress = await self.ctx.call(progresses.load_progress, store, action.id)
        copy = await self.ctx.call(progresses.make_action_copy, action, progress)
        try:
            await asyncio.to_thread(save_file, Path(path), copy.content)
        except OSError as error:
            raise _file_error(
                tr_message("Write the copy"), path, error, FaultId.ACTION_FILE_UNWRITABLE
            ) from error
        await self.ctx.call(progresses.record_written, store, action.id, copy)

    async def base_url(self, server_id: uuid.UUID | None) -> str:
        """Return the base URL of a server, or an empty text without one."""
        from models.privilege_manager_server import PrivilegeManagerServer

        if server_id is None:
            return ""
        workspace = await self.ctx.ready()
        server = await self.ctx.call(workspace.configuration.get, PrivilegeManagerServer, server_id)
        return server.base_url

    def file_name(self, name: str) -> str:
        """Return the name of the file for a copy, which is that of the action."""
        plain = _NOT_IN_FILE_NAMES.sub("_", name).strip(" .")[:120]
        named = plain or tr("Action")
        return f"{named}.zip"


def read_export_file(path: Path) -> bytes:
    """Return the content of a file; one byte more than is accepted is enough to refuse it. Raises InputError."""
    from services.privilege_manager.items.archive import SIZE_MAX

    try:
        with path.open("rb") as opened:
            return opened.read(SIZE_MAX + 1)
    except OSError as error:
        raise _file_error(
            tr_message("Read the export"), str(path), error, FaultId.ACTION_FILE_UNREADABLE
        ) from error


def _file_error(tried: str, path: str, error: OSError, fault: FaultId) -> InputError:
    return InputError(
        Problem(
            tried=tried,
            evidence=f"{path}: {error.strerror or error}",
            cause=tr_message("The file cannot be used: {reason}", reason=error.strerror or str(error)),
            owner=Owner.CONSOLE,
            remedy=tr_message("Choose another file or folder."),
            fault=fault,
        )
    )
