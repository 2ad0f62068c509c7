"""Nodes in a tree, as an item model with one column whose rows are inserted, removed and moved in narrow steps."""

import uuid
from bisect import bisect_left
from collections.abc import Container
from typing import Any

from PyQt6.QtCore import QAbstractItemModel, QModelIndex, QObject

from console.navigation.tree_definition import FixedNode
from console.runtime.page_targets import Target
from models.kinds import Kind

ROOT = QModelIndex()


class Node:
    """One row. The model keeps every node alive: an index only borrows it."""

    __slots__ = (
        "badge",
        "badge_words",
        "children",
        "count",
        "count_words",
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
        self.count_words = ""
        """What the count means, where that is not plain."""
        self.badge = ""
        self.badge_words = ""
        """What the badge means, where that is more than its word."""
        self.draft = False
        self.stored = False
        self.saved_filter = ""
        """The key of the saved filter that the node represents."""

    @property
    def is_root(self) -> bool:
        """Whether the node is at the top level, which is drawn in semibold."""
        return self.parent is not None and self.parent.parent is None


class NodeTree(QAbstractItemModel):
    """The structure of a tree of nodes: indexes, lookup by key, and changes of rows. Derived classes supply the data."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._root = Node("", "", "", Target(""))
        self._by_key: dict[str, Node] = {}

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

    # -- finding -----------------------------------------------------------

    def node(self, key: str) -> Node | None:
        """Return the node with a key, or None."""
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

    # -- changes of rows ---------------------------------------------------

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
