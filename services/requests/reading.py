"""What one call asks an instance for about many requests, and what its rows say.

Three tables tell it: requested items, the values of their variables, and the approvals that are asked for. Each of the
three questions has two halves: what has changed since the last look, and certain records whatever became of them. Every
row carries the approval and state of its requested item, so that whichever table is asked sees what was decided.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from services.requests.states import WAITING_WORDS
from services.servicenow.contract import VARIABLES
from services.servicenow.queries import AnyQuery, Either, Operator, Query, where
from services.servicenow.records import Row

ITEMS, ANSWERS, APPROVALS = "sc_req_item", "sc_item_option_mtom", "sysapproval_approver"
ROWS_IN_CALL = 10_000
NAMED_MOST = 120
"""Records named in one query: an address of more than 8,000 characters is refused on the way."""
ID_DIGITS = 8
"""Of a sys_id, as a part of all of them is cut out."""
TIME_FORMAT = "%Y-%m-%d %H:%M:%S"
ASKED = "requested"
"""State of an approval that somebody is asked for and has not given."""
UNNAMED = "an approver whose name is not visible"
"""In place of a name that the account may not read."""

_OF_TASK = ("number", "approval", "state", "active", "opened_at", "sys_created_on", "sys_updated_on")
_OF_ITEM = ("cat_item", "request", "request.number", "request.approval")
_VARIABLE = "variables."
_TASK, _EXTENDED = "sysapproval", "sysapproval.ref_sc_req_item"

ANSWER_OF, NAME, VALUE = "request_item", "sc_item_option.item_option_new.name", "sc_item_option.value"
"""Of a row of the table of answers: the requested item it belongs to, the variable, and what stands in it."""

FIELDS: dict[str, tuple[str, ...]] = {
    ITEMS: (*_OF_TASK, *_OF_ITEM),
    ANSWERS: (ANSWER_OF, NAME, VALUE, *(f"{ANSWER_OF}.{name}" for name in (*_OF_TASK, *_OF_ITEM))),
    APPROVALS: (
        "state", "approver", "approver.name", "approver.user_name", _TASK,
        *(f"{_TASK}.{name}" for name in _OF_TASK), *(f"{_EXTENDED}.{name}" for name in _OF_ITEM),
    ),
}  # fmt: skip
"""The fields that are fetched from each table, besides those of the query."""

WITH_VARIABLES = tuple(f"{_VARIABLE}{name}" for name in VARIABLES)
"""Further fields of a requested item. Where an instance does not give them, the table of answers is asked."""


@dataclass(frozen=True, slots=True)
class Part:
    """One of `of` equal parts of all sys_ids."""

    number: int = 0
    of: int = 1

    @property
    def low(self) -> str:
        """The first sys_id of the part, cut off; empty for the first part."""
        return self._edge(self.number) if self.number else ""

    @property
    def high(self) -> str:
        """The first sys_id behind the part, cut off; empty for the last part."""
        return self._edge(self.number + 1) if self.number + 1 < self.of else ""

    def holds(self, sys_id: str) -> bool:
        """Whether a sys_id belongs to the part."""
        return sys_id.casefold() >= self.low and (not self.high or sys_id.casefold() < self.high)

    def _edge(self, number: int) -> str:
        return f"{(number << 4 * ID_DIGITS) // self.of:0{ID_DIGITS}x}"


@dataclass(frozen=True, slots=True)
class Wish:
    """What a look asks for: what changed at `since` or later, the open ones of a part of all, and records by name.

    `cat_items` are the request items of the processes. Times are the instance's own.
    """

    cat_items: tuple[str, ...]
    since: datetime | None = None
    part: Part | None = None
    named: tuple[str, ...] = ()


@dataclass(slots=True)
class Item:
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
        return self.approval in WAITING_WORDS and self.active


# -- questions -----------------------------------------------------------------------------------------------


def question(table: str, wish: Wish) -> AnyQuery:
    """Return the query of `wish` for one of the three tables."""
    return {ITEMS: _items, ANSWERS: _answers, APPROVALS: _approvals}[table](wish)


def _items(wish: Wish) -> AnyQuery:
    ours = where("cat_item", Operator.IN, *wish.cat_items)
    halves = []
    if wish.since is not None:
        halves.append(ours.where("sys_updated_on", Operator.AT_LEAST, text_of(wish.since)))
        # The order's approval may change without its items being touched.
        waiting = ours.where("approval", Operator.IN, *filter(None, WAITING_WORDS))
        halves.append(waiting.where("request.sys_updated_on", Operator.AT_LEAST, text_of(wish.since)))
    if wish.part is not None:
        waiting = ours.where("approval", Operator.IN, *filter(None, WAITING_WORDS))
        halves.append(_within(waiting.where("active", Operator.IS, "true"), wish.part, "sys_id"))
    if wish.named:
        halves.append(where("sys_id", Operator.IN, *wish.named))
    return _either(halves)


def _answers(wish: Wish) -> AnyQuery:
    named = where(NAME, Operator.IN, *VARIABLES)
    halves = []
    if wish.since is not None:
        ours = where(f"{ANSWER_OF}.cat_item", Operator.IN, *wish.cat_items)
        changed = ours.where(f"{ANSWER_OF}.sys_updated_on", Operator.AT_LEAST, text_of(wish.since))
        halves.append(Query(changed.conditions + named.conditions))
    if wish.named:
        halves.append(Query(where(ANSWER_OF, Operator.IN, *wish.named).conditions + named.conditions))
    return _either(halves)


def _approvals(wish: Wish) -> AnyQuery:
    ours = where(f"{_EXTENDED}.cat_item", Operator.IN, *wish.cat_items)
    halves = []
    if wish.since is not None:
        since = text_of(wish.since)
        halves.append(ours.where(f"{_TASK}.sys_updated_on", Operator.AT_LEAST, since))
        halves.append(ours.where("sys_updated_on", Operator.AT_LEAST, since))
    if wish.part is not None:
        asked = ours.where("state", Operator.IS, ASKED).where(f"{_TASK}.active", Operator.IS, "true")
        halves.append(_within(asked, wish.part, f"{_TASK}.sys_id"))
    if wish.named:
        halves.append(where(_TASK, Operator.IN, *wish.named))
    return _either(halves)


def _within(query: Query, part: Part, key: str) -> Query:
    if part.low:
        query = query.where(key, Operator.AT_LEAST, part.low)
    return query.where(key, Operator.BELOW, part.high) if part.high else query


def _either(halves: Sequence[Query]) -> AnyQuery:
    return halves[0] if len(halves) == 1 else Either(tuple(halves))


# -- answers -------------------------------------------------------------------------------------------------


def items_of(table: str, rows: Iterable[Row], wish: Wish) -> list[Item]:
    """Return the requested items that the rows of one of the three tables tell of, each once."""
    if table == ITEMS:
        return [_whole_item(row) for row in rows]
    if table == ANSWERS:
        return _from_answers(rows)
    return _from_approvals(rows, wish)


def _whole_item(row: Row) -> Item:
    variables = variables_of(row)
    item = _item(row, "", "", row["sys_id"], variables)
    item.hides_variables = variables is None and WITH_VARIABLES[0] in row
    return item


def variables_of(row: Row) -> dict[str, str] | None:
    """Return the variables in a row of requested items, or None where the instance gave none."""
    found = {name: row.get(f"{_VARIABLE}{name}", "") for name in VARIABLES}
    return found if any(found.values()) else None


def _from_answers(rows: Iterable[Row]) -> list[Item]:
    items: dict[str, Item] = {}
    for row in rows:
        key = row[ANSWER_OF]
        if not key:
            continue
        if key not in items:
            items[key] = _item(row, f"{ANSWER_OF}.", f"{ANSWER_OF}.", key, {})
        variables = items[key].variables
        if variables is not None and row[NAME] in VARIABLES:
            variables[row[NAME]] = row[VALUE]
    return list(items.values())


def _from_approvals(rows: Iterable[Row], wish: Wish) -> list[Item]:
    items: dict[str, Item] = {}
    for row in rows:
        key = row[_TASK]
        if not key or not row[f"{_EXTENDED}.cat_item"]:
            continue
        if key not in items:
            items[key] = _item(row, f"{_TASK}.", f"{_EXTENDED}.", key, None)
        if row["state"] == ASKED:
            items[key].asked.append(_asked_of(row))
    named = set(wish.named)
    for item in items.values():
        # All approvals of an item that has changed came along, and all of one that was asked for by name; of others
        # only those that have changed themselves.
        changed = wish.since is not None and item.updated is not None and item.updated >= wish.since
        within = wish.part is not None and wish.part.holds(item.sys_id)
        if changed or within or item.sys_id in named:
            item.waits_for = list(dict.fromkeys(item.asked))
    return list(items.values())


def _asked_of(row: Row) -> str:
    return " ".join((row["approver.name"] or row["approver.user_name"] or UNNAMED).split())


def _item(row: Row, task: str, extended: str, sys_id: str, variables: dict[str, str] | None) -> Item:
    return Item(
        sys_id=sys_id,
        number=row[f"{task}number"],
        order_id=row[f"{extended}request"],
        order_number=row[f"{extended}request.number"],
        order_state=row[f"{extended}request.approval"],
        cat_item=row[f"{extended}cat_item"],
        approval=row[f"{task}approval"],
        state=row[f"{task}state"],
        opened=time_of(row[f"{task}opened_at"]) or time_of(row[f"{task}sys_created_on"]),
        updated=time_of(row[f"{task}sys_updated_on"]),
        variables=variables,
        active=is_active(row[f"{task}active"]),
    )


def is_active(value: str) -> bool:
    """Whether a record is active; one that hides the field counts as such."""
    return value not in ("false", "0")


def time_of(text: str) -> datetime | None:
    """Return a time as an instance stores it (UTC, without a zone), or None for what is none."""
    try:
        return datetime.strptime(text, TIME_FORMAT).replace(tzinfo=UTC)
    except ValueError:
        return None


def text_of(moment: datetime) -> str:
    """Write a time as an instance stores it."""
    return moment.astimezone(UTC).strftime(TIME_FORMAT)
