"""Finds the requested items of a request on its instance by PMApprovalId, after the answer to Create was lost.

The result is "found", "proven absent" or "unknown": an account that may not read variables gets the same empty answer
as an account that searches an empty table, so an empty answer alone proves nothing.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from models.approval_process import ApprovalProcess
from services.common.errors import ConsoleError, RefusedError, ReplyError
from services.requests.records.item_fields import (
    APPROVAL_ID_VARIABLE,
    VARIABLE_FIELDS,
    VARIABLE_ITEM_FIELD,
    VARIABLE_NAME_FIELD,
    VARIABLE_TABLE,
    VARIABLE_VALUE_FIELD,
)
from services.requests.records.ownership import approval_id_query, is_same_id
from services.requests.records.requested_item import RequestedItem, parse_item
from services.servicenow.encoded_query import Operator, TableQuery, where
from services.servicenow.http_client import ServiceNowClient
from services.servicenow.table_api import Row
from services.transport.faults import RateLimitedError

_ITEM_PREFIX = f"{VARIABLE_ITEM_FIELD}."
_FIELDS = (
    *VARIABLE_FIELDS,
    *(f"{_ITEM_PREFIX}{name}" for name in (
        "number", "approval", "state", "active", "request", "request.number", "request.approval", "sys_created_on",
    )),
)  # fmt: skip
_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class FindResult:
    """The items that carry the PMApprovalId, oldest first.

    `absent` says that there is none. If neither is known, `reason` says why.
    """

    items: tuple[RequestedItem, ...] = ()
    absent: bool = False
    reason: str = ""

    @property
    def item(self) -> RequestedItem | None:
        """The oldest item, or None."""
        return self.items[0] if self.items else None


async def find_by_approval_id(
    instance: ServiceNowClient, approval_id: str, process: ApprovalProcess
) -> FindResult:
    """Find the requested items that carry `approval_id` on the instance of `process`.

    Raises ConsoleError if a later attempt may have another result: the instance cannot be reached, or limits the rate.
    """
    query = approval_id_query(approval_id)
    try:
        rows = await _fetch_rows(instance, query)
        # ServiceNow compares without case and trailing space, so every value is compared again.
        items = {
            row[VARIABLE_ITEM_FIELD]: parse_item(
                row,
                sys_id=row[VARIABLE_ITEM_FIELD],
                task_prefix=_ITEM_PREFIX,
                item_prefix=_ITEM_PREFIX,
            )
            for row in rows
            if is_same_id(row[VARIABLE_VALUE_FIELD], approval_id) and row[VARIABLE_ITEM_FIELD]
        }
        if items:
            oldest_first = sorted(items.values(), key=lambda item: (item.created_at or _NEVER, item.sys_id))
            return FindResult(tuple(oldest_first))
        reason = await _inconclusive_reason(instance, query, process)
    except RateLimitedError:
        raise
    except (RefusedError, ReplyError) as error:
        return FindResult(reason=_describe_error(error))
    return FindResult(absent=not reason, reason=reason)


async def _fetch_rows(instance: ServiceNowClient, query: TableQuery, limit: int | None = None) -> list[Row]:
    table = instance.table(VARIABLE_TABLE)
    return [row async for row in table.rows(query, fields=_FIELDS, limit=limit)]


async def _inconclusive_reason(
    instance: ServiceNowClient, query: TableQuery, process: ApprovalProcess
) -> str:
    """Return why an empty result does not prove that there is no item, or an empty text if it does.

    The proof: the account sees the same variable of another request for the same request item.
    """
    if await instance.table(VARIABLE_TABLE).count(query):
        return "The instance counts it, but hides it from this account."
    others = where(VARIABLE_NAME_FIELD, Operator.IS, APPROVAL_ID_VARIABLE)
    if process.request_item_id:
        others = others.where(f"{VARIABLE_ITEM_FIELD}.cat_item", Operator.IS, process.request_item_id)
    for row in await _fetch_rows(instance, others, limit=1):
        if row[VARIABLE_VALUE_FIELD] and row[VARIABLE_ITEM_FIELD]:
            return ""
    return f"This account sees no request at all that carries {APPROVAL_ID_VARIABLE}."


def _describe_error(error: ConsoleError) -> str:
    return f"{error.problem.tried}: {error.problem.cause}"
