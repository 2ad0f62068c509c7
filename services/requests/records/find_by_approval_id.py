"""Looks for a request on its instance by its PMApprovalId, where the answer with its id was lost.

Found, proven absent, or neither: an account that may not read variables sees the same as one that looks at an empty
table, so that an empty answer alone proves nothing.
"""

from dataclasses import dataclass
from typing import Any

from models.approval_process import ApprovalProcess
from services.common.errors import ConsoleError, RefusedError, ReplyError
from services.requests.records.batch_query import (
    VARIABLE_ITEM_FIELD,
    VARIABLE_NAME_FIELD,
    VARIABLE_TABLE,
    VARIABLE_VALUE_FIELD,
    is_active,
)
from services.requests.records.record_resolution import APPROVAL_ID_VARIABLE, approval_id_query, is_same_id
from services.servicenow.encoded_query import Operator, TableQuery, where
from services.servicenow.faults import RateLimitedError
from services.servicenow.http_client import ServiceNowClient
from services.servicenow.table_api import Row

_FIELDS = (
    VARIABLE_ITEM_FIELD, VARIABLE_NAME_FIELD, VARIABLE_VALUE_FIELD, f"{VARIABLE_ITEM_FIELD}.number", f"{VARIABLE_ITEM_FIELD}.approval", f"{VARIABLE_ITEM_FIELD}.state", f"{VARIABLE_ITEM_FIELD}.active",
    f"{VARIABLE_ITEM_FIELD}.request",
    f"{VARIABLE_ITEM_FIELD}.request.number", f"{VARIABLE_ITEM_FIELD}.request.approval", f"{VARIABLE_ITEM_FIELD}.sys_created_on",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class FoundItem:
    """A requested item that carries a PMApprovalId, with the order it belongs to; states are stored values."""

    record_id: str
    number: str
    approval: str
    state: str
    order_id: str
    order_number: str
    order_approval: str
    created_on: str = ""
    active: bool = True

    def observed(self) -> dict[str, Any]:
        """Return what a request's observed columns say of this item."""
        return {
            "record_id": self.record_id,
            "number": self.number,
            "servicenow_state": self.approval,
            "record_state": self.state,
            "record_closed": not self.active,
            "order_id": self.order_id,
            "order_number": self.order_number,
            "order_state": self.order_approval,
        }


@dataclass(frozen=True, slots=True)
class FindResult:
    """What a look found, oldest first. Without items, `absent` says that there are none; else `reason` why nobody knows."""

    items: tuple[FoundItem, ...] = ()
    absent: bool = False
    reason: str = ""

    @property
    def item(self) -> FoundItem | None:
        """The requested item, or None."""
        return self.items[0] if self.items else None


async def find_by_approval_id(
    instance: ServiceNowClient, approval_id: str, process: ApprovalProcess
) -> FindResult:
    """Look for the requested items that carry `approval_id` on the instance of `process`.

    Every row is compared with what was asked for. Raises ConsoleError where a later look may say more: the instance
    cannot be reached, or asks to wait.
    """
    asked = approval_id_query(approval_id)
    try:
        rows = await _fetch_rows(instance, asked)
        # An instance compares without case and end.
        items = sorted(
            {
                _item_from_row(row)
                for row in rows
                if is_same_id(row[VARIABLE_VALUE_FIELD], approval_id) and row[VARIABLE_ITEM_FIELD]
            },
            key=lambda item: (item.created_on, item.record_id),
        )
        if items:
            return FindResult(tuple(items))
        reason = await _inconclusive_reason(instance, asked, process)
    except RateLimitedError:
        raise
    except (RefusedError, ReplyError) as error:
        return FindResult(reason=_describe_error(error))
    return FindResult(absent=not reason, reason=reason)


async def _fetch_rows(instance: ServiceNowClient, query: TableQuery, limit: int | None = None) -> list[Row]:
    table = instance.table(VARIABLE_TABLE)
    return [row async for row in table.rows(query, fields=_FIELDS, limit=limit)]


async def _inconclusive_reason(
    instance: ServiceNowClient, asked: TableQuery, process: ApprovalProcess
) -> str:
    """Return why nothing seen does not mean nothing there, or an empty text.

    It takes the sight of the same variable of another request of this item: whoever sees that would see this one.
    """
    if await instance.table(VARIABLE_TABLE).count(asked):
        return "The instance counts it, but hides it from this account."
    others = where(VARIABLE_NAME_FIELD, Operator.IS, APPROVAL_ID_VARIABLE)
    if process.request_item_id:
        others = others.where(f"{VARIABLE_ITEM_FIELD}.cat_item", Operator.IS, process.request_item_id)
    for row in await _fetch_rows(instance, others, limit=1):
        if row[VARIABLE_VALUE_FIELD] and row[VARIABLE_ITEM_FIELD]:
            return ""
    return f"This account sees no request at all that carries {APPROVAL_ID_VARIABLE}."


def _item_from_row(row: Row) -> FoundItem:
    return FoundItem(
        record_id=row[VARIABLE_ITEM_FIELD],
        number=row[f"{VARIABLE_ITEM_FIELD}.number"],
        approval=row[f"{VARIABLE_ITEM_FIELD}.approval"],
        state=row[f"{VARIABLE_ITEM_FIELD}.state"],
        order_id=row[f"{VARIABLE_ITEM_FIELD}.request"],
        order_number=row[f"{VARIABLE_ITEM_FIELD}.request.number"],
        order_approval=row[f"{VARIABLE_ITEM_FIELD}.request.approval"],
        created_on=row[f"{VARIABLE_ITEM_FIELD}.sys_created_on"],
        active=is_active(row[f"{VARIABLE_ITEM_FIELD}.active"]),
    )


def _describe_error(error: ConsoleError) -> str:
    return f"{error.problem.tried}: {error.problem.cause}"
