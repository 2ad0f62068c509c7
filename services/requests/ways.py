"""How the rows of a filter are reached: by which index, and how many that are; measured, not guessed by the database.

SQLite keeps no figures about what a column holds, so it would sort a million rows where an index has them in order.
Other databases do, and choose by themselves.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, func, literal_column, select, type_coerce
from sqlalchemy.types import NullType
from sqlmodel import Session

from services.requests.filters import Sort
from services.requests.query import TABLE, Condition

FEW = 10_000
"""So many rows are looked up and sorted in no time, whatever the order; beyond, rows are read in the order of an index."""

RAW_ID = type_coerce(TABLE.c.id, NullType())
"""The id as the database keeps it: thousands of them are only handed back."""
MANY = 3 * FEW
"""Where an order goes along with age, recent rows stand at the far end of its index, and looking at so many takes less
time than reading it up to there."""

ALONG_AGE = ("age", "number", "times_out", "state")

ONE: ColumnElement[int] = literal_column("1")


class _Index(NamedTuple):
    name: str
    leads: str
    bounds: frozenset[str]
    """Columns whose conditions bound the entries to look at."""
    holds: frozenset[str]


def _index(name: str, leads: str, *then: str, holds: str = "") -> _Index:
    bounds = frozenset({leads, *then})
    return _Index(f"ix_{TABLE.name}_{name}", leads, bounds, bounds | {holds})


BY_AGE = _index("by_age", "requested_at")
_NARROWING = (
    _index("ended", "ended_at", holds="state"),
    _index("mismatch", "mismatch", "requested_at"),
    _index("of_process", "process_id", "requested_at", holds="state"),
    _index("by_policy", "policy_name", "requested_at"),
    _index("by_state", "state", "requested_at"),
    _index("server_id", "server_id"),
    BY_AGE,
)
_EQUAL_THEN_AGE = {
    "process_id": "of_process",
    "policy_name": "by_policy",
    "mismatch": "mismatch",
    "state": "by_state",
}


class Way(NamedTuple):
    """The name of an index through which to reach the rows, and how many of its entries that are, up to MANY + 1.

    `whole` says that the index alone tells which of them are the rows, `each` that each of them is one; `recent` that
    they stand together at the newer end of the list.
    """

    through: str
    number: int
    whole: bool
    each: bool
    recent: bool

    @property
    def total(self) -> int | None:
        """How many rows there are, where that is known."""
        return self.number if self.each and self.number <= MANY else None

    @property
    def few(self) -> bool:
        """Whether all rows can be looked at, for any reason."""
        return self.number <= FEW

    def few_in(self, sort: Sort) -> bool:
        """Whether all rows are to be looked at and put into this order."""
        by_itself = sort.column == "age" and self.whole  # the index has all there is to compare
        far = self.recent and sort.column in ALONG_AGE
        return self.number <= (MANY if by_itself or far else FEW)


def best_way(session: Session, conditions: Sequence[Condition]) -> Way:
    """Return the way with the fewest entries; one that alone tells everything, where all have too many."""
    asked = {one.column for one in conditions}
    ways = [
        _measured(session, index, conditions)
        for index in _NARROWING
        if index.leads in asked or index is BY_AGE
    ]
    return min(ways, key=lambda way: (way.number, not way.whole))


def _measured(session: Session, index: _Index, conditions: Sequence[Condition]) -> Way:
    bounding = bounding_of(index, conditions)
    entries = by(select(ONE).select_from(TABLE), index.name).where(*clauses(bounding)).limit(MANY + 1)
    return Way(
        index.name,
        counted(session, entries),
        whole=all(one.column in index.holds for one in conditions),
        each=len(bounding) == len(conditions),
        recent=any(one.recent for one in bounding),
    )


def bounding_of(index: _Index, conditions: Sequence[Condition]) -> list[Condition]:
    """Return those conditions that bound the entries of an index."""
    return [one for one in conditions if one.column in index.bounds]


def in_order(sort: Sort, conditions: Sequence[Condition]) -> str:
    """Return the index that has the rows in an order, the narrowest there is."""
    if sort.column != "age":
        return f"ix_{TABLE.name}_by_{sort.column}"
    equal = [one.column for one in conditions if one.equal and one.column in _EQUAL_THEN_AGE]
    return f"ix_{TABLE.name}_{_EQUAL_THEN_AGE[equal[0]]}" if equal else BY_AGE.name


def by(statement: Select[Any], index: str) -> Select[Any]:
    """Make SQLite use an index."""
    return statement.with_hint(TABLE, f"INDEXED BY {index}", "sqlite")


def counted(session: Session, statement: Select[Any]) -> int:
    """Return how many rows a statement gives."""
    return int(session.execute(select(func.count()).select_from(statement.subquery())).scalar_one())


def clauses(conditions: Sequence[Condition]) -> list[ColumnElement[bool]]:
    """Return what conditions say, without what they look at."""
    return [one.clause for one in conditions]
