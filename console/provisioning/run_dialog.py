"""The dialog before a run: an administrator for this run only, the typed name of a production server."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QHBoxLayout, QListWidget, QVBoxLayout, QWidget

from console.forms.field_editors import EditorHost
from console.forms.sign_in_choice import SignInChoice
from console.provisioning.operations import Administrator
from console.runtime.task_runner import TaskRunner
from console.widgets import buttons, plain_text
from console.widgets.dialog import Dialog
from console.widgets.field import Field
from console.widgets.labels import ElidedLabel, Label
from console.widgets.line_editors import CheckBox, PasswordLineEdit, TextLineEdit
from models.sign_in import SignInMethod
from models.translation_marks import tr_later
from services.common.secret import Secret
from services.language import AND, join_names, tr

if TYPE_CHECKING:
    from console.runtime.context import Context
    from models.foreign_system import ForeignSystem

WIDTH = 560
MAX_LIST_HEIGHT = 168
ADMIN_MISSING_TEXT = tr_later("{account} lacks the role admin. An administrator signs in for this run only.")


class SignInFields(QWidget):
    """Who signs in as an administrator for one run: account and password, which can be stored, or a User Credential."""

    changed = pyqtSignal()

    def __init__(self, editor_host: EditorHost, server: "ForeignSystem") -> None:
        super().__init__()
        host, self._has_certificate = server.origin.host, bool(server.client_certificate)
        self.account, self.password = TextLineEdit(), PasswordLineEdit()
        self.keep = CheckBox(tr("Save this credential"))
        plain_text.set_tooltip(
            self.keep,
            tr("Creates a User Credential and stores its password in the vault, for this server only"),
        )
        typed = QWidget()
        column = QVBoxLayout(typed)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        line = QHBoxLayout()
        line.setSpacing(16)
        line.addWidget(Field("Administrator's account", self.account, "Has the role admin"), 1)
        line.addWidget(
            Field("Password", self.password, tr("Sent to {host} for this run, then forgotten", host=host)), 1
        )
        column.addLayout(line)
        column.addWidget(self.keep)
        self.choice = SignInChoice(editor_host, typed)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self.choice)
        for editor in (self.account, self.password):
            editor.textChanged.connect(lambda _text: self.changed.emit())
        self.choice.changed.connect(self.changed)

    def missing(self) -> str:
        """Return what is still to be filled in or chosen, as a sentence, or an empty text."""
        if self.choice.uses_credential:
            credential = self.choice.credential
            if credential is not None and credential.method is SignInMethod.CERTIFICATE:
                return "" if self._has_certificate else tr("The server has no client certificate")
            return self.choice.missing()
        lines = ((tr("account"), self.account), (tr("password"), self.password))
        empty = [name for name, line in lines if not line.text().strip()]
        return tr("Fill in the administrator's {fields}", fields=join_names(empty, AND)) if empty else ""

    def read(self) -> Administrator:
        """Return the administrator as typed, or as chosen."""
        if (credential := self.choice.credential) is not None:
            return Administrator.of(credential)
        return Administrator(self.account.text().strip(), Secret(self.password.text()), self.keep.isChecked())

    def forget(self) -> None:
        """Clear the password line."""
        self.password.clear()


class RunDialog(Dialog):
    """Confirms a run on a server, and asks for an administrator where the server's account lacks admin."""

    def __init__(
        self,
        ctx: "Context",
        server: "ForeignSystem",
        verb: str,
        *,
        text: str,
        records: Sequence[str] = (),
        lacking: str = "",
        others: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        """Confirm `verb` on a server.

        `lacking` names the server's account when it lacks the role admin; `others` offers to undo later changes by others.
        """
        super().__init__(parent)
        self.setWindowTitle(plain_text.window_title(verb))
        self.setMinimumWidth(WIDTH)
        self.ctx, self.server = ctx, server
        self.tasks = TaskRunner(self, ctx.show_problem)
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 16, 24, 16)
        column.setSpacing(12)
        column.addWidget(Label(tr("{act} on {server}", act=verb, server=server.name), role="section"))
        description = Label(text)
        description.setWordWrap(True)
        column.addWidget(description)
        self.records = QListWidget()
        self.records.setAccessibleName(tr("Records"))
        self.records.addItems([plain_text.one_line(record) for record in records])
        self.records.setMaximumHeight(MAX_LIST_HEIGHT)
        self.records.setVisible(bool(records))
        column.addWidget(self.records)
        self.others = CheckBox(tr("Also undo later changes by others"))
        self.others.setVisible(others)
        column.addWidget(self.others)
        self.sign_in: SignInFields | None = None
        if lacking:
            why = Label(tr(ADMIN_MISSING_TEXT, account=lacking), role="muted")
            why.setWordWrap(True)
            column.addWidget(why)
            self.sign_in = SignInFields(self, server)
            self.sign_in.changed.connect(self._update)
            column.addWidget(self.sign_in)
        self.confirm: TextLineEdit | None = None
        if server.production:
            self.confirm = TextLineEdit()
            self.confirm.textChanged.connect(lambda _t: self._update())
            column.addWidget(
                Field(
                    "Production",
                    self.confirm,
                    tr("Type the server's name to confirm: {name}", name=server.name),
                )
            )
        column.addStretch(1)
        column.addLayout(self._foot(verb))
        self._update()

    def _foot(self, verb: str) -> QHBoxLayout:
        foot = QHBoxLayout()
        foot.setSpacing(8)
        self.go = buttons.primary(verb)
        self.go.setDefault(True)
        self.go.clicked.connect(self.accept)
        self.reason = ElidedLabel("", role="caption")
        cancel = buttons.secondary("Cancel")
        cancel.clicked.connect(self.reject)
        foot.addWidget(self.go)
        foot.addWidget(self.reason, 1)
        foot.addWidget(cancel, 0, Qt.AlignmentFlag.AlignRight)
        return foot

    def _update(self) -> None:
        missing = self.sign_in.missing() if self.sign_in is not None else ""
        if not missing and self.confirm is not None and self.confirm.text().strip() != self.server.name:
            missing = tr("Type the server's name to confirm")
        self.go.setEnabled(not missing)
        self.reason.setText(missing)

    @property
    def administrator(self) -> Administrator | None:
        """The administrator for the run, None for the server's own account."""
        return self.sign_in.read() if self.sign_in is not None else None
