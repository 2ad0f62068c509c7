"""What the set-up of the Privilege Manager side did here, so that it can be gone on with and taken back.

A Task Run whose report is JSON: the objects, those of them that it made, the values that it changed on the others, and
the id of the update task. It is stored in the transaction that stores the objects.
"""

import json
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, auto

from sqlmodel import col, select

from models.action import Action
from models.base import NAME_MAX, ConfigurationObject, utcnow
from models.kinds import Kind, TaskState
from models.task_run import TaskRun
from services.actions.progress import load_progress
from services.common.json_types import JsonLike, UncheckedJson
from services.policies.runs import PolicyRun, list_runs
from services.store import Store
from services.store.unit_of_work import UnitOfWork

TASK_ID = "set_up_privilege_manager"
OBJECT_KINDS = (Kind.USER_CREDENTIAL, Kind.PRIVILEGE_MANAGER_SERVER, Kind.ACTION, Kind.POLICY)
"""The objects of a set-up, in the order in which they refer to each other."""
CHANGED_FIELDS = ("credential_id", "approval_type_guid", "action_ids", "active")
"""What a set-up may change on objects that were there."""


class SetUpPhase(Enum):
    """What a set-up needs next."""

    EXPORT = auto()
    """The action has to be exported."""
    COPY = auto()
    """The copy has to be written."""
    IMPORT = auto()
    """The copy was written; the server has not shown it yet."""
    POLICY = auto()
    """The action has to be added to the policy."""


@dataclass(frozen=True, slots=True)
class ChangedValue:
    """A value that a set-up changed on an object that was there, as JSON."""

    kind: Kind
    object_id: uuid.UUID
    field: str
    before: str | bool | None
    after: str | bool | None


class SetUpRun:
    """One set-up of a Privilege Manager server."""

    def __init__(self, store: Store, row: TaskRun) -> None:
        self.store, self.row = store, row
        report: UncheckedJson = json.loads(row.report or "{}")
        self.objects = {Kind(kind): uuid.UUID(key) for kind, key in report["objects"].items()}
        self.made = {Kind(kind): name for kind, name in report["made"].items()}
        """The names of the objects that it made."""
        self.changed = [
            ChangedValue(Kind(kind), uuid.UUID(key), field, before, after)
            for kind, key, field, before, after in report["changed"]
        ]
        self.task_id: str = report["task_id"]
        self.undone: bool = report["undone"]

    @property
    def server_id(self) -> uuid.UUID:
        """The server that it is about."""
        return self.objects[Kind.PRIVILEGE_MANAGER_SERVER]

    @property
    def is_unfinished(self) -> bool:
        """Whether it did not reach its end and can be gone on with."""
        return self.row.state != TaskState.SUCCEEDED and not self.undone

    def policy_runs(self) -> list[PolicyRun]:
        """Return what it did to the policy on the server and is not taken back, the newest first; blocks."""
        policy_id = self.objects[Kind.POLICY]
        return [
            run
            for run in list_runs(self.store, self.server_id)
            if run.goal.object_id == policy_id and run.row.started_at >= self.row.started_at and run.can_undo
        ]

    def finish(self) -> None:
        """Keep that it reached its end; blocks."""
        self._save(
            TaskState.SUCCEEDED, "Action and policy are in place", "Privilege Manager set up: finished"
        )

    def finish_undo(self, outcome: str) -> None:
        """Keep that it was taken back; blocks."""
        self.undone = True
        self._save(TaskState.CANCELLED, outcome, "Privilege Manager set up: undone")

    def _save(self, state: TaskState, outcome: str, note: str) -> None:
        self.row.state, self.row.ended_at, self.row.outcome = state, utcnow(), outcome
        self.row.report = self._report()
        with self.store.write(note) as work:
            work.update(self.row, self.row.version)

    def _report(self) -> str:
        return dump_report(self.objects, self.made, self.changed, task_id=self.task_id, undone=self.undone)


def dump_report(
    objects: Mapping[Kind, uuid.UUID],
    made: Mapping[Kind, str],
    changed: Iterable[ChangedValue],
    *,
    task_id: str,
    undone: bool = False,
) -> str:
    """Return the report of a run."""
    report: dict[str, JsonLike] = {
        "objects": {kind.value: str(key) for kind, key in objects.items()},
        "made": {kind.value: name for kind, name in made.items()},
        "changed": [
            [one.kind.value, str(one.object_id), one.field, one.before, one.after] for one in changed
        ],
        "task_id": task_id,
        "undone": undone,
    }
    return json.dumps(report, ensure_ascii=False)


def record_objects(
    work: UnitOfWork,
    before: Mapping[uuid.UUID, Mapping[str, object]],
    saved: Iterable[ConfigurationObject],
    task_id: str,
    known: SetUpRun | None,
) -> None:
    """Write down what a set-up made and changed, in the transaction that stores it.

    `before` has the values of the objects that were there; `known` is the run that this one goes on with.
    """
    objects = {one.kind: one for one in saved}
    made = {kind: one.name for kind, one in objects.items() if one.id not in before}
    changed = {
        (one.id, field): ChangedValue(
            kind, one.id, field, to_json_value(was), to_json_value(getattr(one, field))
        )
        for kind, one in objects.items()
        for field, was in before.get(one.id, {}).items()
        if was != getattr(one, field)
    }
    ids = {kind: one.id for kind, one in objects.items()}
    if known is not None:
        made = {kind: name for kind, name in known.made.items() if known.objects[kind] == ids[kind]} | made
        for first in known.changed:
            now = changed.get((first.object_id, first.field), first)
            changed[first.object_id, first.field] = ChangedValue(
                first.kind, first.object_id, first.field, first.before, now.after
            )
    report = dump_report(ids, made, changed.values(), task_id=task_id)
    if known is not None:
        known.row.report = report
        work.update(known.row, known.row.version)
        return
    server = objects[Kind.PRIVILEGE_MANAGER_SERVER]
    work.insert(
        TaskRun(
            task=TASK_ID,
            object_kind=server.kind.value,
            object_id=server.id,
            object_name=server.name,
            started_by=(server.changed_by or server.created_by)[:NAME_MAX],
            report=report,
        )
    )


def changed_fields(item: ConfigurationObject) -> dict[str, object]:
    """Return the values of an object that a set-up may change."""
    return {field: getattr(item, field) for field in CHANGED_FIELDS if hasattr(item, field)}


def list_set_up_runs(store: Store) -> list[SetUpRun]:
    """Return the set-ups that were not taken back, the newest first; blocks."""
    query = select(TaskRun).where(TaskRun.task == TASK_ID).order_by(col(TaskRun.started_at).desc())
    with store.read() as session:
        rows = list(session.exec(query))
    return [run for row in rows if not (run := SetUpRun(store, row)).undone]


def find_set_up_run(store: Store, objects: Mapping[Kind, uuid.UUID]) -> SetUpRun | None:
    """Return the unfinished set-up of a server with the same action and policy, or None; blocks."""
    wanted = {kind: objects[kind] for kind in OBJECT_KINDS[1:]}
    for run in list_set_up_runs(store):
        if run.is_unfinished and {kind: run.objects[kind] for kind in wanted} == wanted:
            return run
    return None


def next_phase(store: Store, action: Action) -> SetUpPhase:
    """Return what a set-up needs next, by what is stored of its action; blocks."""
    known = load_progress(store, action.id)
    if not known.export_content:
        return SetUpPhase.EXPORT
    if known.written_at is None:
        return SetUpPhase.COPY
    return SetUpPhase.IMPORT if known.imported_at is None else SetUpPhase.POLICY


def to_json_value(value: object) -> str | bool | None:
    """Return a value of an object as it is kept in the report."""
    return value if value is None or isinstance(value, bool) else str(value)
