"""What a chain diagram shows: its tiles and their states. No Qt here, so that presenters can use it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from models.translation_marks import tr_later

UNKNOWN_TEXT = tr_later("Cannot see")
"""The word of a link that cannot be seen from here."""


class TileState(StrEnum):
    """How one link of a chain is."""

    GOOD = "good"
    BROKEN = "broken"
    UNKNOWN = "unknown"
    """It cannot be seen from here; never shown as good."""
    TODO = "todo"
    RUNNING = "running"
    MISSING = "missing"
    """The object does not exist yet; its tile is dashed."""


@dataclass(frozen=True, slots=True)
class ChainTile:
    """One link: icon, kind and name of the object, its state and the word for it."""

    icon: str
    kind: str
    name: str
    state: TileState
    state_text: str


def first_broken(tiles: Sequence[ChainTile]) -> int:
    """Return the place of the first broken link, or -1."""
    return next((place for place, tile in enumerate(tiles) if tile.state is TileState.BROKEN), -1)
