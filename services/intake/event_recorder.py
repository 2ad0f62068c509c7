"""Records the calls that reach the intake. A call is answered in the same way whether or not it could be recorded."""

import asyncio
import json
import logging
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field

from models.intake_client import IntakeClient
from models.intake_event import SENDER_MAX, IntakeEvent
from services.common.json_types import JsonValue
from services.common.plain_text import replace_unstorable
from services.common.redaction import REDACTED, redact_user_text
from services.intake.event_store import IntakeEvents
from services.intake.limits import BODY_DEPTH_MAX, BODY_SIZE_MAX
from services.store import Store
from services.store.errors import StoreError

UNKNOWN_INTERVAL_S = 2.0
"""At most one call without a valid token is recorded in this time: such calls need no right and must not fill the store."""
RATE_LIMITED_STATUS = 429
SECRET_NAMES = frozenset({"authorization", "proxy-authorization", "cookie"})
"""Members of a body that senders copy from their own headers; their values are removed."""

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Arrival:
    """A call as far as it was read. Its token is kept out of what is stored."""

    sender: str
    declared_size: int = 0
    token: str = field(default="", repr=False)
    client: IntakeClient | None = None
    content: bytes = field(default=b"", repr=False)
    request_id: uuid.UUID | None = None


class EventRecorder:
    """Stores calls as events: all of a client that sends events of Privilege Manager, of the others only refused ones."""

    def __init__(self, store: Store, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._events, self._clock = IntakeEvents(store), clock
        self._next_unknown = clock()

    async def record(self, arrival: Arrival, status: int, fault: str = "") -> None:
        """Store a call with the status that it is answered with; one that cannot be stored is only logged."""
        if not self._is_wanted(arrival, status):
            return
        event = IntakeEvent(
            client_id=arrival.client.id if arrival.client else None,
            sender=replace_unstorable(arrival.sender)[:SENDER_MAX],
            size=len(arrival.content) or arrival.declared_size,
            status=status,
            fault=fault,
            request_id=arrival.request_id,
        )
        try:
            await asyncio.to_thread(self._store, event, arrival)
        except StoreError as error:
            log.info("intake: an event is not recorded: %s", error.problem.fault)

    def _is_wanted(self, arrival: Arrival, status: int) -> bool:
        if arrival.client is not None:
            return status != RATE_LIMITED_STATUS and (sends_events(arrival.client) or status >= 400)
        now = self._clock()
        if now < self._next_unknown:
            return False
        self._next_unknown = now + UNKNOWN_INTERVAL_S
        return True

    def _store(self, event: IntakeEvent, arrival: Arrival) -> None:
        if arrival.client is not None and sends_events(arrival.client):
            event.body = storable_body(arrival.content, arrival.token)
        self._events.add(event)


def sends_events(client: IntakeClient) -> bool:
    """Whether the calls of a client are kept with their bodies."""
    return client.is_learning or client.source_server_id is not None


def storable_body(content: bytes, token: str = "") -> str:
    """Return the text of a body without secrets. JSON stays as it came unless something had to be removed from it."""
    text = replace_unstorable(content[:BODY_SIZE_MAX].decode("utf-8-sig", "replace"))
    if token:
        text = text.replace(token, REDACTED)
    try:
        payload: JsonValue = json.loads(text)
    except (ValueError, RecursionError):
        return redact_user_text(text)
    cleaned = _without_secrets(payload, BODY_DEPTH_MAX + 1)
    if cleaned == payload:
        return text
    # JSON can hold halves of characters as escape sequences, and a store cannot hold them.
    return replace_unstorable(json.dumps(cleaned, ensure_ascii=False, indent=2))


def _without_secrets(value: JsonValue, levels: int) -> JsonValue:
    if isinstance(value, str):
        return redact_user_text(value)
    if not levels:
        return REDACTED if isinstance(value, dict | list) else value
    if isinstance(value, dict):
        return {
            redact_user_text(name): REDACTED
            if name.lower() in SECRET_NAMES
            else _without_secrets(one, levels - 1)
            for name, one in value.items()
        }
    if isinstance(value, list):
        return [_without_secrets(one, levels - 1) for one in value]
    return value
