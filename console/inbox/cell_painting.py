"""Draws the cells and the head of the inbox. What a cell needs again and again is made once for each theme."""

from collections.abc import Callable
from typing import Any

from PyQt6.QtCore import QModelIndex, QPoint, QPointF, QRect, QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QFont, QFontMetrics, QMouseEvent, QPainter, QPen, QPixmap
from PyQt6.QtWidgets import QHeaderView, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from console.design import icons, theme
from console.inbox import cell_content
from console.inbox.cell_content import COLUMNS, STATE_SHAPES
from console.inbox.table_model import InboxModel
from console.widgets.data_table import BAR, ELIDE_RIGHT, MARGIN, PAD, ROW, SHAPE
from models.kinds import RequestState
from services.language import tr

HEADER_HEIGHT, PIE_SIZE, ARROW_SIZE, PIE_STEPS, MAX_CACHED_TEXTS = 26, 14, 8, 24, 8000
PIE_TONES = {"off": "off-icon", "notice": "notice-icon", "bad": "bad-icon"}
ALIGN_LEFT = int(Qt.AlignmentFlag.AlignVCenter)
ALIGN_RIGHT = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight)
ELIDE_MODES = {"right": Qt.TextElideMode.ElideRight}
STALE_OPACITY = 0.6
"""How much of a shape is left where it is not known to be so now."""
PLACEHOLDER_WIDTHS = (52, 28, 70, 48, 52, 60, 74, 56, 36, 62)
"""Widths of the grey bars of a row that is not here yet."""


class PaintResources:
    """Fonts, colours and cut texts of the theme that is shown now."""

    def __init__(self) -> None:
        self._tokens: Any = None
        self._ratio = 0.0

    def ready(self, ratio: float) -> None:
        """Make everything again when the theme or the ratio of the screen changed."""
        tokens = theme.current()
        if tokens is self._tokens and ratio == self._ratio:
            return
        self._tokens, self._ratio = tokens, ratio
        self.colours = {name: QColor(value) for name, value in tokens.items()}
        self.body, self.strong = theme.font("body"), theme.font("strong")
        self.grey = QFont(self.body)
        # High contrast has no grey.
        self.grey.setItalic(tokens.scheme == "contrast")
        self._metrics = {False: QFontMetrics(self.body), True: QFontMetrics(self.strong)}
        self._cut: dict[tuple[str, int, bool, str], str] = {}
        self._pies: dict[tuple[str, int], QPixmap] = {}
        self.rule = QPen(self.colours["line"], 1)

    def cut(self, text: str, width: int, how: str, *, strong: bool = False) -> str:
        """Return a text as much of it as there is room for."""
        key = (text, width, strong, how)
        found = self._cut.get(key)
        if found is None:
            mode = ELIDE_MODES.get(how, Qt.TextElideMode.ElideMiddle)
            found = self._metrics[strong].elidedText(text, mode, max(width, 0))
            if len(self._cut) > MAX_CACHED_TEXTS:
                self._cut.clear()
            self._cut[key] = found
        return found

    def text_width(self, text: str, *, strong: bool = False) -> int:
        """Return how wide a text is."""
        return self._metrics[strong].horizontalAdvance(text)

    def pie(self, tone: str, used: float) -> QPixmap:
        """Return the ring that is filled clockwise by the share used."""
        step = round(used * PIE_STEPS)
        found = self._pies.get((tone, step))
        if found is None:
            found = self._pies[tone, step] = _pie(self.colours[tone], step / PIE_STEPS, self._ratio)
        return found


def _pie(colour: QColor, used: float, ratio: float) -> QPixmap:
    picture = QPixmap(round(PIE_SIZE * ratio), round(PIE_SIZE * ratio))
    picture.setDevicePixelRatio(ratio)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(colour, 1.3))
    painter.drawEllipse(QRectF(1.4, 1.4, PIE_SIZE - 2.8, PIE_SIZE - 2.8))
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(colour)
    painter.drawPie(QRectF(3.6, 3.6, PIE_SIZE - 7.2, PIE_SIZE - 7.2), 90 * 16, round(-360 * 16 * used))
    painter.end()
    return picture


class InboxDelegate(QStyledItemDelegate):
    """Draws a cell: ground, rule, the bar of a selected row, then what its column is about."""

    def __init__(
        self, model: InboxModel, is_chosen: Callable[[int], bool], parent: QWidget, columns: Any = COLUMNS
    ) -> None:
        super().__init__(parent)
        self._model, self._is_chosen, self._view, self._columns = model, is_chosen, parent, columns
        self._tools = PaintResources()

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        """Return the height of a row."""
        del option, index
        return QSize(0, ROW)

    def paint(self, painter: QPainter | None, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        """Draw one cell with the tokens as they are now."""
        if painter is None:
            return
        device = painter.device()
        tools = self._tools
        tools.ready(device.devicePixelRatioF() if device is not None else 1.0)
        rect, place, column = option.rect, index.row(), index.column()
        chosen = self._is_chosen(place)
        ground = ("sel" if self._view.hasFocus() else "sel-idle") if chosen else "page"
        painter.fillRect(rect, tools.colours[ground])
        painter.setPen(tools.rule)
        painter.drawLine(rect.left(), rect.bottom(), rect.right(), rect.bottom())
        if chosen and column == 0:
            painter.fillRect(QRect(rect.left(), rect.top(), BAR, rect.height()), tools.colours["link"])
        left = rect.left() + (MARGIN if column == 0 else PAD)
        room = QRect(left, rect.top(), rect.right() - PAD + 1 - left, rect.height() - 1)
        row = self._model.row(place)
        # What was not polled is as it was then: it is drawn grey.
        grey = row is not None and ground != "sel" and bool(self._model.stale_reason_of(row))
        if row is None:
            bar = QRect(left, rect.center().y() - 4, min(PLACEHOLDER_WIDTHS[column], room.width()), 8)
            painter.fillRect(bar, tools.colours["line" if chosen else "hover"])
        elif column == cell_content.STATE:
            self._state(painter, row, room, ground, grey=grey)
        elif column == cell_content.AGE:
            self._age(painter, row, room, ground, grey=grey)
        else:
            spec = self._columns[column]
            painter.setFont(tools.grey if grey else tools.body)
            tone = "sel-text" if ground == "sel" else "muted" if grey else self._tone(row, column)
            painter.setPen(tools.colours[tone])
            text = tools.cut(cell_content.text(row, column, self._model.now()), room.width(), spec.cut)
            painter.drawText(room, ALIGN_RIGHT if spec.align == ELIDE_RIGHT else ALIGN_LEFT, text)

    def _tone(self, row: Any, column: int) -> str:
        if column == cell_content.NUMBER and not row.number:
            return "muted"
        tone: str = self._columns[column].tone
        return tone

    def _state(self, painter: QPainter, row: Any, room: QRect, ground: str, *, grey: bool) -> None:
        tools, middle = self._tools, room.center().y() + 1 - SHAPE // 2
        device = painter.device()
        ratio = device.devicePixelRatioF() if device is not None else 1.0
        shape = icons.status_pixmap(STATE_SHAPES[RequestState(row.state)], SHAPE, ground, ratio)
        painter.setOpacity(STALE_OPACITY if grey else 1.0)
        painter.drawPixmap(QPoint(room.left(), middle), shape)
        painter.setOpacity(1.0)
        behind = ["notice"] if cell_content.has_warning(row) else []
        outcome = self._model.outcome(row)
        if outcome is not None:
            behind.append("good" if outcome.ok else "bad")
        left = room.left() + SHAPE + PAD
        width = room.right() + 1 - left - len(behind) * (SHAPE + PAD)
        text = tools.cut(cell_content.state_text(row), width, ELIDE_RIGHT)
        painter.setFont(tools.grey if grey else tools.body)
        painter.setPen(tools.colours["sel-text" if ground == "sel" else "muted" if grey else "text"])
        painter.drawText(QRect(left, room.top(), width, room.height()), ALIGN_LEFT, text)
        left += tools.text_width(text) + PAD
        for state in behind:
            painter.drawPixmap(QPoint(left, middle), icons.status_pixmap(state, SHAPE, ground, ratio))
            left += SHAPE + PAD

    def _age(self, painter: QPainter, row: Any, room: QRect, ground: str, *, grey: bool) -> None:
        tools, now = self._tools, self._model.now()
        used = cell_content.time_used(row, now)
        tone = "off" if grey else cell_content.age_tone(used)
        alone = ground == "sel" and theme.current().scheme == "contrast"
        if used is not None:
            pie = tools.pie("sel-text" if alone else PIE_TONES[tone], used)
            painter.drawPixmap(QPoint(room.left(), room.center().y() + 1 - PIE_SIZE // 2), pie)
        strong = tone != "off"
        if strong and not alone:
            colour = tone
        else:
            colour = (
                "sel-text"
                if ground == "sel"
                else "text"
                if cell_content.is_open(row) and not grey
                else "muted"
            )
        painter.setFont(tools.strong if strong else tools.grey if grey else tools.body)
        painter.setPen(tools.colours[colour])
        painter.drawText(room, ALIGN_RIGHT, cell_content.text(row, cell_content.AGE, now))


class InboxHeader(QHeaderView):
    """The head of the table: a click sorts by a column, a second one the other way round."""

    sort_requested = pyqtSignal(int)

    def __init__(self, model: InboxModel, parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._model, self._under = model, -1
        self.setAccessibleName(tr("Columns"))
        self.setSectionsClickable(True)
        self.setHighlightSections(False)
        self.setFixedHeight(HEADER_HEIGHT)
        self.setMouseTracking(True)
        self.sectionClicked.connect(self.sort_requested)
        theme.of().theme_changed.connect(self._redraw)

    def _redraw(self, *_scheme: str) -> None:
        viewport = self.viewport()
        if viewport is not None:
            viewport.update()

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        """Show which head is under the pointer."""
        super().mouseMoveEvent(event)
        under = -1 if event is None else self.logicalIndexAt(event.position().toPoint())
        if under != self._under:
            self._under = under
            self._redraw()

    def leaveEvent(self, event: object) -> None:
        """Let go of the head under the pointer."""
        super().leaveEvent(event)  # type: ignore[arg-type]
        self._under = -1
        self._redraw()

    def paintSection(self, painter: QPainter | None, rect: QRect, logical: int) -> None:
        """Draw a head: its words, and behind them the arrow of the column that is sorted by."""
        if painter is None or not rect.isValid():
            return
        painter.save()
        painter.fillRect(rect, theme.colour("hover" if logical == self._under else "raised"))
        painter.setPen(QPen(theme.colour("line"), 1))
        painter.drawLine(rect.bottomLeft(), rect.bottomRight())
        font = theme.font("caption")
        font.setWeight(QFont.Weight(500))
        metrics = QFontMetrics(font)
        by, falling = self._model.sorted_by
        arrow = ARROW_SIZE + 4 if logical == by else 0
        left = rect.left() + (MARGIN if logical == 0 else PAD)
        room = QRect(left, rect.top(), rect.right() - PAD + 1 - left, rect.height() - 1)
        column = COLUMNS[logical]
        text = metrics.elidedText(tr(column.name), Qt.TextElideMode.ElideRight, max(room.width() - arrow, 0))
        start = room.left()
        if column.align == ELIDE_RIGHT:
            start = room.right() + 1 - arrow - metrics.horizontalAdvance(text)
        painter.setFont(font)
        painter.setPen(theme.colour("muted"))
        painter.drawText(QRect(start, room.top(), room.width(), room.height()), ALIGN_LEFT, text)
        if arrow:
            middle = QPointF(
                start + metrics.horizontalAdvance(text) + 4 + ARROW_SIZE / 2, room.center().y() + 1.0
            )
            _arrow(painter, middle, down=falling)
        painter.restore()


def _arrow(painter: QPainter, middle: QPointF, *, down: bool) -> None:
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(theme.colour("muted"), 1.25, cap=Qt.PenCapStyle.RoundCap))
    tip = QPointF(middle.x(), middle.y() + (4 if down else -4))
    painter.drawLine(QPointF(middle.x(), middle.y() - 4), QPointF(middle.x(), middle.y() + 4))
    for side in (-3, 3):
        painter.drawLine(tip, QPointF(tip.x() + side, tip.y() + (-3 if down else 3)))
