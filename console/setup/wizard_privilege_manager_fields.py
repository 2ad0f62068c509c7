"""The fields of the wizard for a Privilege Manager server, all optional. A pasted text of several values fills them all."""

from PyQt6.QtCore import pyqtSignal
from PyQt6.QtWidgets import QGridLayout, QLineEdit, QVBoxLayout, QWidget

from console.forms.edit_session import as_sentence
from console.setup.wizard_pasted_sign_in import SignInSplitter
from console.widgets.field import Field
from console.widgets.labels import Label
from console.widgets.line_editors import PasswordLineEdit, TextLineEdit, UrlLineEdit
from models.addresses import normalise_privilege_manager_url
from models.translation_marks import tr_later
from services.common.secret import Secret
from services.language import tr

ADDRESS_HELP = tr_later("Optional. Paste address, Client ID and Client Secret together to fill all fields")


class PrivilegeManagerFields(QWidget):
    """Address, API client, policy and the id of the update task."""

    changed = pyqtSignal()

    def __init__(self) -> None:
        super().__init__()
        self.address, self.client_id, self.secret = UrlLineEdit(), TextLineEdit(), PasswordLineEdit()
        self.policy, self.task_id = TextLineEdit(), TextLineEdit()
        self._address_field = Field(tr("Base URL"), self.address, ADDRESS_HELP)
        self.address.setAccessibleName(tr("Base URL of Privilege Manager"))
        grid = QGridLayout()
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(8)
        grid.addWidget(self._address_field, 0, 0, 1, 2)
        grid.addWidget(Field("Client ID", self.client_id, tr("Of an API client")), 1, 0)
        grid.addWidget(
            Field("Client Secret", self.secret, tr("Stored in the vault, for this address only")), 1, 1
        )
        grid.addWidget(Field("Policy", self.policy, tr("Its name; a new one when empty")), 2, 0)
        grid.addWidget(
            Field(tr("Task ID"), self.task_id, tr("Of Resource and Collection Targeting Update, if known")),
            2,
            1,
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(Label("Privilege Manager", role="section"))
        column.addLayout(grid)
        for line in self._lines:
            line.textChanged.connect(lambda _text: self.changed.emit())
        self.address.textChanged.connect(self._on_address_changed)
        self._splitter = SignInSplitter(self.address, (self.client_id, self.secret, self.task_id))
        self.address.editingFinished.connect(self._on_address_left)

    @property
    def _lines(self) -> tuple[QLineEdit, ...]:
        return self.address, self.client_id, self.secret, self.policy, self.task_id

    @property
    def given(self) -> bool:
        """Whether a server was named."""
        return bool(self.address.text().strip())

    def _on_address_changed(self, _text: str) -> None:
        self._address_field.set_help(tr(ADDRESS_HELP))

    def _on_address_left(self) -> None:
        if not self.given:
            return
        if error := self._address_error():
            self._address_field.set_error(error)
        else:
            self.address.setText(normalise_privilege_manager_url(self.address.text()))

    def _address_error(self) -> str:
        try:
            normalise_privilege_manager_url(self.address.text())
        except ValueError as error:
            return as_sentence(str(error))
        return ""

    def missing(self) -> str:
        """Return what has to be filled in or corrected, or an empty text; nothing without an address."""
        if not self.given:
            return ""
        if error := self._address_error():
            return tr("Base URL of Privilege Manager: {error}", error=error)
        empty = [
            name
            for name, line in ((tr("Client ID"), self.client_id), (tr("Client Secret"), self.secret))
            if not line.text().strip()
        ]
        return tr("Fill in {names}", names=", ".join(empty)) if empty else ""

    def texts(self) -> tuple[str, str, Secret, str, str]:
        """Return base URL, client id, client secret, policy and task id; raises ValueError for a wrong address."""
        return (
            normalise_privilege_manager_url(self.address.text()),
            self.client_id.text().strip(),
            Secret(self.secret.text()),
            self.policy.text().strip(),
            self.task_id.text().strip(),
        )

    def forget_secret(self) -> None:
        """Clear the secret."""
        self.secret.clear()
