"""Compares what is wanted with what is there, and says what would be done about it. Writes nothing."""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from models.translation_marks import tr_later
from services.common.json_types import JsonLike
from services.language import tr_message
from services.provisioning.current_records import InstanceState
from services.provisioning.item_names import ItemNames
from services.provisioning.required_records import (
    ITEM_KEY,
    DesiredRecord,
    FieldValue,
    RecordReference,
    desired_records,
)
from services.servicenow.script_templates import MARKER_COLUMN, add_marker
from services.servicenow.table_api import Row

Operation = Literal["create", "update", "keep", "conflict"]
OPERATIONS: tuple[Operation, ...] = ("create", "update", "keep", "conflict")
OVERWRITE_ALL = "all"
"""What names every conflict at once: the task's “Force update”."""
FINGERPRINT_PLAIN_MAX = 255


@dataclass(frozen=True, slots=True)
class RecordFingerprint:
    """A record as it was when it was last found good: its sys_id and the fingerprint of each column."""

    sys_id: str
    fields: Mapping[str, str]


Baseline = Mapping[str, RecordFingerprint]
"""By key."""


@dataclass(frozen=True, slots=True)
class RecordChange:
    """What is done about one record. `fields` is column to (what is there or None, what is to be)."""

    key: str
    operation: Operation
    table: str
    name: str
    sys_id: str | None
    fields: dict[str, tuple[str | None, FieldValue]]
    why: str
    parent: str = ""
    overwrites: bool = False
    """Whether it replaces what others changed, because the call asked for that."""

    def as_dict(self) -> dict[str, JsonLike]:
        """Return the change for JSON; a reference to a record that is not made yet reads as its key."""
        return {
            "operation": self.operation,
            "table": self.table,
            "name": self.name,
            "sys_id": self.sys_id,
            "fields": {
                column: {"from": before, "to": format_value(after)}
                for column, (before, after) in self.fields.items()
            },
            "why": self.why,
        }


@dataclass(frozen=True, slots=True)
class ProvisionPlan:
    """Every record with what is done about it, in the order in which it is done."""

    names: ItemNames
    present: InstanceState
    changes: tuple[RecordChange, ...]
    warnings: tuple[str, ...] = ()

    @property
    def summary(self) -> dict[str, int]:
        """Return how many records each operation is for."""
        return {name: sum(1 for c in self.changes if c.operation == name) for name in OPERATIONS}

    @property
    def writes(self) -> tuple[RecordChange, ...]:
        """Return what would be written."""
        return tuple(c for c in self.changes if c.operation in ("create", "update"))

    @property
    def conflicts(self) -> tuple[RecordChange, ...]:
        """Return the changes that are not applied unless they are named."""
        return tuple(c for c in self.changes if c.operation == "conflict")

    def as_dict(self) -> dict[str, JsonLike]:
        """Return the plan for JSON."""
        return {
            "changes": [change.as_dict() for change in self.changes],
            "summary": self.summary,
            "warnings": list(self.warnings),
        }


def format_value(value: FieldValue) -> str:
    """Return a value as text; a record that is still to be made is named by its key."""
    return f"({value.key})" if isinstance(value, RecordReference) else value


def fingerprint(value: str) -> str:
    """Return what a value is remembered by: itself, or the digest of a long text without white space at line ends."""
    text = _normalize(value)
    return (
        text if len(text) <= FINGERPRINT_PLAIN_MAX else f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"
    )


def make_plan(
    names: ItemNames, present: InstanceState, baseline: Baseline, overwrite: Collection[str] = ()
) -> ProvisionPlan:
    """Compare. What differs from the contract is updated where it still is as this console left it, else a conflict.

    `overwrite` names the conflicts (by name, key or “all”) that are written over all the same.
    """
    planner = _Planner(present, baseline, frozenset(name.casefold() for name in overwrite))
    changes = tuple(planner.change(wanted) for wanted in desired_records(names, present.around))
    return ProvisionPlan(names, present, changes, _warnings(names, present))


def _warnings(names: ItemNames, present: InstanceState) -> tuple[str, ...]:
    item = present.one(ITEM_KEY)
    attached = item["workflow"] if item is not None else present.around.workflow_id
    if attached:
        return ()
    names_there = ", ".join(present.workflows[:5])
    if not names_there:
        return (
            tr_message(
                "No workflow is attached to “{item}” by this plan, so that nobody would be asked to approve. Name one, or attach a workflow or flow in ServiceNow.",
                item=names.item,
            ),
        )
    return (
        tr_message(
            "No workflow is attached to “{item}” by this plan, so that nobody would be asked to approve. Name one, or attach a workflow or flow in ServiceNow. There are {count}: {workflows}.",
            item=names.item,
            count=len(present.workflows),
            workflows=names_there,
        ),
    )


class _Planner:
    """Decides on one record after the other; what hangs on a record that cannot be told apart waits with it."""

    def __init__(self, present: InstanceState, baseline: Baseline, overwrite: frozenset[str]) -> None:
        self._present = present
        self._baseline = baseline
        self._overwrite = overwrite
        self._ambiguous_keys: set[str] = set()

    def change(self, wanted: DesiredRecord) -> RecordChange:
        found = self._present.records.get(wanted.key, [])
        if wanted.parent in self._ambiguous_keys:
            self._ambiguous_keys.add(wanted.key)
            return self._made(
                wanted, "conflict", None, {}, tr_later("Waits until what it hangs on is one record")
            )
        if len(found) > 1:
            self._ambiguous_keys.add(wanted.key)
            ids = ", ".join(row["sys_id"] for row in found[:3])
            return self._made(
                wanted, "conflict", None, {},
                tr_message(
                    "There are {count} of this name ({ids}); which one is used is not defined. Remove the others",
                    count=len(found), ids=ids,
                ),
            )  # fmt: skip
        if not found:
            fields: dict[str, tuple[str | None, FieldValue]] = {
                column: (None, self._resolved(value)) for column, value in wanted.fields.items()
            }
            return self._made(wanted, "create", None, fields, tr_later("Does not exist on the instance"))
        return self._compare(wanted, found[0])

    def _compare(self, wanted: DesiredRecord, row: Row) -> RecordChange:
        differing: dict[str, tuple[str | None, FieldValue]] = {}
        for column in wanted.compared_fields:
            now, to = row[column], self._target_value(column, row, format_value(wanted.fields[column]))
            if _normalize(now) != _normalize(to):
                differing[column] = (now, to)
        sys_id = row["sys_id"]
        if not differing:
            return self._made(wanted, "keep", sys_id, {}, tr_later("Matches, no change"))
        if self._is_ours(wanted.key, row, differing):
            return self._made(
                wanted,
                "update",
                sys_id,
                differing,
                tr_later("It is as an earlier version of this console left it"),
            )
        last = {"who": row["sys_updated_by"] or tr_message("somebody"), "time": row["sys_updated_on"]}
        if self._overwrite & {wanted.name.casefold(), wanted.key.casefold(), OVERWRITE_ALL}:
            why = tr_message("Written over as asked; last changed by {who} on {time} UTC", **last)
            return replace(self._made(wanted, "update", sys_id, differing, why), overwrites=True)
        return self._made(
            wanted,
            "conflict",
            sys_id,
            differing,
            tr_message("It differs from the contract; last changed by {who} on {time} UTC", **last),
        )

    @staticmethod
    def _target_value(column: str, row: Row, wanted: str) -> str:
        # Words of others beside the marker stay.
        return add_marker(row[column], wanted) if column == MARKER_COLUMN and row[column] else wanted

    def _is_ours(self, key: str, row: Row, differing: Collection[str]) -> bool:
        known = self._baseline.get(key)
        if known is None or known.sys_id != row["sys_id"]:
            return False
        return all(known.fields.get(column) == fingerprint(row[column]) for column in differing)

    def _resolved(self, value: FieldValue) -> FieldValue:
        """Fill in the sys_id of a record that is there already."""
        if isinstance(value, RecordReference) and (row := self._present.one(value.key)) is not None:
            return row["sys_id"]
        return value

    @staticmethod
    def _made(
        wanted: DesiredRecord,
        operation: Operation,
        sys_id: str | None,
        fields: dict[str, tuple[str | None, FieldValue]],
        why: str,
    ) -> RecordChange:
        return RecordChange(
            wanted.key, operation, wanted.table, wanted.name, sys_id, fields, why, wanted.parent
        )


def _normalize(value: str) -> str:
    """Return a text as it is compared: line ends and white space before them say nothing."""
    if value in ("1", "0"):
        return {"1": "true", "0": "false"}[value]
    return "\n".join(line.rstrip() for line in value.strip().splitlines())
