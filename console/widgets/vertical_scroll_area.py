"""A scroll area that goes up and down: its content wraps to the width of its view, and moves sideways for nobody."""

from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtWidgets import QFrame, QScrollArea, QWidget


class VerticalScrollArea(QScrollArea):
    """Holds content whose words wrap; only where large letters have no room even so, a bar leads to the rest."""

    def __init__(self, content: QWidget, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName(name)
        self.setWidget(content)

    def scroll_to_part(self, part: QWidget) -> None:
        """Bring a part of the content into sight, its top first; sideways nothing moves."""
        content, bar = self.widget(), self.verticalScrollBar()
        if content is not None and bar is not None:
            bar.setValue(part.mapTo(content, QPoint(0, 0)).y())
