"""Saving steps and values as a document."""

from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtWidgets import QFileDialog, QWidget

from services.common.errors import Owner, Problem
from services.common.fault_ids import FaultId
from services.common.file_writing import save_file, write_failure_cause, write_failure_remedy
from services.language import tr, tr_message

if TYPE_CHECKING:
    from console.runtime.context import Context
    from console.runtime.task_runner import TaskRunner


def open_save_dialog(
    ctx: "Context", tasks: "TaskRunner", window: QWidget | None, name: str, text: str
) -> None:
    """Open the dialog that asks for a file; it is written when one was chosen."""
    dialog = QFileDialog(window, tr("Save as a document"), _file_name(name), tr("Markdown (*.md)"))
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setDefaultSuffix("md")
    dialog.fileSelected.connect(
        lambda path: tasks.start(write_document(ctx, Path(path), text), group="save document")
    )
    dialog.finished.connect(dialog.deleteLater)
    dialog.open()


async def write_document(ctx: "Context", path: Path, text: str) -> None:
    """Write the document, and notify the user."""
    try:
        await ctx.call(save_file, path, text.encode())
    except OSError as error:
        ctx.show_problem(
            Problem(
                tried=tr_message("Save the document as {name}", name=path.name),
                evidence=error.strerror or type(error).__name__,
                cause=write_failure_cause(error),
                owner=Owner.CONSOLE,
                remedy=write_failure_remedy(error),
                fault=FaultId.FILE_NOT_WRITTEN,
            )
        )
        return
    ctx.notify(tr("Saved the document as {name}", name=path.name))


def _file_name(name: str) -> str:
    plain = "".join(c if c.isalnum() or c in "-_ " else "-" for c in name).strip()
    return f"Connect {plain}.md"
