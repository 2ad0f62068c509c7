"""A field to search in. Escape clears it, and leaves it when it is empty; so does the key down."""

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QKeyEvent
from PyQt6.QtWidgets import QLineEdit, QToolButton, QWidget

from console.design import icons
from services.language import tr


def name_line_buttons(line: QLineEdit) -> None:
    """Give the buttons that Qt puts into a line words for a screen reader: the one that clears it, and the glass."""
    for button in line.findChildren(QToolButton):
        action = button.defaultAction()
        button.setAccessibleName(tr("Clear") if action is not None and action.objectName() else tr("Search"))


class SearchField(QLineEdit):
    """A line with a glass in front. `left` says that the keyboard wants to go to what was found."""

    left = pyqtSignal()

    def __init__(self, words: str, parent: QWidget | None = None) -> None:
        """Make a field that says `words` while it is empty, and to a screen reader always."""
        super().__init__(parent)
        self.setPlaceholderText(words)
        self.setAccessibleName(words)
        self.setProperty("role", "search")
        self.setClearButtonEnabled(True)
        self.addAction(icons.icon("search", "muted"), QLineEdit.ActionPosition.LeadingPosition)
        name_line_buttons(self)

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Clear or leave; everything else as fields do."""
        key = event.key() if event is not None else None
        if key == Qt.Key.Key_Escape and self.text():
            self.clear()
        elif key in (Qt.Key.Key_Escape, Qt.Key.Key_Down):
            self.left.emit()
        else:
            super().keyPressEvent(event)
