"""The rows of one filter at one moment, from any position in any order."""

import threading
import uuid
from bisect import bisect_right, insort
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, select, tuple_
from sqlmodel import Session

from services.requests.inbox.filter_sql import (
    RAW_ID,
    REQUEST_TABLE,
    ROW_COLUMNS,
    RequestRow,
    SortKey,
    build_conditions,
    is_ascending,
    sort_key,
    sql_clauses,
    to_request_row,
)
from services.requests.inbox.filters import Filter, Sort
from services.requests.inbox.full_text import search_requests, split_words
from services.requests.inbox.index_selection import (
    IN_MEMORY_SORT_MAX,
    LITERAL_ONE,
    IndexSelection,
    count_rows,
    ordered_index_name,
    read_ids,
    select_index,
    with_index_hint,
)
from services.store.row_values import SqlColumn, SqlStatement

ANCHORS_MAX = 4_096


class Count(NamedTuple):
    """The number of requests of a filter; if not `exact`, there are at least so many, and counting stopped there."""

    number: int
    exact: bool


@dataclass(frozen=True, slots=True)
class Anchor:
    """A known position: the row `at` (from 0) has this sort key."""

    at: int
    key: SortKey


class Slice(NamedTuple):
    """Consecutive rows from position `start`; fewer than requested at the end of the list.

    `anchors` are the positions of the first and last row, if they help to read further. `complete` is False if a search
    did not compare all rows but only those stored last.
    """

    start: int
    rows: list[RequestRow]
    anchors: tuple[Anchor, ...] = ()
    complete: bool = True


class ResultSet:
    """The list of one filter at one moment. Thread-safe; results such as counts and positions are cached.

    A short list is cached as ids and does not change any more. A long one is read for each slice in the order of an index,
    from the nearest known position, so that rows which are added or removed meanwhile are neither repeated nor skipped.
    """

    def __init__(self, filter_: Filter, at: datetime, me: Sequence[str], *, indexed: bool = True) -> None:
        """`indexed` is False if the search index lacks the newest requests."""
        self._indexed = indexed
        self._words = split_words(filter_.text)
        self._conditions = build_conditions(filter_, at, me)
        self._index_selection: IndexSelection | None = None
        self._ids: dict[str, list[object]] = {}
        """Ids in ascending order, by the column of the order."""
        self._complete = True
        self._total: Count | None = None
        self._anchors: dict[Sort, list[Anchor]] = defaultdict(list)
        self._selection_lock = threading.RLock()
        self._anchors_lock = threading.Lock()

    # -- queries -----------------------------------------------------------

    def rows(self, session: Session, sort: Sort, start: int, limit: int, near: Anchor | None = None) -> Slice:
        """Return rows `start` to `start + limit`."""
        ids = self._load_sorted_ids(session, sort)
        if ids is None:
            return self._read_ordered(session, sort, start, limit, near)
        wanted = ids[start : start + limit]
        read = select(RAW_ID, *ROW_COLUMNS).where(RAW_ID.in_(wanted))
        found = session.execute(read).all() if wanted else ()
        by_id = {one[0]: to_request_row(one[1:]) for one in found}
        return Slice(start, [by_id[one] for one in wanted if one in by_id], complete=self._complete)

    def count(self, session: Session, most: int | None) -> Count:
        """Count the rows up to `most`, or all of them if that takes no longer; None counts all."""
        total = self._total
        if total is not None and (total.exact or self._words or (most is not None and total.number >= most)):
            return total
        total = self._total = self._compute_count(session, most)
        return total

    def find_position(self, session: Session, sort: Sort, request_id: uuid.UUID) -> int | None:
        """Return the position of a request, or None if the filter excludes it."""
        ids = self._load_sorted_ids(session, sort)
        shown = sql_clauses(self._conditions)
        own = session.execute(
            select(RAW_ID, *sort_key(sort)).where(REQUEST_TABLE.c.id == request_id, *shown)
        ).first()
        if own is None:
            return None
        if ids is not None:
            return ids.index(own[0]) if own[0] in ids else None
        before, beside = _before_key(sort, tuple(own[1:]))
        walk = self._walk(select(LITERAL_ONE), sort)
        return count_rows(session, walk.where(before)) + count_rows(session, walk.where(*beside))

    def find_positions(
        self, session: Session, sort: Sort, request_ids: Sequence[uuid.UUID]
    ) -> dict[uuid.UUID, int]:
        """Return the positions of requests by id, without those that the filter excludes."""
        ids = self._load_sorted_ids(session, sort)
        wanted = select(RAW_ID, REQUEST_TABLE.c.id, *sort_key(sort)).where(
            REQUEST_TABLE.c.id.in_(request_ids)
        )
        found = session.execute(wanted.where(*sql_clauses(self._conditions)).order_by(*_order_by(sort))).all()
        if ids is not None:
            at = {raw: place for place, raw in enumerate(ids)}
            return {one[1]: at[one[0]] for one in found if one[0] in at}
        places: dict[uuid.UUID, int] = {}
        walk, last = self._walk(select(LITERAL_ONE), sort), None
        for _raw, request_id, *key in found:
            if last is None:
                before, beside = _before_key(sort, tuple(key))
                place = count_rows(session, walk.where(before)) + count_rows(session, walk.where(*beside))
            else:
                # Only the rows between two of them are counted: selected rows are mostly close together.
                place += count_rows(session, walk.where(*_between(sort, last, tuple(key))))
            places[request_id], last = place, tuple(key)
        return places

    # -- short lists -------------------------------------------------------

    def _select_index(self, session: Session) -> IndexSelection:
        with self._selection_lock:
            if self._index_selection is None:
                self._index_selection = select_index(session, self._conditions, searched=bool(self._words))
            return self._index_selection

    def _load_sorted_ids(self, session: Session, sort: Sort) -> list[object] | None:
        """Return the sorted ids of all rows, or None if there are many."""
        with self._selection_lock:
            selection = self._select_index(session)
            if not (self._words or selection.fits_in_memory(sort)):
                return None
            if sort.column not in self._ids:
                self._ids[sort.column] = self._read_sorted_ids(session, selection, sort)
            ids = self._ids[sort.column]
        return ids if is_ascending(sort) else ids[::-1]

    def _read_sorted_ids(self, session: Session, selection: IndexSelection, sort: Sort) -> list[object]:
        if self._words:
            found = search_requests(session, self._words, self._conditions, selection, sort_key(sort))
            self._complete = found.complete and self._indexed
            return found.ids
        shown = select(RAW_ID).where(*sql_clauses(self._conditions))
        return read_ids(session, with_index_hint(shown, selection.index_name).order_by(*sort_key(sort)))

    # -- long lists --------------------------------------------------------

    def _compute_count(self, session: Session, most: int | None) -> Count:
        if self._words:
            with self._selection_lock:
                ids = next(iter(self._ids.values()), None)
            ids = ids if ids is not None else self._load_sorted_ids(session, Sort()) or []
            return Count(len(ids), self._complete)
        selection = self._select_index(session)
        if selection.total is not None:
            return Count(selection.total, exact=True)
        statement = with_index_hint(
            select(LITERAL_ONE).select_from(REQUEST_TABLE).where(*sql_clauses(self._conditions)),
            selection.index_name,
        )
        if selection.is_small or most is None or (selection.is_covering and most >= IN_MEMORY_SORT_MAX):
            return Count(count_rows(session, statement), exact=True)
        number = count_rows(session, statement.limit(most + 1))
        return Count(min(number, most), exact=number <= most)

    def _read_ordered(
        self, session: Session, sort: Sort, start: int, limit: int, near: Anchor | None
    ) -> Slice:
        first, skipped = self._begin(session, sort, start, near)
        statement = self._walk(select(*ROW_COLUMNS, *sort_key(sort)), sort).order_by(*_order_by(sort))
        if first is not None:
            statement = statement.where(*_after_key(sort, first, upward=is_ascending(sort), with_it=True))
        found = session.execute(statement.offset(skipped).limit(limit)).all()
        width = len(ROW_COLUMNS)
        ends = sorted({0, len(found) - 1}) if found else []
        anchors = tuple(Anchor(start + place, tuple(found[place][width:])) for place in ends)
        self._remember(sort, anchors)
        return Slice(start, [to_request_row(one[:width]) for one in found], anchors)

    def _begin(
        self, session: Session, sort: Sort, start: int, near: Anchor | None
    ) -> tuple[SortKey | None, int]:
        """Return the sort key to read from, and how many rows to skip after it."""
        known = self._nearest_anchors(sort, start) + ([near] if near is not None else [])
        before = max((one for one in known if one.at <= start), default=None, key=lambda one: one.at)
        after = min((one for one in known if one.at > start), default=None, key=lambda one: one.at)
        skipped = start - (before.at if before else 0)
        if after is not None and after.at - start < skipped:
            return self._back(session, sort, after.key, after.at - start - 1), 0
        total = self._total
        if total is not None and total.exact and start < total.number and total.number - start < skipped:
            return self._back(session, sort, None, total.number - start - 1), 0
        return (before.key if before else None), skipped

    def _back(self, session: Session, sort: Sort, key: SortKey | None, skipped: int) -> SortKey | None:
        """Return the sort key `skipped` + 1 rows before a key, or before the end."""
        upward = not is_ascending(sort)
        statement = self._walk(select(*sort_key(sort)), sort).order_by(*_order_by(sort, upward=upward))
        if key is not None:
            statement = statement.where(*_after_key(sort, key, upward=upward))
        found = session.execute(statement.offset(skipped).limit(1)).first()
        return tuple(found) if found is not None else None

    def _walk(self, statement: SqlStatement, sort: Sort) -> SqlStatement:
        conditions = sql_clauses(self._conditions)
        return with_index_hint(
            statement.select_from(REQUEST_TABLE).where(*conditions),
            ordered_index_name(sort, self._conditions),
        )

    # -- anchors -----------------------------------------------------------

    def _nearest_anchors(self, sort: Sort, start: int) -> list[Anchor]:
        with self._anchors_lock:
            anchors = self._anchors[sort]
            place = bisect_right(anchors, start, key=lambda one: one.at)
            return anchors[max(place - 1, 0) : place + 1]

    def _remember(self, sort: Sort, found: Sequence[Anchor]) -> None:
        with self._anchors_lock:
            anchors = self._anchors[sort]
            for one in found:
                place = bisect_right(anchors, one.at, key=lambda known: known.at)
                if place == 0 or anchors[place - 1].at != one.at:
                    insort(anchors, one, key=lambda known: known.at)
            if len(anchors) > ANCHORS_MAX:
                del anchors[1::2]


def _order_by(sort: Sort, *, upward: bool | None = None) -> list[SqlColumn]:
    up = is_ascending(sort) if upward is None else upward
    return [one.asc() if up else one.desc() for one in sort_key(sort)]


def _after_key(
    sort: Sort, key: SortKey, *, upward: bool, with_it: bool = False
) -> tuple[ColumnElement[bool], ...]:
    """Return the condition that a row comes after `key`; the first column is compared alone, for the range of the index."""
    own = sort_key(sort)
    whole, value = tuple_(*own), tuple_(*key, types=[one.type for one in own])
    if upward:
        return own[0] >= key[0], (whole >= value if with_it else whole > value)
    return own[0] <= key[0], (whole <= value if with_it else whole < value)


def _between(sort: Sort, first: SortKey, last: SortKey) -> tuple[ColumnElement[bool], ...]:
    """Return the condition that a row comes before `last` and not before `first`."""
    up = is_ascending(sort)
    return *_after_key(sort, first, upward=up, with_it=True), *_after_key(sort, last, upward=not up)


def _before_key(sort: Sort, key: SortKey) -> tuple[ColumnElement[bool], tuple[ColumnElement[bool], ...]]:
    """Return two conditions: the first column is less than that of `key`; or it is equal and the rest is less.

    Comparing whole keys takes three times as long, and half a million rows may come before one.
    """
    first, *others = sort_key(sort)
    rest, value = tuple_(*others), tuple_(*key[1:], types=[one.type for one in others])
    if is_ascending(sort):
        return first < key[0], (first == key[0], rest < value)
    return first > key[0], (first == key[0], rest > value)
