"""Actions on objects from a page, a menu or a picker: create, duplicate, delete."""

import uuid
from functools import partial
from typing import TYPE_CHECKING

from console.runtime.context import Context
from console.runtime.drafts import Draft
from console.runtime.page_targets import DELETED, Target
from models.kinds import KINDS, Kind
from services.common.errors import ConsoleError, InUseError
from services.language import tr

if TYPE_CHECKING:
    from console.forms.object_page import ObjectPage
    from models.base import ConfigurationObject

REQUEST_TABLE = "approval_request"
"""References from requests do not block a deletion; the requests keep the name of the object."""


async def new_object(ctx: Context, kind: Kind, **values: object) -> Target:
    """Start an object of a kind as a draft and open its page; returns where it is."""
    workspace = await ctx.ready()
    item = await ctx.call(lambda: workspace.configuration.new(kind, **values))
    return _open_draft(ctx, item, fresh=not values)


async def duplicate(ctx: Context, kind: Kind, object_id: uuid.UUID) -> Target:
    """Start a copy of an object as a draft and open its page; returns where it is."""
    workspace = await ctx.ready()
    item = await ctx.call(workspace.configuration.duplicate, kind, object_id)
    return _open_draft(ctx, item)


def _open_draft(ctx: Context, item: "ConfigurationObject", *, fresh: bool = False) -> Target:
    from console.forms.edited_object import field_values

    kind = item.kind
    offered = field_values(item) if fresh else None
    ctx.drafts.put(Draft(kind=kind, id=item.id, values=field_values(item), fresh=offered))
    target = Target(str(kind), item.id)
    ctx.navigate(target)
    return target


async def delete(page: "ObjectPage") -> bool:
    """Ask whether to delete the object of a page and do it; returns whether it was deleted.

    For an object in use its users are shown instead.
    """
    from console.forms.delete_dialogs import DeleteDialog, InUseDialog
    from console.forms.open_requests_dialog import run_with_confirmation
    from console.forms.undo import push_deletion
    from console.runtime.task_runner import show_and_wait

    ctx, item = page.ctx, page.session.item
    if item is None:
        return False
    workspace = await ctx.ready()
    kind = item.kind
    everything = await ctx.call(workspace.configuration.used_by, kind, item.id)
    users = [user for user in everything if user.kind != REQUEST_TABLE]
    if users:
        await show_and_wait(InUseDialog(ctx, item.name, users, page.window()))
        return False
    refused = await ctx.call(partial(workspace.configuration.open_requests_error, item, delete=True))
    if refused is None:
        requests = next((user.name for user in everything if user.kind == REQUEST_TABLE), "")
        named = KINDS[kind].singular, item.name
        if not await show_and_wait(
            DeleteDialog(*named, page.window(), requests=requests, secret=KINDS[kind].has_password)
        ):
            return False
    delete = partial(workspace.delete, kind, item.id, item.version)
    try:
        done, kept = await run_with_confirmation(
            lambda count: ctx.call(partial(delete, confirmed=count)), page.window(), refused
        )
    except InUseError as error:
        await show_and_wait(InUseDialog(ctx, item.name, error.users, page.window()))
        return False
    except ConsoleError as error:
        ctx.show_problem(error.problem)
        return False
    if not done:
        return False
    if kept is not None:
        ctx.show_problem(kept)
    page.session.end()
    await push_deletion(ctx, item)
    ctx.notify(tr("Deleted {name}", name=item.name))
    ctx.activity.offer(tr("Show deleted objects"), lambda: ctx.navigate(Target(DELETED)))
    ctx.navigate(page.parent_target())
    return True
