"""The variables of a request: where each is found in an event, and what was received there."""

from collections.abc import Sequence

from PyQt6.QtCore import QModelIndex, QObject, QRect, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QFont, QFontMetrics, QPainter, QPen
from PyQt6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QSizePolicy,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from console.connect.presenter import VariableCell
from console.design import icons, theme
from console.widgets import plain_text
from console.widgets.list_table_model import ListTableModel
from models.translation_marks import tr_later
from services.language import tr

COLUMNS = (tr_later("Variable"), tr_later("Field in the event"), tr_later("Value received"))
VARIABLE, SOURCE, VALUE = range(3)
ROW, PAD, SHAPE, GAP = 24, 8, 12, 6
SOURCE_MOST = 30
"""Characters that the column of the fields is made wide enough for."""


class MappingModel(ListTableModel[VariableCell]):
    """One row for each variable; rows stay what they are while their content changes."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(COLUMNS, parent)

    def show_cells(self, cells: Sequence[VariableCell]) -> None:
        """Show other contents."""
        if len(cells) != len(self._rows):
            self.replace(cells)
        elif list(cells) != self._rows:
            self._rows = list(cells)
            self.dataChanged.emit(self.index(0, 0), self.index(len(cells) - 1, len(COLUMNS) - 1))

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return the text, the shape or the tooltip of a cell; texts of events are plain."""
        if not index.isValid():
            return None
        cell = self._rows[index.row()]
        text = (cell.variable, cell.source, cell.value)[index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            return plain_text.one_line(text)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return plain_text.one_line(text) or tr("empty")
        if role == Qt.ItemDataRole.DecorationRole and index.column() == VARIABLE:
            return icons.icon(cell.shape)
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_text.tooltip(text)
        return None


class MappingDelegate(QStyledItemDelegate):
    """Draws a cell: shape, text in its tone, and the rule below."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        """Return the height of a row."""
        del option, index
        return QSize(0, row_height())

    def paint(self, painter: QPainter | None, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        """Draw one cell with the tokens as they are now."""
        model, view = index.model(), option.widget
        if painter is None or not isinstance(model, MappingModel):
            return
        cell, column, box = model.rows[index.row()], index.column(), option.rect
        background = "page"
        if option.state & QStyle.StateFlag.State_Selected:
            background = "sel" if view is not None and view.hasFocus() else "sel-idle"
        painter.save()
        painter.fillRect(box, theme.colour(background))
        if index.row() < len(model.rows) - 1:
            painter.setPen(QPen(theme.colour(theme.on(background, "line")), 1))
            painter.drawLine(box.bottomLeft(), box.bottomRight())
        left = box.left() + PAD
        if column == VARIABLE:
            device = painter.device()
            ratio = device.devicePixelRatioF() if device is not None else 1.0
            picture = icons.status_pixmap(cell.shape, SHAPE, background, ratio)
            painter.drawPixmap(left, box.center().y() - SHAPE // 2 + 1, picture)
            left += SHAPE + GAP
        tone = ("text", cell.source_tone, cell.value_tone)[column]
        font = cell_font(cell, column)
        painter.setFont(font)
        painter.setPen(theme.colour("sel-text" if background == "sel" else theme.on(background, tone)))
        room = QRect(left, box.top(), box.right() - PAD + 1 - left, box.height() - 1)
        text = QFontMetrics(font).elidedText(str(index.data()), Qt.TextElideMode.ElideMiddle, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, text)
        painter.restore()


def cell_font(cell: VariableCell, column: int) -> QFont:
    """Return the font of a cell: pointers are code."""
    is_code = column == SOURCE and cell.source.startswith("/")
    return theme.font(
        "code" if is_code else "field" if cell.value_tone == "link" and column == VALUE else "body"
    )


def row_height() -> int:
    """Return the height of a row for the letters as they are now."""
    return max(ROW, QFontMetrics(theme.font("body")).height() + 8)


class MappingTable(QTableView):
    """The table, as high as its rows. `chosen` carries the variable that a person wants to map."""

    chosen = pyqtSignal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.cells = MappingModel(self)
        self.setModel(self.cells)
        self.setItemDelegate(MappingDelegate(self))
        self.setProperty("role", "card")
        self.setAccessibleName(tr("Variables and fields of the event"))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.setMouseTracking(True)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        down, across = self.verticalHeader(), self.horizontalHeader()
        if down is not None:
            down.hide()
            down.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
            down.setMinimumSectionSize(1)
        if across is not None:
            across.setHighlightSections(False)
            across.setStretchLastSection(True)
        self.activated.connect(self._choose)
        self.clicked.connect(self._clicked)
        self.entered.connect(self._show_cursor)
        theme.of().theme_changed.connect(self.fit)

    def show_cells(self, cells: Sequence[VariableCell]) -> None:
        """Show other contents; the selected row stays selected."""
        self.cells.show_cells(cells)
        self.fit()

    def fit(self, *_scheme: str) -> None:
        """Be as high as the rows, and give the columns their widths."""
        down, across = self.verticalHeader(), self.horizontalHeader()
        if down is None or across is None:
            return
        down.setDefaultSectionSize(row_height())
        head = max(row_height(), across.sizeHint().height())
        across.setFixedHeight(head)
        self.setFixedHeight(head + row_height() * len(self.cells.rows) + 2 * self.frameWidth())
        body, code = QFontMetrics(theme.font("body")), QFontMetrics(theme.font("code"))
        names = max((body.horizontalAdvance(cell.variable) for cell in self.cells.rows), default=0)
        most = code.averageCharWidth() * SOURCE_MOST
        sources = max(
            (
                QFontMetrics(cell_font(cell, SOURCE)).horizontalAdvance(cell.source)
                for cell in self.cells.rows
            ),
            default=0,
        )
        across.resizeSection(VARIABLE, names + SHAPE + GAP + 3 * PAD)
        across.resizeSection(SOURCE, max(min(sources, most), body.averageCharWidth() * 18) + 3 * PAD)

    def _choose(self, index: QModelIndex) -> None:
        if index.isValid():
            self.chosen.emit(self.cells.rows[index.row()].variable)

    def _clicked(self, index: QModelIndex) -> None:
        if index.column() == VALUE and self.cells.rows[index.row()].value_tone == "link":
            self._choose(index)

    def _show_cursor(self, index: QModelIndex) -> None:
        viewport = self.viewport()
        if viewport is not None:
            is_link = index.column() == VALUE and self.cells.rows[index.row()].value_tone == "link"
            viewport.setCursor(Qt.CursorShape.PointingHandCursor if is_link else Qt.CursorShape.ArrowCursor)
