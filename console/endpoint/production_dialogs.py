"""The questions before something real happens: raising on a production server, and cancelling."""

from PyQt6.QtWidgets import QWidget

from console.forms.delete_dialogs import ConfirmationDialog
from console.widgets import buttons
from console.widgets.field import Field
from console.widgets.line_editors import TextLineEdit
from services.language import tr


class RaiseDialog(ConfirmationDialog):
    """Asks whether to raise a real request on a production server."""

    def __init__(self, server: str, parent: QWidget | None = None) -> None:
        super().__init__(
            tr("Raise a real request?"),
            tr(
                "{server} is a production server. People there are asked to approve the request.",
                server=server,
            ),
            parent,
        )
        self.foot(buttons.secondary("Raise the request"), tr("Cancel"))


class ProductionNameDialog(ConfirmationDialog):
    """Asks for the name of the production server; without it nothing is raised."""

    def __init__(self, server: str, parent: QWidget | None = None) -> None:
        super().__init__(
            tr("Confirm the server"), tr("Type the server's name to confirm: {name}", name=server), parent
        )
        self.line = TextLineEdit()
        self.lines.addWidget(Field("Production", self.line))
        self.accept_button = buttons.primary("Raise the request")
        self.accept_button.setEnabled(False)
        self.line.textChanged.connect(lambda text: self.accept_button.setEnabled(text.strip() == server))
        self.foot(self.accept_button, tr("Cancel"))
        self.line.setFocus()


class CancelRequestDialog(ConfirmationDialog):
    """Asks whether to cancel the request of the window."""

    def __init__(self, number: str, server: str, parent: QWidget | None = None) -> None:
        super().__init__(
            tr("Cancel the request?"),
            tr("{number} is cancelled on {server}. Close keeps it open there.", number=number, server=server),
            parent,
        )
        self.foot(buttons.secondary("Cancel the request"), tr("Close"))
