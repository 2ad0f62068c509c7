"""Chooses the index through which the rows of a filter are read, by counting entries instead of trusting the planner.

SQLite keeps no statistics about column values, so it would sort a million rows although an index has them in order.
Other databases have statistics and choose themselves.
"""

import json
from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import ColumnElement, func, literal_column, select
from sqlmodel import Session

from services.requests.inbox.filter_sql import REQUEST_TABLE, FilterCondition, sql_clauses
from services.requests.inbox.filters import Sort
from services.store.row_values import SqlStatement

IN_MEMORY_SORT_MAX = 10_000
"""Up to this number, rows are fetched and sorted in any order; more rows are read in the order of an index."""

INDEX_PROBE_MAX = 3 * IN_MEMORY_SORT_MAX
"""The same limit for recent rows in an order that correlates with age: they are at the far end of the index of that order,
and sorting this many is faster than reading the index up to there."""

AGE_CORRELATED_COLUMNS = ("age", "number", "times_out", "state")

LITERAL_ONE: ColumnElement[int] = literal_column("1")


class _Index(NamedTuple):
    name: str
    leading_column: str
    bounding_columns: frozenset[str]
    """Columns whose conditions limit the range of entries."""
    covered_columns: frozenset[str]


def _index(name: str, leading_column: str, *further: str, covered: str = "") -> _Index:
    bounding = frozenset({leading_column, *further})
    return _Index(f"ix_{REQUEST_TABLE.name}_{name}", leading_column, bounding, bounding | {covered})


AGE_INDEX = _index("by_age", "requested_at")
_CANDIDATE_INDEXES = (
    _index("ended", "ended_at"),
    _index("mismatch", "mismatch", "requested_at"),
    _index("answer_fault", "answer_fault", "requested_at"),
    _index("of_process", "process_id", "requested_at", covered="state"),
    _index("by_policy", "policy_name", "requested_at"),
    _index("by_state", "state", "requested_at"),
    _index("server_id", "server_id"),
    AGE_INDEX,
)
_INDEX_BY_EQUALITY_COLUMN = {
    "process_id": "of_process",
    "policy_name": "by_policy",
    "mismatch": "mismatch",
    "answer_fault": "answer_fault",
    "state": "by_state",
}


class IndexSelection(NamedTuple):
    """An index and the number of its entries that have to be read, counted a little further than it matters."""

    index_name: str
    entry_count: int
    is_covering: bool
    """Whether the index has all columns that the filter needs."""
    counts_exactly: bool
    """Whether every entry is a row of the filter."""
    is_recent: bool
    """Whether the rows are at the newer end of the list."""

    @property
    def total(self) -> int | None:
        """The number of rows, or None if it is not known."""
        return self.entry_count if self.counts_exactly and self.entry_count <= INDEX_PROBE_MAX else None

    @property
    def is_small(self) -> bool:
        """Whether all rows can be read at once."""
        return self.entry_count <= IN_MEMORY_SORT_MAX

    def fits_in_memory(self, sort: Sort) -> bool:
        """Whether all rows are read and then sorted into this order."""
        covered = sort.column == "age" and self.is_covering
        far = self.is_recent and sort.column in AGE_CORRELATED_COLUMNS
        return self.entry_count <= (INDEX_PROBE_MAX if covered or far else IN_MEMORY_SORT_MAX)


def select_index(
    session: Session, conditions: Sequence[FilterCondition], *, searched: bool = False
) -> IndexSelection:
    """Return the index with the fewest entries to read; if all have too many, a covering one.

    For a list that is `searched` in, it is only asked whether all rows can be read at once.
    """
    most = IN_MEMORY_SORT_MAX if searched else INDEX_PROBE_MAX
    columns = {one.column for one in conditions}
    candidates = [
        _probe_index(session, index, conditions, most)
        for index in _CANDIDATE_INDEXES
        if index.leading_column in columns or index is AGE_INDEX
    ]
    return min(candidates, key=lambda one: (one.entry_count, not one.is_covering))


def _probe_index(
    session: Session, index: _Index, conditions: Sequence[FilterCondition], most: int
) -> IndexSelection:
    bounding = bounding_conditions(index, conditions)
    entries = (
        with_index_hint(select(LITERAL_ONE).select_from(REQUEST_TABLE), index.name)
        .where(*sql_clauses(bounding))
        .limit(most + 1)
    )
    return IndexSelection(
        index.name,
        count_rows(session, entries),
        is_covering=all(one.column in index.covered_columns for one in conditions),
        counts_exactly=len(bounding) == len(conditions),
        is_recent=any(one.is_recent for one in bounding),
    )


def bounding_conditions(index: _Index, conditions: Sequence[FilterCondition]) -> list[FilterCondition]:
    """Return the conditions that limit the range of entries of an index."""
    return [one for one in conditions if one.column in index.bounding_columns]


def ordered_index_name(sort: Sort, conditions: Sequence[FilterCondition]) -> str:
    """Return the name of the narrowest index that has the rows in an order."""
    if sort.column != "age":
        return f"ix_{REQUEST_TABLE.name}_by_{sort.column}"
    equal = [one.column for one in conditions if one.is_equality and one.column in _INDEX_BY_EQUALITY_COLUMN]
    return f"ix_{REQUEST_TABLE.name}_{_INDEX_BY_EQUALITY_COLUMN[equal[0]]}" if equal else AGE_INDEX.name


def with_index_hint(statement: SqlStatement, index: str) -> SqlStatement:
    """Return the statement with a hint that makes SQLite use an index."""
    return statement.with_hint(REQUEST_TABLE, f"INDEXED BY {index}", "sqlite")


def count_rows(session: Session, statement: SqlStatement) -> int:
    """Return the number of rows of a statement."""
    return int(session.execute(select(func.count()).select_from(statement.subquery())).scalar_one())


def read_ids(session: Session, statement: SqlStatement) -> list[object]:
    """Return the ids of a statement in its order.

    From SQLite as one value: row by row, the interpreter would be taken and given back ten thousand times.
    """
    if session.get_bind().dialect.name != "sqlite":
        return list(session.execute(statement).scalars().all())
    ids = statement.subquery()
    return list(json.loads(session.execute(select(func.json_group_array(*ids.c))).scalar_one()))
