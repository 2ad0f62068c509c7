"""One write transaction: every row it touches gets its revision and its link in the audit chain."""

import uuid
from collections.abc import Mapping, Sequence
from typing import TypeVar

from sqlalchemy import Table, bindparam, delete, select, update
from sqlmodel import Session, SQLModel

from models.approval_request import COPY_VERSION
from models.audit_entry import AuditEntry
from models.base import ConfigurationObject, utcnow
from models.revision import Revision
from services.common.errors import ConflictError
from services.store import answer_outbox, timeline_hash_chain
from services.store.audit_trail import append_entries, revision_detail
from services.store.change_feed import Change
from services.store.object_batch import BATCH_SIZE, ObjectBatch, RowChange
from services.store.row_values import (
    RowDict,
    RowValues,
    get_table,
    keep_observed,
    observed_columns,
    row_to_dict,
    to_json,
)

Row = TypeVar("Row", bound=SQLModel)


class UnitOfWork:
    """Writes rows inside one transaction. Made by `Store.write`; never kept beyond it."""

    def __init__(self, session: Session, *, actor: str, note: str) -> None:
        self.session = session
        self.changes: list[Change] = []
        self._foreign_lines = timeline_hash_chain.find_unnumbered_lines(session)
        self._actor = actor
        self._note = note

    def insert(self, row: Row) -> Row:
        """Store a new row as version 1 and return it.

        An object that comes back after its deletion goes on counting, see `ObjectBatch.create`. Raises ConflictError when
        the object is there already.
        """
        if isinstance(row, ConfigurationObject):
            batch = self.new_batch([row])
            batch.create(row)
            self.write_batch(batch)
            return row
        row.version = 1
        values = row_to_dict(row)
        self.session.execute(get_table(row).insert().values(**values))
        self._record([RowChange.of(row, "create", None, values)])
        return row

    def update(self, row: Row, base_version: int, *, base: RowValues | None = None) -> Row:
        """Store `row` over version `base_version` and return it with its new version.

        Raises ConflictError with `base` (what the caller opened, if it knows), mine and theirs when another version is stored.
        """
        if isinstance(row, ConfigurationObject):
            batch = self.new_batch([row])
            batch.update(row, base_version, base=base)
            self.write_batch(batch)
            return row
        before = self._stored(row)
        if before is None or before["version"] != base_version:
            raise ConflictError(base=dict(base) if base else None, mine=row_to_dict(row), theirs=before)
        row.version = base_version + 1
        keep_observed(row, before)
        values = row_to_dict(row)
        table = get_table(row)
        done = self.session.execute(
            update(table).where(table.c.id == before["id"], table.c.version == base_version).values(**values)
        )
        if done.rowcount != 1:  # type: ignore[attr-defined]
            raise ConflictError(base=dict(base) if base else None, mine=values, theirs=self._stored(row))
        self._record([RowChange.of(row, "update", before, values)])
        return row

    def delete(self, row: SQLModel, base_version: int) -> None:
        """Delete `row` if it is still version `base_version`; its revisions stay. Raises ConflictError."""
        before = self._stored(row)
        if before is None or before["version"] != base_version:
            raise ConflictError(base=None, mine=row_to_dict(row), theirs=before)
        table = get_table(row)
        self.session.execute(delete(table).where(table.c.id == before["id"]))
        self._record([RowChange.of(row, "delete", before, None)])

    def new_batch(self, objects: Sequence[ConfigurationObject]) -> ObjectBatch:
        """Return a batch for `objects`, none of which is stored yet; `write_batch` stores those that it was given."""
        return ObjectBatch(self.session, objects, actor=self._actor)

    def write_batch(self, batch: ObjectBatch) -> None:
        """Store the objects of a batch, each with its revision and its link in the audit chain. Raises ConflictError."""
        batch.write()
        self._record(batch.changes)

    def observe(
        self,
        model: type[SQLModel],
        seen: Mapping[uuid.UUID, RowValues],
        copies: Sequence[SQLModel | RowValues] = (),
        *,
        detail: str = "",
    ) -> None:
        """Write down what an instance says of rows: observed columns by id, and rows that are only copies of it.

        There are no revisions, because nobody edited anything, and one audit entry for all of it. A copy (a row, or all
        of its columns) replaces the copy of the same id. Raises ValueError for a column that is not observed and for a copy of a row that is owned.
        """
        wrong = {name for values in seen.values() for name in values} - observed_columns(model)
        if wrong:
            raise ValueError(f"{', '.join(sorted(wrong))} belongs to the row and is changed by an update")
        table = get_table(model)
        alike: dict[tuple[str, ...], list[RowDict]] = {}
        for key, values in seen.items():
            if values:
                alike.setdefault(tuple(sorted(values)), []).append({**values, "of_row": key})
        for rows in alike.values():
            # Rows whose columns are the same go to the database together: a look may tell something of thousands.
            self.session.execute(update(table).where(table.c.id == bindparam("of_row")), rows)
        for start in range(0, len(copies), BATCH_SIZE):
            self._copy(table, copies[start : start + BATCH_SIZE])
        if seen or copies:
            self.event("observe", kind=str(table.name), detail=detail or f"{len(seen) + len(copies)} rows")

    def _copy(self, table: Table, copies: Sequence[SQLModel | RowValues]) -> None:
        values = (row_to_dict(one) if isinstance(one, SQLModel) else dict(one) for one in copies)
        rows = {row["id"]: row | {"version": COPY_VERSION} for row in values}
        known = self.session.execute(select(table.c.id, table.c.version).where(table.c.id.in_(rows))).all()
        present = {row.id: row.version for row in known}
        if set(present.values()) - {COPY_VERSION}:
            raise ValueError("a row that is edited here cannot be replaced by a copy")
        if present:
            # In place: a list that was read before finds the row where it was.
            again = [rows.pop(key) | {"of_row": key} for key in present]
            self.session.execute(update(table).where(table.c.id == bindparam("of_row")), again)
        if rows:
            self.session.execute(table.insert(), list(rows.values()))

    def event(
        self,
        operation: str,
        *,
        kind: str = "",
        object_id: uuid.UUID | None = None,
        name: str = "",
        detail: str = "",
    ) -> None:
        """Write an audit entry for something that changes no row, such as an export or a rehearsal."""
        entry = AuditEntry(
            seq=0,
            at=utcnow(),
            actor=self._actor,
            operation=operation,
            object_kind=kind,
            object_id=object_id,
            object_name=name,
            detail=detail,
            previous_hash="",
            hash="",
        )
        self._append([entry])

    def finish(self) -> None:
        """Chain the lines of timelines that were added or removed: one audit entry for all of each."""
        self.session.flush()
        removed = timeline_hash_chain.pop_removed_lines(self.session)
        if removed:
            detail = timeline_hash_chain.removed_detail(removed)
            self.event(
                timeline_hash_chain.REMOVED_OPERATION, kind=timeline_hash_chain.TIMELINE_KIND, detail=detail
            )
            timeline_hash_chain.store_removed_lines(self.session, removed, self.changes[-1].seq)
        added = timeline_hash_chain.number_new_lines(self.session, self._foreign_lines)
        if added is not None:
            self.event(
                timeline_hash_chain.ADDED_OPERATION, kind=timeline_hash_chain.TIMELINE_KIND, detail=added
            )

    def _stored(self, row: SQLModel) -> RowDict | None:
        table = get_table(row)
        found = self.session.execute(select(table).where(table.c.id == row.id)).mappings().first()  # type: ignore[attr-defined]
        return dict(found) if found else None

    def _record(self, changes: Sequence[RowChange]) -> None:
        revisions = [self._revision(change) for change in changes]
        if not revisions:
            return
        self.session.execute(get_table(Revision).insert(), [row_to_dict(one) for one in revisions])
        self._append([self._entry(one) for one in revisions])
        for change in changes:
            if change.after is not None and answer_outbox.ends_request(
                change.table, change.before, change.after
            ):
                self._add_delivery(change.after)

    def _revision(self, change: RowChange) -> Revision:
        values = change.after or change.before or {}
        return Revision(
            object_kind=change.table,
            object_id=values["id"],
            object_name=_object_name(values),
            number=int(values["version"]) + (change.after is None),
            operation=change.operation,
            before=to_json(change.before) if change.before else None,
            after=to_json(change.after) if change.after else None,
            note=self._note,
            changed_at=utcnow(),
            changed_by=self._actor,
        )

    def _entry(self, revision: Revision) -> AuditEntry:
        return AuditEntry(
            seq=0,
            at=revision.changed_at,
            actor=self._actor,
            operation=revision.operation,
            object_kind=revision.object_kind,
            object_id=revision.object_id,
            object_name=revision.object_name,
            revision_id=revision.id,
            detail=revision_detail(revision),
            previous_hash="",
            hash="",
        )

    def _add_delivery(self, request: RowValues) -> None:
        made = answer_outbox.add_delivery(self.session, request)
        if made is not None:
            kind = str(get_table(made).name)
            self.event("answer", kind=kind, object_id=made.id, name=made.client_name, detail=made.outcome)

    def _append(self, entries: Sequence[AuditEntry]) -> None:
        append_entries(self.session, entries)
        self.changes += [
            Change(entry.object_kind, entry.object_id, entry.operation, self._actor, entry.seq)
            for entry in entries
        ]


def _object_name(values: RowValues) -> str:
    for key in ("name", "number", "task", "file_path"):
        if values.get(key):
            return str(values[key])[:255]
    return ""
