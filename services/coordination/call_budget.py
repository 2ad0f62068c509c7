"""The hourly call limit of an instance, shared by all processes of a store: at most 120 calls in any 60 minutes.

A call is stored before it is sent, so that several workers and windows keep the limit together, and the calls of a
process that has died stay counted.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, delete, func, select
from sqlmodel import Session

from models.api_call import ApiCall
from services.coordination.clock import Clock
from services.coordination.leases import StoreClock
from services.store import Store
from services.store.row_values import get_table

CALLS_PER_HOUR = 120
WINDOW_S = 3600
POLL_CALL, EXTRA_CALL, MANUAL_POLL_CALL = "look", "further", "wanted"
"""The purposes of calls: a regular poll, more details about its results, or a poll that a person asked for."""

_CALLS = get_table(ApiCall)
_WINDOW = timedelta(seconds=WINDOW_S)
_COUNTS = (
    select(_CALLS.c.server_id, func.count().label("calls"), func.max(_CALLS.c.at).label("latest"))
    .where(_CALLS.c.at > bindparam("since", type_=_CALLS.c.at.type))
    .group_by(_CALLS.c.server_id)
)


@dataclass(frozen=True, slots=True)
class CallUsage:
    """The calls of the last hour, how many of them were extra calls, and when the next call is allowed."""

    calls: int
    further: int
    free_at: datetime
    pace_s: float = 0.0
    """Seconds between two calls at which those that are left last until the first of the hour no longer counts."""


@dataclass(frozen=True, slots=True)
class _CountedCall:
    at: datetime
    purpose: str


class CallBudget:
    """Counts the calls to every instance of a store."""

    def __init__(self, store: Store, clock: Clock | StoreClock, limit: int = CALLS_PER_HOUR) -> None:
        self.store = store
        self.limit = limit
        self.time = StoreClock.of(clock)

    def usage_in_session(self, session: Session, server_id: uuid.UUID) -> CallUsage:
        """Return the calls to an instance in the last hour."""
        calls, now = self._load_calls(session, server_id)
        further = sum(call.purpose == EXTRA_CALL for call in calls)
        # The limit may have been higher before: then as many more calls must leave the window first.
        free_at = now if len(calls) < self.limit else calls[len(calls) - self.limit].at + _WINDOW
        left = self.limit - len(calls)
        until_s = (calls[0].at + _WINDOW - now).total_seconds() if calls else 0.0
        return CallUsage(len(calls), further, free_at, until_s / left if left > 0 else 0.0)

    def calls_in_session(self, session: Session) -> dict[uuid.UUID, int]:
        """Return how many calls every instance had in the last hour, with one query."""
        rows = session.execute(_COUNTS, {"since": self.time.now() - _WINDOW}).all()
        latest = max((row.latest for row in rows), default=None)
        if latest is not None and latest > self.time.now():
            # Written by a clock that is ahead of this one: the hour of the common time begins later.
            self.time.advance_to(latest)
            rows = session.execute(_COUNTS, {"since": self.time.now() - _WINDOW}).all()
        return {row.server_id: row.calls for row in rows}

    def take(self, server_id: uuid.UUID, what: str = EXTRA_CALL, *, further_most: int | None = None) -> bool:
        """Count one call that is sent now; see `take_in`."""
        with self.store.write() as work:
            return self.take_in(work.session, server_id, what, further_most=further_most)

    def take_in(
        self, session: Session, server_id: uuid.UUID, what: str, *, further_most: int | None = None
    ) -> bool:
        """Count one call inside a transaction that writes; returns False where the limit does not allow it.

        `further_most` limits the calls of this purpose.
        """
        calls, now = self._load_calls(session, server_id)
        alike = sum(call.purpose == what for call in calls)
        if len(calls) >= self.limit or (further_most is not None and alike >= further_most):
            return False
        session.execute(delete(_CALLS).where(_CALLS.c.server_id == server_id, _CALLS.c.at <= now - _WINDOW))
        session.execute(_CALLS.insert().values(id=uuid.uuid4(), server_id=server_id, at=now, purpose=what))
        return True

    def _load_calls(self, session: Session, server_id: uuid.UUID) -> tuple[Sequence[_CountedCall], datetime]:
        """Return the calls of the last hour, oldest first, and the current common time."""
        query = select(_CALLS.c.at, _CALLS.c.purpose).where(_CALLS.c.server_id == server_id)
        calls = [_CountedCall(*row) for row in session.execute(query.order_by(_CALLS.c.at))]
        if calls:
            self.time.advance_to(calls[-1].at)
        now = self.time.now()
        return [call for call in calls if call.at > now - _WINDOW], now
