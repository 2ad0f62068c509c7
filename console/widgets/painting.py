"""Drawing that delegates and hand-painted widgets have in common."""

from PyQt6.QtCore import QRect, Qt
from PyQt6.QtGui import QFont, QFontMetrics, QPainter

from console.design import theme
from console.widgets import plain_text


def pixel_ratio(painter: QPainter) -> float:
    """Return the device pixels per logical pixel of the device that is painted on."""
    device = painter.device()
    return 1.0 if device is None else device.devicePixelRatioF()


def draw_elided_text(
    painter: QPainter,
    room: QRect,
    text: str,
    font: QFont,
    tone: str,
    *,
    mode: Qt.TextElideMode = Qt.TextElideMode.ElideMiddle,
    side: Qt.AlignmentFlag = Qt.AlignmentFlag.AlignLeft,
) -> int:
    """Draw one line of plain text, vertically centred and elided to the width of `room`.

    Returns the x coordinate of the end of a left-aligned text.
    """
    metrics = QFontMetrics(font)
    shown = metrics.elidedText(plain_text.one_line(text), mode, max(room.width(), 0))
    painter.setFont(font)
    painter.setPen(theme.colour(tone))
    painter.drawText(room, side | Qt.AlignmentFlag.AlignVCenter, shown)
    return room.left() + metrics.horizontalAdvance(shown)
