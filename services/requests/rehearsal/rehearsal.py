"""A request raised on purpose, followed to its end and cleaned up with proof, with the time of each leg."""

import asyncio
import contextlib
import getpass
import platform
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from models.approval_process import ApprovalProcess
from models.approval_request import ApprovalRequest
from models.approval_type import ApprovalType
from models.kinds import RequestState, TaskState
from models.task_run import TaskRun
from models.translation_marks import tr_later
from services.common.errors import ConsoleError
from services.common.fault_ids import FaultId
from services.common.progress import Progress, ignore_progress
from services.common.threads import run_to_completion
from services.requests.domain.validation import validate_fields
from services.requests.lifecycle.lifecycle import RequestLifecycle
from services.requests.records.item_reader import read_approvals
from services.requests.records.requested_item import Approval, RequestedItem
from services.requests.rehearsal import baseline
from services.requests.rehearsal.cleanup import (
    CleanupCheck,
    cancel_rehearsal,
    close_rehearsal,
    describe_possible_leftover,
)
from services.servicenow.encoded_query import equals
from services.servicenow.http_client import ServiceNowClient
from services.store import Store
from services.store.row_values import RowDict
from services.transport.sign_in import SignIn

LEG_COUNT = 6
POLL_ATTEMPTS = 20
POLL_INTERVAL_S = 0.5
DECISIONS = {"approve": ("approved", RequestState.APPROVED), "reject": ("rejected", RequestState.REJECTED)}
REASON_PREFIX = "REHEARSAL"
DEFAULT_REASON = f"{REASON_PREFIX}: raised on purpose from Approval Console"

DECISION_COMMENT = "Rehearsal from Approval Console"

T = TypeVar("T")


TITLES = {
    "create": tr_later("Create"),
    "record": tr_later("Record"),
    "status": tr_later("Status"),
    "decision": tr_later("Decision"),
    "outcome": tr_later("Outcome"),
    "cancel": tr_later("Cancel"),
    "proof": tr_later("Clean-up"),
}
"""What the steps of a rehearsal are called on screen, by their names in JSON."""


@dataclass(frozen=True, slots=True)
class Leg:
    """One leg: what it was, what was observed, milliseconds, and whether it was as expected."""

    name: str
    observed: str
    ms: float
    ok: bool = True

    @property
    def title(self) -> str:
        """Return what it is called on screen."""
        return TITLES.get(self.name, self.name)

    def as_dict(self) -> RowDict:
        """Return the leg for JSON."""
        return {"leg": self.name, "ok": self.ok, "observed": self.observed, "ms": round(self.ms)}


@dataclass(slots=True)
class Rehearsal:
    """The request, its legs, and whether every one was as expected; `usual` has the usual milliseconds of legs."""

    request: ApprovalRequest
    legs: list[Leg] = field(default_factory=list)
    item: RequestedItem | None = None
    cleanup_check: CleanupCheck | None = None
    usual: dict[str, float] = field(default_factory=dict)

    @property
    def ok(self) -> bool:
        """Whether every leg was as expected."""
        return all(leg.ok for leg in self.legs)

    @property
    def cleaned(self) -> bool:
        """Whether it was read back that nothing of it is open."""
        return self.cleanup_check is not None and self.cleanup_check.cleaned

    @property
    def slow_legs(self) -> list[str]:
        """Which legs took noticeably longer than they usually do, in sentences."""
        return baseline.describe_slow_legs(self.legs, self.usual)

    def as_dict(self) -> RowDict:
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
            "legs": [leg.as_dict() | {"usual_ms": self._usual_ms(leg)} for leg in self.legs],
            "slower": self.slow_legs,
            "cleaned": self.cleaned,
            "reason": (self.cleanup_check.reason or None) if self.cleanup_check is not None else None,
        }

    def _usual_ms(self, leg: Leg) -> int | None:
        return round(self.usual[leg.name]) if leg.name in self.usual else None


def build_sample_fields(fields: Mapping[str, str]) -> dict[str, str]:
    """Return contract variables for a rehearsal: what was given, over what says plainly that it is one.

    Whoever is asked to approve reads REHEARSAL first. Raises InputError as `checked_fields` does.
    """
    user, host = _current_user_name(), platform.node() or "this computer"
    values = {
        "PMInitiatorId": user,
        "PMInitiatorName": user,
        "PMPolicyId": "rehearsal",
        "PMPolicyName": "Rehearsal",
        "PMAgentId": host,
        "PMAgentName": host,
        "PMFilePath": r"C:\Program Files\Rehearsal\rehearsal.exe",
        "PMUserReason": DEFAULT_REASON,
        **validate_fields(fields, "Rehearse a request"),
    }
    if not values["PMUserReason"].startswith(REASON_PREFIX):
        values["PMUserReason"] = f"{REASON_PREFIX}: {values['PMUserReason']}"
    return values


def _current_user_name() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"


def _ignore_notice(text: str) -> None:
    """Let a notice be."""
    del text


async def rehearse(
    store: Store,
    instance: ServiceNowClient,
    approval_type: ApprovalType,
    process: ApprovalProcess,
    *,
    fields: Mapping[str, str],
    decide: str | None = None,
    decider: ServiceNowClient | None = None,
    progress: Progress = ignore_progress,
    notice: Callable[[str], None] = _ignore_notice,
) -> Rehearsal:
    """Raise a request, see it pending, have it decided where asked, see the decision, clean up, and prove that.

    `decide` is "approve" or "reject"; `decider` signs in as the approver (else the process's own account decides, which
    takes approval_admin). Raises ConsoleError where a leg cannot be done; the request is cancelled before that, or
    the error says that it is still there: `clean_up_rehearsals` then has it. `notice` hears what may be left, before
    anything is raised.
    """
    values = build_sample_fields(fields)
    life = RequestLifecycle(store, instance, process)
    run = Rehearsal(life.draft(approval_type, values, rehearsal=True))
    left = await describe_possible_leftover(instance) if decide == "approve" else ""
    if left:
        notice(left)
    run.usual = await asyncio.to_thread(baseline.median_leg_durations, store, process.id)
    record = await run_to_completion(lambda: baseline.start_run(store, run.request, process))
    try:
        progress("Raising a request", 0, LEG_COUNT)
        _, ms = await _measure(life.send(run.request, values))
        run.legs.append(Leg("create", f"PMRequestId {run.request.external_id}", ms))
        await _check_pending(run, life, progress)
        if decide is not None:
            await _decide(run, life, decide, decider or instance, instance, progress)
        gone = await _clean_up(run, life, progress)
        run.cleanup_check = await _check_cleanup(run, instance, process, progress)
        if gone and (run.cleanup_check.ok or not run.cleanup_check.open):
            await _finish_run(store, record, run)
    except BaseException as error:
        # Where the cleaning itself was cancelled, it is begun again: nothing may be left behind for approvers.
        left = await _clean_up_after_failure(run, life, instance, process, progress)
        if not left:
            with contextlib.suppress(ConsoleError):
                await _finish_run(store, record, run, f"Broken off: {error}")
        elif isinstance(error, ConsoleError):
            error.problem = replace(error.problem, remedy=f"{error.problem.remedy} {left}")
        raise
    finally:
        baseline.abandon_run(record)
    return run


async def _finish_run(store: Store, record: TaskRun, run: Rehearsal, broken: str = "") -> None:
    """Keep the rehearsal as one that is over; the times of a good one say what is usual."""
    good = run.ok and not broken
    outcome = broken or ("All steps succeeded" if good else "Not all steps succeeded")
    if run.cleanup_check is not None and run.cleanup_check.left:
        outcome += f"; {run.cleanup_check}"
    legs = [leg.as_dict() for leg in run.legs]
    state = TaskState.SUCCEEDED if good else TaskState.FAILED
    await run_to_completion(lambda: baseline.finish_run(store, record, state, outcome, legs))


async def _check_pending(run: Rehearsal, life: RequestLifecycle, progress: Progress) -> None:
    progress("Looking for the request on the instance", 1, LEG_COUNT)
    run.item, ms = await _measure(life.refresh_item(run.request))
    if run.item is None:
        run.legs.append(Leg("record", "no requested item is seen behind this id", ms, ok=False))
    else:
        who = ", ".join(one.user_name or one.display_name for one in run.item.open_approvals)
        who = who or "nobody whom this account sees"
        run.legs.append(Leg("record", f"{run.item.number}, {run.item.approval}, waits for {who}", ms))
    progress("Asking for the status", 2, LEG_COUNT)
    request, ms = await _measure(life.follow(run.request))
    pending = request.state == RequestState.PENDING
    run.legs.append(Leg("status", str(request.state), ms, ok=pending))


async def _decide(
    run: Rehearsal,
    life: RequestLifecycle,
    decide: str,
    decider: ServiceNowClient,
    instance: ServiceNowClient,
    progress: Progress,
) -> None:
    word, wanted = DECISIONS[decide]
    progress("Deciding as the approver", 3, LEG_COUNT)
    table = decider.table("sysapproval_approver")
    approvals = run.item.approvals if run.item else ()
    if run.item and not run.item.open_approvals:
        # The account of the process may not see whom the approver sees.
        approvals = await read_approvals(decider, run.item, instance)
    asked = _select_approval(decider, approvals)
    if asked is None:
        run.legs.append(Leg("decision", "no open approval is seen that could be decided", 0, ok=False))
        return
    started = time.perf_counter()
    await table.update(asked.sys_id, {"state": word, "comments": DECISION_COMMENT})
    row = await table.first(equals(sys_id=asked.sys_id), ("state",))
    seen = row["state"] if row else "hidden"
    who = asked.user_name or asked.display_name
    run.legs.append(Leg("decision", f"{who}: {seen}", _elapsed_ms(started), ok=seen == word))
    progress("Waiting for the answer", 4, LEG_COUNT)
    started = time.perf_counter()
    for _ in range(POLL_ATTEMPTS):
        await life.follow(run.request)
        if RequestState(run.request.state).is_final:
            break
        await asyncio.sleep(POLL_INTERVAL_S)
    run.legs.append(
        Leg("outcome", str(run.request.state), _elapsed_ms(started), ok=run.request.state == wanted)
    )
    run.item = await life.refresh_item(run.request)


def _select_approval(decider: ServiceNowClient, approvals: Sequence[Approval]) -> Approval | None:
    """Return the approval to decide: the one that the decider itself is asked for, else the first that is open.

    An approver sees and decides nobody else's.
    """
    open_ones = [a for a in approvals if a.is_open]
    account = decider.sign_in.account.casefold() if isinstance(decider.sign_in, SignIn) else ""
    own = (a for a in open_ones if a.user_name.casefold() == account)
    return next(own, open_ones[0] if open_ones else None)


async def _clean_up(run: Rehearsal, life: RequestLifecycle, progress: Progress) -> bool:
    """Cancel the request if it was raised and has not ended; returns whether nothing of it waits any more."""
    request = run.request
    if RequestState(request.state).is_final:
        return True
    progress("Cancelling the request", LEG_COUNT - 2, LEG_COUNT)
    started = time.perf_counter()
    try:
        gone = await cancel_rehearsal(life, request)
    except ConsoleError as error:
        if error.problem.fault == FaultId.REQUEST_NEVER_RAISED:
            return True
        run.legs.append(Leg("cancel", error.problem.cause, _elapsed_ms(started), ok=False))
        return False
    if not request.external_id:
        seen = "it never arrived" if gone else "it may still be on its way"
        run.legs.append(Leg("cancel", seen, _elapsed_ms(started), ok=gone))
        return gone
    item = None
    with contextlib.suppress(ConsoleError):  # cancelling is what counts; the record is only shown
        item = await life.refresh_item(request)
    seen = f"called; {item.number} is {item.approval}" if item else "called"
    seen += f". {life.cancel_warning}" if life.cancel_warning else ""
    run.legs.append(Leg("cancel", seen, _elapsed_ms(started)))
    return True


async def _check_cleanup(
    run: Rehearsal, instance: ServiceNowClient, process: ApprovalProcess, progress: Progress
) -> CleanupCheck:
    """Close what is still open of the request, and read back that nothing is."""
    progress("Looking that nothing of it is open", LEG_COUNT - 1, LEG_COUNT)
    proof, ms = await _measure(close_rehearsal(instance, process, run.request))
    run.legs.append(Leg("proof", str(proof), ms, ok=proof.ok))
    return proof


async def _clean_up_after_failure(
    run: Rehearsal,
    life: RequestLifecycle,
    instance: ServiceNowClient,
    process: ApprovalProcess,
    progress: Progress,
) -> str:
    """Clean up after a rehearsal that broke off; returns what may be left of it, in a sentence, or an empty text."""
    request = run.request
    gone = await _clean_up(run, life, progress)
    if not request.external_id:
        # What was refused has been looked for where that could tell anything.
        return "" if gone else "It is looked for, and cancelled, when the console starts the next time."
    name = request.number or request.external_id
    if gone:
        try:
            gone = not (await close_rehearsal(instance, process, request)).open
        except ConsoleError:
            gone = False
    if gone:
        return ""
    return f"The request {name} is still there: cancel it in ServiceNow, or start the console when it can be reached."


async def _measure(work: Awaitable[T]) -> tuple[T, float]:
    started = time.perf_counter()
    return await work, _elapsed_ms(started)


def _elapsed_ms(started: float) -> float:
    return (time.perf_counter() - started) * 1000
