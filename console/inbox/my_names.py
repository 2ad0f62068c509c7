"""Whoever sits at this console, by the names that ServiceNow shows: what “Waits for me” means."""

from typing import Any

from PyQt6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from console.widgets import buttons
from console.widgets.dialog import Dialog
from console.widgets.field import Field
from console.widgets.labels import Label
from console.widgets.line_editors import TextLineEdit
from services.language import tr

SETTING_KEY = "my_names"
WIDTH = 460


def my_names(remembered: Any) -> tuple[str, ...]:
    """Return the names that were given; `remembered` is the layout of the window, or None where there is no window."""
    text = remembered.text(SETTING_KEY) if remembered is not None else ""
    return tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))


class MyNamesDialog(Dialog):
    """Asks for the names of the person and of the groups that the person answers for."""

    def __init__(self, names: tuple[str, ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("My ServiceNow user and groups"))
        self.setMinimumWidth(WIDTH)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 16, 24, 16)
        layout.setSpacing(12)
        layout.addWidget(Label(tr("My ServiceNow user and groups"), role="section"))
        self.names = TextLineEdit()
        self.names.setText(", ".join(names))
        layout.addWidget(
            Field(
                "Names", self.names, "Yours and those of your groups, as ServiceNow shows them, with commas"
            )
        )
        foot = QHBoxLayout()
        foot.setSpacing(8)
        foot.addStretch(1)
        keep = buttons.primary("Save")
        keep.setDefault(True)
        keep.clicked.connect(self.accept)
        out = buttons.secondary("Cancel")
        out.clicked.connect(self.reject)
        foot.addWidget(keep)
        foot.addWidget(out)
        layout.addLayout(foot)
        self.names.setFocus()


def open_my_names(window: Any) -> MyNamesDialog:
    """Open the dialog; names that are given are remembered, and the counts follow."""
    dialog = MyNamesDialog(my_names(window.settings), window)

    def keep() -> None:
        window.settings.set_text(SETTING_KEY, dialog.names.text())
        window.saved_filters.filters.reset_inbox()

    dialog.accepted.connect(keep)
    dialog.finished.connect(dialog.deleteLater)
    dialog.open()
    return dialog
