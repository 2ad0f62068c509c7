"""The table of policies: model, drawing of its cells, and which columns a narrow window leaves out."""

from collections.abc import Sequence

from PyQt6.QtCore import QModelIndex, QObject, QPoint, QRect, Qt, pyqtSignal
from PyQt6.QtGui import QFontMetrics, QKeyEvent, QPainter, QPen, QResizeEvent
from PyQt6.QtWidgets import QAbstractItemView, QStyle, QStyleOptionViewItem, QWidget

from console.design import icons, theme
from console.policies.policy_rows import COLUMN_ORDER, PolicyColumn, PolicyRow, describe_targets
from console.widgets import plain_text
from console.widgets.data_table import (
    BAR,
    ICON_ROLE,
    MARGIN,
    PAD,
    SHAPE,
    STATUS_ROLE,
    WIDTH_RESERVE,
    Column,
    DataDelegate,
    DataTable,
)
from console.widgets.list_table_model import ListTableModel
from models.translation_marks import tr_later
from services.language import tr

COLUMNS = (
    Column("Policy", least=18, most=60, take=2, give=2),
    Column("Status"),
    Column("Priority", align="right"),
    Column("Platform", tone="muted"),
    Column("Approval action", tone="muted", least=14, most=60, take=3, give=3),
    Column("Chain"),
    Column("Requests", align="right"),
)
"""In the order of `PolicyColumn`."""
SHAPED = frozenset({PolicyColumn.POLICY, PolicyColumn.STATUS, PolicyColumn.CHAIN})
NARROW_COLUMNS = (PolicyColumn.REQUESTS, PolicyColumn.PLATFORM)
"""The columns that a narrow window leaves out, in that order."""
NARROW_WIDTHS = (860, 780)
"""Below these widths of the table."""
SORT_MARKS = {False: "↑", True: "↓"}
REQUESTS_TIP = tr_later("Requests in the last 30 days")


class PolicyTableModel(ListTableModel[PolicyRow]):
    """Policies as rows."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__([column.name for column in COLUMNS], parent)
        self.sorted_by: tuple[PolicyColumn, bool] = (PolicyColumn.PRIORITY, False)
        self.stale = False
        """Whether the rows are drawn as not up to date."""

    def show_rows(
        self, rows: Sequence[PolicyRow], sorted_by: tuple[PolicyColumn, bool], *, stale: bool
    ) -> None:
        """Show other rows."""
        self.sorted_by, self.stale = sorted_by, stale
        self.replace(rows)

    def place(self, key: str) -> int | None:
        """Return the place of a row by its key, or None."""
        return next((place for place, row in enumerate(self._rows) if row.key == key), None)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole
    ) -> object:
        """Return the heads of the columns, with an arrow at the one that the rows are sorted by."""
        if orientation != Qt.Orientation.Horizontal:
            return None
        column = COLUMN_ORDER[section]
        if role == Qt.ItemDataRole.DisplayRole:
            name, (sorted_by, descending) = tr(COLUMNS[section].name), self.sorted_by
            return f"{name} {SORT_MARKS[descending]}" if column is sorted_by else name
        if role == Qt.ItemDataRole.ToolTipRole and column is PolicyColumn.REQUESTS:
            return plain_text.tooltip(tr(REQUESTS_TIP))
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if COLUMNS[section].align else Qt.AlignmentFlag.AlignLeft
            return side | Qt.AlignmentFlag.AlignVCenter
        return None

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return the text, the shape or the tooltip of a cell."""
        if not index.isValid():
            return None
        row, column = self._rows[index.row()], COLUMN_ORDER[index.column()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return plain_text.one_line(row.text(column))
        if role == STATUS_ROLE:
            return row.shape(column) or None
        if role == ICON_ROLE and column is PolicyColumn.POLICY:
            return "shield"
        if role == Qt.ItemDataRole.TextAlignmentRole and COLUMNS[index.column()].align:
            return Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_text.tooltip(_tip(row, column))
        return None


def _tip(row: PolicyRow, column: PolicyColumn) -> str:
    if column is PolicyColumn.POLICY:
        return f"{row.name}\n{describe_targets(row.targets)}" if row.on_server else row.name
    if column is PolicyColumn.ACTION and row.actions:
        return "\n".join(row.actions)
    return row.text(column)


class _PolicyDelegate(DataDelegate):
    """Draws numbers at the right, and rows that are not up to date in grey."""

    def __init__(self, model: PolicyTableModel, parent: QWidget) -> None:
        super().__init__(COLUMNS, parent)
        self._model = model

    def paint(self, painter: QPainter | None, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        """Draw one cell with the tokens as they are now."""
        if painter is None:
            return
        column, rect = COLUMNS[index.column()], option.rect
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        view = option.widget
        surface = "page"
        if chosen:
            surface = "sel" if view is not None and view.hasFocus() else "sel-idle"
        painter.save()
        painter.fillRect(rect, theme.colour(surface))
        painter.setPen(QPen(theme.colour(theme.on(surface, "line")), 1))
        painter.drawLine(rect.bottomLeft(), rect.bottomRight())
        first, last = index.column() == 0, index.column() == len(COLUMNS) - 1
        left = rect.left() + (MARGIN if first else PAD)
        if chosen and first:
            bar = QRect(rect.left(), rect.top(), BAR, rect.height())
            painter.fillRect(bar, theme.colour(theme.on(surface, "link")))
        left = self._paint_shape(painter, index, surface, rect, left)
        tone = "sel-text" if surface == "sel" else "faint" if self._model.stale else column.tone
        painter.setFont(theme.font("body"))
        painter.setPen(theme.colour(tone))
        right = rect.right() - (MARGIN if last else PAD) + 1
        room = QRect(left, rect.top(), right - left, rect.height() - 1)
        text = QFontMetrics(painter.font()).elidedText(
            str(index.data()), Qt.TextElideMode.ElideMiddle, room.width()
        )
        side = Qt.AlignmentFlag.AlignRight if column.align else Qt.AlignmentFlag.AlignLeft
        painter.drawText(room, int(side | Qt.AlignmentFlag.AlignVCenter), text)
        painter.restore()

    @staticmethod
    def _paint_shape(painter: QPainter, index: QModelIndex, surface: str, rect: QRect, left: int) -> int:
        """Draw shape or icon; returns where the text begins."""
        device = painter.device()
        ratio = device.devicePixelRatioF() if device is not None else 1.0
        status, icon = index.data(STATUS_ROLE), index.data(ICON_ROLE)
        if status:
            picture = icons.status_pixmap(status, SHAPE, surface, ratio)
        elif icon:
            picture = icons.pixmap(icon, "sel-text" if surface == "sel" else "muted", SHAPE, ratio)
        else:
            return left
        painter.drawPixmap(QPoint(left, rect.center().y() - SHAPE // 2 + 1), picture)
        return left + SHAPE + PAD


class PolicyTable(DataTable):
    """The table. `chosen` carries the key of the selected row, an empty text for none."""

    chosen = pyqtSignal(str)
    opened = pyqtSignal(str)
    escape_pressed = pyqtSignal()
    sort_requested = pyqtSignal(int)

    def __init__(self, model: PolicyTableModel) -> None:
        super().__init__(model, COLUMNS, tr("Application Policies"))
        self.setProperty("lastHead", "number")
        self.policies = model
        self._silent = False
        self.setItemDelegate(_PolicyDelegate(model, self))
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        heads = self.horizontalHeader()
        if heads is not None:
            heads.setSectionsClickable(True)
            heads.sectionClicked.connect(self.sort_requested)
        selection = self.selectionModel()
        if selection is not None:
            selection.selectionChanged.connect(lambda *_: self._tell())
        self.activated.connect(lambda index: self.opened.emit(self.policies.row(index.row()).key))

    def show_rows(
        self, rows: Sequence[PolicyRow], sorted_by: tuple[PolicyColumn, bool], *, stale: bool
    ) -> None:
        """Show other rows; the selected one stays selected, without a signal."""
        key = self.selected_key()
        self._silent = True
        self.policies.show_rows(rows, sorted_by, stale=stale)
        self.choose(key)
        self._silent = False

    def selected_key(self) -> str:
        """Return the key of the selected row, or an empty text."""
        selection = self.selectionModel()
        rows = selection.selectedRows() if selection is not None else []
        return self.policies.row(rows[0].row()).key if rows else ""

    def choose(self, key: str) -> bool:
        """Select a row by its key; returns whether it is there."""
        place = self.policies.place(key) if key else None
        if place is None:
            return False
        self.selectRow(place)
        return True

    def _tell(self) -> None:
        if not self._silent:
            self.chosen.emit(self.selected_key())

    def cell_padding(self, column: int) -> int:
        """Return the room a column needs beside its text."""
        last = MARGIN - PAD if column == len(COLUMNS) - 1 else 0
        shape = SHAPE + PAD if COLUMN_ORDER[column] in SHAPED else 0
        return (MARGIN + PAD if column == 0 else 2 * PAD) + shape + last + WIDTH_RESERVE

    def head_text(self, column: int) -> str:
        """Leave room for the arrow of the sorted column."""
        return f"{super().head_text(column)} {SORT_MARKS[False]}"

    def head_padding(self, column: int) -> int:
        """End the last head at the margin of the page."""
        return MARGIN - PAD if column == len(COLUMNS) - 1 else 0

    def fit(self) -> None:
        """Leave columns out where there is no room, then share the width out."""
        for name, width in zip(NARROW_COLUMNS, NARROW_WIDTHS, strict=True):
            self.setColumnHidden(COLUMN_ORDER.index(name), self.width() < width)
        super().fit()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Share the new width out."""
        super().resizeEvent(event)
        self.fit()
        selection = self.selectionModel()
        if selection is not None and selection.hasSelection():
            self.scrollTo(selection.selectedRows()[0])

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Close the details with Escape, open the page with Enter."""
        if event is not None and event.key() == Qt.Key.Key_Escape:
            self.escape_pressed.emit()
        elif event is not None and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if key := self.selected_key():
                self.opened.emit(key)
        else:
            super().keyPressEvent(event)
