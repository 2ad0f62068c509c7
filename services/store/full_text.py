"""The text that requests are searched by: what counts as the same letter, and how SQLite's index is kept and asked.

The index knows every sequence of three characters of a row, not where it stands: what it finds may hold a word, and
`holds` says whether it does.
"""

import functools
import sqlite3
from collections.abc import Sequence
from itertools import islice
from typing import Any

from sqlalchemy import Connection

from services.ids import bare, beginnings

HELD = ("number", "order_number", "initiator_name", "agent_name", "file_path", "reason", "policy_name")
"""Columns that hold a word anywhere in them; the triggers of the migrations write the same."""

IDS = ("approval_id", "external_id", "record_id")
"""Columns that begin with a word; they have indexes of their own."""

ID_LEAST = 6
"""So many characters of an id are taken for one."""

GRAM = 3
"""The index knows words of so many characters and more."""

GRAMS_MOST = 128
"""So much of what is looked for is asked of the index; the rest is looked for in what it finds."""

HOLDS = "holds_words"
"""`holds` as SQL calls it."""

_BLOCKS = (range(0x41, 0x37F), range(0x380, 0x524), range(0x1E00, 0x2000), range(0xFF21, 0xFF3B))
"""Latin, Greek and Cyrillic letters, of whose small forms Python and the index think alike."""


def _small(character: str) -> str:
    folded = character.casefold()
    return folded if len(folded) == 1 else character.lower() if len(character.lower()) == 1 else character


_FOLD = {code: _small(chr(code)) for block in _BLOCKS for code in block if _small(chr(code)) != chr(code)}


def fold(text: str) -> str:
    """Return `text` in the form in which two texts are the same word: in small letters, of the same length."""
    return text.lower() if text.isascii() else text.translate(_FOLD)


def holds(held: str, ids: str, words: str) -> bool:
    """Return whether a row holds all of `words` (folded, one a line) in its text or at the beginning of an id of it.

    `ids` has one id a line.
    """
    text, begins = fold(held), ""
    for word in words.split("\n"):
        if word in text:
            continue
        forms = id_forms(word)
        begins = begins or "\n" + fold(ids)
        if not any(f"\n{form}" in begins for form in forms):
            return False
    return True


@functools.lru_cache(maxsize=64)
def id_forms(word: str) -> tuple[str, ...]:
    """Return how an id that was typed as `word` may be kept: in braces or not, with its dashes or without."""
    return () if len(bare(word)) < ID_LEAST else tuple(sorted({word, *beginnings(word)}))


def question(words: Sequence[str]) -> str:
    """Return the question for the index: rows that may hold all `words`; nothing when all are too short for it.

    Every character is asked about once, the last ones perhaps twice: asking for every sequence takes twice as long.
    """
    grams = dict.fromkeys(word[place : place + GRAM] for word in words for place in _places(len(word)))
    return " AND ".join('"' + gram.replace('"', '""') + '"' for gram in islice(grams, GRAMS_MOST))


def _places(length: int) -> Sequence[int]:
    last = length - GRAM
    return () if last < 0 else (*range(0, last, GRAM), last)


def teach(connection: sqlite3.Connection) -> None:
    """Make `holds` a function of this connection."""
    connection.create_function(HOLDS, 3, holds, deterministic=True)


def catch_up(connection: Connection) -> int:
    """Index what was queued since the last time, inside the caller's transaction; return how many entries there were."""
    if connection.dialect.name != "sqlite":
        return 0
    if not is_behind(connection):
        return 0
    connection.exec_driver_sql(
        "INSERT INTO request_text (request_text, rowid, held) "
        "SELECT CASE WHEN gone THEN 'delete' END, request, held FROM request_text_due ORDER BY seq"
    )
    done: Any = connection.exec_driver_sql("DELETE FROM request_text_due")
    return int(done.rowcount)


def is_behind(connection: Connection) -> bool:
    """Return whether somebody wrote requests and did not index them: another program, or one that was ended."""
    if connection.dialect.name != "sqlite":
        return False
    return connection.exec_driver_sql("SELECT 1 FROM request_text_due LIMIT 1").first() is not None
