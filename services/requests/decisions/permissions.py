"""Whether an account may decide for others, and what an error says of a change that was sent."""

from services.common.errors import ConsoleError, ReplyError, UnreachableError
from services.common.fault_ids import Execution
from services.requests.records.requested_item import RequestedItem
from services.servicenow.account_roles import ADMIN_ROLE, fetch_active_roles
from services.servicenow.http_client import ServiceNowClient

APPROVAL_ADMIN = "approval_admin"


async def may_decide_for_others(instance: ServiceNowClient, account: str) -> bool:
    """Whether an account may decide what others are asked for; where roles are hidden, the instance will say."""
    roles = await fetch_active_roles(instance, account)
    return not roles or APPROVAL_ADMIN in roles or ADMIN_ROLE in roles


def may_have_been_applied(error: ConsoleError) -> bool:
    """Whether a change may have been made although it came to an error."""
    certainly_not = error.problem.fault.execution is Execution.NOT_EXECUTED
    return isinstance(error, UnreachableError | ReplyError) and not certainly_not


def undecided_ending(record: RequestedItem) -> str:
    """Return how a record ended that nobody decided."""
    return "cancelled" if record.approval == "cancelled" else "closed"
