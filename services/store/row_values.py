"""Rows as plain values and as JSON, the form in which revisions keep them."""

import json
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, TypeAlias

from sqlalchemy import ColumnElement, Row, Select, Table
from sqlmodel import SQLModel

from models.base import UtcDateTime

ColumnValue: TypeAlias = Any  # the type of a value is that of its column, which only the model knows
RowValues: TypeAlias = Mapping[str, ColumnValue]
"""Columns of a row by name."""
RowDict: TypeAlias = dict[str, ColumnValue]
"""Columns of a row by name, to be changed."""
SqlColumn: TypeAlias = ColumnElement[Any]  # Any: columns of different types are handled alike
SqlStatement: TypeAlias = Select[*tuple[Any, ...]]  # Any: the columns are chosen at run time
SqlRow: TypeAlias = Row[*tuple[Any, ...]]  # Any: the columns are chosen at run time


def get_table(model: type[SQLModel] | SQLModel) -> Table:
    """Return the table of a model class or row."""
    table = (model if isinstance(model, type) else type(model)).__table__  # type: ignore[attr-defined]
    assert isinstance(table, Table)  # noqa: S101 -- narrows for the type checker
    return table


def observed_columns(model: type[SQLModel] | SQLModel) -> frozenset[str]:
    """Return the columns of a model that only copy what another system says; an edit leaves them as they are."""
    return frozenset(getattr(model, "observed", ()))


def keep_observed(row: SQLModel, before: RowValues) -> None:
    """Give `row` the observed columns of the stored one: another process may have seen them, and no edit carries an older look back."""
    for name in observed_columns(row):
        setattr(row, name, before[name])


def detachable_references(model: type[SQLModel] | SQLModel) -> frozenset[str]:
    """Return the references of a model that go, without an edit, when what they point at is deleted."""
    return frozenset(getattr(model, "released", ()))


def row_to_dict(row: SQLModel) -> RowDict:
    """Return the columns of `row` as a plain dict."""
    return {c.name: getattr(row, c.name) for c in get_table(row).columns}


def to_json(values: RowValues) -> str:
    """Write the columns of a row as JSON; UUIDs and times as text."""
    return json.dumps(
        {k: _json_value(v) for k, v in values.items() if k != "name_key"}, ensure_ascii=False, sort_keys=True
    )


def from_json(model: type[SQLModel], text: str) -> RowDict:
    """Read what `to_json` wrote back into column values of `model`; unknown columns are dropped."""
    stored = json.loads(text)
    values: RowDict = {}
    for column in get_table(model).columns:
        if column.name not in stored:
            continue
        value = stored[column.name]
        if value is not None and isinstance(column.type, UtcDateTime):
            value = datetime.fromisoformat(value)
        elif value is not None and column.type.python_type is uuid.UUID:
            value = uuid.UUID(value)
        values[column.name] = value
    return values


def _json_value(value: ColumnValue) -> ColumnValue:
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, datetime):
        return value.astimezone(
            UTC
        ).isoformat()  # as it comes back from the store, whatever zone it came with
    return value


def canonical_timestamp(at: datetime) -> str:
    """Return a time in the form that hashes and signatures cover: ISO 8601 in UTC with microseconds."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")
