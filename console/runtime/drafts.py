"""Drafts: what was typed and not yet saved, kept while pages come and go and over a restart.

A draft is a plain dict of field values beside the values it started from. A password being typed is carried in
memory only and never reaches the file.
"""

import json
import os
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypedDict

from PyQt6.QtCore import QObject, QTimer, pyqtSignal

from models.field_values import FieldValue, FieldValues
from models.kinds import Kind
from models.secret_names import SecretName
from services.common.json_types import JsonObject
from services.common.secret import Secret

SAVE_AFTER_MS = 800
FORMAT = 1
ADDRESS_FIELDS = ("base_url", "proxy")
"""Fields that hold an address, into which a person may have typed a password."""

StoredValue = dict[str, str] | str | int | bool | None
"""A value in the file; an id is an object with the key `id`."""


class StoredDraft(TypedDict):
    """An entry of the file."""

    kind: str
    id: str
    base: dict[str, StoredValue] | None
    base_version: int
    values: dict[str, StoredValue]


@dataclass(slots=True)
class Draft:
    """Values typed for one object. `base` is what they started from, None for an object that was never stored."""

    kind: Kind
    id: uuid.UUID
    values: FieldValues
    base: FieldValues | None = None
    base_version: int = 0
    secrets: Mapping[SecretName, Secret] = field(default_factory=dict, repr=False)
    """Typed secrets; in memory only."""
    fresh: FieldValues | None = None
    """What a new object was offered with, before anybody typed; None where it holds somebody's work from the start."""

    @property
    def is_new(self) -> bool:
        """Whether the object was never stored."""
        return self.base is None

    @property
    def changed_names(self) -> list[str]:
        """Return the fields that differ from what was opened, in the order of the form."""
        base = self.base or {}
        return [name for name, value in self.values.items() if name not in base or base[name] != value]

    @property
    def dirty(self) -> bool:
        """Whether there is something to save."""
        return self.is_new or bool(self.changed_names) or bool(self.secrets)

    @property
    def untouched(self) -> bool:
        """Whether nobody typed anything: it is nothing to keep or to ask about."""
        return self.is_new and self.fresh is not None and self.values == self.fresh and not self.secrets


class Drafts(QObject):
    """Every draft of this window, by kind and id. `changed(kind, id)` follows each change that a tree may show."""

    changed = pyqtSignal(str, object)

    def __init__(self, parent: QObject | None = None, *, file: Path | None = None) -> None:
        super().__init__(parent)
        self._drafts: dict[tuple[str, uuid.UUID], Draft] = {}
        self._file: Path | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(SAVE_AFTER_MS)
        self._timer.timeout.connect(self.flush)
        if file is not None:
            self.restore(file)

    def get(self, kind: str, object_id: uuid.UUID | None) -> Draft | None:
        """Return the draft of an object, or None."""
        return None if object_id is None else self._drafts.get((str(kind), object_id))

    def has(self, kind: str, object_id: uuid.UUID | None) -> bool:
        """Whether an object has a draft."""
        return self.get(kind, object_id) is not None

    def all(self, kind: str | None = None) -> list[Draft]:
        """Return the drafts of a kind, or of all kinds, oldest first."""
        return [d for (k, _), d in self._drafts.items() if kind is None or k == str(kind)]

    def put(self, draft: Draft) -> None:
        """Keep a draft, in place of an earlier one of the same object.

        Told about when it is new or its name changed; the other fields show nowhere but on their page.
        """
        before = self.get(draft.kind, draft.id)
        self._drafts[str(draft.kind), draft.id] = draft
        self._timer.start()
        if before is None or before.values.get("name") != draft.values.get("name"):
            self.changed.emit(str(draft.kind), draft.id)

    def discard(self, kind: str, object_id: uuid.UUID) -> None:
        """Forget the draft of an object, if there is one."""
        if self._drafts.pop((str(kind), object_id), None) is not None:
            self._timer.start()
            self.changed.emit(str(kind), object_id)

    # -- the file ----------------------------------------------------------------------------------------------

    def restore(self, file: Path) -> int:
        """Read the drafts kept in `file` and keep them there from now on; returns how many there were.

        A file that cannot be read is set aside under another name, so that nothing typed is destroyed.
        """
        self._file = file
        try:
            document = json.loads(file.read_text(encoding="utf-8"))
            drafts = [_decode(entry) for entry in document["drafts"]]
        except FileNotFoundError:
            return 0
        except (OSError, ValueError, KeyError, TypeError):
            file.replace(file.with_suffix(".unreadable"))
            return 0
        for draft in drafts:
            self._drafts[str(draft.kind), draft.id] = draft
            self.changed.emit(str(draft.kind), draft.id)
        return len(drafts)

    def flush(self) -> None:
        """Write the drafts to their file, replacing it in one step; for this user's eyes only."""
        self._timer.stop()
        if self._file is None:
            return
        kept = [draft for draft in self._drafts.values() if not draft.untouched]
        if not kept:
            self._file.unlink(missing_ok=True)
            return
        document = {"format": FORMAT, "drafts": [_encode(draft) for draft in kept]}
        self._file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        beside = self._file.with_suffix(".new")
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            json.dump(document, stream, ensure_ascii=False, indent=1)
        beside.replace(self._file)


def drafts_file(profile: Path, store_url: str) -> Path:
    """Return where the drafts of a store are kept: each has a file of its own, as two may be open at once."""
    from console.runtime.single_instance import store_key

    return profile / f"drafts-{store_key(store_url)}.json"


def _is_storable(name: str, value: FieldValue) -> bool:
    # An address typed with a user name and password in it is refused by its field; it must not reach a file either.
    return not (name in ADDRESS_FIELDS and isinstance(value, str) and "@" in value)


def _encode_values(values: FieldValues) -> JsonObject:
    return {
        name: {"id": str(value)} if isinstance(value, uuid.UUID) else value
        for name, value in values.items()
        if _is_storable(name, value)
    }


def _decode_values(values: Mapping[str, StoredValue]) -> FieldValues:
    return {name: uuid.UUID(v["id"]) if isinstance(v, dict) else v for name, v in values.items()}


def _encode(draft: Draft) -> JsonObject:
    return {
        "kind": str(draft.kind),
        "id": str(draft.id),
        "base": None if draft.base is None else _encode_values(draft.base),
        "base_version": draft.base_version,
        "values": _encode_values(draft.values),
    }


def _decode(entry: StoredDraft) -> Draft:
    base = entry["base"]
    return Draft(
        kind=Kind(entry["kind"]),
        id=uuid.UUID(entry["id"]),
        base=None if base is None else _decode_values(base),
        base_version=int(entry["base_version"]),
        values=_decode_values(entry["values"]),
    )
