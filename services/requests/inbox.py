"""The inbox: requests by filter and order, one piece at a time, from a store that may hold a million."""

import uuid
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import func, or_, select, tuple_

from models.base import utcnow
from services.requests.filters import Filter, Sort
from services.requests.query import COLUMNS, TABLE, RequestRow, as_row, conditions, is_upward, key_of
from services.store.store import Store

__all__ = ["Anchor", "Count", "Inbox", "RequestRow", "Slice"]

COUNTED_MOST = 10_000


class Count(NamedTuple):
    """How many requests a filter shows; not `exact` means that there are at least so many, counting stopped there."""

    number: int
    exact: bool


@dataclass(frozen=True, slots=True)
class Anchor:
    """A place that is known: the row `at` (from 0) has this key in the order of the list."""

    at: int
    key: tuple[Any, ...]


class Slice(NamedTuple):
    """A piece of the list from place `start`; shorter than asked for at the end of the list.

    `anchors` are the places of its first and last row. Not `complete` means that a search stopped at its newest hits.
    """

    start: int
    rows: list[RequestRow]
    anchors: tuple[Anchor, ...]
    complete: bool = True


class Inbox:
    """Reads requests of a store. Every method blocks and is for a thread; rows are plain values.

    One look at the list passes the same moment `at` to all its calls: ages count from it, and what was found out about
    the list (hits of a search, places) is kept for the next call. `me` are the names that ME stands for.
    """

    def __init__(
        self, store: Store, *, me: Collection[str] = (), clock: Callable[[], datetime] = utcnow
    ) -> None:
        self.store = store
        self.me = tuple(me)
        self._clock = clock

    def rows(
        self,
        filter_: Filter,
        sort: Sort,
        start: int,
        limit: int,
        near: Anchor | None = None,
        *,
        at: datetime | None = None,
    ) -> Slice:
        """Return rows `start` to `start + limit` of the list; fast from an anchor, and near one that is known."""
        key, upward = key_of(sort), is_upward(sort)
        statement = select(*COLUMNS, *key).where(*conditions(filter_, at or self._clock(), self.me))
        skipped = start
        if near is not None and near.at <= start:
            after = tuple_(*key) > near.key if upward else tuple_(*key) < near.key
            statement = statement.where(or_(after, tuple_(*key) == near.key))
            skipped = start - near.at
        statement = statement.order_by(*(one if upward else one.desc() for one in key))
        with self.store.read() as session:
            found = session.execute(statement.offset(skipped).limit(limit)).all()
        width = len(COLUMNS)
        rows = [as_row(one[:width]) for one in found]
        ends = ((0, found[0]), (len(found) - 1, found[-1])) if found else ()
        return Slice(start, rows, tuple(Anchor(start + n, tuple(one[width:])) for n, one in ends))

    def count(self, filter_: Filter, *, most: int | None = COUNTED_MOST, at: datetime | None = None) -> Count:
        """Count what a filter shows, up to `most`; None counts to the end and may take seconds."""
        shown = conditions(filter_, at or self._clock(), self.me)
        inner = select(TABLE.c.id).where(*shown)
        if most is not None:
            inner = inner.limit(most + 1)
        with self.store.read() as session:
            number = int(session.execute(select(func.count()).select_from(inner.subquery())).scalar_one())
        return Count(number, exact=True) if most is None or number <= most else Count(most, exact=False)

    def counts(self, filters: Sequence[Filter], *, at: datetime | None = None) -> list[Count]:
        """Count several filters, each up to COUNTED_MOST."""
        moment = at or self._clock()
        return [self.count(one, at=moment) for one in filters]

    def place_of(
        self, filter_: Filter, sort: Sort, request_id: uuid.UUID, *, at: datetime | None = None
    ) -> int | None:
        """Return the place of a request in the list, or None when the filter does not show it."""
        shown = conditions(filter_, at or self._clock(), self.me)
        key, upward = key_of(sort), is_upward(sort)
        with self.store.read() as session:
            own = session.execute(select(*key).where(TABLE.c.id == request_id, *shown)).first()
            if own is None:
                return None
            before = tuple_(*key) < tuple(own) if upward else tuple_(*key) > tuple(own)
            counted = select(func.count()).select_from(TABLE).where(before, *shown)
            return int(session.execute(counted).scalar_one())

    def get(self, request_id: uuid.UUID) -> RequestRow | None:
        """Return one request, or None."""
        with self.store.read() as session:
            found = session.execute(select(*COLUMNS).where(TABLE.c.id == request_id)).first()
        return as_row(found) if found is not None else None

    def policies(self) -> list[str]:
        """Return the names of the policies that requests came from, by name."""
        with self.store.read() as session:
            return list(
                session.execute(
                    select(TABLE.c.policy_name)
                    .distinct()
                    .where(TABLE.c.policy_name != "")
                    .order_by(TABLE.c.policy_name)
                ).scalars()
            )

    def as_of(self) -> tuple[datetime | None, bool]:
        """Return when the copies were last brought up to date (the oldest of all servers), and whether all are whole."""
        with self.store.read() as session:
            return session.execute(select(func.max(TABLE.c.observed_at))).scalar(), True
