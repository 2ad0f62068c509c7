"""Encoded queries of the Table API: parsed into conditions, then compiled to SQL with joins for dot-walked fields.

Invalid parts (unknown field, unknown operator) are collected for the caller: an instance ignores them and returns more
rows, unless `glide.invalid_query.returns_no_rows` is true.
"""

import re
from dataclasses import dataclass, field

from services.practice.database import quote_identifier
from services.practice.schema import TABLES, Column, ColumnType, Table

OPERATORS = (
    "ISNOTEMPTY", "ISEMPTY", "STARTSWITH", "ENDSWITH", "NOT LIKE", "NOT IN", "LIKE", "IN", "!=", ">=", "<=", "=", ">", "<",
)  # fmt: skip
_PART = re.compile(
    r"(?P<field>[A-Za-z_][A-Za-z0-9_.]*?)(?P<operator>" + "|".join(OPERATORS) + r")(?P<value>.*)", re.DOTALL
)
_USER_ID = re.compile(r"javascript:\s*gs\.getUserID\(\)\s*;?\s*")
_USER_NAME = re.compile(r"javascript:\s*gs\.getUserName\(\)\s*;?\s*")


@dataclass(frozen=True, slots=True)
class Condition:
    """One part of a query: field, operator as written, value as written."""

    field: str
    operator: str
    value: str


@dataclass(frozen=True, slots=True)
class EncodedQuery:
    """A query: `queries` are joined by OR (^NQ), their groups by AND (^), the conditions of a group by OR (^OR)."""

    queries: tuple[tuple[tuple[Condition, ...], ...], ...] = ()
    order: tuple[tuple[str, bool], ...] = ()
    """Field and whether descending, the most important first."""
    invalid: tuple[str, ...] = ()


def parse_query(text: str) -> EncodedQuery:
    """Parse an encoded query; invalid parts are listed in `invalid`."""
    queries: list[list[list[Condition]]] = [[]]
    order: list[tuple[str, bool]] = []
    invalid: list[str] = []
    for raw in text.split("^"):
        part, alternative = raw, False
        if part.startswith("NQ"):
            queries.append([])
            part = part[2:]
        if part in ("", "EQ"):
            continue
        if part.startswith("ORDERBY"):
            descending = part.startswith("ORDERBYDESC")
            order.append((part[11 if descending else 7 :], descending))
            continue
        if part.startswith("OR"):
            part, alternative = part[2:], True
        found = _PART.fullmatch(part)
        if found is None:
            invalid.append(raw)
            continue
        condition = Condition(found["field"], found["operator"], found["value"])
        if alternative and queries[-1]:
            queries[-1][-1].append(condition)
        else:
            queries[-1].append([condition])
    shaped = tuple(tuple(tuple(group) for group in groups) for groups in queries if groups)
    return EncodedQuery(shaped, tuple(order), tuple(invalid))


@dataclass(frozen=True, slots=True)
class FieldLocation:
    """A resolved field: SQL expression, column, and stored table."""

    sql: str
    column: Column
    stored: str


@dataclass(slots=True)
class QueryCompiler:
    """Compiles queries on one table to SQL and collects joins of dot-walked fields. `user_id` replaces gs.getUserID()."""

    table: Table
    user_id: str = ""
    user_name: str = ""
    joins: dict[str, str] = field(default_factory=dict)
    invalid: list[str] = field(default_factory=list)

    def source(self) -> str:
        """Return the FROM clause with the joins collected so far."""
        return f"{quote_identifier(self.table.stored_in)} AS t0" + "".join(self.joins.values())

    def place(self, path: str) -> FieldLocation | None:
        """Resolve `path`, which may be dot-walked; None for an unknown field."""
        table, alias, walked = self.table, "t0", ""
        *steps, last = path.split(".")
        for step in steps:
            walked = f"{walked}.{step}"
            if step.startswith("ref_") and step[4:] in TABLES:
                target = TABLES[step[4:]]
                if target.stored_in != table.stored_in:
                    return None
                left = "sys_id"
            else:
                column = table.columns.get(step)
                if column is None or column.reference not in TABLES:
                    return None
                target, left = TABLES[column.reference], step
            alias = self._join(walked, alias, left, target)
            table = target
        column = table.columns.get(last)
        if column is None:
            return None
        sql = f"{alias}.{quote_identifier(last)}"
        return FieldLocation(f"COALESCE({sql}, '')" if steps else sql, column, table.stored_in)

    def _join(self, walked: str, alias: str, left: str, target: Table) -> str:
        names = list(self.joins)
        if walked not in self.joins:
            names.append(walked)
            new = f"t{len(names)}"
            only = f" AND {new}.sys_class_name = '{target.name}'" if target.is_class else ""
            self.joins[walked] = (
                f" LEFT JOIN {quote_identifier(target.stored_in)} AS {new} ON {new}.sys_id = {alias}.{quote_identifier(left)}{only}"
            )
        return f"t{names.index(walked) + 1}"

    def where(self, query: EncodedQuery) -> tuple[str, list[str]]:
        """Return the WHERE clause and its parameters; conditions on unknown fields are added to `invalid`."""
        self.invalid = list(query.invalid)
        parameters: list[str] = []
        alternatives = []
        for groups in query.queries:
            every = []
            for group in groups:
                made = [self._condition(condition) for condition in group]
                known = [one for one in made if one is not None]
                if known:
                    every.append("(" + " OR ".join(sql for sql, _ in known) + ")")
                    parameters += [value for _, values in known for value in values]
            alternatives.append("(" + (" AND ".join(every) or "1") + ")")
        where = " OR ".join(alternatives) or "1"
        if self.table.is_class:
            where = f"({where}) AND t0.sys_class_name = '{self.table.name}'"
        return where, parameters

    def order(self, query: EncodedQuery) -> str:
        """Return the ORDER BY clause; the default is the order of insertion."""
        terms = []
        for name, descending in query.order:
            place = self.place(name)
            if place is None:
                continue
            sql = f"CAST({place.sql} AS INTEGER)" if place.column.type is ColumnType.INTEGER else place.sql
            terms.append(f"{sql} DESC" if descending else sql)
        # Equal rows are in the order of insertion, reversed in a descending list.
        terms.append("t0.rowid DESC" if query.order and query.order[0][1] else "t0.rowid")
        return ", ".join(terms)

    def _condition(self, condition: Condition) -> tuple[str, list[str]] | None:
        place = self.place(condition.field)
        value = self._value(condition.value)
        if place is None or value is None:
            self.invalid.append(f"{condition.field}{condition.operator}{condition.value}")
            return None
        return _condition_sql(condition.operator, place, value)

    def _value(self, value: str) -> str | None:
        """Return the value, with scripts for the user's id or name evaluated; None for other scripts."""
        if _USER_ID.fullmatch(value):
            return self.user_id
        if _USER_NAME.fullmatch(value):
            return self.user_name
        return None if value.startswith("javascript:") else value


def _escape_like(value: str) -> str:
    return value.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def _condition_sql(operator: str, place: FieldLocation, value: str) -> tuple[str, list[str]]:
    sql = place.sql
    if not value.isascii():
        # SQLite compares only ASCII letters without case; an instance compares all.
        sql, value = f"fold({sql})", value.casefold()
    match operator:
        case "ISEMPTY":
            return f"{sql} = ''", []
        case "ISNOTEMPTY":
            return f"{sql} <> ''", []
        case "IN" | "NOT IN":
            values = value.split(",")
            marks = ", ".join("?" for _ in values)
            return f"{sql} COLLATE NOCASE {operator} ({marks})", list(values)
        case "LIKE":
            return f"{sql} LIKE ? ESCAPE '\\'", [f"%{_escape_like(value)}%"]
        case "NOT LIKE":
            return f"{sql} NOT LIKE ? ESCAPE '\\'", [f"%{_escape_like(value)}%"]
        case "STARTSWITH":
            return f"{sql} LIKE ? ESCAPE '\\'", [f"{_escape_like(value)}%"]
        case "ENDSWITH":
            return f"{sql} LIKE ? ESCAPE '\\'", [f"%{_escape_like(value)}"]
        case "=" | "!=":
            return f"{sql} COLLATE NOCASE {'=' if operator == '=' else '<>'} ?", [value]
        case _:
            if place.column.type is ColumnType.INTEGER:
                return f"({sql} <> '' AND CAST({sql} AS INTEGER) {operator} CAST(? AS INTEGER))", [value]
            return f"({sql} <> '' AND {sql} COLLATE NOCASE {operator} ?)", [value]
