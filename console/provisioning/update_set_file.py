"""Saving a plan as an update set, for an administrator of the instance to import by hand."""

from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtWidgets import QFileDialog, QWidget

from console.runtime import lazy_imports
from services.common.errors import Owner, Problem
from services.common.fault_ids import FaultId
from services.common.file_writing import save_file, write_failure_cause, write_failure_remedy
from services.language import plural, tr, tr_message

if TYPE_CHECKING:
    from console.runtime.context import Context
    from console.runtime.task_runner import TaskRunner
    from services.provisioning import ProvisionPlan


def open_save_dialog(
    ctx: "Context", tasks: "TaskRunner", plan: "ProvisionPlan", server: str, window: QWidget | None
) -> None:
    """Open the dialog that asks for a file; the plan is written when one was chosen."""
    dialog = QFileDialog(window, tr("Save update set"), _file_name(server), tr("Update set (*.xml)"))
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setDefaultSuffix("xml")
    dialog.fileSelected.connect(
        lambda path: tasks.start(write_update_set(ctx, Path(path), plan), group="save")
    )
    dialog.finished.connect(dialog.deleteLater)
    dialog.open()


async def write_update_set(ctx: "Context", path: Path, plan: "ProvisionPlan") -> None:
    """Write a plan as an update set, and notify the user."""
    await lazy_imports.ready(ctx, lazy_imports.provisioning)
    from services import provisioning

    def to_file() -> None:
        save_file(path, provisioning.render_update_set(plan))

    try:
        await ctx.call(to_file)
    except OSError as error:
        ctx.show_problem(_write_problem(path, error))
        return
    ctx.notify(
        plural(
            len(plan.writes),
            "Saved the update set as {file}: {count} record",
            "Saved the update set as {file}: {count} records",
            file=path.name,
        )
    )


def _file_name(server: str) -> str:
    plain = "".join(c if c.isalnum() or c in "-_ " else "-" for c in server).strip()
    return tr("Approval items for {server}.xml", server=plain)


def _write_problem(path: Path, error: OSError) -> Problem:
    return Problem(
        tried=tr_message("Save the update set as {file}", file=path.name),
        evidence=error.strerror or type(error).__name__,
        cause=write_failure_cause(error),
        owner=Owner.CONSOLE,
        remedy=write_failure_remedy(error),
        fault=FaultId.FILE_NOT_WRITTEN,
    )
