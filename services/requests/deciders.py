"""Which approval an account decides, whether it may, and what an error says of a change that was sent."""

from services.errors import ConsoleError, ReplyError, UnreachableError
from services.requests.record import Asked, Record
from services.servicenow.instance import Instance
from services.servicenow.roles import ADMIN, roles_of

APPROVAL_ADMIN = "approval_admin"
NOT_SENT = frozenset(
    {"dns-unknown-host", "tcp-refused", "tcp-timeout", "tls-certificate-expired", "tls-wrong-host", "tls-untrusted",
     "tls-failed", "proxy-failed", "instance-hibernating", "instance-maintenance"}
)  # fmt: skip
"""Faults that come before an instance does anything: nothing was changed."""


def approval_to_decide(record: Record, account: str) -> Asked | None:
    """Return the approval to decide: the one that the account itself is asked for, else the first that is open.

    The order is asked for before its item, so its approval comes first.
    """
    waiting = sorted(record.waiting, key=lambda one: not one.on_order)
    own = (one for one in waiting if same_account(one.user_name, account))
    return next(own, waiting[0] if waiting else None)


async def may_decide_for_others(instance: Instance, account: str) -> bool:
    """Whether an account may decide what others are asked for; where roles are hidden, the instance will say."""
    roles = await roles_of(instance, account)
    return not roles or APPROVAL_ADMIN in roles or ADMIN in roles


def same_account(one: str, other: str) -> bool:
    """Whether two user names mean the same account."""
    return one.casefold() == other.casefold()


def is_unclear(error: ConsoleError) -> bool:
    """Whether a change may have been made although it came to an error."""
    return isinstance(error, UnreachableError | ReplyError) and error.problem.fault not in NOT_SENT


def ending_of(record: Record) -> str:
    """Return how a record ended that nobody decided."""
    return "cancelled" if record.approval == "cancelled" else "closed"
