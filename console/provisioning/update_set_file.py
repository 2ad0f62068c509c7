"""Saving a plan as an update set, for an administrator of the instance to import by hand."""

from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtWidgets import QWidget

from console.runtime import lazy_imports
from console.widgets import save_dialog
from services.common.file_writing import save_file, write_problem
from services.language import plural, tr, tr_message

if TYPE_CHECKING:
    from console.runtime.context import Context
    from console.runtime.task_runner import TaskRunner
    from services.provisioning import ProvisionPlan


def open_save_dialog(
    ctx: "Context", tasks: "TaskRunner", plan: "ProvisionPlan", server: str, window: QWidget | None
) -> None:
    """Open the dialog that asks for a file; the plan is written when one was chosen."""
    save_dialog.open_save_dialog(
        window,
        tr("Save update set"),
        tr("Approval items for {server}.xml", server=save_dialog.plain_name(server)),
        tr("Update set (*.xml)"),
        lambda path: tasks.start(write_update_set(ctx, path, plan), group="save"),
    )


async def write_update_set(ctx: "Context", path: Path, plan: "ProvisionPlan") -> None:
    """Write a plan as an update set, and notify the user."""
    await lazy_imports.ready(ctx, lazy_imports.provisioning)
    from services import provisioning

    def to_file() -> None:
        save_file(path, provisioning.render_update_set(plan))

    try:
        await ctx.call(to_file)
    except OSError as error:
        tried = tr_message("Save the update set as {file}", file=path.name)
        ctx.show_problem(write_problem(tried, path, error))
        return
    ctx.notify(
        plural(
            len(plan.writes),
            "Saved the update set as {file}: {count} record",
            "Saved the update set as {file}: {count} records",
            file=path.name,
        )
    )
