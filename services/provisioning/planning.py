"""Compares what is wanted with what is there, and says what would be done about it. Writes nothing."""

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

from models.translatable import tr_later
from services.language import tr_message
from services.provisioning.names import ItemNames
from services.provisioning.reading import Present
from services.provisioning.wanted import ITEM_KEY, Reference, Value, Wanted, wanted_records
from services.servicenow.records import Row
from services.servicenow.scripts import MARKER_COLUMN, with_marker

Operation = Literal["create", "update", "keep", "conflict"]
OPERATIONS: tuple[Operation, ...] = ("create", "update", "keep", "conflict")
EVERYTHING = "all"
"""What names every conflict at once: the task's “Force update”."""
PLAIN_MAX = 255


@dataclass(frozen=True, slots=True)
class Remembered:
    """A record as it was when it was last found good: its sys_id and the fingerprint of each column."""

    sys_id: str
    fields: Mapping[str, str]


Baseline = Mapping[str, Remembered]
"""By key."""


@dataclass(frozen=True, slots=True)
class Change:
    """What is done about one record. `fields` is column to (what is there or None, what is to be)."""

    key: str
    operation: Operation
    table: str
    name: str
    sys_id: str | None
    fields: dict[str, tuple[str | None, Value]]
    why: str
    parent: str = ""
    overwrites: bool = False
    """Whether it replaces what others changed, because the call asked for that."""

    def as_dict(self) -> dict[str, Any]:
        """Return the change for JSON; a reference to a record that is not made yet reads as its key."""
        return {
            "operation": self.operation,
            "table": self.table,
            "name": self.name,
            "sys_id": self.sys_id,
            "fields": {
                column: {"from": before, "to": shown(after)}
                for column, (before, after) in self.fields.items()
            },
            "why": self.why,
        }


@dataclass(frozen=True, slots=True)
class ProvisionPlan:
    """Every record with what is done about it, in the order in which it is done."""

    names: ItemNames
    present: Present
    changes: tuple[Change, ...]
    warnings: tuple[str, ...] = ()

    @property
    def summary(self) -> dict[str, int]:
        """Return how many records each operation is for."""
        return {name: sum(1 for c in self.changes if c.operation == name) for name in OPERATIONS}

    @property
    def writes(self) -> tuple[Change, ...]:
        """Return what would be written."""
        return tuple(c for c in self.changes if c.operation in ("create", "update"))

    @property
    def conflicts(self) -> tuple[Change, ...]:
        """Return the changes that are not applied unless they are named."""
        return tuple(c for c in self.changes if c.operation == "conflict")

    def as_dict(self) -> dict[str, Any]:
        """Return the plan for JSON."""
        return {
            "changes": [change.as_dict() for change in self.changes],
            "summary": self.summary,
            "warnings": list(self.warnings),
        }


def shown(value: Value) -> str:
    """Return a value as text; a record that is still to be made is named by its key."""
    return f"({value.key})" if isinstance(value, Reference) else value


def fingerprint(value: str) -> str:
    """Return what a value is remembered by: itself, or the digest of a long text without white space at line ends."""
    text = _plain(value)
    return text if len(text) <= PLAIN_MAX else f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def make_plan(
    names: ItemNames, present: Present, baseline: Baseline, overwrite: Collection[str] = ()
) -> ProvisionPlan:
    """Compare. What differs from the contract is updated where it still is as this console left it, else a conflict.

    `overwrite` names the conflicts (by name, key or “all”) that are written over all the same.
    """
    planner = _Planner(present, baseline, frozenset(name.casefold() for name in overwrite))
    changes = tuple(planner.change(wanted) for wanted in wanted_records(names, present.around))
    return ProvisionPlan(names, present, changes, _warnings(names, present))


def _warnings(names: ItemNames, present: Present) -> tuple[str, ...]:
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

    def __init__(self, present: Present, baseline: Baseline, overwrite: frozenset[str]) -> None:
        self._present = present
        self._baseline = baseline
        self._overwrite = overwrite
        self._unclear: set[str] = set()

    def change(self, wanted: Wanted) -> Change:
        found = self._present.records.get(wanted.key, [])
        if wanted.parent in self._unclear:
            self._unclear.add(wanted.key)
            return self._made(
                wanted, "conflict", None, {}, tr_later("Waits until what it hangs on is one record")
            )
        if len(found) > 1:
            self._unclear.add(wanted.key)
            ids = ", ".join(row["sys_id"] for row in found[:3])
            return self._made(
                wanted, "conflict", None, {},
                tr_message(
                    "There are {count} of this name ({ids}); which one is used is not defined. Remove the others",
                    count=len(found), ids=ids,
                ),
            )  # fmt: skip
        if not found:
            fields: dict[str, tuple[str | None, Value]] = {
                column: (None, self._resolved(value)) for column, value in wanted.fields.items()
            }
            return self._made(wanted, "create", None, fields, tr_later("Does not exist on the instance"))
        return self._compared(wanted, found[0])

    def _compared(self, wanted: Wanted, row: Row) -> Change:
        differing: dict[str, tuple[str | None, Value]] = {}
        for column in wanted.essential:
            now, to = row[column], self._to_be(column, row, shown(wanted.fields[column]))
            if _plain(now) != _plain(to):
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
        if self._overwrite & {wanted.name.casefold(), wanted.key.casefold(), EVERYTHING}:
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
    def _to_be(column: str, row: Row, wanted: str) -> str:
        # Words of others beside the marker stay.
        return with_marker(row[column], wanted) if column == MARKER_COLUMN and row[column] else wanted

    def _is_ours(self, key: str, row: Row, differing: Collection[str]) -> bool:
        known = self._baseline.get(key)
        if known is None or known.sys_id != row["sys_id"]:
            return False
        return all(known.fields.get(column) == fingerprint(row[column]) for column in differing)

    def _resolved(self, value: Value) -> Value:
        """Fill in the sys_id of a record that is there already."""
        if isinstance(value, Reference) and (row := self._present.one(value.key)) is not None:
            return row["sys_id"]
        return value

    @staticmethod
    def _made(
        wanted: Wanted,
        operation: Operation,
        sys_id: str | None,
        fields: dict[str, tuple[str | None, Value]],
        why: str,
    ) -> Change:
        return Change(wanted.key, operation, wanted.table, wanted.name, sys_id, fields, why, wanted.parent)


def _plain(value: str) -> str:
    """Return a text as it is compared: line ends and white space before them say nothing."""
    if value in ("1", "0"):
        return {"1": "true", "0": "false"}[value]
    return "\n".join(line.rstrip() for line in value.strip().splitlines())
