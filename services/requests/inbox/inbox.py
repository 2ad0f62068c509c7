"""The list of requests by filter and order, read in slices from a store that may hold a million of them."""

import threading
import uuid
from collections import OrderedDict
from collections.abc import Callable, Collection, Sequence
from datetime import datetime

from sqlalchemy import Select, func, select

from models.base import utcnow
from services.common.fault_ids import FaultId
from services.requests.inbox.filter_sql import REQUEST_TABLE, ROW_COLUMNS, RequestRow, to_request_row
from services.requests.inbox.filters import Filter, Sort
from services.requests.inbox.result_set import Anchor, Count, ResultSet, Slice
from services.store.errors import StoreError
from services.store.full_text import has_pending_texts
from services.store.store import Store

__all__ = ["Anchor", "Count", "Inbox", "RequestRow", "Slice"]

COUNT_MAX = 10_000
RESULT_SETS_CACHED_MAX = 8


class Inbox:
    """Reads requests of a store. Every method blocks; rows are plain values.

    Calls that belong together pass the same moment `at`: ages count from it, and the result set of a filter at a moment
    (hits of a search, positions) is cached. `me` are the names that ME represents.
    """

    def __init__(
        self, store: Store, *, me: Collection[str] = (), clock: Callable[[], datetime] = utcnow
    ) -> None:
        self.store = store
        self.me = tuple(me)
        self._clock = clock
        self._result_sets: OrderedDict[tuple[Filter, datetime, tuple[str, ...]], ResultSet] = OrderedDict()
        self._lock = threading.Lock()

    # -- the list ----------------------------------------------------------

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
        """Return rows `start` to `start + limit`; fast near an anchor or a position that was read before."""
        listing = self._get_result_set(filter_, at)
        with self.store.read() as session:
            return listing.rows(session, sort, start, limit, near)

    def count(self, filter_: Filter, *, most: int | None = COUNT_MAX, at: datetime | None = None) -> Count:
        """Count the requests of a filter up to `most`, or all of them if an index makes that as fast.

        None counts all, which may take seconds; a search counts the rows that its list has.
        """
        listing = self._get_result_set(filter_, at)
        with self.store.read() as session:
            return listing.count(session, most)

    def counts(self, filters: Sequence[Filter], *, at: datetime | None = None) -> list[Count]:
        """Count several filters in one transaction."""
        moment = at or self._clock()
        listings = [self._get_result_set(one, moment) for one in filters]
        with self.store.read() as session:
            return [one.count(session, COUNT_MAX) for one in listings]

    def find_position(
        self, filter_: Filter, sort: Sort, request_id: uuid.UUID, *, at: datetime | None = None
    ) -> int | None:
        """Return the position of a request in the list, or None if the filter excludes it."""
        listing = self._get_result_set(filter_, at)
        with self.store.read() as session:
            return listing.find_position(session, sort, request_id)

    def find_positions(
        self, filter_: Filter, sort: Sort, request_ids: Sequence[uuid.UUID], *, at: datetime | None = None
    ) -> dict[uuid.UUID, int]:
        """Return the positions of requests in the list by id, without those that the filter excludes."""
        listing = self._get_result_set(filter_, at)
        with self.store.read() as session:
            return listing.find_positions(session, sort, request_ids)

    def _get_result_set(self, filter_: Filter, at: datetime | None) -> ResultSet:
        indexed = not filter_.text or self._index_pending()
        key = (filter_, at or self._clock(), self.me)
        with self._lock:
            if key in self._result_sets:
                self._result_sets.move_to_end(key)
                return self._result_sets[key]
            made = ResultSet(*key, indexed=indexed)
            if at is not None:
                self._result_sets[key] = made
                while len(self._result_sets) > RESULT_SETS_CACHED_MAX:
                    self._result_sets.popitem(last=False)
            return made

    def _index_pending(self) -> bool:
        """Index the requests that are not indexed yet; returns False if the store cannot be written."""
        with self.store.read() as session:
            behind = has_pending_texts(session.connection())
        if behind:
            try:
                with self.store.write():
                    """Every unit of work indexes queued requests when it ends."""
            except StoreError as error:
                if error.problem.fault not in (FaultId.STORE_NOT_WRITABLE, FaultId.STORE_LOCKED):
                    raise
                return False
        return True

    # -- single requests and policies --------------------------------------

    def get(self, request_id: uuid.UUID) -> RequestRow | None:
        """Return one request, or None."""
        with self.store.read() as session:
            found = session.execute(select(*ROW_COLUMNS).where(REQUEST_TABLE.c.id == request_id)).first()
        return to_request_row(found) if found is not None else None

    def get_many(self, request_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, RequestRow]:
        """Return requests by id, without those that do not exist."""
        with self.store.read() as session:
            found = session.execute(select(*ROW_COLUMNS).where(REQUEST_TABLE.c.id.in_(request_ids))).all()
        rows = [to_request_row(one) for one in found]
        return {row.id: row for row in rows}

    def policies(self) -> list[str]:
        """Return the names of the policies of all requests, sorted; reads one index entry for each."""
        with self.store.read() as session:
            return list(session.execute(_policy_names()).scalars())


def _policy_names() -> Select[tuple[str]]:
    """Return the statement that walks the index from each name to the next: one statement, as there may be hundreds."""
    name = REQUEST_TABLE.c.policy_name
    first = select(func.min(name).label("name")).where(name > "").cte("policies", recursive=True)
    next_name = select(func.min(name)).where(name > first.c.name).scalar_subquery()
    names = first.union_all(select(next_name).where(first.c.name.is_not(None)))
    return select(names.c.name).where(names.c.name.is_not(None)).order_by(names.c.name)
