"""Editors of a form: each puts the values of one or several fields into a widget and reads them back.

An editor does not depend on objects or stores: `write` shows values, `read` returns them, `edited` is emitted when a
person changed something. Context and tasks come from the `EditorHost` that owns the form.
"""

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtWidgets import QHBoxLayout, QLineEdit, QWidget

from console.runtime.task_runner import TaskRunner
from console.widgets import buttons, line_editors
from console.widgets.file_dialog import open_file_dialog
from models.field_values import FieldValues
from services.language import tr

if TYPE_CHECKING:
    from console.runtime.context import Context


class EditorHost(Protocol):
    """The owner of a form: the context of the window, and the tasks that end with the owner."""

    @property
    def ctx(self) -> "Context":
        """The context of the window."""

    @property
    def tasks(self) -> TaskRunner:
        """The tasks of the owner."""


class Editor(QObject):
    """Base of every editor: a widget, the names of the fields it holds, and how they are shown and read."""

    edited = pyqtSignal()
    left = pyqtSignal()
    """The focus left the editor, or Enter was pressed: typing is finished."""

    def __init__(self, widget: QWidget, *names: str) -> None:
        super().__init__(widget)
        self.widget = widget
        self.names = names

    @abstractmethod
    def read(self) -> FieldValues:
        """Return the values as typed, by field."""

    @abstractmethod
    def write(self, values: FieldValues) -> None:
        """Show values without calling it an edit."""

    def set_other_values(self, values: FieldValues) -> None:
        """Receive the values of the other fields; most editors do not depend on them."""

    @property
    def focus_target(self) -> QWidget:
        """Return the widget that takes the keyboard."""
        return self.widget


EditorFactory = Callable[[EditorHost, str], Editor]


class TextField(Editor):
    """One line of text."""

    def __init__(self, name: str, line: QLineEdit, *, empty_is_none: bool = False) -> None:
        super().__init__(line, name)
        self.line = line
        self._empty_is_none = empty_is_none
        line.textEdited.connect(lambda _text: self.edited.emit())
        line.editingFinished.connect(self.left)

    def read(self) -> FieldValues:
        """Return the text; an empty one is None where the field may be unset."""
        text = self.line.text()
        return {self.names[0]: None if self._empty_is_none and not text else text}

    def write(self, values: FieldValues) -> None:
        """Show the text, and leave cursor and selection alone when it is the same."""
        text = str(values.get(self.names[0]) or "")
        if text != self.line.text():
            self.line.setText(text)
            self.line.setCursorPosition(0)


class PathField(TextField):
    """A path typed, or chosen from a file dialog that does not stop the window."""

    def __init__(self, name: str, label: str) -> None:
        row = QWidget()
        line = line_editors.TextLineEdit()
        super().__init__(name, line, empty_is_none=True)
        line.setParent(row)
        self.widget = row
        self._label = tr(label)
        browse = buttons.secondary("Browse…")
        browse.setAccessibleName(tr("Browse for {label}", label=self._label))
        browse.clicked.connect(self._browse)
        layout = QHBoxLayout(row)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(line, 1)
        layout.addWidget(browse)
        row.setFocusProxy(line)

    @property
    def focus_target(self) -> QWidget:
        """Return the line, which takes the keyboard."""
        return self.line

    def _browse(self) -> None:
        open_file_dialog(self.widget.window(), self._label, self._chosen)

    def _chosen(self, path: str) -> None:
        self.line.setText(path)
        self.edited.emit()
        self.left.emit()


class CheckField(Editor):
    """Yes or no."""

    def __init__(self, name: str, text: str) -> None:
        box = line_editors.CheckBox(tr(text))
        super().__init__(box, name)
        self._box = box
        box.clicked.connect(lambda _on: self.edited.emit())

    def read(self) -> FieldValues:
        """Return whether it is ticked."""
        return {self.names[0]: self._box.isChecked()}

    def write(self, values: FieldValues) -> None:
        """Tick it or not."""
        self._box.setChecked(bool(values.get(self.names[0])))


class DurationField(Editor):
    """A number and a unit; the value is whole seconds."""

    def __init__(self, name: str) -> None:
        duration = line_editors.DurationEditor()
        super().__init__(duration, name)
        self._duration = duration
        self._writing = False
        duration.changed.connect(self._changed)

    def _changed(self, *_args: object) -> None:
        if not self._writing:
            self.edited.emit()

    @property
    def seconds(self) -> int:
        """The duration in whole seconds."""
        return int(self._duration.seconds)

    def read(self) -> FieldValues:
        """Return whole seconds."""
        return {self.names[0]: self.seconds}

    def write(self, values: FieldValues) -> None:
        """Show seconds in the largest unit that divides them."""
        self._writing = True
        try:
            self._duration.seconds = int(values.get(self.names[0]) or 0)
        finally:
            self._writing = False


class ChoiceField(Editor):
    """One of a few fixed values."""

    def __init__(self, name: str, label: str, choices: Sequence[tuple[str, str]]) -> None:
        box = line_editors.ElidingComboBox()
        super().__init__(box, name)
        self._box = box
        box.setAccessibleName(tr(label))
        for value, shown in choices:
            box.addItem(tr(shown), value)
        box.activated.connect(lambda _index: self.edited.emit())

    def read(self) -> FieldValues:
        """Return the value that is chosen."""
        return {self.names[0]: str(self._box.currentData())}

    def write(self, values: FieldValues) -> None:
        """Choose a value; an unknown one is added, so that it is shown and kept."""
        value = str(values.get(self.names[0]) or "")
        index = self._box.findData(value)
        if index < 0 and value:
            self._box.addItem(value, value)
            index = self._box.count() - 1
        self._box.setCurrentIndex(max(index, 0))


def text(host: EditorHost, name: str) -> Editor:
    """Make a line of text."""
    del host
    return TextField(name, line_editors.TextLineEdit())


def url(host: EditorHost, name: str) -> Editor:
    """Make a line for an address."""
    del host
    return TextField(name, line_editors.UrlLineEdit())


def optional_text(host: EditorHost, name: str) -> Editor:
    """Make a line of text that is unset when empty."""
    del host
    return TextField(name, line_editors.TextLineEdit(), empty_is_none=True)


def duration(host: EditorHost, name: str) -> Editor:
    """Make a number with a unit."""
    del host
    return DurationField(name)


def checkbox(label: str) -> EditorFactory:
    """Return the factory of a tick box that says `label`."""
    return lambda _host, name: CheckField(name, label)


def choice(label: str, *choices: tuple[str, str]) -> EditorFactory:
    """Return the factory of a choice between values, each with the text that is shown for it."""
    return lambda _host, name: ChoiceField(name, label, choices)


def path(label: str) -> EditorFactory:
    """Return the factory of a path whose file dialog is titled `label`."""
    return lambda _host, name: PathField(name, label)
