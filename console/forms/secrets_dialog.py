"""The dialog that asks for the secrets of a credential again."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PyQt6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from console.forms.field_editors import EditorHost
from console.forms.secret_field import SECRET_LABELS, SecretField
from console.widgets import buttons, plain_text
from console.widgets.dialog import Dialog
from console.widgets.field import Field
from console.widgets.labels import Label
from models.secret_names import SecretName
from models.sign_in import SignInMethod
from services.common.secret import Secret
from services.language import tr

if TYPE_CHECKING:
    from models.user_credential import UserCredential


class SecretsDialog(Dialog):
    """Asks for secrets of a credential again, because they are to be sent to another host than before."""

    def __init__(
        self, host: EditorHost, credential: "UserCredential", names: Sequence[SecretName], to_host: str
    ) -> None:
        super().__init__(host.window() if isinstance(host, QWidget) else None)
        basic = credential.method is SignInMethod.BASIC
        self.setWindowTitle(
            plain_text.window_title(tr("Enter the password") if basic else tr("Enter the secrets"))
        )
        self.setMinimumWidth(420)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 16, 24, 16)
        layout.setSpacing(12)
        named = {"credential_name": credential.name, "host": to_host}
        text = (
            tr("Password of {credential_name} for {host}", **named)
            if basic
            else tr("Secrets of {credential_name} for {host}", **named)
        )
        layout.addWidget(Label(text, role="section"))
        self.fields: dict[SecretName, SecretField] = {}
        for name in names:
            field = SecretField(host, name)
            label = (
                tr("Password of {account}", account=credential.account)
                if name is SecretName.PASSWORD
                else tr(SECRET_LABELS[name])
            )
            layout.addWidget(
                Field(
                    label,
                    field.widget,
                    tr("It will be sent to {host} and to servers that use it now", host=to_host),
                )
            )
            field.begin(focus=not self.fields)
            field.keep_button.hide()
            field.entered.connect(lambda _secret: self._update())
            self.fields[name] = field
        layout.addLayout(self._foot(basic=basic))

    def _foot(self, *, basic: bool) -> QHBoxLayout:
        foot = QHBoxLayout()
        foot.setSpacing(8)
        self.use_button = (
            buttons.primary("Use this password") if basic else buttons.primary("Use these secrets")
        )
        self.use_button.setEnabled(False)
        self.use_button.setDefault(True)
        self.use_button.clicked.connect(self.accept)
        cancel = buttons.secondary("Cancel")
        cancel.clicked.connect(self.reject)
        foot.addWidget(self.use_button)
        foot.addStretch(1)
        foot.addWidget(cancel)
        return foot

    def _update(self) -> None:
        self.use_button.setEnabled(len(self.secrets) == len(self.fields))

    @property
    def secrets(self) -> dict[SecretName, Secret]:
        """What was typed."""
        typed = {name: field.secret for name, field in self.fields.items()}
        return {name: secret for name, secret in typed.items() if secret is not None}
