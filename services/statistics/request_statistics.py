"""Counts and durations of past requests of a process or server."""

import statistics
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from models.kinds import OPEN_STATES, RequestState

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


@dataclass(frozen=True, slots=True)
class ServerStatistics:
    """One server: its address, its open requests, and the intervals and timeouts of its processes in seconds."""

    id: uuid.UUID
    name: str
    host: str
    production: bool
    has_credential: bool
    """Whether a User Credential is chosen."""
    pending: int
    timings: tuple[tuple[int, int], ...]
    """Polling interval and timeout of each of its processes."""
    minimum_interval_s: int
    """Seconds between two polls of its open requests."""
    calls_last_hour: int = 0
    """Counted calls of all windows and workers on this store."""


def load_server_statistics(store: "Store") -> list[ServerStatistics]:
    """Return the statistics of all servers, ordered by name; blocks."""
    from sqlmodel import col, func, select

    from models.api_call import ApiCall
    from models.approval_process import ApprovalProcess as Process
    from models.approval_request import ApprovalRequest as Request
    from models.base import utcnow
    from models.foreign_system import ForeignSystem

    an_hour_ago = utcnow() - timedelta(hours=1)
    with store.read() as session:
        servers = session.exec(select(ForeignSystem)).all()
        processes = session.exec(
            select(Process.server_id, Process.check_every_s, Process.timeout_after_s)
        ).all()
        pending = dict(
            session.exec(
                select(Process.server_id, func.count())
                .join(Request, col(Request.process_id) == col(Process.id))
                .where(col(Request.state).in_(OPEN_STATES))
                .group_by(col(Process.server_id))
            ).all()
        )
        calls = dict(
            session.exec(
                select(ApiCall.server_id, func.count())
                .where(col(ApiCall.at) > an_hour_ago)
                .group_by(col(ApiCall.server_id))
            ).all()
        )
    found = [
        ServerStatistics(
            id=server.id,
            name=server.name,
            host=server.base_url.split("//", 1)[-1].rstrip("/"),
            production=server.production,
            has_credential=server.credential_id is not None,
            pending=int(pending.get(server.id, 0)),
            minimum_interval_s=server.minimum_interval_s,
            calls_last_hour=int(calls.get(server.id, 0)),
            timings=tuple((every, after) for owner, every, after in processes if owner == server.id),
        )
        for server in servers
    ]
    return sorted(found, key=lambda one: one.name.casefold())
