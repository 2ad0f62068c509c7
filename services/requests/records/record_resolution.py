"""Finds the requested item (RITM) of a request: the one place that says which record belongs to which request.

A record belongs to a request when it carries the request's PMApprovalId. Where the account does not see that variable, the
record has to be of the process's request item, and the only one of its order that is. Any other record is not touched.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from enum import StrEnum

from models.approval_request import ApprovalRequest
from services.common.errors import ConsoleError, Owner, Problem, RefusedError, ReplyError
from services.common.fault_ids import FaultId, FaultTrait
from services.common.uuid_text import parse_uuid
from services.requests.records.batch_query import (
    ITEM_TABLE,
    VARIABLE_ITEM_FIELD,
    VARIABLE_NAME_FIELD,
    VARIABLE_TABLE,
    VARIABLE_VALUE_FIELD,
    parse_time,
)
from services.servicenow.encoded_query import AnyOfQuery, AnyQuery, Operator, TableQuery, equals, where
from services.servicenow.faults import RateLimitedError
from services.servicenow.http_client import ServiceNowClient
from services.servicenow.record_ids import is_record_number, is_sys_id
from services.servicenow.table_api import GET_ATTEMPTS, PAGE_SIZE, Row

APPROVAL_ID_VARIABLE = "PMApprovalId"
APPROVAL_ID_FIELD = f"variables.{APPROVAL_ID_VARIABLE}"
ITEM_FIELDS = (
    "sys_id", "number", "state", "approval", "active", "cat_item", "request", "request.number", "request.approval",
    "sys_created_on", "sys_updated_on", "sys_updated_by", APPROVAL_ID_FIELD,
)  # fmt: skip
CREATION_TIME_TOLERANCE = timedelta(hours=1)
"""Between sending a request and the time at which its record was created: calls take minutes, and clocks differ."""
EVIDENCE_RECORDS_MAX = 3
"""Records that a problem names."""


class RecordOwnership(StrEnum):
    """How a record relates to a request."""

    CARRIES = "carries its PMApprovalId"
    BELONGS = "shows no PMApprovalId, and is of the request item of its process"
    FOREIGN = "carries another PMApprovalId"
    UNPROVEN = "shows no PMApprovalId, and is not of the request item of its process"

    @property
    def own(self) -> bool:
        """Whether the record may be taken for the request's."""
        return self in (RecordOwnership.CARRIES, RecordOwnership.BELONGS)


class RecordNotOwnedError(RefusedError):
    """Records were found under the ids of a request, and none of them is known to be its own.

    Not `contradicted` is one that the id from Create names itself, where nothing at all is known by which to judge it.
    """

    def __init__(self, problem: Problem, *, contradicted: bool = True) -> None:
        super().__init__(problem)
        self.contradicted = contradicted


class IdSharedError(RefusedError):
    """The id of a request stands for other items as well, or for another one: no service may be called with it."""


def is_same_id(one: str, other: str) -> bool:
    """Whether two texts are the same id, however a UUID is spelt."""
    known = parse_uuid(one)
    return one == other or (known is not None and known == parse_uuid(other))


def approval_id_query(approval_id: str) -> TableQuery:
    """Return the query for the answers to the variable that hold `approval_id`, however it is spelt there."""
    known = parse_uuid(approval_id)
    if known is None:
        return equals(**{VARIABLE_NAME_FIELD: APPROVAL_ID_VARIABLE, VARIABLE_VALUE_FIELD: approval_id})
    forms = dict.fromkeys((approval_id, str(known), f"{{{known}}}", known.hex, f"{{{known.hex}}}"))
    return where(VARIABLE_NAME_FIELD, Operator.IS, APPROVAL_ID_VARIABLE).where(
        VARIABLE_VALUE_FIELD, Operator.IN, *forms
    )


def record_ownership(
    approval_id: str, carried: Collection[str], cat_item: str, request_items: Collection[str]
) -> RecordOwnership:
    """Return how a record relates to the request with `approval_id`.

    `carried` are the values of the variable that the account sees, `cat_item` is what was ordered, and `request_items` are
    the items of the request's process.
    """
    seen = [text for text in carried if text]
    if seen and approval_id:
        return (
            RecordOwnership.CARRIES
            if all(is_same_id(text, approval_id) for text in seen)
            else RecordOwnership.FOREIGN
        )
    return RecordOwnership.BELONGS if cat_item and cat_item in request_items else RecordOwnership.UNPROVEN


async def resolve_item(
    instance: ServiceNowClient, row: ApprovalRequest, request_items: Collection[str]
) -> Row | None:
    """Return the requested item of a request with ITEM_FIELDS, or None where nothing is found under its ids.

    Raises NotItsRecordError where something is found that is not known to be the request's, and ConsoleError.
    """
    if not (row.external_id or row.record_id or row.number):
        return None
    found, whole = await _fetch_by_ids(instance, row)
    carried = await _fetch_approval_ids(instance, found)
    chosen = _choose_item(row, found, carried, request_items, whole=whole)
    if row.approval_id and (chosen is None or not any(carried[chosen["sys_id"]])):
        # An id of the customer's own names no record, and what is stored may be the record of another request.
        by_id = await _fetch_by_approval_id(instance, row.approval_id)
        chosen = _best_match(row, by_id) if by_id else chosen
    if chosen is None and found:
        # Without variables and without a request item to compare with, the id is all there is.
        known = bool(request_items) or any(carried.values())
        itself = any(
            is_sys_id(row.external_id) and _equals_ignoring_case(row.external_id, one["sys_id"])
            for one in found
        )
        problem = _unowned_problem(row, found, carried, request_items, whole=whole)
        raise RecordNotOwnedError(problem, contradicted=known or not itself)
    return chosen


async def order_has_other_items(instance: ServiceNowClient, order_id: str) -> bool:
    """Whether an order has more than one item; also where the instance does not say."""
    try:
        page = await instance.table(ITEM_TABLE).page(
            equals(request=order_id), fields=("number",), limit=2, tries=GET_ATTEMPTS
        )
    except RateLimitedError:
        raise
    except (RefusedError, ReplyError):
        return True
    return page.more or max(len(page.rows), page.total or 0) > 1


async def is_id_shared(instance: ServiceNowClient, row: ApprovalRequest, item: Row) -> bool:
    """Whether the id of a request stands for another item than `item`, its own, or for others as well.

    An id of the customer's own, which no record has, stands for nothing else.
    """
    if id_names_order(row, item):
        return await order_has_other_items(instance, item["request"])
    given = row.external_id.strip()
    if _equals_ignoring_case(given, item["sys_id"]) or _equals_ignoring_case(given, item["number"]):
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


# -- what is found ---------------------------------------------------------------------------------------------


async def _fetch_by_ids(instance: ServiceNowClient, row: ApprovalRequest) -> tuple[list[Row], bool]:
    """Return the items that the ids of a request name, those of a named order included, and whether all are seen."""
    queries = _id_queries(row)
    if not queries:
        return [], True
    query = queries[0] if len(queries) == 1 else AnyOfQuery(tuple(queries))
    table, after, rows, total = instance.table(ITEM_TABLE), "", [], 0
    while True:
        page = await table.page(query, fields=ITEM_FIELDS, limit=PAGE_SIZE, after=after, tries=GET_ATTEMPTS)
        rows += page.rows
        total = max(total, page.total or 0)
        if not page.more or not page.rows:
            return rows, not page.more and total <= len(rows)
        after = page.rows[-1]["sys_id"]


def _id_queries(row: ApprovalRequest) -> list[TableQuery]:
    given = "" if row.is_mirrored else row.external_id
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


async def _fetch_approval_ids(instance: ServiceNowClient, found: Sequence[Row]) -> dict[str, list[str]]:
    """Return the values of the variable that the account sees at each item."""
    carried = {item["sys_id"]: [item[APPROVAL_ID_FIELD]] if item[APPROVAL_ID_FIELD] else [] for item in found}
    unknown = [sys_id for sys_id, values in carried.items() if not values]
    if not unknown:
        return carried
    query = where(VARIABLE_ITEM_FIELD, Operator.IN, *unknown).where(
        VARIABLE_NAME_FIELD, Operator.IS, APPROVAL_ID_VARIABLE
    )
    try:
        async for answer in instance.table(VARIABLE_TABLE).rows(
            query, fields=(VARIABLE_ITEM_FIELD, VARIABLE_NAME_FIELD, VARIABLE_VALUE_FIELD)
        ):
            if answer[VARIABLE_VALUE_FIELD] and answer[VARIABLE_ITEM_FIELD] in carried:
                carried[answer[VARIABLE_ITEM_FIELD]].append(answer[VARIABLE_VALUE_FIELD])
    except ConsoleError as error:
        if FaultTrait.ROWS_HIDDEN not in error.problem.fault.traits:
            raise  # nothing is concluded from a list that was cut off or did not come
    return carried


async def _fetch_by_approval_id(instance: ServiceNowClient, approval_id: str) -> list[Row]:
    """Return the items that carry `approval_id`, as far as the account sees them."""
    query = approval_id_query(approval_id)
    try:
        answers = instance.table(VARIABLE_TABLE).rows(
            query, fields=(VARIABLE_ITEM_FIELD, VARIABLE_NAME_FIELD, VARIABLE_VALUE_FIELD)
        )
        ids = {
            a[VARIABLE_ITEM_FIELD]
            async for a in answers
            if a[VARIABLE_ITEM_FIELD] and is_same_id(a[VARIABLE_VALUE_FIELD], approval_id)
        }
        if not ids:
            return []
        items = instance.table(ITEM_TABLE).rows(
            where("sys_id", Operator.IN, *sorted(ids)), fields=ITEM_FIELDS
        )
        return [
            item
            async for item in items
            if not item[APPROVAL_ID_FIELD] or is_same_id(item[APPROVAL_ID_FIELD], approval_id)
        ]
    except ConsoleError as error:
        if FaultTrait.ROWS_HIDDEN not in error.problem.fault.traits:
            raise
        return []


# -- which of them it is ---------------------------------------------------------------------------------------


def _choose_item(
    row: ApprovalRequest,
    found: Sequence[Row],
    carried: Mapping[str, Sequence[str]],
    request_items: Collection[str],
    *,
    whole: bool,
) -> Row | None:
    claims = {
        item["sys_id"]: record_ownership(
            row.approval_id, carried[item["sys_id"]], item["cat_item"], request_items
        )
        for item in found
    }
    carrying = [item for item in found if claims[item["sys_id"]] is RecordOwnership.CARRIES]
    if carrying:
        return _best_match(row, carrying)
    if row.approval_id and any(claim is RecordOwnership.FOREIGN for claim in claims.values()):
        # This account sees the variable, and would see it at the request's own record.
        return None
    belonging = [item for item in found if claims[item["sys_id"]] is RecordOwnership.BELONGS]
    exact = [item for item in belonging if _ids_name_item(row, item)]
    if exact:
        return exact[0] if len(exact) == 1 else None
    ordered = [
        item for item in belonging if id_names_order(row, item) and _order_created_near_send(row, item)
    ]
    return ordered[0] if len(ordered) == 1 and whole else None


def _ids_name_item(row: ApprovalRequest, item: Row) -> bool:
    """Whether the ids of a request name this very item, not only its order."""
    given = "" if row.is_mirrored else row.external_id
    if is_sys_id(given):
        return _equals_ignoring_case(given, item["sys_id"])
    if is_record_number(given) and not _equals_ignoring_case(given, item["number"]):
        return False
    if is_sys_id(row.record_id):
        return _equals_ignoring_case(row.record_id, item["sys_id"])
    # Instances that were reset or cloned give a number once more.
    return _equals_ignoring_case(given or row.number, item["number"]) and _created_near_send(row, item)


def id_names_order(row: ApprovalRequest, item: Row) -> bool:
    """Whether the id of a request names the order of this item."""
    if row.is_mirrored:
        return False
    if is_sys_id(row.external_id):
        return _equals_ignoring_case(row.external_id, item["request"])
    return _equals_ignoring_case(row.external_id, item["request.number"])


def _order_created_near_send(row: ApprovalRequest, item: Row) -> bool:
    return is_sys_id(row.external_id) or _created_near_send(row, item)


def _created_near_send(row: ApprovalRequest, item: Row) -> bool:
    """Whether an item was created when the request was sent."""
    made, sent = parse_time(item["sys_created_on"]), row.submitted_at or row.requested_at
    return made is not None and abs(made - sent) <= CREATION_TIME_TOLERANCE


def _best_match(row: ApprovalRequest, items: Sequence[Row]) -> Row:
    """Return the one of several that carry the PMApprovalId which the ids name best; else the oldest."""

    def place(item: Row) -> tuple[bool, bool, str, str]:
        given = row.external_id in (item["sys_id"], item["number"])
        return not given, row.record_id != item["sys_id"], item["sys_created_on"], item["sys_id"]

    return min(items, key=place)


def _equals_ignoring_case(one: str, other: str) -> bool:
    return bool(one) and one.casefold() == other.casefold()


# -- what is told where none is --------------------------------------------------------------------------------


def _unowned_problem(
    row: ApprovalRequest,
    found: Sequence[Row],
    carried: Mapping[str, Sequence[str]],
    request_items: Collection[str],
    *,
    whole: bool,
) -> Problem:
    claims = [
        (item, record_ownership(row.approval_id, carried[item["sys_id"]], item["cat_item"], request_items))
        for item in found
    ]
    seen = "; ".join(
        f"{item['number'] or 'a record'} {claim}" for item, claim in claims[:EVIDENCE_RECORDS_MAX]
    )
    more = f"; and {len(claims) - EVIDENCE_RECORDS_MAX} more" if len(claims) > EVIDENCE_RECORDS_MAX else ""
    several = sum(claim is RecordOwnership.BELONGS for _, claim in claims) > 1 or (
        any(claim is RecordOwnership.BELONGS for _, claim in claims) and not whole
    )
    foreign = any(claim is RecordOwnership.FOREIGN for _, claim in claims)
    readable = "Let the account read the variables of requested items (sc_item_option_mtom, sc_item_option)"
    look = f"or look for the PMApprovalId {row.approval_id} in ServiceNow and act there."
    if foreign:
        fault, cause = (
            FaultId.RECORD_FOREIGN,
            "What is found under the ids of this request belongs to another one.",
        )
        remedy = f"Look for the PMApprovalId {row.approval_id} among the requested items in ServiceNow."
    elif several:
        fault = FaultId.RECORD_AMBIGUOUS
        cause = "Several items of one order may be this request's, and the account does not see their PMApprovalId."
        remedy = f"{readable}, {look}"
    elif not request_items:
        fault = FaultId.RECORD_UNPROVEN
        cause = "The account does not see its PMApprovalId, and no Request Item is chosen on its Approval Process."
        remedy = f"{readable}, choose the Request Item on the Approval Process, {look}"
    else:
        fault = FaultId.RECORD_UNPROVEN
        cause = "Nothing shows that what is found under the ids of this request is its record."
        remedy = f"{readable}, {look}"
    return Problem(
        tried=f"Find the record of {row.number or row.id}",
        evidence=f"{seen}{more}. Nothing was changed.",
        cause=cause,
        owner=Owner.SERVICENOW,
        remedy=remedy,
        fault=fault,
    )
