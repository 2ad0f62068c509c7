"""Values to enter elsewhere: a card of rows, each with a button that copies its value."""

from collections.abc import Sequence

from PyQt6.QtCore import QEvent, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QGuiApplication, QKeyEvent, QShowEvent
from PyQt6.QtWidgets import QFrame, QGridLayout, QPushButton, QSizePolicy, QWidget

from console.design import icons, theme
from console.widgets import plain_text
from console.widgets.buttons import ThemedButton
from console.widgets.labels import ElidedLabel, Label, horizontal_rule
from console.widgets.secret_clipboard import secret_clipboard
from console.widgets.value_rows import ValueRow, as_text
from models.translation_marks import tr_later
from services.language import tr

__all__ = ["ValueList", "ValueRow"]

ROW, NAME_WIDTH, COPIED_MS = 29, 120, 2000
COPY, COPIED = tr_later("Copy"), tr_later("Copied")


class CopyButton(ThemedButton):
    """Copies one value; says so for two seconds and stays as wide as it is."""

    moved = pyqtSignal(int)
    """The keyboard goes to the button so many rows below."""

    def __init__(self, name: str) -> None:
        super().__init__(COPY, "quiet", "copy", small=True)
        self._name = name
        self.setProperty("role", "copy")
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(COPIED_MS)
        self._timer.timeout.connect(lambda: self._show(copied=False))
        self._show(copied=False)

    def show_copied(self) -> None:
        """Say that the value was copied, for two seconds."""
        self._show(copied=True)
        self._timer.start()

    def _show(self, *, copied: bool) -> None:
        self.setText(tr(COPIED) if copied else tr(COPY))
        self.setIcon(icons.icon("tick" if copied else "copy"))
        name = plain_text.one_line(self._name)
        self.setAccessibleName(tr("Copied {name}", name=name) if copied else tr("Copy {name}", name=name))

    def _measure(self) -> None:
        """Be as wide as the longer of the two texts."""
        text, widths = self.text(), []
        for other in (tr(COPY), tr(COPIED)):
            QPushButton.setText(self, other)
            widths.append(super().sizeHint().width())
        QPushButton.setText(self, text)
        self.setFixedWidth(max(widths))

    def showEvent(self, event: QShowEvent | None) -> None:
        """Measure with the letters as the style sheet has them."""
        self.ensurePolished()
        self._measure()
        super().showEvent(event)

    def changeEvent(self, event: QEvent | None) -> None:
        """Measure again with other letters."""
        super().changeEvent(event)
        if event is not None and event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._measure()

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Go to the button above or below."""
        steps = {Qt.Key.Key_Up: -1, Qt.Key.Key_Down: 1}
        if event is not None and event.key() in steps:
            self.moved.emit(steps[Qt.Key(event.key())])
        else:
            super().keyPressEvent(event)


class ValueList(QFrame):
    """The card. Secrets are dots on the screen and never stored here."""

    copied = pyqtSignal(int)
    """The place of the row whose value is on the clipboard now."""
    secret_requested = pyqtSignal(int)
    """A secret without `read_secret` is to be copied: answer with `copy_secret`."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "card")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._title = name
        self.rows: list[ValueRow] = []
        self.copy_buttons: list[CopyButton] = []
        self._values: list[ElidedLabel] = []
        self._notes: list[Label] = []
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(1, 1, 1, 1)
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(0)
        self._grid.setColumnStretch(1, 1)
        self.setAccessibleName(name)

    def set_rows(self, rows: Sequence[ValueRow]) -> None:
        """Show values; rows with the same names stay what they are, and so does the keyboard."""
        same = [row.name for row in rows] == [row.name for row in self.rows]
        self.rows = list(rows)
        if not same:
            self._rebuild()
        for row, value, note in zip(self.rows, self._values, self._notes, strict=True):
            value.setText(row.shown)
            spoken = row.value + tr("hidden") if row.is_secret else row.value
            value.setAccessibleName(f"{row.name}: {plain_text.one_line(spoken)}")
            note.setText(row.note)
            note.setVisible(bool(row.note))
            # Without a note its room is for the value.
            place = self._grid.getItemPosition(self._grid.indexOf(value))[0] or 0
            self._grid.addWidget(value, place, 1, 1, 1 if row.note else 2)
        words = "; ".join(value.accessibleName() for value in self._values)
        self.setAccessibleName(f"{self._title}: {words}")

    def _rebuild(self) -> None:
        while (item := self._grid.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self.copy_buttons, self._values, self._notes = [], [], []
        for place, row in enumerate(self.rows):
            self._add_row(place, row)
        names = [Label(row.name, role="muted").sizeHint().width() for row in self.rows]
        widest = max([theme.scaled(NAME_WIDTH), *names])
        self._grid.setColumnMinimumWidth(0, min(widest, theme.scaled(2 * NAME_WIDTH)) + 12)

    def _add_row(self, place: int, row: ValueRow) -> None:
        line = 2 * place
        if place:
            self._grid.addWidget(horizontal_rule(), line - 1, 0, 1, 4)
        name = Label(row.name, role="muted")
        name.setContentsMargins(12, 0, 0, 0)
        value, note, button = ElidedLabel("", role="code"), Label("", role="caption"), CopyButton(row.name)
        button.clicked.connect(lambda _on: self.copy(place))
        button.moved.connect(lambda step: self._move(place + step))
        middle = Qt.AlignmentFlag.AlignVCenter
        self._grid.setRowMinimumHeight(line, ROW)
        self._grid.addWidget(name, line, 0, middle)
        self._grid.addWidget(value, line, 1)
        self._grid.addWidget(note, line, 2, middle)
        self._grid.addWidget(button, line, 3, middle)
        self._values.append(value)
        self._notes.append(note)
        self.copy_buttons.append(button)

    def _move(self, place: int) -> None:
        if 0 <= place < len(self.copy_buttons):
            self.copy_buttons[place].setFocus(Qt.FocusReason.TabFocusReason)

    def copy(self, place: int) -> None:
        """Put the value of a row on the clipboard."""
        row, clipboard = self.rows[place], QGuiApplication.clipboard()
        if row.is_secret and row.read_secret is None:
            self.secret_requested.emit(place)
        elif row.is_secret and row.read_secret is not None:
            self.copy_secret(place, row.read_secret())
        elif clipboard is not None:
            clipboard.setText(row.value)
            self._show_copied(place)

    def copy_secret(self, place: int, secret: str) -> None:
        """Put the secret of a row on the clipboard, for a minute; an empty one is not copied."""
        if secret:
            secret_clipboard().put(secret)
            self._show_copied(place)

    def copy_all(self) -> str:
        """Put all values with their names on the clipboard, without secrets; returns that text."""
        text, clipboard = as_text(self.rows), QGuiApplication.clipboard()
        if clipboard is not None:
            clipboard.setText(text)
        return text

    def _show_copied(self, place: int) -> None:
        self.copy_buttons[place].show_copied()
        self.copied.emit(place)
