"""What a word of the search field matches: the one meaning, in Python and in SQL."""

from sqlalchemy import ColumnElement, Table, or_

from services.texts import storable

HELD = ("number", "order_number", "initiator_name", "agent_name", "file_path", "reason", "policy_name")
"""Columns that hold a word anywhere in them."""

IDS = ("approval_id", "external_id", "record_id")
"""Columns that begin with a word."""


def words_of(text: str) -> tuple[str, ...]:
    """Return the words of a search, all of which have to be found; what no store keeps is replaced as it is there."""
    return tuple(dict.fromkeys(storable(text).split()))


def matches(table: Table, word: str) -> ColumnElement[bool]:
    """Return the condition that a row holds `word`; every character stands for itself."""
    held = [table.c[name].icontains(word, autoescape=True) for name in HELD]
    return or_(*held, *(table.c[name].istartswith(word, autoescape=True) for name in IDS))
