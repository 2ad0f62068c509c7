"""The search field: rows that hold every word, found by an index of three letters each, then looked at themselves.

A word is found anywhere in user, computer, numbers, file, reason and policy, and at the beginning of an id. Every
character stands for itself; small and capital letters are the same.
"""

import json
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Integer, Select, and_, func, literal_column, or_, select, text
from sqlmodel import Session

from services.requests.query import TABLE, Condition
from services.requests.ways import BY_AGE, RAW_ID, Way, bounding_of, by, clauses, counted
from services.store.full_text import HELD, HOLDS, IDS, fold, id_forms, question
from services.texts import storable

MOST = 2_000
"""Of a word that more rows hold, so many are looked at: those stored last."""

SCANNED = 5_000
"""Words of one or two characters are looked for in so many of the newest requests."""

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
    shown = clauses(conditions)
    if session.get_bind().dialect.name != "sqlite":
        return _elsewhere(session, words, shown)
    check = func.__getattr__(HOLDS)(_joined(HELD), _joined(IDS), "\n".join(words)) == 1
    rows, complete = _candidates(session, words, way, conditions)
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


def _elsewhere(session: Session, words: Sequence[str], shown: Sequence[ColumnElement[bool]]) -> Found:
    newest = newest_like(words, shown)
    complete = counted(session, newest.limit(MOST + 1)) <= MOST
    return Found(select(RAW_ID).where(TABLE.c.id.in_(newest.limit(MOST))), complete)


def newest_like(words: Sequence[str], shown: Sequence[ColumnElement[bool]]) -> Select[Any]:
    """Return the newest rows first that hold `words`, for a database that has an index for parts of texts."""
    holds = [or_(_joined(HELD, "chr").icontains(word, autoescape=True), *_ids_like(word)) for word in words]
    return select(TABLE.c.id).where(*shown, *holds).order_by(TABLE.c.requested_at.desc())


def _ids_like(word: str) -> Iterator[ColumnElement[bool]]:
    for form in id_forms(word):
        for name in IDS:
            yield TABLE.c[name].istartswith(form, autoescape=True)


def _joined(names: Sequence[str], character: str = "char") -> ColumnElement[str]:
    """Return columns as one text, a line each, written as in the index."""
    return literal_column(f" || {character}(10) || ".join(f"{TABLE.name}.{name}" for name in names))
