"""Whether programs that have died left anything behind; imports no client, as most of the time they did not."""

import uuid
from datetime import timedelta

from models.base import utcnow
from services.requests.domain.journal import CancelIntent, load_open_cancel_intents
from services.requests.rehearsal import baseline
from services.store import Store

CANCEL_STALE_AFTER = timedelta(minutes=2)
"""A Cancel that has not come to its end by then is nobody's any more: a call takes a minute at most."""


def has_unfinished_work(store: Store) -> bool:
    """Whether programs that have died left anything for `clean_up_rehearsals`; blocks."""
    return bool(baseline.find_unfinished(store) or load_stale_cancels(store))


def load_stale_cancels(store: Store) -> dict[uuid.UUID, CancelIntent]:
    """Return the cancellations that were begun by programs that have died, by request; blocks."""
    with store.read() as session:
        return load_open_cancel_intents(session, utcnow() - CANCEL_STALE_AFTER)
