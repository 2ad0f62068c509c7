"""Filters and orders of the list of requests, as values that can be compared, stored and written as JSON."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import TypeVar
from uuid import UUID

from models.kinds import OPEN_STATES, RequestState
from services.common.json_types import JsonObject, JsonValue
from services.store.row_values import RowDict

ME = "@me"
"""Value of `Filter.waits_for`: the user of this console."""


SORTABLE_COLUMNS = ("age", "state", "policy", "user", "computer", "file", "times_out", "number")
"""Columns by which the list can be sorted. Reason and Waits for are free texts, several in one cell."""


@dataclass(frozen=True, slots=True)
class Sort:
    """A column of SORTABLE_COLUMNS; equal rows are ordered by request time, then by their place in the store, in the same direction.

    `age` ascending is youngest first; `times_out` ascending is what times out next.
    """

    column: str = "age"
    descending: bool = False

    def __post_init__(self) -> None:
        """Raise ValueError for a column by which the list cannot be sorted."""
        if self.column not in SORTABLE_COLUMNS:
            raise ValueError(f"the list cannot be sorted by {self.column}")


@dataclass(frozen=True, slots=True)
class Filter:
    """Which requests to show; defaults do not restrict. Times are seconds before (or after) the present."""

    states: frozenset[RequestState] = frozenset()
    text: str = ""
    """Words that all have to occur in user, computer, number, file, reason or policy, or at the beginning of an id."""
    policy: str = ""
    process_id: UUID | None = None
    server_id: UUID | None = None
    raised_within_s: int | None = None
    raised_since: datetime | None = None
    older_than_s: int | None = None
    due_within_s: int | None = None
    """Open requests that time out within so many seconds, or should have timed out already."""
    ended_within_s: int | None = None
    ended_today: bool = False
    """Ended since midnight in local time."""
    mismatch: bool = False
    answer_failed: bool = False
    """The answer to the program that asked could not be delivered."""
    waits_for: str = ""
    """Open requests that wait for this person or group (display name), or for ME."""
    rehearsals: bool = True

    @property
    def empty(self) -> bool:
        """Whether nothing is restricted."""
        return self == Filter()

    @property
    def shows_open_only(self) -> bool:
        """Whether only open requests are shown."""
        return self.due_within_s is not None or bool(self.states and self.states <= OPEN_STATES)

    def as_json(self) -> JsonObject:
        """Return the values that are not the default, for JSON; UUIDs as text, states sorted."""
        found: JsonObject = {}
        for one in fields(self):
            value = getattr(self, one.name)
            if value == one.default:
                continue
            if isinstance(value, frozenset):
                value = sorted(value)
            if isinstance(value, datetime):
                value = value.isoformat()
            found[one.name] = str(value) if isinstance(value, UUID) else value
        return found

    @classmethod
    def from_json(cls, values: Mapping[str, JsonValue]) -> "Filter":
        """Return the filter that `as_json` wrote; raises ValueError for other values."""
        known = {one.name: one for one in fields(cls)}
        read: RowDict = {}  # Any: values of fields of different types
        for name, value in values.items():
            if name not in known:
                raise ValueError(f"a filter has no {name}")
            read[name] = _PARSERS.get(name, _parse_text)(value)
        return cls(**read)


T = TypeVar("T")


def _require_type(kind: type[T], value: JsonValue) -> T:
    # bool is a subclass of int, but true is no number of seconds.
    if not isinstance(value, kind) or isinstance(value, bool) != (kind is bool):
        raise ValueError(f"{value!r} is not of the kind {kind.__name__}")
    return value


def _parse_text(value: JsonValue) -> str:
    return _require_type(str, value)


def _parse_states(value: JsonValue) -> frozenset[RequestState]:
    return frozenset(RequestState(_parse_text(name)) for name in _require_type(list, value))


def _parse_seconds(value: JsonValue) -> int:
    return _require_type(int, value)


def _parse_flag(value: JsonValue) -> bool:
    return _require_type(bool, value)


def _parse_time(value: JsonValue) -> datetime:
    found = datetime.fromisoformat(_parse_text(value))
    if found.tzinfo is None:
        raise ValueError(f"{value!r} has no time zone")
    return found


def _parse_uuid(value: JsonValue) -> UUID:
    return UUID(_parse_text(value))


_PARSERS: dict[str, Callable[[JsonValue], object]] = {
    "states": _parse_states,
    "process_id": _parse_uuid,
    "server_id": _parse_uuid,
    "raised_within_s": _parse_seconds,
    "raised_since": _parse_time,
    "older_than_s": _parse_seconds,
    "due_within_s": _parse_seconds,
    "ended_within_s": _parse_seconds,
    "ended_today": _parse_flag,
    "mismatch": _parse_flag,
    "answer_failed": _parse_flag,
    "rehearsals": _parse_flag,
}


@dataclass(frozen=True, slots=True)
class NamedFilter:
    """A filter with its name and its default order. `key` never changes.

    `version` is the version of a saved filter, 0 for a predefined one.
    """

    key: str
    name: str
    filter: Filter
    sort: Sort = field(default_factory=Sort)
    version: int = 0


ABOUT_TO_TIME_OUT_S = 5 * 60

PREDEFINED_FILTERS: tuple[NamedFilter, ...] = (
    NamedFilter("pending", "Pending", Filter(states=OPEN_STATES), Sort("age", descending=True)),
    NamedFilter(
        "about-to-time-out", "About to time out", Filter(due_within_s=ABOUT_TO_TIME_OUT_S), Sort("times_out")
    ),
    NamedFilter("mismatch", "Mismatch", Filter(mismatch=True)),
    NamedFilter(
        "timed-out-today",
        "Timed out today",
        Filter(states=frozenset({RequestState.TIMED_OUT}), ended_today=True),
    ),
    NamedFilter("waits-for-me", "Waits for me", Filter(waits_for=ME), Sort("times_out")),
    NamedFilter("answer-not-delivered", "Answer not delivered", Filter(answer_failed=True)),
    NamedFilter("all", "All", Filter()),
)
