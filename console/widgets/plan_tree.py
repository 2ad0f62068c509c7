"""A plan as a tree: a group per table, a row per record with what is done about it; long runs of one operation fold."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from PyQt6.QtCore import (
    QAbstractItemModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
    pyqtSignal,
)
from PyQt6.QtGui import QFocusEvent, QKeyEvent, QMouseEvent, QPainter
from PyQt6.QtWidgets import QFrame, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QTreeView, QWidget

from console.design import icons, theme
from console.widgets import plain_text
from console.widgets.painting import draw_elided_text
from services.language import tr, translate

ROOT = QModelIndex()
ROW, ICON, SHAPE, CHEVRON, BAR = 28, 16, 14, 12, 3
GROUP_TEXT, TEXT, OPERATION = 38, 30, 80
"""Left edges of names, and the room of shape and word at the right."""
MIN_FOLDED_RUN, VISIBLE_BEFORE_FOLD = 8, 6
"""A run of one operation this long folds behind its first rows."""
OPERATION_SHAPES = {"create": "create", "update": "update", "keep": "keep", "conflict": "bad"}
OPERATION_TONES = {"create": "good", "update": "notice", "keep": "off", "conflict": "bad"}
KEY_ROLE = Qt.ItemDataRole.UserRole + 1


@dataclass(frozen=True, slots=True)
class PlanGroup:
    """A table: title, icon, what its records are called in the plural, its name on the instance."""

    table: str
    title: str
    icon: str
    plural: str


@dataclass(frozen=True, slots=True)
class PlanRow:
    """What is shown of a change: its key, table, name and operation, and what tells it apart from others of its name."""

    key: str
    table: str
    name: str
    operation: str
    caption: str = ""


@dataclass(slots=True)
class PlanNode:
    """One row: a group, a record, or a fold that stands for the records behind it."""

    key: str
    text: str
    operation: str = ""
    caption: str = ""
    icon: str = ""
    parent: "PlanNode | None" = None
    children: "list[PlanNode]" = field(default_factory=list)
    folded: "list[PlanNode]" = field(default_factory=list)

    @property
    def said(self) -> str:
        """Return the row in words."""
        if self.folded:
            return tr("{text}, {operation}, opens on Enter", text=self.text, operation=self.operation)
        return ", ".join(part for part in (self.text, self.caption, self.operation) if part)


class PlanModel(QAbstractItemModel):
    """Groups and records of one plan; another plan replaces it, what was unfolded stays so."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._root = PlanNode("", "")
        self._unfolded: set[str] = set()

    # -- feeding -----------------------------------------------------------

    def show_changes(self, groups: Sequence[PlanGroup], changes: Iterable[PlanRow]) -> None:
        """Show changes under their groups."""
        self.beginResetModel()
        self._root = PlanNode("", "")
        by_table: dict[str, list[PlanRow]] = {}
        for change in changes:
            by_table.setdefault(change.table, []).append(change)
        for group in groups:
            if group.table in by_table:
                self._add_group(group, by_table[group.table])
        self.endResetModel()

    def _add_group(self, group: PlanGroup, changes: Sequence[PlanRow]) -> None:
        node = PlanNode(
            f"table:{group.table}",
            translate(group.title),
            caption=group.table,
            icon=group.icon,
            parent=self._root,
        )
        self._root.children.append(node)
        rows = [PlanNode(c.key, c.name, c.operation, c.caption, parent=node) for c in changes]
        for run in _runs(rows):
            fold_key = f"fold:{run[0].key}"
            if len(run) < MIN_FOLDED_RUN or fold_key in self._unfolded:
                node.children += run
                continue
            behind = run[VISIBLE_BEFORE_FOLD:]
            fold = PlanNode(
                fold_key,
                tr("{count} more {things}", count=len(behind), things=translate(group.plural)),
                run[0].operation,
                parent=node,
                folded=behind,
            )
            node.children += [*run[:VISIBLE_BEFORE_FOLD], fold]

    def unfold(self, index: QModelIndex) -> bool:
        """Put the records behind a fold in its place; returns whether there was one."""
        node = self._node(index)
        group = node.parent
        if not node.folded or group is None:
            return False
        self._unfolded.add(node.key)
        place, parent = index.row(), index.parent()
        self.beginRemoveRows(parent, place, place)
        del group.children[place]
        self.endRemoveRows()
        self.beginInsertRows(parent, place, place + len(node.folded) - 1)
        group.children[place:place] = node.folded
        self.endInsertRows()
        return True

    # -- structure ---------------------------------------------------------

    def index(self, row: int, column: int, parent: QModelIndex = ROOT) -> QModelIndex:
        """Return the index of a child."""
        siblings = self._node(parent).children
        if column != 0 or parent.column() > 0 or not 0 <= row < len(siblings):
            return QModelIndex()
        return self.createIndex(row, column, siblings[row])

    def parent(self, index: QModelIndex | None = None) -> Any:  # two overloads of Qt share the name
        """Return the index of a parent; without an index the QObject's own parent, which shares the name."""
        if index is None:
            return super().parent()
        node = self._node(index).parent
        if node is None or node is self._root:
            return QModelIndex()
        return self.createIndex(self._root.children.index(node), 0, node)

    def rowCount(self, parent: QModelIndex = ROOT) -> int:
        """Return how many children there are."""
        return 0 if parent.column() > 0 else len(self._node(parent).children)

    def columnCount(self, parent: QModelIndex = ROOT) -> int:
        """Return 1."""
        del parent
        return 1

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return the name, the words for a screen reader, or the key of a row."""
        if not index.isValid():
            return None
        node = self._node(index)
        if role == Qt.ItemDataRole.DisplayRole:
            return plain_text.one_line(node.text)
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return plain_text.one_line(node.said)
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_text.tooltip(node.said)
        return node.key if role == KEY_ROLE else None

    def node(self, index: QModelIndex) -> PlanNode:
        """Return the row of an index."""
        return self._node(index)

    def find(self, key: str) -> QModelIndex:
        """Return the row of a record by its key; one behind a fold is unfolded."""
        for group_row, group in enumerate(self._root.children):
            above = self.index(group_row, 0)
            for row, node in enumerate(group.children):
                if node.key == key:
                    return self.index(row, 0, above)
                if any(hidden.key == key for hidden in node.folded):
                    self.unfold(self.index(row, 0, above))
                    return self.find(key)
        return QModelIndex()

    def _node(self, index: QModelIndex) -> PlanNode:
        node: PlanNode = index.internalPointer() if index.isValid() else self._root
        return node


def _runs(rows: Sequence[PlanNode]) -> list[list[PlanNode]]:
    found: list[list[PlanNode]] = []
    for row in rows:
        if found and found[-1][0].operation == row.operation:
            found[-1].append(row)
        else:
            found.append([row])
    return found


class PlanDelegate(QStyledItemDelegate):
    """Draws a group, a record, or a fold."""

    def __init__(self, view: "PlanTree") -> None:
        super().__init__(view)
        self._view = view

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        """Return the height of a row."""
        del option, index
        return QSize(0, ROW)

    def paint(self, painter: QPainter | None, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        """Draw one row with the tokens as they are now."""
        model = index.model()
        if painter is None or not isinstance(model, PlanModel):
            return
        node = model.node(index)
        box = QRect(0, option.rect.top(), self._view.viewport().width(), option.rect.height())  # type: ignore[union-attr]
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground = self._ground(painter, option, index, box)
        stale = self._view.stale
        if node.parent is not None and node.parent.parent is None:
            self._paint_group(painter, node, box, ground, opened=self._view.isExpanded(index))
        else:
            faint = theme.on(ground, "faint")
            text = faint if stale else "sel-text" if ground == "sel" else "link" if node.folded else "text"
            room = box.adjusted(TEXT, 0, -8 if node.folded else -OPERATION - 4, 0)
            font = theme.font("field" if ground in ("sel", "sel-idle") else "body")
            right = draw_elided_text(painter, room, node.text, font, text)
            if node.caption and room.right() - right > 48:
                tone = faint if stale else "sel-text" if ground == "sel" else "muted"
                draw_elided_text(
                    painter,
                    room.adjusted(right - room.left() + 8, 0, 0, 0),
                    node.caption,
                    theme.font("caption"),
                    tone,
                )
            if not node.folded:
                self._paint_operation(painter, node.operation, box, ground)
        painter.restore()

    def _ground(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex, box: QRect) -> str:
        selection = self._view.selectionModel()
        chosen = selection is not None and selection.isSelected(index)
        ground = ("sel" if self._view.hasFocus() else "sel-idle") if chosen else "page"
        if not chosen and option.state & QStyle.StateFlag.State_MouseOver:
            ground = "hover"
        if ground != "page":
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.colour(ground))
            painter.drawRoundedRect(box.adjusted(0, 1, -1, -1), 4, 4)
            if chosen:
                bar = QRect(box.left(), box.top() + 6, BAR, box.height() - 12)
                painter.fillRect(bar, theme.colour(theme.on(ground, "link")))
        return ground

    def _paint_group(
        self, painter: QPainter, node: PlanNode, box: QRect, ground: str, *, opened: bool
    ) -> None:
        ratio, middle = self._view.devicePixelRatioF(), box.center().y() + 1
        text, muted = theme.on(ground, "text"), theme.on(ground, "muted")
        chevron = icons.pixmap("chevron-down" if opened else "chevron-right", muted, CHEVRON, ratio)
        painter.drawPixmap(2, middle - CHEVRON // 2, chevron)
        painter.drawPixmap(16, middle - ICON // 2, icons.pixmap(node.icon, muted, ICON, ratio))
        if self._view.stale:
            text = muted = theme.on(ground, "faint")
        room = box.adjusted(GROUP_TEXT, 0, -8, 0)
        right = draw_elided_text(painter, room, node.text, theme.font("strong"), text)
        rest = room.adjusted(right - room.left() + 10, 0, 0, 0)
        draw_elided_text(painter, rest, node.caption, theme.font("caption"), muted)

    def _paint_operation(self, painter: QPainter, operation: str, box: QRect, ground: str) -> None:
        left = box.right() - OPERATION
        shape = icons.status_pixmap(
            OPERATION_SHAPES[operation], SHAPE, ground, self._view.devicePixelRatioF()
        )
        painter.setOpacity(0.5 if self._view.stale else 1.0)
        painter.drawPixmap(left, box.center().y() - SHAPE // 2 + 1, shape)
        painter.setOpacity(1.0)
        tone = theme.on(ground, "faint" if self._view.stale else OPERATION_TONES[operation])
        font = theme.font("caption")
        font.setWeight(font.Weight.Medium)
        draw_elided_text(painter, QRect(left + SHAPE + 6, box.top(), OPERATION - SHAPE - 6, box.height()),
               operation.capitalize(), font, tone)  # fmt: skip


class PlanTree(QTreeView):
    """The tree. Selecting a record tells its key; Enter or a click on a fold opens it, on a group opens or closes it."""

    chosen = pyqtSignal(str)
    opened = pyqtSignal()
    """A record was clicked, or Enter was pressed on it."""

    def __init__(self, groups: Sequence[PlanGroup], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._groups = groups
        self.stale = False
        self._closed: set[str] = set()
        self.plan = PlanModel(self)
        self.setModel(self.plan)
        self.setItemDelegate(PlanDelegate(self))
        self.setProperty("role", "plan")
        self.setAccessibleName(tr("Plan"))
        self.setHeaderHidden(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setRootIsDecorated(False)
        self.setIndentation(0)
        self.setUniformRowHeights(True)
        self.setExpandsOnDoubleClick(False)
        self.setMouseTracking(True)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QTreeView.ScrollMode.ScrollPerPixel)
        self.collapsed.connect(lambda index: self._closed.add(index.data(KEY_ROLE)))
        self.expanded.connect(lambda index: self._closed.discard(index.data(KEY_ROLE)))
        chosen = self.selectionModel()
        if chosen is not None:
            chosen.currentChanged.connect(self._current)

    def show_changes(self, changes: Iterable[PlanRow]) -> None:
        """Show a plan; the selected record stays selected where it still is."""
        kept, closed = self.key, set(self._closed)
        self.plan.show_changes(self._groups, changes)
        for row in range(self.plan.rowCount()):
            index = self.plan.index(row, 0)
            self.setExpanded(index, index.data(KEY_ROLE) not in closed)
        self.set_stale(on=False)
        if kept:
            self.select(kept)

    @property
    def key(self) -> str:
        """The key of the selected row, or an empty text."""
        return str(self.currentIndex().data(KEY_ROLE) or "")

    def select(self, key: str) -> bool:
        """Select a record; returns whether there is one of this key."""
        index = self.plan.find(key)
        if index.isValid():
            self.setCurrentIndex(index)
        return index.isValid()

    def set_stale(self, *, on: bool) -> None:
        """Grey the rows while the plan is made again."""
        self.stale = on
        viewport = self.viewport()
        if viewport is not None:
            viewport.update()

    def _current(self, now: QModelIndex, _was: QModelIndex) -> None:
        if now.isValid() and now.parent().isValid() and not self.plan.node(now).folded:
            self.chosen.emit(now.data(KEY_ROLE))

    def _open(self, index: QModelIndex) -> bool:
        """Open what a row hides; returns whether it hides anything."""
        if not index.isValid():
            return False
        if not index.parent().isValid():
            self.setExpanded(index, not self.isExpanded(index))
            return True
        place, above = index.row(), QPersistentModelIndex(index.parent())
        if self.plan.unfold(index):
            self.setCurrentIndex(self.plan.index(place, 0, QModelIndex(above)))
            return True
        return False

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        """Open a group or a fold by a click."""
        super().mouseReleaseEvent(event)
        if event is not None and event.button() == Qt.MouseButton.LeftButton:
            index = self.indexAt(event.position().toPoint())
            if not self._open(index) and index.isValid():
                self.opened.emit()

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Open a group or a fold by Enter and Space; everything else as trees do."""
        keys = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)
        if event is not None and event.key() in keys:
            if not self._open(self.currentIndex()) and self.currentIndex().isValid():
                self.opened.emit()
            return
        super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent | None) -> None:
        """Begin at the first record when nothing is selected."""
        super().focusInEvent(event)
        if not self.currentIndex().isValid() and self.plan.rowCount():
            self.setCurrentIndex(self.plan.index(0, 0))
