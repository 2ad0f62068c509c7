"""Reads the list in the thread of the store: a snapshot of a query, its pages, and the positions of requests in it."""

import uuid
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from console.inbox.request_rows import utcnow

if TYPE_CHECKING:
    from services.requests.inbox.filters import Filter, Sort
    from services.requests.inbox.inbox import Anchor, Inbox, RequestRow

PAGE_SIZE = 128
"""Rows of one page: a few times what a window shows, because the first page of a list is waited for."""


@dataclass(slots=True)
class ListQuery:
    """A filter and an order at one moment, with the anchors that became known. Ages count from `at`."""

    filter: "Filter"
    sort: "Sort"
    at: datetime = field(default_factory=utcnow)
    anchors: "list[Anchor]" = field(default_factory=list)

    def nearest_anchor(self, start: int) -> "Anchor | None":
        """Return the last known anchor up to a row, or None."""
        place = bisect_right(self.anchors, start, key=lambda anchor: anchor.at)
        return self.anchors[place - 1] if place else None

    def add_anchors(self, anchors: "Iterable[Anchor]") -> None:
        """Keep anchors for later reads."""
        known = {anchor.at: anchor for anchor in self.anchors} | {anchor.at: anchor for anchor in anchors}
        self.anchors = [known[at] for at in sorted(known)]

    def restarted(self) -> "ListQuery":
        """Return the same query as of now, without anchors, which are no longer valid."""
        return ListQuery(self.filter, self.sort)


@dataclass(frozen=True, slots=True)
class ViewState:
    """What a snapshot has to find besides rows: the selected, the current, the topmost and the target request."""

    selected: tuple[uuid.UUID, ...] = ()
    current: uuid.UUID | None = None
    top: uuid.UUID | None = None
    top_row: int = 0
    target: uuid.UUID | None = None
    """A request that is being opened."""
    visible_rows: int = 40


@dataclass(frozen=True, slots=True)
class ListSnapshot:
    """The result of one read: the number of rows, some pages of them, and the positions of requests."""

    query: ListQuery
    count: int
    exact: bool
    """Whether `count` is the number of all rows; counting stops at a maximum."""
    complete: bool
    """Whether no search stopped at its newest hits."""
    pages: "dict[int, Sequence[RequestRow]]"
    positions: dict[uuid.UUID, int]
    as_of: datetime | None
    """When its servers were polled last, the oldest of them."""
    complete_on_servers: bool
    """Whether the last poll of every server of the list succeeded and hid nothing."""
    any_stored: bool
    """Whether there is any request at all, whatever the filter."""
    found_rows: "tuple[RequestRow, ...]" = ()
    """The selected requests, and the target, that are in the list, in its order."""
    unpolled_servers: frozenset[uuid.UUID] = frozenset()
    """Servers of the list whose last poll failed, or that were not polled yet."""
    faults: tuple[str, ...] = ()
    """Ids of the faults of the failed polls."""
    unproven: bool = False
    """Whether it is unknown of a server if its account sees requests at all."""


def load_snapshot(inbox: "Inbox", query: ListQuery, view: ViewState) -> ListSnapshot:
    """Read the visible rows of a query and find requests in it. Blocks; for the thread of the store."""
    from services.requests.inbox.freshness import load_list_freshness

    count = inbox.count(query.filter, at=query.at)
    positions = _find_positions(inbox, query, view) if count.number else {}
    sought = dict.fromkeys((view.target, *view.selected))
    wanted = [key for key in sought if key is not None and key in positions]
    rows = inbox.get_many(wanted) if wanted else {}
    found_rows = tuple(rows[key] for key in sorted(wanted, key=positions.__getitem__) if key in rows)
    first = view.top_row if view.top is None else positions.get(view.top, view.top_row)
    if view.target in positions:
        first = max(positions[view.target] - view.visible_rows // 2, 0)
    # Counting stops at a maximum; a request beyond it is in the list nevertheless.
    number = max([count.number, *(position + 1 for position in positions.values())])
    first = min(first, max(number - 1, 0))
    pages: dict[int, Sequence[RequestRow]] = {}
    complete = True
    for page in range(
        first // PAGE_SIZE, min(first + view.visible_rows, max(number - 1, 0)) // PAGE_SIZE + 1
    ):
        if number:
            pages[page], whole = read_page(inbox, query, page)
            complete = complete and whole
    known = load_list_freshness(inbox.store, query.filter)
    any_stored = bool(number) or bool(inbox.rows(type(query.filter)(), query.sort, 0, 1).rows)
    faults = tuple(dict.fromkeys(fault for _, fault in known.failing))
    return ListSnapshot(
        query, number, count.exact, complete, pages, positions, known.at, known.complete, any_stored, found_rows,
        known.unsure, faults, bool(known.unproven),
    )  # fmt: skip


def _find_positions(inbox: "Inbox", query: ListQuery, view: ViewState) -> dict[uuid.UUID, int]:
    """Return the positions of the requests of a view, without those that are not in the list."""
    positions: dict[uuid.UUID, int] = {}
    single = [key for key in (view.target, view.current, view.top) if key is not None]
    several = [key for key in view.selected if key not in single]
    if len(several) == 1:
        single += several
    elif several:
        positions = dict(inbox.find_positions(query.filter, query.sort, several, at=query.at))
    for key in dict.fromkeys(single):
        position = inbox.find_position(query.filter, query.sort, key, at=query.at)
        if position is not None:
            positions[key] = position
    return positions


def read_page(inbox: "Inbox", query: ListQuery, number: int) -> "tuple[Sequence[RequestRow], bool]":
    """Return the rows of a page, and False if a search stopped at its newest hits. Blocks."""
    start = number * PAGE_SIZE
    found = inbox.rows(query.filter, query.sort, start, PAGE_SIZE, query.nearest_anchor(start), at=query.at)
    query.add_anchors(found.anchors)
    return found.rows, found.complete


def count_all(inbox: "Inbox", query: ListQuery) -> int:
    """Count a query to its end. Blocks, possibly for seconds; for a thread of its own."""
    return int(inbox.count(query.filter, most=None, at=query.at).number)
