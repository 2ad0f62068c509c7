"""Leaves nothing of a rehearsal open on its instance, and reads back that it is so."""

import asyncio
import contextlib
import logging
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Protocol

from models.approval_process import ApprovalProcess
from models.approval_request import ApprovalRequest
from models.base import utcnow
from models.kinds import RequestState, TaskState
from services.errors import ConflictError, Problem, RefusedError
from services.language import plural_message
from services.requests import baseline
from services.requests.finding import find
from services.requests.life import PROCESSING_LIMIT_S, RequestLife
from services.requests.marks import Wish, open_wishes
from services.requests.reading import APPROVALS, ITEMS, UNNAMED, is_active
from services.requests.resolving import NotItsRecordError, has_other_items, resolve
from services.requests.states import CLOSED_STATES
from services.requests.steps import Steps
from services.servicenow.faults import RateLimitedError
from services.servicenow.instance import Instance
from services.servicenow.queries import Operator, where
from services.servicenow.records import Row
from services.servicenow.roles import ADMIN, account_of, roles_of
from services.store import NotFoundError, Store
from services.threads import kept
from services.unexpected import unexpected

ENDED = "The rehearsal from Approval Console has ended"
CLOSED_INCOMPLETE = "4"
BROKEN_OFF_AFTER = timedelta(minutes=2)
"""A Cancel that has not come to its end by then is nobody's any more: a call takes a minute at most."""
CLOSE_TRIES = 2
OPEN_APPROVALS = ("requested", "not requested")
log = logging.getLogger(__name__)
ITEM_WRITERS = frozenset({"itil", ADMIN})
"""Roles that as a rule may change requested items; the access rules of an instance may say otherwise."""


class Source(Protocol):
    """Where requests are kept, and how their instances are reached."""

    store: Store

    async def instance(self, server_id: uuid.UUID) -> Instance:
        """Return the instance of a foreign system."""


@dataclass(frozen=True, slots=True)
class Proof:
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


async def may_leave(instance: Instance) -> str:
    """Return what a rehearsal that is approved may leave open with this account, and why, or an empty text."""
    account = await account_of(instance)
    roles = await roles_of(instance, account)
    if not ITEM_WRITERS.isdisjoint(roles):
        return ""
    why = f"{account} has neither itil nor admin" if roles else f"the roles of {account} are not visible"
    return (
        "Once approved, its requested item is closed, so that nobody carries it out. As a rule that takes the role itil;"
        f" {why}. Where the account may not close it, the item stays open in ServiceNow and is named at the end."
    )


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What became of a rehearsal that its program did not clean up itself."""

    request_id: uuid.UUID
    number: str
    proof: Proof


@dataclass(slots=True)
class CleanUp:
    """What a round of cleaning up did. `later` counts what may still be on its way: come again in a while."""

    cleaned: list[Cleaned] = field(default_factory=list)
    ended: list[uuid.UUID] = field(default_factory=list)
    """Requests whose Cancel was broken off, and that have ended now."""
    problems: list[Problem] = field(default_factory=list)
    later: int = 0


async def take_back(life: RequestLife, row: ApprovalRequest) -> bool:
    """Cancel the request of a rehearsal, however far it got; returns False while it may still be on its way.

    Raises ConsoleError.
    """
    if row.state == RequestState.SUBMITTING and not row.external_id:
        await life.withdraw(row, ENDED)
    elif not RequestState(row.state).final:
        await life.cancel(row, ENDED)
    return row.state != RequestState.SUBMITTING


async def close(instance: Instance, process: ApprovalProcess, row: ApprovalRequest) -> Proof:
    """Close what is open of a rehearsal that has ended, and read back that nothing is. Raises ConsoleError.

    Whoever approves one leaves an item that waits to be carried out: nobody is to do that.
    """
    state, refused = await _read(instance, process, row), None
    for _ in range(CLOSE_TRIES):
        if not state.open_items:
            return state.proof
        refused = await _close_items(instance, state.open_items)
        # Read back before anything is tried again: a session may have been refused that is begun anew now.
        state = await _read(instance, process, row)
        if refused is None:
            break
    if (
        refused is None
        or not state.open_items
        or state.waiting
        or any(i["approval"] != "approved" for i in state.open_items)
    ):
        return state.proof
    # Nobody is asked any more; somebody who may has to close it.
    left = f"the account may not close it. {refused.problem.cause} {refused.problem.evidence}"
    return replace(state.proof, left=left)


async def _close_items(instance: Instance, items: Sequence[Row]) -> RefusedError | None:
    try:
        for item in items:
            await instance.table(ITEMS).update(item["sys_id"], {"state": CLOSED_INCOMPLETE})
    except RateLimitedError:
        raise
    except RefusedError as error:
        return error
    return None


async def prove(instance: Instance, process: ApprovalProcess, row: ApprovalRequest) -> Proof:
    """Read back what is open of a rehearsal. Raises ConsoleError."""
    return (await _read(instance, process, row)).proof


@dataclass(frozen=True, slots=True)
class _State:
    """What was read: the proof, the items that are open, and whether anybody is still asked."""

    proof: Proof
    open_items: tuple[Row, ...] = ()
    waiting: bool = False


async def _read(instance: Instance, process: ApprovalProcess, row: ApprovalRequest) -> _State:
    sighting = await find(instance, row.approval_id, process)
    # All that carry its PMApprovalId are its own: Create may have been carried out twice.
    known = {item.record_id for item in sighting.items}
    reason = sighting.reason
    if not known:
        try:
            item = await resolve(instance, row, frozenset(filter(None, (process.request_item_id,))))
        except NotItsRecordError as error:
            item, reason = None, f"{error.problem.cause} {error.problem.evidence}"
        known = {item["sys_id"]} if item is not None else set()
    if not known:
        return _State(Proof(unknown=reason))
    query = where("sys_id", Operator.IN, *sorted(known))
    fields = ("number", "state", "approval", "active", "request")
    items = [item async for item in instance.table(ITEMS).rows(query, fields=fields)]
    if not items:
        return _State(Proof(unknown=sighting.reason))
    open_items = tuple(i for i in items if i["state"] not in CLOSED_STATES and is_active(i["active"]))
    waiting = await _waiting(instance, items)
    proof = Proof(
        items=tuple(item["number"] for item in items),
        open=(*(item["number"] for item in open_items), *waiting),
    )
    return _State(proof, open_items, waiting=bool(waiting))


async def _waiting(instance: Instance, items: Sequence[Row]) -> list[str]:
    """Return the approvals that are still open, in words; those of an order with other items are not of this request."""
    own = {item["sys_id"] for item in items}
    orders = {item["request"] for item in items if item["request"]}
    asked = where("sysapproval", Operator.IN, *sorted(own | orders)).where(
        "state", Operator.IN, *OPEN_APPROVALS
    )
    fields = ("sysapproval", "approver.name", "approver.user_name")
    rows = [row async for row in instance.table(APPROVALS).rows(asked, fields=fields)]
    shared = {
        order
        for order in orders & {row["sysapproval"] for row in rows}
        if await has_other_items(instance, order)
    }
    return [
        f"approval of {row['approver.name'] or row['approver.user_name'] or UNNAMED}"
        for row in rows
        if row["sysapproval"] not in shared
    ]


def is_anything_left(store: Store) -> bool:
    """Whether programs that have died left anything for `clean_up_rehearsals`; blocks."""
    return bool(baseline.unfinished(store) or _wishes(store))


async def clean_up_rehearsals(workspace: Source, *, limit_s: float = PROCESSING_LIMIT_S) -> CleanUp:
    """Clean up what rehearsals of programs that have died left behind; what cannot be done now is told and left.

    What they were about to cancel is cancelled as well.
    `limit_s` is how long an instance may go on with a call after its caller has gone.
    """
    done = CleanUp()
    for one in await asyncio.to_thread(baseline.unfinished, workspace.store):
        try:
            await _clean(workspace, one, limit_s, done)
        except Exception as error:  # noqa: BLE001 -- the others are cleaned up all the same
            done.problems.append(unexpected(log, "Clean up what a program left behind", error).problem)
    for key in await asyncio.to_thread(_wishes, workspace.store):
        try:
            await _fulfil(workspace, key, done)
        except Exception as error:  # noqa: BLE001 -- the others are cleaned up all the same
            done.problems.append(unexpected(log, "Clean up what a program left behind", error).problem)
    return done


async def _fulfil(workspace: Source, key: uuid.UUID, done: CleanUp) -> None:
    row = await asyncio.to_thread(Steps(workspace.store).stored, key)
    if row is None:
        return
    process, instance = await _reach(workspace, row)
    life = RequestLife(workspace.store, instance, process)
    # Asked first: what was decided meanwhile counts, and a wish is not fulfilled against it.
    await life.follow(row)
    if RequestState(row.state).final:
        done.ended.append(key)


def _wishes(store: Store) -> dict[uuid.UUID, Wish]:
    with store.read() as session:
        return open_wishes(session, utcnow() - BROKEN_OFF_AFTER)


async def _clean(workspace: Source, one: baseline.Unfinished, limit_s: float, done: CleanUp) -> None:
    store, row = workspace.store, one.request
    if row is None:
        # It died before anything was raised.
        if one.run is not None:
            await _finish(workspace, one, "Nothing was raised")
        return
    process, instance = await _reach(workspace, row)
    life = RequestLife(store, instance, process, limit_s=limit_s)
    if not await take_back(life, row):
        done.later += 1
        return
    proof = await close(instance, process, row)
    if not proof.ok and proof.open:
        # Nothing more can be done than to say so, again and again.
        done.cleaned.append(Cleaned(row.id, row.number, proof))
        return
    await _finish(workspace, one, f"Cleaned up after its program had ended: {proof}")
    done.cleaned.append(Cleaned(row.id, row.number, proof))


async def _finish(workspace: Source, one: baseline.Unfinished, outcome: str) -> None:
    run = one.run
    if run is not None:
        # Another program may have been as fast.
        with contextlib.suppress(ConflictError):
            await kept(lambda: baseline.finish(workspace.store, run, TaskState.CANCELLED, outcome, []))


async def _reach(workspace: Source, row: ApprovalRequest) -> tuple[ApprovalProcess, Instance]:
    process = await asyncio.to_thread(_process, workspace.store, row.process_id)
    server_id = row.server_id or process.server_id
    if server_id is None:
        raise NotFoundError("the ServiceNow Server of the request")
    return process, await workspace.instance(server_id)


def _process(store: Store, key: uuid.UUID | None) -> ApprovalProcess:
    with store.read() as session:
        process = session.get(ApprovalProcess, key) if key is not None else None
    if process is None:
        raise NotFoundError("the Approval Process of the request")
    return process
