"""A request raised on purpose, followed to its end and cleaned up, with the time of each leg."""

import asyncio
import contextlib
import getpass
import platform
import re
import time
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from models.approval_process import ApprovalProcess
from models.approval_request import ApprovalRequest
from models.approval_type import ApprovalType
from models.kinds import RequestState
from services.errors import ConsoleError, InputError, Owner, Problem
from services.progress import Progress, silent
from services.requests.life import RequestLife
from services.servicenow.approvals import Approval, RequestedItem
from services.servicenow.connection import SignIn
from services.servicenow.contract import CREATE_INPUTS
from services.servicenow.instance import Instance
from services.servicenow.queries import equals
from services.store import Store

LEGS = 5
FOLLOW_TRIES = 20
FOLLOW_PAUSE_S = 0.5
DECISIONS = {"approve": ("approved", RequestState.APPROVED), "reject": ("rejected", RequestState.REJECTED)}

# What XML 1.0 has no way to write: control characters, halves of characters, and two that stand for nothing.
_UNSENDABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Leg:
    """One leg: what it was, what was observed, milliseconds, and whether it was as expected."""

    name: str
    observed: str
    ms: float
    ok: bool = True


@dataclass(slots=True)
class Rehearsal:
    """The request, its legs, and whether every one was as expected."""

    request: ApprovalRequest
    legs: list[Leg] = field(default_factory=list)
    item: RequestedItem | None = None

    @property
    def ok(self) -> bool:
        """Whether every leg was as expected."""
        return all(leg.ok for leg in self.legs)

    def as_dict(self) -> dict[str, Any]:
        """Return the rehearsal for JSON."""
        request = self.request
        return {
            "ok": self.ok,
            "request": {
                "id": str(request.id),
                "request_id": request.external_id,
                "number": request.number,
                "state": request.state,
                "servicenow_state": request.servicenow_state,
                "comment": request.comment,
            },
            "legs": [
                {"leg": leg.name, "ok": leg.ok, "observed": leg.observed, "ms": round(leg.ms)}
                for leg in self.legs
            ],
        }


def sample_fields(fields: Mapping[str, str]) -> dict[str, str]:
    """Return contract variables for a rehearsal: what was given, over what says plainly that it is one.

    Raises InputError for a name that is no variable of the contract, and for a text that no request can carry.
    """
    unknown = [name for name in fields if name not in CREATE_INPUTS]
    if unknown:
        raise _input_error(
            "field-unknown",
            f"{', '.join(unknown)} is no variable of the contract.",
            "A request carries the contract's variables only.",
            f"Use one of {', '.join(CREATE_INPUTS)}.",
        )
    unsendable = [name for name, text in fields.items() if _UNSENDABLE.search(text)]
    if unsendable:
        raise _input_error(
            "field-unsendable",
            f"{', '.join(unsendable)} holds control characters or halves of characters.",
            "XML, in which requests travel, cannot carry them.",
            "Leave these characters out.",
        )
    user, host = _user(), platform.node() or "this computer"
    return {
        "PMInitiatorId": user,
        "PMInitiatorName": user,
        "PMPolicyId": "rehearsal",
        "PMPolicyName": "Rehearsal",
        "PMAgentId": host,
        "PMAgentName": host,
        "PMFilePath": r"C:\Program Files\Rehearsal\rehearsal.exe",
        "PMUserReason": "Rehearsal from Approval Console",
        **fields,
    }


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"


def _input_error(fault: str, evidence: str, cause: str, remedy: str) -> InputError:
    tried = "Rehearse a request"
    return InputError(Problem(tried, evidence, cause, Owner.CONSOLE, remedy, fault))


async def rehearse(
    store: Store,
    instance: Instance,
    approval_type: ApprovalType,
    process: ApprovalProcess,
    *,
    fields: Mapping[str, str],
    decide: str | None = None,
    decider: Instance | None = None,
    progress: Progress = silent,
) -> Rehearsal:
    """Raise a request, see it pending, have it decided where asked, see the decision, and clean up.

    `decide` is "approve" or "reject"; `decider` signs in as the approver (else the process's own account decides, which
    takes approval_admin). Raises ConsoleError where a leg cannot be done; the request is cancelled before that, or
    the error says that it is still there.
    """
    life = RequestLife(store, instance, process)
    values = sample_fields(fields)
    run = Rehearsal(life.draft(approval_type, values, rehearsal=True))
    try:
        progress("Raising a request", 0, LEGS)
        _, ms = await _timed(life.send(run.request, values))
        run.legs.append(Leg("create", f"PMRequestId {run.request.external_id}", ms))
        await _see_pending(run, life, progress)
        if decide is not None:
            await _decide(run, life, decide, decider or instance, progress)
        await _clean_up(run, life, progress)
    except BaseException as error:
        # Where the cleaning itself was cancelled, it is begun again: nothing may be left behind for approvers.
        gone = await _clean_up(run, life, progress)
        if not gone and isinstance(error, ConsoleError):
            left = f"The request {run.request.number or run.request.external_id} is still there: cancel it in ServiceNow."
            error.problem = replace(error.problem, remedy=f"{error.problem.remedy} {left}")
        raise
    return run


async def _see_pending(run: Rehearsal, life: RequestLife, progress: Progress) -> None:
    progress("Looking for the request on the instance", 1, LEGS)
    run.item, ms = await _timed(life.note_item(run.request))
    if run.item is None:
        run.legs.append(Leg("record", "no requested item behind this id", ms, ok=False))
    else:
        who = ", ".join(a.approver for a in run.item.approvals if a.state == "requested") or "nobody"
        run.legs.append(Leg("record", f"{run.item.number}, {run.item.approval}, waits for {who}", ms))
    progress("Asking for the status", 2, LEGS)
    request, ms = await _timed(life.follow(run.request))
    pending = request.state == RequestState.PENDING
    run.legs.append(Leg("status", str(request.state), ms, ok=pending))


async def _decide(
    run: Rehearsal, life: RequestLife, decide: str, decider: Instance, progress: Progress
) -> None:
    word, wanted = DECISIONS[decide]
    progress("Deciding as the approver", 3, LEGS)
    table = decider.table("sysapproval_approver")
    asked = _asked_of(decider, run.item.approvals if run.item else [])
    if asked is None:
        run.legs.append(Leg("decision", "nobody is asked to approve", 0, ok=False))
        return
    started = time.perf_counter()
    await table.update(asked.sys_id, {"state": word, "comments": "Rehearsal from Approval Console"})
    row = await table.first(equals(sys_id=asked.sys_id), ("state",))
    seen = row["state"] if row else "hidden"
    run.legs.append(Leg("decision", f"{asked.approver}: {seen}", _ms(started), ok=seen == word))
    progress("Waiting for the answer", 4, LEGS)
    started = time.perf_counter()
    for _ in range(FOLLOW_TRIES):
        await life.follow(run.request)
        if RequestState(run.request.state).final:
            break
        await asyncio.sleep(FOLLOW_PAUSE_S)
    run.legs.append(Leg("outcome", str(run.request.state), _ms(started), ok=run.request.state == wanted))
    run.item = await life.note_item(run.request)


def _asked_of(decider: Instance, approvals: Sequence[Approval]) -> Approval | None:
    """Return the approval to decide: the one that the decider itself is asked for, else the first that is open.

    An approver sees and decides nobody else's.
    """
    open_ones = [a for a in approvals if a.state == "requested"]
    account = decider.sign_in.account.casefold() if isinstance(decider.sign_in, SignIn) else ""
    own = (a for a in open_ones if a.approver.casefold() == account)
    return next(own, open_ones[0] if open_ones else None)


async def _clean_up(run: Rehearsal, life: RequestLife, progress: Progress) -> bool:
    """Cancel the request if it was raised and has not ended; returns whether nothing of it waits any more."""
    if not run.request.external_id or RequestState(run.request.state).final:
        return True
    progress("Cancelling the request", LEGS - 1, LEGS)
    started = time.perf_counter()
    try:
        await life.cancel(run.request, "Rehearsal from Approval Console has ended")
    except ConsoleError as error:
        run.legs.append(Leg("cancel", error.problem.cause, _ms(started), ok=False))
        return False
    item = None
    with contextlib.suppress(ConsoleError):  # cancelling is what counts; the record is only shown
        item = await life.note_item(run.request)
    seen = f"called; {item.number} is {item.approval}" if item else "called"
    run.legs.append(Leg("cancel", seen, _ms(started)))
    return True


async def _timed(work: Awaitable[T]) -> tuple[T, float]:
    started = time.perf_counter()
    return await work, _ms(started)


def _ms(started: float) -> float:
    return (time.perf_counter() - started) * 1000
