"""Asks for the names of the user in ServiceNow."""

from collections.abc import Callable

from PyQt6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from console.inbox.my_names import SETTING_KEY, my_names
from console.runtime.window_settings import WindowSettings
from console.widgets import buttons
from console.widgets.dialog import Dialog
from console.widgets.field import Field
from console.widgets.labels import Label
from console.widgets.line_editors import TextLineEdit
from services.language import tr

WIDTH = 460


class MyNamesDialog(Dialog):
    """Asks for the names of the user and of the groups of the user."""

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
        save = buttons.primary("Save")
        save.setDefault(True)
        save.clicked.connect(self.accept)
        cancel = buttons.secondary("Cancel")
        cancel.clicked.connect(self.reject)
        foot.addWidget(save)
        foot.addWidget(cancel)
        layout.addLayout(foot)
        self.names.setFocus()


def open_my_names(settings: WindowSettings, parent: QWidget, on_changed: Callable[[], None]) -> MyNamesDialog:
    """Open the dialog; names that are entered are stored in the settings."""
    dialog = MyNamesDialog(my_names(settings), parent)

    def save_names() -> None:
        settings.set_text(SETTING_KEY, dialog.names.text())
        on_changed()

    dialog.accepted.connect(save_names)
    dialog.finished.connect(dialog.deleteLater)
    dialog.open()
    return dialog
