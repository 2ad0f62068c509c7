"""The filter, the search and the order that the Requests page shows. Imports no Qt."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from console.inbox.request_rows import DESCENDING_FIRST, SORTABLE
from console.navigation.request_places import PENDING
from models.translation_marks import tr_later

if TYPE_CHECKING:
    from services.requests.inbox.filters import Filter, NamedFilter, Sort

HOUR = 3600
TIME_RANGES: tuple[tuple[str, str], ...] = (
    ("", tr_later("Any time")),
    (str(HOUR), tr_later("Last hour")),
    (str(24 * HOUR), tr_later("Last 24 hours")),
    (str(7 * 24 * HOUR), tr_later("Last 7 days")),
    (str(30 * 24 * HOUR), tr_later("Last 30 days")),
)
"""Key (seconds as text, empty for no limit) and name of each range that the search bar offers."""


def time_range_key(seconds: int | None) -> str:
    """Return the key of the range of so many seconds, or an empty text where no range has this length."""
    key = str(seconds) if seconds is not None else ""
    return key if any(key == known for known, _ in TIME_RANGES) else ""


@dataclass(frozen=True, slots=True)
class SearchCriteria:
    """The values of the search bar. Empty texts do not restrict the list."""

    text: str = ""
    """As it is typed, with spaces around it."""
    policy: str = ""
    process: str = ""
    """Id of an Approval Process as text."""
    time: str = ""
    """A key of TIME_RANGES."""

    @classmethod
    def from_filter(cls, base: "Filter") -> "SearchCriteria":
        """Return the values that show what a filter itself restricts."""
        return cls(base.text, base.policy, str(base.process_id or ""), time_range_key(base.raised_within_s))

    @property
    def words(self) -> str:
        """The text that is searched for."""
        return self.text.strip()

    @property
    def is_active(self) -> bool:
        """Whether any value restricts the list."""
        return bool(self.words or self.policy or self.process or self.time)

    @property
    def proposed_name(self) -> str:
        """A name for a filter with these values; may be empty."""
        return " ".join(part for part in (self.words, self.policy) if part)

    def applied_to(self, base: "Filter") -> "Filter":
        """Return a filter with these values in place of its own."""
        own_time = None if time_range_key(base.raised_within_s) else base.raised_within_s
        return replace(
            base,
            text=self.words,
            policy=self.policy,
            process_id=uuid.UUID(self.process) if self.process else None,
            raised_within_s=int(self.time) if self.time else own_time,
        )


class KnownFilters(Protocol):
    """The filters that are known so far."""

    @property
    def filters_by_key(self) -> "Mapping[str, NamedFilter]":
        """Every filter; empty until they were read."""


class ListCriteria:
    """Which filter is shown, whether the search bar already has its values, and the order chosen for each filter."""

    def __init__(self, filters: KnownFilters) -> None:
        self._filters = filters
        self.key = PENDING
        self._search_key = PENDING
        """The filter whose own values the search bar shows."""
        self._sorts: dict[str, Sort] = {}

    @property
    def needs_search_values(self) -> bool:
        """Whether the search bar does not show the values of the chosen filter yet."""
        return self._search_key != self.key

    def search_values(self, key: str) -> SearchCriteria:
        """Return the values that the search bar is to show for a filter; none while the filter is not known."""
        named = self._filters.filters_by_key.get(key)
        if named is None:
            return SearchCriteria()
        self._search_key = key
        return SearchCriteria.from_filter(named.filter)

    def choose_without_search(self, key: str) -> None:
        """Choose a filter whose search values are already cleared."""
        self.key = self._search_key = key

    def filter(self, search: SearchCriteria) -> "Filter":
        """Return the chosen filter with the values of the search bar."""
        return search.applied_to(self._filters.filters_by_key[self.key].filter)

    def sort(self) -> "Sort":
        """Return the order of the list."""
        return self._sorts.get(self.key) or self._filters.filters_by_key[self.key].sort

    def sort_by(self, column: int) -> bool:
        """Sort by a column, or reverse the order if it is sorted by it already; returns False if it cannot be sorted."""
        name = SORTABLE.get(column)
        if name is None or not self._filters.filters_by_key:
            return False
        now = self.sort()
        descending = not now.descending if now.column == name else column in DESCENDING_FIRST
        self._sorts[self.key] = replace(now, column=name, descending=descending)
        return True
