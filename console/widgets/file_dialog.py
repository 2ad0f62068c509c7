"""The dialog that asks for a file to read."""

from collections.abc import Callable, Sequence

from PyQt6.QtCore import QTimer
from PyQt6.QtWidgets import QFileDialog, QWidget


def open_file_dialog(
    window: QWidget | None, title: str, chosen: Callable[[str], object], filters: Sequence[str] = ()
) -> None:
    """Ask for a file beside the window; `chosen` is called with the path of the one that was chosen.

    `filters` are what the dialog calls the kinds of files, as in “All files (*)”; without them every file is shown.
    """
    dialog = QFileDialog(window, title)
    dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
    if filters:
        dialog.setNameFilters(list(filters))
    dialog.fileSelected.connect(chosen)
    show_file_dialog(dialog)


def show_file_dialog(dialog: QFileDialog) -> None:
    """Show a dialog until a file is chosen or it is closed.

    It is shown in the next turn of the event loop: making it and laying it out would be one long step.
    """
    dialog.finished.connect(dialog.deleteLater)
    QTimer.singleShot(1, dialog.open)
