"""Full-text search: rows that contain every word, found through a trigram index and then compared themselves.

A word is found anywhere in user, computer, numbers, file, reason and policy, and at the beginning of an id. There are no
wildcards; case is ignored.
"""

import json
import re
import uuid
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Integer,
    LargeBinary,
    String,
    Uuid,
    and_,
    column,
    func,
    literal,
    literal_column,
    or_,
    select,
    table,
    text,
    type_coerce,
)
from sqlalchemy.sql.util import ClauseAdapter
from sqlmodel import Session

from services.common.plain_text import replace_unstorable
from services.common.uuid_text import normalize_id
from services.requests.inbox.filter_sql import RAW_ID, REQUEST_TABLE, FilterCondition, sql_clauses
from services.requests.inbox.index_selection import (
    AGE_INDEX,
    IndexSelection,
    bounding_conditions,
    count_rows,
    read_ids,
    with_index_hint,
)
from services.store.full_text import (
    GRAM_LENGTH,
    ID_COLUMNS,
    MATCH_FUNCTION,
    TEXT_COLUMNS,
    build_index_query,
    fold,
    id_search_forms,
    matches_words,
)
from services.store.row_values import SqlColumn, SqlStatement

CANDIDATES_MAX = 2_000
"""Rows that are compared if more rows contain a word: those stored last."""

SCAN_MAX = 5_000
"""Newest requests in which words of one or two characters are searched."""

WORDS_MAX = 16
"""Words that are searched through the index: the longest ones. Rows that contain them are compared with the others."""

PROBE_SIZE, WINDOW_SIZE = 4_000, 20_000
"""On PostgreSQL: newest rows in which the frequency of a word is measured, and in which a frequent word is searched."""

TEXT_TABLE = table(
    "request_text",
    column("request_id", Uuid()),
    column("seq", Integer()),
    *(column(name, String()) for name in ("held", *ID_COLUMNS)),
)
"""The table of case-folded texts on PostgreSQL."""

_UUID_ARRAY = ARRAY(Uuid())
_ROWID = literal_column(f"{REQUEST_TABLE.name}.rowid", Integer())
_LAST_CHARACTER, _LAST_BYTE = chr(0x10FFFF), b"\xff"
ID_DIGITS = 32
_HEX_DIGITS = re.compile(f"[0-9a-f]{{1,{ID_DIGITS}}}")


class SearchResult(NamedTuple):
    """The ids of the rows that contain the words; `complete` is False if not all rows were compared."""

    ids: list[object]
    complete: bool


def split_words(typed: str) -> tuple[str, ...]:
    """Return the words of a search, all of which have to be found; characters that no store keeps are replaced."""
    return tuple(dict.fromkeys(fold(replace_unstorable(typed)).split()))


def search_requests(
    session: Session,
    words: Sequence[str],
    conditions: Sequence[FilterCondition],
    selection: IndexSelection,
    order: Sequence[SqlColumn],
) -> SearchResult:
    """Find the rows that fulfil `conditions` and contain `words`; `selection` is the best index without the words."""
    longest = sorted(words, key=len, reverse=True)[:WORDS_MAX]
    shown = sql_clauses(conditions)
    if session.get_bind().dialect.name == "postgresql":
        return _search_postgresql(session, words, longest, conditions, selection, order)
    check = (
        func.__getattr__(MATCH_FUNCTION)(
            _concatenate_columns(TEXT_COLUMNS),
            "\n".join(words),
            *(literal_column(f"{REQUEST_TABLE.name}.{name}") for name in ID_COLUMNS),
        )
        == 1
    )
    rows, complete = _candidate_rowids(session, longest, selection, conditions)
    statement = select(RAW_ID).where(*shown, check).order_by(*order)
    if rows is None:
        return SearchResult(read_ids(session, with_index_hint(statement, selection.index_name)), complete)
    these = select(literal_column("value", Integer())).select_from(func.json_each(json.dumps(rows)))
    compared = statement.where(_ROWID.in_(these)).with_hint(REQUEST_TABLE, "NOT INDEXED", "sqlite")
    return SearchResult(read_ids(session, compared), complete)


def _candidate_rowids(
    session: Session, words: Sequence[str], selection: IndexSelection, conditions: Sequence[FilterCondition]
) -> tuple[list[int] | None, bool]:
    """Return the rows to compare (None: all of `selection`), and whether no other row can contain the words."""
    asked = build_index_query(words)
    if not asked:
        return (None, True) if selection.is_small else (_newest_rowids(session, conditions), False)
    hits = "SELECT rowid FROM request_text WHERE request_text MATCH :asked ORDER BY rowid DESC LIMIT :most"
    rows = list(session.execute(text(hits), {"asked": asked, "most": CANDIDATES_MAX + 1}).scalars().all())
    if selection.is_small and selection.entry_count < len(rows):
        return None, True
    by_id = [row for word in words for row in _rowids_with_id_prefix(session, word)]
    return rows[:CANDIDATES_MAX] + by_id, len(rows) <= CANDIDATES_MAX and len(by_id) <= CANDIDATES_MAX


def _newest_rowids(session: Session, conditions: Sequence[FilterCondition]) -> list[int]:
    newest = with_index_hint(select(_ROWID).select_from(REQUEST_TABLE), AGE_INDEX.name).where(
        *sql_clauses(bounding_conditions(AGE_INDEX, conditions))
    )
    ordered = newest.order_by(REQUEST_TABLE.c.requested_at.desc(), RAW_ID.desc())
    return list(session.execute(ordered.limit(SCAN_MAX)).scalars().all())


def _rowids_with_id_prefix(session: Session, word: str) -> Iterator[int]:
    """Yield the rows with an id that begins with `word`, in any form in which ids are stored."""
    starts = {start for form in id_search_forms(word) for start in (form, form.upper())}
    digits = normalize_id(word).replace("-", "")
    for name in ID_COLUMNS if starts else ():
        written = type_coerce(REQUEST_TABLE.c[name], String())
        ranges = [and_(written >= start, written < start + _LAST_CHARACTER) for start in sorted(starts)]
        if _HEX_DIGITS.fullmatch(digits):
            packed = type_coerce(REQUEST_TABLE.c[name], LargeBinary())
            lowest, highest = (bytes.fromhex(digits.ljust(ID_DIGITS, digit)) for digit in "0f")
            ranges.append(packed.between(lowest, highest + _LAST_BYTE))
        begins = or_(*ranges)
        rows = with_index_hint(
            select(_ROWID).select_from(REQUEST_TABLE), f"ix_{REQUEST_TABLE.name}_{name}"
        ).where(begins)
        yield from session.execute(rows.limit(CANDIDATES_MAX)).scalars()


def _search_postgresql(
    session: Session,
    words: Sequence[str],
    longest: Sequence[str],
    conditions: Sequence[FilterCondition],
    selection: IndexSelection,
    order: Sequence[SqlColumn],
) -> SearchResult:
    """Search in the table of case-folded texts, and sort in the same statement: thousands of ids stay in the database."""
    these = select(RAW_ID).where(*sql_clauses(conditions)).order_by(*order)
    holding = [_contains_word(word) for word in longest]
    if len(words) > len(longest):
        rows, complete = _compared_with_all_words(session, words, holding, conditions, selection)
        return SearchResult(read_ids(session, these.where(_is_any_of(REQUEST_TABLE.c.id, rows))), complete)
    if selection.is_small:
        return SearchResult(read_ids(session, these.where(*_joined_texts(), *holding)), complete=True)
    if all(len(word) < GRAM_LENGTH for word in words):
        held = _newest_holding(longest, conditions).cte().prefix_with("MATERIALIZED")
        return SearchResult(
            read_ids(session, these.where(REQUEST_TABLE.c.id.in_(select(*held.c)))), complete=False
        )
    for found in _attempts(session, holding):
        hits = found.cte().prefix_with("MATERIALIZED")
        newest, number = select(*hits.c).limit(CANDIDATES_MAX), select(func.count()).select_from(hits)
        numbered = these.add_columns(number.scalar_subquery()).where(REQUEST_TABLE.c.id.in_(newest))
        read = session.execute(numbered).all()
        compared = read[0][1] if read else count_rows(session, found)
        if compared > CANDIDATES_MAX:
            break
    return SearchResult([one[0] for one in read], compared <= CANDIDATES_MAX)


def _compared_with_all_words(
    session: Session,
    words: Sequence[str],
    holding: Sequence[ColumnElement[bool]],
    conditions: Sequence[FilterCondition],
    selection: IndexSelection,
) -> tuple[list[uuid.UUID], bool]:
    """Return the rows that contain more words than are searched through the index, and whether all rows were compared."""
    if selection.is_small:
        small = select(REQUEST_TABLE.c.id).where(*sql_clauses(conditions), *_joined_texts(), *holding)
        rows, complete = list(session.execute(small).scalars().all()), True
    elif all(len(word) < GRAM_LENGTH for word in words):
        held = _newest_holding(sorted(words, key=len, reverse=True)[:WORDS_MAX], conditions)
        rows, complete = list(session.execute(held).scalars().all()), False
    else:
        for found in _attempts(session, holding):
            rows = list(session.execute(found).scalars().all())
            if len(rows) > CANDIDATES_MAX:
                break
        rows, complete = rows[:CANDIDATES_MAX], len(rows) <= CANDIDATES_MAX
    return _filter_by_all_words(session, rows, words), complete


def _joined_texts() -> tuple[ColumnElement[bool], ...]:
    """Return the condition that joins each request with its texts."""
    return (TEXT_TABLE.c.request_id == REQUEST_TABLE.c.id,)


def _newest_holding(words: Sequence[str], conditions: Sequence[FilterCondition]) -> SqlStatement:
    """Return the statement for those of the newest requests that contain short words."""
    ordered = (
        select(REQUEST_TABLE.c.id)
        .where(*sql_clauses(bounding_conditions(AGE_INDEX, conditions)))
        .order_by(REQUEST_TABLE.c.requested_at.desc(), REQUEST_TABLE.c.id.desc())
    )
    newest = ordered.limit(SCAN_MAX).subquery()
    # A subquery for each of these rows: a join would read the whole table of texts.
    own = select(TEXT_TABLE.c.held).where(TEXT_TABLE.c.request_id == newest.c.id).scalar_subquery()
    return select(newest.c.id).where(*(own.contains(word, autoescape=True) for word in words))


def _attempts(session: Session, holding: Sequence[ColumnElement[bool]]) -> Iterator[SqlStatement]:
    """Yield statements for the rows that contain the words, up to CANDIDATES_MAX + 1; the first that has more is enough.

    A frequent word is searched in the newest rows only: the index would have to be read for all of them.
    """
    probed = count_rows(session, _matching_in_window(holding, PROBE_SIZE))
    if probed * WINDOW_SIZE > CANDIDATES_MAX * PROBE_SIZE:
        yield _matching_in_window(holding, WINDOW_SIZE)
    everywhere = (
        select(TEXT_TABLE.c.request_id, TEXT_TABLE.c.seq).where(*holding).cte().prefix_with("MATERIALIZED")
    )
    yield select(everywhere.c.request_id).order_by(everywhere.c.seq.desc()).limit(CANDIDATES_MAX + 1)


def _matching_in_window(holding: Sequence[ColumnElement[bool]], size: int) -> SqlStatement:
    newest = select(TEXT_TABLE).order_by(TEXT_TABLE.c.seq.desc()).limit(size).subquery()
    adapter = ClauseAdapter(newest)
    near = select(newest.c.request_id).where(*(adapter.traverse(one) for one in holding))
    return near.limit(CANDIDATES_MAX + 1)


def _is_any_of(key: SqlColumn, rows: Sequence[uuid.UUID]) -> ColumnElement[bool]:
    """Return the condition that a row is one of many; as a table, because PostgreSQL plans each element of a list."""
    return key.in_(select(func.unnest(literal(list(rows), _UUID_ARRAY)).column_valued("wanted")))


def _filter_by_all_words(
    session: Session, rows: Sequence[uuid.UUID], words: Sequence[str]
) -> list[uuid.UUID]:
    columns = (TEXT_TABLE.c.request_id, TEXT_TABLE.c.held, *(TEXT_TABLE.c[name] for name in ID_COLUMNS))
    found = session.execute(select(*columns).where(_is_any_of(TEXT_TABLE.c.request_id, rows)))
    asked = "\n".join(words)
    return [row[0] for row in found if matches_words(row[1], row[2:], asked)]


def _contains_word(word: str) -> ColumnElement[bool]:
    """Return the condition that a row of the texts contains a word, or an id that begins with it."""
    begins = (
        TEXT_TABLE.c[name].startswith(form, autoescape=True)
        for form in id_search_forms(word)
        for name in ID_COLUMNS
    )
    return or_(TEXT_TABLE.c.held.contains(word, autoescape=True), *begins)


def _concatenate_columns(names: Sequence[str]) -> ColumnElement[str]:
    """Return columns as one text, one a line, in the form of the index."""
    return literal_column(" || char(10) || ".join(f"{REQUEST_TABLE.name}.{name}" for name in names))
