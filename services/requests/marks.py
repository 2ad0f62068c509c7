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
from services.store import timeline
from services.texts import storable

CREATE = "Create"
CANCEL = "Cancel"
TIME_OUT = "Cancel, because the time is over"

_ENDS = {CANCEL: RequestState.CANCELLED, TIME_OUT: RequestState.TIMED_OUT}


@dataclass(frozen=True, slots=True)
class Sends:
    """How often Create was about to be called for a request, and when last."""

    count: int = 0
    last: datetime | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """An end that was wanted for a request and about to be asked for on the instance; nobody knows what came of it."""

    state: RequestState
    comment: str


def tell(
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
            actor=storable(actor)[:NAME_MAX],
            detail=storable(detail)[:TEXT_MAX],
        )
    )
    session.flush()


def wish_text(state: RequestState, comment: str) -> str:
    """Return the line that is written before Cancel is called."""
    word = next(word for word, end in _ENDS.items() if end is state)
    return f"{word}: {comment}" if comment else word


def sends_of(session: Session, key: uuid.UUID) -> Sends:
    """Return how often Create was about to be called."""
    marks = [line.at for line in _lines(session, key) if _word(line) == CREATE]
    return Sends(len(marks), max(marks, default=None))


def take_back_send(session: Session, key: uuid.UUID, at: datetime) -> None:
    """Remove the line of a Create that was certainly not carried out: what did not happen is not told."""
    mine = (col(RequestEvent.request_id) == key, col(RequestEvent.kind) == RequestEventKind.SENT)
    this = (col(RequestEvent.detail) == CREATE, col(RequestEvent.at) == at)
    timeline.remove(session, *mine, *this)


def wish_of(session: Session, key: uuid.UUID) -> Wish | None:
    """Return the end that was about to be asked for, unless it was told since that it was refused."""
    return _last_wish(_lines(session, key))


def open_wishes(session: Session, before: datetime) -> dict[uuid.UUID, Wish]:
    """Return the ends of pending requests that were about to be asked for before a moment, and nobody knows of since."""
    mine = (
        select(RequestEvent)
        .join(ApprovalRequest, col(ApprovalRequest.id) == RequestEvent.request_id)
        .where(ApprovalRequest.state == RequestState.PENDING)
        .where(ApprovalRequest.origin == RequestOrigin.CONSOLE)
        .where(col(RequestEvent.kind).in_((RequestEventKind.SENT, RequestEventKind.FAILED)))
        .where(RequestEvent.detail != CREATE, RequestEvent.at < before)
        .order_by(col(RequestEvent.at))
    )
    lines: dict[uuid.UUID, list[RequestEvent]] = {}
    for line in session.exec(mine):
        lines.setdefault(line.request_id, []).append(line)
    found = {key: _last_wish(iter(told)) for key, told in lines.items()}
    return {key: wish for key, wish in found.items() if wish is not None}


def last_problem(session: Session, key: uuid.UUID) -> str:
    """Return what was told last to keep a request from going on."""
    mine = (RequestEvent.request_id == key, RequestEvent.kind == RequestEventKind.PROBLEM)
    newest = select(RequestEvent.detail).where(*mine).order_by(col(RequestEvent.at).desc())
    return session.exec(newest).first() or ""


def _last_wish(lines: Iterator[RequestEvent]) -> Wish | None:
    wish = None
    for line in lines:
        if line.kind == RequestEventKind.FAILED:
            wish = None
        elif _word(line) in _ENDS:
            _, _, comment = line.detail.partition(": ")
            wish = Wish(_ENDS[_word(line)], comment)
    return wish


def _lines(session: Session, key: uuid.UUID) -> Iterator[RequestEvent]:
    wanted = (RequestEventKind.SENT, RequestEventKind.FAILED)
    query = select(RequestEvent).where(RequestEvent.request_id == key, col(RequestEvent.kind).in_(wanted))
    return iter(session.exec(query.order_by(col(RequestEvent.at))))


def _word(line: RequestEvent) -> str:
    return line.detail.partition(": ")[0] if line.kind == RequestEventKind.SENT else ""
