"""Configuration objects that a unit of work stores together, with few statements for all of them."""

import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from sqlalchemy import Table, bindparam, func, select, update
from sqlmodel import Session, SQLModel

from models.base import ConfigurationObject, name_key, utcnow
from models.kinds import Kind
from models.revision import Revision
from models.tables import model_for_kind
from services.common.errors import ConflictError
from services.store.row_values import RowDict, RowValues, get_table, keep_observed, row_to_dict

BATCH_SIZE = 500
"""Rows or ids in one statement: databases limit how many values one may carry."""

Object = TypeVar("Object", bound=ConfigurationObject)
Value = TypeVar("Value")
StoredObjects = dict[tuple[Kind, uuid.UUID], RowDict]
"""Stored rows by kind and id."""


@dataclass(frozen=True, slots=True)
class RowChange:
    """What happens to one row: create, update or delete, with its columns before and after."""

    table: str
    operation: str
    before: RowDict | None
    after: RowDict | None

    @classmethod
    def of(cls, row: SQLModel, operation: str, before: RowDict | None, after: RowDict | None) -> "RowChange":
        """Return the change of `row`."""
        return cls(str(get_table(row).name), operation, before, after)


class ObjectBatch:
    """Takes objects one after the other, checks their versions and stamps them; `write` stores all of them.

    Made by `UnitOfWork.new_batch` for the objects that it will take. Whoever changes a name frees the former one for
    those that come later; a reference may point at an object that came earlier.
    """

    def __init__(self, session: Session, objects: Sequence[ConfigurationObject], *, actor: str) -> None:
        self.stored = read_stored_objects(session, objects)
        """What the store holds of the objects."""
        self.changes: list[RowChange] = []
        """What happened to the objects so far, in the order in which they came."""
        self._session = session
        self._actor = actor
        self._last_numbers = _read_last_numbers(
            session, [one for one in objects if (one.kind, one.id) not in self.stored]
        )
        self._created: dict[Kind, list[RowDict]] = {}
        self._updated: dict[Kind, list[RowDict]] = {}
        self._bases: dict[uuid.UUID, RowValues] = {}

    def create(self, row: Object) -> Object:
        """Take a new object as version 1, or the next one of an object that comes back after its deletion.

        Whoever still has an old version of that open cannot take it for the present one. Raises ConflictError when the
        object is there already.
        """
        present = self.stored.get((row.kind, row.id))
        if present is not None:
            raise ConflictError(base=None, mine=row_to_dict(row), theirs=present)
        row.version = self._last_numbers.get((row.kind, row.id), 0) + 1
        row.name_key = name_key(row.name)
        row.created_at = row.changed_at = utcnow()
        row.created_by = row.changed_by = self._actor
        values = row_to_dict(row)
        self._created.setdefault(row.kind, []).append(values)
        self.changes.append(RowChange.of(row, "create", None, values))
        return row

    def update(self, row: Object, base_version: int, *, base: RowValues | None = None) -> Object:
        """Take an object over version `base_version`; it has its new version then.

        Raises ConflictError with `base` (what the caller opened, if it knows), mine and theirs when another version is stored.
        """
        before = self.stored.get((row.kind, row.id))
        if before is None or before["version"] != base_version:
            raise ConflictError(base=dict(base) if base else None, mine=row_to_dict(row), theirs=before)
        row.version = base_version + 1
        row.name_key = name_key(row.name)
        row.changed_at, row.changed_by = utcnow(), self._actor
        row.created_at, row.created_by = before["created_at"], before["created_by"]
        keep_observed(row, before)
        values = row_to_dict(row)
        if base:
            self._bases[row.id] = base
        self._updated.setdefault(row.kind, []).append(values)
        self.changes.append(RowChange.of(row, "update", before, values))
        return row

    def write(self) -> None:
        """Store the objects. Raises ConflictError when one is no longer as it was read."""
        # In the order in which kinds refer to each other. A name is freed before a new object takes it.
        for kind in Kind:
            table = get_table(model_for_kind(kind))
            self._write_updates(kind, table)
            if created := self._created.pop(kind, None):
                self._session.execute(table.insert(), created)

    def _write_updates(self, kind: Kind, table: Table) -> None:
        updated = self._updated.pop(kind, None)
        if not updated:
            return
        statement = update(table).where(
            table.c.id == bindparam("stored_id"), table.c.version == bindparam("stored_version")
        )
        rows = [
            {**values, "stored_id": values["id"], "stored_version": values["version"] - 1}
            for values in updated
        ]
        done = self._session.execute(statement, rows)
        if done.rowcount != len(rows):  # type: ignore[attr-defined]
            raise self._conflict(table, updated)

    def _conflict(self, table: Table, updated: Sequence[RowDict]) -> ConflictError:
        """Return the error for the first of some rows that are not all stored as they are here."""
        for mine in updated:
            found = self._session.execute(select(table).where(table.c.id == mine["id"])).mappings().first()
            if found is None or found["version"] != mine["version"] or mine is updated[-1]:
                break
        base = self._bases.get(mine["id"])
        return ConflictError(
            base=dict(base) if base else None, mine=mine, theirs=dict(found) if found else None
        )


def read_stored_objects(session: Session, objects: Iterable[ConfigurationObject]) -> StoredObjects:
    """Return the columns of the stored versions of `objects`; those that the store does not have are left out."""
    found: StoredObjects = {}
    for kind, ids in _ids_by_kind(objects).items():
        table = get_table(model_for_kind(kind))
        for part in batches(ids):
            rows = session.execute(select(table).where(table.c.id.in_(part))).mappings()
            found |= {(kind, row["id"]): dict(row) for row in rows}
    return found


def _read_last_numbers(
    session: Session, objects: Iterable[ConfigurationObject]
) -> dict[tuple[Kind, uuid.UUID], int]:
    """Return the number of the last revision of each object that has one."""
    revisions = get_table(Revision)
    found: dict[tuple[Kind, uuid.UUID], int] = {}
    for kind, ids in _ids_by_kind(objects).items():
        of_kind = revisions.c.object_kind == str(get_table(model_for_kind(kind)).name)
        for part in batches(ids):
            last = (
                select(revisions.c.object_id, func.max(revisions.c.number))
                .where(revisions.c.object_id.in_(part), of_kind)
                .group_by(revisions.c.object_id)
            )
            found |= {(kind, row[0]): int(row[1]) for row in session.execute(last)}
    return found


def _ids_by_kind(objects: Iterable[ConfigurationObject]) -> dict[Kind, list[uuid.UUID]]:
    found: dict[Kind, list[uuid.UUID]] = {}
    for one in objects:
        found.setdefault(one.kind, []).append(one.id)
    return found


def batches(values: Iterable[Value]) -> Iterator[list[Value]]:
    """Yield `values` in parts that one statement may carry."""
    rest = iter(values)
    while part := list(islice(rest, BATCH_SIZE)):
        yield part
