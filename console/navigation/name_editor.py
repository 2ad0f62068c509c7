"""The line edit that renames a node of the tree in place, with the error of a refused name below it."""

from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtGui import QHideEvent, QMoveEvent, QResizeEvent, QShowEvent
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QWidget

from console.navigation.node_tree import Node
from console.widgets.labels import IconLabel, Label
from models.translation_marks import tr_later
from services.common.errors import InvalidError
from services.language import tr, translate

NAME_TAKEN_TEXT = tr_later("This name is already in use")


def rejection_text(error: InvalidError) -> str:
    """Return why the store refused a name, as a sentence."""
    text = translate(error.fields[0].message)
    return text[:1].upper() + text[1:]


def name_error(node: Node, name: str) -> str:
    """Return what is wrong with a new name of a node, or an empty text as far as the tree can tell."""
    # The tree is shown before the models are imported.
    from models.base import NAME_MAX, name_key, validate_single_line

    name = name.strip()
    if name == node.text:
        return ""
    if not name:
        return tr("A name is needed")
    try:
        validate_single_line(name)
    except ValueError as error:
        return tr("The name {message}", message=translate(str(error)))
    key = name_key(name)
    if max(len(name), len(key)) > NAME_MAX:
        return tr("The name is longer than {most} characters", most=NAME_MAX)
    others = node.parent.children if node.parent is not None else []
    return (
        tr(NAME_TAKEN_TEXT)
        if any(other is not node and name_key(other.text) == key for other in others)
        else ""
    )


class NameEditor(QLineEdit):
    """A line edit; its error floats below it."""

    def __init__(self, parent: QWidget | None, node: Node) -> None:
        super().__init__(parent)
        self._node = node
        self.filled = False
        """Whether it has its initial text; later changes of the tree do not replace what is typed."""
        self.setAccessibleName(tr("New name of {text}", text=node.text))
        self.setProperty("size", "row")
        self._bubble = QFrame(parent)
        self._bubble.setProperty("role", "popup")
        line = QHBoxLayout(self._bubble)
        line.setContentsMargins(8, 4, 8, 4)
        line.setSpacing(6)
        line.addWidget(IconLabel("bad", 14))
        self._words = Label("")
        line.addWidget(self._words)
        self._bubble.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._bubble.hide()
        self.textChanged.connect(lambda _text: self.show_error(self.error))
        self.destroyed.connect(self._bubble.deleteLater)

    @property
    def error(self) -> str:
        """Return what is wrong with the text."""
        return name_error(self._node, self.text()) if self.filled else ""

    @property
    def told(self) -> str:
        """Return the error that is shown."""
        return self._words.text() if self._bubble.isVisibleTo(self.parentWidget()) else ""

    def show_error(self, text: str) -> None:
        """Show an error; an empty text hides it."""
        self._words.setText(text)
        self.setAccessibleDescription(text)
        self._bubble.setVisible(bool(text))
        if text:
            self._place()

    def _place(self) -> None:
        around = self.parentWidget()
        self._bubble.adjustSize()
        below = self.geometry().bottomLeft() + QPoint(0, 2)
        if around is not None:
            if below.y() + self._bubble.height() > around.height():
                below.setY(self.geometry().top() - self._bubble.height() - 2)
            below.setX(max(min(below.x(), around.width() - self._bubble.width() - 4), 4))
        self._bubble.move(below)
        self._bubble.raise_()

    def moveEvent(self, event: QMoveEvent | None) -> None:
        """Keep the error below the line."""
        super().moveEvent(event)
        self._place()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Keep the error below the line."""
        super().resizeEvent(event)
        self._place()

    def showEvent(self, event: QShowEvent | None) -> None:
        """Show the error with the line."""
        super().showEvent(event)
        self._bubble.setVisible(bool(self._words.text()))

    def hideEvent(self, event: QHideEvent | None) -> None:
        """Take the error away with the line."""
        super().hideEvent(event)
        self._bubble.hide()
