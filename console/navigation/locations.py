"""Where each kind of object stands in the tree, as its page shows it above the title."""

from console.navigation.tree_places import TREE, FixedNode
from console.runtime.targets import Target
from models.kinds import Kind
from services.language import tr

FolderPath = tuple[tuple[str, str], ...]
"""The folders from the root of the tree downwards: what each is called, and its name in targets."""


def _collect_kind_paths(places: tuple[FixedNode, ...], above: FolderPath = ()) -> dict[Kind, FolderPath]:
    found: dict[Kind, FolderPath] = {}
    for place in places:
        way = (*above, (place.text, place.key))
        if place.kind is not None:
            found[place.kind] = way
        found |= _collect_kind_paths(place.children, way)
    return found


KIND_PATHS = _collect_kind_paths(TREE)
"""The way to the objects of each kind, read off the tree."""


def _folder_target(folder: str) -> Target:
    return Target(f"folder:{folder}")


def kind_breadcrumb(kind: Kind) -> list[tuple[str, Target | None]]:
    """Return the way from the root to the objects of a kind: texts with the targets that a click opens."""
    return [(tr(text), _folder_target(folder)) for text, folder in KIND_PATHS[kind]]


def _collect_paths(
    places: tuple[FixedNode, ...] = TREE, above: tuple[FixedNode, ...] = ()
) -> dict[str, tuple[FixedNode, ...]]:
    found: dict[str, tuple[FixedNode, ...]] = {}
    for place in places:
        way = (*above, place)
        found[place.key] = way
        found |= _collect_paths(place.children, way)
    return found


_PATHS_BY_KEY = _collect_paths()
"""The way to every node, itself included, by its key."""


def folder_breadcrumb(folder: str) -> list[tuple[str, Target | None]]:
    """Return the way from the root to the parent of a node; raises KeyError for an unknown one."""
    return [(tr(place.text), place.target) for place in _PATHS_BY_KEY[folder][:-1]]


def folder_title(folder: str) -> str:
    """Return what a node is called; raises KeyError for an unknown one."""
    return tr(_PATHS_BY_KEY[folder][-1].text)


def folder_children(folder: str) -> list[tuple[str, Target]]:
    """Return what stands right inside a folder, in the order of the tree."""
    return [(tr(place.text), place.target) for place in _PATHS_BY_KEY[folder][-1].children]
