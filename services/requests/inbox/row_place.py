"""What identifies a row of a table in the fewest bytes, and orders rows that are otherwise equal."""

from typing import Any

from sqlalchemy import ColumnElement
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction
from sqlalchemy.types import NullType, TypeEngine


class row_place(GenericFunction[Any]):  # noqa: N801 -- it is called as a function
    """The place of a row, given its id column: on SQLite the rowid, with which every index entry ends; else the id.

    A row keeps its place until it is deleted. A place that the row stored last had can be given to the next one.
    """

    type: TypeEngine[Any] = NullType()  # Any: a number or an id, as the database gives it
    inherit_cache = True
    name = "row_place"

    def __init__(self, key: ColumnElement[object]) -> None:
        super().__init__(key)


@compiles(row_place, "sqlite")
def _compile_sqlite(element: row_place, compiler: SQLCompiler, **named: object) -> str:
    del compiler, named
    (key,) = element.clauses
    return f"{key.table.name}.rowid"


@compiles(row_place, "postgresql")
def _compile_postgresql(element: row_place, compiler: SQLCompiler, **named: object) -> str:
    return str(compiler.process(element.clauses, **named))
