"""Lines of a request's timeline, and those among them that are written before a call, to be found after a crash."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from models.approval_request import ApprovalRequest
from models.base import NAME_MAX, TEXT_MAX, utcnow
from models.kinds import RequestEventKind, RequestOrigin, RequestState
from models.request_event import RequestEvent
from services.common.plain_text import replace_unstorable
from services.store import timeline_audit

INTAKE_DETAIL_PREFIX = "Through the intake"
"""How the first entry of a request begins that came through the intake."""
CREATE_DETAIL = "Create"
CANCEL_DETAIL = "Cancel"
TIME_OUT_DETAIL = "Cancel, because the time is over"

_STATE_BY_DETAIL = {CANCEL_DETAIL: RequestState.CANCELLED, TIME_OUT_DETAIL: RequestState.TIMED_OUT}


@dataclass(frozen=True, slots=True)
class CreateAttempts:
    """How often Create was about to be called for a request, and when last."""

    count: int = 0
    last: datetime | None = None


@dataclass(frozen=True, slots=True)
class CancelIntent:
    """An end that was wanted for a request and about to be asked for on the instance; nobody knows what came of it."""

    state: RequestState
    comment: str


def add_event(
    session: Session,
    key: uuid.UUID,
    kind: RequestEventKind,
    detail: str,
    *,
    actor: str,
    at: datetime | None = None,
    event_id: uuid.UUID | None = None,
) -> None:
    """Add a line to the timeline of a request, in the transaction of the change that it tells of.

    It gets `event_id` as its id, unless a line has that already.
    """
    if event_id is None or session.get(RequestEvent, event_id) is not None:
        event_id = uuid.uuid4()
    session.add(
        RequestEvent(
            id=event_id,
            request_id=key,
            at=at or utcnow(),
            kind=kind,
            actor=replace_unstorable(actor)[:NAME_MAX],
            detail=replace_unstorable(detail)[:TEXT_MAX],
        )
    )
    session.flush()


def cancel_intent_detail(state: RequestState, comment: str) -> str:
    """Return the line that is written before Cancel is called."""
    word = next(word for word, end in _STATE_BY_DETAIL.items() if end is state)
    return f"{word}: {comment}" if comment else word


def load_create_attempts(session: Session, key: uuid.UUID) -> CreateAttempts:
    """Return how often Create was about to be called."""
    marks = [line.at for line in _call_events(session, key) if _called_operation(line) == CREATE_DETAIL]
    return CreateAttempts(len(marks), max(marks, default=None))


def remove_create_attempt(session: Session, key: uuid.UUID, at: datetime) -> None:
    """Remove the line of a Create that was certainly not carried out: what did not happen is not told."""
    mine = (col(RequestEvent.request_id) == key, col(RequestEvent.kind) == RequestEventKind.SENT)
    this = (col(RequestEvent.detail) == CREATE_DETAIL, col(RequestEvent.at) == at)
    timeline_audit.remove_lines(session, *mine, *this)


def load_cancel_intent(session: Session, key: uuid.UUID) -> CancelIntent | None:
    """Return the end that was about to be asked for, unless it was told since that it was refused."""
    return _last_cancel_intent(_call_events(session, key))


def load_open_cancel_intents(session: Session, before: datetime) -> dict[uuid.UUID, CancelIntent]:
    """Return the ends of pending requests that were about to be asked for before a moment, and nobody knows of since."""
    mine = (
        select(RequestEvent)
        .join(ApprovalRequest, col(ApprovalRequest.id) == RequestEvent.request_id)
        .where(ApprovalRequest.state == RequestState.PENDING)
        .where(ApprovalRequest.origin == RequestOrigin.CONSOLE)
        .where(col(RequestEvent.kind).in_((RequestEventKind.SENT, RequestEventKind.FAILED)))
        .where(RequestEvent.detail != CREATE_DETAIL, RequestEvent.at < before)
        .order_by(col(RequestEvent.at))
    )
    lines: dict[uuid.UUID, list[RequestEvent]] = {}
    for line in session.exec(mine):
        lines.setdefault(line.request_id, []).append(line)
    found = {key: _last_cancel_intent(iter(told)) for key, told in lines.items()}
    return {key: wish for key, wish in found.items() if wish is not None}


def latest_problem(session: Session, key: uuid.UUID) -> str:
    """Return what was told last to keep a request from going on."""
    mine = (RequestEvent.request_id == key, RequestEvent.kind == RequestEventKind.PROBLEM)
    newest = select(RequestEvent.detail).where(*mine).order_by(col(RequestEvent.at).desc())
    return session.exec(newest).first() or ""


def _last_cancel_intent(lines: Iterator[RequestEvent]) -> CancelIntent | None:
    wish = None
    for line in lines:
        if line.kind == RequestEventKind.FAILED:
            wish = None
        elif _called_operation(line) in _STATE_BY_DETAIL:
            _, _, comment = line.detail.partition(": ")
            wish = CancelIntent(_STATE_BY_DETAIL[_called_operation(line)], comment)
    return wish


def _call_events(session: Session, key: uuid.UUID) -> Iterator[RequestEvent]:
    wanted = (RequestEventKind.SENT, RequestEventKind.FAILED)
    query = select(RequestEvent).where(RequestEvent.request_id == key, col(RequestEvent.kind).in_(wanted))
    return iter(session.exec(query.order_by(col(RequestEvent.at))))


def _called_operation(line: RequestEvent) -> str:
    return line.detail.partition(": ")[0] if line.kind == RequestEventKind.SENT else ""
