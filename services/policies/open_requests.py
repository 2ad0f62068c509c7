"""Counts the open requests of a policy, which lose something when it is made inactive or an action is removed."""

from collections import Counter

from sqlalchemy import func, or_, select

from models.approval_request import ApprovalRequest
from models.kinds import OPEN_STATES, RequestState
from models.text_folding import fold_text
from services.common.errors import OpenRequests
from services.common.uuid_text import id_variants
from services.store import Store
from services.store.row_values import get_table

CONSEQUENCE = "Their users still see the old window, and new ones are not asked any more."


def count_policy_requests(store: Store, policy_id: str, name: str) -> OpenRequests:
    """Return how many open requests name a policy, by its GUID, or by its name where they have no GUID; blocks."""
    table, wanted = get_table(ApprovalRequest), fold_text(name)
    without_id = table.c.policy_id == ""
    mine = or_(without_id, table.c.policy_id.in_(id_variants(policy_id))) if policy_id else without_id
    columns = (table.c.state, table.c.policy_id, table.c.policy_name)
    query = select(*columns, func.count()).where(table.c.state.in_(OPEN_STATES), mine).group_by(*columns)
    counts: Counter[str] = Counter()
    with store.read() as session:
        for state, item_id, policy_name, count in session.execute(query):
            # Names are compared here: what a letter in another case is, databases see differently.
            if item_id or fold_text(policy_name) == wanted:
                counts[state] += count
    return OpenRequests(
        pending=counts[RequestState.PENDING.value], submitting=counts[RequestState.SUBMITTING.value]
    )
