"""The dialog that asks for the password of a credential again."""

from PyQt6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from console.widgets import buttons, plain_text
from console.widgets.dialog import Dialog
from console.widgets.field import Field
from console.widgets.labels import Label
from console.widgets.line_editors import PasswordLineEdit
from services.language import tr


class PasswordDialog(Dialog):
    """Asks for the password of a credential again, because it is to be sent to another host than before."""

    def __init__(self, credential_name: str, account: str, host: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(plain_text.window_title(tr("Enter the password")))
        self.setMinimumWidth(420)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 16, 24, 16)
        layout.setSpacing(12)
        layout.addWidget(
            Label(
                tr("Password of {credential_name} for {host}", credential_name=credential_name, host=host),
                role="section",
            )
        )
        self.line = PasswordLineEdit()
        layout.addWidget(
            Field(
                tr("Password of {account}", account=account),
                self.line,
                tr("It will be sent to {host} and to servers that use it now", host=host),
            )
        )
        foot = QHBoxLayout()
        foot.setSpacing(8)
        self.use_button = buttons.primary("Use this password")
        self.use_button.setEnabled(False)
        self.use_button.setDefault(True)
        self.use_button.clicked.connect(self.accept)
        self.line.textChanged.connect(lambda text: self.use_button.setEnabled(bool(text)))
        cancel = buttons.secondary("Cancel")
        cancel.clicked.connect(self.reject)
        foot.addWidget(self.use_button)
        foot.addStretch(1)
        foot.addWidget(cancel)
        layout.addLayout(foot)
