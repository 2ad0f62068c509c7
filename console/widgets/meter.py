"""Small painted gauges: a bar and a ring."""

from PyQt6.QtCore import QRectF, QSize, Qt
from PyQt6.QtGui import QPainter, QPaintEvent, QPen
from PyQt6.QtWidgets import QSizePolicy, QWidget

from console.design import theme


class Meter(QWidget):
    """A bar from 0 to 1, in greys: it says how far, not how well."""

    HEIGHT = 4

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._value = 0.0
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(self.HEIGHT)
        self._say()

    @property
    def value(self) -> float:
        """Return how far the bar goes."""
        return self._value

    def set_value(self, value: float) -> None:
        """Set how far the bar goes, from 0 to 1."""
        self._value = min(max(value, 0.0), 1.0)
        self._say()
        self.update()

    def _say(self) -> None:
        self.setAccessibleName(f"{self._value:.0%}")

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw the track and the bar."""
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("line"))
        painter.drawRoundedRect(QRectF(self.rect()), 2, 2)
        painter.setBrush(theme.colour("muted"))
        painter.drawRoundedRect(QRectF(0, 0, self.width() * self._value, self.height()), 2, 2)


class Ring(QWidget):
    """A ring filled clockwise from 0 to 1."""

    def __init__(self, size: int = 16, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._value, self._size = 0.0, size
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.set_value(0.0)

    def set_value(self, value: float) -> None:
        """Set how much of the ring is filled, from 0 to 1."""
        self._value = min(max(value, 0.0), 1.0)
        self.setAccessibleName(f"{self._value:.0%}")
        self.update()

    def sizeHint(self) -> QSize:
        """Return the size of the ring."""
        return QSize(self._size, self._size)

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw the track and the part."""
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = QRectF(self.rect()).adjusted(1.5, 1.5, -1.5, -1.5)
        painter.setPen(QPen(theme.colour("edge"), 2))
        painter.drawEllipse(box)
        painter.setPen(QPen(theme.colour("good-icon"), 2))
        painter.drawArc(box, 90 * 16, round(-360 * 16 * self._value))
