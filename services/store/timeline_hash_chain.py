"""Request timelines as part of the audit chain.

Every transaction that adds lines numbers them and writes one audit entry with the hash of all of them. When a line is
removed, its number and hash stay in `removed_event`, and the removal gets its own audit entry.
"""

import hashlib
import heapq
import json
import re
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, and_, delete, func, insert, select, type_coerce, update
from sqlalchemy.types import NullType
from sqlmodel import Session

from models.audit_entry import AuditEntry
from models.removed_event import RemovedEvent
from models.request_event import HASH_FORMAT, LEGACY_HASH_FORMAT, RequestEvent
from services.store.revision_check import UnreadableRowError, iterate_rows
from services.store.row_values import SqlRow, canonical_timestamp, get_table
from services.store.timeline_facts import parse_legacy_line

ADDED_OPERATION = "timeline"
REMOVED_OPERATION = "timeline-removed"
OPERATIONS = (ADDED_OPERATION, REMOVED_OPERATION)
"""The operations of audit entries that cover timeline lines."""
TIMELINE_KIND = "request_event"

_EVENT_TABLE = get_table(RequestEvent)
_STORED_ID = type_coerce(_EVENT_TABLE.c.id, NullType())
_REMOVED_TABLE = get_table(RemovedEvent)
_PENDING_REMOVALS = "removed timeline lines"
_ADDED_DETAIL = re.compile(r"lines ([1-9][0-9]{0,17})-([1-9][0-9]{0,17}) sha256:([0-9a-f]{64})")
_REMOVED_DETAIL = re.compile(r"([1-9][0-9]{0,17}) lines sha256:([0-9a-f]{64})")


class TimelineLine(NamedTuple):
    """The number and hash of a line, which may have been removed."""

    number: int
    hash: str


@dataclass(frozen=True, slots=True)
class AddedLines:
    """The detail of an audit entry for added lines: the first and last number, and a digest of their hashes."""

    first: int
    last: int
    digest: str

    def format(self) -> str:
        """Return the detail as stored."""
        return f"lines {self.first}-{self.last} sha256:{self.digest}"

    @classmethod
    def parse(cls, detail: str) -> "AddedLines | None":
        """Return the parts of a stored detail, or None if it has another form."""
        found = _ADDED_DETAIL.fullmatch(detail)
        return cls(int(found[1]), int(found[2]), found[3]) if found else None


@dataclass(frozen=True, slots=True)
class RemovedLines:
    """The detail of an audit entry for removed lines: their count, and a digest of their numbers and hashes."""

    count: int
    digest: str

    def format(self) -> str:
        """Return the detail as stored."""
        return f"{self.count} lines sha256:{self.digest}"

    @classmethod
    def parse(cls, detail: str) -> "RemovedLines | None":
        """Return the parts of a stored detail, or None if it has another form."""
        found = _REMOVED_DETAIL.fullmatch(detail)
        return cls(int(found[1]), found[2]) if found else None


def line_hash(
    number: int,
    key: uuid.UUID,
    request_id: uuid.UUID,
    at: datetime,
    kind: str,
    actor: str,
    detail: str,
    *facts: str,
) -> str:
    """Return SHA-256 over the columns of a line as canonical JSON; `facts` belong to lines of hash format 2."""
    fields = (number, key.hex, request_id.hex, canonical_timestamp(at), kind, actor, detail, *facts)
    return hashlib.sha256(json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()).hexdigest()


def added_detail(first: int, last: int, hashes: Iterable[str]) -> str:
    """Return the detail of the audit entry for lines that were added."""
    return AddedLines(first, last, _digest(hashes)).format()


def remove_lines(session: Session, *conditions: ColumnElement[bool]) -> None:
    """Remove the lines that meet `conditions`; the unit of work of the session records it."""
    rows = session.execute(select(_EVENT_TABLE).where(*conditions)).all()
    gone = [(_row_hash(row), row.line) for row in rows if row.line is not None]
    session.info.setdefault(_PENDING_REMOVALS, []).extend(
        TimelineLine(number, hashed) for hashed, number in gone
    )
    for row in rows:
        session.execute(delete(_EVENT_TABLE).where(_EVENT_TABLE.c.id == row.id))


def find_unnumbered_lines(session: Session) -> frozenset[object]:
    """Return lines without a number at the beginning of a transaction: something else than this program added them.

    Their ids are as they are stored: it may not be the form in which this program stores ids.
    """
    return frozenset(session.execute(select(_STORED_ID).where(_EVENT_TABLE.c.line.is_(None))).scalars().all())


def number_new_lines(session: Session, not_ours: frozenset[object]) -> str | None:
    """Number the lines that this transaction added; returns the detail of their audit entry, or None without lines."""
    new: ColumnElement[bool] = _EVENT_TABLE.c.line.is_(None)
    if not_ours:
        new = and_(new, _STORED_ID.not_in(not_ours))
    if session.execute(select(_EVENT_TABLE.c.id).where(new).limit(1)).first() is None:
        return None
    before = _last_line_number(session)
    place = func.row_number().over(order_by=(_EVENT_TABLE.c.at, _EVENT_TABLE.c.id)).label("place")
    numbered = select(_EVENT_TABLE.c.id, place).where(new).subquery("numbered")
    session.execute(
        update(_EVENT_TABLE).where(_EVENT_TABLE.c.id == numbered.c.id).values(line=before + numbered.c.place),
        execution_options={"synchronize_session": False},
    )
    # As they are read back: what is hashed is what the store holds.
    rows = session.execute(
        select(_EVENT_TABLE).where(_EVENT_TABLE.c.line > before).order_by(_EVENT_TABLE.c.line)
    ).all()
    return added_detail(before + 1, before + len(rows), map(_row_hash, rows))


def pop_removed_lines(session: Session) -> list[TimelineLine]:
    """Return the numbered lines that this transaction removed."""
    return sorted(session.info.pop(_PENDING_REMOVALS, []))


def removed_detail(lines: list[TimelineLine]) -> str:
    """Return the detail of the audit entry for lines that were removed."""
    return RemovedLines(len(lines), _removed_digest(lines)).format()


def store_removed_lines(session: Session, lines: list[TimelineLine], seq: int) -> None:
    """Keep number and hash of removed lines, with the place of the audit entry that records it."""
    rows = [{"line": line.number, "hash": line.hash, "removed_by": seq} for line in lines]
    session.execute(insert(_REMOVED_TABLE), rows)


class TimelineCheck:
    """Compares the lines of a store with the audit entries about them, in the order of the chain."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._lines = heapq.merge(self._present(), self._removed())
        self._next: TimelineLine | None = None
        self._last = self._seen = self._gone = 0

    def find_entry_problem(self, entry: AuditEntry) -> str:
        """Return what is wrong with the lines that `entry` covers, as part of a sentence, or an empty text.

        Raises UnreadableRowError.
        """
        if entry.operation == ADDED_OPERATION and (added := AddedLines.parse(entry.detail)):
            return self._added_lines_problem(entry.seq, added)
        if entry.operation == REMOVED_OPERATION and (removed := RemovedLines.parse(entry.detail)):
            return self._removal_problem(entry.seq, removed)
        return f"entry {entry.seq} does not say which lines of timelines it covers"

    def find_uncovered_lines(self) -> str:
        """Return what is wrong with lines that no entry covers. Raises UnreadableRowError."""
        if self._peek() is not None:
            return f"a line was added to a timeline; the last one is {self._last}"
        present = self._session.execute(select(func.count()).select_from(_EVENT_TABLE)).scalar_one()
        gone = self._session.execute(select(func.count()).select_from(_REMOVED_TABLE)).scalar_one()
        if present + gone != self._seen:
            return "a line was added to a timeline that no entry covers"
        if gone != self._gone:
            return "a line was removed from a timeline, and no entry records it"
        return ""

    def _added_lines_problem(self, seq: int, added: AddedLines) -> str:
        first, last = added.first, added.last
        if first != self._last + 1 or last < first:
            return f"entry {seq} does not go on where the timelines ended"
        made = hashlib.sha256()
        for number in range(first, last + 1):
            line = self._peek()
            if line is None or line.number > number:
                return f"line {number} of the timelines, which entry {seq} covers, is missing"
            if line.number < number:
                return f"a line was added to the timelines among those that entry {seq} covers"
            made.update(line.hash.encode())
            self._seen += 1
            self._next = None
        self._last = last
        if made.hexdigest() != added.digest:
            lines = f"line {first}" if first == last else f"one of the lines {first} to {last}"
            return f"{lines} of the timelines, which entry {seq} covers, was edited"
        return ""

    def _removal_problem(self, seq: int, removed: RemovedLines) -> str:
        rows = self._session.execute(
            select(_REMOVED_TABLE.c.line, _REMOVED_TABLE.c.hash)
            .where(_REMOVED_TABLE.c.removed_by == seq)
            .order_by(_REMOVED_TABLE.c.line)
        ).all()
        self._gone += len(rows)
        digest = _removed_digest(TimelineLine(*row) for row in rows)
        if (len(rows), digest) != (removed.count, removed.digest):
            return f"the lines whose removal entry {seq} records were edited"
        return ""

    def _peek(self) -> TimelineLine | None:
        if self._next is None:
            self._next = next(self._lines, None)
        return self._next

    def _present(self) -> Iterator[TimelineLine]:
        statement = select(_EVENT_TABLE).where(_EVENT_TABLE.c.line.is_not(None))
        for row in iterate_rows(self._session, statement, _EVENT_TABLE.c.line, lambda row: row.line):
            yield TimelineLine(_require_int(row.line), _row_hash(row))

    def _removed(self) -> Iterator[TimelineLine]:
        for row in iterate_rows(
            self._session, select(_REMOVED_TABLE), _REMOVED_TABLE.c.line, lambda row: row.line
        ):
            if not isinstance(row.hash, str):
                raise UnreadableRowError
            yield TimelineLine(_require_int(row.line), row.hash)


def _require_int(value: object) -> int:
    if not isinstance(value, int):
        raise UnreadableRowError
    return value


def _row_hash(row: SqlRow) -> str:
    try:
        fields = (row.line, row.id, row.request_id, row.at, row.kind, row.actor, row.detail)
        facts = (row.operation, row.outcome, row.comment)
        if row.hash_format == LEGACY_HASH_FORMAT:
            # The hash does not cover the facts: with other facts than its text has, the line gets another hash.
            derived = parse_legacy_line(row.kind, row.detail).columns()
            return line_hash(*fields, *(() if facts == tuple(derived.values()) else facts))
        return line_hash(*fields, *facts) if row.hash_format == HASH_FORMAT else ""
    except (TypeError, AttributeError, ValueError) as error:  # bytes or nothing where a text belongs
        raise UnreadableRowError from error


def _digest(hashes: Iterable[str]) -> str:
    made = hashlib.sha256()
    for one in hashes:
        made.update(one.encode())
    return made.hexdigest()


def _removed_digest(lines: Iterable[TimelineLine]) -> str:
    return _digest(f"{line.number}:{line.hash};" for line in lines)


def _last_line_number(session: Session) -> int:
    present = session.execute(select(func.max(_EVENT_TABLE.c.line))).scalar() or 0
    gone = session.execute(select(func.max(_REMOVED_TABLE.c.line))).scalar() or 0
    return max(int(present), int(gone))
