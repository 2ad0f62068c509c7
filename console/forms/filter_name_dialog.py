"""Asks for the name of a filter that is saved."""

from PyQt6.QtWidgets import QWidget

from console.widgets import buttons
from console.widgets.dialog import Dialog
from console.widgets.dialog_parts import button_row, titled_column
from console.widgets.field import Field
from console.widgets.line_editors import TextLineEdit
from services.language import tr

WIDTH, NAME_MAX_LENGTH = 420, 60


class FilterNameDialog(Dialog):
    """Asks for the name of a filter."""

    def __init__(self, proposed: str, taken: set[str], help_text: str, parent: QWidget | None = None) -> None:
        """Propose a name; `taken` are the names of others, `help_text` says where the filter stands."""
        super().__init__(parent)
        self.setWindowTitle(tr("Save filter"))
        self.setMinimumWidth(WIDTH)
        self._help_text = help_text
        self._taken = {name.casefold() for name in taken}
        layout = titled_column(self, tr("Save filter"), spacing=12)
        self.name = TextLineEdit()
        self.name.setMaxLength(NAME_MAX_LENGTH)
        self.name.setText(proposed)
        self.name.selectAll()
        self.field = Field("Name", self.name, help_text)
        self.name.textChanged.connect(lambda _text: self._validate())
        layout.addWidget(self.field)
        self.save_button = buttons.primary("Save filter")
        self.save_button.setDefault(True)
        self.save_button.clicked.connect(self.accept)
        layout.addLayout(button_row(self, self.save_button))
        self._validate()
        self.name.setFocus()

    def _validate(self) -> None:
        text = self.name.text().strip()
        taken = text.casefold() in self._taken
        self.save_button.setEnabled(bool(text) and not taken)
        if taken:
            self.field.set_error(tr("There is a filter of this name"))
        else:
            self.field.set_help(tr(self._help_text))
