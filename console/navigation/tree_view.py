"""The view of the navigation tree: filter, keyboard, context menus, renaming in place."""

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from PyQt6.QtCore import (
    QEvent,
    QItemSelectionModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QRectF,
    QSortFilterProxyModel,
    Qt,
    pyqtSignal,
)
from PyQt6.QtGui import QContextMenuEvent, QFocusEvent, QKeyEvent, QMouseEvent, QPainter, QPalette
from PyQt6.QtWidgets import (
    QAbstractItemView,
    QStyleOptionViewItem,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from console.design import icons, theme
from console.navigation.name_editor import NameEditor, rejection_text
from console.navigation.node_tree import Node
from console.navigation.tree_delegate import BAR, INSET, RADIUS, SELECTION_COLOURS, TreeDelegate
from console.navigation.tree_model import Role, ServerItems, TreeModel
from console.runtime.drafts import Draft
from console.runtime.page_targets import Target
from console.widgets.search_field import SearchField
from models.kinds import Kind
from models.text_folding import fold_text
from services.common.errors import InvalidError
from services.language import tr

if TYPE_CHECKING:
    from services.store.tree_outline import Outline

INDENT, CHEVRON = 8, 12
CHEVRON_X = 7
"""Centre of the chevron, from the left edge of its row."""
MAX_EXPANDED_CHILDREN = 50
"""Folders with more objects are collapsed by default."""


class NavigationTree(QTreeView):
    """The tree view. Its indentation is narrower than a chevron, so the chevron is drawn and clicked inside the row."""

    menu_requested = pyqtSignal(object, QPoint)
    node_activated = pyqtSignal(object)
    delete_requested = pyqtSignal(object)

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName(tr("Navigation"))
        self.setHeaderHidden(True)
        self.setUniformRowHeights(True)
        self.setIndentation(INDENT)
        self.setMouseTracking(True)
        self.setFrameShape(QTreeView.Shape.NoFrame)
        self.setEditTriggers(QAbstractItemView.EditTrigger.EditKeyPressed)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setExpandsOnDoubleClick(True)
        self.setItemDelegate(TreeDelegate(self, self.background_of))
        self._hovered_index = QPersistentModelIndex()
        self._selection: QItemSelectionModel | None = None
        self._drawn: tuple[QModelIndex, str] | None = None
        """The row that is being drawn, with the colour token of its background."""
        self.receiving_focus = False
        """Whether the focus is just arriving: a row that becomes current by that was not chosen."""
        self.entered.connect(self._set_hovered)
        self.viewportEntered.connect(lambda: self._set_hovered(QModelIndex()))
        self.setProperty("role", "nav")

    def setSelectionModel(self, selectionModel: QItemSelectionModel | None) -> None:
        """Keep the selection: each row asks for it, and the one of Qt is wrapped again for each question."""
        super().setSelectionModel(selectionModel)
        self._selection = selectionModel

    def background_of(self, index: QModelIndex) -> str:
        """Return the colour token of a row's background: selected, selected without focus, hovered, or plain."""
        if self._drawn is not None and self._drawn[0] == index:
            return self._drawn[1]
        if self._selection is not None and self._selection.isSelected(index):
            return "sel" if self.hasFocus() else "sel-idle"
        return "hover" if self._hovered_index == index else "nav"

    def _set_hovered(self, index: QModelIndex) -> None:
        self._hovered_index = QPersistentModelIndex(index)
        viewport = self.viewport()
        if viewport is not None:
            viewport.update()

    def focusInEvent(self, event: QFocusEvent | None) -> None:
        """Take the focus and keep the current row: for a page without a row, Qt would select the first one."""
        nowhere = not self.currentIndex().isValid()
        self.receiving_focus = True
        super().focusInEvent(event)
        selection = self.selectionModel()
        if nowhere and selection is not None and not selection.hasSelection():
            selection.setCurrentIndex(QModelIndex(), QItemSelectionModel.SelectionFlag.NoUpdate)
        self.receiving_focus = False

    def leaveEvent(self, event: QEvent | None) -> None:
        """Clear the hovered row."""
        super().leaveEvent(event)
        self._set_hovered(QModelIndex())

    def drawRow(self, painter: QPainter | None, options: QStyleOptionViewItem, index: QModelIndex) -> None:
        """Draw the rounded background of a row, then its content."""
        if painter is None:
            return
        tone = self.background_of(index)
        if tone != "nav":
            viewport = self.viewport()
            width = viewport.width() if viewport is not None else 0
            box = QRectF(INSET, options.rect.top() + 1, width - 2 * INSET, options.rect.height() - 2)
            painter.save()
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.colour(tone))
            painter.drawRoundedRect(box, RADIUS, RADIUS)
            if tone in SELECTION_COLOURS:
                painter.setBrush(theme.colour(theme.on(tone, "link")))
                painter.drawRoundedRect(QRectF(INSET, box.top() + 5, BAR, box.height() - 10), 1.5, 1.5)
            painter.restore()
        # The style would fill the branch area with its own square selection.
        plain = QStyleOptionViewItem(options)
        plain.palette.setBrush(QPalette.ColorRole.Highlight, Qt.GlobalColor.transparent)
        self._drawn = index, tone
        try:
            super().drawRow(painter, plain, index)
        finally:
            self._drawn = None

    def drawBranches(self, painter: QPainter | None, rect: QRect, index: QModelIndex) -> None:
        """Draw the chevron of a node with children, and a line for every open level above."""
        model = self.model()
        if painter is None or model is None:
            return
        node: Node = index.data(Role.NODE)
        if self.background_of(index) not in SELECTION_COLOURS and not node.is_root:
            painter.save()
            painter.setPen(theme.colour("line"))
            # From node to node: to ask Qt for the parent of an index takes many times as long.
            parent, left = node.parent, rect.right() + 1 - INDENT
            while parent is not None and parent.parent is not None and not parent.is_root:
                painter.drawLine(left + CHEVRON_X, rect.top(), left + CHEVRON_X, rect.bottom())
                parent, left = parent.parent, left - INDENT
            painter.restore()
        if not node.children or not model.hasChildren(index):
            return
        name = "chevron-down" if self.isExpanded(index) else "chevron-right"
        picture = icons.pixmap(
            name, theme.on(self.background_of(index), "muted"), CHEVRON, self.devicePixelRatioF()
        )
        middle = QPoint(rect.right() + 1 + CHEVRON_X, rect.center().y() + 1)
        painter.drawPixmap(middle - QPoint(CHEVRON // 2, CHEVRON // 2), picture)

    def _chevron_at(self, event: QMouseEvent) -> QModelIndex | None:
        """Return the node whose chevron is under the pointer."""
        index = self.indexAt(event.position().toPoint())
        model = self.model()
        if model is None or not index.isValid() or not model.hasChildren(index):
            return None
        distance = event.position().x() - (self.visualRect(index).left() + CHEVRON_X)
        return index if abs(distance) <= INDENT else None

    def mousePressEvent(self, event: QMouseEvent | None) -> None:
        """Expand or collapse a node by its chevron; everything else as in QTreeView."""
        if event is not None and event.button() == Qt.MouseButton.LeftButton:
            index = self._chevron_at(event)
            if index is not None:
                self.setExpanded(index, not self.isExpanded(index))
                return
        super().mousePressEvent(event)

    def mouseReleaseEvent(self, event: QMouseEvent | None) -> None:
        """Ignore the release of a click on a chevron, which Qt would count as a second click."""
        if event is None or self._chevron_at(event) is None:
            super().mouseReleaseEvent(event)

    def mouseDoubleClickEvent(self, event: QMouseEvent | None) -> None:
        """Treat the second click on a chevron as one more click."""
        if event is not None and self._chevron_at(event) is not None:
            self.mousePressEvent(event)
        else:
            super().mouseDoubleClickEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent | None) -> None:
        """Emit `menu_requested` for the node under the pointer, or for the current one from the keyboard."""
        if event is None:
            return
        keyboard = event.reason() == QContextMenuEvent.Reason.Keyboard
        index = self.currentIndex() if keyboard else self.indexAt(event.pos())
        if index.isValid():
            where = self.visualRect(index).center() if keyboard else event.pos()
            viewport = self.viewport()
            self.menu_requested.emit(
                index.data(Role.NODE), viewport.mapToGlobal(where) if viewport else where
            )

    def keyPressEvent(self, event: QKeyEvent | None) -> None:
        """Open the page of the current node with Enter, delete its object with Delete; everything else as in QTreeView."""
        node: Node | None = self.currentIndex().data(Role.NODE)
        if event is not None and node is not None:
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self.node_activated.emit(node)
                return
            if event.key() == Qt.Key.Key_Delete and (node.object_id is not None or node.saved_filter):
                self.delete_requested.emit(node)
                return
        super().keyPressEvent(event)


class FilterModel(QSortFilterProxyModel):
    """Keeps nodes whose name contains a text, and their ancestors.

    Each node is tested once. The recursive filter of Qt tests an object again for every folder above it.
    """

    def __init__(self, model: TreeModel, parent: QObject) -> None:
        super().__init__(parent)
        self._model = model
        self._needle = ""
        self.setSourceModel(model)

    def set_filter_text(self, text: str) -> None:
        """Filter by a text, ignoring case; an empty text shows everything."""
        self._needle = fold_text(text)
        self.invalidateFilter()

    def look_again(self) -> None:
        """Filter again after objects were added, removed or renamed."""
        if self._needle:
            self.invalidateFilter()

    def filterAcceptsRow(self, source_row: int, source_parent: QModelIndex) -> bool:
        """Accept a node that matches or has a descendant that does."""
        return not self._needle or self._holds(self._model.child(source_parent, source_row))

    def _holds(self, node: Node) -> bool:
        return self._needle in fold_text(node.text) or any(self._holds(child) for child in node.children)


class Navigation(QWidget):
    """Filter box and tree."""

    chosen = pyqtSignal(object)
    """The user selected a node; carries its target."""

    def __init__(self, model: TreeModel) -> None:
        super().__init__()
        self.setProperty("role", "nav")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.model = model
        self.proxy = FilterModel(model, self)
        self.tree = NavigationTree()
        self.tree.setModel(self.proxy)
        self.filter = SearchField(tr("Filter the tree"))
        self.filter.textChanged.connect(self._filter)
        self.filter.returnPressed.connect(self._open_first_match)
        self.filter.left.connect(self._enter_tree)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 10, 0, 0)
        layout.setSpacing(8)
        box = QVBoxLayout()
        box.setContentsMargins(10, 0, 10, 0)
        box.addWidget(self.filter)
        layout.addLayout(box)
        layout.addWidget(self.tree, 1)
        self._quiet = False
        self._shown: Target | None = None
        self._before_filter: set[str] | None = None
        self._expansion_is_default = True
        """Whether no folder was expanded or collapsed by hand yet."""
        selection = self.tree.selectionModel()
        if selection is not None:
            selection.currentChanged.connect(self._current_changed)
        self.tree.node_activated.connect(lambda node: self.chosen.emit(node.target))
        self.proxy.rowsInserted.connect(self._expand_matches)
        theme.of().theme_changed.connect(self._themed)
        self.expand_defaults()

    def _themed(self, *_scheme: str) -> None:
        viewport = self.tree.viewport()
        if viewport is not None:
            viewport.update()

    # -- selecting ---------------------------------------------------------

    def show_outline(self, outline: "Outline", drafts: list[Draft], shown: Target | None) -> None:
        """Show an outline with the current page selected; page and filter do not change."""
        with self._suppress_navigation():
            self.model.set_outline(outline, drafts)
            self.proxy.look_again()
        self._shown = shown or self._shown
        if self._expansion_is_default:
            self._collapse_large_folders()
        self._select_shown()

    def _collapse_large_folders(self) -> None:
        """Collapse folders with many objects once; they stay open when expanded again by hand."""
        long = [
            node
            for node in self._nodes()
            if node.kind is not None and len(node.children) > MAX_EXPANDED_CHILDREN
        ]
        for node in long:
            self.tree.setExpanded(self._index(node), False)
        self._expansion_is_default = not any(node.children for node in self._nodes() if node.kind is not None)

    def show_server_items(self, kind: Kind, found: ServerItems | None) -> None:
        """Show items of servers among the objects of a kind, and how many there are; the shown page stays selected."""
        with self._suppress_navigation():
            self.model.set_server_items(kind, found)
            self.proxy.look_again()
        if self._expansion_is_default:
            self._collapse_large_folders()
        self._select_shown()

    def show_filters(self, saved: list[tuple[str, str]], counts: dict[str, str]) -> None:
        """Show filters and their counts below the requests; the shown page stays selected."""
        with self._suppress_navigation():
            self.model.set_filters(saved, counts)
            self.proxy.look_again()
        self._select_shown()

    def select(self, target: Target, *, reveal: bool = True) -> None:
        """Select the node of a page without opening it again; `reveal` clears a filter that hides it."""
        self._shown = target
        node = self.model.node_of(target)
        index = QModelIndex() if node is None else self._index(node)
        if node is not None and not index.isValid() and reveal:
            self.filter.clear()
            index = self._index(node)
        selection = self.tree.selectionModel()
        if selection is None or (index.isValid() and index == self.tree.currentIndex()):
            return
        with self._suppress_navigation():
            # Nothing is selected when the page has no row: else F2 and Delete would mean its neighbour.
            # Scrolling to a row opens the folders above it, which is for those to decide who closed them.
            self.tree.setAutoScroll(reveal)
            selection.setCurrentIndex(index, QItemSelectionModel.SelectionFlag.ClearAndSelect)
            self.tree.setAutoScroll(True)
        if reveal and index.isValid():
            self.tree.scrollTo(index)

    def _select_shown(self) -> None:
        if self._shown is not None:
            self.select(self._shown, reveal=False)

    @contextlib.contextmanager
    def _suppress_navigation(self) -> Iterator[None]:
        """Prevent programmatic changes of the current row from opening pages."""
        before, self._quiet = self._quiet, True
        try:
            yield
        finally:
            self._quiet = before

    def natural_width(self) -> int:
        """Return the width in pixels at which no visible name is cut off."""
        return self.tree.sizeHintForColumn(0) + 2

    def current(self) -> Node | None:
        """Return the selected node."""
        node: Node | None = self.tree.currentIndex().data(Role.NODE)
        return node

    def refuse(self, node: Node, name: str, error: InvalidError) -> None:
        """Edit a name again that the store refused, with the reason."""
        self.edit(node, name, rejection_text(error))

    def edit(self, node: Node, text: str = "", error: str = "") -> None:
        """Start renaming a node in place; with `text` and `error`, continue with a refused name."""
        index = self.proxy.mapFromSource(self.model.index_of(node))
        self.tree.setFocus(Qt.FocusReason.OtherFocusReason)
        self.tree.edit(index)
        lines = self.tree.findChildren(NameEditor)
        if text and lines:
            lines[-1].setText(text)
            lines[-1].show_error(error)

    def _current_changed(self, current: QModelIndex, _previous: QModelIndex) -> None:
        node = current.data(Role.NODE)
        if node is not None and not self._quiet and not self.tree.receiving_focus:
            self.chosen.emit(node.target)

    # -- filtering ---------------------------------------------------------

    def _filter(self, text: str) -> None:
        wanted = text.strip()
        opened = self._before_filter
        if not wanted:
            self._before_filter = None
        elif opened is None:
            self._before_filter = self.expanded()
        with self._suppress_navigation():
            self.proxy.set_filter_text(wanted)
        if wanted:
            self._expand_matches()
        elif opened is not None:
            self._open(opened)
        self._select_shown()

    def _expand_matches(self) -> None:
        """Expand every folder while a filter is set; `expandAll` of Qt would visit every object as well."""
        if self._before_filter is not None:
            self._open({node.key for node in self._nodes()})

    def _open_first_match(self) -> None:
        """Open the first visible row whose own name matches."""
        needle = fold_text(self.filter.text().strip())
        index = self.proxy.index(0, 0)
        while needle and index.isValid():
            node: Node = index.data(Role.NODE)
            if needle in fold_text(node.text):
                self.chosen.emit(node.target)
                return
            index = self.tree.indexBelow(index)

    def _enter_tree(self) -> None:
        self.tree.setFocus(Qt.FocusReason.OtherFocusReason)
        if not self.tree.currentIndex().isValid():
            self.tree.setCurrentIndex(self.proxy.index(0, 0))

    # -- what is open ------------------------------------------------------

    def expanded(self) -> set[str]:
        """Return the keys of the expanded nodes, without those expanded by a filter."""
        if self._before_filter is not None:
            return set(self._before_filter)
        return {node.key for node in self._nodes() if self.tree.isExpanded(self._index(node))}

    def restore(self, keys: set[str]) -> None:
        """Expand exactly these nodes, as they were left."""
        self._expansion_is_default = False
        self._open(keys)

    def _open(self, keys: set[str]) -> None:
        for node in self._nodes():
            self.tree.setExpanded(self._index(node), node.key in keys)

    def expand_defaults(self) -> None:
        """Expand what is expanded at the first start; folders with many objects stay collapsed."""
        self._expansion_is_default = True
        self._open({n.key for n in self._nodes() if n.place is not None and n.place.expanded})

    def _nodes(self) -> list[Node]:
        found: list[Node] = []
        stack = [self.model._root]  # noqa: SLF001 -- model and view are two halves of one part
        while stack:
            node = stack.pop()
            found += node.children
            stack += node.children
        return [n for n in found if n.children or n.place is not None]

    def _index(self, node: Node) -> QModelIndex:
        return self.proxy.mapFromSource(self.model.index_of(node))
