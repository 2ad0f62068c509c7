"""Results of reports: columns by name, rows as arrays in the order of the columns."""

from collections.abc import Iterator
from dataclasses import dataclass

from services.common.json_types import JsonObject, JsonValue
from services.privilege_manager.api_items import Members

ITEM_ID_COLUMN = "_ItemId"
"""The hidden column with the id of what a row is about."""


@dataclass(frozen=True, slots=True)
class ReportColumn:
    """A column. Its title may be translated or changed by an administrator; `name` is what programs go by."""

    name: str
    title: str = ""
    data_type: str = ""
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Report:
    """A report's rows; each has one value for each column."""

    columns: tuple[ReportColumn, ...]
    rows: tuple[tuple[JsonValue, ...], ...]
    unreadable: int = 0
    """Rows that were left out: they have fewer values than there are columns."""

    def index(self, name: str) -> int | None:
        """Return the position of a column by its name, in any case, or None."""
        wanted = name.lower()
        return next((i for i, column in enumerate(self.columns) if column.name.lower() == wanted), None)

    def values(self, name: str) -> tuple[JsonValue, ...] | None:
        """Return the values of a column, one for each row, or None where the report has no such column."""
        position = self.index(name)
        return None if position is None else tuple(row[position] for row in self.rows)

    def records(self) -> Iterator[dict[str, JsonValue]]:
        """Return each row as a dict by the names of the columns."""
        for row in self.rows:
            yield {column.name: value for column, value in zip(self.columns, row, strict=False)}


def read_report(body: JsonObject) -> Report | None:
    """Return the report in a reply, or None where it has no columns or no rows.

    The reference shows columns and leaves the name of the member with the rows open: it is the only list of arrays.
    """
    columns = next((value for name, value in body.items() if name.lower() == "columns"), None)
    if not isinstance(columns, list):
        return None
    read = [_column(one, position) for position, one in enumerate(columns)]
    rows = _rows(body)
    if rows is None or any(column is None for column in read):
        return None
    known = tuple(column for column in read if column is not None)
    whole = tuple(tuple(row) for row in rows if isinstance(row, list) and len(row) >= len(known))
    return Report(known, whole, len(rows) - len(whole))


def _rows(body: JsonObject) -> list[JsonValue] | None:
    lists = {
        name.lower(): value
        for name, value in body.items()
        if name.lower() != "columns" and isinstance(value, list)
    }
    if "rows" in lists:
        return lists["rows"]
    of_arrays = [value for value in lists.values() if value and all(isinstance(row, list) for row in value)]
    if len(of_arrays) == 1:
        return of_arrays[0]
    empty = [value for value in lists.values() if not value]
    return empty[0] if not of_arrays and len(empty) == 1 else None


def _column(value: JsonValue, position: int) -> ReportColumn | None:
    """Return a column; None where its field says that it is not at this position of a row."""
    if not isinstance(value, dict):
        return None
    members = Members(value)
    place = members.text("field")
    if place is not None and place.strip() not in (f"[{position}]", f"{position}"):
        return None
    title = members.text("title") or ""
    name = members.text("columnName") or title
    if not name:
        return None
    return ReportColumn(name, title, members.text("dataType") or "", members.boolean("hidden") is True)
