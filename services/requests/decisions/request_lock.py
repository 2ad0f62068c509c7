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
from services.coordination.clock import SystemClock
from services.coordination.leases import LeaseGrant, Leases, load_lease
from services.store import Store

LOCK_DURATION = timedelta(minutes=4)
"""Longer than all calls of one change may take together."""
REMINDER_COOLDOWN = timedelta(minutes=15)
_LOCK_PREFIX, _REMINDER_PREFIX = "act:", "remind:"
_HOLDER_SEPARATOR = "#"
_ACTOR_MAX = 90


_locks: "WeakValueDictionary[uuid.UUID, asyncio.Lock]" = WeakValueDictionary()


def process_lock(key: uuid.UUID) -> asyncio.Lock:
    """Return the lock of a request in this process: a second click waits, and is told the result of the first."""
    lock = _locks.get(key)
    if lock is None:
        lock = _locks[key] = asyncio.Lock()
    return lock


@dataclass(frozen=True, slots=True)
class RequestLock:
    """A right that was taken. Only who took it can give it back: once it has run out it may be somebody else's."""

    leases: Leases
    held: LeaseGrant

    def release_lease(self) -> None:
        """Let others have it at once."""
        with self.leases.store.write() as work:
            self.leases.release_lease_in_session(work.session, self.held)
            _delete_expired(work.session, self.held.name, self.leases.clock.now())


def acquire_lock(store: Store, key: uuid.UUID) -> RequestLock | str:
    """Take the right to change a request; returns who has it where that is somebody else."""
    return _acquire(store, f"{_LOCK_PREFIX}{key}", LOCK_DURATION)


def acquire_reminder(store: Store, key: uuid.UUID) -> RequestLock | None:
    """Take the right to remind of a request; None where somebody had it within the last 15 minutes."""
    taken = _acquire(store, f"{_REMINDER_PREFIX}{key}", REMINDER_COOLDOWN)
    return taken if isinstance(taken, RequestLock) else None


def _acquire(store: Store, name: str, length: timedelta) -> RequestLock | str:
    # A holder of its own for each: two windows of one person are two.
    leases = Leases(store, f"{store.actor[:_ACTOR_MAX]}{_HOLDER_SEPARATOR}{uuid.uuid4().hex}", SystemClock())
    with store.write() as work:
        _delete_expired(work.session, name, leases.clock.now())
        held = leases.take_in(work.session, name, length.total_seconds())
        if held is not None:
            return RequestLock(leases, held)
        found = load_lease(work.session, name)
    return (found.holder.rpartition(_HOLDER_SEPARATOR)[0] if found is not None else "") or "somebody"


def _delete_expired(session: Session, name: str, now: datetime) -> None:
    """Remove what has run out: it is worth nothing to anybody, and its rows must not gather."""
    kind, colon, _ = name.partition(":")
    gone = (col(Lease.name).startswith(f"{kind}{colon}", autoescape=True), col(Lease.until) <= now)
    session.execute(delete(Lease).where(*gone))
