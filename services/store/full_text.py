"""The text that requests are searched by: what counts as the same letter, and how its index is kept and asked.

On SQLite the index knows every sequence of three characters of a row, not where it stands: what it finds may hold a
word, and `holds` says whether it does. On PostgreSQL the folded text is a table of its own, which LIKE is asked of; the
extension pg_trgm indexes it where it may be had. Both get the text folded by this module.
"""

import functools
import sqlite3
from collections.abc import Sequence
from itertools import islice
from typing import Any

from sqlalchemy import Connection, bindparam, text

from models.letters import same_letters
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

FOLD = "same_letters"
"""`same_letters` as SQL calls it."""

CHUNK = 2_000
"""So many rows are indexed with one statement."""

fold = same_letters


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
    """Make `holds` and `same_letters` functions of this connection."""
    connection.create_function(HOLDS, 3, holds, deterministic=True)
    connection.create_function(FOLD, 1, fold, deterministic=True)


def catch_up(connection: Connection) -> int:
    """Index what was queued since the last time, inside the caller's transaction; return how many entries there were."""
    if connection.dialect.name == "postgresql":
        return _catch_up_postgresql(connection)
    if not is_behind(connection):
        return 0
    folded = (
        f"SELECT CASE WHEN gone THEN 'delete' END, request, {FOLD}(held) FROM request_text_due ORDER BY seq"  # noqa: S608
    )
    connection.exec_driver_sql(f"INSERT INTO request_text (request_text, rowid, held) {folded}")
    done: Any = connection.exec_driver_sql("DELETE FROM request_text_due")
    return int(done.rowcount)


def is_behind(connection: Connection) -> bool:
    """Return whether somebody wrote requests and did not index them: another program, or one that was ended."""
    return connection.exec_driver_sql("SELECT 1 FROM request_text_due LIMIT 1").first() is not None


_DUE = text("DELETE FROM request_text_due RETURNING request_id")
_TEXTS = text(
    f"SELECT id, concat_ws(chr(10), {', '.join(HELD)}) AS held, {', '.join(IDS)}"  # noqa: S608 -- names of this module
    " FROM approval_request WHERE id = ANY(:keys)"
)
_KEEP = text(
    f"INSERT INTO request_text (request_id, held, {', '.join(IDS)}) "  # noqa: S608 -- names of this module
    f"SELECT * FROM unnest(CAST(:id AS uuid[]), {', '.join(f'CAST(:{name} AS text[])' for name in ('held', *IDS))}) "
    f"ON CONFLICT (request_id) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in ('held', *IDS))}"
).bindparams(*(bindparam(name) for name in ("id", "held", *IDS)))


def _catch_up_postgresql(connection: Connection) -> int:
    due = list(dict.fromkeys(connection.execute(_DUE).scalars()))
    for start in range(0, len(due), CHUNK):
        keep_texts(connection, due[start : start + CHUNK])
    return len(due)


def keep_texts(connection: Connection, keys: Sequence[Any]) -> None:
    """Write the folded text of requests into PostgreSQL's table of them."""
    found = {row.id: row for row in connection.execute(_TEXTS, {"keys": list(keys)})}
    rows = [found[key] for key in keys if key in found]
    if rows:
        names = ("held", *IDS)
        folded = {name: [fold(getattr(row, name)) for row in rows] for name in names}
        connection.execute(_KEEP, {"id": [row.id for row in rows], **folded})
