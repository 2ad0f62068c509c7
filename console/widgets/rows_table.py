"""A plain table: rows of texts with a status shape in front, each with what a tooltip says."""

from collections.abc import Sequence
from dataclasses import dataclass

from PyQt6.QtCore import QModelIndex, QSize, Qt, pyqtSignal
from PyQt6.QtWidgets import QAbstractItemView, QTableView, QWidget

from console.design import icons
from console.widgets import plain_text
from console.widgets.data_table import SHAPE, STATUS_ROLE
from console.widgets.list_table_model import ListTableModel

ROW = 28


@dataclass(frozen=True, slots=True)
class TableRow:
    """A row: its shape, its texts, its key, and tooltips where they say more than the texts."""

    shape: str
    texts: tuple[str, ...]
    key: str = ""
    tips: tuple[str, ...] = ()


class RowsModel(ListTableModel[TableRow]):
    """Rows under fixed columns."""

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return the text, the shape or the tooltip of a cell."""
        if not index.isValid():
            return None
        row, column = self._rows[index.row()], index.column()
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return plain_text.one_line(row.texts[column])
        if role == Qt.ItemDataRole.DecorationRole and column == 0:
            return icons.icon(row.shape)
        if role == STATUS_ROLE and column == 0:
            return row.shape
        if role == Qt.ItemDataRole.ToolTipRole:
            tip = row.tips[column] if column < len(row.tips) else ""
            return plain_text.tooltip(tip or row.texts[column])
        return None


class RowsTable(QTableView):
    """The table. `chosen` carries the place of the selected row, -1 for none."""

    chosen = pyqtSignal(int)

    def __init__(
        self, name: str, columns: Sequence[str], widths: Sequence[int], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.rows = RowsModel(columns, self)
        self.setModel(self.rows)
        self.setAccessibleName(name)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setShowGrid(False)
        self.setIconSize(QSize(SHAPE, SHAPE))
        self.setFrameShape(QTableView.Shape.NoFrame)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        down, across = self.verticalHeader(), self.horizontalHeader()
        if down is not None:
            down.setDefaultSectionSize(ROW)
            down.hide()
        if across is not None:
            across.setProperty("role", "rows")
            across.setHighlightSections(False)
            across.setStretchLastSection(True)
            for column, width in enumerate(widths):
                across.resizeSection(column, width)
        selection = self.selectionModel()
        if selection is not None:
            selection.currentRowChanged.connect(
                lambda now, _was: self.chosen.emit(now.row() if now.isValid() else -1)
            )

    def show_rows(self, rows: Sequence[TableRow]) -> None:
        """Show other rows; the selected one stays selected by its key."""
        place = self.currentIndex().row()
        key = self.rows.row(place).key if 0 <= place < self.rows.rowCount() else ""
        self.rows.replace(rows)
        for number, row in enumerate(rows):
            if key and row.key == key:
                self.selectRow(number)
