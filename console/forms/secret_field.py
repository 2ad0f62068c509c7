"""A secret that can be entered but never read: dots where there is one, and an empty line to enter a new one."""

import asyncio
from pathlib import Path

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QHBoxLayout, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from console.design import theme
from console.forms.field_editors import Editor, EditorFactory, EditorHost
from console.widgets import buttons
from console.widgets.file_dialog import open_file_dialog
from console.widgets.line_editors import PasswordLineEdit
from models.field_values import FieldValues
from models.secret_names import SECRET_FORMS, SecretName
from models.translation_marks import tr_later
from services.common.errors import InputError, Owner, Problem
from services.common.fault_ids import FaultId
from services.common.secret import Secret
from services.language import tr

DOTS = "•" * 22
"""Shown where a secret is stored; of a fixed number, which tells nothing of its length."""
NOT_SET_TEXT = tr_later("Not set")
SECRET_LABELS: dict[SecretName, str] = {
    SecretName.PASSWORD: tr_later("Password"),
    SecretName.CLIENT_SECRET: tr_later("Client secret"),
    SecretName.PRIVATE_KEY: tr_later("Private key"),
    SecretName.PRIVATE_KEY_PASSPHRASE: tr_later("Passphrase of the key"),
    SecretName.CERTIFICATE_PASSPHRASE: tr_later("Passphrase of the certificate"),
}
TEXT_LINES = 4
FILE_MAX_BYTES = 64 * 1024
"""More than any private key in PEM form has."""


class SecretLines(QPlainTextEdit):
    """Several lines of a secret, such as a key in PEM form."""

    def __init__(self) -> None:
        super().__init__()
        self.setTabChangesFocus(True)
        self.setProperty("role", "secret")
        self.setFont(theme.font("code"))
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setInputMethodHints(Qt.InputMethodHint.ImhSensitiveData | Qt.InputMethodHint.ImhNoPredictiveText)
        self.setPlaceholderText(tr("Paste it in PEM form"))
        self.setFixedHeight(self.fontMetrics().lineSpacing() * TEXT_LINES + 14)

    def text(self) -> str:
        """Return what was entered."""
        return self.toPlainText()

    def setText(self, text: str) -> None:
        """Show a text; nothing of the one before is kept for an undo."""
        self.setPlainText(text)

    def clear(self) -> None:
        """Forget what was entered."""
        self.setPlainText("")


class SecretField(Editor):
    """Shows dots or “Not set” with a button, and after it an empty line, or lines for a key.

    The line never contains a masked secret, so none can be saved by accident.
    """

    entered = pyqtSignal(object)
    """The typed secret changed: a Secret, or None when it is empty."""
    removal_requested = pyqtSignal()

    def __init__(self, host: EditorHost, name: SecretName) -> None:
        frame = QWidget()
        super().__init__(frame)
        self._host = host
        self.name = name
        self.present = False
        label = tr(SECRET_LABELS[name])
        self.stored_line = PasswordLineEdit()
        self.stored_line.setEchoMode(PasswordLineEdit.EchoMode.Normal)
        self.stored_line.setEnabled(False)
        self.stored_line.setAccessibleName(label)
        self.edit_button = buttons.secondary("Enter…")
        self.edit_button.clicked.connect(lambda _on: self.begin())
        self.line: PasswordLineEdit | SecretLines
        self.line = SecretLines() if SECRET_FORMS[name].has_lines else PasswordLineEdit()
        self.line.setAccessibleName(label)
        self.line.textChanged.connect(self._changed)
        self.keep_button = buttons.secondary("Keep")
        self.keep_button.setAccessibleName(tr("Keep: {label}", label=label))
        self.keep_button.clicked.connect(self.end)
        self.remove_button = buttons.secondary("Remove")
        self.remove_button.setAccessibleName(tr("Remove: {label}", label=label))
        self.remove_button.clicked.connect(self.removal_requested)
        self.file_button = buttons.secondary("Choose file…")
        self.file_button.clicked.connect(self._choose_file)
        self._writing = False
        self._build(frame)
        self.set_present(present=False)

    def _build(self, frame: QWidget) -> None:
        layout = QVBoxLayout(frame)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        self._closed, self._open = QWidget(), QWidget()
        self._closed.setLayout(_row(self.stored_line, self.edit_button))
        small: list[QPushButton] = [self.keep_button, self.remove_button]
        if isinstance(self.line, SecretLines):
            lines = QVBoxLayout()
            lines.setContentsMargins(0, 0, 0, 0)
            lines.setSpacing(4)
            lines.addWidget(self.line)
            below = _row(self.file_button, *small)
            below.addStretch(1)
            lines.addLayout(below)
            self._open.setLayout(lines)
        else:
            self._open.setLayout(_row(self.line, *small))
            self.file_button.setParent(frame)
            self.file_button.hide()
        layout.addWidget(self._closed)
        layout.addWidget(self._open)
        self._open.hide()

    @property
    def focus_target(self) -> QWidget:
        """Return the widget that takes the focus now."""
        return self.line if self.editing else self.edit_button

    @property
    def editing(self) -> bool:
        """Whether the line is open."""
        return not self._open.isHidden()

    @property
    def secret(self) -> Secret | None:
        """Return what was typed, or None."""
        text = self.line.text() if self.editing else ""
        return Secret(text) if text.strip() else None

    def show_unreadable(self) -> None:
        """Show that it is unknown whether there is a secret, because the vault cannot be read."""
        if not self.present:
            self.stored_line.setPlaceholderText(tr("Cannot be read"))

    def set_present(self, *, present: bool) -> None:
        """Show whether there is a secret."""
        self.present = present
        self.stored_line.setText(DOTS if present else "")
        self.stored_line.setPlaceholderText(tr(NOT_SET_TEXT))
        self.edit_button.setText(tr("Change…") if present else tr("Enter…"))
        label = tr(SECRET_LABELS[self.name])
        self.edit_button.setAccessibleName(
            tr("Change: {label}", label=label) if present else tr("Enter: {label}", label=label)
        )
        self.remove_button.setVisible(present)

    def begin(self, secret: Secret | None = None, *, focus: bool = True) -> None:
        """Open the line, empty or with what was typed before the page was left."""
        self._writing = True
        self.line.setText(secret.reveal() if secret else "")
        self._writing = False
        self._closed.hide()
        self._open.show()
        if focus:
            self.line.setFocus(Qt.FocusReason.OtherFocusReason)

    def end(self) -> None:
        """Close the line and clear it."""
        had, focused = self.secret is not None, self.line.hasFocus() or self.keep_button.hasFocus()
        self._writing = True
        self.line.clear()
        self._writing = False
        self._open.hide()
        self._closed.show()
        if focused:
            self.edit_button.setFocus(Qt.FocusReason.OtherFocusReason)
        if had:
            self.entered.emit(None)

    def _changed(self, *_text: object) -> None:
        if not self._writing:
            self.entered.emit(self.secret)

    def read(self) -> FieldValues:
        """Return nothing: a secret is no value of an object."""
        return {}

    def write(self, values: FieldValues) -> None:
        """Show nothing: values carry no secret."""

    # -- a file ------------------------------------------------------------------------------------------------

    def _choose_file(self) -> None:
        open_file_dialog(
            self.widget.window(),
            tr(SECRET_LABELS[self.name]),
            lambda path: self._host.tasks.start(self.read_file(Path(path)), group=f"read {self.name}"),
        )

    async def read_file(self, path: Path) -> None:
        """Enter what a file contains; raises InputError for one that is no text of a usual size."""
        text = await asyncio.to_thread(_read_text, path)
        self.line.setText(text)


def _row(*widgets: QWidget) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(8)
    for place, widget in enumerate(widgets):
        row.addWidget(widget, 0 if place or isinstance(widget, QPushButton) else 1)
    return row


def _read_text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(FILE_MAX_BYTES + 1)
        if len(content) <= FILE_MAX_BYTES:
            return content.decode("ascii")
        evidence = f"more than {FILE_MAX_BYTES:,} bytes"
    except OSError as error:
        evidence = str(error)
    except UnicodeDecodeError:
        evidence = "it is not text"
    raise InputError(
        Problem(
            tried=f"Read the private key from {path.name}",
            evidence=evidence,
            cause="The file cannot be read, or is no key in PEM form.",
            owner=Owner.CONSOLE,
            remedy="Choose a file in PEM form: text that begins with a line of dashes.",
            fault=FaultId.OAUTH_PRIVATE_KEY_UNUSABLE,
        )
    )


def secret(name: SecretName) -> EditorFactory:
    """Return the factory of a field for a secret."""
    return lambda host, _name: SecretField(host, name)
