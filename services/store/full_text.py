"""The text that requests are searched by: what counts as the same letter, and how its index is kept and asked.

On SQLite the index knows every sequence of three characters of a row, not where it stands: what it finds may hold a
word, and `holds` says whether it does. On PostgreSQL the folded text is a table of its own, which LIKE is asked of; the
extension pg_trgm indexes it where it may be had. Both get the text folded by this module.
"""

import functools
import sqlite3
import uuid
from collections.abc import Sequence
from itertools import islice

from sqlalchemy import Connection, bindparam, text

from models.compact_columns import unpack_id
from models.text_folding import fold_text
from services.common.uuid_text import id_prefix_variants, normalize_id

TEXT_COLUMNS = (
    "number",
    "order_number",
    "initiator_name",
    "agent_name",
    "file_path",
    "reason",
    "policy_name",
)
"""Columns that hold a word anywhere in them; the triggers of the migrations write the same."""

ID_COLUMNS = ("approval_id", "external_id", "record_id")
"""Columns that begin with a word; they have indexes of their own."""

ID_MIN_LENGTH = 6
"""So many characters of an id are taken for one."""

GRAM_LENGTH = 3
"""The index knows words of so many characters and more."""

GRAMS_MAX = 128
"""So much of what is looked for is asked of the index; the rest is looked for in what it finds."""

MATCH_FUNCTION = "holds_words"
"""`holds` as SQL calls it."""

FOLD_FUNCTION = "same_letters"
"""`same_letters` as SQL calls it."""

INDEX_BATCH_SIZE = 2_000
"""So many rows are indexed with one statement."""

fold = fold_text


def matches_words(held: str, ids: Sequence[str | bytes], words: str) -> bool:
    """Return whether a row holds all of `words` (folded, one a line) in its text or at the beginning of an id of it.

    `ids` are as they are stored.
    """
    text, begins = fold(held), ""
    for word in words.split("\n"):
        if word in text:
            continue
        forms = id_search_forms(word)
        if not forms:
            return False
        begins = begins or "\n" + fold("\n".join(map(unpack_id, ids)))
        if not any(f"\n{form}" in begins for form in forms):
            return False
    return True


@functools.lru_cache(maxsize=64)
def id_search_forms(word: str) -> tuple[str, ...]:
    """Return how an id that was typed as `word` may be kept: in braces or not, with its dashes or without."""
    return () if len(normalize_id(word)) < ID_MIN_LENGTH else tuple(sorted({word, *id_prefix_variants(word)}))


def build_index_query(words: Sequence[str]) -> str:
    """Return the question for the index: rows that may hold all `words`; nothing when all are too short for it.

    Every character is asked about once, the last ones perhaps twice: asking for every sequence takes twice as long.
    """
    grams = dict.fromkeys(
        word[place : place + GRAM_LENGTH] for word in words for place in _gram_offsets(len(word))
    )
    return " AND ".join('"' + gram.replace('"', '""') + '"' for gram in islice(grams, GRAMS_MAX))


def _gram_offsets(length: int) -> Sequence[int]:
    last = length - GRAM_LENGTH
    return () if last < 0 else (*range(0, last, GRAM_LENGTH), last)


def register_functions(connection: sqlite3.Connection) -> None:
    """Make `holds` and `same_letters` functions of this connection."""

    def holds(held: str, words: str, *ids: str | bytes) -> bool:
        return matches_words(held, ids, words)

    connection.create_function(MATCH_FUNCTION, 2 + len(ID_COLUMNS), holds, deterministic=True)
    connection.create_function(FOLD_FUNCTION, 1, fold, deterministic=True)


def index_pending_texts(connection: Connection) -> int:
    """Index what was queued since the last time, inside the caller's transaction; return how many entries there were."""
    if connection.dialect.name == "postgresql":
        return _index_pending_postgresql(connection)
    if not has_pending_texts(connection):
        return 0
    folded = f"SELECT CASE WHEN gone THEN 'delete' END, request, {FOLD_FUNCTION}(held) FROM request_text_due ORDER BY seq"  # noqa: S608
    connection.exec_driver_sql(f"INSERT INTO request_text (request_text, rowid, held) {folded}")
    done = connection.exec_driver_sql("DELETE FROM request_text_due")
    return int(done.rowcount)


def index_all_texts(connection: Connection) -> None:
    """Fill the index on SQLite anew, because the rows have other numbers."""
    held = " || char(10) || ".join(TEXT_COLUMNS)
    rows = f"SELECT rowid, {FOLD_FUNCTION}({held}) FROM approval_request ORDER BY rowid"  # noqa: S608 -- names of this module
    connection.exec_driver_sql("DELETE FROM request_text_due")
    connection.exec_driver_sql("INSERT INTO request_text (request_text) VALUES ('delete-all')")
    connection.exec_driver_sql(f"INSERT INTO request_text (rowid, held) {rows}")


def has_pending_texts(connection: Connection) -> bool:
    """Return whether somebody wrote requests and did not index them: another program, or one that was ended."""
    return connection.exec_driver_sql("SELECT 1 FROM request_text_due LIMIT 1").first() is not None


_TAKE_PENDING = text("DELETE FROM request_text_due RETURNING request_id")
_SELECT_TEXTS = text(
    f"SELECT id, concat_ws(chr(10), {', '.join(TEXT_COLUMNS)}) AS held, {', '.join(ID_COLUMNS)}"  # noqa: S608 -- names of this module
    " FROM approval_request WHERE id = ANY(:keys)"
)
_UPSERT_TEXTS = text(
    f"INSERT INTO request_text (request_id, held, {', '.join(ID_COLUMNS)}) "  # noqa: S608 -- names of this module
    f"SELECT * FROM unnest(CAST(:id AS uuid[]), {', '.join(f'CAST(:{name} AS text[])' for name in ('held', *ID_COLUMNS))}) "
    f"ON CONFLICT (request_id) DO UPDATE SET {', '.join(f'{name} = excluded.{name}' for name in ('held', *ID_COLUMNS))}"
).bindparams(*(bindparam(name) for name in ("id", "held", *ID_COLUMNS)))


def _index_pending_postgresql(connection: Connection) -> int:
    due = list(dict.fromkeys(connection.execute(_TAKE_PENDING).scalars()))
    for start in range(0, len(due), INDEX_BATCH_SIZE):
        upsert_texts(connection, due[start : start + INDEX_BATCH_SIZE])
    return len(due)


def upsert_texts(connection: Connection, keys: Sequence[uuid.UUID]) -> None:
    """Write the folded text of requests into PostgreSQL's table of them."""
    found = {row.id: row for row in connection.execute(_SELECT_TEXTS, {"keys": list(keys)})}
    rows = [found[key] for key in keys if key in found]
    if rows:
        names = ("held", *ID_COLUMNS)
        folded = {name: [fold(getattr(row, name)) for row in rows] for name in names}
        connection.execute(_UPSERT_TEXTS, {"id": [row.id for row in rows], **folded})
