"""The one place where filters and orders of the inbox become SQL, and where rows become plain values."""

import functools
import re
import unicodedata
import uuid
from collections.abc import Iterator, Sequence
from datetime import datetime, time, timedelta
from typing import Any, NamedTuple, TypeAlias

from sqlalchemy import ColumnElement, String, false, func, literal, literal_column, or_, type_coerce
from sqlalchemy.types import NullType

from models.approval_request import ApprovalRequest
from models.compact_columns import read_moment, read_uuid, unpack_id
from models.kinds import OPEN_STATES, RequestState
from services.requests.inbox.filters import ME, Filter, Sort
from services.requests.inbox.folded_columns import casefolded
from services.requests.inbox.row_place import row_place
from services.store.row_values import SqlColumn, get_table

SortKey: TypeAlias = tuple[object, ...]
"""Values of the columns of an order, in one row."""

REQUEST_TABLE = get_table(ApprovalRequest)
RAW_ID = row_place(REQUEST_TABLE.c.id)
"""Identifies a row, as the database returns it: thousands of them are only passed back in a query."""
TIME_RANGE_MAX_S = 100 * 366 * 24 * 60 * 60
"""Largest time range of a filter; larger ones would exceed the calendar of Python and of the databases."""


class RequestRow(NamedTuple):
    """One request as plain values. `waits_for` holds display names and is empty after the end; unknown texts are empty."""

    id: uuid.UUID
    version: int
    origin: str
    state: str
    mismatch: str
    requested_at: datetime
    times_out_at: datetime | None
    ended_at: datetime | None
    policy: str
    user: str
    computer: str
    file_path: str
    reason: str
    waits_for: tuple[str, ...]
    number: str
    process: str
    process_id: uuid.UUID | None
    server_id: uuid.UUID | None
    record_id: str
    rehearsal: bool
    servicenow_state: str
    observed_at: datetime | None
    error: str
    external_id: str
    approval_id: str
    order_number: str


_COLUMN_NAME_BY_FIELD = {
    "policy": "policy_name",
    "user": "initiator_name",
    "computer": "agent_name",
    "process": "process_name",
}
ROW_COLUMN_NAMES = tuple(_COLUMN_NAME_BY_FIELD.get(name, name) for name in RequestRow._fields)
ROW_COLUMNS = tuple(type_coerce(REQUEST_TABLE.c[name], NullType()) for name in ROW_COLUMN_NAMES)
"""The columns of a row as the database returns them: `to_request_row` converts them in a third of the time."""
_MOMENT_PLACES = tuple(
    RequestRow._fields.index(name) for name in ("requested_at", "times_out_at", "ended_at", "observed_at")
)
_SHARED_ID_PLACES = tuple(RequestRow._fields.index(name) for name in ("process_id", "server_id"))
_PACKED_ID_PLACES = tuple(
    RequestRow._fields.index(name) for name in ("record_id", "external_id", "approval_id")
)
_ID_PLACE, _STATE_PLACE, _WAITS_FOR_PLACE, _REHEARSAL_PLACE = (
    RequestRow._fields.index(name) for name in ("id", "state", "waits_for", "rehearsal")
)


def to_request_row(values: Sequence[Any]) -> RequestRow:  # Any: each column has a type of its own
    """Return the row for the values of ROW_COLUMNS."""
    plain = list(values)
    plain[_ID_PLACE] = read_uuid(plain[_ID_PLACE])
    for place in _MOMENT_PLACES:
        if plain[place] is not None:
            plain[place] = read_moment(plain[place])
    for place in _SHARED_ID_PLACES:
        if plain[place] is not None:
            plain[place] = _read_shared_id(plain[place])
    for place in _PACKED_ID_PLACES:
        if plain[place]:
            plain[place] = unpack_id(plain[place])
    # The column keeps the approvers that were read last, also if the request has ended without a further read.
    waiting = plain[_WAITS_FOR_PLACE].split("\n") if plain[_STATE_PLACE] in OPEN_STATES else ()
    plain[_WAITS_FOR_PLACE] = tuple(line for line in waiting if line)
    plain[_REHEARSAL_PLACE] = bool(plain[_REHEARSAL_PLACE])
    return RequestRow._make(plain)


_read_shared_id = functools.lru_cache(maxsize=1024)(read_uuid)
"""Rows share the ids of few servers and processes."""


def sort_key(sort: Sort) -> tuple[SqlColumn, ...]:
    """Return the columns of an order; the last one is RAW_ID, so that no two rows are equal."""
    c = REQUEST_TABLE.c
    first: dict[str, SqlColumn] = {
        "state": c.state,
        "policy": c.policy_name,
        "user": func.lower(c.initiator_name),
        "computer": func.lower(c.agent_name),
        "file": literal_column("lower(substr(file_path, 1, 200))", String()),
        "times_out": func.coalesce(c.times_out_at, c.requested_at),
        "number": c.number,
    }
    own = (first[sort.column],) if sort.column in first else ()
    return (*own, c.requested_at, RAW_ID)


def is_ascending(sort: Sort) -> bool:
    """Whether the smallest key comes first. For `age` it is reversed: a younger request has a later time."""
    return sort.descending == (sort.column == "age")


class FilterCondition(NamedTuple):
    """One condition of a filter as SQL, and the column that it restricts."""

    column: str
    clause: ColumnElement[bool]
    is_equality: bool = False
    """Whether it requires one value of the column."""
    is_recent: bool = False
    """Whether the rows that fulfil it are together at the newer end of the list."""


def build_conditions(filter_: Filter, at: datetime, me: Sequence[str]) -> list[FilterCondition]:
    """Return the conditions of a filter without its search words; `me` are the names that ME represents."""
    return [*_value_conditions(filter_), *_time_conditions(filter_, at), *_waits_for_conditions(filter_, me)]


def _value_conditions(filter_: Filter) -> Iterator[FilterCondition]:
    states = _allowed_states(filter_)
    if states is not None:
        yield FilterCondition(
            "state",
            REQUEST_TABLE.c.state.in_(sorted(states)),
            is_equality=len(states) == 1,
            is_recent=states <= OPEN_STATES,
        )
    if filter_.policy:
        typed = {unicodedata.normalize(form, filter_.policy) for form in ("NFC", "NFD")} | {filter_.policy}
        yield FilterCondition(
            "policy_name", REQUEST_TABLE.c.policy_name.in_(sorted(typed)), is_equality=len(typed) == 1
        )
    if filter_.process_id is not None:
        yield FilterCondition(
            "process_id", REQUEST_TABLE.c.process_id == filter_.process_id, is_equality=True
        )
    if filter_.server_id is not None:
        yield FilterCondition("server_id", REQUEST_TABLE.c.server_id == filter_.server_id)
    if filter_.mismatch:
        # A literal instead of a parameter: the database uses a partial index only for the same text as in its definition.
        yield FilterCondition("mismatch", REQUEST_TABLE.c.mismatch != literal_column("''"), is_equality=True)
    if filter_.answer_failed:
        failed = REQUEST_TABLE.c.answer_fault != literal_column("''")
        yield FilterCondition("answer_fault", failed, is_equality=True)
    if not filter_.rehearsals:
        yield FilterCondition("rehearsal", REQUEST_TABLE.c.rehearsal.is_(False))


def _allowed_states(filter_: Filter) -> frozenset[RequestState] | None:
    """Return the states that a filter allows, or None for all."""
    open_only = filter_.due_within_s is not None or bool(filter_.waits_for)
    if not open_only:
        return filter_.states or None
    return filter_.states & OPEN_STATES if filter_.states else OPEN_STATES


def _time_conditions(filter_: Filter, at: datetime) -> Iterator[FilterCondition]:
    c = REQUEST_TABLE.c
    if filter_.raised_within_s is not None:
        yield FilterCondition(
            "requested_at", c.requested_at >= _seconds_before(at, filter_.raised_within_s), is_recent=True
        )
    if filter_.raised_since is not None:
        yield FilterCondition("requested_at", c.requested_at >= filter_.raised_since, is_recent=True)
    if filter_.older_than_s is not None:
        yield FilterCondition("requested_at", c.requested_at <= _seconds_before(at, filter_.older_than_s))
    if filter_.ended_within_s is not None:
        yield FilterCondition("ended_at", c.ended_at >= _seconds_before(at, filter_.ended_within_s))
    if filter_.ended_today:
        yield FilterCondition("ended_at", c.ended_at >= start_of_day(at))
    if filter_.due_within_s is not None:
        yield FilterCondition("times_out_at", c.times_out_at <= _seconds_before(at, -filter_.due_within_s))


def start_of_day(at: datetime) -> datetime:
    """Return when the day began here; the clocks may have been changed since."""
    return datetime.combine(at.astimezone().date(), time()).astimezone()


def _seconds_before(at: datetime, seconds: int) -> datetime:
    return at - timedelta(seconds=max(-TIME_RANGE_MAX_S, min(seconds, TIME_RANGE_MAX_S)))


def _waits_for_conditions(filter_: Filter, me: Sequence[str]) -> Iterator[FilterCondition]:
    if not filter_.waits_for:
        return
    lines = casefolded("\n" + REQUEST_TABLE.c.waits_for + "\n")
    names = me if filter_.waits_for == ME else (filter_.waits_for,)
    # Each sign of LIKE is escaped before letters are compared: both sides go through the same function.
    escaped = (re.sub("[/%_]", r"/\g<0>", name) for name in names)
    patterns = (f"%\n{name}\n%" for name in escaped)
    asked = or_(false(), *(lines.like(casefolded(literal(one)), escape="/") for one in patterns))
    yield FilterCondition("waits_for", asked)


def sql_clauses(conditions: Sequence[FilterCondition]) -> list[ColumnElement[bool]]:
    """Return the SQL of conditions."""
    return [one.clause for one in conditions]
