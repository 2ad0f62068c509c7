"""The badges of what runs out, at credentials and servers in the tree."""

from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject

from console.expiries.expiry_texts import STATE_SHAPES, sentence
from console.expiries.expiry_watch import ExpiryWatch
from console.navigation.tree_model import TreeModel, object_key

if TYPE_CHECKING:
    from services.expiries.calendar import Expiry

GROUP = "expiries"
BADGE_STATES = ("bad", "warning", "notice", "unreadable")
"""The states that have a badge, the most urgent first."""


class ExpiryBadges(QObject):
    """Shows the most urgent entry of each object; a screen reader and the tooltip say what it is."""

    def __init__(self, watch: ExpiryWatch, model: TreeModel) -> None:
        super().__init__(model)
        self._watch, self._model = watch, model
        watch.changed.connect(self._show)

    def _show(self) -> None:
        urgent: dict[str, list[Expiry]] = {}
        for entry in self._watch.entries or ():
            if entry.state in BADGE_STATES:
                key = object_key(entry.fact.object_kind.value, entry.fact.object_id)
                urgent.setdefault(key, []).append(entry)
        for entries in urgent.values():
            entries.sort(key=lambda entry: BADGE_STATES.index(entry.state))
        self._model.set_badges(
            {key: STATE_SHAPES[entries[0].state] for key, entries in urgent.items()},
            GROUP,
            {key: ", ".join(map(sentence, entries)) for key, entries in urgent.items()},
        )
