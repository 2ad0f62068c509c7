"""A scroll area that only goes up and down: its content is as wide as its view, and wraps."""

from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtGui import QResizeEvent
from PyQt6.QtWidgets import QFrame, QScrollArea, QWidget


class UprightArea(QScrollArea):
    """Holds content that is never wider than what is seen of it, whatever its words ask for."""

    def __init__(self, content: QWidget, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName(name)
        self.setWidget(content)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Give the content the width of the view, also where it would ask for more."""
        content, view = self.widget(), self.viewport()
        if content is not None and view is not None:
            content.setMaximumWidth(view.width())
        super().resizeEvent(event)

    def show_part(self, part: QWidget) -> None:
        """Bring a part of the content into sight, its top first; sideways nothing moves."""
        content, bar = self.widget(), self.verticalScrollBar()
        if content is not None and bar is not None:
            bar.setValue(part.mapTo(content, QPoint(0, 0)).y())
