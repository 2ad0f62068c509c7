"""Whether an account may decide for others, and what an error says of a change that was sent."""

from services.errors import ConsoleError, ReplyError, UnreachableError
from services.requests.record import Record
from services.servicenow.instance import Instance
from services.servicenow.roles import ADMIN, roles_of

APPROVAL_ADMIN = "approval_admin"
NOT_SENT = frozenset(
    {"dns-unknown-host", "tcp-refused", "tcp-timeout", "tls-certificate-expired", "tls-wrong-host", "tls-untrusted",
     "tls-failed", "proxy-failed", "instance-hibernating", "instance-maintenance"}
)  # fmt: skip
"""Faults that come before an instance does anything: nothing was changed."""


async def may_decide_for_others(instance: Instance, account: str) -> bool:
    """Whether an account may decide what others are asked for; where roles are hidden, the instance will say."""
    roles = await roles_of(instance, account)
    return not roles or APPROVAL_ADMIN in roles or ADMIN in roles


def is_unclear(error: ConsoleError) -> bool:
    """Whether a change may have been made although it came to an error."""
    return isinstance(error, UnreachableError | ReplyError) and error.problem.fault not in NOT_SENT


def ending_of(record: Record) -> str:
    """Return how a record ended that nobody decided."""
    return "cancelled" if record.approval == "cancelled" else "closed"
