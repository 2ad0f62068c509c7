"""Where each kind of object stands in the tree, as its page shows it above the title."""

from console.navigation.registry import TREE, Place
from console.targets import Target
from models.kinds import Kind
from services.language import tr

Way = tuple[tuple[str, str], ...]
"""The folders from the root of the tree downwards: what each is called, and its name in targets."""


def _ways(places: tuple[Place, ...], above: Way = ()) -> dict[Kind, Way]:
    found: dict[Kind, Way] = {}
    for place in places:
        way = (*above, (place.text, place.key))
        if place.kind is not None:
            found[place.kind] = way
        found |= _ways(place.children, way)
    return found


PLACES = _ways(TREE)
"""The way to the objects of each kind, read off the tree."""


def _target(folder: str) -> Target:
    return Target(f"folder:{folder}")


def place_of(kind: Kind) -> list[tuple[str, Target | None]]:
    """Return the way from the root to the objects of a kind: texts with the targets that a click opens."""
    return [(tr(text), _target(folder)) for text, folder in PLACES[kind]]


def _all(places: tuple[Place, ...] = TREE, above: tuple[Place, ...] = ()) -> dict[str, tuple[Place, ...]]:
    found: dict[str, tuple[Place, ...]] = {}
    for place in places:
        way = (*above, place)
        found[place.key] = way
        found |= _all(place.children, way)
    return found


_BY_KEY = _all()
"""The way to every node, itself included, by its key."""


def place_of_folder(folder: str) -> list[tuple[str, Target | None]]:
    """Return the way from the root to the parent of a node; raises KeyError for an unknown one."""
    return [(tr(place.text), place.target) for place in _BY_KEY[folder][:-1]]


def title_of_folder(folder: str) -> str:
    """Return what a node is called; raises KeyError for an unknown one."""
    return tr(_BY_KEY[folder][-1].text)


def children_of(folder: str) -> list[tuple[str, Target]]:
    """Return what stands right inside a folder, in the order of the tree."""
    return [(tr(place.text), place.target) for place in _BY_KEY[folder][-1].children]
