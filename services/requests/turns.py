"""Who may change a request right now: one console at a time, and one reminder in a quarter of an hour.

Within a process a lock comes first. Both others are leases of the store, so that several consoles on one store keep out of each other's way; a console that ends in
the middle leaves one that runs out by itself.
"""

import asyncio
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from weakref import WeakValueDictionary

from sqlmodel import Session, col, delete

from models.lease import Lease
from services.requests.clock import SystemClock
from services.requests.leases import Held, Leases, holding_of
from services.store import Store

TURN = timedelta(minutes=4)
"""Longer than all calls of one change may take together."""
REMINDED_ONCE_IN = timedelta(minutes=15)
_ACT, _REMIND = "act:", "remind:"
_MARK = "#"
_NAME_MAX = 90


_locks: "WeakValueDictionary[uuid.UUID, asyncio.Lock]" = WeakValueDictionary()


def lock_of(key: uuid.UUID) -> asyncio.Lock:
    """Return the lock of a request in this process: a second click waits, and is told the result of the first."""
    lock = _locks.get(key)
    if lock is None:
        lock = _locks[key] = asyncio.Lock()
    return lock


@dataclass(frozen=True, slots=True)
class Turn:
    """A right that was taken. Only who took it can give it back: once it has run out it may be somebody else's."""

    leases: Leases
    held: Held

    def give_back(self) -> None:
        """Let others have it at once."""
        with self.leases.store.write() as work:
            self.leases.give_back_in(work.session, self.held)
            _clear(work.session, self.held.name, self.leases.clock.now())


def take_turn(store: Store, key: uuid.UUID) -> Turn | str:
    """Take the right to change a request; returns who has it where that is somebody else."""
    return _take(store, f"{_ACT}{key}", TURN)


def take_reminder(store: Store, key: uuid.UUID) -> Turn | None:
    """Take the right to remind of a request; None where somebody had it within the last 15 minutes."""
    taken = _take(store, f"{_REMIND}{key}", REMINDED_ONCE_IN)
    return taken if isinstance(taken, Turn) else None


def _take(store: Store, name: str, length: timedelta) -> Turn | str:
    # A holder of its own for each: two windows of one person are two.
    leases = Leases(store, f"{store.actor[:_NAME_MAX]}{_MARK}{uuid.uuid4().hex}", SystemClock())
    with store.write() as work:
        _clear(work.session, name, leases.clock.now())
        held = leases.take_in(work.session, name, length.total_seconds())
        if held is not None:
            return Turn(leases, held)
        found = holding_of(work.session, name)
    return (found.holder.rpartition(_MARK)[0] if found is not None else "") or "somebody"


def _clear(session: Session, name: str, now: datetime) -> None:
    """Remove what has run out: it is worth nothing to anybody, and its rows must not gather."""
    kind, colon, _ = name.partition(":")
    gone = (col(Lease.name).startswith(f"{kind}{colon}", autoescape=True), col(Lease.until) <= now)
    session.execute(delete(Lease).where(*gone))
