"""Counts and durations of past requests of a process or server."""

import statistics
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from models.kinds import RequestState

if TYPE_CHECKING:
    from services.store import Store

DAYS = 30
WAITS_MAX = 1000
"""Newest requests from which the median is computed here; the databases have no common median function."""


@dataclass(frozen=True, slots=True)
class ProcessStatistics:
    """Requests of one process in the last days; `median_wait_s` is the time from request to decision."""

    decided: int
    approved: int
    timed_out: int
    pending: int
    median_wait_s: float | None


def count_requests_by_state(
    store: "Store", process_id: uuid.UUID, since: datetime | None = None
) -> dict[str, int]:
    """Count the requests of a process by state, all of them or those raised since a moment; blocks."""
    from sqlmodel import col, func, select

    from models.approval_request import ApprovalRequest

    statement = select(ApprovalRequest.state, func.count()).where(ApprovalRequest.process_id == process_id)
    if since is not None:
        statement = statement.where(ApprovalRequest.requested_at >= since)
    with store.read() as session:
        return dict(session.exec(statement.group_by(col(ApprovalRequest.state))).all())


def load_process_statistics(store: "Store", process_id: uuid.UUID, days: int = DAYS) -> ProcessStatistics:
    """Count the requests of a process that were raised in the last `days`; blocks."""
    from sqlmodel import col, select

    from models.approval_request import ApprovalRequest
    from models.base import utcnow

    since = utcnow() - timedelta(days=days)
    counts = count_requests_by_state(store, process_id, since)
    approved, rejected = counts.get(RequestState.APPROVED, 0), counts.get(RequestState.REJECTED, 0)
    with store.read() as session:
        newest = session.exec(
            select(ApprovalRequest.requested_at, ApprovalRequest.ended_at)
            .where(ApprovalRequest.process_id == process_id)
            .where(ApprovalRequest.requested_at >= since)
            .where(col(ApprovalRequest.ended_at).is_not(None))
            .where(col(ApprovalRequest.state).in_((RequestState.APPROVED.value, RequestState.REJECTED.value)))
            .order_by(col(ApprovalRequest.requested_at).desc())
            .limit(WAITS_MAX)
        ).all()
    waits = [(ended - raised).total_seconds() for raised, ended in newest if ended is not None]
    return ProcessStatistics(
        decided=approved + rejected,
        approved=approved,
        timed_out=counts.get(RequestState.TIMED_OUT, 0),
        pending=counts.get(RequestState.PENDING, 0) + counts.get(RequestState.SUBMITTING, 0),
        median_wait_s=statistics.median(waits) if waits else None,
    )
