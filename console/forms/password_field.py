"""A password that can be entered but never read: its state, and a line to enter a new one."""

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QHBoxLayout, QStackedLayout, QWidget

from console.forms.field_editors import Editor, EditorHost
from console.widgets import buttons
from console.widgets.labels import ElidedLabel
from console.widgets.line_editors import PasswordLineEdit
from models.field_values import FieldValues
from models.translation_marks import tr_later
from services.common.secret import Secret
from services.language import tr

NO_PASSWORD_TEXT = tr_later("No password is set")


class PasswordField(Editor):
    """Shows “No password is set” or “Password is set, for …”, and an empty line after Edit.

    The line never contains a masked password, so none can be saved by accident.
    """

    entered = pyqtSignal(object)
    """The typed password changed: a Secret, or None when it is empty."""

    def __init__(self, name: str, label: str = tr_later("Password")) -> None:
        frame = QWidget()
        super().__init__(frame)
        self.field_name = name
        self._stack = QStackedLayout(frame)
        self._stack.setContentsMargins(0, 0, 0, 0)
        self.state_label = ElidedLabel(tr(NO_PASSWORD_TEXT))
        self.edit_button = buttons.secondary("Edit")
        self.edit_button.setAccessibleName(tr("Edit {label}", label=tr(label)))
        self.edit_button.clicked.connect(lambda _on: self.begin())
        self.line = PasswordLineEdit()
        self.line.setAccessibleName(tr(label))
        self.line.textEdited.connect(lambda _text: self.entered.emit(self.secret))
        self.keep_button = buttons.secondary("Keep")
        self.keep_button.setAccessibleName(tr("Keep the {label} as it is", label=tr(label).lower()))
        self.keep_button.clicked.connect(self.end)
        for left, right in ((self.state_label, self.edit_button), (self.line, self.keep_button)):
            row = QWidget()
            layout = QHBoxLayout(row)
            layout.setContentsMargins(0, 0, 0, 0)
            layout.setSpacing(8)
            layout.addWidget(left, 1)
            layout.addWidget(right)
            self._stack.addWidget(row)

    @property
    def focus_target(self) -> QWidget:
        """Return the widget that takes the focus now."""
        return self.line if self.editing else self.edit_button

    @property
    def editing(self) -> bool:
        """Whether the line is open."""
        return self._stack.currentIndex() == 1

    @property
    def secret(self) -> Secret | None:
        """Return what was typed, or None."""
        text = self.line.text() if self.editing else ""
        return Secret(text) if text else None

    def set_state(self, text: str) -> None:
        """Show the state of the password."""
        self.state_label.setText(text)

    def begin(self, secret: Secret | None = None) -> None:
        """Open the line, empty or with what was typed before the page was left."""
        self.line.setText(secret.reveal() if secret else "")
        self._stack.setCurrentIndex(1)
        self.line.setFocus(Qt.FocusReason.OtherFocusReason)

    def end(self) -> None:
        """Close the line and clear it."""
        had = self.secret is not None
        self.line.clear()
        self._stack.setCurrentIndex(0)
        if had:
            self.entered.emit(None)

    def read(self) -> FieldValues:
        """Return nothing: a password is no value of an object."""
        return {}

    def write(self, values: FieldValues) -> None:
        """Show nothing: values carry no password."""


def password(host: EditorHost, name: str) -> Editor:
    """Make a password field."""
    del host
    return PasswordField(name)
