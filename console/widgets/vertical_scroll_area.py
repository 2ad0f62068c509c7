"""A scroll area that goes up and down: its content wraps to the width of its view, and moves sideways for nobody."""

from PyQt6.QtCore import QPoint, Qt
from PyQt6.QtWidgets import QFrame, QScrollArea, QVBoxLayout, QWidget

WIDTH_MAX = (1 << 24) - 1
"""The maximum width of a widget to which none was given."""


class VerticalScrollArea(QScrollArea):
    """Holds content whose words wrap; only where large letters have no room even so, a bar leads to the rest."""

    def __init__(self, content: QWidget, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName(name)
        self._content = content
        if content.layout() is None or content.maximumWidth() < WIDTH_MAX:
            self.setWidget(content)
        else:
            self._hold(content)

    def _hold(self, content: QWidget) -> None:
        """Put the content into an empty widget: Qt would style and measure all of it now, and again when it is shown."""
        holder = QWidget(self.viewport())
        self.setWidget(holder)
        layout = QVBoxLayout(holder)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(content)

    def widget(self) -> QWidget:
        """Return the content."""
        return self._content

    def scroll_to_part(self, part: QWidget) -> None:
        """Bring a part of the content into sight, its top first; sideways nothing moves."""
        bar = self.verticalScrollBar()
        if bar is not None:
            bar.setValue(part.mapTo(self._content, QPoint(0, 0)).y())
