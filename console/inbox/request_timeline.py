"""The timeline of one request: time, title and detail of each entry, connected by a rail."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from PyQt6.QtCore import QAbstractListModel, QModelIndex, QObject, QPoint, QRect, QSize, Qt
from PyQt6.QtGui import QFocusEvent, QFont, QFontMetrics, QPainter, QPen, QTextLayout, QTextOption
from PyQt6.QtWidgets import QFrame, QListView, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from console.design import icons, theme
from console.inbox.request_rows import utcnow
from console.widgets import plain_text
from models.kinds import RequestEventKind, RequestState
from services.language import Message, date_time, short_moment, time_ago, tr, translate

if TYPE_CHECKING:
    from services.requests.details.model import TimelineEntry as DetailsEntry

SHAPE, GAP, AIR, TITLE_LINE_HEIGHT, DETAIL_LINE_HEIGHT = 14, 12, 6, 16, 15
MAX_TITLE_LINES, MAX_DETAIL_LINES = 3, 4
"""Lines of a title and of a detail; the tooltip has the full text."""
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
    _K.ANSWERED: "good",
}


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One entry as it is drawn. `strong` entries are emphasized, `due` ones are in the future."""

    at: datetime
    shape: str
    title: str
    detail: str = ""
    strong: bool = False
    due: bool = False

    def time(self, now: datetime) -> str:
        """Return the time of day, or the date if it is not today."""
        return short_moment(self.at, now, seconds=True)


def timeline_entries(lines: "Sequence[DetailsEntry]", *, mismatch: bool) -> list[TimelineEntry]:
    """Return the entries as they are drawn; in a mismatch the last decision is emphasized."""
    decided = [place for place, line in enumerate(lines) if line.kind == _K.DECIDED]
    emphasized = decided[-1] if mismatch and decided else -1
    return [
        TimelineEntry(
            line.at,
            _shape(line, emphasized=place == emphasized),
            translate(line.title),
            translate_message(line.detail),
            strong=place == emphasized,
            due=line.due,
        )
        for place, line in enumerate(lines)
    ]


def translate_message(text: str) -> str:
    """Translate a text of the program; text of a user, which may equal an entry of the catalog, is left as it is."""
    return translate(text) if isinstance(text, Message) else text


def _shape(line: "DetailsEntry", *, emphasized: bool) -> str:
    if line.due:
        return "todo"
    if emphasized:
        return "notice"
    if line.kind == _K.DECIDED and line.outcome is RequestState.REJECTED:
        return "bad"
    return EVENT_SHAPES.get(line.kind, "off")


class TimelineModel(QAbstractListModel):
    """Timeline entries as rows."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._entries: list[TimelineEntry] = []

    def set_entries(self, entries: Sequence[TimelineEntry]) -> bool:
        """Show other entries; returns whether anything changed. Equal entries cause no reset."""
        new = list(entries)
        if new == self._entries:
            return False
        self.beginResetModel()
        self._entries = new
        self.endResetModel()
        return True

    def rowCount(self, parent: QModelIndex = ROOT) -> int:
        """Return the number of entries."""
        return 0 if parent.isValid() else len(self._entries)

    def entry(self, row: int) -> TimelineEntry:
        """Return an entry."""
        return self._entries[row]

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return the title, the accessible text or the tooltip of an entry, or the entry itself."""
        if not index.isValid():
            return None
        entry = self._entries[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return plain_text.one_line(entry.title)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            time = entry.time(utcnow())
            when = tr("at {time}, still to come", time=time) if entry.due else tr("at {time}", time=time)
            return plain_text.one_line(", ".join(part for part in (entry.title, entry.detail, when) if part))
        if role == Qt.ItemDataRole.ToolTipRole:
            when = date_time(entry.at, seconds=True, zone=True) + (
                "" if entry.due else f", {time_ago(entry.at)}"
            )
            return plain_text.tooltip("\n".join(part for part in (entry.title, entry.detail, when) if part))
        return entry if role == ENTRY_ROLE else None


class TimelineDelegate(QStyledItemDelegate):
    """Draws an entry with the rail to the next one; the rail to future entries is dashed."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        """Return the height of the lines of title and detail."""
        title, detail = _wrapped_texts(index.data(ENTRY_ROLE), _entry_width(option.widget))
        return QSize(0, len(title) * TITLE_LINE_HEIGHT + len(detail) * DETAIL_LINE_HEIGHT + AIR)

    def paint(self, painter: QPainter | None, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        """Draw one entry in the colours of the theme."""
        if painter is None:
            return
        entry: TimelineEntry = index.data(ENTRY_ROLE)
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
            time, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, entry.time(utcnow())
        )
        left = box.left() + _time_width() + 8
        middle = left + SHAPE // 2
        if below.isValid():
            dashed = below.data(ENTRY_ROLE).due
            style = Qt.PenStyle.DashLine if dashed else Qt.PenStyle.SolidLine
            painter.setPen(QPen(theme.colour("edge"), 1, style))
            painter.drawLine(middle, box.top() + TITLE_LINE_HEIGHT + 2, middle, box.bottom() + 1)
        ratio = device.devicePixelRatioF() if device is not None else 1.0
        painter.drawPixmap(
            QPoint(left, box.top() + 2), icons.status_pixmap(entry.shape, SHAPE, "page", ratio)
        )
        title, detail = _wrapped_texts(entry, _entry_width(view))
        room = QRect(box.left() + _indent(), box.top() + 1, box.width() - _indent(), TITLE_LINE_HEIGHT)
        painter.setFont(theme.font("strong" if entry.strong else "body"))
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
    """Return the distance of the texts from the left edge."""
    return _time_width() + 8 + SHAPE + GAP


def _entry_width(view: QWidget | None) -> int:
    """Return the width of an entry: the same with and without a scroll bar, so that lines break at the same places."""
    if not isinstance(view, QListView):
        return 0
    bar = view.verticalScrollBar()
    return view.width() - (bar.sizeHint().width() if bar is not None else 0)


def _wrapped_texts(entry: TimelineEntry, width: int) -> tuple[list[str], list[str]]:
    """Return the lines of title and detail in a timeline of this width."""
    room = width - _indent()
    title = wrap_text(entry.title, theme.font("strong" if entry.strong else "body"), room, MAX_TITLE_LINES)
    return title, wrap_text(
        entry.detail, theme.font("caption"), room, MAX_DETAIL_LINES
    ) if entry.detail else []


def wrap_text(text: str, font: QFont, width: int, most: int) -> list[str]:
    """Return a text in lines of this width; text beyond the last line is replaced by an ellipsis."""
    plain = plain_text.replace_bidi_controls(" ".join(text.split()))
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
    # Qt counts UTF-16 code units: characters above U+FFFF are two of them.
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
    """The entries; the arrow keys move between them, tooltips have the full texts."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.entries = TimelineModel(self)
        self.setModel(self.entries)
        self.setItemDelegate(TimelineDelegate(self))
        self.setAccessibleName(tr("Timeline"))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QListView.SelectionMode.NoSelection)
        self.setMinimumHeight(60)

    def show_lines(self, lines: "Sequence[DetailsEntry]", *, mismatch: bool) -> None:
        """Show the entries of a request; the position stays unless they changed."""
        self.entries.set_entries(timeline_entries(lines, mismatch=mismatch))

    def focusInEvent(self, event: QFocusEvent | None) -> None:
        """Start at the first entry."""
        super().focusInEvent(event)
        if not self.currentIndex().isValid() and self.entries.rowCount():
            self.setCurrentIndex(self.entries.index(0))
