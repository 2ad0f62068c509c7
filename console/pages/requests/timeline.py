"""The timeline of one request: when, what, and more about it; a rail leads from step to step."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from PyQt6.QtCore import QAbstractListModel, QModelIndex, QObject, QPoint, QRect, QSize, Qt
from PyQt6.QtGui import QFocusEvent, QFontMetrics, QPainter, QPen
from PyQt6.QtWidgets import QFrame, QListView, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from console import icons, theme
from console.pages.requests.cells import local, utcnow
from console.widgets.timeline import ago
from models.kinds import RequestEventKind

SHAPE, GAP, AIR, LINE, SMALL = 14, 12, 6, 16, 15
STEP = Qt.ItemDataRole.UserRole + 1
ROOT = QModelIndex()
_K = RequestEventKind
SHAPES = {
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
}


@dataclass(frozen=True, slots=True)
class Step:
    """One line as it is drawn: the moment, its shape, title and detail, whether it stands out or is still to come."""

    at: datetime
    shape: str
    title: str
    detail: str = ""
    strong: bool = False
    due: bool = False

    def time(self, now: datetime) -> str:
        """Return the time of day, or the date where it is another one."""
        there, here = local(self.at), local(now)
        if there.date() == here.date():
            return f"{there:%H:%M:%S}"
        return f"{there.day} {there:%b}" if there.year == here.year else f"{there:%Y-%m-%d}"


def steps_of(lines: Sequence[Any], *, mismatch: bool) -> list[Step]:
    """Return steps for the lines of `services.requests.details`; in a mismatch the last decision is what stands out."""
    decided = [place for place, line in enumerate(lines) if line.kind == _K.DECIDED]
    telling = decided[-1] if mismatch and decided else -1
    return [
        Step(
            line.at,
            _shape(line, telling=place == telling),
            line.title,
            line.detail,
            strong=place == telling,
            due=line.due,
        )
        for place, line in enumerate(lines)
    ]


def _shape(line: Any, *, telling: bool) -> str:
    if line.due:
        return "todo"
    if telling:
        return "notice"
    if line.kind == _K.DECIDED and "rejected" in f"{line.title} {line.detail}":
        return "bad"
    return SHAPES.get(line.kind, "off")


class TimelineModel(QAbstractListModel):
    """Steps as rows."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._steps: list[Step] = []

    def show_steps(self, steps: Sequence[Step]) -> bool:
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

    def step(self, row: int) -> Step:
        """Return a step."""
        return self._steps[row]

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        """Return a step's title, everything about it for a screen reader, or the step."""
        if not index.isValid():
            return None
        step = self._steps[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return step.title
        if role == Qt.ItemDataRole.AccessibleTextRole:
            when = f"at {step.time(utcnow())}" + (", still to come" if step.due else "")
            return ", ".join(part for part in (step.title, step.detail, when) if part)
        if role == Qt.ItemDataRole.ToolTipRole:
            when = f"{local(step.at):%Y-%m-%d %H:%M:%S %Z}" + ("" if step.due else f", {ago(step.at)}")
            return "\n".join(part for part in (step.title, step.detail, when) if part)
        return step if role == STEP else None


class TimelineDelegate(QStyledItemDelegate):
    """Draws a step with the rail to the next one; what comes later hangs on a dashed rail."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        """Return the height of a title and, where there is one, a line about it."""
        del option
        step: Step = index.data(STEP)
        return QSize(0, LINE + (SMALL if step.detail else 0) + AIR)

    def paint(self, painter: QPainter | None, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        """Draw one step with the tokens as they are now."""
        if painter is None:
            return
        step: Step = index.data(STEP)
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
        time = QRect(box.left(), box.top() + 1, _time_width(), LINE)
        painter.setFont(body)
        painter.setPen(theme.colour("muted"))
        painter.drawText(
            time, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, step.time(utcnow())
        )
        left = time.right() + 1 + 8
        middle = left + SHAPE // 2
        if below.isValid():
            dashed = below.data(STEP).due
            style = Qt.PenStyle.DashLine if dashed else Qt.PenStyle.SolidLine
            painter.setPen(QPen(theme.colour("edge"), 1, style))
            painter.drawLine(middle, box.top() + LINE + 2, middle, box.bottom() + 1)
        ratio = device.devicePixelRatioF() if device is not None else 1.0
        painter.drawPixmap(QPoint(left, box.top() + 2), icons.status_pixmap(step.shape, SHAPE, "page", ratio))
        left += SHAPE + GAP
        self._write(
            painter, QRect(left, box.top() + 1, box.right() - left, LINE), step.title, strong=step.strong
        )
        if step.detail:
            room = QRect(left, box.top() + 1 + LINE, box.right() - left, SMALL)
            painter.setFont(theme.font("caption"))
            painter.setPen(theme.colour("muted"))
            text = " ".join(step.detail.split())
            shown = QFontMetrics(painter.font()).elidedText(text, Qt.TextElideMode.ElideRight, room.width())
            painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, shown)
        painter.restore()

    @staticmethod
    def _write(painter: QPainter, room: QRect, text: str, *, strong: bool) -> None:
        painter.setFont(theme.font("strong" if strong else "body"))
        painter.setPen(theme.colour("text"))
        shown = QFontMetrics(painter.font()).elidedText(text, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, shown)


def _time_width() -> int:
    return QFontMetrics(theme.font("body")).horizontalAdvance("00:00:00") + 2


class Timeline(QListView):
    """The steps; the arrows walk through them, the tooltip has the whole of what was cut off."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.steps = TimelineModel(self)
        self.setModel(self.steps)
        self.setItemDelegate(TimelineDelegate(self))
        self.setAccessibleName("Timeline")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self.setSelectionMode(QListView.SelectionMode.NoSelection)
        self.setMinimumHeight(60)

    def show_lines(self, lines: Sequence[Any], *, mismatch: bool) -> None:
        """Show the lines of a request; the place stays unless other ones came."""
        self.steps.show_steps(steps_of(lines, mismatch=mismatch))

    def focusInEvent(self, event: QFocusEvent | None) -> None:
        """Begin at the first step."""
        super().focusInEvent(event)
        if not self.currentIndex().isValid() and self.steps.rowCount():
            self.setCurrentIndex(self.steps.index(0))
