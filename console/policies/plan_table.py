"""The table of a plan: field, what is on Privilege Manager, what is there after Apply, and the operation as shape and word."""

from PyQt6.QtCore import QModelIndex, QObject, QPoint, QRect, QSize, Qt
from PyQt6.QtGui import QFontMetrics, QPainter, QPen, QResizeEvent
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

from console.design import icons, theme
from console.policies.plan_presenter import PlanLine
from console.widgets import plain_text
from console.widgets.data_table import SHAPE
from console.widgets.list_table_model import ListTableModel
from models.translation_marks import tr_later
from services.language import tr

ROW, HEAD, PAD = 28, 28, 8
FIELD_WIDTH, OPERATION_WIDTH = 122, 104
HEADS = (tr_later("Field"), tr_later("On Privilege Manager"), tr_later("After Apply"), tr_later("Operation"))


class PlanTableModel(ListTableModel[PlanLine]):
    """The rows of a plan."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(HEADS, parent)

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return the text of a cell; its tooltip says as well why a row is not written."""
        if not index.isValid():
            return None
        line = self._rows[index.row()]
        text = (line.field, line.before, line.after, line.word)[index.column()]
        if role == Qt.ItemDataRole.DisplayRole:
            return plain_text.one_line(text)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return plain_text.one_line(f"{text}. {line.why}" if line.why and index.column() == 3 else text)
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_text.tooltip(f"{text}\n{line.why}" if line.why else text)
        return None


class _PlanDelegate(QStyledItemDelegate):
    """Draws a cell: what changes in bold, the operation as shape and word."""

    def __init__(self, model: PlanTableModel, parent: QWidget) -> None:
        super().__init__(parent)
        self._model = model

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        """Return the height of a row."""
        del option, index
        return QSize(0, ROW)

    def paint(self, painter: QPainter | None, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        """Draw with the tokens as they are now."""
        if painter is None:
            return
        line, column, rect = self._model.row(index.row()), index.column(), option.rect
        view = option.widget
        chosen = bool(option.state & QStyle.StateFlag.State_Selected) and view is not None and view.hasFocus()
        surface = "sel" if chosen else "page"
        painter.save()
        painter.fillRect(rect, theme.colour(surface))
        if index.row() + 1 < self._model.rowCount():
            painter.setPen(QPen(theme.colour(theme.on(surface, "line")), 1))
            painter.drawLine(rect.bottomLeft(), rect.bottomRight())
        left, tone = rect.left() + PAD, "muted" if column == 0 else "text"
        if column == 3:
            device = painter.device()
            ratio = device.devicePixelRatioF() if device is not None else 1.0
            picture = icons.status_pixmap(line.shape, SHAPE, surface, ratio)
            painter.drawPixmap(QPoint(left, rect.center().y() - SHAPE // 2 + 1), picture)
            left, tone = left + SHAPE + PAD, line.tone
        bold = column == 2 and line.changed
        painter.setFont(theme.font("strong" if bold else "body"))
        painter.setPen(theme.colour("sel-text" if chosen else tone))
        room = QRect(left, rect.top(), rect.right() - PAD + 1 - left, rect.height() - 1)
        text = QFontMetrics(painter.font()).elidedText(
            str(index.data()), Qt.TextElideMode.ElideMiddle, room.width()
        )
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, text)
        painter.restore()


class PlanTable(QTableView):
    """As high as its rows; field and operation keep their widths, the two values share the rest."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.lines = PlanTableModel(self)
        self.setModel(self.lines)
        self.setItemDelegate(_PlanDelegate(self.lines, self))
        self.setAccessibleName(tr("Plan"))
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.setFrameShape(QTableView.Shape.NoFrame)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        rows, heads = self.verticalHeader(), self.horizontalHeader()
        if rows is not None:
            rows.setDefaultSectionSize(ROW)
            rows.setMinimumSectionSize(ROW)
            rows.hide()
        if heads is not None:
            heads.setHighlightSections(False)
            heads.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
            heads.setMinimumSectionSize(2 * PAD)
        self.lines.modelReset.connect(self.fit)
        self.lines.modelReset.connect(self.updateGeometry)

    def sizeHint(self) -> QSize:
        """Return the height of head and rows."""
        heads = self.horizontalHeader()
        head = heads.sizeHint().height() if heads is not None else HEAD
        return QSize(400, head + max(self.lines.rowCount(), 1) * ROW + 2)

    def minimumSizeHint(self) -> QSize:
        """Shrink in width only."""
        return QSize(2 * FIELD_WIDTH, self.sizeHint().height())

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Share the new width out."""
        super().resizeEvent(event)
        self.fit()

    def fit(self) -> None:
        """Share the width out."""
        viewport = self.viewport()
        width = viewport.width() if viewport is not None else self.width()
        metrics = QFontMetrics(theme.font("body"))
        words = [self.lines.row(row).word for row in range(self.lines.rowCount())]
        operation = max(
            OPERATION_WIDTH,
            max((metrics.horizontalAdvance(word) for word in words), default=0) + SHAPE + 3 * PAD,
            QFontMetrics(theme.font("field")).horizontalAdvance(tr(HEADS[3])) + 3 * PAD,
        )
        fields = [self.lines.row(row).field for row in range(self.lines.rowCount())]
        field = max(FIELD_WIDTH, max((metrics.horizontalAdvance(one) for one in fields), default=0) + 2 * PAD)
        rest = max(width - field - operation, 4 * PAD)
        before = rest * 9 // 20
        for column, size in enumerate((field, before, rest - before, operation)):
            self.setColumnWidth(column, size)
