"""Undo steps for deleting and renaming objects."""

import uuid
from functools import partial
from typing import TYPE_CHECKING

from PyQt6.QtWidgets import QWidget

from console.runtime.context import Context
from console.runtime.page_targets import Target
from console.runtime.undo_stack import UndoStep
from models.kinds import Kind
from services.language import tr

if TYPE_CHECKING:
    from models.base import ConfigurationObject
    from services.configuration.revision_history import DeletedObject


async def restore(ctx: Context, deleted: "DeletedObject") -> str:
    """Restore a deleted object and show it; returns a sentence about it. Raises ConsoleError."""
    workspace = await ctx.ready()
    item = await ctx.call(partial(workspace.configuration.restore, deleted.revision, free_name=True))
    ctx.navigate(Target(str(deleted.kind), deleted.id))
    return (
        tr("Restored {name}", name=item.name)
        if item.name == deleted.name
        else tr("Restored {name} as {new_name}", name=deleted.name, new_name=item.name)
    )


async def push_deletion(ctx: Context, item: "ConfigurationObject") -> None:
    """Add an undo step that restores a deleted object."""
    workspace = await ctx.ready()
    deleted = await ctx.call(workspace.configuration.deleted)
    gone = next((one for one in deleted if (one.kind, one.id) == (item.kind, item.id)), None)
    if gone is not None:
        ctx.undo.push(UndoStep(tr("Delete {name}", name=item.name), lambda _parent: restore(ctx, gone)))


def push_rename(ctx: Context, kind: Kind, object_id: uuid.UUID, name: str, was: str) -> None:
    """Add an undo step that gives a renamed object its old name."""
    if name != was:
        ctx.undo.push(
            UndoStep(
                tr("Rename {was}", was=was),
                lambda parent: _undo_rename(ctx, kind, object_id, name, was, parent),
            )
        )


async def _undo_rename(
    ctx: Context, kind: Kind, object_id: uuid.UUID, name: str, was: str, parent: QWidget
) -> str:
    from console.forms.open_requests_dialog import run_with_confirmation

    workspace = await ctx.ready()
    item = await ctx.call(workspace.configuration.get, kind, object_id)
    if item.name != name:
        return tr("{name} was renamed again meanwhile; it keeps its name", name=item.name)
    rename = partial(workspace.configuration.rename, kind, object_id, was, item.version)
    done, _ = await run_with_confirmation(lambda count: ctx.call(partial(rename, confirmed=count)), parent)
    return tr("Renamed back to {was}", was=was) if done else tr("{name} keeps its name", name=name)
