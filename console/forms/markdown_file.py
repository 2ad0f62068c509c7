"""Saving a text as a Markdown file that is chosen in a dialog."""

from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtWidgets import QWidget

from console.widgets import save_dialog
from services.common.file_writing import save_file, write_problem
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
    save_dialog.open_save_dialog(
        window,
        title,
        f"{save_dialog.plain_name(name)}.md",
        tr("Markdown (*.md)"),
        lambda path: tasks.start(write_text(ctx, path, text), group="save text"),
    )


async def write_text(ctx: "Context", path: Path, text: str) -> None:
    """Write a text, and notify the user."""
    try:
        await ctx.call(save_file, path, text.encode())
    except OSError as error:
        ctx.show_problem(write_problem(tr_message("Save {name}", name=path.name), path, error))
        return
    ctx.notify(tr("Saved {name}", name=path.name))
