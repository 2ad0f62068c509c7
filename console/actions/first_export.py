"""Makes an action from the export of the one it is a copy of, for a list without actions."""

from functools import partial
from typing import TYPE_CHECKING

from PyQt6.QtWidgets import QWidget

from console.actions.action_file import ActionFiles
from console.actions.action_presenter import ActionFacts
from console.runtime.page_targets import Target
from console.runtime.task_runner import TaskRunner
from console.widgets.file_dialog import open_file_dialog
from models.kinds import Kind
from services.language import tr

if TYPE_CHECKING:
    import uuid

    from console.runtime.context import Context
    from models.base import ConfigurationObject

COPY_PREFIX = "ServiceNow "
"""What the guide puts before the name of the action that is copied."""


def choose_first_export(ctx: "Context", tasks: TaskRunner, parent: QWidget | None) -> None:
    """Ask for the file of an export, make an action from it and open its page."""
    open_file_dialog(
        parent,
        tr("Choose an export"),
        lambda path: tasks.start(make_action(ctx, path), group="export"),
        [tr("Exports (*.zip *.xml)"), tr("All files (*)")],
    )


async def make_action(ctx: "Context", path: str) -> None:
    """Store an action for an export and show it; a file that is no export is shown as a problem. Raises ConsoleError."""
    workspace, files = await ctx.ready(), ActionFiles(ctx)
    export = await files.read_export(path)
    name = export.item.name
    values = {
        "name": name if name.startswith(COPY_PREFIX) else f"{COPY_PREFIX}{name}",
        "copy_of": name,
        "platform": export.platform,
        "server_id": await _only(ctx, Kind.PRIVILEGE_MANAGER_SERVER),
        "type_id": await _only(ctx, Kind.APPROVAL_TYPE),
    }
    known = {field: value for field, value in values.items() if value}
    made = await ctx.call(partial(workspace.configuration.new, Kind.ACTION, **known))
    stored: ConfigurationObject = await ctx.call(workspace.configuration.save, made)
    # The export belongs to a stored action.
    await files.use_export(ActionFacts(), stored.id, path)
    ctx.navigate(Target(Kind.ACTION.value, stored.id))


async def _only(ctx: "Context", kind: Kind) -> "uuid.UUID | None":
    """Return the id of the only object of a kind, None where there is none or a choice."""
    workspace = await ctx.ready()
    found = await ctx.call(workspace.configuration.all, kind)
    return found[0].id if len(found) == 1 else None
