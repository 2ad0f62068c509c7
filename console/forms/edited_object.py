"""The values of one object while it is edited: as it was opened, as stored now, and as typed."""

import uuid
from typing import TYPE_CHECKING, TypeVar

from PyQt6.QtCore import QObject

from console.runtime.drafts import Draft
from models.field_values import FieldValues
from models.kinds import KINDS, Kind
from models.secret_names import SecretName
from services.common.errors import ConflictError
from services.common.secret import Secret

if TYPE_CHECKING:
    from models.base import ConfigurationObject

T = TypeVar("T", bound="ConfigurationObject")


class EditedObject(QObject):
    """Values by field: `base` as opened (None for a new object), `values` as typed. Typed secrets are `secrets`."""

    def __init__(self, kind: Kind, object_id: uuid.UUID, parent: QObject) -> None:
        super().__init__(parent)
        self.kind = kind
        self.id = object_id
        self.item: ConfigurationObject | None = None
        """The object as stored; None for a new one."""
        self.values: FieldValues = {}
        self.base: FieldValues | None = None
        self.base_version = 0
        self.secrets: dict[SecretName, Secret] = {}

    @property
    def is_new(self) -> bool:
        """Whether the object was never stored."""
        return self.base is None

    @property
    def changed_names(self) -> list[str]:
        """Return the fields that differ from what is stored."""
        base = self.base or {}
        return [n for n, v in self.values.items() if n not in base or base[n] != v]

    def candidate(self) -> "ConfigurationObject":
        """Return the object as it would be saved: stored identity and version, typed values."""
        from models.tables import model_for_kind

        return self.candidate_of(model_for_kind(self.kind))

    def candidate_of(self, model: type[T]) -> T:
        """Return the candidate as an object of the model of its kind."""
        return model.of_values({**self.values, "id": self.id, "version": self.base_version})

    def stored_as(self, model: type[T]) -> T | None:
        """Return the stored object if it is one of `model`, else None."""
        return self.item if isinstance(self.item, model) else None

    def text(self, name: str) -> str:
        """Return the value of a field as text; empty when it is unset."""
        return str(self.values.get(name) or "")

    def reference(self, name: str) -> uuid.UUID | None:
        """Return the id that a reference holds, or None."""
        value = self.values.get(name)
        return value if isinstance(value, uuid.UUID) else None

    def default_values(self) -> FieldValues:
        """Return the values of a new object."""
        from models.tables import model_for_kind

        return field_values(model_for_kind(self.kind).of_values({"name": KINDS[self.kind].new_name}))

    def apply_stored(self, item: "ConfigurationObject") -> None:
        """Start from an object as it is stored."""
        self.item = item
        self.base = field_values(item)
        self.base_version = item.version
        self.values = dict(self.base)

    def apply_draft(self, draft: Draft) -> None:
        """Put a draft on top of what is stored."""
        if draft.base_version == self.base_version:
            self.values = {**self.values, **draft.values}
            return
        # Saved by somebody since the draft was stored: what only the draft changed is kept. Where both sides changed
        # a field, the draft keeps its old base, so that saving reports the conflict.
        theirs = dict(self.values)
        merged, conflicts = self.merge(draft.base or {}, draft.values, theirs)
        self.values = {**theirs, **merged}
        if conflicts:
            self.base, self.base_version = dict(draft.base or {}), draft.base_version

    def merge_conflict(self, error: ConflictError) -> tuple[FieldValues, FieldValues, list[str]]:
        """Return what a merge starts from: merged values, theirs, and the fields both sides changed."""
        base, theirs = self.restored(error.base or {}), self.restored(error.theirs or {})
        merged, conflicts = self.merge(base or self.base or {}, self.values, theirs)
        return merged, theirs, conflicts

    def merge(
        self, base: FieldValues, mine: FieldValues, theirs: FieldValues
    ) -> tuple[FieldValues, list[str]]:
        """Return the merged values and the fields that both sides changed."""
        from services.configuration import three_way_merge

        found = three_way_merge.merge(base, {**theirs, **mine}, theirs, list(self.values))
        return found.values, found.conflicts

    def restored(self, values: FieldValues) -> FieldValues:
        """Return the editable fields of a row that a conflict carries."""
        return {name: value for name, value in values.items() if name in self.values}


def field_values(item: "ConfigurationObject") -> FieldValues:
    """Return the editable values of an object by field."""
    from services.configuration.validation import field_values as editable

    return editable(item)
