"""How the rows of a filter are reached: by which index, and how many that are; measured, not guessed by the database.

SQLite keeps no figures about what a column holds, so it would sort a million rows where an index has them in order.
Other databases do, and choose by themselves.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, func, literal_column, select, type_coerce
from sqlalchemy.types import NullType
from sqlmodel import Session

from services.requests.inbox.filter_sql import REQUEST_TABLE, FilterCondition
from services.requests.inbox.filters import Sort

IN_MEMORY_SORT_MAX = 10_000
"""So many rows are looked up and sorted in no time, whatever the order; beyond, rows are read in the order of an index."""

RAW_ID = type_coerce(REQUEST_TABLE.c.id, NullType())
"""The id as the database keeps it: thousands of them are only handed back."""
INDEX_PROBE_MAX = 3 * IN_MEMORY_SORT_MAX
"""Where an order goes along with age, recent rows stand at the far end of its index, and looking at so many takes less
time than reading it up to there."""

AGE_CORRELATED_COLUMNS = ("age", "number", "times_out", "state")

LITERAL_ONE: ColumnElement[int] = literal_column("1")


class _Index(NamedTuple):
    name: str
    leading_column: str
    bounding_columns: frozenset[str]
    """Columns whose conditions bound the entries to look at."""
    holds: frozenset[str]


def _index(name: str, leads: str, *then: str, holds: str = "") -> _Index:
    bounds = frozenset({leads, *then})
    return _Index(f"ix_{REQUEST_TABLE.name}_{name}", leads, bounds, bounds | {holds})


AGE_INDEX = _index("by_age", "requested_at")
_CANDIDATE_INDEXES = (
    _index("ended", "ended_at", holds="state"),
    _index("mismatch", "mismatch", "requested_at"),
    _index("of_process", "process_id", "requested_at", holds="state"),
    _index("by_policy", "policy_name", "requested_at"),
    _index("by_state", "state", "requested_at"),
    _index("server_id", "server_id"),
    AGE_INDEX,
)
_INDEX_BY_EQUALITY_COLUMN = {
    "process_id": "of_process",
    "policy_name": "by_policy",
    "mismatch": "mismatch",
    "state": "by_state",
}


class IndexSelection(NamedTuple):
    """The name of an index through which to reach the rows, and how many of its entries that are, up to MANY + 1.

    `whole` says that the index alone tells which of them are the rows, `each` that each of them is one; `recent` that
    they stand together at the newer end of the list.
    """

    through: str
    number: int
    whole: bool
    counts_exactly: bool
    is_recent: bool

    @property
    def total(self) -> int | None:
        """How many rows there are, where that is known."""
        return self.number if self.counts_exactly and self.number <= INDEX_PROBE_MAX else None

    @property
    def is_small(self) -> bool:
        """Whether all rows can be looked at, for any reason."""
        return self.number <= IN_MEMORY_SORT_MAX

    def fits_in_memory(self, sort: Sort) -> bool:
        """Whether all rows are to be looked at and put into this order."""
        by_itself = sort.column == "age" and self.whole  # the index has all there is to compare
        far = self.is_recent and sort.column in AGE_CORRELATED_COLUMNS
        return self.number <= (INDEX_PROBE_MAX if by_itself or far else IN_MEMORY_SORT_MAX)


def select_index(session: Session, conditions: Sequence[FilterCondition]) -> IndexSelection:
    """Return the way with the fewest entries; one that alone tells everything, where all have too many."""
    asked = {one.column for one in conditions}
    ways = [
        _probe_index(session, index, conditions)
        for index in _CANDIDATE_INDEXES
        if index.leading_column in asked or index is AGE_INDEX
    ]
    return min(ways, key=lambda way: (way.number, not way.whole))


def _probe_index(session: Session, index: _Index, conditions: Sequence[FilterCondition]) -> IndexSelection:
    bounding = bounding_conditions(index, conditions)
    entries = (
        with_index_hint(select(LITERAL_ONE).select_from(REQUEST_TABLE), index.name)
        .where(*sql_clauses(bounding))
        .limit(INDEX_PROBE_MAX + 1)
    )
    return IndexSelection(
        index.name,
        count_rows(session, entries),
        whole=all(one.column in index.holds for one in conditions),
        counts_exactly=len(bounding) == len(conditions),
        is_recent=any(one.is_recent for one in bounding),
    )


def bounding_conditions(index: _Index, conditions: Sequence[FilterCondition]) -> list[FilterCondition]:
    """Return those conditions that bound the entries of an index."""
    return [one for one in conditions if one.column in index.bounding_columns]


def ordered_index_name(sort: Sort, conditions: Sequence[FilterCondition]) -> str:
    """Return the index that has the rows in an order, the narrowest there is."""
    if sort.column != "age":
        return f"ix_{REQUEST_TABLE.name}_by_{sort.column}"
    equal = [one.column for one in conditions if one.is_equality and one.column in _INDEX_BY_EQUALITY_COLUMN]
    return f"ix_{REQUEST_TABLE.name}_{_INDEX_BY_EQUALITY_COLUMN[equal[0]]}" if equal else AGE_INDEX.name


def with_index_hint(statement: Select[Any], index: str) -> Select[Any]:
    """Make SQLite use an index."""
    return statement.with_hint(REQUEST_TABLE, f"INDEXED BY {index}", "sqlite")


def count_rows(session: Session, statement: Select[Any]) -> int:
    """Return how many rows a statement gives."""
    return int(session.execute(select(func.count()).select_from(statement.subquery())).scalar_one())


def sql_clauses(conditions: Sequence[FilterCondition]) -> list[ColumnElement[bool]]:
    """Return what conditions say, without what they look at."""
    return [one.clause for one in conditions]
