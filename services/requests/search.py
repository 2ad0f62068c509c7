"""The search field: rows that hold every word, found by an index of three letters each, then looked at themselves.

A word is found anywhere in user, computer, numbers, file, reason and policy, and at the beginning of an id. Every
character stands for itself; small and capital letters are the same.
"""

import json
import uuid
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Integer,
    Select,
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
)
from sqlalchemy.sql.util import ClauseAdapter
from sqlmodel import Session

from services.requests.query import TABLE, Condition
from services.requests.ways import BY_AGE, RAW_ID, Way, bounding_of, by, clauses
from services.store.full_text import GRAM, HELD, HOLDS, IDS, fold, holds, id_forms, question
from services.texts import storable

MOST = 2_000
"""Of a word that more rows hold, so many are looked at: those stored last."""

SCANNED = 5_000
"""Words of one or two characters are looked for in so many of the newest requests."""

ASKED = 16
"""So many of the words, the longest, are looked for; rows that hold them are asked about the others."""

PROBED, WINDOW = 4_000, 20_000
"""On PostgreSQL so many rows, those stored last, tell how common a word is; a common one is looked for in so many."""

TEXTS = table(
    "request_text",
    column("request_id", Uuid()),
    column("seq", Integer()),
    *(column(name, String()) for name in ("held", *IDS)),
)
"""PostgreSQL's folded texts."""

_KEYS = ARRAY(Uuid())
_ROW = literal_column(f"{TABLE.name}.rowid", Integer())
_END = chr(0x10FFFF)


class Found(NamedTuple):
    """Rows that hold the words, as a statement for their ids; not `complete` where not all rows were looked at."""

    statement: Select[Any]
    complete: bool


def words_of(typed: str) -> tuple[str, ...]:
    """Return the words of a search, all of which have to be found; what no store keeps is replaced as it is there."""
    return tuple(dict.fromkeys(fold(storable(typed)).split()))


def find(session: Session, words: Sequence[str], conditions: Sequence[Condition], way: Way) -> Found:
    """Find the rows that fulfil `conditions` and hold `words`; `way` is the best one without the words."""
    longest = sorted(words, key=len, reverse=True)[:ASKED]
    shown = clauses(conditions)
    if session.get_bind().dialect.name == "postgresql":
        return _in_texts(session, words, longest, conditions, way)
    check = func.__getattr__(HOLDS)(_joined(HELD), _joined(IDS), "\n".join(words)) == 1
    rows, complete = _candidates(session, longest, way, conditions)
    statement = select(RAW_ID).where(*shown, check)
    if rows is None:
        return Found(by(statement, way.through), complete)
    these = select(literal_column("value", Integer())).select_from(func.json_each(json.dumps(rows)))
    return Found(statement.where(_ROW.in_(these)).with_hint(TABLE, "NOT INDEXED", "sqlite"), complete)


def _candidates(
    session: Session, words: Sequence[str], way: Way, conditions: Sequence[Condition]
) -> tuple[list[int] | None, bool]:
    """Return the rows to look at, or None for all on the way, and whether no other row can hold the words."""
    asked = question(words)
    if not asked:
        return (None, True) if way.few else (_newest(session, conditions), False)
    hits = "SELECT rowid FROM request_text WHERE request_text MATCH :asked ORDER BY rowid DESC LIMIT :most"
    rows = list(session.execute(text(hits), {"asked": asked, "most": MOST + 1}).scalars())
    if way.few and way.number < len(rows):
        return None, True
    by_id = [row for word in words for row in _with_id(session, word)]
    return rows[:MOST] + by_id, len(rows) <= MOST and len(by_id) <= MOST


def _newest(session: Session, conditions: Sequence[Condition]) -> list[int]:
    newest = by(select(_ROW).select_from(TABLE), BY_AGE.name).where(*clauses(bounding_of(BY_AGE, conditions)))
    ordered = newest.order_by(TABLE.c.requested_at.desc(), TABLE.c.id.desc())
    return list(session.execute(ordered.limit(SCANNED)).scalars())


def _with_id(session: Session, word: str) -> Iterator[int]:
    """Yield the rows with an id that begins with `word`, however its letters are kept."""
    starts = {start for form in id_forms(word) for start in (form, form.upper())}
    for name in IDS if starts else ():
        column = TABLE.c[name]
        begins = or_(*(and_(column >= start, column < start + _END) for start in sorted(starts)))
        rows = by(select(_ROW).select_from(TABLE), f"ix_{TABLE.name}_{name}").where(begins)
        yield from session.execute(rows.limit(MOST)).scalars()


def _in_texts(
    session: Session, words: Sequence[str], longest: Sequence[str], conditions: Sequence[Condition], way: Way
) -> Found:
    """Find rows by PostgreSQL's table of folded texts."""
    shown, these = clauses(conditions), select(RAW_ID)
    holding = [_holding(word) for word in longest]
    if way.few:
        joined = these.select_from(TABLE.join(TEXTS, TEXTS.c.request_id == TABLE.c.id)).where(
            *shown, *holding
        )
        if len(words) == len(longest):
            return Found(joined, complete=True)
        rows = list(session.execute(joined).scalars())
        complete = True
    elif all(len(word) < GRAM for word in words):
        bounded = clauses(bounding_of(BY_AGE, conditions))
        ordered = select(TABLE.c.id).where(*bounded).order_by(TABLE.c.requested_at.desc(), TABLE.c.id.desc())
        newest = ordered.limit(SCANNED).subquery()
        # Looked up for each of these rows: joined, the whole table of texts would be read.
        own = select(TEXTS.c.held).where(TEXTS.c.request_id == newest.c.id).scalar_subquery()
        held = select(newest.c.id).where(*(own.contains(word, autoescape=True) for word in longest))
        rows, complete = list(session.execute(held).scalars()), False
    else:
        rows = _newest_holding(session, holding)
        rows, complete = rows[:MOST], len(rows) <= MOST
    if len(words) > len(longest):
        rows = _holding_all(session, rows, words)
    return Found(these.where(*shown, _among(TABLE.c.id, rows)), complete)


def _newest_holding(session: Session, holding: Sequence[ColumnElement[bool]]) -> list[uuid.UUID]:
    """Return the rows that hold words, those stored last first, up to one more than MOST.

    Of a common word enough are among the newest: the index would have to be read for all of them.
    """
    probed = _in_window(session, holding, PROBED)
    if len(probed) * WINDOW > MOST * PROBED:
        rows = _in_window(session, holding, WINDOW)
        if len(rows) > MOST:
            return rows
    everywhere = select(TEXTS.c.request_id, TEXTS.c.seq).where(*holding).cte().prefix_with("MATERIALIZED")
    found = select(everywhere.c.request_id).order_by(everywhere.c.seq.desc()).limit(MOST + 1)
    return list(session.execute(found).scalars())


def _in_window(session: Session, holding: Sequence[ColumnElement[bool]], size: int) -> list[uuid.UUID]:
    newest = select(TEXTS).order_by(TEXTS.c.seq.desc()).limit(size).subquery()
    adapter = ClauseAdapter(newest)
    near = select(newest.c.request_id).where(*(adapter.traverse(one) for one in holding)).limit(MOST + 1)
    return list(session.execute(near).scalars())


def _among(key: ColumnElement[Any], rows: Sequence[uuid.UUID]) -> ColumnElement[bool]:
    """Return what says that a row is one of many: as a table, because a list is weighed one by one before it is read."""
    return key.in_(select(func.unnest(literal(list(rows), _KEYS)).column_valued("wanted")))


def _holding_all(session: Session, rows: Sequence[uuid.UUID], words: Sequence[str]) -> list[uuid.UUID]:
    columns = (TEXTS.c.request_id, TEXTS.c.held, *(TEXTS.c[name] for name in IDS))
    found = session.execute(select(*columns).where(_among(TEXTS.c.request_id, rows)))
    asked = "\n".join(words)
    return [row[0] for row in found if holds(row[1], "\n".join(row[2:]), asked)]


def _holding(word: str) -> ColumnElement[bool]:
    """Return what says that a row of the texts holds a word, or an id that begins with it."""
    begins = (TEXTS.c[name].startswith(form, autoescape=True) for form in id_forms(word) for name in IDS)
    return or_(TEXTS.c.held.contains(word, autoescape=True), *begins)


def _joined(names: Sequence[str]) -> ColumnElement[str]:
    """Return columns as one text, a line each, written as in the index."""
    return literal_column(" || char(10) || ".join(f"{TABLE.name}.{name}" for name in names))
