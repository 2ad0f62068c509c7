"""Counts the open requests of a policy, which lose something when it is made inactive or an action is removed."""

from sqlalchemy import and_, func, or_, select

from models.approval_request import ApprovalRequest
from models.kinds import OPEN_STATES, RequestState
from services.common.errors import OpenRequests
from services.common.uuid_text import id_variants
from services.store import Store
from services.store.row_values import get_table

CONSEQUENCE = "Their users still see the old window, and new ones are not asked any more."


def count_policy_requests(store: Store, policy_id: str, name: str) -> OpenRequests:
    """Return how many open requests name a policy, by its GUID, or by its name where they have no GUID; blocks."""
    table = get_table(ApprovalRequest)
    by_name = and_(table.c.policy_id == "", func.lower(table.c.policy_name) == name.lower())
    by_id = table.c.policy_id.in_(id_variants(policy_id)) if policy_id else by_name
    query = (
        select(table.c.state, func.count())
        .where(table.c.state.in_(OPEN_STATES), or_(by_id, by_name))
        .group_by(table.c.state)
    )
    with store.read() as session:
        counts: dict[str, int] = {row[0]: row[1] for row in session.execute(query)}
    return OpenRequests(
        pending=counts.get(RequestState.PENDING.value, 0),
        submitting=counts.get(RequestState.SUBMITTING.value, 0),
    )
