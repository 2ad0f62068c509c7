"""Saving a text as a Markdown file that is chosen in a dialog."""

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
    ctx: "Context", tasks: "TaskRunner", window: QWidget | None, title: str, name: str, text: str
) -> None:
    """Open the dialog that asks for a file, called `title`; the text is written when one was chosen.

    The file is called `name` at first, without the characters that file systems refuse.
    """
    dialog = QFileDialog(window, title, _file_name(name), tr("Markdown (*.md)"))
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setDefaultSuffix("md")
    dialog.fileSelected.connect(
        lambda path: tasks.start(write_text(ctx, Path(path), text), group="save text")
    )
    dialog.finished.connect(dialog.deleteLater)
    dialog.open()


async def write_text(ctx: "Context", path: Path, text: str) -> None:
    """Write a text, and notify the user."""
    try:
        await ctx.call(save_file, path, text.encode())
    except OSError as error:
        ctx.show_problem(
            Problem(
                tried=tr_message("Save {name}", name=path.name),
                evidence=error.strerror or type(error).__name__,
                cause=write_failure_cause(error),
                owner=Owner.CONSOLE,
                remedy=write_failure_remedy(error),
                fault=FaultId.FILE_NOT_WRITTEN,
            )
        )
        return
    ctx.notify(tr("Saved {name}", name=path.name))


def _file_name(name: str) -> str:
    plain = "".join(c if c.isalnum() or c in "-_ " else "-" for c in name).strip()
    return f"{plain}.md"
