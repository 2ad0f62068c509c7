"""Reads for the inbox in the thread of the store: a look at a query, its pages, and the places of requests in it."""

import uuid
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from console.inbox.cell_content import utcnow
from console.inbox.table_model import PAGE_SIZE


@dataclass(slots=True)
class ListQuery:
    """A filter and an order as they are looked at, with the places that became known. `at` is the moment they count from."""

    filter: Any
    sort: Any
    at: datetime = field(default_factory=utcnow)
    anchors: list[Any] = field(default_factory=list)

    def nearest_anchor(self, start: int) -> Any:
        """Return the known place next before a row, or None."""
        place = bisect_right(self.anchors, start, key=lambda anchor: anchor.at)
        return self.anchors[place - 1] if place else None

    def learn(self, anchors: Iterable[Any]) -> None:
        """Remember places."""
        known = {anchor.at: anchor for anchor in self.anchors} | {anchor.at: anchor for anchor in anchors}
        self.anchors = [known[at] for at in sorted(known)]

    def restarted(self) -> "ListQuery":
        """Return the same query as of now; what was known of its places does not count any more."""
        return ListQuery(self.filter, self.sort)


@dataclass(frozen=True, slots=True)
class ViewState:
    """What a look is to find besides rows: the selected requests, the current one, and what stands at the top."""

    chosen: tuple[uuid.UUID, ...] = ()
    current: uuid.UUID | None = None
    top: uuid.UUID | None = None
    top_row: int = 0
    goal: uuid.UUID | None = None
    """A request that somebody wants to see."""
    in_sight: int = 40


@dataclass(frozen=True, slots=True)
class ListSnapshot:
    """What was found: how many rows there are, pages of them, and where the wished ones stand."""

    query: ListQuery
    count: int
    exact: bool
    complete: bool
    pages: dict[int, Sequence[Any]]
    places: dict[uuid.UUID, int]
    as_of: datetime | None
    """When its servers were polled last, the oldest of them."""
    whole: bool
    """Whether every server of the list was asked successfully the last time and hid nothing."""
    any_stored: bool
    """Whether there is any request at all, whatever the filter."""
    chosen: tuple[Any, ...] = ()
    """Those of the selected requests, and of the one to be seen, that stand in the list: in its order, as they are now."""
    unsure: frozenset[uuid.UUID] = frozenset()
    """Servers of the list whose last poll failed, or that were not polled yet."""
    faults: tuple[str, ...] = ()
    """What those that failed met, by the ids of the faults."""


def load_snapshot(inbox: Any, query: ListQuery, wish: ViewState) -> ListSnapshot:
    """Read what is in sight of a query and find the wished requests in it; blocks, for a thread."""
    count = inbox.count(query.filter, at=query.at)
    places = _find_positions(inbox, query, wish) if count.number else {}
    wanted = [key for key in dict.fromkeys((wish.goal, *wish.chosen)) if key in places]
    rows = inbox.get_many(wanted) if wanted else {}
    chosen = tuple(rows[key] for key in sorted(wanted, key=places.__getitem__) if key in rows)
    first = wish.top_row if wish.top is None else places.get(wish.top, wish.top_row)
    if wish.goal in places:
        first = max(places[wish.goal] - wish.in_sight // 2, 0)
    # Counting stops at some number of rows; a request that stands beyond it is there nevertheless.
    number = max([count.number, *(place + 1 for place in places.values())])
    first = min(first, max(number - 1, 0))
    pages: dict[int, Sequence[Any]] = {}
    complete = True
    for page in range(first // PAGE_SIZE, min(first + wish.in_sight, max(number - 1, 0)) // PAGE_SIZE + 1):
        if number:
            pages[page], whole = read_page(inbox, query, page)
            complete = complete and whole
    known = inbox.polled(query.filter)
    some = bool(number) or bool(inbox.rows(type(query.filter)(), query.sort, 0, 1).rows)
    faults = tuple(dict.fromkeys(fault for _, fault in known.failing))
    return ListSnapshot(
        query, number, count.exact, complete, pages, places, known.at, known.complete, some, chosen,
        known.unsure, faults,
    )  # fmt: skip


def _find_positions(inbox: Any, query: ListQuery, wish: ViewState) -> dict[uuid.UUID, int]:
    """Return where the wished requests stand in the list, without those that do not."""
    places = {}
    single = [key for key in (wish.goal, wish.current, wish.top) if key is not None]
    several = [key for key in wish.chosen if key not in single]
    if len(several) == 1:
        single += several
    elif several:
        places = dict(inbox.find_positions(query.filter, query.sort, several, at=query.at))
    for key in dict.fromkeys(single):
        place = inbox.find_position(query.filter, query.sort, key, at=query.at)
        if place is not None:
            places[key] = place
    return places


def read_page(inbox: Any, query: ListQuery, number: int) -> tuple[Sequence[Any], bool]:
    """Read a page of a query; returns its rows, and False where a search stopped at its newest hits; blocks."""
    start = number * PAGE_SIZE
    found = inbox.rows(query.filter, query.sort, start, PAGE_SIZE, query.nearest_anchor(start), at=query.at)
    query.learn(found.anchors)
    return found.rows, found.complete


def count_all(inbox: Any, query: ListQuery) -> int:
    """Count a query to its end; may take a while, for a thread of its own."""
    return int(inbox.count(query.filter, most=None, at=query.at).number)
