"""The content of a dialog that keeps its size while it works: what does not fit is scrolled to."""

from PyQt6 import sip
from PyQt6.QtCore import QSize, Qt, QTimer
from PyQt6.QtWidgets import QFrame, QScrollArea, QWidget

MARGIN = 48
"""What the frame of a window and the bar of a desktop take of the height of a screen."""
MIN_HEIGHT = 96


class FixedSizeScrollArea(QScrollArea):
    """Shows content that grows and shrinks without passing that on to the dialog around it."""

    def __init__(self, content: QWidget) -> None:
        super().__init__()
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        content.setProperty("role", "page")
        self.setWidget(content)
        self._wanted: QWidget | None = None

    def sizeHint(self) -> QSize:
        """Ask for as little as is enough, whatever the content."""
        return self.minimumSizeHint()

    def minimumSizeHint(self) -> QSize:
        """Ask for as little as is enough, whatever the content."""
        return QSize(0, MIN_HEIGHT)

    def reveal(self, widget: QWidget) -> None:
        """Scroll to a part of the content that has just appeared, as soon as it has its place."""
        self._wanted = widget
        QTimer.singleShot(0, self._scroll)

    def _scroll(self) -> None:
        """Scroll to what was wanted last; its top counts more than its end."""
        widget, content, bar, viewport = (
            self._wanted,
            self.widget(),
            self.verticalScrollBar(),
            self.viewport(),
        )
        self._wanted = None
        if widget is None or sip.isdeleted(widget) or content is None or bar is None or viewport is None:
            return
        top = widget.mapTo(content, widget.rect().topLeft()).y()
        bar.setValue(max(bar.value(), min(top, top + widget.height() - viewport.height())))


def set_initial_size(dialog: QWidget, width: int, height: int) -> None:
    """Give a dialog its size once, no higher than its screen."""
    screen = dialog.screen()
    if screen is not None:
        height = min(height, screen.availableGeometry().height() - MARGIN)
    dialog.resize(width, height)
