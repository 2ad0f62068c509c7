"""The rule who may approve or reject a request. The window uses it, too, before a request is sent."""

from collections.abc import Collection, Iterable
from typing import Literal, TypeAlias

Decision: TypeAlias = Literal["approve", "reject"]
STATE_BY_DECISION: dict[Decision, str] = {"approve": "approved", "reject": "rejected"}
"""What a decision sets the state of an approval to."""
DECIDE_FOR_OTHERS_ROLES = frozenset({"approval_admin", "admin"})


def may_decide(account: str, roles: Collection[str], approvers: Iterable[str]) -> bool:
    """Whether an account may decide one of the approvals of `approvers` (user names).

    It may decide its own approvals, and with one of DECIDE_FOR_OTHERS_ROLES also those of others. No `roles` at all means
    that the account may not read them: then the instance refuses the change if it is not allowed.
    """
    if not roles or not DECIDE_FOR_OTHERS_ROLES.isdisjoint(roles):
        return True
    return any(is_same_user(approver, account) for approver in approvers)


def is_same_user(one: str, other: str) -> bool:
    """Whether two user names are the same account."""
    return one.casefold() == other.casefold()
