"""The question before something is written to a production server: its name has to be typed."""

from typing import TYPE_CHECKING

from PyQt6.QtWidgets import QWidget

from console.forms.delete_dialogs import ConfirmationDialog
from console.widgets import buttons
from console.widgets.field import Field
from console.widgets.line_editors import TextLineEdit
from services.language import tr

if TYPE_CHECKING:
    from models.privilege_manager_server import PrivilegeManagerServer


class ProductionDialog(ConfirmationDialog):
    """Confirms `verb` on a production server."""

    def __init__(
        self, server: "PrivilegeManagerServer", verb: str, text: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(tr("{act} on {server}", act=verb, server=server.name), text, parent)
        self._name = server.name
        self.line = TextLineEdit()
        self.lines.addWidget(
            Field("Production", self.line, tr("Type the server's name to confirm: {name}", name=server.name))
        )
        self.act_button = buttons.primary(verb)
        self.act_button.setDefault(True)
        self.foot(self.act_button, tr("Cancel"))
        self.line.textChanged.connect(lambda _text: self._update())
        self.line.setFocus()
        self._update()

    def _update(self) -> None:
        self.act_button.setEnabled(self.line.text().strip() == self._name)
