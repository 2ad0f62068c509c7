"""The timeline of one request: when, what, and more about it; a rail leads from step to step."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from PyQt6.QtCore import QAbstractListModel, QModelIndex, QObject, QPoint, QRect, QSize, Qt
from PyQt6.QtGui import QFocusEvent, QFont, QFontMetrics, QPainter, QPen, QTextLayout, QTextOption
from PyQt6.QtWidgets import QFrame, QListView, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from console.design import icons, theme
from console.inbox.cell_content import utcnow
from console.widgets import plain_text
from console.widgets.labels import replace_bidi_controls
from models.kinds import RequestEventKind
from services.language import Message, date_time, short_moment, time_ago, tr, translate

SHAPE, GAP, AIR, TITLE_LINE_HEIGHT, DETAIL_LINE_HEIGHT = 14, 12, 6, 16, 15
MAX_TITLE_LINES, MAX_DETAIL_LINES = 3, 4
"""Lines of a title and of what is said about it; the tooltip has the rest."""
ENTRY_ROLE = Qt.ItemDataRole.UserRole + 1
ROOT = QModelIndex()
_K = RequestEventKind
EVENT_SHAPES = {
    _K.RAISED: "good",
    _K.SENT: "good",
    _K.CREATED: "good",
    _K.FOUND: "good",
    _K.ASKED: "pending",
    _K.SEEN: "off",
    _K.DECIDED: "good",
    _K.REMINDED: "pending",
    _K.CANCELLED: "off",
    _K.TIMED_OUT: "notice",
    _K.FAILED: "bad",
    _K.PROBLEM: "notice",
}


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One line as it is drawn: the moment, its shape, title and detail, whether it stands out or is still to come."""

    at: datetime
    shape: str
    title: str
    detail: str = ""
    strong: bool = False
    due: bool = False

    def time(self, now: datetime) -> str:
        """Return the time of day, or the date where it is another one."""
        return short_moment(self.at, now, seconds=True)


def timeline_entries(lines: Sequence[Any], *, mismatch: bool) -> list[TimelineEntry]:
    """Return steps for the lines of `services.requests.details.loader`; in a mismatch the last decision is what stands out."""
    decided = [place for place, line in enumerate(lines) if line.kind == _K.DECIDED]
    telling = decided[-1] if mismatch and decided else -1
    return [
        TimelineEntry(
            line.at,
            _shape(line, telling=place == telling),
            translate(line.title),
            translate_message(line.detail),
            strong=place == telling,
            due=line.due,
        )
        for place, line in enumerate(lines)
    ]


def translate_message(text: str) -> str:
    """Return what may be words of a person: only a message is translated, a word that happens to be in the catalog is not."""
    return translate(text) if isinstance(text, Message) else text


def _shape(line: Any, *, telling: bool) -> str:
    if line.due:
        return "todo"
    if telling:
        return "notice"
    if line.kind == _K.DECIDED and "rejected" in f"{line.title} {line.detail}":
        return "bad"
    return EVENT_SHAPES.get(line.kind, "off")


class TimelineModel(QAbstractListModel):
    """Steps as rows."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._steps: list[TimelineEntry] = []

    def set_entries(self, steps: Sequence[TimelineEntry]) -> bool:
        """Show other steps; returns whether anything changed. Steps that stayed are not touched."""
        new = list(steps)
        if new == self._steps:
            return False
        self.beginResetModel()
        self._steps = new
        self.endResetModel()
        return True

    def rowCount(self, parent: QModelIndex = ROOT) -> int:
        """Return how many steps there are."""
        return 0 if parent.isValid() else len(self._steps)

    def step(self, row: int) -> TimelineEntry:
        """Return a step."""
        return self._steps[row]

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return a step's title, everything about it for a screen reader, or the step."""
        if not index.isValid():
            return None
        step = self._steps[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return plain_text.one_line(step.title)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            time = step.time(utcnow())
            when = tr("at {time}, still to come", time=time) if step.due else tr("at {time}", time=time)
            return plain_text.one_line(", ".join(part for part in (step.title, step.detail, when) if part))
        if role == Qt.ItemDataRole.ToolTipRole:
            when = date_time(step.at, seconds=True, zone=True) + (
                "" if step.due else f", {time_ago(step.at)}"
            )
            return plain_text.tooltip("\n".join(part for part in (step.title, step.detail, when) if part))
        return step if role == ENTRY_ROLE else None


class TimelineDelegate(QStyledItemDelegate):
    """Draws a step with the rail to the next one; what comes later hangs on a dashed rail."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        """Return the height of the lines that a title and what is said about it take."""
        title, detail = _wrapped_texts(index.data(ENTRY_ROLE), _entry_width(option.widget))
        return QSize(0, len(title) * TITLE_LINE_HEIGHT + len(detail) * DETAIL_LINE_HEIGHT + AIR)

    def paint(self, painter: QPainter | None, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        """Draw one step with the tokens as they are now."""
        if painter is None:
            return
        step: TimelineEntry = index.data(ENTRY_ROLE)
        model = index.model()
        below = index.siblingAtRow(index.row() + 1) if model is not None else QModelIndex()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box, device = option.rect, painter.device()
        view = option.widget
        here = isinstance(view, QListView) and view.hasFocus() and view.currentIndex() == index
        if here:
            painter.setPen(QPen(theme.colour("link"), 2))
            painter.drawRoundedRect(box.adjusted(1, 0, -1, -2), 4, 4)
        body = theme.font("body")
        time = QRect(box.left(), box.top() + 1, _time_width(), TITLE_LINE_HEIGHT)
        painter.setFont(body)
        painter.setPen(theme.colour("muted"))
        painter.drawText(
            time, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, step.time(utcnow())
        )
        left = box.left() + _time_width() + 8
        middle = left + SHAPE // 2
        if below.isValid():
            dashed = below.data(ENTRY_ROLE).due
            style = Qt.PenStyle.DashLine if dashed else Qt.PenStyle.SolidLine
            painter.setPen(QPen(theme.colour("edge"), 1, style))
            painter.drawLine(middle, box.top() + TITLE_LINE_HEIGHT + 2, middle, box.bottom() + 1)
        ratio = device.devicePixelRatioF() if device is not None else 1.0
        painter.drawPixmap(QPoint(left, box.top() + 2), icons.status_pixmap(step.shape, SHAPE, "page", ratio))
        title, detail = _wrapped_texts(step, _entry_width(view))
        room = QRect(box.left() + _indent(), box.top() + 1, box.width() - _indent(), TITLE_LINE_HEIGHT)
        painter.setFont(theme.font("strong" if step.strong else "body"))
        painter.setPen(theme.colour("text"))
        for line in title:
            painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, line)
            room.translate(0, TITLE_LINE_HEIGHT)
        room.setHeight(DETAIL_LINE_HEIGHT)
        painter.setFont(theme.font("caption"))
        painter.setPen(theme.colour("muted"))
        for line in detail:
            painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, line)
            room.translate(0, DETAIL_LINE_HEIGHT)
        painter.restore()


def _time_width() -> int:
    return QFontMetrics(theme.font("body")).horizontalAdvance("00:00:00") + 2


def _indent() -> int:
    """Return how far right of the edge the words begin."""
    return _time_width() + 8 + SHAPE + GAP


def _entry_width(view: QWidget | None) -> int:
    """Return how wide a step may be: the same with a bar beside it and without, so that no line breaks anew."""
    if not isinstance(view, QListView):
        return 0
    bar = view.verticalScrollBar()
    return view.width() - (bar.sizeHint().width() if bar is not None else 0)


def _wrapped_texts(step: TimelineEntry, width: int) -> tuple[list[str], list[str]]:
    """Return the lines of a title and of what is said about it in a timeline so wide."""
    room = width - _indent()
    title = wrap_text(step.title, theme.font("strong" if step.strong else "body"), room, MAX_TITLE_LINES)
    return title, wrap_text(step.detail, theme.font("caption"), room, MAX_DETAIL_LINES) if step.detail else []


def wrap_text(text: str, font: QFont, width: int, most: int) -> list[str]:
    """Return a text in lines so wide; what goes beyond the last of them is left out and marked."""
    plain = replace_bidi_controls(" ".join(text.split()))
    layout = QTextLayout(plain, font)
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    layout.setTextOption(option)
    layout.beginLayout()
    ends: list[int] = []
    while len(ends) < most and (line := layout.createLine()).isValid():
        line.setLineWidth(max(width, 1))
        ends.append(line.textStart() + line.textLength())
    layout.endLayout()
    starts = [0, *ends[:-1]]
    # Qt counts in units of UTF-16: letters beyond the first 65,536 are two of them.
    units = plain.encode("utf-16-le", "surrogatepass")
    lines = [
        _decode_utf16(units[2 * start : 2 * end]).rstrip() for start, end in zip(starts, ends, strict=True)
    ]
    if ends and 2 * ends[-1] < len(units):
        rest = _decode_utf16(units[2 * starts[-1] :])
        lines[-1] = QFontMetrics(font).elidedText(rest, Qt.TextElideMode.ElideRight, max(width, 0))
    return lines or [""]


def _decode_utf16(units: bytes) -> str:
    return units.decode("utf-16-le", "replace")


class Timeline(QListView):
    """The steps; the arrows walk through them, the tooltip has the whole of what was cut off."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.steps = TimelineModel(self)
        self.setModel(self.steps)
        self.setItemDelegate(TimelineDelegate(self))
        self.setAccessibleName(tr("Timeline"))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QListView.SelectionMode.NoSelection)
        self.setMinimumHeight(60)

    def show_lines(self, lines: Sequence[Any], *, mismatch: bool) -> None:
        """Show the lines of a request; the place stays unless other ones came."""
        self.steps.set_entries(timeline_entries(lines, mismatch=mismatch))

    def focusInEvent(self, event: QFocusEvent | None) -> None:
        """Begin at the first step."""
        super().focusInEvent(event)
        if not self.currentIndex().isValid() and self.steps.rowCount():
            self.setCurrentIndex(self.steps.index(0))
