"""What a run did to a policy, written down before each call, so that a crash leaves enough to go on or to undo.

A run is a Task Run whose report is JSON: the goal, the policy as it was before, the steps in order, and what was read
back. Only one process at a time has a policy in hand: a lease in the store, which ends with its process.
"""

import json
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from enum import StrEnum

from sqlmodel import col, select

from models.base import NAME_MAX, TEXT_MAX, utcnow
from models.kinds import Kind, TaskState
from models.privilege_manager_server import PrivilegeManagerServer
from models.task_run import TaskRun
from models.text_folding import fold_text
from services.common.errors import ConflictError
from services.common.json_types import JsonLike, UncheckedJson
from services.common.redaction import redact
from services.common.threads import run_to_completion
from services.common.uuid_text import parse_uuid
from services.coordination.clock import SystemClock
from services.coordination.leases import LeaseGrant, LeaseLostError, Leases
from services.coordination.process_identity import process_identity
from services.policies.policy_goal import PolicyGoal
from services.policies.problems import busy_error, other_server_error, run_unknown_error
from services.policies.server_state import PolicySnapshot
from services.store import Store

TASK_ID = "apply_policy"
LEASE_S = 600.0
"""Longer than a run takes; the lease of a process of this machine ends with it."""
_in_hand: set[tuple[str, str]] = set()
"""Store and lease of the runs of this process: to the store they all have one holder."""


class StepKind(StrEnum):
    """A call that changes something."""

    CREATE = "create"
    ADD = "add"
    REMOVE = "remove"
    ADD_FILTERS = "add_filters"
    REMOVE_FILTERS = "remove_filters"
    STATUS = "status"


class StepState(StrEnum):
    """How far a step is."""

    DOING = "doing"
    """Written down before the call: it may or may not have happened."""
    DONE = "done"
    VOID = "void"
    """It did not happen."""
    UNDOING = "undoing"
    UNDONE = "undone"
    LEFT = "left"
    """It stays although the run was undone: others changed it since, or the API cannot take it back."""


@dataclass(slots=True)
class RunStep:
    """One call. `action_ids` or `filters` are what was added or removed, `active` what the policy was switched to."""

    kind: StepKind
    state: StepState = StepState.DOING
    action_ids: list[str] = field(default_factory=list)
    active: bool | None = None
    at: str = ""
    filters: list[tuple[str, int]] = field(default_factory=list)
    """GUID and role of each."""

    @classmethod
    def from_dict(cls, values: UncheckedJson) -> "RunStep":
        """Return the step in a report."""
        return cls(
            StepKind(values["kind"]),
            StepState(values["state"]),
            list(values["action_ids"]),
            values["active"],
            values["at"],
            [(one, role) for one, role in values.get("filters", ())],
        )


@dataclass(frozen=True, slots=True)
class Difference:
    """A value that does not read back as it was to be. None cannot be read."""

    field: str
    expected: str | None
    actual: str | None

    def as_dict(self) -> dict[str, JsonLike]:
        """Return it for JSON."""
        return {"field": self.field, "expected": self.expected, "actual": self.actual}


class PolicyRun:
    """One run on one policy. Every change of it is stored before the method returns."""

    def __init__(self, store: Store, row: TaskRun) -> None:
        self._store = store
        self.row = row
        report: UncheckedJson = json.loads(row.report or "{}")
        self.goal = PolicyGoal.from_dict(report["goal"])
        self.origin: str = report["origin"]
        self.policy_id: str = report["policy_id"]
        before = report["before"]
        self.before = _read_snapshot(before) if before is not None else None
        self.steps = [RunStep.from_dict(step) for step in report["steps"]]
        self.differences = [Difference(**one) for one in report["differences"]]
        self.verified: bool = report["verified"]
        self.undo_begun: bool = report["undo_begun"]
        self.undone: bool = report["undone"]
        self.held: _Held | None = None

    @property
    def id(self) -> str:
        """What people name it by."""
        return str(self.row.id)

    @property
    def name(self) -> str:
        """The name of the policy."""
        return self.row.object_name

    @property
    def live(self) -> list[RunStep]:
        """The steps that happened, or may have, and are not taken back."""
        over = (StepState.VOID, StepState.UNDONE, StepState.LEFT)
        return [step for step in self.steps if step.state not in over]

    @property
    def is_unfinished(self) -> bool:
        """Whether it stopped in the middle and can be gone on with."""
        return self.row.state != TaskState.SUCCEEDED and bool(self.live) and not self.undo_begun

    @property
    def can_undo(self) -> bool:
        """Whether there is something to take back."""
        return bool(self.live)

    def as_dict(self) -> dict[str, JsonLike]:
        """Return the run for JSON."""
        return {
            "run": self.id,
            "state": self.row.state,
            "outcome": self.row.outcome,
            "policy": {"name": self.name, "id": self.policy_id or None},
            "started_at": self.row.started_at.isoformat(),
            "steps": [asdict(step) for step in self.steps],
            "verified": self.verified,
            "differences": [one.as_dict() for one in self.differences],
            "undone": self.undone,
        }

    def matches(self, server: PrivilegeManagerServer, policy_id: str, name: str) -> bool:
        """Whether it is about a policy of a server."""
        same_id = bool(policy_id) and self.policy_id == policy_id
        same_name = not (policy_id and self.policy_id) and fold_text(self.name) == fold_text(name)
        return self.origin == server.base_url and (same_id or same_name)

    def require_server(self, server: PrivilegeManagerServer) -> None:
        """Refuse a server whose address is another one than that of the run."""
        if self.origin != server.base_url:
            raise other_server_error(self.name, self.origin, server.base_url)

    # -- writing -------------------------------------------------------------

    async def begin_step(self, step: RunStep, note: str) -> None:
        """Write down what comes next, before its call."""
        step.at = utcnow().isoformat()
        self.steps.append(step)
        await self.save(note)

    async def finish(self, state: TaskState, outcome: str, event: str) -> None:
        """Write down how it ended, with an audit entry of its own."""
        self.row.state, self.row.ended_at = state, utcnow()
        self.row.outcome = redact(outcome)[:TEXT_MAX]
        await self.save(f"Policy: {state.value}", event=event)

    async def save(self, note: str, *, event: str = "") -> None:
        """Store it as it is. Raises LeaseLostError when another process has the policy in hand by now."""
        self.row.report = self._report()
        held = self.held

        def write() -> None:
            with self._store.write(note) as work:
                if held is not None:
                    held.leases.check(work.session, held.grant)
                work.update(self.row, self.row.version)
                if event:
                    work.event(
                        event,
                        kind=Kind.POLICY.value,
                        object_id=self.goal.object_id,
                        name=self.name,
                        detail=f"{self.row.outcome} (run {self.id})"[:TEXT_MAX],
                    )

        try:
            await run_to_completion(write)
        except ConflictError as error:
            raise LeaseLostError(f"the plan for “{self.name}”") from error

    def _report(self) -> str:
        return _dump_report(
            self.goal,
            self.origin,
            self.policy_id,
            self.before,
            steps=[asdict(step) for step in self.steps],
            differences=[one.as_dict() for one in self.differences],
            verified=self.verified,
            undo_begun=self.undo_begun,
            undone=self.undone,
        )


@dataclass(frozen=True, slots=True)
class _Held:
    """The lease of a run."""

    leases: Leases
    grant: LeaseGrant


async def start_run(
    store: Store,
    server: PrivilegeManagerServer,
    goal: PolicyGoal,
    name: str,
    before: PolicySnapshot | None,
) -> PolicyRun:
    """Store a new run, before anything is written to the server."""
    policy_id = before.item_id if before is not None else ""
    row = TaskRun(
        task=TASK_ID,
        object_kind=Kind.PRIVILEGE_MANAGER_SERVER.value,
        object_id=server.id,
        object_name=name[:NAME_MAX],
        started_by=store.actor[:NAME_MAX],
        report=_dump_report(goal, server.base_url, policy_id, before),
    )

    def insert() -> None:
        with store.write("Policy: started") as work:
            work.insert(row)

    await run_to_completion(insert)
    return PolicyRun(store, row)


def list_runs(store: Store, server_id: uuid.UUID) -> list[PolicyRun]:
    """Return the runs on a server, the newest first; blocks."""
    query = (
        select(TaskRun)
        .where(TaskRun.task == TASK_ID, TaskRun.object_id == server_id)
        .order_by(col(TaskRun.started_at).desc())
    )
    with store.read() as session:
        rows = list(session.exec(query))
    return [PolicyRun(store, row) for row in rows]


def find_run(store: Store, run_id: str) -> PolicyRun:
    """Return a run by its id; blocks. Raises `policy-run-unknown`."""
    wanted = parse_uuid(run_id)
    if wanted is not None:
        with store.read() as session:
            row = session.get(TaskRun, wanted)
        if row is not None and row.task == TASK_ID:
            return PolicyRun(store, row)
    raise run_unknown_error(run_id)


def find_unfinished_run(
    store: Store, server: PrivilegeManagerServer, policy_id: str, name: str
) -> PolicyRun | None:
    """Return the run on a policy that stopped in the middle, if the last one did; blocks."""
    for run in list_runs(store, server.id):
        if run.matches(server, policy_id, name):
            return run if run.is_unfinished else None
    return None


@asynccontextmanager
async def hold_policy(store: Store, server: PrivilegeManagerServer, name: str) -> AsyncIterator["_Held"]:
    """Have a policy in hand for the length of the block. Raises `policy-run-busy` while another has it."""
    lease = f"policy:{uuid.uuid5(server.id, fold_text(name))}"
    mine = (store.url, lease)
    if mine in _in_hand:
        raise busy_error(name)
    _in_hand.add(mine)
    try:
        leases = Leases(store, process_identity(), SystemClock())
        grant = await run_to_completion(lambda: leases.take(lease, LEASE_S))
        if grant is None:
            raise busy_error(name)
        try:
            yield _Held(leases, grant)
        finally:
            await run_to_completion(lambda: leases.release_lease(grant))
    finally:
        _in_hand.discard(mine)


def _dump_report(
    goal: PolicyGoal,
    origin: str,
    policy_id: str,
    before: PolicySnapshot | None,
    **more: JsonLike,
) -> str:
    report: dict[str, JsonLike] = {
        "goal": goal.as_dict(),
        "origin": origin,
        "policy_id": policy_id,
        "before": asdict(before) if before is not None else None,
        "steps": [],
        "differences": [],
        "verified": False,
        "undo_begun": False,
        "undone": False,
        **more,
    }
    return json.dumps(report, ensure_ascii=False)


def _read_snapshot(values: UncheckedJson) -> PolicySnapshot:
    def ids(name: str) -> tuple[str, ...] | None:
        return None if values[name] is None else tuple(values[name])

    return PolicySnapshot(
        item_id=values["item_id"],
        name=values["name"],
        active=values["active"],
        action_ids=ids("action_ids"),
        child_action_ids=ids("child_action_ids"),
        priority=values["priority"],
        target_ids=ids("target_ids"),
        filter_ids=tuple((role, None if one is None else tuple(one)) for role, one in values["filter_ids"]),
    )
