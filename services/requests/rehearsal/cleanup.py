"""Leaves nothing of a rehearsal open on its instance, and reads back that it is so."""

import asyncio
import contextlib
import logging
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from models.approval_process import ApprovalProcess
from models.approval_request import ApprovalRequest
from models.kinds import RequestState, TaskState
from services.common.errors import ConflictError, Problem, RefusedError
from services.common.threads import run_to_completion
from services.common.unexpected_errors import to_console_error
from services.language import plural_message
from services.requests.domain.states import CLOSED_STATES
from services.requests.lifecycle.lifecycle import PROCESSING_LIMIT_S, RequestLifecycle
from services.requests.lifecycle.transactions import RequestTransactions
from services.requests.records.approver_names import UNNAMED_APPROVER
from services.requests.records.find_by_approval_id import find_by_approval_id
from services.requests.records.instance_provider import InstanceProvider
from services.requests.records.item_fields import APPROVAL_TABLE, ITEM_TABLE
from services.requests.records.ownership import RecordNotOwnedError
from services.requests.records.resolve_requested_item import order_has_other_items, resolve_item
from services.requests.rehearsal import baseline
from services.requests.rehearsal.unfinished_work import load_stale_cancels
from services.servicenow.account_roles import ADMIN_ROLE, fetch_active_roles, signed_in_account
from services.servicenow.encoded_query import Operator, where
from services.servicenow.http_client import ServiceNowClient
from services.servicenow.record_values import is_active
from services.servicenow.table_api import Row
from services.store import NotFoundError, Store
from services.transport.faults import RateLimitedError

CANCEL_COMMENT = "The rehearsal from Approval Console has ended"
CLOSED_INCOMPLETE = "4"
CLOSE_TRIES = 2
OPEN_APPROVAL_STATES = ("requested", "not requested")
log = logging.getLogger(__name__)
ITEM_WRITER_ROLES = frozenset({"itil", ADMIN_ROLE})
"""Roles that as a rule may change requested items; the access rules of an instance may say otherwise."""


@dataclass(frozen=True, slots=True)
class CleanupCheck:
    """What was read back of a rehearsal: the numbers of its items, what of it is open, and why nobody can tell.

    `left` says why items that were approved, and that nobody is asked about any more, were left open.
    """

    items: tuple[str, ...] = ()
    open: tuple[str, ...] = ()
    unknown: str = ""
    left: str = ""

    @property
    def ok(self) -> bool:
        """Whether it is known that nobody is asked any more, and that what is open could not be closed with this account."""
        return (not self.open or bool(self.left)) and not self.unknown

    @property
    def cleaned(self) -> bool:
        """Whether it is known that nothing is open."""
        return not self.open and not self.unknown

    @property
    def reason(self) -> str:
        """Why it is not cleaned, or an empty text."""
        return "" if self.cleaned else self.left or str(self)

    def __str__(self) -> str:
        if self.left:
            return f"{', '.join(self.open)} is approved and stays open: {self.left}"
        if self.open:
            return f"still open: {', '.join(self.open)}"
        if self.unknown:
            return f"not known: {self.unknown}"
        closed = plural_message(
            len(self.items), "{items} is closed", "{items} are closed", items=", ".join(self.items)
        )
        return closed if self.items else "no record exists"


async def describe_possible_leftover(instance: ServiceNowClient) -> str:
    """Return what a rehearsal that is approved may leave open with this account, and why, or an empty text."""
    account = await signed_in_account(instance)
    roles = await fetch_active_roles(instance, account)
    if not ITEM_WRITER_ROLES.isdisjoint(roles):
        return ""
    why = f"{account} has neither itil nor admin" if roles else f"the roles of {account} are not visible"
    return (
        "Once approved, its requested item is closed, so that nobody carries it out. As a rule that takes the role itil;"
        f" {why}. Where the account may not close it, the item stays open in ServiceNow and is named at the end."
    )


@dataclass(frozen=True, slots=True)
class CleanedRehearsal:
    """What became of a rehearsal that its program did not clean up itself."""

    request_id: uuid.UUID
    number: str
    cleanup_check: CleanupCheck


@dataclass(slots=True)
class CleanupReport:
    """What a round of cleaning up did. `later` counts what may still be on its way: come again in a while."""

    cleaned: list[CleanedRehearsal] = field(default_factory=list)
    ended: list[uuid.UUID] = field(default_factory=list)
    """Requests whose Cancel was broken off, and that have ended now."""
    problems: list[Problem] = field(default_factory=list)
    still_pending: int = 0


async def cancel_rehearsal(life: RequestLifecycle, row: ApprovalRequest) -> bool:
    """Cancel the request of a rehearsal, however far it got; returns False while it may still be on its way.

    Raises ConsoleError.
    """
    if row.state == RequestState.SUBMITTING and not row.external_id:
        await life.withdraw(row, CANCEL_COMMENT)
    elif not RequestState(row.state).is_final:
        await life.cancel(row, CANCEL_COMMENT)
    return row.state != RequestState.SUBMITTING


async def close_rehearsal(
    instance: ServiceNowClient, process: ApprovalProcess, row: ApprovalRequest
) -> CleanupCheck:
    """Close what is open of a rehearsal that has ended, and read back that nothing is. Raises ConsoleError.

    Whoever approves one leaves an item that waits to be carried out: nobody is to do that.
    """
    state, refused = await _read_cleanup_state(instance, process, row), None
    for _ in range(CLOSE_TRIES):
        if not state.open_items:
            return state.cleanup_check
        refused = await _close_items(instance, state.open_items)
        # Read back before anything is tried again: a session may have been refused that is begun anew now.
        state = await _read_cleanup_state(instance, process, row)
        if refused is None:
            break
    if (
        refused is None
        or not state.open_items
        or state.waiting
        or any(i["approval"] != "approved" for i in state.open_items)
    ):
        return state.cleanup_check
    # Nobody is asked any more; somebody who may has to close it.
    left = f"the account may not close it. {refused.problem.cause} {refused.problem.evidence}"
    return replace(state.cleanup_check, left=left)


async def _close_items(instance: ServiceNowClient, items: Sequence[Row]) -> RefusedError | None:
    try:
        for item in items:
            await instance.table(ITEM_TABLE).update(item["sys_id"], {"state": CLOSED_INCOMPLETE})
    except RateLimitedError:
        raise
    except RefusedError as error:
        return error
    return None


@dataclass(frozen=True, slots=True)
class _CleanupState:
    """What was read: the proof, the items that are open, and whether anybody is still asked."""

    cleanup_check: CleanupCheck
    open_items: tuple[Row, ...] = ()
    waiting: bool = False


async def _read_cleanup_state(
    instance: ServiceNowClient, process: ApprovalProcess, row: ApprovalRequest
) -> _CleanupState:
    sighting = await find_by_approval_id(instance, row.approval_id, process)
    # All that carry its PMApprovalId are its own: Create may have been carried out twice.
    known = {item.sys_id for item in sighting.items}
    reason = sighting.reason
    if not known:
        try:
            item = await resolve_item(instance, row, frozenset(filter(None, (process.request_item_id,))))
        except RecordNotOwnedError as error:
            item, reason = None, f"{error.problem.cause} {error.problem.evidence}"
        known = {item.sys_id} if item is not None else set()
    if not known:
        return _CleanupState(CleanupCheck(unknown=reason))
    query = where("sys_id", Operator.IN, *sorted(known))
    fields = ("number", "state", "approval", "active", "request")
    items = [item async for item in instance.table(ITEM_TABLE).rows(query, fields=fields)]
    if not items:
        return _CleanupState(CleanupCheck(unknown=sighting.reason))
    open_items = tuple(i for i in items if i["state"] not in CLOSED_STATES and is_active(i["active"]))
    waiting = await _list_open_approvals(instance, items)
    proof = CleanupCheck(
        items=tuple(item["number"] for item in items),
        open=(*(item["number"] for item in open_items), *waiting),
    )
    return _CleanupState(proof, open_items, waiting=bool(waiting))


async def _list_open_approvals(instance: ServiceNowClient, items: Sequence[Row]) -> list[str]:
    """Return the approvals that are still open, in words; those of an order with other items are not of this request."""
    own = {item["sys_id"] for item in items}
    orders = {item["request"] for item in items if item["request"]}
    asked = where("sysapproval", Operator.IN, *sorted(own | orders)).where(
        "state", Operator.IN, *OPEN_APPROVAL_STATES
    )
    fields = ("sysapproval", "approver.name", "approver.user_name")
    rows = [row async for row in instance.table(APPROVAL_TABLE).rows(asked, fields=fields)]
    shared = {
        order
        for order in orders & {row["sysapproval"] for row in rows}
        if await order_has_other_items(instance, order)
    }
    return [
        f"approval of {row['approver.name'] or row['approver.user_name'] or UNNAMED_APPROVER}"
        for row in rows
        if row["sysapproval"] not in shared
    ]


async def clean_up_rehearsals(
    workspace: InstanceProvider, *, limit_s: float = PROCESSING_LIMIT_S
) -> CleanupReport:
    """Clean up what rehearsals of programs that have died left behind; what cannot be done now is told and left.

    What they were about to cancel is cancelled as well.
    `limit_s` is how long an instance may go on with a call after its caller has gone.
    """
    done = CleanupReport()
    for one in await asyncio.to_thread(baseline.find_unfinished, workspace.store):
        try:
            await _clean_up_one(workspace, one, limit_s, done)
        except Exception as error:  # noqa: BLE001 -- the others are cleaned up all the same
            done.problems.append(to_console_error(log, "Clean up what a program left behind", error).problem)
    for key in await asyncio.to_thread(load_stale_cancels, workspace.store):
        try:
            await _finish_cancel(workspace, key, done)
        except Exception as error:  # noqa: BLE001 -- the others are cleaned up all the same
            done.problems.append(to_console_error(log, "Clean up what a program left behind", error).problem)
    return done


async def _finish_cancel(workspace: InstanceProvider, key: uuid.UUID, done: CleanupReport) -> None:
    row = await asyncio.to_thread(RequestTransactions(workspace.store).stored, key)
    if row is None:
        return
    process, instance = await _load_process_and_instance(workspace, row)
    life = RequestLifecycle(workspace.store, instance, process)
    # Asked first: what was decided meanwhile counts, and a wish is not fulfilled against it.
    await life.follow(row)
    if RequestState(row.state).is_final:
        done.ended.append(key)


async def _clean_up_one(
    workspace: InstanceProvider, one: baseline.UnfinishedRehearsal, limit_s: float, done: CleanupReport
) -> None:
    store, row = workspace.store, one.request
    if row is None:
        # It died before anything was raised.
        if one.run is not None:
            await _finish_run(workspace, one, "Nothing was raised")
        return
    process, instance = await _load_process_and_instance(workspace, row)
    life = RequestLifecycle(store, instance, process, limit_s=limit_s)
    if not await cancel_rehearsal(life, row):
        done.still_pending += 1
        return
    proof = await close_rehearsal(instance, process, row)
    if not proof.ok and proof.open:
        # Nothing more can be done than to say so, again and again.
        done.cleaned.append(CleanedRehearsal(row.id, row.number, proof))
        return
    await _finish_run(workspace, one, f"Cleaned up after its program had ended: {proof}")
    done.cleaned.append(CleanedRehearsal(row.id, row.number, proof))


async def _finish_run(workspace: InstanceProvider, one: baseline.UnfinishedRehearsal, outcome: str) -> None:
    run = one.run
    if run is not None:
        # Another program may have been as fast.
        with contextlib.suppress(ConflictError):
            await run_to_completion(
                lambda: baseline.finish_run(workspace.store, run, TaskState.CANCELLED, outcome, [])
            )


async def _load_process_and_instance(
    workspace: InstanceProvider, row: ApprovalRequest
) -> tuple[ApprovalProcess, ServiceNowClient]:
    process = await asyncio.to_thread(_load_process, workspace.store, row.process_id)
    server_id = row.server_id or process.server_id
    if server_id is None:
        raise NotFoundError("the ServiceNow Server of the request")
    return process, await workspace.instance(server_id)


def _load_process(store: Store, key: uuid.UUID | None) -> ApprovalProcess:
    with store.read() as session:
        process = session.get(ApprovalProcess, key) if key is not None else None
    if process is None:
        raise NotFoundError("the Approval Process of the request")
    return process
