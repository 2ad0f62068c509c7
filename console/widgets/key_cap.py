"""A key cap: a shortcut as it stands on the keyboard."""

from PyQt6.QtCore import QRectF, QSize, Qt
from PyQt6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPen
from PyQt6.QtWidgets import QSizePolicy, QWidget

from console.design import theme

HEIGHT, PADDING = 18, 6


class KeyCap(QWidget):
    """Draws keys in a small outlined box."""

    def __init__(self, keys: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.keys = keys
        self.setAccessibleName(keys)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        """Return the room for the keys."""
        return QSize(QFontMetrics(theme.font("caption")).horizontalAdvance(self.keys) + 2 * PADDING, HEIGHT)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw with the tokens as they are now."""
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.colour("edge")))
        painter.setBrush(theme.colour("raised"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 3, 3)
        painter.setPen(theme.colour("muted"))
        painter.setFont(theme.font("caption"))
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignCenter, self.keys)
