"""Who does which piece of shared work: leases in the store, so that a dead worker's work is taken over.

A lease ends by itself; where its holder is a process of this machine that is gone, it ends with that process. Whoever
lost one without noticing is refused in the transaction of its next write: `check` compares holder and token there.
What lasts for a while is measured in the time that all processes of a store have in common, `StoreTime`.
"""

import threading
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlmodel import Session

from models.approval_request import ApprovalRequest
from models.lease import Lease
from services.common.errors import ConsoleError, Owner, Problem
from services.common.fault_ids import FaultId
from services.coordination.clock import Clock
from services.coordination.process_identity import has_process_ended, is_claimed_by_other
from services.coordination.worker_presence import remove_worker
from services.store import Store
from services.store.row_values import get_table

_LEASES = get_table(Lease)
_REQUESTS = get_table(ApprovalRequest)
CHUNK_SIZE = 400
EXPIRED_KEPT = timedelta(days=1)
CLOCK_STEP_BACK_MIN = timedelta(seconds=1)
"""A clock that is so far behind what has passed was put back; anything less is how long it takes to read it."""


class LeaseLostError(ConsoleError):
    """Somebody else does this work now; what was found out meanwhile is not written."""

    def __init__(self, name: str) -> None:
        super().__init__(
            Problem(
                tried=f"Go on with {name}",
                evidence="The lease has another holder.",
                cause="Another process took the work over, because this one did not answer for too long.",
                owner=Owner.CONSOLE,
                remedy="Nothing: the other one goes on with it.",
                fault=FaultId.LEASE_LOST,
            )
        )


@dataclass(frozen=True, slots=True)
class LeaseGrant:
    """A lease that was taken: its name, the token that refuses whoever had it before, and until when it lasts."""

    name: str
    token: int
    until: datetime


@dataclass(frozen=True, slots=True)
class LeaseRow:
    """Who holds a lease, until when."""

    holder: str
    token: int
    until: datetime


class StoreClock:
    """The time that the processes of a store have in common, so that leases and calls last as long for all of them.

    Clocks of computers differ, and are put back. Nothing in the store was written in the future, so that what seems to
    be tells how far this clock is behind: from then on this time is as far ahead of it, and it never goes back. A clock
    that is ahead of the others is known as such from the first thing on that is written by it.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._ahead = timedelta()
        self._last = (clock.now(), clock.monotonic())
        self._lock = threading.Lock()

    @classmethod
    def of(cls, clock: "Clock | StoreClock") -> "StoreClock":
        """Return the common time as it is read from a clock; one that is it already knows more."""
        return clock if isinstance(clock, StoreClock) else cls(clock)

    @property
    def offset_s(self) -> int:
        """How far it is ahead of this computer's clock, in seconds."""
        return round(self._ahead.total_seconds())

    def now(self) -> datetime:
        """Return the common time, aware UTC."""
        with self._lock:
            return self._now()

    def advance_to(self, written: datetime) -> None:
        """Take in that something was written at a moment of the common time."""
        with self._lock:
            behind = written - self._now()
            if behind > timedelta():
                self._ahead += behind
                self._last = (written, self._last[1])

    def shown(self, moment: datetime) -> datetime:
        """Return when a moment of the common time is by this computer's clock, for people to read."""
        return moment - self._ahead

    def _now(self) -> datetime:
        passed, at = self._clock.monotonic(), self._clock.now() + self._ahead
        least = self._last[0] + timedelta(seconds=passed - self._last[1])
        if least - at > CLOCK_STEP_BACK_MIN:
            self._ahead += least - at
            at = least
        self._last = (at, passed)
        return at


class Leases:
    """The leases of one process, its `holder`."""

    def __init__(self, store: Store, holder: str, clock: Clock) -> None:
        self.store = store
        self.holder = holder
        self.clock = clock
        self.time = StoreClock(clock)

    def take(self, name: str, seconds: float) -> LeaseGrant | None:
        """Take the lease, or return None while somebody else has it."""
        with self.store.write() as work:
            return self.take_in(work.session, name, seconds)

    def take_in(self, session: Session, name: str, seconds: float) -> LeaseGrant | None:
        """Take the lease inside a transaction that writes."""
        now = self.time.now()
        found = load_lease(session, name)
        if found is not None and found.holder != self.holder and is_held(found, now):
            return None
        made = LeaseGrant(name, found.token + 1 if found else 1, now + timedelta(seconds=seconds))
        values = {"holder": self.holder, "token": made.token, "until": made.until}
        if found is None:
            session.execute(_LEASES.insert().values(name=name, **values))
        else:
            session.execute(update(_LEASES).where(_LEASES.c.name == name).values(**values))
        return made

    def renew(self, held: LeaseGrant, seconds: float) -> LeaseGrant:
        """Keep the lease for longer. Raises LeaseLostError."""
        with self.store.write() as work:
            self.check(work.session, held)
            renewed = replace(held, until=self.time.now() + timedelta(seconds=seconds))
            named = _LEASES.c.name == held.name
            work.session.execute(update(_LEASES).where(named).values(until=renewed.until))
        return renewed

    def release_lease(self, held: LeaseGrant) -> None:
        """Let others have it at once; the token stays, so that it goes on growing."""
        with self.store.write() as work:
            self.release_lease_in_session(work.session, held)

    def release_lease_in_session(self, session: Session, held: LeaseGrant) -> None:
        """Let others have it, inside a transaction that writes; a lease that was lost is left alone."""
        mine = (_LEASES.c.name == held.name, _LEASES.c.token == held.token, _LEASES.c.holder == self.holder)
        session.execute(update(_LEASES).where(*mine).values(until=self.time.now()))

    def remove_lease_in_session(self, session: Session, held: LeaseGrant) -> None:
        """Remove the row of a lease whose holder takes no other one, inside a transaction that writes."""
        mine = (_LEASES.c.name == held.name, _LEASES.c.token == held.token, _LEASES.c.holder == self.holder)
        session.execute(delete(_LEASES).where(*mine))

    def remove_expired(self) -> None:
        """Remove the rows of leases that ended long ago, so that they do not accumulate.

        Their tokens begin anew; nobody can still take one for its own after so long.
        """
        with self.store.write() as work:
            work.session.execute(delete(_LEASES).where(_LEASES.c.until <= self.time.now() - EXPIRED_KEPT))

    def check(self, session: Session, held: LeaseGrant) -> None:
        """Raise LeaseLostError unless the lease is still this holder's; call it in the transaction that writes."""
        found = load_lease(session, held.name)
        if found is None or (found.token, found.holder) != (held.token, self.holder):
            raise LeaseLostError(held.name)

    # -- single requests -------------------------------------------------------

    def claim(self, ids: Iterable[uuid.UUID], seconds: float) -> list[uuid.UUID]:
        """Claim the next step of requests, and return those that nobody else has."""
        # By the clock that whoever reads the request has, as everything that is written on it.
        now, mine = self.clock.now(), []
        table = _REQUESTS
        wanted = list(ids)
        if not wanted:
            return []
        with self.store.write() as work:
            for start in range(0, len(wanted), CHUNK_SIZE):
                part = table.c.id.in_(wanted[start : start + CHUNK_SIZE])
                rows = work.session.execute(
                    select(table.c.id, table.c.claimed_by, table.c.claimed_until).where(part)
                ).all()
                free = [
                    row.id
                    for row in rows
                    if not is_claimed_by_other(row.claimed_by, row.claimed_until, self.holder, now)
                ]
                values = {"claimed_by": self.holder, "claimed_until": now + timedelta(seconds=seconds)}
                work.session.execute(update(table).where(table.c.id.in_(free)).values(**values))
                mine += free
        return mine

    def release(self, ids: Iterable[uuid.UUID]) -> None:
        """Give up the claims on requests."""
        wanted = list(ids)
        if not wanted:
            return
        with self.store.write() as work:
            for start in range(0, len(wanted), CHUNK_SIZE):
                mine = (
                    _REQUESTS.c.id.in_(wanted[start : start + CHUNK_SIZE]),
                    _REQUESTS.c.claimed_by == self.holder,
                )
                work.session.execute(update(_REQUESTS).where(*mine).values(claimed_by="", claimed_until=None))

    def release_all(self) -> None:
        """Give up every lease and claim of this holder."""
        with self.store.write() as work:
            mine = _REQUESTS.c.claimed_by == self.holder
            work.session.execute(update(_REQUESTS).where(mine).values(claimed_by="", claimed_until=None))
            own = _LEASES.c.holder == self.holder
            work.session.execute(update(_LEASES).where(own).values(until=self.time.now()))
            remove_worker(work.session, self.holder)


def load_lease(session: Session, name: str) -> LeaseRow | None:
    """Return who has, or last had, a lease."""
    columns = (_LEASES.c.holder, _LEASES.c.token, _LEASES.c.until)
    row = session.execute(select(*columns).where(_LEASES.c.name == name)).first()
    return LeaseRow(*row) if row is not None else None


def is_held(holding: LeaseRow, now: datetime) -> bool:
    """Whether a lease is somebody's: it has not ended, and nobody knows its holder to be gone."""
    return holding.until > now and not has_process_ended(holding.holder)
