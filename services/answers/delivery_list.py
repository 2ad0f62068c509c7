"""Deliveries for people and programs: the JSON of one, and the figures of all."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import func, or_
from sqlmodel import col, select

from models.approval_request import ApprovalRequest
from models.delivery import AnswerKind, Delivery, DeliveryState
from services.common.json_types import UncheckedJson
from services.common.redaction import redact
from services.store import Store

FIGURES_PERIOD = timedelta(hours=24)


def delivery_as_dict(one: Delivery) -> UncheckedJson:
    """Return a delivery for JSON, without the message itself."""
    return {
        "id": str(one.id),
        "request": str(one.request_id),
        "client": one.client_name,
        "destination": one.kind.replace("_", "-"),
        "server_id": str(one.server_id) if one.server_id else None,
        "url": redact(one.url) if one.kind == AnswerKind.WEBHOOK else None,
        "outcome": one.outcome,
        "state": one.state,
        "tries": one.tries,
        "last_status": one.last_status or None,
        "fault": one.fault or None,
        "reason": redact(one.reason) or None,
        "created_at": _timestamp(one.created_at),
        "tried_at": _timestamp(one.tried_at),
        "next_try_at": _timestamp(one.next_try_at) if one.state == DeliveryState.PENDING else None,
        "ended_at": _timestamp(one.ended_at),
    }


def count_by_state(store: Store) -> dict[str, int]:
    """Return how many deliveries are in each state, the past ones included."""
    query = select(Delivery.state, func.count()).group_by(col(Delivery.state))
    with store.read() as session:
        return dict(session.exec(query).all())


@dataclass(frozen=True, slots=True)
class DeliveryFigures:
    """What became of the answers of one client, or of all."""

    client_id: uuid.UUID | None = None
    client_name: str = ""
    server_id: uuid.UUID | None = None
    delivered: int = 0
    pending: int = 0
    failed: int = 0
    slowest: timedelta | None = None
    """The longest time from the end of a request to its delivery."""
    last_at: datetime | None = None
    """When an answer was delivered last."""
    last_number: str = ""
    """The number of its request in the figures of all together, where it is known."""


@dataclass(frozen=True, slots=True)
class DeliveryStatistics:
    """The figures of a period: all together, and for each client, ordered by name."""

    total: DeliveryFigures
    clients: tuple[DeliveryFigures, ...]


def delivery_statistics(
    store: Store,
    now: datetime,
    *,
    server_id: uuid.UUID | None = None,
    client_id: uuid.UUID | None = None,
    period: timedelta = FIGURES_PERIOD,
) -> DeliveryStatistics:
    """Count the answers of a period; those still pending count whenever their request ended. Blocks.

    `server_id` and `client_id` restrict the figures to one Privilege Manager server or one intake client.
    """
    recent = or_(col(Delivery.created_at) >= now - period, col(Delivery.state) == DeliveryState.PENDING)
    columns = (
        Delivery.client_id, Delivery.client_name, Delivery.server_id, Delivery.state, Delivery.created_at, Delivery.ended_at, Delivery.request_id,
    )  # fmt: skip
    query = select(*columns).where(recent)  # type: ignore[call-overload]
    if server_id is not None:
        query = query.where(Delivery.server_id == server_id)
    if client_id is not None:
        query = query.where(Delivery.client_id == client_id)
    with store.read() as session:
        rows = [_Row(*row) for row in session.exec(query)]
        total = _figures(rows)
        last = next(
            (row.request_id for row in rows if row.ended_at == total.last_at and row.is_delivered), None
        )
        if last is not None:
            number = session.exec(select(ApprovalRequest.number).where(ApprovalRequest.id == last)).first()
            total = replace(total, last_number=number or "")
    by_client: dict[uuid.UUID, list[_Row]] = {}
    for row in rows:
        by_client.setdefault(row.client_id, []).append(row)
    clients = (
        _figures(found, key, found[-1].client_name, found[-1].server_id) for key, found in by_client.items()
    )
    return DeliveryStatistics(total, tuple(sorted(clients, key=lambda one: one.client_name)))


@dataclass(frozen=True, slots=True)
class _Row:
    client_id: uuid.UUID
    client_name: str
    server_id: uuid.UUID | None
    state: str
    created_at: datetime
    ended_at: datetime | None
    request_id: uuid.UUID

    @property
    def is_delivered(self) -> bool:
        """Whether the other side has taken the answer."""
        return self.state == DeliveryState.DELIVERED and self.ended_at is not None


def _figures(
    rows: Iterable[_Row],
    client_id: uuid.UUID | None = None,
    client_name: str = "",
    server_id: uuid.UUID | None = None,
) -> DeliveryFigures:
    found = list(rows)
    states = [row.state for row in found]
    delivered = [
        (row.ended_at, row.ended_at - row.created_at)
        for row in found
        if row.state == DeliveryState.DELIVERED and row.ended_at is not None
    ]
    return DeliveryFigures(
        client_id,
        client_name,
        server_id,
        delivered=states.count(DeliveryState.DELIVERED),
        pending=states.count(DeliveryState.PENDING),
        failed=states.count(DeliveryState.FAILED),
        slowest=max((took for _, took in delivered), default=None),
        last_at=max((at for at, _ in delivered), default=None),
    )


def _timestamp(at: datetime | None) -> str | None:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ") if at is not None else None
