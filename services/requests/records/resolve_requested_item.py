"""Finds the requested item (RITM) that belongs to a request, by the ids that are known of it.

The rule itself is in `ownership`. An item that is not known to belong to the request is not returned.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime, timedelta

from models.approval_request import ApprovalRequest
from services.common.errors import ConsoleError, RefusedError, ReplyError
from services.common.fault_ids import FaultTrait
from services.requests.records import problems
from services.requests.records.item_fields import (
    APPROVAL_ID_FIELD,
    APPROVAL_ID_VARIABLE,
    ITEM_TABLE,
    VARIABLE_FIELDS,
    VARIABLE_ITEM_FIELD,
    VARIABLE_NAME_FIELD,
    VARIABLE_TABLE,
    VARIABLE_VALUE_FIELD,
)
from services.requests.records.ownership import (
    RecordNotOwnedError,
    RecordOwnership,
    approval_id_query,
    is_same_id,
    record_ownership,
)
from services.requests.records.requested_item import RequestedItem, parse_item
from services.servicenow.encoded_query import AnyOfQuery, AnyQuery, Operator, TableQuery, equals, where
from services.servicenow.http_client import ServiceNowClient
from services.servicenow.record_ids import is_record_number, is_sys_id
from services.servicenow.table_api import PAGE_SIZE
from services.transport.faults import RateLimitedError
from services.transport.http_channel import GET_ATTEMPTS

ITEM_FIELDS = (
    "sys_id", "number", "state", "approval", "active", "cat_item", "request", "request.number", "request.approval",
    "sys_created_on", "sys_updated_on", "sys_updated_by", APPROVAL_ID_FIELD,
)  # fmt: skip
CREATION_TIME_TOLERANCE = timedelta(hours=1)
"""Between sending a request and the creation time of its item: calls take minutes, and clocks differ."""
_NEVER = datetime.min.replace(tzinfo=UTC)


async def resolve_item(
    instance: ServiceNowClient, row: ApprovalRequest, request_items: Collection[str]
) -> RequestedItem | None:
    """Return the item of a request without its approvals, or None if nothing is found by its ids.

    `request_items` are those of the request's process. Raises RecordNotOwnedError if the items found are not known to
    belong to the request, and ConsoleError.
    """
    if not (row.external_id or row.record_id or row.number):
        return None
    found, is_complete = await _fetch_by_ids(instance, row)
    visible_ids = await _fetch_approval_ids(instance, found)
    ownership = {
        item.sys_id: record_ownership(row.approval_id, visible_ids[item.sys_id], item.cat_item, request_items)
        for item in found
    }
    chosen = _choose_item(row, found, ownership, is_complete=is_complete)
    if row.approval_id and (chosen is None or not visible_ids[chosen.sys_id]):
        # A custom Create service may return an id that names no item, and the stored item may be another request's.
        by_id = await _fetch_by_approval_id(instance, row.approval_id)
        chosen = _best_match(row, by_id) if by_id else chosen
    if chosen is None and found:
        # Without variables and without a request item to compare with, the id is the only fact.
        known = bool(request_items) or any(visible_ids.values())
        named = any(
            is_sys_id(row.external_id) and _equals_ignoring_case(row.external_id, item.sys_id)
            for item in found
        )
        problem = problems.record_not_owned(
            row,
            [(item.number, ownership[item.sys_id]) for item in found],
            has_request_items=bool(request_items),
            is_complete=is_complete,
        )
        raise RecordNotOwnedError(problem, contradicted=known or not named)
    return chosen


async def order_has_other_items(instance: ServiceNowClient, order_id: str) -> bool:
    """Whether an order has more than one item; True also if the instance does not answer that."""
    try:
        page = await instance.table(ITEM_TABLE).page(
            equals(request=order_id), fields=("number",), limit=2, tries=GET_ATTEMPTS
        )
    except RateLimitedError:
        raise
    except (RefusedError, ReplyError):
        return True
    return page.more or max(len(page.rows), page.total or 0) > 1


async def is_id_shared(instance: ServiceNowClient, row: ApprovalRequest, item: RequestedItem) -> bool:
    """Whether the id of a request names another item than `item`, its own, or further items.

    An id that a custom Create service made up names nothing else.
    """
    if id_names_order(row, item):
        return await order_has_other_items(instance, item.order_id)
    given = row.external_id.strip()
    if _equals_ignoring_case(given, item.sys_id) or _equals_ignoring_case(given, item.number):
        return False
    if is_sys_id(given):
        query: AnyQuery = AnyOfQuery((equals(sys_id=given), equals(request=given)))
    elif is_record_number(given):
        query = AnyOfQuery((equals(number=given), equals(**{"request.number": given})))
    else:
        return False
    try:
        page = await instance.table(ITEM_TABLE).page(query, fields=("number",), limit=1, tries=GET_ATTEMPTS)
    except RateLimitedError:
        raise
    except (RefusedError, ReplyError):
        return True
    return bool(page.rows or page.total)


def id_names_order(row: ApprovalRequest, item: RequestedItem) -> bool:
    """Whether the id of a request names the order of this item."""
    if row.is_copy:
        return False
    if is_sys_id(row.external_id):
        return _equals_ignoring_case(row.external_id, item.order_id)
    return _equals_ignoring_case(row.external_id, item.order_number)


# -- reading candidates ----------------------------------------------------------------------------------------


async def _fetch_by_ids(instance: ServiceNowClient, row: ApprovalRequest) -> tuple[list[RequestedItem], bool]:
    """Return the items that the ids of a request name, including those of a named order, and whether these are all."""
    queries = _id_queries(row)
    if not queries:
        return [], True
    query = queries[0] if len(queries) == 1 else AnyOfQuery(tuple(queries))
    table, after, total = instance.table(ITEM_TABLE), "", 0
    items: list[RequestedItem] = []
    while True:
        page = await table.page(query, fields=ITEM_FIELDS, limit=PAGE_SIZE, after=after, tries=GET_ATTEMPTS)
        items += [parse_item(one, sys_id=one["sys_id"]) for one in page.rows]
        total = max(total, page.total or 0)
        if not page.more or not page.rows:
            return items, not page.more and total <= len(items)
        after = items[-1].sys_id


def _id_queries(row: ApprovalRequest) -> list[TableQuery]:
    given = "" if row.is_copy else row.external_id
    ids = dict.fromkeys(one for one in (given, row.record_id) if is_sys_id(one))
    numbers = dict.fromkeys(one for one in (given, "" if ids else row.number) if is_record_number(one))
    queries = []
    if ids:
        queries.append(where("sys_id", Operator.IN, *ids))
    if numbers:
        queries.append(where("number", Operator.IN, *numbers))
    if is_sys_id(given):
        queries.append(equals(request=given))
    elif is_record_number(given):
        queries.append(equals(**{"request.number": given}))
    return queries


async def _fetch_approval_ids(
    instance: ServiceNowClient, items: Sequence[RequestedItem]
) -> dict[str, list[str]]:
    """Return the values of PMApprovalId that the account sees at each item, by the sys_id of the item."""
    visible_ids = {item.sys_id: [item.approval_id] if item.approval_id else [] for item in items}
    unknown = [sys_id for sys_id, values in visible_ids.items() if not values]
    if not unknown:
        return visible_ids
    query = where(VARIABLE_ITEM_FIELD, Operator.IN, *unknown).where(
        VARIABLE_NAME_FIELD, Operator.IS, APPROVAL_ID_VARIABLE
    )
    try:
        async for answer in instance.table(VARIABLE_TABLE).rows(query, fields=VARIABLE_FIELDS):
            if answer[VARIABLE_VALUE_FIELD] and answer[VARIABLE_ITEM_FIELD] in visible_ids:
                visible_ids[answer[VARIABLE_ITEM_FIELD]].append(answer[VARIABLE_VALUE_FIELD])
    except ConsoleError as error:
        if FaultTrait.ROWS_HIDDEN not in error.problem.fault.traits:
            raise  # an incomplete or missing list proves nothing
    return visible_ids


async def _fetch_by_approval_id(instance: ServiceNowClient, approval_id: str) -> list[RequestedItem]:
    """Return the items that carry `approval_id`, as far as the account sees them."""
    query = approval_id_query(approval_id)
    try:
        answers = instance.table(VARIABLE_TABLE).rows(query, fields=VARIABLE_FIELDS)
        ids = {
            answer[VARIABLE_ITEM_FIELD]
            async for answer in answers
            if answer[VARIABLE_ITEM_FIELD] and is_same_id(answer[VARIABLE_VALUE_FIELD], approval_id)
        }
        if not ids:
            return []
        rows = instance.table(ITEM_TABLE).rows(where("sys_id", Operator.IN, *sorted(ids)), fields=ITEM_FIELDS)
        items = [parse_item(one, sys_id=one["sys_id"]) async for one in rows]
    except ConsoleError as error:
        if FaultTrait.ROWS_HIDDEN not in error.problem.fault.traits:
            raise
        return []
    return [item for item in items if not item.approval_id or is_same_id(item.approval_id, approval_id)]


# -- choosing --------------------------------------------------------------------------------------------------


def _choose_item(
    row: ApprovalRequest,
    found: Sequence[RequestedItem],
    ownership: Mapping[str, RecordOwnership],
    *,
    is_complete: bool,
) -> RequestedItem | None:
    carrying = [item for item in found if ownership[item.sys_id] is RecordOwnership.CARRIES]
    if carrying:
        return _best_match(row, carrying)
    if row.approval_id and RecordOwnership.FOREIGN in ownership.values():
        # This account sees the variable, and would see it at the request's own item.
        return None
    belonging = [item for item in found if ownership[item.sys_id] is RecordOwnership.BELONGS]
    exact = [item for item in belonging if _ids_name_item(row, item)]
    if exact:
        return exact[0] if len(exact) == 1 else None
    ordered = [
        item for item in belonging if id_names_order(row, item) and _order_created_near_send(row, item)
    ]
    return ordered[0] if len(ordered) == 1 and is_complete else None


def _ids_name_item(row: ApprovalRequest, item: RequestedItem) -> bool:
    """Whether the ids of a request name this very item, not only its order."""
    given = "" if row.is_copy else row.external_id
    if is_sys_id(given):
        return _equals_ignoring_case(given, item.sys_id)
    if is_record_number(given) and not _equals_ignoring_case(given, item.number):
        return False
    if is_sys_id(row.record_id):
        return _equals_ignoring_case(row.record_id, item.sys_id)
    # Instances that were reset or cloned assign a number again.
    return _equals_ignoring_case(given or row.number, item.number) and _created_near_send(row, item)


def _order_created_near_send(row: ApprovalRequest, item: RequestedItem) -> bool:
    return is_sys_id(row.external_id) or _created_near_send(row, item)


def _created_near_send(row: ApprovalRequest, item: RequestedItem) -> bool:
    """Whether an item was created at the time when the request was sent."""
    sent = row.submitted_at or row.requested_at
    return item.created_at is not None and abs(item.created_at - sent) <= CREATION_TIME_TOLERANCE


def _best_match(row: ApprovalRequest, items: Sequence[RequestedItem]) -> RequestedItem:
    """Return the item that the ids of the request name best, else the oldest; all of them carry its PMApprovalId."""

    def rank(item: RequestedItem) -> tuple[bool, bool, datetime, str]:
        named = row.external_id in (item.sys_id, item.number)
        return not named, row.record_id != item.sys_id, item.created_at or _NEVER, item.sys_id

    return min(items, key=rank)


def _equals_ignoring_case(one: str, other: str) -> bool:
    return bool(one) and one.casefold() == other.casefold()
