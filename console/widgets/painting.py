"""What delegates and hand-painted widgets draw alike."""

from PyQt6.QtCore import QRect, Qt
from PyQt6.QtGui import QFontMetrics, QPainter


def pixel_ratio(painter: QPainter) -> float:
    """Return the device pixels per logical pixel of what is painted on."""
    device = painter.device()
    return 1.0 if device is None else device.devicePixelRatioF()


def draw_elided_text(
    painter: QPainter, text: str, rect: QRect, mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight
) -> int:
    """Draw one line of text, vertically centred and shortened to the width of `rect`; returns the drawn width."""
    metrics = QFontMetrics(painter.font())
    shown = metrics.elidedText(text, mode, max(0, rect.width()))
    painter.drawText(rect, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, shown)
    return metrics.horizontalAdvance(shown)
