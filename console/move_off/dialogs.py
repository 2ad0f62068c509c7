"""Dialogs of the page: the name of a production server, the removal of the password, and what the restriction is."""

from PyQt6.QtWidgets import QWidget

from console.widgets import buttons, plain_text
from console.widgets.dialog import Dialog
from console.widgets.dialog_parts import button_row, titled_column
from console.widgets.field import Field
from console.widgets.labels import wrapped_label
from console.widgets.line_editors import TextLineEdit
from services.language import tr

WIDTH = 460


class ConfirmServerDialog(Dialog):
    """Asks for the name of a production server before `act` is done there."""

    def __init__(self, title: str, text: str, act: str, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(plain_text.window_title(title))
        self.setMinimumWidth(WIDTH)
        self._name = name
        layout = titled_column(self, title)
        layout.addWidget(wrapped_label(text))
        self.editor = TextLineEdit()
        hint = tr("Type the server's name to confirm: {name}", name=name)
        layout.addWidget(Field("Production", self.editor, hint))
        self.confirm = buttons.primary(act)
        self.confirm.setEnabled(False)
        self.confirm.clicked.connect(self.accept)
        self.editor.textChanged.connect(lambda text: self.confirm.setEnabled(text.strip() == self._name))
        layout.addLayout(button_row(self, self.confirm))
        self.editor.setFocus()


class RemovePasswordDialog(Dialog):
    """Asks before the former password is removed from the vault."""

    def __init__(self, credential: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Remove the password"))
        self.setMinimumWidth(WIDTH)
        layout = titled_column(self, tr("Remove the password?"))
        text = tr(
            "The password of {credential} is removed from the vault. Undo switch then asks for it again. The User "
            "Credential and the account in ServiceNow stay.",
            credential=credential,
        )
        layout.addWidget(wrapped_label(text))
        confirm = buttons.danger("Remove the password")
        confirm.clicked.connect(self.accept)
        layout.addLayout(button_row(self, confirm))


class RestrictionDialog(Dialog):
    """Says what the restriction of basic authentication is, and what of it can be seen from here."""

    def __init__(self, known: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Restriction of basic authentication"))
        self.setMinimumWidth(WIDTH)
        layout = titled_column(self, tr("Restriction of basic authentication"))
        layout.addWidget(wrapped_label(known, "strong"))
        texts = (
            tr(
                "ServiceNow lets administrators record or block API calls with user name and password. A blocked call gets "
                "the same answer as one with a wrong password."
            ),
            tr(
                "The switches are the properties glide.authenticate.basic_auth.restriction.active, .enforce and "
                ".enforcement_date. An account without rights gets an empty answer, which says nothing."
            ),
            tr(
                "In ServiceNow: All > Basic Auth Restriction > Properties. Accounts with Web service access only and the "
                "role snc_basic_auth_api_access are let in."
            ),
        )
        for text in texts:
            layout.addWidget(wrapped_label(text))
        layout.addLayout(button_row(self))
