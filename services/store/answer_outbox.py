"""The outbox of answers: a request that ends gets its delivery in the transaction that ends it.

`UnitOfWork` calls this for every row that it writes, so that no way of ending a request goes past it.
"""

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlmodel import Session

from models.approval_request import ApprovalRequest
from models.base import utcnow
from models.delivery import AnswerKind, Delivery, DeliveryState, delivery_id
from models.intake_client import IntakeClient
from models.kinds import RequestOrigin, RequestState
from services.store.row_values import RowValues, get_table, row_to_dict

COMMENT_WAIT = timedelta(seconds=180)
"""How long an answer waits at most for the comment of a decision that a poll has seen: a call of its own reads it."""

_REQUESTS, _CLIENTS, _DELIVERIES = get_table(ApprovalRequest), get_table(IntakeClient), get_table(Delivery)
_UNSENT = (_DELIVERIES.c.state == DeliveryState.PENDING, _DELIVERIES.c.tries == 0)


def ends_request(table_name: str, before: RowValues | None, after: RowValues | None) -> bool:
    """Whether a written row is a request of an intake client that was open and has ended."""
    if table_name != _REQUESTS.name or after is None or after["intake_client_id"] is None:
        return False
    was_final = before is not None and RequestState(before["state"]).is_final
    return RequestState(after["state"]).is_final and not was_final


def add_delivery(session: Session, request: RowValues) -> Delivery | None:
    """Write the delivery of a request that ends; returns None where nobody wants its answer or there is one already."""
    columns = (
        _CLIENTS.c.id, _CLIENTS.c.name, _CLIENTS.c.answer_kind, _CLIENTS.c.answer_url, _CLIENTS.c.answer_server_id,
    )  # fmt: skip
    found = select(*columns).where(_CLIENTS.c.id == request["intake_client_id"])
    client = session.execute(found).first()
    if client is None or client.answer_kind == AnswerKind.NONE:
        return None
    if client.answer_kind == AnswerKind.PRIVILEGE_MANAGER and not request["caller_id"]:
        return None  # Privilege Manager does not know the request
    now = utcnow()
    made = Delivery(
        id=delivery_id(request["id"]),
        request_id=request["id"],
        caller_id=request["caller_id"],
        outcome=request["state"],
        client_id=client.id,
        client_name=client.name,
        kind=client.answer_kind,
        server_id=client.answer_server_id,
        url=client.answer_url,
        created_at=now,
        next_try_at=now,
    )
    if session.execute(select(_DELIVERIES.c.id).where(_DELIVERIES.c.id == made.id)).first() is not None:
        return None
    session.execute(_DELIVERIES.insert().values(**row_to_dict(made)))
    return made


def wait_for_comments(session: Session, request_ids: Sequence[uuid.UUID], now: datetime) -> None:
    """Let the answers to requests wait for the comments of their decisions."""
    if request_ids:
        waits = (_DELIVERIES.c.request_id.in_(request_ids), *_UNSENT)
        session.execute(update(_DELIVERIES).where(*waits).values(next_try_at=now + COMMENT_WAIT))


def stop_waiting(session: Session, request_id: uuid.UUID, now: datetime) -> None:
    """Let an answer be sent: its comment is there, or it is known that there is none."""
    waits = (_DELIVERIES.c.request_id == request_id, *_UNSENT, _DELIVERIES.c.next_try_at > now)
    session.execute(update(_DELIVERIES).where(*waits).values(next_try_at=now))


def list_waiting(session: Session, server_id: uuid.UUID, now: datetime) -> list[uuid.UUID]:
    """Return the requests of a ServiceNow server whose answers wait for a comment, the oldest first."""
    listed = select(_REQUESTS.c.id).join(_DELIVERIES, _DELIVERIES.c.request_id == _REQUESTS.c.id)
    listed = listed.where(*_UNSENT, _DELIVERIES.c.next_try_at > now, _REQUESTS.c.server_id == server_id)
    listed = listed.where(
        _REQUESTS.c.comment == "", _REQUESTS.c.origin == RequestOrigin.CONSOLE, _REQUESTS.c.external_id != ""
    )
    return list(session.execute(listed.order_by(_DELIVERIES.c.created_at, _DELIVERIES.c.id)).scalars())
