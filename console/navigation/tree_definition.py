"""The fixed nodes of the navigation tree, and what can be derived from them: breadcrumbs, titles, contents of folders.

Folders and tasks are defined here; the node of each kind comes from `models.kinds.KINDS`.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from console.navigation.request_places import BUILT_IN_FILTERS, TREE_FILTERS, filter_node_key, filter_target
from console.runtime.page_targets import FOLDER, Target
from models.kinds import KINDS, Kind
from models.translation_marks import tr_later
from services.language import tr

NEW_TEXT = tr_later("New")
Breadcrumb = list[tuple[str, Target | None]]
"""The path to a page from the root of the tree: texts, with the targets that a click opens."""


@dataclass(frozen=True, slots=True)
class FixedNode:
    """A fixed node of the tree.

    `page` says that the node has a page of its own instead of a list of its children, `kind` that it lists the objects
    of a kind. `new` is the path through the context menu to the command that creates an object here.
    `target_override` is the target of a node that opens a part of another page.
    """

    key: str
    text: str
    icon: str
    children: tuple["FixedNode", ...] = ()
    expanded: bool = False
    kind: Kind | None = None
    new: tuple[str, ...] = ()
    page: bool = False
    target_override: Target | None = None

    @property
    def target(self) -> Target:
        """The page of this node."""
        if self.target_override is not None:
            return self.target_override
        return Target(self.key if self.page else f"{FOLDER}:{self.key}")


def _kind_nodes(folder: str) -> tuple[FixedNode, ...]:
    """Return the nodes of the kinds that belong in a folder, in the order of the kinds."""
    located = [(kind, definition) for kind, definition in KINDS.items() if definition.tree.folder == folder]
    return tuple(
        FixedNode(
            kind.value,
            definition.tree.text,
            definition.tree.icon,
            expanded=definition.tree.expanded,
            kind=kind,
            new=(NEW_TEXT, *definition.tree.new_menu),
        )
        for kind, definition in sorted(located, key=lambda entry: entry[1].tree.position)
    )


def _folder(key: str, text: str, icon: str, *children: FixedNode, expanded: bool = True) -> FixedNode:
    """Return a folder: the children given here, then the nodes of kinds that belong in it."""
    return FixedNode(key, text, icon, (*_kind_nodes(key), *children), expanded=expanded)


TREE: tuple[FixedNode, ...] = (
    FixedNode("home", "Home", "home", page=True),
    _folder(
        "tasks",
        "Tasks",
        "tasks",
        _folder(
            "workflow",
            "Workflow",
            "folder",
            _folder("automation", "Automation", "folder", _folder("approvals", "Approvals", "folder")),
        ),
        _folder(
            "server_tasks",
            "Server Tasks",
            "folder",
            _folder(
                "server_tasks_foreign_systems",
                "Foreign Systems",
                "folder",
                _folder(
                    "server_tasks_servicenow",
                    "ServiceNow",
                    "folder",
                    FixedNode("provisioning", "Create ServiceNow Approval Request Items", "tasks", page=True),
                    expanded=False,
                ),
                expanded=False,
            ),
            expanded=False,
        ),
    ),
    _folder("policies", "Policies", "shield"),
    _folder(
        "configuration",
        "Configuration",
        "sliders",
        _folder("foreign_systems", "Foreign Systems", "globe"),
        FixedNode("deleted", "Deleted objects", "bin", page=True),
    ),
    FixedNode(
        "requests",
        "Requests",
        "tray",
        tuple(
            FixedNode(filter_node_key(key), name, "funnel", target_override=filter_target(key))
            for key, name in BUILT_IN_FILTERS
            if key in TREE_FILTERS
        ),
        expanded=True,
        page=True,
    ),
)


def all_nodes(nodes: tuple[FixedNode, ...] = TREE) -> Iterator[FixedNode]:
    """Yield every node in the order of the tree."""
    for node in nodes:
        yield node
        yield from all_nodes(node.children)


def find_page_nodes() -> tuple[FixedNode, ...]:
    """Return the nodes below the roots that have a page of their own."""
    return tuple(node for node in all_nodes() if node.page and node not in TREE)


def kinds_in_tree() -> list[Kind]:
    """Return the kinds in the order of the tree."""
    return [node.kind for node in all_nodes() if node.kind is not None]


@cache
def _paths() -> dict[str, tuple[FixedNode, ...]]:
    """Return the nodes from the root to each node, itself included, by its key."""
    found: dict[str, tuple[FixedNode, ...]] = {}

    def collect(nodes: tuple[FixedNode, ...], above: tuple[FixedNode, ...]) -> None:
        for node in nodes:
            found[node.key] = (*above, node)
            collect(node.children, found[node.key])

    collect(TREE, ())
    return found


def _breadcrumb(nodes: tuple[FixedNode, ...]) -> Breadcrumb:
    return [(tr(node.text), node.target) for node in nodes]


def kind_breadcrumb(kind: Kind) -> Breadcrumb:
    """Return the path from the root to the list of a kind."""
    return _breadcrumb(_paths()[kind.value])


def folder_breadcrumb(folder: str) -> Breadcrumb:
    """Return the path from the root to the parent of a node; raises KeyError for an unknown key."""
    return _breadcrumb(_paths()[folder][:-1])


def folder_title(folder: str) -> str:
    """Return the text of a node; raises KeyError for an unknown key."""
    return tr(_paths()[folder][-1].text)


def folder_children(folder: str) -> list[tuple[str, Target]]:
    """Return texts and targets of the children of a folder, in the order of the tree."""
    return [(tr(node.text), node.target) for node in _paths()[folder][-1].children]
