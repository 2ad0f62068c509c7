"""Comparing the letters of a column inside the database, however they were typed."""

from typing import Any

from sqlalchemy import ColumnElement, String
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction

from services.store.full_text import FOLD


class letters(GenericFunction[str]):  # noqa: N801 -- it is called as a function
    """A text in the form in which texts with the same letters are equal.

    SQLite asks this program. On PostgreSQL capital letters are those of the database's locale.
    """

    type = String()
    inherit_cache = True
    name = "same_letters_of"

    def __init__(self, text: ColumnElement[str]) -> None:
        super().__init__(text)


@compiles(letters, "sqlite")
def _on_sqlite(element: letters, compiler: SQLCompiler, **named: Any) -> str:
    return f"{FOLD}({compiler.process(element.clauses, **named)})"


@compiles(letters, "postgresql")
def _on_postgresql(element: letters, compiler: SQLCompiler, **named: Any) -> str:
    return f"normalize(lower(normalize({compiler.process(element.clauses, **named)})))"
