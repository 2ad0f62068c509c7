"""What the stored requests tell of policies: how many there were lately, and how many failed since the last answer."""

from collections.abc import Collection
from datetime import datetime, timedelta

from sqlmodel import Session, col, func, select

from models.approval_request import ApprovalRequest
from models.base import utcnow
from models.kinds import UNANSWERED_STATES, RequestState
from services.approval_chain.links import RequestsOfPolicy
from services.store import Store

RECENT = timedelta(days=30)
ANSWERED = (RequestState.APPROVED, RequestState.REJECTED)


def count_recent(store: Store, policies: Collection[str]) -> dict[str, int]:
    """Return how many requests of the last 30 days each policy has, by its name; blocks."""
    if not policies:
        return {}
    since = utcnow() - RECENT
    with store.read() as session:
        rows = session.exec(
            select(ApprovalRequest.policy_name, func.count())
            .where(col(ApprovalRequest.policy_name).in_(list(policies)))
            .where(col(ApprovalRequest.requested_at) >= since)
            .group_by(col(ApprovalRequest.policy_name))
        ).all()
    return dict(rows)


def read_requests(store: Store, policy: str) -> RequestsOfPolicy:
    """Return what the requests of a policy tell; blocks. Requests that went elsewhere are not in the store."""
    recent = count_recent(store, [policy]).get(policy, 0)
    with store.read() as session:
        last_at = _last(session, policy, ())
        answered_at = _last(session, policy, ANSWERED)
        conditions = [
            col(ApprovalRequest.policy_name) == policy,
            col(ApprovalRequest.state).in_(UNANSWERED_STATES),
        ]
        if answered_at is not None:
            conditions.append(col(ApprovalRequest.requested_at) > answered_at)
        count = session.exec(select(func.count()).select_from(ApprovalRequest).where(*conditions)).one()
        requested_at = col(ApprovalRequest.requested_at)
        first = session.exec(select(requested_at).where(*conditions).order_by(requested_at).limit(1)).first()
    return RequestsOfPolicy(recent, last_at, count, first)


def _last(session: Session, policy: str, states: Collection[RequestState]) -> datetime | None:
    query = select(ApprovalRequest.requested_at).where(ApprovalRequest.policy_name == policy)
    if states:
        query = query.where(col(ApprovalRequest.state).in_(states))
    return session.exec(query.order_by(col(ApprovalRequest.requested_at).desc()).limit(1)).first()
