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
from services.servicenow.visible_rows import RowVisibility, Visibility

Operation = Literal["create", "update", "keep", "conflict"]
OPERATIONS: tuple[Operation, ...] = ("create", "update", "keep", "conflict")
OVERWRITE_ALL = "all"
"""What names every conflict at once: the task's “Force update”."""
FINGERPRINT_PLAIN_MAX = 255
NOT_SEEN = tr_later("Not seen; whether it exists is unknown, because the account sees no record of this kind")
MAY_BE_HIDDEN = tr_later(
    "Not seen; it may exist, because ServiceNow hides records of this kind from the account"
)
NO_LONGER_SEEN = tr_later("No longer seen under this name; it was there at the last run")
WAITS_FOR_PARENT = tr_later("Waits until what it hangs on is created")
CREATED_AS_ASKED = tr_later(
    "Not seen, and created as asked; it may exist, because ServiceNow hides records of this kind"
)


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
    doubt: Visibility | None = None
    """For a record that was not found: why it may exist all the same. None where the account would see it."""
    waits: bool = False
    """Whether it hangs on a record that is not created."""

    @property
    def can_be_created(self) -> bool:
        """Whether it is a record that may be hidden, and can be created all the same when the call asks for that."""
        return self.doubt is Visibility.HIDDEN and not self.waits

    def as_dict(self) -> dict[str, JsonLike]:
        """Return the change for JSON; a reference to a record that is not made yet reads as its key."""
        doubt: dict[str, JsonLike] = {} if self.doubt is None else {"existence": self.doubt.value}
        return doubt | {
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
    doubtful = dict.fromkeys(change.table for change in changes if change.doubt is not None)
    doubts = [_doubt_warning(present.doubts[table]) for table in doubtful if table in present.doubts]
    return ProvisionPlan(names, present, changes, (*doubts, *_workflow_warnings(names, present)))


def _doubt_warning(doubt: RowVisibility) -> str:
    if doubt.state is Visibility.HIDDEN:
        return tr_message(
            "ServiceNow hides records of {table} from the account. What was not found there is not created: it may exist. Sign in as an administrator who sees them.",
            table=doubt.table,
        )
    return tr_message(
        "The account sees no record of {table} at all, so it is unknown whether what was not found exists. Apply reads again as an administrator, and creates what is not found then; a record hidden from the administrator too would exist twice.",
        table=doubt.table,
    )


def _workflow_warnings(names: ItemNames, present: InstanceState) -> tuple[str, ...]:
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
        self._unknown: set[str] = set()
        """Records that were not found and are created, although they may exist."""
        self._withheld: set[str] = set()
        """Records that were not found and are not created, because they may exist."""

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
        return self._compare(wanted, found[0]) if found else self._create(wanted)

    def _create(self, wanted: DesiredRecord) -> RecordChange:
        """Return what is done about a record that was not found.

        One that may be hidden is created where that is only not known, and is a conflict where the instance says that it
        hides rows: a second record of the name would be worse than none.
        """
        fields: dict[str, tuple[str | None, FieldValue]] = {
            column: (None, self._resolved(value)) for column, value in wanted.fields.items()
        }
        if wanted.parent in self._withheld:
            self._withheld.add(wanted.key)
            change = self._made(wanted, "conflict", None, fields, WAITS_FOR_PARENT)
            return replace(change, doubt=Visibility.HIDDEN, waits=True)
        doubt = self._doubt(wanted)
        if doubt is None:
            known = wanted.key in self._baseline
            why = NO_LONGER_SEEN if known else tr_later("Does not exist on the instance")
            return self._made(wanted, "create", None, fields, why)
        if doubt is Visibility.UNKNOWN:
            self._unknown.add(wanted.key)
            return replace(self._made(wanted, "create", None, fields, NOT_SEEN), doubt=doubt)
        if self._is_named(wanted):
            change = self._made(wanted, "create", None, fields, CREATED_AS_ASKED)
            return replace(change, doubt=doubt, overwrites=True)
        self._withheld.add(wanted.key)
        return replace(self._made(wanted, "conflict", None, fields, MAY_BE_HIDDEN), doubt=doubt)

    def _doubt(self, wanted: DesiredRecord) -> Visibility | None:
        """Return why a record that was not found may exist, or None. It cannot where what it hangs on is not there."""
        if wanted.parent in self._unknown:
            return Visibility.UNKNOWN
        if wanted.parent and self._present.one(wanted.parent) is None:
            return None
        visible = self._present.doubts.get(wanted.table)
        return None if visible is None else visible.state

    def _is_named(self, wanted: DesiredRecord) -> bool:
        return bool(self._overwrite & {wanted.name.casefold(), wanted.key.casefold(), OVERWRITE_ALL})

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
        if self._is_named(wanted):
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
