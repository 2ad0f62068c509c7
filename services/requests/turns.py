"""Who may change a request right now: one console at a time, and one reminder in a quarter of an hour.

Both are leases of the store, so that several consoles on one store keep out of each other's way; a console that ends in
the middle leaves one that runs out by itself.
"""

import uuid
from datetime import timedelta

from sqlmodel import col, delete

from models.base import utcnow
from models.lease import Lease
from services.store import Store

TURN = timedelta(minutes=4)
"""Longer than all calls of one change may take together."""
REMINDED_ONCE_IN = timedelta(minutes=15)
_ACT, _REMIND = "act:", "remind:"


def take_turn(store: Store, key: uuid.UUID) -> str:
    """Take the right to change a request; returns who has it where that is somebody else, or an empty text."""
    return _take(store, f"{_ACT}{key}", TURN)


def give_back_turn(store: Store, key: uuid.UUID) -> None:
    """Give the right to change a request back."""
    _give_back(store, f"{_ACT}{key}")


def take_reminder(store: Store, key: uuid.UUID) -> bool:
    """Take the right to remind of a request; False where somebody had it within the last 15 minutes."""
    return not _take(store, f"{_REMIND}{key}", REMINDED_ONCE_IN)


def give_back_reminder(store: Store, key: uuid.UUID) -> None:
    """Give the right to remind back: nobody was reminded."""
    _give_back(store, f"{_REMIND}{key}")


def _take(store: Store, name: str, length: timedelta) -> str:
    now = utcnow()
    with store.write() as work:
        found = work.session.get(Lease, name)
        if found is not None and found.until > now:
            return found.holder or "somebody"
        # What has run out is worth nothing to anybody; its rows must not gather.
        kind = name.partition(":")[0]
        gone = (col(Lease.name).startswith(f"{kind}:", autoescape=True), col(Lease.until) <= now)
        work.session.execute(delete(Lease).where(*gone))
        work.session.expunge_all()
        token = found.token + 1 if found is not None else 1
        work.session.add(Lease(name=name, holder=store.actor[:128], token=token, until=now + length))
    return ""


def _give_back(store: Store, name: str) -> None:
    with store.write() as work:
        work.session.execute(delete(Lease).where(col(Lease.name) == name))
