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
"""Where the order of an index goes along with age, the rows of the last days stand at its far end, and looking at so
many takes less time than reading it up to there."""

ALONG_AGE = ("number", "times_out", "state")

ONE: ColumnElement[int] = literal_column("1")


class _Index(NamedTuple):
    name: str
    leads: str
    holds: frozenset[str]


def _index(name: str, *columns: str) -> _Index:
    return _Index(f"ix_{TABLE.name}_{name}", columns[0], frozenset(columns))


BY_AGE = _index("by_age", "requested_at")
_NARROWING = (
    _index("ended", "ended_at", "state"),
    _index("mismatch", "mismatch", "requested_at"),
    _index("of_process", "process_id", "requested_at", "state"),
    _index("by_policy", "policy_name", "requested_at"),
    _index("by_state", "state", "requested_at"),
    _index("server_id", "server_id"),
    BY_AGE,
)
_EQUAL_THEN_AGE = {"process_id": "of_process", "policy_name": "by_policy", "mismatch": "mismatch"}


class Way(NamedTuple):
    """the name of an index through which to reach the rows, and how many entries of it have to be looked at, counted up to MANY + 1.

    `whole` says that the index alone tells which rows they are.
    """

    through: str
    number: int
    whole: bool

    @property
    def few(self) -> bool:
        """Whether all rows can be looked at, for any reason."""
        return self.number <= FEW

    def few_in(self, sort: Sort) -> bool:
        """Whether all rows are to be looked at and put into this order."""
        far = self.through == BY_AGE.name and sort.column in ALONG_AGE
        return self.number <= (MANY if far else FEW)


def best_way(session: Session, conditions: Sequence[Condition]) -> Way:
    """Return the way with the fewest entries; the first that alone tells everything, where all have too many."""
    asked = {name for one in conditions for name in one.columns}
    ways = [
        _measured(session, index, conditions)
        for index in _NARROWING
        if index.leads in asked or index is BY_AGE
    ]
    return min(ways, key=lambda way: (way.number, not way.whole))


def _measured(session: Session, index: _Index, conditions: Sequence[Condition]) -> Way:
    told = told_by(index, conditions)
    entries = by(select(ONE).select_from(TABLE), index.name).where(*clauses(told)).limit(MANY + 1)
    return Way(index.name, counted(session, entries), len(told) == len(conditions))


def told_by(index: _Index, conditions: Sequence[Condition]) -> list[Condition]:
    """Return those conditions that an index can tell by itself."""
    return [one for one in conditions if one.columns <= index.holds]


def in_order(sort: Sort, conditions: Sequence[Condition]) -> str:
    """Return the index that has the rows in an order, the narrowest there is."""
    if sort.column != "age":
        return f"ix_{TABLE.name}_by_{sort.column}"
    for one in conditions:
        for column in one.columns & _EQUAL_THEN_AGE.keys():
            return f"ix_{TABLE.name}_{_EQUAL_THEN_AGE[column]}"
    return BY_AGE.name


def by(statement: Select[Any], index: str) -> Select[Any]:
    """Make SQLite use an index."""
    return statement.with_hint(TABLE, f"INDEXED BY {index}", "sqlite")


def counted(session: Session, statement: Select[Any]) -> int:
    """Return how many rows a statement gives."""
    return int(session.execute(select(func.count()).select_from(statement.subquery())).scalar_one())


def clauses(conditions: Sequence[Condition]) -> list[ColumnElement[bool]]:
    """Return what conditions say, without what they look at."""
    return [one.clause for one in conditions]
