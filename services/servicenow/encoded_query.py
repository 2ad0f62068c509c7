"""Encoded queries: built from conditions, and checked against what came back.

An instance ignores the parts of a query that it cannot read and then sends every record, so each row is compared with
its own filter before it is believed.
"""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Operator(StrEnum):
    """The operators that this console uses, as they are written in an encoded query."""

    IS = "="
    IS_NOT = "!="
    IN = "IN"
    LIKE = "LIKE"
    STARTS_WITH = "STARTSWITH"
    AT_LEAST = ">="
    GREATER = ">"
    BELOW = "<"


def _fold_text(text: str) -> str:
    if text.isascii():
        return text.casefold().rstrip()
    plain = (c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    return "".join(plain).rstrip()


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition on one field; `values` has one entry but for IN."""

    field: str
    operator: Operator
    values: tuple[str, ...]

    def encode(self) -> str:
        """Write the condition; raises ValueError when a value would be read as something else than itself."""
        if not self.values:
            raise ValueError("an empty list cannot be searched for")
        first = self.values[0].lstrip().lower()
        if first.startswith("javascript:"):
            # The instance would run it.
            raise ValueError(f"“{self.values[0]}” cannot be searched for: it begins like a script")
        if self.operator in (Operator.GREATER, Operator.BELOW) and first.startswith("="):
            raise ValueError(f"“{self.values[0]}” cannot be compared with: it begins with =")
        for value in self.values:
            if "^" in value or any(ord(c) < 32 for c in value):
                raise ValueError(f"“{value}” cannot be searched for: it holds ^ or a control character")
            if self.operator is Operator.IN and "," in value:
                raise ValueError(f"“{value}” cannot stand in a list: it holds a comma")
        return f"{self.field}{self.operator.value}{','.join(self.values)}"

    def holds(self, row: Mapping[str, str]) -> bool:
        """Return whether `row` may have met the condition; a field that was not fetched cannot be judged and passes.

        Databases differ in whether case, accents and white space at the end count, so a row gets the benefit of the
        doubt in these.
        """
        if self.field not in row:
            return True
        found = _fold_text(row[self.field])
        wanted = [_fold_text(value) for value in self.values]
        match self.operator:
            case Operator.IS | Operator.IN:
                return found in wanted
            case Operator.IS_NOT:
                return row[self.field] not in self.values
            case Operator.LIKE:
                return wanted[0] in found
            case Operator.STARTS_WITH:
                return found.startswith(wanted[0])
            case Operator.GREATER:
                return row[self.field].casefold() > self.values[0].casefold()
            case Operator.AT_LEAST:
                return row[self.field].casefold() >= self.values[0].casefold()
            case Operator.BELOW:
                return row[self.field].casefold() < self.values[0].casefold()


@dataclass(frozen=True, slots=True)
class TableQuery:
    """Conditions that must all hold."""

    conditions: tuple[Condition, ...] = ()

    def where(self, field: str, operator: Operator, *values: str) -> "TableQuery":
        """Return this query with one more condition."""
        return TableQuery((*self.conditions, Condition(field, operator, values)))

    def encode(self) -> str:
        """Write the query as `sysparm_query` wants it, without an order."""
        return "^".join(c.encode() for c in self.conditions)

    def fields(self) -> Sequence[str]:
        """Return the fields that must be fetched to check rows against the query."""
        return [c.field for c in self.conditions]

    def holds(self, row: Mapping[str, str]) -> bool:
        """Return whether `row` meets every condition."""
        return all(c.holds(row) for c in self.conditions)


@dataclass(frozen=True, slots=True)
class SignedInUserQuery(TableQuery):
    """A query of `sys_user` for the user that the call runs as; the instance fills in the sys_id.

    An instance that does not run it ignores it: more than one record means that.
    """

    def encode(self) -> str:
        """Write the query; the script is the only one that is ever sent."""
        return "sys_id=javascript:gs.getUserID()"


@dataclass(frozen=True, slots=True)
class AnyOfQuery:
    """Queries of which at least one must hold, asked for at once."""

    queries: tuple[TableQuery, ...]

    def where(self, field: str, operator: Operator, *values: str) -> "AnyOfQuery":
        """Return this with one more condition that must hold in any case."""
        return AnyOfQuery(tuple(query.where(field, operator, *values) for query in self.queries))

    def encode(self) -> str:
        """Write the queries as `sysparm_query` wants them, without an order."""
        return "^NQ".join(query.encode() for query in self.queries)

    def fields(self) -> Sequence[str]:
        """Return the fields that must be fetched to check rows against the queries."""
        return [field for query in self.queries for field in query.fields()]

    def holds(self, row: Mapping[str, str]) -> bool:
        """Return whether `row` meets one of the queries."""
        return any(query.holds(row) for query in self.queries)


AnyQuery = TableQuery | AnyOfQuery


def where(field: str, operator: Operator, *values: str) -> TableQuery:
    """Return a query with one condition."""
    return TableQuery().where(field, operator, *values)


def equals(**fields: str) -> TableQuery:
    """Return a query for exact values."""
    return TableQuery(tuple(Condition(name, Operator.IS, (value,)) for name, value in fields.items()))
