"""Reads the requested item of a request with its order and approvals, as it is now."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from models.approval_request import ApprovalRequest
from models.base import utcnow
from services.requests.records.item_fields import APPROVAL_TABLE
from services.requests.records.requested_item import Approval, RequestedItem
from services.requests.records.resolve_requested_item import order_has_other_items, resolve_item
from services.servicenow.encoded_query import Operator, where
from services.servicenow.http_client import ServiceNowClient
from services.servicenow.record_values import can_act, parse_time

_APPROVAL_FIELDS = (
    "sys_id", "state", "approver", "approver.user_name", "approver.name", "approver.active", "approver.locked_out",
    "sysapproval", "group.assignment_group.name", "sys_created_on", "sys_updated_on", "sys_updated_by",
)  # fmt: skip


async def read_requested_item(
    instance: ServiceNowClient, row: ApprovalRequest, request_items: Collection[str] = ()
) -> RequestedItem | None:
    """Return the item of a request with its approvals, or None if the account sees none.

    `request_items` are those of the request's process. Raises RecordNotOwnedError if the items found are not known to
    belong to the request, and ConsoleError.
    """
    began = utcnow()
    item = await resolve_item(instance, row, request_items)
    if item is None:
        return None
    approvals, shared = await _split_order_approvals(instance, await _fetch_approvals(instance, item), item)
    return replace(
        item, approvals=approvals, shared_order_approvals=shared, has_approvals=True, read_at=began
    )


async def read_approvals(
    instance: ServiceNowClient, item: RequestedItem, reader: ServiceNowClient
) -> tuple[Approval, ...]:
    """Return the approvals of an item as the account of `instance` sees them, without those of a shared order.

    `reader` reads the items of the order, because an approver need not be allowed to.
    """
    approvals, _ = await _split_order_approvals(reader, await _fetch_approvals(instance, item), item)
    return approvals


async def _fetch_approvals(instance: ServiceNowClient, item: RequestedItem) -> list[Approval]:
    query = where("sysapproval", Operator.IN, item.sys_id, *([item.order_id] if item.order_id else []))
    return [
        Approval(
            sys_id=row["sys_id"],
            state=row["state"],
            user_name=row["approver.user_name"],
            name=row["approver.name"] or row["approver.user_name"],
            group=row["group.assignment_group.name"],
            is_for_order=row["sysapproval"] != item.sys_id,
            asked_at=parse_time(row["sys_created_on"]),
            changed_at=parse_time(row["sys_updated_on"]),
            changed_by=row["sys_updated_by"],
            active=can_act(row["approver.active"], row["approver.locked_out"]),
        )
        async for row in instance.table(APPROVAL_TABLE).rows(query, fields=_APPROVAL_FIELDS)
    ]  # fmt: skip


async def _split_order_approvals(
    instance: ServiceNowClient, approvals: Sequence[Approval], item: RequestedItem
) -> tuple[tuple[Approval, ...], tuple[Approval, ...]]:
    """Return the approvals that decide this item only, and those of an order that has further items."""
    if not any(one.is_for_order for one in approvals):
        return tuple(approvals), ()
    if not await order_has_other_items(instance, item.order_id):
        return tuple(approvals), ()
    own = tuple(one for one in approvals if not one.is_for_order)
    return own, tuple(one for one in approvals if one.is_for_order)
