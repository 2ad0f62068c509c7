"""The answer to one request as values: what every destination makes its message of."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from models.addresses import record_url
from models.approval_request import ApprovalRequest
from models.delivery import Delivery
from models.foreign_system import ForeignSystem
from models.kinds import RequestEventKind, RequestOperation, RequestState
from models.request_event import RequestEvent
from services.servicenow.journal_text import journal_to_text


@dataclass(frozen=True, slots=True)
class Answer:
    """How one request ended. Unknown texts are empty."""

    delivery_id: uuid.UUID
    request_id: uuid.UUID
    approval_id: str
    """PMApprovalId in ServiceNow."""
    caller_id: str
    """The id by which the program that asked knows the request."""
    state: RequestState
    comment: str
    approver: str
    """The person who decided at a console; not known of decisions made in ServiceNow."""
    decided_at: datetime
    number: str
    url: str
    """The record in ServiceNow."""
    duration_s: int = 0
    """How long an approval lasts; 0 for one time."""

    @property
    def is_approved(self) -> bool:
        """Whether the program may go on; every other end means no."""
        return self.state is RequestState.APPROVED


def load_answer(session: Session, delivery: Delivery, duration_s: int = 0) -> Answer:
    """Return the answer that a delivery is for."""
    row = session.get(ApprovalRequest, delivery.request_id)
    server = session.get(ForeignSystem, row.server_id) if row is not None and row.server_id else None
    url = (
        record_url(server.base_url, "sc_req_item", row.record_id) if server and row and row.record_id else ""
    )
    return Answer(
        delivery_id=delivery.id,
        request_id=delivery.request_id,
        approval_id=row.approval_id if row is not None else "",
        caller_id=delivery.caller_id,
        state=RequestState(delivery.outcome),
        comment=journal_to_text(row.comment) if row is not None else "",
        approver=_load_approver(session, delivery),
        decided_at=(row.ended_at if row is not None else None) or delivery.created_at,
        number=row.number if row is not None else "",
        url=url,
        duration_s=duration_s,
    )


def _load_approver(session: Session, delivery: Delivery) -> str:
    decided = select(RequestEvent.actor).where(
        RequestEvent.request_id == delivery.request_id,
        RequestEvent.kind == RequestEventKind.DECIDED,
        RequestEvent.operation == RequestOperation.DECIDE,
        RequestEvent.outcome == delivery.outcome,
    )
    return session.exec(decided.order_by(col(RequestEvent.at).desc())).first() or ""
