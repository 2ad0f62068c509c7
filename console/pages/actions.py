"""What people do with objects from a page, a menu or a picker: make, duplicate, delete."""

import uuid
from typing import Any

from console.drafts import Draft
from console.pages.registry import Target
from models.kinds import KINDS, Kind
from services.errors import ConsoleError, InUseError


async def new_object(ctx: Any, kind: Kind, **values: Any) -> Target:
    """Start an object of a kind as a draft and open its page; returns where it is."""
    workspace = await ctx.ready()
    item = await ctx.call(lambda: workspace.configuration.new(kind, **values))
    return _open_draft(ctx, item)


async def duplicate(ctx: Any, kind: Kind, object_id: uuid.UUID) -> Target:
    """Start a copy of an object as a draft and open its page; returns where it is."""
    workspace = await ctx.ready()
    item = await ctx.call(workspace.configuration.duplicate, kind, object_id)
    return _open_draft(ctx, item)


def _open_draft(ctx: Any, item: Any) -> Target:
    from console.pages.session import field_values

    kind = type(item).kind
    ctx.drafts.put(Draft(kind=kind, id=item.id, values=field_values(item)))
    target = Target(str(kind), item.id)
    ctx.navigate(target)
    return target


async def delete(page: Any, item: Any) -> bool:
    """Ask whether to delete an object and do it; returns whether it is gone.

    `page` is the page of the object. An object in use is not asked about: its
    users are shown instead.
    """
    from console.pages.delete_dialog import DeleteDialog, InUseDialog
    from console.workers import ask

    ctx = page.ctx
    workspace = await ctx.ready()
    kind = type(item).kind
    users = await ctx.call(workspace.configuration.used_by, kind, item.id)
    if users:
        await ask(InUseDialog(ctx, item.name, users, page.window()))
        return False
    if not await ask(DeleteDialog(KINDS[kind].singular, item.name, page.window())):
        return False
    try:
        await ctx.call(workspace.configuration.delete, kind, item.id, item.version)
    except InUseError as error:
        await ask(InUseDialog(ctx, item.name, error.users, page.window()))
        return False
    except ConsoleError as error:
        ctx.show_problem(error.problem)
        return False
    page.session.end()
    ctx.notify(f"Deleted {item.name}")
    ctx.navigate(page.parent_target())
    return True
