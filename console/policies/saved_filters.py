"""Filters of the list of policies that a person has saved, in the settings of the window. Knows no Qt."""

import json
from dataclasses import asdict, dataclass
from typing import Protocol

from console.policies.policy_rows import Criteria, PolicyFilter

SETTING, KEY_PREFIX = "policy_filters", "saved:"


class TextSettings(Protocol):
    """Where texts are kept."""

    def text(self, key: str, default: str = "") -> str:
        """Return a text."""

    def set_text(self, key: str, value: str) -> None:
        """Store a text."""


@dataclass(frozen=True, slots=True)
class SavedFilter:
    """Criteria with a name."""

    name: str
    criteria: Criteria

    @property
    def key(self) -> str:
        """The key of its chip."""
        return f"{KEY_PREFIX}{self.name}"


class SavedFilters:
    """The filters in their order. Without settings they last as long as the page."""

    def __init__(self, settings: TextSettings | None) -> None:
        self._settings = settings
        self.filters = _read(settings.text(SETTING)) if settings is not None else []

    @property
    def chips(self) -> list[tuple[str, str]]:
        """Key and name of each."""
        return [(one.key, one.name) for one in self.filters]

    def find(self, key: str) -> SavedFilter | None:
        """Return a filter by the key of its chip."""
        return next((one for one in self.filters if one.key == key), None)

    def add(self, name: str, criteria: Criteria) -> SavedFilter:
        """Keep criteria under a name."""
        made = SavedFilter(name, criteria)
        self._keep([*(one for one in self.filters if one.name != name), made])
        return made

    def remove(self, key: str) -> None:
        """Forget a filter."""
        self._keep([one for one in self.filters if one.key != key])

    def _keep(self, filters: list[SavedFilter]) -> None:
        self.filters = filters
        if self._settings is not None:
            listed = [{"name": one.name, **asdict(one.criteria)} for one in filters]
            self._settings.set_text(SETTING, json.dumps(listed, ensure_ascii=False))


def _read(text: str) -> list[SavedFilter]:
    """Return what is stored; what another release wrote is left out."""
    try:
        listed = json.loads(text or "[]")
        return [
            SavedFilter(
                str(one["name"]),
                Criteria(
                    PolicyFilter(one["filter"]),
                    *(str(one[name]) for name in ("words", "platform", "action", "target")),
                ),
            )
            for one in listed
        ]
    except (ValueError, TypeError, KeyError):
        return []
