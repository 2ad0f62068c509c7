"""The queries of a poll, each about many requests, and the requested items that their rows describe.

A poll reads one of three tables: requested items, the values of their variables, or their approvals. Each query asks for
records that have changed since the previous poll, and for named records. Every row carries the approval and the state of
its requested item, so that decisions are seen in whichever table is read.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from services.requests.domain.states import OPEN_APPROVAL_VALUES
from services.requests.records.item_fields import (
    APPROVAL_REQUESTED,
    APPROVAL_TABLE,
    ITEM_TABLE,
    VARIABLE_FIELDS,
    VARIABLE_ITEM_FIELD,
    VARIABLE_NAME_FIELD,
    VARIABLE_PREFIX,
    VARIABLE_TABLE,
    VARIABLE_VALUE_FIELD,
)
from services.requests.records.requested_item import Approval, RequestedItem, parse_item
from services.servicenow.contract import VARIABLES
from services.servicenow.encoded_query import AnyOfQuery, AnyQuery, Operator, TableQuery, where
from services.servicenow.record_values import format_time
from services.servicenow.table_api import Row

PAGE_SIZE_MAX = 10_000
NAMED_RECORDS_MAX = 120
"""Records named in one query: proxies reject addresses of more than 8,000 characters."""
SYS_ID_PREFIX_LENGTH = 8
"""Leading characters of a sys_id by which all records are partitioned."""

_TASK_FIELDS = ("number", "approval", "state", "active", "opened_at", "sys_created_on", "sys_updated_on")
_ITEM_FIELDS = ("cat_item", "request", "request.number", "request.approval")
_TASK, _EXTENDED = "sysapproval", "sysapproval.ref_sc_req_item"

FIELDS_BY_TABLE: dict[str, tuple[str, ...]] = {
    ITEM_TABLE: (*_TASK_FIELDS, *_ITEM_FIELDS),
    VARIABLE_TABLE: (*VARIABLE_FIELDS, *(f"{VARIABLE_ITEM_FIELD}.{name}" for name in (*_TASK_FIELDS, *_ITEM_FIELDS))),
    APPROVAL_TABLE: (
        "state", "approver", "approver.name", "approver.user_name", _TASK,
        *(f"{_TASK}.{name}" for name in _TASK_FIELDS), *(f"{_EXTENDED}.{name}" for name in _ITEM_FIELDS),
    ),
}  # fmt: skip
"""The fields that are fetched from each table."""

INLINE_VARIABLE_FIELDS = tuple(f"{VARIABLE_PREFIX}{name}" for name in VARIABLES)
"""Further fields of ITEM_TABLE. If an instance does not return them, VARIABLE_TABLE is read."""


@dataclass(frozen=True, slots=True)
class Partition:
    """One of `of` equal parts of all sys_ids, numbered from 0."""

    number: int = 0
    of: int = 1

    @property
    def low(self) -> str:
        """Prefix of the first sys_id of the part; empty for the first part."""
        return self._boundary(self.number) if self.number else ""

    @property
    def high(self) -> str:
        """Prefix of the first sys_id after the part; empty for the last part."""
        return self._boundary(self.number + 1) if self.number + 1 < self.of else ""

    def holds(self, sys_id: str) -> bool:
        """Whether a sys_id belongs to the part."""
        return sys_id.casefold() >= self.low and (not self.high or sys_id.casefold() < self.high)

    def _boundary(self, number: int) -> str:
        return f"{(number << 4 * SYS_ID_PREFIX_LENGTH) // self.of:0{SYS_ID_PREFIX_LENGTH}x}"


@dataclass(frozen=True, slots=True)
class PollQuery:
    """What a poll asks for: records changed at `since` or later, open records of a partition, and named records.

    `cat_items` are the request items of the processes. `since` is a time of the instance's clock.
    """

    cat_items: tuple[str, ...]
    since: datetime | None = None
    part: Partition | None = None
    named: tuple[str, ...] = ()


# -- queries -------------------------------------------------------------------------------------------------


def build_query(table: str, wish: PollQuery) -> AnyQuery:
    """Return the query of `wish` for one of the three tables."""
    return {ITEM_TABLE: _item_query, VARIABLE_TABLE: _variable_query, APPROVAL_TABLE: _approval_query}[table](
        wish
    )


def _item_query(wish: PollQuery) -> AnyQuery:
    ours = where("cat_item", Operator.IN, *wish.cat_items)
    parts = []
    if wish.since is not None:
        parts.append(ours.where("sys_updated_on", Operator.AT_LEAST, format_time(wish.since)))
        # The approval of an order may change without a change of its items.
        waiting = ours.where("approval", Operator.IN, *filter(None, OPEN_APPROVAL_VALUES))
        parts.append(waiting.where("request.sys_updated_on", Operator.AT_LEAST, format_time(wish.since)))
    if wish.part is not None:
        waiting = ours.where("approval", Operator.IN, *filter(None, OPEN_APPROVAL_VALUES))
        parts.append(_in_partition(waiting.where("active", Operator.IS, "true"), wish.part, "sys_id"))
    if wish.named:
        parts.append(where("sys_id", Operator.IN, *wish.named))
    return _any_of(parts)


def _variable_query(wish: PollQuery) -> AnyQuery:
    named = where(VARIABLE_NAME_FIELD, Operator.IN, *VARIABLES)
    parts = []
    if wish.since is not None:
        ours = where(f"{VARIABLE_ITEM_FIELD}.cat_item", Operator.IN, *wish.cat_items)
        changed = ours.where(
            f"{VARIABLE_ITEM_FIELD}.sys_updated_on", Operator.AT_LEAST, format_time(wish.since)
        )
        parts.append(TableQuery(changed.conditions + named.conditions))
    if wish.named:
        parts.append(
            TableQuery(where(VARIABLE_ITEM_FIELD, Operator.IN, *wish.named).conditions + named.conditions)
        )
    return _any_of(parts)


def _approval_query(wish: PollQuery) -> AnyQuery:
    ours = where(f"{_EXTENDED}.cat_item", Operator.IN, *wish.cat_items)
    parts = []
    if wish.since is not None:
        since = format_time(wish.since)
        parts.append(ours.where(f"{_TASK}.sys_updated_on", Operator.AT_LEAST, since))
        parts.append(ours.where("sys_updated_on", Operator.AT_LEAST, since))
    if wish.part is not None:
        asked = ours.where("state", Operator.IS, APPROVAL_REQUESTED).where(
            f"{_TASK}.active", Operator.IS, "true"
        )
        parts.append(_in_partition(asked, wish.part, f"{_TASK}.sys_id"))
    if wish.named:
        parts.append(where(_TASK, Operator.IN, *wish.named))
    return _any_of(parts)


def _in_partition(query: TableQuery, part: Partition, key: str) -> TableQuery:
    if part.low:
        query = query.where(key, Operator.AT_LEAST, part.low)
    return query.where(key, Operator.BELOW, part.high) if part.high else query


def _any_of(parts: Sequence[TableQuery]) -> AnyQuery:
    return parts[0] if len(parts) == 1 else AnyOfQuery(tuple(parts))


# -- rows ----------------------------------------------------------------------------------------------------


def matches_open_query(item: RequestedItem) -> bool:
    """Whether the query for the open items of a partition returns this item.

    Unlike `RequestedItem.is_open` this does not depend on `state` and on the order.
    """
    return item.approval in OPEN_APPROVAL_VALUES and item.active


def parse_items(table: str, rows: Iterable[Row], wish: PollQuery) -> list[RequestedItem]:
    """Return the requested items that the rows of one of the three tables describe, each once."""
    if table == ITEM_TABLE:
        return [_item_from_row(row) for row in rows]
    if table == VARIABLE_TABLE:
        return _items_from_variables(rows)
    return _items_from_approvals(rows, wish)


def _item_from_row(row: Row) -> RequestedItem:
    variables = parse_variables(row)
    hidden = variables is None and INLINE_VARIABLE_FIELDS[0] in row
    return parse_item(row, sys_id=row["sys_id"], variables=variables, hides_variables=hidden)


def parse_variables(row: Row) -> dict[str, str] | None:
    """Return the variables in a row of ITEM_TABLE, or None if the instance returned none."""
    found = {name: row.get(f"{VARIABLE_PREFIX}{name}", "") for name in VARIABLES}
    return found if any(found.values()) else None


def _items_from_variables(rows: Iterable[Row]) -> list[RequestedItem]:
    first_rows: dict[str, Row] = {}
    variables: dict[str, dict[str, str]] = {}
    for row in rows:
        key = row[VARIABLE_ITEM_FIELD]
        if not key:
            continue
        first_rows.setdefault(key, row)
        values = variables.setdefault(key, {})
        if row[VARIABLE_NAME_FIELD] in VARIABLES:
            values[row[VARIABLE_NAME_FIELD]] = row[VARIABLE_VALUE_FIELD]
    prefix = f"{VARIABLE_ITEM_FIELD}."
    return [
        parse_item(row, sys_id=key, task_prefix=prefix, item_prefix=prefix, variables=variables[key])
        for key, row in first_rows.items()
    ]


def _items_from_approvals(rows: Iterable[Row], wish: PollQuery) -> list[RequestedItem]:
    first_rows: dict[str, Row] = {}
    approvals: dict[str, list[Approval]] = {}
    for row in rows:
        key = row[_TASK]
        if not key or not row[f"{_EXTENDED}.cat_item"]:
            continue
        first_rows.setdefault(key, row)
        open_ones = approvals.setdefault(key, [])
        if row["state"] == APPROVAL_REQUESTED:
            open_ones.append(_parse_approval(row))
    named = set(wish.named)
    items = []
    for key, row in first_rows.items():
        item = parse_item(
            row,
            sys_id=key,
            task_prefix=f"{_TASK}.",
            item_prefix=f"{_EXTENDED}.",
            approvals=tuple(approvals[key]),
        )
        # The query returns all approvals of items that have changed, of named ones, and of those in the partition; of
        # other items only the approvals that have changed themselves.
        changed = wish.since is not None and item.changed_at is not None and item.changed_at >= wish.since
        within = wish.part is not None and wish.part.holds(key)
        items.append(replace(item, has_approvals=changed or within or key in named))
    return items


def _parse_approval(row: Row) -> Approval:
    return Approval(
        sys_id=row["sys_id"],
        state=row["state"],
        user_name=row["approver.user_name"],
        name=row["approver.name"] or row["approver.user_name"],
    )
