"""Case-insensitive comparison of columns inside the database, for all letters of Unicode."""

from sqlalchemy import ColumnElement, String
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import GenericFunction

from services.store.full_text import FOLD_FUNCTION

_EXPANDING_LETTERS = {
    letter: letter.casefold() for letter in "\u00df\u0149\u01f0\ufb00\ufb01\ufb02\ufb03\ufb04\ufb05\ufb06"
}
"""Letters whose case-folded form has several letters; `lower` does not change them."""


class casefolded(GenericFunction[str]):  # noqa: N801 -- it is called as a function
    """The case-folded and normalized form of a text.

    On SQLite it is a function of this program. On PostgreSQL upper case depends on the locale of the database, and of the
    letters that fold to several others only those that occur in names are handled.
    """

    type = String()
    inherit_cache = True
    name = "same_letters_of"

    def __init__(self, text: ColumnElement[str]) -> None:
        super().__init__(text)


@compiles(casefolded, "sqlite")
def _compile_sqlite(element: casefolded, compiler: SQLCompiler, **named: object) -> str:
    return f"{FOLD_FUNCTION}({compiler.process(element.clauses, **named)})"


@compiles(casefolded, "postgresql")
def _compile_postgresql(element: casefolded, compiler: SQLCompiler, **named: object) -> str:
    capitals = f"replace(normalize({compiler.process(element.clauses, **named)}), '\u0130', 'i\u0307')"
    small = f"translate(lower({capitals}), '\u03c2\u017f', '\u03c3s')"
    for letter, others in _EXPANDING_LETTERS.items():
        small = f"replace({small}, '{letter}', '{others}')"
    return f"normalize({small})"
