"""The history of an object: one entry per revision, with the fields it changed."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from PyQt6.QtCore import QAbstractListModel, QModelIndex, QObject, QRect, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QFontMetrics, QPainter, QPen
from PyQt6.QtWidgets import QFrame, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from console.design import icons, theme
from console.widgets import plain_text
from console.widgets.painting import draw_elided_text
from models.translation_marks import tr_later
from services.language import date_time, time_ago, tr

LINE, PAD, TEXT_INDENT = 18, 8, 28
ValueFormatter = Callable[[str, object], str]


class Change(Protocol):
    """One field of a revision."""

    @property
    def name(self) -> str: ...
    @property
    def before(self) -> object: ...
    @property
    def after(self) -> object: ...


class Revision(Protocol):
    """One stored version of an object."""

    @property
    def number(self) -> int: ...
    @property
    def operation(self) -> str: ...
    @property
    def at(self) -> datetime: ...
    @property
    def by(self) -> str: ...
    @property
    def note(self) -> str: ...
    @property
    def changes(self) -> Sequence[Change]: ...


OPERATION_SHAPES = {"create": "create", "update": "update", "delete": "bad"}
OPERATION_LABELS = {
    "create": tr_later("Created"),
    "update": tr_later("Changed"),
    "delete": tr_later("Deleted"),
}


class HistoryModel(QAbstractListModel):
    """Revisions as lines of text."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._revisions: list[Revision] = []
        self._lines: list[list[tuple[str, str, str]]] = []

    def set_revisions(
        self, revisions: Sequence[Revision], labels: Mapping[str, str], show: ValueFormatter | None = None
    ) -> None:
        """Show revisions; `labels` says what fields are called on screen, `show(name, value)` how values are said.

        Fields come in the order of `labels`; those that have none are left out.
        """
        say = show or (lambda _name, value: _format_value(value))
        order = list(labels)
        self.beginResetModel()
        self._revisions = list(revisions)
        self._lines = []
        for revision in self._revisions:
            known = sorted(
                (c for c in revision.changes if c.name in labels), key=lambda c: order.index(c.name)
            )
            self._lines.append([(labels[c.name], say(c.name, c.before), say(c.name, c.after)) for c in known])
        self.endResetModel()

    def rowCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        """Return how many revisions there are."""
        return 0 if parent.isValid() else len(self._revisions)

    def revision(self, row: int) -> Revision:
        """Return a revision by its place."""
        return self._revisions[row]

    def lines(self, row: int) -> list[tuple[str, str, str]]:
        """Return the changed fields of a revision: label, before, after."""
        return self._lines[row]

    def title(self, row: int) -> str:
        """Return what was done, and by whom."""
        revision = self._revisions[row]
        note = f" · {revision.note}" if revision.note else ""
        word = tr(OPERATION_LABELS.get(revision.operation, revision.operation.capitalize()))
        return tr("{word} by {by}{note}", word=word, by=revision.by or tr("somebody"), note=note)

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return the title, the exact time, or everything for a screen reader."""
        if not index.isValid():
            return None
        row = index.row()
        if role == Qt.ItemDataRole.DisplayRole:
            return plain_text.one_line(self.title(row))
        if role == Qt.ItemDataRole.ToolTipRole:
            return date_time(self._revisions[row].at, seconds=True, zone=True)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            changed = "; ".join(
                tr("{label} from {was} to {now}", label=label, was=was, now=now)
                for label, was, now in self._lines[row]
            )
            return plain_text.one_line(
                tr(
                    "Version {number}. {title}. {changed}",
                    number=str(self._revisions[row].number),
                    title=self.title(row),
                    changed=changed,
                )
            )
        return None


def _format_value(value: object) -> str:
    if value is None or value == "":
        return tr("not set")
    if isinstance(value, bool):
        return tr("Yes") if value else tr("No")
    return str(value)


class HistoryDelegate(QStyledItemDelegate):
    """Draws a revision: shape, title and age, then one line per changed field."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        """Return the height of the title and the lines."""
        del option
        model = index.model()
        lines = len(model.lines(index.row())) if isinstance(model, HistoryModel) else 0
        return QSize(0, 2 * PAD + LINE * (1 + lines))

    def paint(self, painter: QPainter | None, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        """Draw one revision with the tokens as they are now."""
        model = index.model()
        if painter is None or not isinstance(model, HistoryModel):
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        row, box = index.row(), option.rect
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        if chosen or option.state & QStyle.StateFlag.State_MouseOver:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.colour("sel" if chosen else "hover"))
            painter.drawRoundedRect(box.adjusted(0, 1, 0, -1), 4, 4)
        ground = "sel" if chosen else "page"
        text, muted = ("sel-text", "sel-text") if chosen else ("text", "muted")
        revision = model.revision(row)
        if row < model.rowCount() - 1:
            painter.setPen(QPen(theme.colour(theme.on(ground, "line")), 1))
            painter.drawLine(box.left() + 15, box.top() + PAD + LINE, box.left() + 15, box.bottom())
        shape = icons.status_pixmap(OPERATION_SHAPES.get(revision.operation, "off"), 14, ground)
        painter.drawPixmap(box.left() + 8, box.top() + PAD + 2, shape)
        caption = theme.font("caption")
        age = tr("version {number}, {age}", number=str(revision.number), age=time_ago(revision.at))
        width = QFontMetrics(caption).horizontalAdvance(age)
        line = QRect(box.left() + TEXT_INDENT, box.top() + PAD, box.width() - TEXT_INDENT - width - 24, LINE)
        draw_elided_text(painter, line, model.title(row), theme.font("field"), text)
        draw_elided_text(
            painter, QRect(box.right() - width - 8, line.top(), width + 2, LINE), age, caption, muted
        )
        for number, (label, was, now) in enumerate(model.lines(row), 1):
            place = QRect(box.left() + TEXT_INDENT, line.top() + number * LINE, 190, LINE)
            draw_elided_text(painter, place, label, theme.font("body"), muted)
            value = now if revision.operation == "create" else f"{was} → {now}"
            draw_elided_text(
                painter,
                QRect(place.right() + 8, place.top(), box.right() - place.right() - 16, LINE),
                value,
                theme.font("body"),
                text,
            )
        painter.restore()


class HistoryList(QListView):
    """Revisions, newest first; `selected` carries the place of the one selected, -1 for none."""

    selected = pyqtSignal(int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = HistoryModel(self)
        self.setModel(self._model)
        self.setItemDelegate(HistoryDelegate(self))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setMouseTracking(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setAccessibleName(tr("History"))
        chosen = self.selectionModel()
        if chosen is not None:
            chosen.currentChanged.connect(
                lambda now, _was: self.selected.emit(now.row() if now.isValid() else -1)
            )

    def set_revisions(
        self, revisions: Sequence[Revision], labels: Mapping[str, str], show: ValueFormatter | None = None
    ) -> None:
        """Show revisions; `labels` says what fields are called on screen, `show(name, value)` how values are said."""
        self._model.set_revisions(revisions, labels, show)
