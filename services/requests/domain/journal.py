"""Timeline lines of a request: adding them, and reading back those that were written before a call."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement
from sqlmodel import Session, col, select

from models.approval_request import ApprovalRequest
from models.base import NAME_MAX, TEXT_MAX, utcnow
from models.kinds import RequestEventKind, RequestOperation, RequestOrigin, RequestState
from models.request_event import RequestEvent
from services.common.plain_text import replace_unstorable
from services.store import timeline_hash_chain
from services.store.timeline_facts import NO_FACTS, TimelineFacts

_CANCEL_TEXTS = {
    RequestState.CANCELLED: "Cancel",
    RequestState.TIMED_OUT: "Cancel, because the time is over",
}


@dataclass(frozen=True, slots=True)
class TimelineEvent:
    """A line to be added to a timeline: its text for people, and its facts for programs."""

    kind: RequestEventKind
    detail: str
    facts: TimelineFacts = NO_FACTS


CREATE_EVENT = TimelineEvent(RequestEventKind.SENT, "Create", TimelineFacts(RequestOperation.CREATE))
"""The line that is written before Create is called."""


@dataclass(frozen=True, slots=True)
class CreateAttempts:
    """How often Create was about to be called for a request, and the time of the last attempt."""

    count: int = 0
    last: datetime | None = None


@dataclass(frozen=True, slots=True)
class CancelIntent:
    """The final state that a call of Cancel was meant to lead to; the result of the call is unknown."""

    state: RequestState
    comment: str

    def event(self) -> TimelineEvent:
        """Return the line that is written before Cancel is called."""
        text = _CANCEL_TEXTS[self.state]
        detail = f"{text}: {self.comment}" if self.comment else text
        facts = TimelineFacts(RequestOperation.CANCEL, self.state, self.comment)
        return TimelineEvent(RequestEventKind.SENT, detail, facts)


def decided_event(state: RequestState, comment: str = "") -> TimelineEvent:
    """Return the line for a decision that the status service or the record reported."""
    text = state.value.capitalize()
    detail = f"{text}: {comment}" if comment else text
    return TimelineEvent(RequestEventKind.DECIDED, detail, TimelineFacts(outcome=state, comment=comment))


def ended_event(state: RequestState, comment: str) -> TimelineEvent:
    """Return the line for a request that was cancelled or timed out."""
    kind = RequestEventKind.TIMED_OUT if state is RequestState.TIMED_OUT else RequestEventKind.CANCELLED
    return TimelineEvent(kind, comment, TimelineFacts(outcome=state, comment=comment))


def event_columns(event: TimelineEvent) -> dict[str, str]:
    """Return the columns of a line that hold its kind, text and facts; texts are cut to their columns."""
    facts = event.facts.columns()
    facts["comment"] = replace_unstorable(facts["comment"])[:TEXT_MAX]
    detail = replace_unstorable(event.detail)[:TEXT_MAX]
    return {"kind": event.kind.value, "detail": detail, **facts}


def add_event(
    session: Session,
    key: uuid.UUID,
    event: TimelineEvent,
    *,
    actor: str,
    at: datetime | None = None,
    event_id: uuid.UUID | None = None,
) -> None:
    """Add a line to the timeline of a request, in the transaction of the change that it reports.

    `event_id` becomes its id unless another line has it.
    """
    if event_id is None or session.get(RequestEvent, event_id) is not None:
        event_id = uuid.uuid4()
    actor = replace_unstorable(actor)[:NAME_MAX]
    line = RequestEvent(id=event_id, request_id=key, at=at or utcnow(), actor=actor)
    for name, value in event_columns(event).items():
        setattr(line, name, value)
    session.add(line)
    session.flush()


def load_create_attempts(session: Session, key: uuid.UUID) -> CreateAttempts:
    """Return how often Create was about to be called."""
    times = list(session.exec(select(RequestEvent.at).where(*_create_attempts(key))))
    return CreateAttempts(len(times), max(times, default=None))


def remove_create_attempt(session: Session, key: uuid.UUID, at: datetime) -> None:
    """Remove the line of a call of Create that was certainly not executed."""
    timeline_hash_chain.remove_lines(session, *_create_attempts(key), col(RequestEvent.at) == at)


def load_cancel_intent(session: Session, key: uuid.UUID) -> CancelIntent | None:
    """Return the intent to cancel a request, unless a later line reports that Cancel failed."""
    query = select(RequestEvent).where(RequestEvent.request_id == key, _is_cancel_or_failure())
    return _last_cancel_intent(session.exec(query.order_by(col(RequestEvent.at))))


def load_open_cancel_intents(session: Session, before: datetime) -> dict[uuid.UUID, CancelIntent]:
    """Return the intents to cancel pending requests that are older than a moment, by the id of the request."""
    query = (
        select(RequestEvent)
        .join(ApprovalRequest, col(ApprovalRequest.id) == RequestEvent.request_id)
        .where(ApprovalRequest.state == RequestState.PENDING)
        .where(ApprovalRequest.origin == RequestOrigin.CONSOLE)
        .where(_is_cancel_or_failure(), RequestEvent.at < before)
        .order_by(col(RequestEvent.at))
    )
    lines: dict[uuid.UUID, list[RequestEvent]] = {}
    for line in session.exec(query):
        lines.setdefault(line.request_id, []).append(line)
    found = {key: _last_cancel_intent(events) for key, events in lines.items()}
    return {key: intent for key, intent in found.items() if intent is not None}


def latest_problem(session: Session, key: uuid.UUID) -> str:
    """Return the newest problem in the timeline of a request, or an empty text."""
    mine = (RequestEvent.request_id == key, RequestEvent.kind == RequestEventKind.PROBLEM)
    newest = select(RequestEvent.detail).where(*mine).order_by(col(RequestEvent.at).desc())
    return session.exec(newest).first() or ""


def _create_attempts(key: uuid.UUID) -> tuple[ColumnElement[bool], ...]:
    return (
        col(RequestEvent.request_id) == key,
        col(RequestEvent.kind) == RequestEventKind.SENT,
        col(RequestEvent.operation) == RequestOperation.CREATE,
    )


def _is_cancel_or_failure() -> ColumnElement[bool]:
    failed = col(RequestEvent.kind) == RequestEventKind.FAILED
    sent = col(RequestEvent.kind) == RequestEventKind.SENT
    return failed | (sent & (col(RequestEvent.operation) == RequestOperation.CANCEL))


def _last_cancel_intent(lines: Iterable[RequestEvent]) -> CancelIntent | None:
    intent = None
    for line in lines:
        failed = line.kind == RequestEventKind.FAILED
        intent = None if failed else CancelIntent(RequestState(line.outcome), line.comment)
    return intent
