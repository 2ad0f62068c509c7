"""What the inbox shows and in which order: values that can be stored, compared and written as JSON."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any, TypeVar
from uuid import UUID

from models.kinds import OPEN_STATES, RequestState

ME = "@me"
"""In `Filter.waits_for`: whoever sits at this console."""


SORTABLE_COLUMNS = ("age", "state", "policy", "user", "computer", "file", "times_out", "number")
"""The columns the list can be sorted by. Reason and Waits for cannot: they hold free texts, several in one cell."""

DAY_S = 24 * 60 * 60


@dataclass(frozen=True, slots=True)
class Sort:
    """A column of SORTABLE; equals are ordered by the time they were raised, then by id, in the same direction.

    `age` ascending is youngest first; `times_out` ascending is what times out next.
    """

    column: str = "age"
    descending: bool = False

    def __post_init__(self) -> None:
        """Refuse a column that the list cannot be sorted by."""
        if self.column not in SORTABLE_COLUMNS:
            raise ValueError(f"the list cannot be sorted by {self.column}")


@dataclass(frozen=True, slots=True)
class Filter:
    """Which requests to show; what is left out does not matter. Times are seconds back from (or on from) the present."""

    states: frozenset[RequestState] = frozenset()
    text: str = ""
    """Words that all have to be held by user, computer, number, file, reason or policy; ids from their beginning."""
    policy: str = ""
    process_id: UUID | None = None
    server_id: UUID | None = None
    raised_within_s: int | None = None
    older_than_s: int | None = None
    due_within_s: int | None = None
    """Open requests that time out in so many seconds, or should have."""
    ended_within_s: int | None = None
    ended_today: bool = False
    """Ended since midnight, where this console stands."""
    mismatch: bool = False
    waits_for: str = ""
    """Open requests that wait for this person or group, by the name that the instance shows, or for ME."""
    rehearsals: bool = True

    def with_text(self, text: str) -> "Filter":
        """Return the same filter with other words."""
        return replace(self, text=text)

    @property
    def empty(self) -> bool:
        """Whether every request is shown."""
        return self == Filter()

    def as_json(self) -> dict[str, Any]:
        """Return what differs from showing everything, for JSON; UUIDs as text, states in order."""
        found: dict[str, Any] = {}
        for one in fields(self):
            value = getattr(self, one.name)
            if value == one.default:
                continue
            if isinstance(value, frozenset):
                value = sorted(value)
            found[one.name] = str(value) if isinstance(value, UUID) else value
        return found

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> "Filter":
        """Read what `as_json` gave; raises ValueError for what no release of this schema wrote."""
        known = {one.name: one for one in fields(cls)}
        read: dict[str, Any] = {}
        for name, value in values.items():
            if name not in known:
                raise ValueError(f"a filter has no {name}")
            read[name] = _PARSERS.get(name, _parse_text)(value)
        return cls(**read)


T = TypeVar("T")


def _require_type(kind: type[T], value: Any) -> T:
    if type(value) is not kind:  # true is no number of seconds
        raise ValueError(f"{value!r} is not of the kind {kind.__name__}")
    return value


def _parse_text(value: Any) -> str:
    return _require_type(str, value)


def _parse_states(value: Any) -> frozenset[RequestState]:
    return frozenset(RequestState(_parse_text(name)) for name in _require_type(list, value))


def _parse_seconds(value: Any) -> int:
    return _require_type(int, value)


def _parse_flag(value: Any) -> bool:
    return _require_type(bool, value)


def _parse_uuid(value: Any) -> UUID:
    return UUID(_parse_text(value))


_PARSERS: dict[str, Any] = {
    "states": _parse_states,
    "process_id": _parse_uuid,
    "server_id": _parse_uuid,
    "raised_within_s": _parse_seconds,
    "older_than_s": _parse_seconds,
    "due_within_s": _parse_seconds,
    "ended_within_s": _parse_seconds,
    "ended_today": _parse_flag,
    "mismatch": _parse_flag,
    "rehearsals": _parse_flag,
}


@dataclass(frozen=True, slots=True)
class NamedFilter:
    """A filter with the name it is chosen by, and the order it is best looked at in. `key` is the same for ever.

    `version` counts the changes of one that people keep; those of this program have none.
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
    NamedFilter("all", "All", Filter()),
)
