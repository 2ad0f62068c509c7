"""What one call asks an instance for about many requests, and what its rows say.

Three tables tell it: requested items, the values of their variables, and the approvals that are asked for. Each of the
three questions has two halves: what has changed since the last look, and certain records whatever became of them. Every
row carries the approval and state of its requested item, so that whichever table is asked sees what was decided.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from services.requests.domain.states import OPEN_APPROVAL_VALUES
from services.servicenow.contract import VARIABLES
from services.servicenow.encoded_query import AnyOfQuery, AnyQuery, Operator, TableQuery, where
from services.servicenow.record_values import is_false
from services.servicenow.table_api import Row

ITEM_TABLE, VARIABLE_TABLE, APPROVAL_TABLE = "sc_req_item", "sc_item_option_mtom", "sysapproval_approver"
PAGE_SIZE_MAX = 10_000
NAMED_RECORDS_MAX = 120
"""Records named in one query: an address of more than 8,000 characters is refused on the way."""
SYS_ID_PREFIX_LENGTH = 8
"""Of a sys_id, as a part of all of them is cut out."""
TIME_FORMAT = "%Y-%m-%d %H:%M:%S"
APPROVAL_REQUESTED = "requested"
"""State of an approval that somebody is asked for and has not given."""
UNNAMED_APPROVER = "an approver whose name is not visible"
"""In place of a name that the account may not read."""

_TASK_FIELDS = ("number", "approval", "state", "active", "opened_at", "sys_created_on", "sys_updated_on")
_ITEM_FIELDS = ("cat_item", "request", "request.number", "request.approval")
_VARIABLE_PREFIX = "variables."
_TASK, _EXTENDED = "sysapproval", "sysapproval.ref_sc_req_item"

VARIABLE_ITEM_FIELD, VARIABLE_NAME_FIELD, VARIABLE_VALUE_FIELD = (
    "request_item",
    "sc_item_option.item_option_new.name",
    "sc_item_option.value",
)
"""Of a row of the table of answers: the requested item it belongs to, the variable, and what stands in it."""

FIELDS_BY_TABLE: dict[str, tuple[str, ...]] = {
    ITEM_TABLE: (*_TASK_FIELDS, *_ITEM_FIELDS),
    VARIABLE_TABLE: (VARIABLE_ITEM_FIELD, VARIABLE_NAME_FIELD, VARIABLE_VALUE_FIELD, *(f"{VARIABLE_ITEM_FIELD}.{name}" for name in (*_TASK_FIELDS, *_ITEM_FIELDS))),
    APPROVAL_TABLE: (
        "state", "approver", "approver.name", "approver.user_name", _TASK,
        *(f"{_TASK}.{name}" for name in _TASK_FIELDS), *(f"{_EXTENDED}.{name}" for name in _ITEM_FIELDS),
    ),
}  # fmt: skip
"""The fields that are fetched from each table, besides those of the query."""

INLINE_VARIABLE_FIELDS = tuple(f"{_VARIABLE_PREFIX}{name}" for name in VARIABLES)
"""Further fields of a requested item. Where an instance does not give them, the table of answers is asked."""


@dataclass(frozen=True, slots=True)
class Partition:
    """One of `of` equal parts of all sys_ids."""

    number: int = 0
    of: int = 1

    @property
    def low(self) -> str:
        """The first sys_id of the part, cut off; empty for the first part."""
        return self._boundary(self.number) if self.number else ""

    @property
    def high(self) -> str:
        """The first sys_id behind the part, cut off; empty for the last part."""
        return self._boundary(self.number + 1) if self.number + 1 < self.of else ""

    def holds(self, sys_id: str) -> bool:
        """Whether a sys_id belongs to the part."""
        return sys_id.casefold() >= self.low and (not self.high or sys_id.casefold() < self.high)

    def _boundary(self, number: int) -> str:
        return f"{(number << 4 * SYS_ID_PREFIX_LENGTH) // self.of:0{SYS_ID_PREFIX_LENGTH}x}"


@dataclass(frozen=True, slots=True)
class PollQuery:
    """What a look asks for: what changed at `since` or later, the open ones of a part of all, and records by name.

    `cat_items` are the request items of the processes. Times are the instance's own.
    """

    cat_items: tuple[str, ...]
    since: datetime | None = None
    part: Partition | None = None
    named: tuple[str, ...] = ()


@dataclass(slots=True)
class PolledItem:
    """What a look says of one requested item. `variables` and `waits_for` are None where it does not tell them."""

    sys_id: str
    number: str
    order_id: str
    order_number: str
    order_state: str
    cat_item: str
    approval: str
    state: str
    opened: datetime | None
    updated: datetime | None
    variables: dict[str, str] | None = None
    waits_for: list[str] | None = None
    asked: list[str] = field(default_factory=list)
    active: bool = True
    hides_variables: bool = False
    """Whether the variables were asked for and none came: the account may not see them."""

    @property
    def is_open(self) -> bool:
        """Whether a decision is still to come."""
        return self.approval in OPEN_APPROVAL_VALUES and self.active


# -- questions -----------------------------------------------------------------------------------------------


def build_query(table: str, wish: PollQuery) -> AnyQuery:
    """Return the query of `wish` for one of the three tables."""
    return {ITEM_TABLE: _item_query, VARIABLE_TABLE: _variable_query, APPROVAL_TABLE: _approval_query}[table](
        wish
    )


def _item_query(wish: PollQuery) -> AnyQuery:
    ours = where("cat_item", Operator.IN, *wish.cat_items)
    halves = []
    if wish.since is not None:
        halves.append(ours.where("sys_updated_on", Operator.AT_LEAST, format_time(wish.since)))
        # The order's approval may change without its items being touched.
        waiting = ours.where("approval", Operator.IN, *filter(None, OPEN_APPROVAL_VALUES))
        halves.append(waiting.where("request.sys_updated_on", Operator.AT_LEAST, format_time(wish.since)))
    if wish.part is not None:
        waiting = ours.where("approval", Operator.IN, *filter(None, OPEN_APPROVAL_VALUES))
        halves.append(_in_partition(waiting.where("active", Operator.IS, "true"), wish.part, "sys_id"))
    if wish.named:
        halves.append(where("sys_id", Operator.IN, *wish.named))
    return _any_of(halves)


def _variable_query(wish: PollQuery) -> AnyQuery:
    named = where(VARIABLE_NAME_FIELD, Operator.IN, *VARIABLES)
    halves = []
    if wish.since is not None:
        ours = where(f"{VARIABLE_ITEM_FIELD}.cat_item", Operator.IN, *wish.cat_items)
        changed = ours.where(
            f"{VARIABLE_ITEM_FIELD}.sys_updated_on", Operator.AT_LEAST, format_time(wish.since)
        )
        halves.append(TableQuery(changed.conditions + named.conditions))
    if wish.named:
        halves.append(
            TableQuery(where(VARIABLE_ITEM_FIELD, Operator.IN, *wish.named).conditions + named.conditions)
        )
    return _any_of(halves)


def _approval_query(wish: PollQuery) -> AnyQuery:
    ours = where(f"{_EXTENDED}.cat_item", Operator.IN, *wish.cat_items)
    halves = []
    if wish.since is not None:
        since = format_time(wish.since)
        halves.append(ours.where(f"{_TASK}.sys_updated_on", Operator.AT_LEAST, since))
        halves.append(ours.where("sys_updated_on", Operator.AT_LEAST, since))
    if wish.part is not None:
        asked = ours.where("state", Operator.IS, APPROVAL_REQUESTED).where(
            f"{_TASK}.active", Operator.IS, "true"
        )
        halves.append(_in_partition(asked, wish.part, f"{_TASK}.sys_id"))
    if wish.named:
        halves.append(where(_TASK, Operator.IN, *wish.named))
    return _any_of(halves)


def _in_partition(query: TableQuery, part: Partition, key: str) -> TableQuery:
    if part.low:
        query = query.where(key, Operator.AT_LEAST, part.low)
    return query.where(key, Operator.BELOW, part.high) if part.high else query


def _any_of(halves: Sequence[TableQuery]) -> AnyQuery:
    return halves[0] if len(halves) == 1 else AnyOfQuery(tuple(halves))


# -- answers -------------------------------------------------------------------------------------------------


def parse_items(table: str, rows: Iterable[Row], wish: PollQuery) -> list[PolledItem]:
    """Return the requested items that the rows of one of the three tables tell of, each once."""
    if table == ITEM_TABLE:
        return [_item_from_row(row) for row in rows]
    if table == VARIABLE_TABLE:
        return _items_from_variables(rows)
    return _items_from_approvals(rows, wish)


def _item_from_row(row: Row) -> PolledItem:
    variables = parse_variables(row)
    item = _build_item(row, "", "", row["sys_id"], variables)
    item.hides_variables = variables is None and INLINE_VARIABLE_FIELDS[0] in row
    return item


def parse_variables(row: Row) -> dict[str, str] | None:
    """Return the variables in a row of requested items, or None where the instance gave none."""
    found = {name: row.get(f"{_VARIABLE_PREFIX}{name}", "") for name in VARIABLES}
    return found if any(found.values()) else None


def _items_from_variables(rows: Iterable[Row]) -> list[PolledItem]:
    items: dict[str, PolledItem] = {}
    for row in rows:
        key = row[VARIABLE_ITEM_FIELD]
        if not key:
            continue
        if key not in items:
            items[key] = _build_item(row, f"{VARIABLE_ITEM_FIELD}.", f"{VARIABLE_ITEM_FIELD}.", key, {})
        variables = items[key].variables
        if variables is not None and row[VARIABLE_NAME_FIELD] in VARIABLES:
            variables[row[VARIABLE_NAME_FIELD]] = row[VARIABLE_VALUE_FIELD]
    return list(items.values())


def _items_from_approvals(rows: Iterable[Row], wish: PollQuery) -> list[PolledItem]:
    items: dict[str, PolledItem] = {}
    for row in rows:
        key = row[_TASK]
        if not key or not row[f"{_EXTENDED}.cat_item"]:
            continue
        if key not in items:
            items[key] = _build_item(row, f"{_TASK}.", f"{_EXTENDED}.", key, None)
        if row["state"] == APPROVAL_REQUESTED:
            items[key].asked.append(_approver_name(row))
    named = set(wish.named)
    for item in items.values():
        # All approvals of an item that has changed came along, and all of one that was asked for by name; of others
        # only those that have changed themselves.
        changed = wish.since is not None and item.updated is not None and item.updated >= wish.since
        within = wish.part is not None and wish.part.holds(item.sys_id)
        if changed or within or item.sys_id in named:
            item.waits_for = list(dict.fromkeys(item.asked))
    return list(items.values())


def _approver_name(row: Row) -> str:
    return " ".join((row["approver.name"] or row["approver.user_name"] or UNNAMED_APPROVER).split())


def _build_item(
    row: Row, task: str, extended: str, sys_id: str, variables: dict[str, str] | None
) -> PolledItem:
    return PolledItem(
        sys_id=sys_id,
        number=row[f"{task}number"],
        order_id=row[f"{extended}request"],
        order_number=row[f"{extended}request.number"],
        order_state=row[f"{extended}request.approval"],
        cat_item=row[f"{extended}cat_item"],
        approval=row[f"{task}approval"],
        state=row[f"{task}state"],
        opened=parse_time(row[f"{task}opened_at"]) or parse_time(row[f"{task}sys_created_on"]),
        updated=parse_time(row[f"{task}sys_updated_on"]),
        variables=variables,
        active=is_active(row[f"{task}active"]),
    )


def is_active(value: str) -> bool:
    """Whether a record is active; one that hides the field counts as such."""
    return not is_false(value)


def parse_time(text: str) -> datetime | None:
    """Return a time as an instance stores it (UTC, without a zone), or None for what is none."""
    try:
        return datetime.strptime(text, TIME_FORMAT).replace(tzinfo=UTC)
    except ValueError:
        return None


def format_time(moment: datetime) -> str:
    """Write a time as an instance stores it."""
    return moment.astimezone(UTC).strftime(TIME_FORMAT)
