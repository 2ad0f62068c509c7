"""The inbox: requests by filter and order, one piece at a time, from a store that may hold a million."""

import threading
import uuid
from collections import OrderedDict
from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from models.approval_process import ApprovalProcess
from models.base import utcnow
from services.common.fault_ids import FaultId
from services.requests.inbox.filter_sql import REQUEST_TABLE, ROW_COLUMNS, RequestRow, to_request_row
from services.requests.inbox.filters import Filter, Sort
from services.requests.inbox.result_set import Anchor, Count, ResultSet, Slice
from services.store.errors import StoreError
from services.store.full_text import has_pending_texts
from services.store.row_values import get_table
from services.store.store import Store

if TYPE_CHECKING:
    from services.requests.polling.poll_state import Freshness

__all__ = ["Anchor", "Count", "Inbox", "RequestRow", "Slice"]

COUNT_MAX = 10_000
RESULT_SETS_CACHED_MAX = 8


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
        """Return rows `start` to `start + limit` of the list; fast from an anchor, and near a place seen before."""
        listing = self._get_result_set(filter_, at)
        with self.store.read() as session:
            return listing.rows(session, sort, start, limit, near)

    def count(self, filter_: Filter, *, most: int | None = COUNT_MAX, at: datetime | None = None) -> Count:
        """Count what a filter shows up to `most`, or to the end where an index tells that as soon.

        None counts to the end whatever it takes, which may be seconds; a search stops where the list does.
        """
        listing = self._get_result_set(filter_, at)
        with self.store.read() as session:
            return listing.count(session, most)

    def counts(self, filters: Sequence[Filter], *, at: datetime | None = None) -> list[Count]:
        """Count several filters, in one picture of the store."""
        moment = at or self._clock()
        listings = [self._get_result_set(one, moment) for one in filters]
        with self.store.read() as session:
            return [one.count(session, COUNT_MAX) for one in listings]

    def find_position(
        self, filter_: Filter, sort: Sort, request_id: uuid.UUID, *, at: datetime | None = None
    ) -> int | None:
        """Return the place of a request in the list, or None when the filter does not show it."""
        listing = self._get_result_set(filter_, at)
        with self.store.read() as session:
            return listing.find_position(session, sort, request_id)

    def find_positions(
        self, filter_: Filter, sort: Sort, request_ids: Sequence[uuid.UUID], *, at: datetime | None = None
    ) -> dict[uuid.UUID, int]:
        """Return the places of several requests in the list by their ids, without those that the filter does not show."""
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
        """Return whether the index knows all requests; whoever may only read leaves it as it is."""
        with self.store.read() as session:
            behind = has_pending_texts(session.connection())
        if behind:
            try:
                with self.store.write():
                    """The end of every unit of work indexes what is queued."""
            except StoreError as error:
                if error.problem.fault not in (FaultId.STORE_NOT_WRITABLE, FaultId.STORE_LOCKED):
                    raise
                return False
        return True

    # -- beside the list ---------------------------------------------------

    def get(self, request_id: uuid.UUID) -> RequestRow | None:
        """Return one request, or None."""
        with self.store.read() as session:
            found = session.execute(select(*ROW_COLUMNS).where(REQUEST_TABLE.c.id == request_id)).first()
        return to_request_row(found) if found is not None else None

    def get_many(self, request_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, RequestRow]:
        """Return several requests by their ids, without those that are not there."""
        with self.store.read() as session:
            found = session.execute(select(*ROW_COLUMNS).where(REQUEST_TABLE.c.id.in_(request_ids))).all()
        rows = [to_request_row(one) for one in found]
        return {row.id: row for row in rows}

    def policies(self) -> list[str]:
        """Return the names of the policies that requests came from, by name: one look at the index for each."""
        found: list[str] = []
        after = ""
        with self.store.read() as session:
            while True:
                following = select(func.min(REQUEST_TABLE.c.policy_name)).where(
                    REQUEST_TABLE.c.policy_name > after
                )
                name = session.execute(following).scalar()
                if name is None:
                    return found
                found.append(name)
                after = name

    def as_of(self) -> tuple[datetime | None, bool]:
        """Return when the copies were last brought up to date (the oldest of all servers), and whether all are whole."""
        known = self.polled()
        return known.at, known.complete

    def polled(self, filter_: Filter | None = None) -> "Freshness":
        """Return how well the servers are known whose requests a filter may show; without one, all that are followed."""
        from services.requests.polling.poll_state import load_freshness

        process = get_table(ApprovalProcess)
        followed = select(process.c.server_id).where(process.c.server_id.is_not(None)).distinct()
        if filter_ is not None and filter_.process_id is not None:
            followed = followed.where(process.c.id == filter_.process_id)
        if filter_ is not None and filter_.server_id is not None:
            followed = followed.where(process.c.server_id == filter_.server_id)
        with self.store.read() as session:
            return load_freshness(session, list(session.execute(followed).scalars()))
