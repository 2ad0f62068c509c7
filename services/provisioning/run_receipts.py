"""What a run did, written down before each call, so that a crash anywhere leaves enough to go on or to undo.

A receipt is a Task Run whose report is JSON: names, steps in order, and the records as they were last found good.
"""

import json
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from sqlmodel import select

from models.base import TEXT_MAX, utcnow
from models.foreign_system import ForeignSystem
from models.kinds import Kind, TaskState
from models.task_run import TaskRun
from services.common.errors import ConflictError
from services.common.threads import run_to_completion
from services.common.uuid_text import parse_uuid
from services.provisioning.item_names import ItemNames
from services.provisioning.plan_changes import Baseline, RecordFingerprint
from services.provisioning.problems import RunTakenOverError
from services.store import Store

TASK_ID = "create_servicenow_approval_request_items"
StepState = Literal["doing", "done", "void", "removing", "gone"]


@dataclass(slots=True)
class ReceiptStep:
    """One write. `before` is what an update replaced, `after` what it wrote there; `mod_count` is the record's own.

    `doing` was written down before the call and may or may not have happened; `void` did not; `removing` and `gone`
    are those of an undo.
    """

    key: str
    table: str
    name: str
    operation: str
    state: StepState = "doing"
    sys_id: str = ""
    before: dict[str, str] = field(default_factory=dict)
    after: dict[str, str] = field(default_factory=dict)
    mod_count: str = ""


class Receipt:
    """One run of the task on one server. Every change of it is stored before the method returns."""

    def __init__(self, store: Store, run: TaskRun) -> None:
        self._store = store
        self.run = run
        report: dict[str, Any] = json.loads(run.report or "{}")  # Any: each key has a type of its own
        self.names = ItemNames.from_dict(report.get("names", {}))
        self.origin: str = report.get("origin", "")
        self.steps = [ReceiptStep(**step) for step in report.get("steps", [])]
        self.baseline: Baseline = {
            key: RecordFingerprint(kept_["sys_id"], kept_["fields"])
            for key, kept_ in report.get("baseline", {}).items()
        }
        self.verified: bool = report.get("verified", False)
        self.undo_begun: bool = report.get("undo_begun", False)
        self.undone: bool = report.get("undone", False)

    @property
    def id(self) -> str:
        """What people name it by."""
        return str(self.run.id)

    @property
    def unfinished(self) -> bool:
        """Whether it stopped in the middle, and is neither finished nor on its way back."""
        return self.run.state != TaskState.SUCCEEDED and bool(self.live) and not self.undo_begun

    @property
    def live(self) -> list[ReceiptStep]:
        """The steps that happened, or may have."""
        return [step for step in self.steps if step.state not in ("void", "gone")]

    def is_for_server(self, server: ForeignSystem) -> bool:
        """Whether what it tells of stands on the instance that `server` leads to now.

        A server may be led elsewhere, and a clone of an instance has the same sys_ids for records that nobody made there.
        """
        return self.origin == str(server.origin)

    # -- opening -----------------------------------------------------------

    @classmethod
    async def begin(cls, store: Store, server: ForeignSystem, names: ItemNames) -> "Receipt":
        """Go on with the run of this set that stopped in the middle, or start one.

        Taking it over raises its version, so that a run that is still alive elsewhere stops at its next step.
        """
        for receipt in await cls.list_for_server(store, server):
            if receipt.is_for_server(server) and receipt.names.identity == names.identity:
                if receipt.unfinished:
                    receipt.names = names
                    receipt.run.state, receipt.run.ended_at, receipt.run.outcome = TaskState.RUNNING, None, ""
                    await receipt.save("Items in ServiceNow: going on")
                    return receipt
                break
        run = TaskRun(
            task=TASK_ID,
            object_kind=Kind.FOREIGN_SYSTEM.value,
            object_id=server.id,
            object_name=server.name,
            started_by=store.actor,
        )
        made = cls(store, run)
        made.names, made.origin = names, str(server.origin)
        run.report = made._report()

        def insert() -> None:
            with store.write("Items in ServiceNow: started") as work:
                work.insert(run)

        await run_to_completion(insert)
        return made

    @classmethod
    async def list_for_server(cls, store: Store, server: ForeignSystem) -> list["Receipt"]:
        """Return the runs on a server, the newest first."""

        def read() -> list[TaskRun]:
            query = (
                select(TaskRun)
                .where(TaskRun.task == TASK_ID, TaskRun.object_id == server.id)
                .order_by(TaskRun.started_at.desc())  # type: ignore[attr-defined]
            )
            with store.read() as session:
                return list(session.exec(query))

        return [cls(store, run) for run in await run_to_completion(read)]

    @classmethod
    async def find(cls, store: Store, server: ForeignSystem, receipt: str) -> "Receipt | None":
        """Return the run with this id on this server, or None."""
        wanted = parse_uuid(receipt)
        if wanted is None:
            return None
        return next((r for r in await cls.list_for_server(store, server) if r.run.id == wanted), None)

    # -- steps -------------------------------------------------------------

    async def record_pending(self, step: ReceiptStep) -> None:
        """Write down what comes next, before its call."""
        self.steps.append(step)
        await self.save(f"About to {step.operation} {step.name}")

    async def record_removing(self, step: ReceiptStep) -> None:
        """Write down that a step is taken back next, before its call."""
        step.state = "removing"
        await self.save(f"About to take back {step.name}")

    async def finish(self, state: TaskState, outcome: str) -> None:
        """Write down how it ended."""
        self.run.state, self.run.outcome, self.run.ended_at = state, outcome[:TEXT_MAX], utcnow()
        await self.save(f"Items in ServiceNow: {state.value}")

    async def save(self, note: str) -> None:
        """Store it as it is; raises TakenOverError when another console has gone on with it."""
        self.run.report = self._report()

        def write() -> None:
            with self._store.write(note) as work:
                work.update(self.run, self.run.version)

        try:
            await run_to_completion(write)
        except ConflictError as error:
            raise RunTakenOverError from error

    def _report(self) -> str:
        return json.dumps(
            {
                "origin": self.origin,
                "names": self.names.as_dict(),
                "steps": [asdict(step) for step in self.steps],
                "baseline": {
                    key: {"sys_id": one.sys_id, "fields": dict(one.fields)}
                    for key, one in self.baseline.items()
                },
                "verified": self.verified,
                "undo_begun": self.undo_begun,
                "undone": self.undone,
            },
            ensure_ascii=False,
        )


async def load_baseline(store: Store, server: ForeignSystem, names: ItemNames) -> Baseline:
    """Return the records of a set as they were last found good; empty when they never were."""
    for receipt in await Receipt.list_for_server(store, server):
        usable = receipt.baseline and not receipt.undo_begun and receipt.is_for_server(server)
        if usable and receipt.names.identity == names.identity:
            return receipt.baseline
    return {}
