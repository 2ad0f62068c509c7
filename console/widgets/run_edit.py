"""Editors that stand in place of a text: one line, or several lines with bold words."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QFocusEvent, QFont, QKeyEvent, QKeySequence, QTextCharFormat, QTextCursor
from PyQt6.QtWidgets import QComboBox, QLineEdit, QPlainTextEdit, QWidget

from console.widgets.text_entries import merge_runs
from console.widgets.window_content import Run

NEWLINE = "\n"
SILENT_REASONS = (
    Qt.FocusReason.PopupFocusReason,
    Qt.FocusReason.ActiveWindowFocusReason,
    Qt.FocusReason.MenuBarFocusReason,
)
"""Reasons for which the keyboard leaves an editor and comes back."""


if TYPE_CHECKING:
    _Editor = QWidget
else:
    _Editor = object


class _CellEditor(_Editor):
    """How editing a cell ends: Enter, Tab and another focus take what was entered, Escape does not. Stands before Qt's class."""

    finished: pyqtSignal
    """Editing has ended: whether the value counts, and how many cells the keyboard goes on."""

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """End on Enter and Escape."""
        if event is not None and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.finished.emit(True, 0)
        elif event is not None and event.key() == Qt.Key.Key_Escape:
            self.finished.emit(False, 0)
        else:
            super().keyPressEvent(event)

    def focusNextPrevChild(self, next: bool) -> bool:  # noqa: A002, FBT001 - as Qt names it
        """Take what was entered and go to the next cell."""
        self.finished.emit(True, 1 if next else -1)
        return True

    def focusOutEvent(self, event: QFocusEvent | None) -> None:
        """Take what was typed when the keyboard goes elsewhere."""
        super().focusOutEvent(event)
        if event is not None and event.reason() not in SILENT_REASONS:
            self.finished.emit(True, 0)


class LineCellEdit(_CellEditor, QLineEdit):
    """One line of text in a cell."""

    finished = pyqtSignal(bool, int)

    def __init__(self, text: str, parent: QWidget) -> None:
        super().__init__(text, parent)
        self.setProperty("role", "cell")
        self.selectAll()

    def runs(self) -> list[Run]:
        """Return what was typed."""
        return merge_runs([(self.text(), False)])


class ChoiceCellEdit(_CellEditor, QComboBox):
    """One of several values in a cell."""

    finished = pyqtSignal(bool, int)

    def __init__(self, choices: Sequence[tuple[str, str]], value: str, parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("role", "cell")
        for choice, label in choices:
            self.addItem(label, choice)
        self.setCurrentIndex(max(self.findData(value), 0))

    def runs(self) -> list[Run]:
        """Return the chosen value."""
        return [(str(self.currentData()), False)]


class RunCellEdit(_CellEditor, QPlainTextEdit):
    """Several lines with bold words. Ctrl+B makes bold, Enter ends, Shift+Enter begins a line; pasted text is plain."""

    finished = pyqtSignal(bool, int)

    def __init__(self, runs: Sequence[Run], parent: QWidget) -> None:
        super().__init__(parent)
        self.setProperty("role", "cell")
        self.setTabChangesFocus(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        cursor = self.textCursor()
        for text, bold in runs:
            cursor.insertText(text, _letters(bold=bold))
        document = self.document()
        if document is not None:
            document.setDocumentMargin(3)
            document.clearUndoRedoStacks()
        self.selectAll()

    def runs(self) -> list[Run]:
        """Return the text as runs."""
        found: list[Run] = []
        document = self.document()
        block = document.begin() if document is not None else None
        while block is not None and block.isValid():
            if found:
                found.append((NEWLINE, found[-1][1]))
            parts = block.begin()
            while not parts.atEnd():
                part = parts.fragment()
                text = part.text().replace("\u2028", NEWLINE)
                found.append((text, part.charFormat().fontWeight() > QFont.Weight.Medium))
                parts += 1
            block = block.next()
        return merge_runs(found)

    def toggle_bold(self) -> None:
        """Make what is selected bold, or plain where all of it is bold; without a selection, what is typed next."""
        cursor = self.textCursor()
        bold = not self._is_bold(cursor)
        cursor.mergeCharFormat(_letters(bold=bold))
        self.mergeCurrentCharFormat(_letters(bold=bold))

    def _is_bold(self, cursor: QTextCursor) -> bool:
        if not cursor.hasSelection():
            return cursor.charFormat().fontWeight() > QFont.Weight.Medium
        place = QTextCursor(cursor)
        for at in range(cursor.selectionStart() + 1, cursor.selectionEnd() + 1):
            place.setPosition(at)
            if place.charFormat().fontWeight() <= QFont.Weight.Medium:
                return False
        return True

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Make bold, or end on Enter and Escape."""
        if event is None:
            return
        if event.matches(QKeySequence.StandardKey.Bold):
            self.toggle_bold()
            return
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            QPlainTextEdit.keyPressEvent(self, event)
        else:
            super().keyPressEvent(event)


CellEdit = LineCellEdit | ChoiceCellEdit | RunCellEdit


def _letters(*, bold: bool) -> QTextCharFormat:
    made = QTextCharFormat()
    made.setFontWeight(QFont.Weight.Bold if bold else QFont.Weight.Normal)
    return made
