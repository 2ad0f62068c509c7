"""Comparing the letters of a column inside the database, however they were typed."""

from typing import Any

from sqlalchemy import ColumnElement, String
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction

from services.store.full_text import FOLD_FUNCTION

_EXPANDING_LETTERS = {
    letter: letter.casefold() for letter in "\u00df\u0149\u01f0\ufb00\ufb01\ufb02\ufb03\ufb04\ufb05\ufb06"
}
"""Letters that are the same as several others; `lower` leaves them as they are."""


class casefolded(GenericFunction[str]):  # noqa: N801 -- it is called as a function
    """A text in the form in which texts with the same letters are equal.

    SQLite asks this program. On PostgreSQL capital letters are those of the database's locale, and of the letters that
    are the same as several others, only those that names are written with.
    """

    type = String()
    inherit_cache = True
    name = "same_letters_of"

    def __init__(self, text: ColumnElement[str]) -> None:
        super().__init__(text)


@compiles(casefolded, "sqlite")
def _compile_sqlite(element: casefolded, compiler: SQLCompiler, **named: Any) -> str:
    return f"{FOLD_FUNCTION}({compiler.process(element.clauses, **named)})"


@compiles(casefolded, "postgresql")
def _compile_postgresql(element: casefolded, compiler: SQLCompiler, **named: Any) -> str:
    capitals = f"replace(normalize({compiler.process(element.clauses, **named)}), '\u0130', 'i\u0307')"
    small = f"translate(lower({capitals}), '\u03c2\u017f', '\u03c3s')"
    for letter, others in _EXPANDING_LETTERS.items():
        small = f"replace({small}, '{letter}', '{others}')"
    return f"normalize({small})"
