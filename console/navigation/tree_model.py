"""The model of the navigation tree: fixed nodes, and below them the objects of each kind as stored."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING

from PyQt6.QtCore import QModelIndex, QObject, Qt, pyqtSignal

from console.navigation.node_tree import Node, NodeTree
from console.navigation.request_places import FILTER_TAB_PREFIX, filter_node_key, filter_target
from console.navigation.tree_definition import TREE, FixedNode
from console.runtime.drafts import Draft
from console.runtime.page_targets import CHAIN, POLICIES, Target
from console.widgets import plain_text
from models.kinds import KINDS, Kind
from models.translation_marks import tr_later
from services.language import number, plural, tr

if TYPE_CHECKING:
    from services.store.tree_outline import Outline

FOLDER_FLAGS = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
DRAFT_FLAGS = FOLDER_FLAGS | Qt.ItemFlag.ItemNeverHasChildren
OBJECT_FLAGS = DRAFT_FLAGS | Qt.ItemFlag.ItemIsEditable
ObjectRow = tuple[uuid.UUID, str, bool, bool]
"""An object to show: its id, its name, whether it has a draft, whether it is stored."""


@dataclass(frozen=True, slots=True)
class ServerItem:
    """An item of a server that is listed beside the objects of a kind, though it is no object here."""

    key: str
    """The key of its node."""
    name: str
    target: Target


@dataclass(frozen=True, slots=True)
class ServerItems:
    """What servers have of a kind: how many items, and those that are listed."""

    count: int
    items: tuple[ServerItem, ...] = ()


class Role(IntEnum):
    """Data roles of the delegate and the window."""

    NODE = Qt.ItemDataRole.UserRole + 1
    KEY = Qt.ItemDataRole.UserRole + 2


def object_key(kind: str, object_id: uuid.UUID) -> str:
    """Return the key of an object's node."""
    return f"{kind}:{object_id}"


class TreeModel(NodeTree):
    """Fixed nodes and objects. Updated from outlines and drafts; emits narrow changes, never a reset."""

    renamed = pyqtSignal(object, str)
    """A node was renamed in place: node, new name."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._badges: dict[str, dict[str, str]] = {}
        """Badges by group and key, whether or not their nodes are in the tree yet."""
        self._badge_words: dict[str, dict[str, str]] = {}
        """What badges mean, by group and key, where that is more than their words."""
        self._server_items: dict[Kind, ServerItems] = {}
        """What servers have of each kind; without an entry while none was asked."""
        self._object_rows: dict[Kind, list[ObjectRow]] = {kind: [] for kind in Kind}
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

    def set_outline(self, outline: "Outline", drafts: list[Draft]) -> None:
        """Show the objects of `outline`, and those that exist only as drafts: new ones, and ones deleted by others."""
        found: dict[Kind, list[ObjectRow]] = {kind: [] for kind in Kind}
        kept = {(str(d.kind), d.id): d for d in drafts}
        for row in outline.rows:
            found[row.kind].append((row.id, row.name, (str(row.kind), row.id) in kept, True))
        known = {(str(r.kind), r.id) for r in outline.rows}
        for (kind, object_id), draft in kept.items():
            if (kind, object_id) not in known:
                found[Kind(kind)].append((object_id, str(draft.values.get("name", "")), True, False))
        self._object_rows = found
        for kind in found:
            self._sync(kind)
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

    def set_server_items(self, kind: Kind, found: ServerItems | None) -> None:
        """Show items of servers among the objects of a kind, and count what the servers have; None where that is unknown."""
        if found is None:
            self._server_items.pop(kind, None)
        else:
            self._server_items[kind] = found
        self._sync(kind)

    def _sync(self, kind: Kind) -> None:
        """Show the objects of a kind, and what servers have of it, in the order of their names."""
        folder, items = self._by_key[kind.value], self._server_items.get(kind)
        wanted = {object_key(kind, row[0]): row[1:] for row in self._object_rows[kind]}
        others = {} if items is None else {one.key: one for one in items.items}
        wanted |= {key: (one.name, False, True) for key, one in others.items()}
        wanted = dict(sorted(wanted.items(), key=lambda entry: entry[1][0].casefold()))
        self._remove_others(folder, wanted)
        self._order(folder, [self._by_key[key] for key in wanted if key in self._by_key])
        for node in list(folder.children):
            text, draft, stored = wanted[node.key]
            if (node.text, node.draft, node.stored) != (text, draft, stored):
                node.text, node.draft, node.stored = text, draft, stored
                self._changed(node)
        ids = {object_key(kind, row[0]): row[0] for row in self._object_rows[kind]}
        shown = []
        for key, (text, draft, stored) in wanted.items():
            known = self._by_key.get(key)
            if known is not None:
                shown.append(known)
            else:
                target = others[key].target if key in others else Target(str(kind), ids[key])
                node = Node(key, text, KINDS[kind].icon, target)
                node.draft, node.stored, node.parent = draft, stored, folder
                if key in ids:
                    node.kind, node.object_id = kind, ids[key]
                shown.append(node)
        self._insert_missing(folder, shown)
        self._count(kind)

    def _count(self, kind: Kind) -> None:
        """Count what the servers have of a kind; where that is unknown, its objects."""
        folder, items, here = (
            self._by_key[kind.value],
            self._server_items.get(kind),
            len(self._object_rows[kind]),
        )
        folder.count_words = (
            ""
            if items is None
            else tr(
                "{count} on Privilege Manager, {here} managed here",
                count=number(items.count),
                here=number(here),
            )
        )
        self._set_count(folder.key, number(here if items is None else items.count))

    def _insert_missing(self, folder: Node, wanted: list[Node]) -> None:
        """Insert those of the nodes that are missing, each run of neighbours in one step."""
        run: list[Node] = []
        for place, node in enumerate(wanted):
            if node.key in self._by_key:
                self._insert(folder, run, place - len(run))
                run = []
                continue
            node.badge, node.badge_words = self._badge_of(node.key)
            run.append(node)
        self._insert(folder, run, len(wanted) - len(run))

    def set_badges(
        self, badges: dict[str, str], group: str = "servers", words: Mapping[str, str] | None = None
    ) -> None:
        """Show exactly these badges of a group of nodes; they also apply to nodes that are added later.

        A node with badges of several groups shows the worst. `words` say what they mean, in tooltips and to screen readers.
        """
        keys = {**self._badges.get(group, {}), **badges}
        self._badges[group], self._badge_words[group] = dict(badges), dict(words or {})
        for key in keys:
            self._show_badge(key)

    def set_badge(self, key: str, badge: str) -> None:
        """Show a badge at a node; an empty text removes it."""
        single = self._badges.setdefault("", {})
        single.pop(key, None)
        if badge:
            single[key] = badge
        self._show_badge(key)

    def _badge_of(self, key: str) -> tuple[str, str]:
        """Return the worst badge of a node, and what its badges mean."""
        badges = [found[key] for found in self._badges.values() if found.get(key)]
        words = [found[key] for found in self._badge_words.values() if found.get(key)]
        return max(badges, key=lambda badge: BADGE_RANKS.get(badge, 0), default=""), ", ".join(words)

    def _show_badge(self, key: str) -> None:
        node, badge, words = self._by_key.get(key), *self._badge_of(key)
        if node is not None and (node.badge, node.badge_words) != (badge, words):
            node.badge, node.badge_words = badge, words
            while node is not None and node is not self._root:
                self._changed(node)
                node = node.parent

    def _set_count(self, key: str, count: str) -> None:
        node = self._by_key[key]
        if node.count != count:
            node.count = count
            self._changed(node)

    # -- finding -----------------------------------------------------------

    def node_of(self, target: Target) -> Node | None:
        """Return the node whose page a target is, or None."""
        if target.tab.startswith(FILTER_TAB_PREFIX):
            part = self._by_key.get(filter_node_key(target.tab.removeprefix(FILTER_TAB_PREFIX)))
            if part is not None:
                return part
        kind = target.kind
        if target.kind == POLICIES and target.tab:
            listed = self._by_key.get(f"{POLICIES}/{target.tab}")
            if listed is not None:
                return listed
        guided = next((one for one, definition in KINDS.items() if definition.guide == target.kind), None)
        if guided is not None:
            kind = guided.value
        elif target.head == CHAIN:
            kind = target.kind.partition(":")[2]
        key = object_key(kind, target.id) if target.id else kind.removeprefix("folder:")
        return self._by_key.get(key)


BADGE_LABELS = {
    "good": tr_later("good"),
    "notice": tr_later("warning"),
    "bad": tr_later("failed"),
    "off": tr_later("not known"),
}
"""Labels of the badges."""
BADGE_RANKS = {"": 0, "off": 1, "good": 2, "notice": 3, "bad": 4}
"""Which badge is shown of several: the one with the highest rank."""


def _description(node: Node) -> str:
    parts = [node.text]
    if node.draft:
        parts.append(tr("draft, not saved"))
    if node.badge:
        parts.append(tr(BADGE_LABELS.get(node.badge, node.badge)))
        if node.badge_words:
            parts.append(node.badge_words)
    elif node.children and (hidden := worst_badge(node)):
        parts.append(tr("{state} inside", state=tr(BADGE_LABELS.get(hidden, hidden))))
    if node.count:
        parts.append(node.count_words or node.count)
    return ", ".join(parts)


def worst_badge(node: Node) -> str:
    """Return the worst badge of a closed node and the nodes it hides."""
    badges = [node.badge]
    stack = list(node.children)
    while stack:
        child = stack.pop()
        badges.append(child.badge)
        stack.extend(child.children)
    worst = max(badges, key=lambda badge: BADGE_RANKS.get(badge, 0))
    return worst if worst in ("notice", "bad") else node.badge
