"""Draws the cells and the header of the table. Fonts, colours and elided texts are cached for each theme."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PyQt6.QtCore import QEvent, QModelIndex, QPoint, QPointF, QRect, QRectF, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QColor, QFont, QFontMetrics, QMouseEvent, QPainter, QPen, QPixmap
from PyQt6.QtWidgets import QHeaderView, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from console.design import icons, theme
from console.inbox import cell_content
from console.inbox.cell_content import COLUMNS, STATE_SHAPES
from console.inbox.request_rows import AGE, NUMBER, STATE, is_open
from console.inbox.table_model import InboxModel
from console.widgets.data_table import BAR, ELIDE_RIGHT, MARGIN, PAD, ROW, SHAPE, Column
from models.kinds import RequestState
from services.language import tr

if TYPE_CHECKING:
    from console.design.theme import Tokens
    from services.requests.inbox.inbox import RequestRow

HEADER_HEIGHT, PIE_SIZE, ARROW_SIZE, PIE_STEPS, MAX_CACHED_TEXTS = 26, 14, 8, 24, 8000
PIE_TONES = {"off": "off-icon", "notice": "notice-icon", "bad": "bad-icon"}
ALIGN_LEFT = int(Qt.AlignmentFlag.AlignVCenter)
ALIGN_RIGHT = int(Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight)
ELIDE_MODES = {"right": Qt.TextElideMode.ElideRight}
STALE_OPACITY = 0.6
"""Opacity of the shape of a state that may be old."""
PLACEHOLDER_WIDTHS = (52, 28, 70, 48, 52, 60, 74, 56, 36, 62)
"""Widths of the grey bars of a row that was not read yet."""


class PaintResources:
    """Fonts, colours, elided texts and pies of the current theme."""

    def __init__(self) -> None:
        self._tokens: Tokens | None = None
        self._ratio = 0.0

    def ready(self, ratio: float) -> None:
        """Create everything again if the theme or the pixel ratio of the screen changed."""
        tokens = theme.current()
        if tokens is self._tokens and ratio == self._ratio:
            return
        self._tokens, self._ratio = tokens, ratio
        self.colours = {name: QColor(value) for name, value in tokens.items()}
        self.body, self.strong = theme.font("body"), theme.font("strong")
        self.grey = QFont(self.body)
        # The high contrast theme has no grey.
        self.grey.setItalic(tokens.scheme == "contrast")
        self._metrics = {False: QFontMetrics(self.body), True: QFontMetrics(self.strong)}
        self._elided: dict[tuple[str, int, bool, str], str] = {}
        self._pies: dict[tuple[str, int], QPixmap] = {}
        self.rule = QPen(self.colours["line"], 1)

    def elided(self, text: str, width: int, how: str, *, strong: bool = False) -> str:
        """Return a text that is elided to a width."""
        key = (text, width, strong, how)
        found = self._elided.get(key)
        if found is None:
            mode = ELIDE_MODES.get(how, Qt.TextElideMode.ElideMiddle)
            found = self._metrics[strong].elidedText(text, mode, max(width, 0))
            if len(self._elided) > MAX_CACHED_TEXTS:
                self._elided.clear()
            self._elided[key] = found
        return found

    def text_width(self, text: str, *, strong: bool = False) -> int:
        """Return the width of a text."""
        return self._metrics[strong].horizontalAdvance(text)

    def pie(self, tone: str, used: float) -> QPixmap:
        """Return a ring that is filled clockwise by the used share."""
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
    """Draws a cell: background, rule, the bar of a selected row, then the content of its column."""

    def __init__(
        self,
        model: InboxModel,
        is_selected: Callable[[int], bool],
        parent: QWidget,
        columns: Sequence[Column] = COLUMNS,
    ) -> None:
        super().__init__(parent)
        self._model, self._is_selected, self._view, self._columns = model, is_selected, parent, columns
        self._tools = PaintResources()

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        """Return the height of a row."""
        del option, index
        return QSize(0, ROW)

    def paint(self, painter: QPainter | None, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        """Draw one cell in the colours of the theme."""
        if painter is None:
            return
        device = painter.device()
        tools = self._tools
        tools.ready(device.devicePixelRatioF() if device is not None else 1.0)
        rect, place, column = option.rect, index.row(), index.column()
        chosen = self._is_selected(place)
        ground = ("sel" if self._view.hasFocus() else "sel-idle") if chosen else "page"
        painter.fillRect(rect, tools.colours[ground])
        painter.setPen(tools.rule)
        painter.drawLine(rect.left(), rect.bottom(), rect.right(), rect.bottom())
        if chosen and column == 0:
            painter.fillRect(QRect(rect.left(), rect.top(), BAR, rect.height()), tools.colours["link"])
        left = rect.left() + (MARGIN if column == 0 else PAD)
        room = QRect(left, rect.top(), rect.right() - PAD + 1 - left, rect.height() - 1)
        row = self._model.row(place)
        # A row that may be old is grey.
        grey = row is not None and ground != "sel" and bool(self._model.stale_reason_of(row))
        if row is None:
            bar = QRect(left, rect.center().y() - 4, min(PLACEHOLDER_WIDTHS[column], room.width()), 8)
            painter.fillRect(bar, tools.colours["line" if chosen else "hover"])
        elif column == STATE:
            self._state(painter, row, room, ground, grey=grey)
        elif column == AGE:
            self._age(painter, row, room, ground, grey=grey)
        else:
            spec = self._columns[column]
            painter.setFont(tools.grey if grey else tools.body)
            tone = "sel-text" if ground == "sel" else "muted" if grey else self._tone(row, column)
            painter.setPen(tools.colours[tone])
            text = tools.elided(cell_content.text(row, column, self._model.now()), room.width(), spec.cut)
            painter.drawText(room, ALIGN_RIGHT if spec.align == ELIDE_RIGHT else ALIGN_LEFT, text)

    def _tone(self, row: "RequestRow", column: int) -> str:
        if column == NUMBER and not row.number:
            return "muted"
        return self._columns[column].tone

    def _state(self, painter: QPainter, row: "RequestRow", room: QRect, ground: str, *, grey: bool) -> None:
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
        text = tools.elided(cell_content.state_text(row), width, ELIDE_RIGHT)
        painter.setFont(tools.grey if grey else tools.body)
        painter.setPen(tools.colours["sel-text" if ground == "sel" else "muted" if grey else "text"])
        painter.drawText(QRect(left, room.top(), width, room.height()), ALIGN_LEFT, text)
        left += tools.text_width(text) + PAD
        for state in behind:
            painter.drawPixmap(QPoint(left, middle), icons.status_pixmap(state, SHAPE, ground, ratio))
            left += SHAPE + PAD

    def _age(self, painter: QPainter, row: "RequestRow", room: QRect, ground: str, *, grey: bool) -> None:
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
            colour = "sel-text" if ground == "sel" else "text" if is_open(row) and not grey else "muted"
        painter.setFont(tools.strong if strong else tools.grey if grey else tools.body)
        painter.setPen(tools.colours[colour])
        painter.drawText(room, ALIGN_RIGHT, cell_content.text(row, AGE, now))


class InboxHeader(QHeaderView):
    """The header of the table: a click sorts by a column, a second one reverses the order."""

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

    def sizeHint(self) -> QSize:
        """Return the height of the header; Qt would ask for every text whenever the table is laid out."""
        return QSize(0, HEADER_HEIGHT)

    def _redraw(self, *_scheme: str) -> None:
        viewport = self.viewport()
        if viewport is not None:
            viewport.update()

    def mouseMoveEvent(self, event: QMouseEvent | None) -> None:
        """Highlight the section under the pointer."""
        super().mouseMoveEvent(event)
        under = -1 if event is None else self.logicalIndexAt(event.position().toPoint())
        if under != self._under:
            self._under = under
            self._redraw()

    def leaveEvent(self, event: QEvent | None) -> None:
        """Remove the highlight."""
        super().leaveEvent(event)
        self._under = -1
        self._redraw()

    def paintSection(self, painter: QPainter | None, rect: QRect, logical: int) -> None:
        """Draw a section: the name, and the arrow of the column that is sorted by."""
        if painter is None or not rect.isValid():
            return
        painter.save()
        painter.fillRect(rect, theme.colour("hover" if logical == self._under else "raised"))
        painter.setPen(QPen(theme.colour("line"), 1))
        painter.drawLine(rect.bottomLeft(), rect.bottomRight())
        font = theme.font("caption")
        font.setWeight(QFont.Weight(500))
        metrics = QFontMetrics(font)
        by, descending = self._model.sorted_by
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
            _arrow(painter, middle, down=descending)
        painter.restore()


def _arrow(painter: QPainter, middle: QPointF, *, down: bool) -> None:
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(theme.colour("muted"), 1.25, cap=Qt.PenCapStyle.RoundCap))
    tip = QPointF(middle.x(), middle.y() + (4 if down else -4))
    painter.drawLine(QPointF(middle.x(), middle.y() - 4), QPointF(middle.x(), middle.y() + 4))
    for side in (-3, 3):
        painter.drawLine(tip, QPointF(tip.x() + side, tip.y() + (-3 if down else 3)))
