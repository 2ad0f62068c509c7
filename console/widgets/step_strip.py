"""A strip of steps that follow each other: equal cells, each with a shape, a name and what is true about it."""

from collections.abc import Sequence

from PyQt6.QtCore import QEvent, QPointF, QRect, QRectF, QSize, Qt
from PyQt6.QtGui import (
    QFocusEvent,
    QFontMetrics,
    QHelpEvent,
    QKeyEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QWheelEvent,
)
from PyQt6.QtWidgets import QAbstractSlider, QSizePolicy, QToolTip, QWidget

from console.design import icons, theme
from console.widgets import plain_text
from console.widgets.motion import Rotation, draw_status
from console.widgets.painting import draw_elided_text
from console.widgets.steps import STEP_WORDS, Step, StepState, with_one_running
from services.language import tr

__all__ = ["Step", "StepState", "StepStrip"]

HEIGHT, MARGIN, SHAPE, TEXT_LEFT, ARROW, ARROW_RIGHT, RADIUS = 46, 16, 14, 22, 12, 13, 6
LEAST_CELL = 120
"""How narrow a cell may be."""


class StepStrip(QAbstractSlider):
    """The strip, a slider to a screen reader. Left and right go through its steps, so that one is read at a time."""

    def __init__(self, name: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setOrientation(Qt.Orientation.Horizontal)
        self._title = name or tr("Steps")
        self.steps: list[Step] = []
        self.current_index = -1
        """The step that the keyboard is on, -1 for none."""
        self._rotation = Rotation(self)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._set_name()

    def set_steps(self, steps: Sequence[Step]) -> None:
        """Show steps; they change in place, and only the first running one runs."""
        self.steps = with_one_running(steps)
        self.current_index = min(self.current_index, len(self.steps) - 1)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus if self.steps else Qt.FocusPolicy.NoFocus)
        self._rotation.set_running(any(step.state is StepState.RUNNING for step in self.steps))
        self._set_name()
        self.updateGeometry()
        self.update()

    def _set_name(self) -> None:
        self.setRange(0, max(len(self.steps) - 1, 0))
        self.setValue(max(self.current_index, 0))
        if 0 <= self.current_index < len(self.steps) and self.hasFocus():
            place = tr("{at} of {count}", at=self.current_index + 1, count=len(self.steps))
            self.setAccessibleName(f"{self._title} {place}: {_words(self.steps[self.current_index])}")
        else:
            self.setAccessibleName(f"{self._title}: {'; '.join(_words(step) for step in self.steps)}")

    def _high(self) -> int:
        texts = QFontMetrics(theme.font("strong")).height() + QFontMetrics(theme.font("caption")).height()
        return max(HEIGHT, texts + 12)

    def sizeHint(self) -> QSize:
        """Return the room of all cells."""
        return QSize(2 * MARGIN + 240 * len(self.steps), self._high())

    def minimumSizeHint(self) -> QSize:
        """Shrink as far as names can still be told apart."""
        return QSize(2 * MARGIN + LEAST_CELL * len(self.steps), self._high())

    def cell(self, place: int) -> QRectF:
        """Return the place of a step."""
        width = (self.width() - 2 * MARGIN) / max(len(self.steps), 1)
        return QRectF(MARGIN + place * width, 0, width, self.height())

    def _text_room(self, place: int) -> int:
        last = place == len(self.steps) - 1
        behind = 0 if last else ARROW + ARROW_RIGHT + 8
        return int(self.cell(place).width()) - TEXT_LEFT - behind

    # -- mouse and keyboard ----------------------------------------------------

    def event(self, event: QEvent | None) -> bool:
        """Give the whole texts of a cell where they are cut off."""
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            text = self._tip(QPointF(event.pos()))
            if text:
                plain_text.show_tooltip(event.globalPos(), text, self)
            else:
                QToolTip.hideText()
            return True
        return super().event(event)

    def _tip(self, where: QPointF) -> str:
        for place, step in enumerate(self.steps):
            if self.cell(place).contains(where):
                room = self._text_room(place)
                texts = ((step.name, "strong"), (step.caption, "caption"))
                return "\n".join(
                    text
                    for text, role in texts
                    if QFontMetrics(theme.font(role)).horizontalAdvance(plain_text.one_line(text)) > room
                )
        return ""

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Go through the steps."""
        far = len(self.steps)
        moves = {Qt.Key.Key_Left: -1, Qt.Key.Key_Right: 1, Qt.Key.Key_Home: -far, Qt.Key.Key_End: far}
        if event is not None and self.steps and event.key() in moves:
            at = self.current_index + moves[Qt.Key(event.key())]
            self.current_index = min(max(at, 0), far - 1)
            self._set_name()
            self.update()
        elif event is not None:
            event.ignore()

    def wheelEvent(self, event: QWheelEvent | None) -> None:
        """Leave the wheel to what scrolls."""
        if event is not None:
            event.ignore()

    def focusInEvent(self, event: QFocusEvent | None) -> None:
        """Begin at the first step that is not done."""
        super().focusInEvent(event)
        open_steps = (i for i, step in enumerate(self.steps) if step.state is not StepState.DONE)
        self.current_index = next(open_steps, len(self.steps) - 1)
        self._set_name()
        self.update()

    def focusOutEvent(self, event: QFocusEvent | None) -> None:
        """Take the ring away and name all steps again."""
        super().focusOutEvent(event)
        self.current_index = -1
        self._set_name()
        self.update()

    # -- painting ----------------------------------------------------------------

    def paintEvent(self, event: QPaintEvent | None) -> None:
        """Draw the strip with the tokens as they are now."""
        del event
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.colour("line"), 1))
        painter.setBrush(theme.colour("raised"))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), RADIUS, RADIUS)
        for place, step in enumerate(self.steps):
            self._paint_step(painter, place, step)
        if self.hasFocus() and 0 <= self.current_index < len(self.steps):
            painter.setPen(QPen(theme.colour("link"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            width = TEXT_LEFT + self._text_room(self.current_index)
            box = self.cell(self.current_index)
            ring = QRectF(box.left() - 8, 3, min(width + 14, self.width() - box.left() + 4), box.height() - 6)
            painter.drawRoundedRect(ring, 4, 4)

    def _paint_step(self, painter: QPainter, place: int, step: Step) -> None:
        box, room = self.cell(place), self._text_room(place)
        middle = self.height() / 2
        corner = QPointF(box.left(), middle - SHAPE / 2)
        draw_status(painter, corner, step.state.shape, SHAPE, "raised", self._rotation.angle)
        strong, caption = theme.font("strong"), theme.font("caption")
        high, low = QFontMetrics(strong).height(), QFontMetrics(caption).height()
        left, top = round(box.left()) + TEXT_LEFT, round((self.height() - high - low - 2) / 2)
        name = QRect(left, top, room, high)
        draw_elided_text(painter, name, step.name, strong, "text", mode=Qt.TextElideMode.ElideRight)
        draw_elided_text(painter, QRect(left, top + high + 2, room, low), step.caption, caption, "muted")
        if place < len(self.steps) - 1:
            arrow = icons.pixmap("chevron-right", "muted", ARROW, self.devicePixelRatioF())
            corner = QPointF(box.right() - ARROW - ARROW_RIGHT, middle - ARROW / 2)
            painter.drawPixmap(corner, arrow)


def _words(step: Step) -> str:
    parts = (step.name, tr(STEP_WORDS[step.state]), step.caption)
    return plain_text.one_line(", ".join(part for part in parts if part))
