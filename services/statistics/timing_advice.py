"""Figures for choosing the polling interval and the timeout of a process, from past requests and checks."""

import math
import uuid
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import Select, func
from sqlalchemy import select as columns_of
from sqlmodel import Session, and_, col, or_, select

from models.approval_process import ApprovalProcess
from models.approval_request import ApprovalRequest
from models.base import utcnow
from models.foreign_system import POLL_INTERVAL_DEFAULT_S, ForeignSystem
from models.kinds import OPEN_STATES, RequestEventKind, RequestState
from models.request_event import RequestEvent
from services.connectivity.check_history import last_call_limit
from services.store import Store

APPROVALS_MAX = 500
"""Newest approvals from which approval times are computed."""
PEAK_DAYS = 30
PEAK_ROWS_MAX = 5000
"""Newest requests from which the daily peak is computed."""
ABANDONED_STATES = (RequestState.TIMED_OUT.value, RequestState.CANCELLED.value)
SERVICENOW_APPROVED = "approved"
"""`approval` of a requested item that was approved."""
SERVICENOW_DECIDED = (SERVICENOW_APPROVED, "rejected")


@dataclass(frozen=True, slots=True)
class ApprovalTimes:
    """Durations of the last approvals of a process from request to approval, in seconds, sorted.

    `unanswered` of the last `ended` requests timed out without a decision.
    """

    seconds: tuple[float, ...] = ()
    unanswered: int = 0
    ended: int = 0

    def share_after(self, timeout_s: float) -> float:
        """Return the share of approvals that took longer than a timeout, from 0 to 1; 0 if there are no approvals."""
        if not self.seconds:
            return 0.0
        return 1 - bisect_right(self.seconds, timeout_s) / len(self.seconds)

    def percentile(self, share: float) -> float | None:
        """Return the time within which a share of the approvals was given, or None if there are no approvals."""
        if not self.seconds:
            return None
        return self.seconds[max(math.ceil(share * len(self.seconds)), 1) - 1]


@dataclass(frozen=True, slots=True)
class PollingLoad:
    """What an instance has to answer for a process: requests open now and at the usual peak, and what it allows.

    `told_limit` is the calls an hour that the instance told when it was checked last, or None when it told none.
    """

    open_now: int = 0
    median_peak: int = 0
    minimum_interval_s: int = POLL_INTERVAL_DEFAULT_S
    reported_call_limit: int | None = None


def load_approval_times(store: Store, process_id: uuid.UUID) -> ApprovalTimes:
    """Return the durations of the last approvals of a process; blocks.

    Approvals that were given on the instance after the request had timed out or was cancelled here count, too. Rehearsals
    do not count: no approver had to be found for them.
    """
    approved_late = and_(
        col(ApprovalRequest.state).in_(ABANDONED_STATES),
        col(ApprovalRequest.servicenow_state) == SERVICENOW_APPROVED,
    )
    query = (
        columns_of(
            col(ApprovalRequest.id),
            col(ApprovalRequest.state),
            col(ApprovalRequest.requested_at),
            col(ApprovalRequest.ended_at),
            col(ApprovalRequest.observed_at),
        )
        .where(
            col(ApprovalRequest.process_id) == process_id,
            col(ApprovalRequest.rehearsal).is_(False),
            col(ApprovalRequest.ended_at).is_not(None),
            or_(col(ApprovalRequest.state) == RequestState.APPROVED.value, approved_late),
        )
        .order_by(col(ApprovalRequest.requested_at).desc())
        .limit(APPROVALS_MAX)
    )
    with store.read() as session:
        rows = session.execute(query).all()
        ended_so = session.execute(_recently_ended_query(process_id)).all()
        decided = _load_decision_times(session, [row[0] for row in rows if row[1] in ABANDONED_STATES])
    times = []
    for request_id, state, raised, ended, observed in rows:
        answered = ended
        if state in ABANDONED_STATES:
            # The time of the approval is not always known, but it was after the end here.
            answered = max(decided.get(request_id) or observed or ended, ended)
        times.append((answered - raised).total_seconds())
    unanswered = sum(
        state == RequestState.TIMED_OUT.value and there not in SERVICENOW_DECIDED for state, there in ended_so
    )
    return ApprovalTimes(tuple(sorted(times)), unanswered, len(ended_so))


def _recently_ended_query(process_id: uuid.UUID) -> Select[str, str]:
    """Return the query for the final states of the last requests of a process, here and on the instance."""
    return (
        columns_of(col(ApprovalRequest.state), col(ApprovalRequest.servicenow_state))
        .where(
            col(ApprovalRequest.process_id) == process_id,
            col(ApprovalRequest.rehearsal).is_(False),
            col(ApprovalRequest.ended_at).is_not(None),
        )
        .order_by(col(ApprovalRequest.requested_at).desc())
        .limit(APPROVALS_MAX)
    )


def _load_decision_times(session: Session, ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, datetime]:
    if not ids:
        return {}
    query = (
        select(RequestEvent.request_id, func.max(RequestEvent.at))
        .where(col(RequestEvent.request_id).in_(ids), RequestEvent.kind == RequestEventKind.DECIDED.value)
        .group_by(col(RequestEvent.request_id))
    )
    return {row[0]: row[1] for row in session.exec(query)}


def load_polling_load(store: Store, process_id: uuid.UUID) -> PollingLoad:
    """Return the numbers of open requests of a process, and the limits of its instance; blocks."""
    now = utcnow()
    since = now - timedelta(days=PEAK_DAYS)
    mine = col(ApprovalRequest.process_id) == process_id
    with store.read() as session:
        spans = session.exec(
            select(ApprovalRequest.requested_at, ApprovalRequest.ended_at)
            .where(mine, ApprovalRequest.requested_at >= since)
            .order_by(col(ApprovalRequest.requested_at).desc())
            .limit(PEAK_ROWS_MAX)
        ).all()
        # coalesce() prevents the use of the index of processes: few requests are open, and a process may have many.
        open_now = session.exec(
            select(func.count()).where(
                col(ApprovalRequest.state).in_(OPEN_STATES),
                func.coalesce(ApprovalRequest.process_id, ApprovalRequest.process_id) == process_id,
            )
        ).one()
        found = session.exec(
            select(ForeignSystem.id, ForeignSystem.minimum_interval_s)
            .join(ApprovalProcess, col(ApprovalProcess.server_id) == col(ForeignSystem.id))
            .where(col(ApprovalProcess.id) == process_id)
        ).first()
    server_id, interval = found or (None, POLL_INTERVAL_DEFAULT_S)
    limit = last_call_limit(store, server_id) if server_id is not None else None
    return PollingLoad(open_now, median_daily_peak(spans, now), interval, limit)


def median_daily_peak(spans: Iterable[tuple[datetime, datetime | None]], now: datetime) -> int:
    """Return the median over days of the largest number of requests that were open at the same time.

    `spans` are the times of request and end, None if open. Days without new requests do not count.
    """
    steps: list[tuple[datetime, int]] = []
    for raised, ended in spans:
        steps += [(raised, 1), (max(ended or now, raised), -1)]
    # At equal times starts come before ends, so that both requests count as open.
    steps.sort(key=lambda step: (step[0], -step[1]))
    highest: dict[date, int] = defaultdict(int)
    count = 0
    for at, change in steps:
        count += change
        if change > 0:
            highest[at.date()] = max(highest[at.date()], count)
    days = sorted(highest.values())
    return days[len(days) // 2] if days else 0
