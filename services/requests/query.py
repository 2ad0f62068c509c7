"""Filters and orders of the inbox as SQL that every database understands, and rows as plain values."""

import re
import unicodedata
import uuid
from collections.abc import Iterator, Sequence
from datetime import datetime, time, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, String, false, func, literal, literal_column, or_

from models.approval_request import ApprovalRequest
from models.kinds import RequestState
from services.requests.filters import ME, OPEN, Filter, Sort
from services.requests.letters import letters
from services.store.values import table_of

TABLE = table_of(ApprovalRequest)
FURTHEST_S = 100 * 366 * 24 * 60 * 60
"""A filter that reaches further than all requests and every calendar reaches so far."""


class RequestRow(NamedTuple):
    """One request as plain values. `waits_for` holds display names, none once it has ended; texts not known are empty."""

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


_OTHER_NAMES = {
    "policy": "policy_name",
    "user": "initiator_name",
    "computer": "agent_name",
    "process": "process_name",
}
COLUMNS = tuple(TABLE.c[_OTHER_NAMES.get(name, name)] for name in RequestRow._fields)
_STATE = RequestRow._fields.index("state")
_WAITS_FOR = RequestRow._fields.index("waits_for")


def as_row(values: Sequence[Any]) -> RequestRow:
    """Make a row of the values of COLUMNS."""
    plain = list(values)
    # The column keeps whom the instance asked last: whoever ended the request need not have looked there again.
    waiting = plain[_WAITS_FOR].split("\n") if plain[_STATE] in OPEN else ()
    plain[_WAITS_FOR] = tuple(line for line in waiting if line)
    return RequestRow._make(plain)


def key_of(sort: Sort) -> tuple[ColumnElement[Any], ...]:
    """Return what an order compares, ending with the id, so that no two rows are equal."""
    c = TABLE.c
    first: dict[str, ColumnElement[Any]] = {
        "state": c.state,
        "policy": c.policy_name,
        "user": func.lower(c.initiator_name),
        "computer": func.lower(c.agent_name),
        "file": literal_column("lower(substr(file_path, 1, 200))", String()),
        "times_out": func.coalesce(c.times_out_at, c.requested_at),
        "number": c.number,
    }
    own = (first[sort.column],) if sort.column in first else ()
    return (*own, c.requested_at, c.id)


def is_upward(sort: Sort) -> bool:
    """Whether the smallest key comes first. The younger a request, the greater its time."""
    return sort.descending == (sort.column == "age")


class Condition(NamedTuple):
    """What a row has to fulfil, and the column that says whether it does.

    `equal` wants one value of it; `recent` lets through what stands together at the newer end of the list.
    """

    column: str
    clause: ColumnElement[bool]
    equal: bool = False
    recent: bool = False


def conditions(filter_: Filter, at: datetime, me: Sequence[str]) -> list[Condition]:
    """Return what a row has to fulfil, apart from the words of a search; `me` are the names that ME stands for."""
    return [*_plain(filter_), *_times(filter_, at), *_waiting(filter_, me)]


def _plain(filter_: Filter) -> Iterator[Condition]:
    states = _states(filter_)
    if states is not None:
        yield Condition(
            "state", TABLE.c.state.in_(sorted(states)), equal=len(states) == 1, recent=states <= OPEN
        )
    if filter_.policy:
        typed = {unicodedata.normalize(form, filter_.policy) for form in ("NFC", "NFD")} | {filter_.policy}
        yield Condition("policy_name", TABLE.c.policy_name.in_(sorted(typed)), equal=len(typed) == 1)
    if filter_.process_id is not None:
        yield Condition("process_id", TABLE.c.process_id == filter_.process_id, equal=True)
    if filter_.server_id is not None:
        yield Condition("server_id", TABLE.c.server_id == filter_.server_id)
    if filter_.mismatch:
        # No parameter: only a text like that of the index of such rows tells the database that it has them all.
        yield Condition("mismatch", TABLE.c.mismatch != literal_column("''"), equal=True)
    if not filter_.rehearsals:
        yield Condition("rehearsal", TABLE.c.rehearsal.is_(False))


def _states(filter_: Filter) -> frozenset[RequestState] | None:
    """Return the states that a filter lets through, or None for all."""
    open_only = filter_.due_within_s is not None or bool(filter_.waits_for)
    if not open_only:
        return filter_.states or None
    return filter_.states & OPEN if filter_.states else OPEN


def _times(filter_: Filter, at: datetime) -> Iterator[Condition]:
    c = TABLE.c
    if filter_.raised_within_s is not None:
        yield Condition("requested_at", c.requested_at >= _before(at, filter_.raised_within_s), recent=True)
    if filter_.older_than_s is not None:
        yield Condition("requested_at", c.requested_at <= _before(at, filter_.older_than_s))
    if filter_.ended_within_s is not None:
        yield Condition("ended_at", c.ended_at >= _before(at, filter_.ended_within_s))
    if filter_.ended_today:
        yield Condition("ended_at", c.ended_at >= midnight_before(at))
    if filter_.due_within_s is not None:
        yield Condition("times_out_at", c.times_out_at <= _before(at, -filter_.due_within_s))


def midnight_before(at: datetime) -> datetime:
    """Return when the day began here; the clocks may have been changed since."""
    return datetime.combine(at.astimezone().date(), time()).astimezone()


def _before(at: datetime, seconds: int) -> datetime:
    return at - timedelta(seconds=max(-FURTHEST_S, min(seconds, FURTHEST_S)))


def _waiting(filter_: Filter, me: Sequence[str]) -> Iterator[Condition]:
    if not filter_.waits_for:
        return
    lines = letters("\n" + TABLE.c.waits_for + "\n")
    names = me if filter_.waits_for == ME else (filter_.waits_for,)
    # Each sign of LIKE is escaped before letters are compared: both sides go through the same function.
    escaped = (re.sub("[/%_]", r"/\g<0>", name) for name in names)
    patterns = (f"%\n{name}\n%" for name in escaped)
    asked = or_(false(), *(lines.like(letters(literal(one)), escape="/") for one in patterns))
    yield Condition("waits_for", asked)
