"""Past checks as bars: one a check, the newest at the right, height and colour by verdict, each opened by a click."""

from collections.abc import Sequence
from dataclasses import dataclass

from PyQt6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import (
    QFocusEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QWheelEvent,
)
from PyQt6.QtWidgets import QAbstractSlider, QSizePolicy, QToolTip, QWidget

from console.design import theme
from console.widgets import activation, plain_text
from services.language import tr

MAX_BARS, HEIGHT, WIDTH, MARGIN = 30, 30, 6, 3
BAR_HEIGHTS = {"ok": 10, "warning": 16, "failed": 22}
"""How tall the bar of a verdict is; a verdict of a later release stands as tall as a failed one."""
BAR_COLOURS = {"ok": "good-icon", "warning": "notice-icon", "failed": "bad-icon"}


@dataclass(frozen=True, slots=True)
class CheckBar:
    """One past check: its verdict, and what is said about it."""

    verdict: str
    text: str


class CheckStrip(QAbstractSlider):
    """The bars, a slider to a screen reader. Left and right go through them, Enter opens the one with the ring; `picked` carries its place."""

    picked = pyqtSignal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.bars: list[CheckBar] = []
        self._at = -1
        self._opened = -1
        self.setFixedHeight(HEIGHT)
        self.setMinimumWidth(120)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setMouseTracking(True)
        self._say()

    def set_bars(self, bars: Sequence[CheckBar]) -> None:
        """Show checks, the oldest first; only the last ones have room."""
        self.bars = list(bars)[-MAX_BARS:]
        self._at = len(self.bars) - 1
        self._opened = -1
        # Nothing to come to with the keyboard while there is nothing.
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus if self.bars else Qt.FocusPolicy.NoFocus)
        self._say()
        self.update()

    def set_opened(self, place: int) -> None:
        """Mark the check whose report is open; -1 for none."""
        if self._opened != place:
            self._opened = place
            self._at = place if place >= 0 else self._at
            self._say()
            self.update()

    def _say(self) -> None:
        self.setRange(0, max(len(self.bars) - 1, 0))
        self.setValue(max(self._at, 0))
        if not self.bars:
            self.setAccessibleName(tr("Past checks, none yet"))
            return
        place = tr("{at} of {count}", at=self._at + 1, count=len(self.bars))
        opened = tr(", open") if self._at == self._opened else ""
        self.setAccessibleName(
            tr(
                "Past checks, {place}{opened}: {text}",
                place=place,
                opened=opened,
                text=self.bars[self._at].text,
            )
        )

    def sizeHint(self) -> QSize:
        """Return the room of all bars."""
        return QSize(MAX_BARS * 2 * WIDTH, HEIGHT)

    # -- places ------------------------------------------------------------------------------------------------

    def _bar_rect(self, place: int) -> QRectF:
        step = (self.width() - 2 * MARGIN) / MAX_BARS
        number = MAX_BARS - len(self.bars) + place
        return QRectF(MARGIN + number * step, 0, step, self.height())

    def bar_at(self, where: QPointF) -> int:
        """Return which check stands at a point, or -1."""
        return next((i for i in range(len(self.bars)) if self._bar_rect(i).contains(where)), -1)

    # -- drawing -----------------------------------------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw the bars with the tokens as they are now."""
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not self.isEnabled():
            painter.setOpacity(0.5)
        floor = self.height() - MARGIN - 1
        for place, bar in enumerate(self.bars):
            slot = self._bar_rect(place)
            tall = BAR_HEIGHTS.get(bar.verdict, BAR_HEIGHTS["failed"])
            box = QRectF(slot.center().x() - WIDTH / 2, floor - tall, WIDTH, tall)
            if place == self._opened:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(theme.colour("sel-idle"))
                painter.drawRoundedRect(slot, 3, 3)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.colour(BAR_COLOURS.get(bar.verdict, "bad-icon")))
            painter.drawRoundedRect(box, 2, 2)
            if place == self._at and self.hasFocus():
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.setPen(QPen(theme.colour("link"), 2))
                painter.drawRoundedRect(slot.adjusted(1, 1, -1, -1), 3, 3)

    # -- mouse and keyboard ------------------------------------------------------------------------------------

    def event(self, event: QEvent | None) -> bool:
        """Say time and finding of the bar under the pointer."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            place = self.bar_at(QPointF(event.pos()))
            if place >= 0:
                plain_text.show_tooltip(event.globalPos(), self.bars[place].text, self)
            else:
                QToolTip.hideText()
            return True
        return super().event(event)

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        """Show a hand over what can be clicked."""
        over = event is not None and self.bar_at(event.position()) >= 0
        self.setCursor(Qt.CursorShape.PointingHandCursor if over else Qt.CursorShape.ArrowCursor)

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        """Open the report of the bar."""
        if event is not None and activation.is_click(self, event):
            self._pick(self.bar_at(event.position()))

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Go through the bars, or open one."""
        steps = {
            Qt.Key.Key_Left: -1,
            Qt.Key.Key_Right: 1,
            Qt.Key.Key_Home: -MAX_BARS,
            Qt.Key.Key_End: MAX_BARS,
        }
        if event is not None and self.bars and event.key() in steps:
            self._at = min(max(self._at + steps[Qt.Key(event.key())], 0), len(self.bars) - 1)
            self._say()
            self.update()
        elif activation.is_activation_key(event):
            self._pick(self._at)
        elif event is not None:
            event.ignore()

    def wheelEvent(self, event: QWheelEvent | None) -> None:
        """Leave the wheel to what scrolls."""
        if event is not None:
            event.ignore()

    def focusInEvent(self, event: QFocusEvent | None) -> None:
        """Draw the ring."""
        super().focusInEvent(event)
        self.update()

    def focusOutEvent(self, event: QFocusEvent | None) -> None:
        """Take the ring away."""
        super().focusOutEvent(event)
        self.update()

    def _pick(self, place: int) -> None:
        if 0 <= place < len(self.bars):
            self._at = place
            self._say()
            self.picked.emit(place)
