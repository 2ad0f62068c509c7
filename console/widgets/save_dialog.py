"""The dialog that asks for a file to write."""

from collections.abc import Callable
from pathlib import Path

from PyQt6.QtWidgets import QFileDialog, QWidget

from console.widgets.file_dialog import show_file_dialog


def open_save_dialog(
    window: QWidget | None, title: str, name: str, file_type: str, chosen: Callable[[Path], object]
) -> QFileDialog:
    """Ask for a file beside the window, called `name` at first; `chosen` is called with the one that was chosen.

    `file_type` is what the dialog calls the kind of file, as in “Markdown (*.md)”. A name without a suffix gets that of `name`.
    """
    dialog = QFileDialog(window, title, name, file_type)
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setDefaultSuffix(Path(name).suffix.removeprefix("."))
    dialog.fileSelected.connect(lambda path: chosen(Path(path)))
    show_file_dialog(dialog)
    return dialog


def plain_name(text: str) -> str:
    """Return a text as the name of a file, without the characters that file systems refuse."""
    return "".join(c if c.isalnum() or c in "-_ " else "-" for c in text).strip()
