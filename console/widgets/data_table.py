"""Tables without margins: columns as wide as what stands in them, as far as there is room, nothing cut off at random."""

from collections.abc import Sequence
from dataclasses import dataclass

from PyQt6.QtCore import QAbstractItemModel, QModelIndex, QPoint, QRect, QSize, Qt
from PyQt6.QtGui import QFontMetrics, QPainter, QPen, QPixmap, QResizeEvent
from PyQt6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from console.design import icons, theme
from services.language import tr

ROW, PAD, MARGIN, SHAPE, BAR, WIDTH_RESERVE = 28, 8, 24, 14, 3, 2
MAX_MEASURED_ROWS = 200
"""How many rows are looked at for the width of their columns."""
STATUS_ROLE = Qt.ItemDataRole.UserRole + 1
"""The name of a status shape that stands before the text."""
ICON_ROLE = Qt.ItemDataRole.UserRole + 2
"""The name of an icon that stands before the text."""
ELIDE_MIDDLE, ELIDE_RIGHT, ELIDE_PATH = "middle", "right", "path"
ELLIPSIS = "…"


@dataclass(frozen=True, slots=True)
class Column:
    """How a column is drawn: its tone, where it is cut off, and how narrow and wide its text may be, in letters.

    `take` is its share of room that is left over, `give` its share of room that is missing. `align` RIGHT is for numbers.
    """

    name: str
    tone: str = "text"
    cut: str = ELIDE_MIDDLE
    least: int = 0
    most: int = 24
    take: int = 0
    give: int = 0
    align: str = ""


def elided_path(metrics: QFontMetrics, path: str, width: int) -> str:
    """Return a path that fits into `width`: its folders give way first, the name of the file last."""
    if metrics.horizontalAdvance(path) <= width:
        return path
    at = max(path.rfind("\\"), path.rfind("/"))
    name = path[at:] if at > 0 else path
    room = width - metrics.horizontalAdvance(name)
    if room < metrics.horizontalAdvance(ELLIPSIS) or at <= 0:
        return metrics.elidedText(name.lstrip("\\/"), Qt.TextElideMode.ElideMiddle, width)
    return metrics.elidedText(path[:at], Qt.TextElideMode.ElideRight, room) + name


def file_name(path: str) -> str:
    """Return what follows the last stroke of a path."""
    return path[max(path.rfind("\\"), path.rfind("/")) + 1 :]


def distribute_widths(
    natural: Sequence[int], least: Sequence[int], take: Sequence[int], give: Sequence[int], room: int
) -> list[int]:
    """Return widths that fill `room`: shares of what is over are taken, of what is missing given, none below its least."""
    widths = list(natural)
    over = room - sum(widths)
    if over > 0 and any(take):
        parts = [over * share // sum(take) for share in take]
        parts[take.index(max(take))] += over - sum(parts)
        return [width + part for width, part in zip(widths, parts, strict=True)]
    while over < 0:
        open_to = [i for i, share in enumerate(give) if share and widths[i] > least[i]]
        if not open_to:
            break
        whole = sum(give[i] for i in open_to)
        missing = -over
        for i in open_to:
            part = min(max(missing * give[i] // whole, 1), widths[i] - least[i], -over)
            widths[i] -= part
            over += part
    return widths


class DataDelegate(QStyledItemDelegate):
    """Draws a cell: shape, text in the tone of its column, the rule below, and the bar of a selected row."""

    def __init__(self, columns: Sequence[Column], parent: QWidget) -> None:
        super().__init__(parent)
        self._columns = columns

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        """Return the height of a row."""
        del option, index
        return QSize(0, ROW)

    def paint(self, painter: QPainter | None, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        """Draw one cell with the tokens as they are now."""
        if painter is None:
            return
        column, rect = self._columns[index.column()], option.rect
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        view = option.widget
        ground = "page"
        if chosen:
            ground = "sel" if view is not None and view.hasFocus() else "sel-idle"
        painter.save()
        painter.fillRect(rect, theme.colour(ground))
        painter.setPen(QPen(theme.colour(theme.on(ground, "line")), 1))
        painter.drawLine(rect.bottomLeft(), rect.bottomRight())
        left = rect.left() + (MARGIN if index.column() == 0 else PAD)
        if chosen and index.column() == 0:
            painter.fillRect(
                QRect(rect.left(), rect.top(), BAR, rect.height()), theme.colour(theme.on(ground, "link"))
            )
        shape = _cell_pixmap(painter, index, ground)
        if shape is not None:
            painter.drawPixmap(QPoint(left, rect.center().y() - SHAPE // 2 + 1), shape)
            left += SHAPE + PAD
        painter.setFont(theme.font("body"))
        painter.setPen(theme.colour("sel-text" if ground == "sel" else column.tone))
        room = QRect(left, rect.top(), rect.right() - PAD + 1 - left, rect.height() - 1)
        text = _elide(QFontMetrics(painter.font()), str(index.data()), column.cut, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, text)
        painter.restore()


def _cell_pixmap(painter: QPainter, index: QModelIndex, ground: str) -> QPixmap | None:
    device = painter.device()
    ratio = device.devicePixelRatioF() if device is not None else 1.0
    status, icon = index.data(STATUS_ROLE), index.data(ICON_ROLE)
    if status:
        return icons.status_pixmap(status, SHAPE, ground, ratio)
    return icons.pixmap(icon, "sel-text" if ground == "sel" else "muted", SHAPE, ratio) if icon else None


def _elide(metrics: QFontMetrics, text: str, cut: str, width: int) -> str:
    if cut == ELIDE_PATH:
        return elided_path(metrics, text, width)
    mode = Qt.TextElideMode.ElideRight if cut == ELIDE_RIGHT else Qt.TextElideMode.ElideMiddle
    return metrics.elidedText(text.replace("\n", " "), mode, width)


class DataTable(QTableView):
    """A table without margins whose columns share out its width; a bar to scroll sideways comes last."""

    def __init__(
        self,
        model: QAbstractItemModel,
        columns: Sequence[Column],
        name: str,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._columns = columns
        self.setModel(model)
        self.setProperty("role", "inset")
        self.setItemDelegate(DataDelegate(columns, self))
        self.setAccessibleName(name)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setShowGrid(False)
        self.setFrameShape(QTableView.Shape.NoFrame)
        self.setTabKeyNavigation(False)
        self._text_widths: list[int] = []
        self._name_widths: list[int] = []
        """The widths of the widest texts, and of the widest names of files with what stands for their folders."""
        self._natural_widths: list[int] = []
        self._least: list[int] = []
        rows, heads = self.verticalHeader(), self.horizontalHeader()
        if rows is not None:
            rows.setDefaultSectionSize(ROW)
            rows.hide()
        if heads is not None:
            heads.setHighlightSections(False)
            heads.setMinimumSectionSize(2 * PAD)
            heads.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        model.modelReset.connect(self.measure)

    def measure(self) -> None:
        """Look how wide the texts are, and give every column its width."""
        if self.model() is None:
            return
        self._text_widths, self._name_widths = [], []
        for place, column in enumerate(self._columns):
            cell = QFontMetrics(theme.font(self.cell_font(place)))
            texts = dict.fromkeys(self.measured_texts(place))
            self._text_widths.append(max(map(cell.horizontalAdvance, texts), default=0))
            names = (f"{ELLIPSIS}/{file_name(text)}" for text in texts if column.cut == ELIDE_PATH)
            self._name_widths.append(max(map(cell.horizontalAdvance, names), default=0))
        self.set_natural_widths()
        self.fit()

    def set_natural_widths(self) -> None:
        """Set the widths that the columns would have with room for all of them, from those of the texts."""
        head = QFontMetrics(theme.font("field"))
        letter = QFontMetrics(theme.font("body")).averageCharWidth()
        self._natural_widths, self._least = [], []
        for place, column in enumerate(self._columns):
            widest, names = self._text_widths[place], self._name_widths[place]
            air = self.cell_padding(place)
            title = (
                head.horizontalAdvance(self.head_text(place))
                + 2 * PAD
                + WIDTH_RESERVE
                + self.head_padding(place)
            )
            if not column.give:
                self._natural_widths.append(max(widest + air, title))
                self._least.append(self._natural_widths[-1])
                continue
            least = column.least * letter
            if column.cut == ELIDE_PATH:
                least = min(max(names, column.least // 2 * letter), least)
            self._natural_widths.append(max(min(widest, column.most * letter) + air, title))
            self._least.append(min(max(least + air, title), self._natural_widths[-1]))

    def measured_texts(self, column: int) -> list[str]:
        """Return the texts that a column is made wide enough for."""
        model = self.model()
        rows = 0 if model is None else min(model.rowCount(), MAX_MEASURED_ROWS)
        return [str(model.index(row, column).data()) for row in range(rows)] if model is not None else []

    def cell_font(self, column: int) -> str:
        """Return the name of the widest font in which the cells of a column are drawn."""
        del column
        return "body"

    def head_text(self, column: int) -> str:
        """Return the longest text that stands in the head of a column."""
        return tr(self._columns[column].name)

    def head_padding(self, column: int) -> int:
        """Return the room that the head of a column needs beyond that of others."""
        del column
        return 0

    def cell_padding(self, column: int) -> int:
        """Return the room a column needs beside its text."""
        return (MARGIN + SHAPE + 2 * PAD if column == 0 else 2 * PAD) + WIDTH_RESERVE

    def fit(self) -> None:
        """Give every column its width."""
        viewport, columns = self.viewport(), self.horizontalHeader()
        if viewport is None or columns is None or not self._natural_widths:
            return
        take, give = [column.take for column in self._columns], [column.give for column in self._columns]
        shown = [place for place in range(len(self._columns)) if not self.isColumnHidden(place)]
        natural, least, taken, given = (
            [values[place] for place in shown] for values in (self._natural_widths, self._least, take, give)
        )
        widths = distribute_widths(natural, least, taken, given, viewport.width())
        for place, width in zip(shown, widths, strict=True):
            columns.resizeSection(place, width)

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Share the new width out."""
        super().resizeEvent(event)
        self.fit()
