"""The audit trail as a hash chain: every entry carries the hash of the one before, the store's head the last one."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy
from sqlalchemy import func
from sqlmodel import Session, col, select

from models.audit_entry import AuditEntry
from models.revision import Revision
from models.store_meta import StoreMeta
from services.store import timeline_hash_chain
from services.store.errors import chain_broken
from services.store.revision_check import UnreadableRowError, find_state_problem, iterate_rows
from services.store.row_values import SqlStatement, canonical_timestamp, get_table

GENESIS = "0" * 64
HEAD_KEY = "audit_head"


@dataclass(frozen=True, slots=True)
class AuditVerdict:
    """Whether the chain holds, how many entries were looked at, and the first thing that is wrong."""

    ok: bool
    checked: int
    problem: str = ""


def entry_hash(entry: AuditEntry) -> str:
    """Return SHA-256 over every field of `entry` but the hash itself, as canonical JSON."""
    fields = (
        entry.seq,
        canonical_timestamp(entry.at),
        entry.actor,
        entry.operation,
        entry.object_kind,
        entry.object_id.hex if entry.object_id else None,
        entry.object_name,
        entry.revision_id.hex if entry.revision_id else None,
        entry.detail,
        entry.previous_hash,
    )
    text = json.dumps(fields, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def revision_digest(parts: Iterable[str | None]) -> str:
    """Return SHA-256 over the parts of a revision, so that the chain covers history as well."""
    return hashlib.sha256(json.dumps(list(parts), ensure_ascii=False).encode()).hexdigest()


def parse_head(value: object) -> tuple[int | None, str]:
    """Return the place and the hash that the head names; no place when it makes no sense."""
    number, _, last = str(value).partition(":")
    return (int(number) if re.fullmatch(r"[0-9]{1,18}", number) else None), last


def load_head(session: Session) -> tuple[int, str]:
    """Return how many entries there are by the head, and the hash of the last one. Raises StoreError."""
    stored = session.exec(select(StoreMeta.value).where(StoreMeta.key == HEAD_KEY)).first()
    if stored is None:
        return 0, GENESIS
    seq, last = parse_head(stored)
    if seq is None:
        raise chain_broken(f"The head of the audit trail reads “{str(stored)[:20]}”.")
    return seq, last


def append_entries(session: Session, entries: Sequence[AuditEntry]) -> None:
    """Chain `entries` behind the last one, in their order. The caller holds the write lock."""
    head = session.get(StoreMeta, HEAD_KEY)
    if head is None:
        head = StoreMeta(key=HEAD_KEY, value=f"0:{GENESIS}")
        session.add(head)
        session.flush()  # so that the next entry finds it
    seq, last = parse_head(head.value)
    if seq is None:
        raise chain_broken(f"The head of the audit trail reads “{str(head.value)[:20]}”.")
    for number, entry in enumerate(entries, seq + 1):
        entry.seq = number
        entry.previous_hash = last
        entry.hash = last = entry_hash(entry)
        head.value = f"{number}:{last}"
    session.add_all(entries)


def verify_chain(session: Session, signed: Mapping[int, str] | None = None) -> AuditVerdict:
    """Walk the whole chain and compare it with its head, the revisions and timelines it covers, and their objects.

    `signed` holds hashes of entries that are known from elsewhere, by their place: the chain has to agree with them.
    """
    last, seq, linked = GENESIS, 0, 0
    known = dict(signed or {})
    lines = timeline_hash_chain.TimelineCheck(session)
    apart = ""
    statement: SqlStatement = sqlalchemy.select(AuditEntry, Revision).join(
        Revision, isouter=True, onclause=col(AuditEntry.revision_id) == col(Revision.id)
    )
    try:
        for entry, revision in iterate_rows(
            session, statement, get_table(AuditEntry).c.seq, lambda pair: pair[0].seq
        ):
            seq += 1
            problem = _entry_problem(entry, revision, seq, last)
            if (
                not problem
                and entry.object_kind == timeline_hash_chain.TIMELINE_KIND
                and entry.operation in timeline_hash_chain.OPERATIONS
            ):
                problem = _timeline_problem(lines, entry)
            if problem:
                return AuditVerdict(ok=False, checked=seq, problem=problem)
            linked += revision is not None
            last = entry.hash
            if not apart and known.pop(seq, last) != last:
                apart = f"entry {seq} is another one than the one that was signed: the chain was made anew"
    except UnreadableRowError:
        return AuditVerdict(ok=False, checked=seq, problem=f"entry {seq + 1} or its revision cannot be read")
    known.pop(0, None)
    if not apart and known:
        apart = f"it ends at entry {seq}, and entry {max(known)} was signed: it was cut off, or an older copy was put back"
    problem = (
        _head_problem(session, seq, last)
        or _uncovered_revision_problem(session, linked)
        or _timeline_problem(lines, None)
        or find_state_problem(session)
        or apart
    )
    return AuditVerdict(ok=not problem, checked=seq, problem=problem)


def _entry_problem(entry: AuditEntry, revision: Revision | None, seq: int, last: str) -> str:
    if entry.seq != seq:
        return f"entry {seq} is missing" if entry.seq > seq else f"entry {entry.seq} does not belong to it"
    if entry.previous_hash != last:
        return f"entry {seq} does not follow the one before"
    try:
        edited = entry.hash != entry_hash(entry)
    except TypeError:  # bytes where a text belongs
        edited = True
    if edited:
        return f"entry {seq} was edited"
    if entry.revision_id is not None:
        if revision is None:
            return f"the revision of entry {seq} is missing"
        if entry.detail != revision_detail(revision):
            return f"the revision of entry {seq} was edited"
    return ""


def _timeline_problem(lines: timeline_hash_chain.TimelineCheck, entry: AuditEntry | None) -> str:
    """Find what is wrong with the lines that `entry` covers, or with those that no entry covers."""
    try:
        return lines.find_uncovered_lines() if entry is None else lines.find_entry_problem(entry)
    except UnreadableRowError:
        return "a line of a timeline cannot be read"


def _head_problem(session: Session, seq: int, last: str) -> str:
    stored = session.exec(select(StoreMeta.value).where(StoreMeta.key == HEAD_KEY)).first()
    head = f"0:{GENESIS}" if stored is None else stored
    if head == f"{seq}:{last}":
        return ""
    number, _ = parse_head(head)
    if number is not None and number > seq:
        return f"entries after {seq} are missing"
    return f"its head was edited, or entries were added behind it; the last entry is {seq}"


def _uncovered_revision_problem(session: Session, linked: int) -> str:
    """Find revisions that no entry covers; `linked` are covered."""
    count = session.exec(select(func.count()).select_from(Revision)).one()
    if count == linked:
        return ""
    covered = select(AuditEntry.revision_id).where(col(AuditEntry.revision_id) == col(Revision.id))
    statement = select(Revision.object_name, Revision.number).where(~covered.exists())
    stray = session.exec(statement.order_by(col(Revision.changed_at))).first()
    if stray is None:
        return "some revisions are covered twice"
    return f"version {stray[1]} of “{stray[0]}” has no entry"


def revision_detail(revision: Revision) -> str:
    """Return the detail of the audit entry that covers a revision."""
    return f"sha256:{stored_revision_digest(revision)}"


def stored_revision_digest(revision: Revision) -> str:
    """Return the digest of a stored revision row."""
    names = (
        "object_kind",
        "object_id",
        "object_name",
        "number",
        "operation",
        "before",
        "after",
        "note",
        "changed_by",
    )
    parts = [getattr(revision, name) for name in names]
    at = canonical_timestamp(revision.changed_at)
    return revision_digest([*(None if part is None else str(part) for part in parts), at])
