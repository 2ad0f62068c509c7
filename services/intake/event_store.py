"""The newest calls of each intake client, kept so that a person sees what its sender sends. Bounded in number and size."""

import uuid
from collections.abc import Sequence

from sqlalchemy import delete, select
from sqlmodel import col
from sqlmodel import select as select_rows

from models.intake_event import IntakeEvent
from services.common.json_types import JsonLike
from services.common.utc_text import format_utc
from services.store import Store
from services.store.row_values import get_table, row_to_dict

EVENTS_PER_CLIENT = 20
"""Events that are kept of each client, and of calls without a valid token."""

_EVENTS = get_table(IntakeEvent)


class IntakeEvents:
    """Keeps and lists received events. They are no configuration: no revision and no audit entry. Every method blocks."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, event: IntakeEvent) -> None:
        """Keep an event, and remove the oldest ones beyond the limit. Raises StoreError."""
        mine = (
            _EVENTS.c.client_id.is_(None)
            if event.client_id is None
            else _EVENTS.c.client_id == event.client_id
        )
        newest_first = (_EVENTS.c.received_at.desc(), _EVENTS.c.id)
        with self._store.write() as work:
            work.session.execute(_EVENTS.insert().values(**row_to_dict(event)))
            beyond = select(_EVENTS.c.id).where(mine).order_by(*newest_first).offset(EVENTS_PER_CLIENT)
            old = list(work.session.execute(beyond).scalars())
            if old:
                work.session.execute(delete(_EVENTS).where(_EVENTS.c.id.in_(old)))

    def newest(self, client_id: uuid.UUID | None, limit: int = EVENTS_PER_CLIENT) -> Sequence[IntakeEvent]:
        """Return the events of a client, the newest first; None for calls without a valid token. Raises StoreError."""
        query = select_rows(IntakeEvent).where(col(IntakeEvent.client_id) == client_id)
        if client_id is None:
            query = select_rows(IntakeEvent).where(col(IntakeEvent.client_id).is_(None))
        query = query.order_by(col(IntakeEvent.received_at).desc(), col(IntakeEvent.id)).limit(limit)
        with self._store.read() as session:
            return session.exec(query).all()

    def forget(self, client_id: uuid.UUID) -> None:
        """Remove all events of a client. Raises StoreError."""
        with self._store.write() as work:
            work.session.execute(delete(_EVENTS).where(_EVENTS.c.client_id == client_id))


def event_as_dict(event: IntakeEvent) -> dict[str, JsonLike]:
    """Return an event for JSON."""
    return {
        "received_at": format_utc(event.received_at),
        "sender": event.sender,
        "size": event.size,
        "status": event.status,
        "fault": event.fault or None,
        "request": str(event.request_id) if event.request_id else None,
        "body": event.body or None,
    }
