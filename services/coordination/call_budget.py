"""How many calls an hour an instance is asked for, whoever asks: at most 120 in any 60 minutes, kept in the store.

A call takes one of 120 tickets for an hour before it is sent, in the table of leases, so that several workers and
windows keep the limit together, and a process that dies has spent what it took.
"""

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from services.coordination.clock import Clock
from services.coordination.leases import LeaseRow, StoreClock, load_leases, write_lease
from services.store import Store

CALLS_PER_HOUR = 120
WINDOW_S = 3600
POLL_CALL, EXTRA_CALL, MANUAL_POLL_CALL = "look", "further", "wanted"
"""What a call is for: to see what was decided, to learn more about what was seen, or because a person wants it now."""


@dataclass(frozen=True, slots=True)
class CallUsage:
    """The calls of the last hour, how many of them were no looks, and when the next ticket is free."""

    calls: int
    further: int
    free_at: datetime


class CallBudget:
    """The tickets of every instance in a store."""

    def __init__(self, store: Store, clock: Clock | StoreClock, limit: int = CALLS_PER_HOUR) -> None:
        self.store = store
        self.limit = limit
        self.time = StoreClock.of(clock)

    def spent(self, server_id: uuid.UUID) -> CallUsage:
        """Return what an instance was asked for in the last hour."""
        with self.store.read() as session:
            return self.usage_in_session(session, server_id)

    def usage_in_session(self, session: Session, server_id: uuid.UUID) -> CallUsage:
        """Return what an instance was asked for in the last hour."""
        tickets = self._load_calls(session, server_id)
        now = self.time.now()
        taken = [one for one in tickets.values() if one.until > now]
        further = sum(one.holder == EXTRA_CALL for one in taken)
        ends = sorted(one.until for one in taken)
        # With more taken than there are, because the limit was higher before, as many more must end first.
        free_at = now if len(taken) < self.limit else ends[len(taken) - self.limit]
        return CallUsage(len(taken), further, free_at)

    def take(self, server_id: uuid.UUID, what: str = EXTRA_CALL, *, further_most: int | None = None) -> bool:
        """Take a ticket for one call that is sent now, or return False; see `take_in`."""
        with self.store.write() as work:
            return self.take_in(work.session, server_id, what, further_most=further_most)

    def take_in(
        self, session: Session, server_id: uuid.UUID, what: str, *, further_most: int | None = None
    ) -> bool:
        """Take a ticket inside a transaction that writes; `further_most` bounds the calls of this kind."""
        tickets = self._load_calls(session, server_id)
        now, prefix = self.time.now(), _call_prefix(server_id)
        taken = {name for name, one in tickets.items() if one.until > now}
        alike = sum(tickets[name].holder == what for name in taken)
        if len(taken) >= self.limit or (further_most is not None and alike >= further_most):
            return False
        free = next(iter(sorted(tickets.keys() - taken)), f"{prefix}{len(tickets):03d}")
        values = {"holder": what, "until": now + timedelta(seconds=WINDOW_S)}
        write_lease(session, free, values, known=free in tickets)
        return True

    def _load_calls(self, session: Session, server_id: uuid.UUID) -> dict[str, LeaseRow]:
        tickets = load_leases(session, _call_prefix(server_id))
        for one in tickets.values():
            self.time.advance_to(one.until - timedelta(seconds=WINDOW_S))
        return tickets


def _call_prefix(server_id: uuid.UUID) -> str:
    return f"call:{server_id.hex}:"
