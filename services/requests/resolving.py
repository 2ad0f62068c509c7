"""Finds the requested item (RITM) of a request: the one place that says which record belongs to which request.

A record belongs to a request when it carries the request's PMApprovalId. Where the account does not see that variable, the
record has to be of the process's request item, and the only one of its order that is. Any other record is not touched.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from enum import StrEnum

from models.approval_request import ApprovalRequest
from models.kinds import RequestOrigin
from services.errors import ConsoleError, Owner, Problem, RefusedError, ReplyError
from services.ids import uuid_of
from services.requests.reading import ANSWER_OF, ANSWERS, ITEMS, NAME, VALUE, time_of
from services.servicenow.faults import RateLimitedError
from services.servicenow.ids import is_number, is_sys_id
from services.servicenow.instance import Instance
from services.servicenow.queries import AnyQuery, Either, Operator, Query, equals, where
from services.servicenow.records import GET_TRIES, PAGE, Row
from services.servicenow.roles import HIDDEN

VARIABLE = "PMApprovalId"
IN_ITEM = f"variables.{VARIABLE}"
ITEM_FIELDS = (
    "sys_id", "number", "state", "approval", "active", "cat_item", "request", "request.number", "request.approval",
    "sys_created_on", "sys_updated_on", "sys_updated_by", IN_ITEM,
)  # fmt: skip
CREATED_WITHIN = timedelta(hours=1)
"""Between sending a request and the time at which its record was created: calls take minutes, and clocks differ."""
NAMED_MOST = 3
"""Records that a problem names."""


class Claim(StrEnum):
    """How a record relates to a request."""

    CARRIES = "carries its PMApprovalId"
    BELONGS = "shows no PMApprovalId, and is of the request item of its process"
    FOREIGN = "carries another PMApprovalId"
    UNPROVEN = "shows no PMApprovalId, and is not of the request item of its process"

    @property
    def own(self) -> bool:
        """Whether the record may be taken for the request's."""
        return self in (Claim.CARRIES, Claim.BELONGS)


class NotItsRecordError(RefusedError):
    """Records were found under the ids of a request, and none of them is known to be its own.

    Not `contradicted` is one that the id from Create names itself, where nothing at all is known by which to judge it.
    """

    def __init__(self, problem: Problem, *, contradicted: bool = True) -> None:
        super().__init__(problem)
        self.contradicted = contradicted


class IdSharedError(RefusedError):
    """The id of a request stands for other items as well, or for another one: no service may be called with it."""


def same_id(one: str, other: str) -> bool:
    """Whether two texts are the same id, however a UUID is spelt."""
    known = uuid_of(one)
    return one == other or (known is not None and known == uuid_of(other))


def carriers(approval_id: str) -> Query:
    """Return the query for the answers to the variable that hold `approval_id`, however it is spelt there."""
    known = uuid_of(approval_id)
    if known is None:
        return equals(**{NAME: VARIABLE, VALUE: approval_id})
    forms = dict.fromkeys((approval_id, str(known), f"{{{known}}}", known.hex, f"{{{known.hex}}}"))
    return where(NAME, Operator.IS, VARIABLE).where(VALUE, Operator.IN, *forms)


def claim_of(
    approval_id: str, carried: Collection[str], cat_item: str, request_items: Collection[str]
) -> Claim:
    """Return how a record relates to the request with `approval_id`.

    `carried` are the values of the variable that the account sees, `cat_item` is what was ordered, and `request_items` are
    the items of the request's process.
    """
    seen = [text for text in carried if text]
    if seen and approval_id:
        return Claim.CARRIES if all(same_id(text, approval_id) for text in seen) else Claim.FOREIGN
    return Claim.BELONGS if cat_item and cat_item in request_items else Claim.UNPROVEN


async def resolve(instance: Instance, row: ApprovalRequest, request_items: Collection[str]) -> Row | None:
    """Return the requested item of a request with ITEM_FIELDS, or None where nothing is found under its ids.

    Raises NotItsRecordError where something is found that is not known to be the request's, and ConsoleError.
    """
    if not (row.external_id or row.record_id or row.number):
        return None
    found, whole = await _named(instance, row)
    carried = await _carried(instance, found)
    chosen = _chosen(row, found, carried, request_items, whole=whole)
    if row.approval_id and (chosen is None or not any(carried[chosen["sys_id"]])):
        # An id of the customer's own names no record, and what is stored may be the record of another request.
        by_id = await _carrying(instance, row.approval_id)
        chosen = _preferred(row, by_id) if by_id else chosen
    if chosen is None and found:
        # Without variables and without a request item to compare with, the id is all there is.
        known = bool(request_items) or any(carried.values())
        itself = any(is_sys_id(row.external_id) and _same(row.external_id, one["sys_id"]) for one in found)
        problem = _problem(row, found, carried, request_items, whole=whole)
        raise NotItsRecordError(problem, contradicted=known or not itself)
    return chosen


async def has_other_items(instance: Instance, order_id: str) -> bool:
    """Whether an order has more than one item; also where the instance does not say."""
    try:
        page = await instance.table(ITEMS).page(
            equals(request=order_id), fields=("number",), limit=2, tries=GET_TRIES
        )
    except RateLimitedError:
        raise
    except (RefusedError, ReplyError):
        return True
    return page.more or max(len(page.rows), page.total or 0) > 1


async def names_others(instance: Instance, row: ApprovalRequest, item: Row) -> bool:
    """Whether the id of a request stands for another item than `item`, its own, or for others as well.

    An id of the customer's own, which no record has, stands for nothing else.
    """
    if names_order(row, item):
        return await has_other_items(instance, item["request"])
    given = row.external_id.strip()
    if _same(given, item["sys_id"]) or _same(given, item["number"]):
        return False
    if is_sys_id(given):
        query: AnyQuery = Either((equals(sys_id=given), equals(request=given)))
    elif is_number(given):
        query = Either((equals(number=given), equals(**{"request.number": given})))
    else:
        return False
    try:
        page = await instance.table(ITEMS).page(query, fields=("number",), limit=1, tries=GET_TRIES)
    except RateLimitedError:
        raise
    except (RefusedError, ReplyError):
        return True
    return bool(page.rows or page.total)


# -- what is found ---------------------------------------------------------------------------------------------


async def _named(instance: Instance, row: ApprovalRequest) -> tuple[list[Row], bool]:
    """Return the items that the ids of a request name, those of a named order included, and whether all are seen."""
    queries = _queries(row)
    if not queries:
        return [], True
    query = queries[0] if len(queries) == 1 else Either(tuple(queries))
    table, after, rows, total = instance.table(ITEMS), "", [], 0
    while True:
        page = await table.page(query, fields=ITEM_FIELDS, limit=PAGE, after=after, tries=GET_TRIES)
        rows += page.rows
        total = max(total, page.total or 0)
        if not page.more or not page.rows:
            return rows, not page.more and total <= len(rows)
        after = page.rows[-1]["sys_id"]


def _queries(row: ApprovalRequest) -> list[Query]:
    given = "" if _is_copy(row) else row.external_id
    ids = dict.fromkeys(one for one in (given, row.record_id) if is_sys_id(one))
    numbers = dict.fromkeys(one for one in (given, "" if ids else row.number) if is_number(one))
    queries = []
    if ids:
        queries.append(where("sys_id", Operator.IN, *ids))
    if numbers:
        queries.append(where("number", Operator.IN, *numbers))
    if is_sys_id(given):
        queries.append(equals(request=given))
    elif is_number(given):
        queries.append(equals(**{"request.number": given}))
    return queries


async def _carried(instance: Instance, found: Sequence[Row]) -> dict[str, list[str]]:
    """Return the values of the variable that the account sees at each item."""
    carried = {item["sys_id"]: [item[IN_ITEM]] if item[IN_ITEM] else [] for item in found}
    unknown = [sys_id for sys_id, values in carried.items() if not values]
    if not unknown:
        return carried
    query = where(ANSWER_OF, Operator.IN, *unknown).where(NAME, Operator.IS, VARIABLE)
    try:
        async for answer in instance.table(ANSWERS).rows(query, fields=(ANSWER_OF, NAME, VALUE)):
            if answer[VALUE] and answer[ANSWER_OF] in carried:
                carried[answer[ANSWER_OF]].append(answer[VALUE])
    except ConsoleError as error:
        if error.problem.fault not in HIDDEN:
            raise  # nothing is concluded from a list that was cut off or did not come
    return carried


async def _carrying(instance: Instance, approval_id: str) -> list[Row]:
    """Return the items that carry `approval_id`, as far as the account sees them."""
    query = carriers(approval_id)
    try:
        answers = instance.table(ANSWERS).rows(query, fields=(ANSWER_OF, NAME, VALUE))
        ids = {a[ANSWER_OF] async for a in answers if a[ANSWER_OF] and same_id(a[VALUE], approval_id)}
        if not ids:
            return []
        items = instance.table(ITEMS).rows(where("sys_id", Operator.IN, *sorted(ids)), fields=ITEM_FIELDS)
        return [item async for item in items if not item[IN_ITEM] or same_id(item[IN_ITEM], approval_id)]
    except ConsoleError as error:
        if error.problem.fault not in HIDDEN:
            raise
        return []


# -- which of them it is ---------------------------------------------------------------------------------------


def _chosen(
    row: ApprovalRequest,
    found: Sequence[Row],
    carried: Mapping[str, Sequence[str]],
    request_items: Collection[str],
    *,
    whole: bool,
) -> Row | None:
    claims = {
        item["sys_id"]: claim_of(row.approval_id, carried[item["sys_id"]], item["cat_item"], request_items)
        for item in found
    }
    carrying = [item for item in found if claims[item["sys_id"]] is Claim.CARRIES]
    if carrying:
        return _preferred(row, carrying)
    if row.approval_id and any(claim is Claim.FOREIGN for claim in claims.values()):
        # This account sees the variable, and would see it at the request's own record.
        return None
    belonging = [item for item in found if claims[item["sys_id"]] is Claim.BELONGS]
    exact = [item for item in belonging if _names(row, item)]
    if exact:
        return exact[0] if len(exact) == 1 else None
    ordered = [item for item in belonging if names_order(row, item) and _made_for_order(row, item)]
    return ordered[0] if len(ordered) == 1 and whole else None


def _names(row: ApprovalRequest, item: Row) -> bool:
    """Whether the ids of a request name this very item, not only its order."""
    given = "" if _is_copy(row) else row.external_id
    if is_sys_id(given):
        return _same(given, item["sys_id"])
    if is_number(given) and not _same(given, item["number"]):
        return False
    if is_sys_id(row.record_id):
        return _same(row.record_id, item["sys_id"])
    # Instances that were reset or cloned give a number once more.
    return _same(given or row.number, item["number"]) and _made_for(row, item)


def names_order(row: ApprovalRequest, item: Row) -> bool:
    """Whether the id of a request names the order of this item."""
    if _is_copy(row):
        return False
    if is_sys_id(row.external_id):
        return _same(row.external_id, item["request"])
    return _same(row.external_id, item["request.number"])


def _made_for_order(row: ApprovalRequest, item: Row) -> bool:
    return is_sys_id(row.external_id) or _made_for(row, item)


def _made_for(row: ApprovalRequest, item: Row) -> bool:
    """Whether an item was created when the request was sent."""
    made, sent = time_of(item["sys_created_on"]), row.submitted_at or row.requested_at
    return made is not None and abs(made - sent) <= CREATED_WITHIN


def _preferred(row: ApprovalRequest, items: Sequence[Row]) -> Row:
    """Return the one of several that carry the PMApprovalId which the ids name best; else the oldest."""

    def place(item: Row) -> tuple[bool, bool, str, str]:
        given = row.external_id in (item["sys_id"], item["number"])
        return not given, row.record_id != item["sys_id"], item["sys_created_on"], item["sys_id"]

    return min(items, key=place)


def _same(one: str, other: str) -> bool:
    return bool(one) and one.casefold() == other.casefold()


def _is_copy(row: ApprovalRequest) -> bool:
    return row.origin == RequestOrigin.SERVICENOW


# -- what is told where none is --------------------------------------------------------------------------------


def _problem(
    row: ApprovalRequest,
    found: Sequence[Row],
    carried: Mapping[str, Sequence[str]],
    request_items: Collection[str],
    *,
    whole: bool,
) -> Problem:
    claims = [
        (item, claim_of(row.approval_id, carried[item["sys_id"]], item["cat_item"], request_items))
        for item in found
    ]
    seen = "; ".join(f"{item['number'] or 'a record'} {claim}" for item, claim in claims[:NAMED_MOST])
    more = f"; and {len(claims) - NAMED_MOST} more" if len(claims) > NAMED_MOST else ""
    several = sum(claim is Claim.BELONGS for _, claim in claims) > 1 or (
        any(claim is Claim.BELONGS for _, claim in claims) and not whole
    )
    foreign = any(claim is Claim.FOREIGN for _, claim in claims)
    readable = "Let the account read the variables of requested items (sc_item_option_mtom, sc_item_option)"
    look = f"or look for the PMApprovalId {row.approval_id} in ServiceNow and act there."
    if foreign:
        fault, cause = "record-foreign", "What is found under the ids of this request belongs to another one."
        remedy = f"Look for the PMApprovalId {row.approval_id} among the requested items in ServiceNow."
    elif several:
        fault = "record-ambiguous"
        cause = "Several items of one order may be this request's, and the account does not see their PMApprovalId."
        remedy = f"{readable}, {look}"
    elif not request_items:
        fault = "record-unproven"
        cause = "The account does not see its PMApprovalId, and no Request Item is chosen on its Approval Process."
        remedy = f"{readable}, choose the Request Item on the Approval Process, {look}"
    else:
        fault = "record-unproven"
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
