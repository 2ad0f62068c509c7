"""Writes a plan to an instance, one record after the other, each written down before its call and checked after it."""

import asyncio
import logging
from collections.abc import Collection
from dataclasses import dataclass

from models.foreign_system import ForeignSystem
from models.kinds import TaskState
from models.translation_marks import tr_later
from services.common.errors import ConsoleError
from services.common.json_types import JsonLike
from services.common.progress import Progress, ignore_progress
from services.language import tr_message
from services.provisioning.account_rights import require_admin
from services.provisioning.current_records import InstanceState, read_instance_state
from services.provisioning.drift import Drift, find_drift, make_baseline
from services.provisioning.item_names import ItemNames
from services.provisioning.plan_changes import Baseline, ProvisionPlan, RecordChange, fingerprint, make_plan
from services.provisioning.problems import (
    RunTakenOverError,
    record_not_created_error,
    run_stopped_error,
    value_not_stored_error,
)
from services.provisioning.required_records import FieldValue, RecordReference
from services.provisioning.run_receipts import Receipt, ReceiptStep, load_baseline
from services.provisioning.verify_records import Verification, verify
from services.servicenow.http_client import ServiceNowClient
from services.servicenow.table_api import Row
from services.store import Store, StoreError

log = logging.getLogger(__name__)

REMOVE_ADMIN_REMINDER = tr_later(
    "“{account}” has the role admin. Where it was given for this run, take it away now; "
    "web_service_admin and approval_admin are enough from here on."
)
VERIFIED_COLUMNS = ("name", "title", "active", "script", "meta")
"""Columns that have to hold what was written; an instance may drop or change others, which are wording."""


@dataclass(frozen=True, slots=True)
class ApplyResult:
    """A finished run: the plan it carried out, its receipt, and what was found afterwards."""

    plan: ProvisionPlan
    receipt: Receipt
    verification: Verification
    drift: tuple[Drift, ...] = ()
    """What others had changed before this run; from now on what is there counts as good."""
    reminders: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether everything is as it has to be."""
        return self.verification.verified and not self.plan.conflicts

    def as_dict(self) -> dict[str, JsonLike]:
        """Return the run for JSON."""
        return self.plan.as_dict() | {
            "receipt": self.receipt.id,
            "verified": self.verification.verified,
            "verification": self.verification.as_dict(),
            "drift": [one.as_dict() for one in self.drift],
            "reminders": list(self.reminders),
        }


async def plan(
    store: Store,
    instance: ServiceNowClient,
    server: ForeignSystem,
    names: ItemNames,
    *,
    overwrite: Collection[str] = (),
) -> ProvisionPlan:
    """Say what `apply` would do. Only reads; raises ConsoleError when that is not possible."""
    present = await read_instance_state(instance, names)
    return make_plan(names, present, await load_baseline(store, server, names), overwrite)


async def apply(
    store: Store,
    instance: ServiceNowClient,
    server: ForeignSystem,
    names: ItemNames,
    *,
    overwrite: Collection[str] = (),
    progress: Progress = ignore_progress,
) -> ApplyResult:
    """Make and correct what is missing or outdated; conflicts that `overwrite` does not name are left alone.

    A run that stopped in the middle is gone on with. Raises `provision-admin-missing` before anything is written,
    StoppedError with the receipt when a call was refused in the middle, ConsoleError when nothing was begun.
    """
    progress(tr_later("Looking at the account's roles"), 0)
    account = await require_admin(instance)
    receipt = await Receipt.begin(store, server, names)
    run = _ApplyRun(store, instance, server, receipt, account, progress)
    try:
        return await run.carry_out(overwrite)
    except RunTakenOverError:
        raise
    except ConsoleError as error:
        await record_failure(receipt, error)
        if not receipt.live:
            raise
        raise run_stopped_error(error, run.doing, receipt.id) from error
    except asyncio.CancelledError:
        await receipt.finish(TaskState.CANCELLED, f"Cancelled: {run.doing}")
        raise


class _ApplyRun:
    """One run, from reading to verifying."""

    def __init__(
        self,
        store: Store,
        instance: ServiceNowClient,
        server: ForeignSystem,
        receipt: Receipt,
        account: str,
        progress: Progress,
    ) -> None:
        self._store = store
        self._instance = instance
        self._server = server
        self._receipt = receipt
        self._account = account
        self._progress = progress
        self._made: dict[str, str] = {}
        self.doing = "Read what is there"

    async def carry_out(self, overwrite: Collection[str]) -> ApplyResult:
        names = self._receipt.names
        self._progress(tr_later("Reading what is there"), 0)
        present = await read_instance_state(self._instance, names)
        await settle_pending_steps(self._receipt, present, self._account)
        baseline = await load_baseline(self._store, self._server, names)
        drift = tuple(await find_drift(self._instance, present, baseline))
        made = make_plan(names, present, baseline, overwrite)
        total = len(made.writes) + 1
        for done, change in enumerate(made.writes):
            self.doing = (
                f"{'Create' if change.operation == 'create' else 'Change'} {change.name} ({change.table})"
            )
            self._progress(self.doing, done, total)
            await self._write(change, present)
        self.doing = "Verify"
        self._progress(tr_later("Verifying"), total - 1, total)
        verification = await verify(self._instance, names, {})
        await self._finish(made, verification, baseline)
        self._progress(tr_later("Done"), total, total)
        reminders = (tr_message(REMOVE_ADMIN_REMINDER, account=self._account),)
        return ApplyResult(made, self._receipt, verification, drift, reminders)

    async def _write(self, change: RecordChange, present: InstanceState) -> None:
        table = self._instance.table(change.table)
        values = {column: self._value(to, present) for column, (_, to) in change.fields.items()}
        step = ReceiptStep(
            change.key, change.table, change.name, change.operation, sys_id=change.sys_id or ""
        )
        if change.operation == "update":
            step.before = {column: before or "" for column, (before, _) in change.fields.items()}
            step.after = {column: fingerprint(value) for column, value in values.items()}
        await self._receipt.record_pending(step)
        if change.sys_id is None:
            row = await table.insert(values)
            self._require_new_record(step, row, present)
        else:
            row = await table.update(change.sys_id, values)
        mark_step_done(step, row)
        self._made[change.key] = step.sys_id
        parents = [column for column, (_, to) in change.fields.items() if isinstance(to, RecordReference)]
        wrong = [
            column
            for column in (*VERIFIED_COLUMNS, *parents)
            if column in values and fingerprint(row.get(column, "")) != fingerprint(values[column])
        ]
        if wrong:
            raise value_not_stored_error(self.doing, wrong)

    def _require_new_record(self, step: ReceiptStep, row: Row, present: InstanceState) -> None:
        """Refuse an answer that is not the record just made: an undo would remove what was there before."""
        known = any(row["sys_id"] == one["sys_id"] for found in present.records.values() for one in found)
        by = row.get("sys_created_by", self._account)
        if known or row["sys_id"] in self._made.values() or by.casefold() != self._account.casefold():
            step.state = "void"
            raise record_not_created_error(self.doing, by)

    def _value(self, value: FieldValue, present: InstanceState) -> str:
        if not isinstance(value, RecordReference):
            return value
        row = present.one(value.key)
        return row["sys_id"] if row is not None else self._made[value.key]

    async def _finish(self, made: ProvisionPlan, verification: Verification, before: Baseline) -> None:
        receipt = self._receipt
        receipt.verified = verification.verified
        # What is left alone is not good because it was looked at: of these, what was known before stays known.
        left = {change.key for change in verification.wrong}
        now = {key: one for key, one in make_baseline(verification.present).items() if key not in left}
        receipt.baseline = {key: one for key, one in before.items() if key in left} | now
        count = made.summary
        said = f"{count['create']} created, {count['update']} updated, {count['keep']} kept"
        if count["conflict"]:
            said += f", {count['conflict']} left alone"
        good = verification.verified
        await receipt.finish(TaskState.SUCCEEDED, f"{said}; {'verified' if good else 'not verified'}")


async def record_failure(receipt: Receipt, error: ConsoleError) -> None:
    """Write down that a run failed. Where that is refused as well, what was written down before each call remains.

    The error of the store would say that the store was not changed, and nothing of what the run did on the instance.
    """
    try:
        await receipt.finish(TaskState.FAILED, str(error))
    except StoreError as unwritten:
        log.info("The end of run %s could not be written down: %s", receipt.id, unwritten)


def mark_step_done(step: ReceiptStep, row: Row) -> None:
    """Note on a step that it happened; it is stored with what comes next, and found again by `settle` before that."""
    step.state, step.sys_id, step.mod_count = (
        "done",
        row.get("sys_id", step.sys_id),
        row.get("sys_mod_count", ""),
    )


async def settle_pending_steps(receipt: Receipt, present: InstanceState, account: str) -> None:
    """Find out about the steps of which it was not known whether they happened.

    A record that was about to be made is this run's when it is there now and the account made it: it was not there
    when the step was written down.
    """
    doubtful = [step for step in receipt.steps if step.state == "doing"]
    for step in doubtful:
        row = present.one(step.key)
        if row is None:
            step.state = "void"
        elif step.operation == "create":
            if row["sys_created_by"].casefold() == account.casefold():
                mark_step_done(step, row)
            else:
                step.state = "void"
        elif all(fingerprint(row.get(column, "")) == after for column, after in step.after.items()):
            mark_step_done(step, row)
        else:
            step.state = "void"
    if doubtful:
        await receipt.save("Items in ServiceNow: found what had happened")
