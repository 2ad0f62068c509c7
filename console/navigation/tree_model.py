"""The model of the navigation tree: fixed nodes, and below them the objects of each kind as stored."""

import uuid
from bisect import bisect_left
from collections.abc import Container
from enum import IntEnum
from typing import Any

from PyQt6.QtCore import QAbstractItemModel, QModelIndex, QObject, Qt, pyqtSignal

from console.navigation.request_places import FILTER_TAB_PREFIX, filter_node_key, filter_target
from console.navigation.tree_definition import TREE, FixedNode
from console.runtime.drafts import Draft
from console.runtime.page_targets import Target
from console.widgets import plain_text
from models.kinds import KINDS, Kind
from models.translation_marks import tr_later
from services.language import number, plural, tr
from services.store.tree_outline import Outline

ROOT = QModelIndex()
FOLDER_FLAGS = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
DRAFT_FLAGS = FOLDER_FLAGS | Qt.ItemFlag.ItemNeverHasChildren
OBJECT_FLAGS = DRAFT_FLAGS | Qt.ItemFlag.ItemIsEditable
ObjectRow = tuple[uuid.UUID, str, bool, bool]
"""An object to show: its id, its name, whether it has a draft, whether it is stored."""


class Role(IntEnum):
    """Data roles of the delegate and the window."""

    NODE = Qt.ItemDataRole.UserRole + 1
    KEY = Qt.ItemDataRole.UserRole + 2


class Node:
    """One row. The model keeps every node alive: an index only borrows it."""

    __slots__ = (
        "badge",
        "children",
        "count",
        "draft",
        "icon",
        "key",
        "kind",
        "object_id",
        "parent",
        "place",
        "row",
        "saved_filter",
        "stored",
        "target",
        "text",
    )

    def __init__(self, key: str, text: str, icon: str, target: Target) -> None:
        self.key, self.text, self.icon, self.target = key, text, icon, target
        self.parent: Node | None = None
        self.row = 0
        self.children: list[Node] = []
        self.place: FixedNode | None = None
        self.kind: Kind | None = None
        self.object_id: uuid.UUID | None = None
        self.count = ""
        self.badge = ""
        self.draft = False
        self.stored = False
        self.saved_filter = ""
        """The key of the saved filter that the node represents."""

    @property
    def is_root(self) -> bool:
        """Whether the node is at the top level, which is drawn in semibold."""
        return self.parent is not None and self.parent.parent is None


def object_key(kind: str, object_id: uuid.UUID) -> str:
    """Return the key of an object's node."""
    return f"{kind}:{object_id}"


class TreeModel(QAbstractItemModel):
    """Fixed nodes and objects. Updated from outlines and drafts; emits narrow changes, never a reset."""

    renamed = pyqtSignal(object, str)
    """A node was renamed in place: node, new name."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._root = Node("", "", "", Target(""))
        self._by_key: dict[str, Node] = {}
        self._badges: dict[str, str] = {}
        """Badges of objects by key, whether or not they are in the tree yet."""
        for place in TREE:
            self._place(place, self._root)

    def _place(self, place: FixedNode, parent: Node) -> None:
        node = Node(place.key, tr(place.text), place.icon, place.target)
        node.place, node.kind = place, place.kind
        node.parent, node.row = parent, len(parent.children)
        parent.children.append(node)
        self._by_key[node.key] = node
        for child in place.children:
            self._place(child, node)

    # -- structure ---------------------------------------------------------

    def index(self, row: int, column: int, parent: QModelIndex = ROOT) -> QModelIndex:
        """Return the index of a child."""
        siblings = self._node(parent).children
        if column != 0 or parent.column() > 0 or not 0 <= row < len(siblings):
            return QModelIndex()
        return self.createIndex(row, column, siblings[row])

    def parent(self, child: QModelIndex | None = None) -> Any:  # Any: Qt has two methods of this name
        """Return the index of a parent; without an index the parent of this QObject, which Qt gives the same name."""
        index = child
        if index is None:
            return super().parent()
        node = self._node(index).parent
        return QModelIndex() if node is None else self.index_of(node)

    def rowCount(self, parent: QModelIndex = ROOT) -> int:
        """Return how many children there are."""
        return 0 if parent.column() > 0 else len(self._node(parent).children)

    def columnCount(self, parent: QModelIndex = ROOT) -> int:
        """Return 1."""
        del parent
        return 1

    def flags(self, index: QModelIndex) -> Qt.ItemFlag:
        """Let objects be renamed in place; a draft is renamed on its page."""
        if not index.isValid():
            return Qt.ItemFlag.NoItemFlags
        node: Node = index.internalPointer()
        if node.saved_filter:
            return OBJECT_FLAGS
        if node.object_id is None:
            return FOLDER_FLAGS
        return DRAFT_FLAGS if node.draft else OBJECT_FLAGS

    # -- content -----------------------------------------------------------

    def data(self, index: QModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return text, accessible text, tooltip, key or the node itself."""
        if not index.isValid():
            return None
        node = self._node(index)
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return plain_text.one_line(node.text)
            case Qt.ItemDataRole.EditRole:
                return node.text
            case Qt.ItemDataRole.AccessibleTextRole:
                return plain_text.one_line(_description(node))
            case Qt.ItemDataRole.ToolTipRole:
                return plain_text.tooltip(_description(node))
            case Role.NODE:
                return node
            case Role.KEY:
                return node.key
        return None

    def setData(self, index: QModelIndex, value: object, role: int = Qt.ItemDataRole.EditRole) -> bool:
        """Emit `renamed`; the row changes once the store has the name."""
        if role != Qt.ItemDataRole.EditRole or not index.isValid():
            return False
        node, name = self._node(index), str(value).strip()
        if name and name != node.text:
            self.renamed.emit(node, name)
        return True

    # -- feeding -----------------------------------------------------------

    def set_outline(self, outline: Outline, drafts: list[Draft]) -> None:
        """Show the objects of `outline`, and those that exist only as drafts: new ones, and ones deleted by others."""
        found: dict[Kind, list[ObjectRow]] = {kind: [] for kind in Kind}
        kept = {(str(d.kind), d.id): d for d in drafts}
        for row in outline.rows:
            found[row.kind].append((row.id, row.name, (str(row.kind), row.id) in kept, True))
        known = {(str(r.kind), r.id) for r in outline.rows}
        for (kind, object_id), draft in kept.items():
            if (kind, object_id) not in known:
                found[Kind(kind)].append((object_id, str(draft.values.get("name", "")), True, False))
        for kind, rows in found.items():
            folder = self._by_key[kind.value]
            self._sync(folder, kind, sorted(rows, key=lambda r: r[1].casefold()))
        self._set_count(
            "requests",
            plural(outline.pending, "{count} pending", "{count} pending") if outline.pending else "0",
        )

    def set_filters(self, saved: list[tuple[str, str]], counts: dict[str, str]) -> None:
        """Show the saved filters after the predefined ones, and the count of every filter."""
        folder = self._by_key["requests"]
        ready = {node.key for node in folder.children if not node.saved_filter}
        wanted = {filter_node_key(key): (key, name) for key, name in saved}
        self._remove_others(folder, ready | wanted.keys())
        for key, (saved_key, name) in wanted.items():
            node = self._by_key.get(key)
            if node is None:
                node = Node(key, name, "funnel", filter_target(saved_key))
                node.saved_filter, node.parent = saved_key, folder
                self._insert(folder, [node], len(folder.children))
            elif node.text != name:
                node.text = name
                self._changed(node)
        # The order is kept by the store: the newest is saved last.
        self._order(
            folder,
            [self._by_key[key] for key in (*(n.key for n in folder.children if n.key in ready), *wanted)],
        )
        for node in folder.children:
            self._set_count(node.key, counts.get(node.target.tab.removeprefix(FILTER_TAB_PREFIX), ""))

    def _sync(self, folder: Node, kind: Kind, rows: list[ObjectRow]) -> None:
        wanted = {object_key(kind, row[0]): row for row in rows}
        self._remove_others(folder, wanted)
        self._order(folder, [self._by_key[key] for key in wanted if key in self._by_key])
        for node in list(folder.children):
            _id, text, draft, stored = wanted[node.key]
            if (node.text, node.draft, node.stored) != (text, draft, stored):
                node.text, node.draft, node.stored = text, draft, stored
                self._changed(node)
        self._insert_missing(folder, kind, wanted)
        self._set_count(folder.key, number(len(folder.children)))

    def _remove_others(self, folder: Node, wanted: Container[str]) -> None:
        """Remove children that are not wanted, one step for each run of neighbours, from the last to the first."""
        last = len(folder.children) - 1
        while last >= 0:
            first = last
            while first >= 0 and folder.children[first].key not in wanted:
                first -= 1
            if first < last:
                self.beginRemoveRows(self.index_of(folder), first + 1, last)
                for node in folder.children[first + 1 : last + 1]:
                    del self._by_key[node.key]
                del folder.children[first + 1 : last + 1]
                _renumber(folder, first + 1)
                self.endRemoveRows()
            last = first - 1

    def _order(self, folder: Node, wanted: list[Node]) -> None:
        """Put children into the wanted order with as few moves as possible."""
        rows = [node.row for node in wanted]
        staying = _longest_increasing(rows)
        before: Node | None = None
        for node, row in zip(wanted, rows, strict=True):
            if row not in staying:
                self._move(folder, node, 0 if before is None else before.row + 1)
            before = node

    def _insert_missing(self, folder: Node, kind: Kind, wanted: dict[str, ObjectRow]) -> None:
        """Insert new children, each run of neighbours in one step."""
        run: list[Node] = []
        place = 0
        for place, (key, (object_id, name, draft, is_stored)) in enumerate(wanted.items()):
            if key in self._by_key:
                self._insert(folder, run, place - len(run))
                run = []
                continue
            node = Node(key, name, KINDS[kind].icon, Target(str(kind), object_id))
            node.kind, node.object_id, node.draft, node.stored = kind, object_id, draft, is_stored
            node.badge = self._badges.get(key, "")
            node.parent = folder
            run.append(node)
        self._insert(folder, run, place + 1 - len(run))

    def set_badges(self, badges: dict[str, str]) -> None:
        """Show exactly these badges; they also apply to objects that are added later."""
        for key in {**self._badges, **badges}:
            self.set_badge(key, badges.get(key, ""))
        self._badges = dict(badges)

    def set_badge(self, key: str, badge: str) -> None:
        """Show a badge at a node; an empty text removes it."""
        node = self._by_key.get(key)
        if node is not None and node.badge != badge:
            node.badge = badge
            while node is not None and node is not self._root:
                self._changed(node)
                node = node.parent

    def _set_count(self, key: str, count: str) -> None:
        node = self._by_key[key]
        if node.count != count:
            node.count = count
            self._changed(node)

    def _insert(self, folder: Node, nodes: list[Node], row: int) -> None:
        if not nodes:
            return
        self.beginInsertRows(self.index_of(folder), row, row + len(nodes) - 1)
        folder.children[row:row] = nodes
        self._by_key.update((node.key, node) for node in nodes)
        _renumber(folder, row)
        self.endInsertRows()

    def _move(self, folder: Node, node: Node, row: int) -> None:
        """Move a child before the one that is in `row` now."""
        parent = self.index_of(folder)
        if self.beginMoveRows(parent, node.row, node.row, parent, row):
            first = min(node.row, row)
            folder.children.insert(row - (row > node.row), folder.children.pop(node.row))
            _renumber(folder, first)
            self.endMoveRows()

    def _changed(self, node: Node) -> None:
        index = self.index_of(node)
        self.dataChanged.emit(index, index)

    # -- finding -----------------------------------------------------------

    def node(self, key: str) -> Node | None:
        """Return the node with a key, or None."""
        return self._by_key.get(key)

    def node_of(self, target: Target) -> Node | None:
        """Return the node whose page a target is, or None."""
        if target.tab.startswith(FILTER_TAB_PREFIX):
            part = self._by_key.get(filter_node_key(target.tab.removeprefix(FILTER_TAB_PREFIX)))
            if part is not None:
                return part
        key = object_key(target.kind, target.id) if target.id else target.kind.removeprefix("folder:")
        return self._by_key.get(key)

    def index_of(self, node: Node) -> QModelIndex:
        """Return the index of a node."""
        return QModelIndex() if node is self._root else self.createIndex(node.row, 0, node)

    def child(self, parent: QModelIndex, row: int) -> Node:
        """Return a child by its row."""
        return self._node(parent).children[row]

    def objects(self) -> list[Node]:
        """Return the nodes of all objects."""
        return [n for n in self._by_key.values() if n.object_id is not None]

    def _node(self, index: QModelIndex) -> Node:
        node: Node = index.internalPointer() if index.isValid() else self._root
        return node


def _renumber(folder: Node, first: int = 0) -> None:
    for row in range(first, len(folder.children)):
        folder.children[row].row = row


def _longest_increasing(numbers: list[int]) -> set[int]:
    """Return the members of a longest rising selection of different numbers, kept in their order."""
    ends: list[int] = []  # ends[n]: place of the smallest number that ends a rise of n + 1
    before: list[int] = []
    tops: list[int] = []
    for place, one in enumerate(numbers):
        length = bisect_left(tops, one)
        before.append(ends[length - 1] if length else -1)
        if length == len(ends):
            ends.append(place)
            tops.append(one)
        else:
            ends[length], tops[length] = place, one
    found = set()
    place = ends[-1] if ends else -1
    while place >= 0:
        found.add(numbers[place])
        place = before[place]
    return found


BADGE_LABELS = {
    "good": tr_later("good"),
    "notice": tr_later("warning"),
    "bad": tr_later("failed"),
    "off": tr_later("not known"),
}
"""Labels of the badges."""


def _description(node: Node) -> str:
    parts = [node.text]
    if node.draft:
        parts.append(tr("draft, not saved"))
    if node.badge:
        parts.append(tr(BADGE_LABELS.get(node.badge, node.badge)))
    elif node.children and (hidden := worst_badge(node)):
        parts.append(tr("{state} inside", state=tr(BADGE_LABELS.get(hidden, hidden))))
    if node.count:
        parts.append(node.count)
    return ", ".join(parts)


def worst_badge(node: Node) -> str:
    """Return the worst badge of a closed node and the nodes it hides."""
    rank = {"": 0, "good": 1, "notice": 2, "bad": 3}
    badges = [node.badge]
    stack = list(node.children)
    while stack:
        child = stack.pop()
        badges.append(child.badge)
        stack.extend(child.children)
    worst = max(badges, key=lambda b: rank.get(b, 0))
    return worst if worst in ("notice", "bad") else node.badge
