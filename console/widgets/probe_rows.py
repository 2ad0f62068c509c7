"""The rows of a probe: a fixed number of rows that finish in place, in a frame."""

from collections.abc import Sequence
from typing import Protocol

from PyQt6.QtCore import QAbstractListModel, QModelIndex, QObject, QRect, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QFontMetrics, QPainter, QPen
from PyQt6.QtWidgets import (
    QFrame,
    QListView,
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from console.design import icons, theme
from console.widgets import plain_text
from console.widgets.painting import draw_elided_text
from console.widgets.stage_list import STATE_LABELS
from models.translation_marks import tr_later
from services.language import tr

ROW, INSET, SHAPE, NAME = 26, 10, 13, 84
NAME_ROLE = Qt.ItemDataRole.UserRole
LABELS = {**STATE_LABELS, "off": tr_later("not proven")}


class ProbeRowValue(Protocol):
    """One row; texts are in the user's language."""

    @property
    def key(self) -> str: ...
    @property
    def label(self) -> str: ...
    @property
    def shape(self) -> str: ...
    @property
    def seen(self) -> str: ...
    @property
    def ms(self) -> float | None: ...


class ProbeModel(QAbstractListModel):
    """Rows that change in place; none is added or removed after the first call."""

    def __init__(self, rows: Sequence[ProbeRowValue], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows = list(rows)

    def rowCount(self, parent: QModelIndex = QModelIndex()) -> int:  # noqa: B008 - Qt's own default
        """Return how many rows there are."""
        return 0 if parent.isValid() else len(self._rows)

    def row(self, place: int) -> ProbeRowValue:
        """Return a row by its place."""
        return self._rows[place]

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return the label, the words for a screen reader, or the key of a row."""
        if not index.isValid():
            return None
        row = self._rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return row.label
        if role == Qt.ItemDataRole.AccessibleTextRole:
            parts = (row.label, tr(LABELS.get(row.shape, row.shape)), row.seen)
            return plain_text.one_line(", ".join(part for part in parts if part))
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_text.tooltip(row.seen)
        return row.key if role == NAME_ROLE else None

    def set_rows(self, rows: Sequence[ProbeRowValue]) -> None:
        """Show other values in the same rows."""
        before, self._rows = self._rows, list(rows)
        for place, row in enumerate(self._rows):
            if row != before[place]:
                self.dataChanged.emit(self.index(place), self.index(place))


class ProbeDelegate(QStyledItemDelegate):
    """Draws a row: shape, name, what was seen, time at the right, and a line below it."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        """Return the height of a row."""
        del option, index
        return QSize(0, row_height())

    def paint(self, painter: QPainter | None, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        """Draw one row with the tokens as they are now."""
        model = index.model()
        if painter is None or not isinstance(model, ProbeModel):
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        row, box = model.row(index.row()), option.rect
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        if chosen:
            painter.fillRect(box, theme.colour("sel"))
        if index.row() < model.rowCount() - 1:
            painter.setPen(QPen(theme.colour("line"), 1))
            painter.drawLine(box.left(), box.bottom(), box.right(), box.bottom())
        device = painter.device()
        ratio = device.devicePixelRatioF() if device is not None else 1.0
        shape = icons.status_pixmap(row.shape, SHAPE, "sel" if chosen else "page", ratio)
        painter.drawPixmap(box.left() + INSET, box.top() + (box.height() - SHAPE) // 2, shape)
        self._texts(painter, box, row, chosen=chosen)
        painter.restore()

    @staticmethod
    def _texts(painter: QPainter, box: QRect, row: ProbeRowValue, *, chosen: bool) -> None:
        body, mode = theme.font("body"), Qt.TextElideMode.ElideRight
        text = "sel-text" if chosen else "text"
        left = box.left() + INSET + SHAPE + 7
        width = max(theme.scaled(NAME), QFontMetrics(body).horizontalAdvance(row.label) + 8)
        font = theme.font("strong" if row.shape == "bad" else "body")
        draw_elided_text(
            painter, QRect(left, box.top(), width, box.height()), row.label, font, text, mode=mode
        )
        time = "" if row.ms is None else tr("{ms} ms", ms=round(row.ms))
        room = QFontMetrics(body).horizontalAdvance(time)
        quiet = "sel-text" if chosen else "muted"
        draw_elided_text(
            painter,
            box.adjusted(0, 0, -INSET, 0),
            time,
            body,
            quiet,
            mode=mode,
            side=Qt.AlignmentFlag.AlignRight,
        )
        seen = QRect(left + width, box.top(), box.right() - left - width - room - INSET - 8, box.height())
        draw_elided_text(painter, seen, row.seen, body, quiet, mode=mode)


class ProbeRows(QListView):
    """The rows in a frame, as high as all of them; `selected` carries the key of the current one."""

    selected = pyqtSignal(str)

    def __init__(self, rows: Sequence[ProbeRowValue], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.rows = ProbeModel(rows, self)
        self.setModel(self.rows)
        self.setItemDelegate(ProbeDelegate(self))
        self.setFrameShape(QFrame.Shape.StyledPanel)
        self.setProperty("role", "card")
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(tr("Probe"))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setFixedHeight(row_height() * self.rows.rowCount() + 2 * self.frameWidth())
        chosen = self.selectionModel()
        if chosen is not None:
            chosen.currentChanged.connect(lambda now, _was: self._current(now))

    def _current(self, index: QModelIndex) -> None:
        if index.isValid():
            self.selected.emit(str(self.rows.data(index, NAME_ROLE)))

    def select(self, key: str) -> None:
        """Make the row with a key the current one; an empty key selects none."""
        for place in range(self.rows.rowCount()):
            if self.rows.row(place).key == key:
                self.setCurrentIndex(self.rows.index(place))
                return
        self.clearSelection()
        self.setCurrentIndex(QModelIndex())


def row_height() -> int:
    """Return the height of a row in the font of now."""
    return max(ROW, QFontMetrics(theme.font("body")).height() + 8)
