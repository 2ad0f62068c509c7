"""A badge: a word on a tinted ground with its shape, or an outline."""

from PyQt6.QtCore import QRectF, QSize, Qt
from PyQt6.QtGui import QFont, QFontMetrics, QPainter, QPaintEvent, QPen
from PyQt6.QtWidgets import QSizePolicy, QWidget

from console.design import icons, theme

HEIGHT, PADDING, ICON, GAP = 20, 6, 12, 4
OUTLINE = "outline"


class Badge(QWidget):
    """States one fact behind a title or a name. `tone` is good, notice, bad, off or outline."""

    def __init__(
        self, text: str, tone: str = "off", icon: str | None = None, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.text, self.tone, self._icon = text, tone, icon
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setAccessibleName(text)

    def _font(self) -> QFont:
        made = theme.font("caption")
        made.setWeight(QFont.Weight(600 if self.tone == OUTLINE else 500))
        return made

    def sizeHint(self) -> QSize:
        """Return the room for shape and word."""
        width = QFontMetrics(self._font()).horizontalAdvance(self.text) + 2 * PADDING
        return QSize(width + (ICON + GAP if self._icon else 0), HEIGHT)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw with the tokens as they are now."""
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        outline = self.tone == OUTLINE
        ground = "page" if outline else f"{self.tone}-bg"
        painter.setPen(QPen(theme.colour("edge")) if outline else Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour(ground))
        painter.drawRoundedRect(box, 4, 4)
        left = PADDING
        if self._icon:
            picture = icons.status_pixmap(self._icon, ICON, ground, self.devicePixelRatioF())
            painter.drawPixmap(left, (self.height() - ICON) // 2, picture)
            left += ICON + GAP
        painter.setPen(theme.colour("text" if outline else self.tone))
        painter.setFont(self._font())
        painter.drawText(self.rect().adjusted(left, 0, 0, 0), Qt.AlignmentFlag.AlignVCenter, self.text)
