"""Takes back what one run did: removes exactly what it created, restores what it updated, refuses when that would hurt."""

import asyncio
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field

from sqlmodel import select

from models.approval_request import ApprovalRequest
from models.foreign_system import ForeignSystem
from models.kinds import TaskState
from models.translation_marks import tr_later
from services.common.errors import ConsoleError
from services.common.json_types import JsonLike
from services.common.progress import Progress, ignore_progress
from services.common.threads import run_to_completion
from services.language import plural_message
from services.provisioning.account_rights import require_admin
from services.provisioning.apply_changes import record_failure, settle_pending_steps
from services.provisioning.current_records import AUDIT_COLUMNS, PAGE_SIZE, TABLE_COLUMNS, read_instance_state
from services.provisioning.plan_changes import OVERWRITE_ALL, fingerprint
from services.provisioning.problems import (
    RunTakenOverError,
    other_instance_error,
    run_stopped_error,
    undo_refused_error,
    unknown_receipt_error,
)
from services.provisioning.required_records import INPUT_TABLE, ITEM_KEY, OUTPUT_TABLE, SERVICE_TABLE
from services.provisioning.run_receipts import Receipt, ReceiptStep
from services.requests.domain.states import CLOSED_STATES
from services.servicenow.encoded_query import Operator, where
from services.servicenow.http_client import ServiceNowClient
from services.servicenow.record_values import is_active
from services.servicenow.table_api import Row
from services.store import Store

PENDING_APPROVALS = frozenset({"requested", "not requested"})
CHILD_COLUMNS: dict[str, tuple[tuple[str, str], ...]] = {
    "sc_category": (("sc_cat_item", "category"), ("sc_category", "parent")),
    "sc_cat_item": (("item_option_new", "cat_item"),),
}
"""What may hang on a record: table and column. Parameters hang by the column that the dictionary names."""


@dataclass(slots=True)
class UndoResult:
    """What was taken back: names by table, and what was left alone because it was not this run's."""

    receipt: Receipt
    removed: list[tuple[str, str]] = field(default_factory=list)
    restored: list[tuple[str, str]] = field(default_factory=list)
    left: list[tuple[str, str]] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether nothing of the run is left."""
        return not self.left

    def as_dict(self) -> dict[str, JsonLike]:
        """Return it for JSON."""
        return {
            "receipt": self.receipt.id,
            "undone": self.receipt.undone,
            **{
                what: [{"table": table, "name": name} for table, name in found]
                for what, found in (
                    ("removed", self.removed),
                    ("restored", self.restored),
                    ("left", self.left),
                )
            },
        }


async def undo(
    store: Store,
    instance: ServiceNowClient,
    server: ForeignSystem,
    receipt_id: str,
    *,
    overwrite: Collection[str] = (),
    progress: Progress = ignore_progress,
) -> UndoResult:
    """Take back the run with this receipt; an undo that stopped in the middle is gone on with.

    Raises `provision-undo-refused` before anything is touched when requests or records of others hang on what it made,
    or when others edited that (unless `overwrite` names it).
    """
    receipt = await Receipt.find(store, server, receipt_id)
    if receipt is None:
        raise unknown_receipt_error(receipt_id, server.name)
    if receipt.undone:
        return UndoResult(receipt)
    if not receipt.is_for_server(server):
        raise other_instance_error(receipt.origin, str(server.origin))
    account = await require_admin(instance)
    run = _UndoRun(store, instance, receipt, frozenset(name.casefold() for name in overwrite), progress)
    return await run.carry_out(account)


class _UndoRun:
    """One undo, from looking to the proof that it is gone."""

    def __init__(
        self,
        store: Store,
        instance: ServiceNowClient,
        receipt: Receipt,
        overwrite: frozenset[str],
        progress: Progress,
    ) -> None:
        self._store = store
        self._instance = instance
        self._receipt = receipt
        self._overwrite = overwrite
        self._progress = progress
        self._parents: dict[str, str] = {}
        self._done = UndoResult(receipt)

    async def carry_out(self, account: str) -> UndoResult:
        self._progress(tr_later("Reading what is there"), 0)
        present = await read_instance_state(self._instance, self._receipt.names)
        self._parents = {INPUT_TABLE: present.around.input_parent, OUTPUT_TABLE: present.around.output_parent}
        await settle_pending_steps(self._receipt, present, account)
        steps = list(reversed(self._receipt.live))
        if not self._receipt.undo_begun:
            await self._raise_for_requests(steps)
            rows = await self._rows(steps)
            self._raise_for_edits(steps, rows)
            await self._raise_for_children(steps)
            self._receipt.undo_begun = True
            await self._receipt.save("Items in ServiceNow: undoing")
        doing = "Undo"
        try:
            for number, step in enumerate(steps):
                doing = f"Take back {step.name} ({step.table})"
                self._progress(doing, number, len(steps))
                await self._take_back(step)
            await self._prove(steps)
        except RunTakenOverError:
            raise
        except ConsoleError as error:
            await record_failure(self._receipt, error)
            raise run_stopped_error(error, doing, self._receipt.id) from error
        except asyncio.CancelledError:
            await self._receipt.finish(TaskState.CANCELLED, f"Cancelled: {doing}")
            raise
        self._receipt.undone = True
        await self._receipt.finish(TaskState.SUCCEEDED, f"Undone: {len(self._done.removed)} removed, "
                                   f"{len(self._done.restored)} restored")  # fmt: skip
        return self._done

    # -- reasons to refuse -------------------------------------------------

    async def _raise_for_requests(self, steps: list[ReceiptStep]) -> None:
        """Refuse when requests hang on an item that this run created; those of decided rehearsals do not."""
        item = next((s for s in steps if s.key == ITEM_KEY and s.operation == "create"), None)
        if item is None or not item.sys_id:
            return
        columns = ("number", "state", "active", "request", "approval")
        table = self._instance.table("sc_req_item")
        query = where("cat_item", Operator.IS, item.sys_id)
        rows = [row async for row in table.rows(query, fields=columns, page_size=PAGE_SIZE)]
        rehearsed = await run_to_completion(self._read_rehearsal_ids) if rows else frozenset()
        pending = [
            row
            for row in rows
            if row["state"] not in CLOSED_STATES
            and is_active(row["active"])
            and row["approval"] in PENDING_APPROVALS
        ]
        # The id of an order says which item of it was rehearsed only where it has no other one.
        alone = {order for order, number in Counter(row["request"] for row in rows).items() if number == 1}
        standing = [
            row
            for row in rows
            if row in pending or not {row["sys_id"], *({row["request"]} & alone)} & rehearsed
        ]
        if standing:
            raise undo_refused_error(
                plural_message(
                    len(standing),
                    "{count} request was raised for “{item}”, {pending} awaiting approval: {numbers}",
                    "{count} requests were raised for “{item}”, {pending} awaiting approval: {numbers}",
                    item=item.name,
                    pending=len(pending),
                    numbers=", ".join(row["number"] for row in standing[:3])
                    + (" …" if len(standing) > 3 else ""),
                ),
                "Without the item nobody could decide these requests, or read afterwards what they were for.",
                "Have the open ones decided or cancelled; for history's sake switch the item off instead of removing it.",
            )

    def _read_rehearsal_ids(self) -> frozenset[str]:
        query = select(ApprovalRequest.external_id, ApprovalRequest.record_id).where(
            ApprovalRequest.rehearsal
        )
        with self._store.read() as session:
            return frozenset(key for keys in session.exec(query) for key in keys if key)

    def _raise_for_edits(self, steps: list[ReceiptStep], rows: dict[str, Row]) -> None:
        edited = []
        for step in steps:
            row = rows.get(step.sys_id)
            if row is None or self._named(step):
                continue
            later = row["sys_mod_count"] != step.mod_count
            if later and step.operation == "update":
                later = any(fingerprint(row.get(c, "")) != after for c, after in step.after.items())
            if later:
                edited.append(f"{step.name} ({row['sys_updated_by']} on {row['sys_updated_on']} UTC)")
        if edited:
            raise undo_refused_error(
                f"Changed since: {', '.join(edited[:5])}{' …' if len(edited) > 5 else ''}",
                "Others changed what this run made; removing it would take their work away.",
                "Compare with --verify. To take it back all the same, name it with --overwrite, or “all”.",
            )

    def _named(self, step: ReceiptStep) -> bool:
        return bool(self._overwrite & {step.name.casefold(), step.key.casefold(), OVERWRITE_ALL})

    async def _raise_for_children(self, steps: list[ReceiptStep]) -> None:
        """Refuse when records that this run did not make hang on one that it made."""
        own = {step.sys_id for step in steps}
        foreign: list[str] = []
        for step in steps:
            if step.operation != "create" or not step.sys_id:
                continue
            kinds = CHILD_COLUMNS.get(step.table, ())
            if step.table == SERVICE_TABLE:
                kinds = tuple(self._parents.items())
            for table, column in kinds:
                query = where(column, Operator.IS, step.sys_id)
                name = "title" if table == "sc_category" else "name"
                rows = self._instance.table(table).rows(query, fields=(name,), page_size=PAGE_SIZE)
                found = [row async for row in rows if row["sys_id"] not in own]
                foreign += [f"{row[name]} ({table}) on {step.name}" for row in found]
        if foreign:
            raise undo_refused_error(
                "; ".join(foreign[:5]) + (" …" if len(foreign) > 5 else ""),
                "Records that this run did not make hang on what it made, and would hang on nothing.",
                "Move or remove these first, or undo the run that made them.",
            )

    # -- taking back -------------------------------------------------------

    async def _rows(self, steps: list[ReceiptStep]) -> dict[str, Row]:
        """Return the records of the steps as they are now, by sys_id."""
        found: dict[str, Row] = {}
        for table in dict.fromkeys(step.table for step in steps):
            ids = [step.sys_id for step in steps if step.table == table and step.sys_id]
            if not ids:
                continue
            columns = (*TABLE_COLUMNS.get(table, ("name",)), *AUDIT_COLUMNS)
            rows = self._instance.table(table).rows(
                where("sys_id", Operator.IN, *ids), fields=columns, page_size=PAGE_SIZE
            )
            found |= {row["sys_id"]: row async for row in rows}
        return found

    async def _take_back(self, step: ReceiptStep) -> None:
        table = self._instance.table(step.table)
        await self._receipt.record_removing(step)
        if step.operation == "create":
            await table.delete(step.sys_id)
            self._done.removed.append((step.table, step.name))
        else:
            row = await table.get(step.sys_id, tuple(step.before))
            if row is not None:
                await table.update(step.sys_id, step.before)
                self._done.restored.append((step.table, step.name))
        step.state = "gone"

    async def _prove(self, steps: list[ReceiptStep]) -> None:
        """Read back that nothing of it is left."""
        rows = await self._rows([step for step in steps if step.operation == "create"])
        left = [step for step in steps if step.operation == "create" and step.sys_id in rows]
        if left:
            counted = Counter(step.table for step in left)
            raise undo_refused_error(
                ", ".join(f"{count} of {table}" for table, count in counted.items()),
                "The instance took the call and kept the record.",
                "Look for a business rule that stops these records from being deleted.",
            )
