"""Revisions as lists of field changes."""

import json
import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from models.kinds import KINDS, Kind
from models.revision import Revision
from models.tables import model_for_kind
from services.common.json_types import JsonObject, JsonValue

HIDDEN_FIELDS = frozenset(
    {"id", "version", "created_at", "created_by", "changed_at", "changed_by", "name_key"}
)


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field before and after; None means that it did not exist."""

    name: str
    before: JsonValue
    after: JsonValue


@dataclass(frozen=True, slots=True)
class RevisionView:
    """A revision with its differences."""

    id: uuid.UUID
    object_kind: str
    object_id: uuid.UUID
    object_name: str
    number: int
    operation: str
    at: datetime
    by: str
    note: str
    changes: list[FieldChange]

    def as_dict(self) -> JsonObject:
        """Return the revision for JSON."""
        return {
            "id": str(self.id),
            "kind": self.object_kind,
            "object": str(self.object_id),
            "name": self.object_name,
            "version": self.number,
            "operation": self.operation,
            "at": self.at.isoformat(),
            "by": self.by,
            "note": self.note,
            "changes": [{"field": c.name, "from": c.before, "to": c.after} for c in self.changes],
        }


@dataclass(frozen=True, slots=True)
class DeletedObject:
    """A deleted object that does not exist now: its name, when it was deleted and by whom.

    `revision` is the argument of `Configuration.restore`.
    """

    kind: Kind
    id: uuid.UUID
    name: str
    at: datetime
    by: str
    revision: uuid.UUID


def list_deleted_objects(session: Session) -> list[DeletedObject]:
    """Return every deleted object that does not exist now, the last deleted first."""
    kinds = {info.table: kind for kind, info in KINDS.items()}
    query = (
        select(Revision)
        .where(col(Revision.object_kind).in_(kinds), Revision.operation == "delete")
        .order_by(col(Revision.changed_at).desc(), col(Revision.number).desc())
    )
    present = {key for kind in KINDS for key in session.exec(select(model_for_kind(kind).id))}
    found: dict[uuid.UUID, DeletedObject] = {}
    for row in session.exec(query):
        if row.object_id not in present and row.object_id not in found:
            found[row.object_id] = DeletedObject(
                kinds[row.object_kind], row.object_id, row.object_name, row.changed_at, row.changed_by, row.id
            )
    return list(found.values())


def list_deleted_names(session: Session, kind: Kind) -> list[tuple[uuid.UUID, str]]:
    """Return the objects of a kind that were ever deleted, each with the name it had then, the last one first."""
    query = (
        select(Revision.object_id, Revision.object_name)
        .where(Revision.object_kind == KINDS[kind].table, Revision.operation == "delete")
        .order_by(col(Revision.changed_at).desc())
    )
    return list(session.exec(query))


def to_revision_view(row: Revision) -> RevisionView:
    """Return `row` with the differences between its two sides."""
    before = json.loads(row.before) if row.before else {}
    after = json.loads(row.after) if row.after else {}
    names = [n for n in {**before, **after} if n not in HIDDEN_FIELDS and before.get(n) != after.get(n)]
    return RevisionView(
        row.id,
        row.object_kind,
        row.object_id,
        row.object_name,
        row.number,
        row.operation,
        row.changed_at,
        row.changed_by,
        row.note,
        [FieldChange(n, before.get(n), after.get(n)) for n in sorted(names)],
    )
