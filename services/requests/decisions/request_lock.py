"""Locks for changing a request: one console at a time, and one reminder per 15 minutes.

Within a process an asyncio lock is taken first. The other two locks are leases in the store, for several consoles on one
store; the lease of a console that ends meanwhile expires, and its row is removed when workers clean up.
"""

import asyncio
import uuid
from dataclasses import dataclass
from datetime import timedelta
from weakref import WeakValueDictionary

from services.coordination.clock import SystemClock
from services.coordination.leases import LeaseGrant, Leases, load_lease
from services.store import Store

LOCK_DURATION = timedelta(minutes=4)
"""Longer than all calls of one change can take together."""
REMINDER_COOLDOWN = timedelta(minutes=15)
_LOCK_PREFIX, _REMINDER_PREFIX = "act:", "remind:"
_HOLDER_SEPARATOR = "#"
_ACTOR_MAX = 90


_locks: "WeakValueDictionary[uuid.UUID, asyncio.Lock]" = WeakValueDictionary()


def process_lock(key: uuid.UUID) -> asyncio.Lock:
    """Return the lock of a request in this process: a second click waits, and then sees the result of the first."""
    lock = _locks.get(key)
    if lock is None:
        lock = _locks[key] = asyncio.Lock()
    return lock


@dataclass(frozen=True, slots=True)
class RequestLock:
    """An acquired lock. Only its owner can release it: after it has expired, another console may have acquired it."""

    leases: Leases
    held: LeaseGrant

    def release_lease(self) -> None:
        """Release the lock before it expires; its row is removed, for no other one has this owner."""
        with self.leases.store.write() as work:
            self.leases.remove_lease_in_session(work.session, self.held)


def acquire_lock(store: Store, key: uuid.UUID) -> RequestLock | str:
    """Acquire the lock for changing a request; returns the name of the owner if it is locked."""
    return _acquire(store, f"{_LOCK_PREFIX}{key}", LOCK_DURATION)


def acquire_reminder(store: Store, key: uuid.UUID) -> RequestLock | None:
    """Acquire the lock for reminding of a request; None if a reminder was sent within REMINDER_COOLDOWN."""
    taken = _acquire(store, f"{_REMINDER_PREFIX}{key}", REMINDER_COOLDOWN)
    return taken if isinstance(taken, RequestLock) else None


def _acquire(store: Store, name: str, length: timedelta) -> RequestLock | str:
    # A separate owner for each call: two windows of one person exclude each other.
    leases = Leases(store, f"{store.actor[:_ACTOR_MAX]}{_HOLDER_SEPARATOR}{uuid.uuid4().hex}", SystemClock())
    with store.write() as work:
        held = leases.take_in(work.session, name, length.total_seconds())
        if held is not None:
            return RequestLock(leases, held)
        found = load_lease(work.session, name)
    return (found.holder.rpartition(_HOLDER_SEPARATOR)[0] if found is not None else "") or "somebody"
