"""Approve, reject, cancel and remind: after a look at the newest state, and with what came of it read back.

Nothing is believed because it was sent: the record is read again after every change, also where the answer was lost,
and what is told is what stands there. Nothing is sent twice.
"""

import asyncio
import contextlib
import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeAlias

from models.approval_request import ApprovalRequest
from models.base import TEXT_MAX, utcnow
from models.kinds import RequestEventKind, RequestOperation, RequestState
from services.common.errors import ConsoleError, Problem, RefusedError
from services.common.threads import run_to_completion
from services.intake.payload_mapping import describe_invalid_text
from services.requests.decisions import request_lock
from services.requests.decisions.permissions import (
    may_decide_for_others,
    may_have_been_applied,
    undecided_ending,
)
from services.requests.domain.journal import TimelineEvent
from services.requests.lifecycle.apply_observation import (
    InstanceProvider,
    load_process,
    load_request_in_thread,
    load_request_item_ids,
    read_own_record,
    store_observation,
)
from services.requests.lifecycle.lifecycle import RequestLifecycle
from services.requests.lifecycle.transactions import RequestTransactions
from services.requests.records import problems
from services.requests.records.batch_query import APPROVAL_TABLE, ITEM_TABLE
from services.requests.records.record_resolution import RecordNotOwnedError
from services.requests.records.request_action import (
    RequestAction,
    action_event_id,
    approval_to_decide,
    is_same_user,
)
from services.requests.records.requested_item import (
    Approval,
    RequestedItem,
    join_english_names,
    read_approvals,
    read_requested_item,
)
from services.servicenow.account_roles import signed_in_account
from services.servicenow.faults import RateLimitedError
from services.servicenow.http_client import ServiceNowClient
from services.store import Store
from services.store.errors import StoreError
from services.store.timeline_facts import TimelineFacts

CONCURRENCY = 2
"""Requests that one call works on at a time."""
CLOSED_INCOMPLETE = "4"
COMMENT_MAX = TEXT_MAX
Decision: TypeAlias = Literal["approve", "reject"]
STATE_BY_DECISION: dict[Decision, str] = {"approve": "approved", "reject": "rejected"}


@dataclass(frozen=True, slots=True)
class ActionResult:
    """What became of one request: whether it was done, what was read back (a sentence), and why not.

    `problem` beside `ok` says what did not go well after the deed, such as a store that could not keep it.
    """

    id: uuid.UUID
    ok: bool
    seen: str = ""
    problem: Problem | None = None
    label: str = ""
    """The number of the request, or its id where it has none."""
    deed: RequestAction | None = None
    """Who did it, on whose behalf and with which account, where it was done."""


ResultCallback: TypeAlias = Callable[[ActionResult], None]


def _ignore_result(outcome: ActionResult) -> None:
    """Tell nobody."""


async def decide(
    workspace: InstanceProvider,
    ids: Sequence[uuid.UUID],
    decision: Decision,
    comment: str = "",
    decider: ServiceNowClient | None = None,
    *,
    told: ResultCallback = _ignore_result,
) -> list[ActionResult]:
    """Approve or reject requests, and return what became of each in the order of `ids`.

    `decider` signs in as the approver; without it the server's own account decides, for others if it has approval_admin.
    `told` hears of each outcome as it comes. When the task is cancelled, what is under way is ended and told, and what
    has not begun is left alone.
    """
    _check_comment(comment)

    async def one(row: ApprovalRequest) -> ActionResult:
        return await _ActionRun(workspace, row, comment, decider).decide(decision)

    return await _for_each_request(workspace, ids, one, told)


async def cancel(
    workspace: InstanceProvider,
    ids: Sequence[uuid.UUID],
    comment: str = "",
    decider: ServiceNowClient | None = None,
    *,
    confirmed: bool = False,
    told: ResultCallback = _ignore_result,
) -> list[ActionResult]:
    """Cancel requests: our own through their process, those of Privilege Manager on the record where it is `confirmed`."""
    _check_comment(comment)

    async def one(row: ApprovalRequest) -> ActionResult:
        deed = _ActionRun(workspace, row, comment, decider)
        if row.is_mirrored and not confirmed:
            return deed.refused(problems.cancel_not_confirmed(deed.label))
        return await (deed.cancel_copy() if row.is_mirrored else deed.cancel_own())

    return await _for_each_request(workspace, ids, one, told)


async def remind(
    workspace: InstanceProvider,
    ids: Sequence[uuid.UUID],
    comment: str = "",
    *,
    told: ResultCallback = _ignore_result,
) -> list[ActionResult]:
    """Write a comment for those who are asked; ServiceNow notifies them. Within 15 minutes it is done once only."""
    _check_comment(comment)

    async def one(row: ApprovalRequest) -> ActionResult:
        return await _ActionRun(workspace, row, comment, None).remind()

    return await _for_each_request(workspace, ids, one, told)


def _check_comment(comment: str) -> None:
    wrong = describe_invalid_text(comment, COMMENT_MAX)
    if wrong:
        raise problems.invalid_comment(wrong)


async def _for_each_request(
    workspace: InstanceProvider,
    ids: Sequence[uuid.UUID],
    deed: Callable[[ApprovalRequest], Awaitable[ActionResult]],
    told: ResultCallback,
) -> list[ActionResult]:
    """Do `deed` for each request once, at most IN_FLIGHT at a time; one that fails stops no other."""
    outcomes: dict[uuid.UUID, ActionResult] = {}
    waiting = list(reversed(dict.fromkeys(ids)))
    stopped = False

    async def one(key: uuid.UUID) -> None:
        label = str(key)
        try:
            async with request_lock.process_lock(key):
                row = await load_request_in_thread(workspace.store, key)
                label = request_label(row)
                outcome = await _with_lock(workspace.store, row, deed)
        except ConsoleError as error:
            outcome = ActionResult(key, ok=False, problem=error.problem, label=label)
        outcomes[key] = outcome
        told(outcome)

    async def lane() -> None:
        while waiting and not stopped:
            await one(waiting.pop())

    lanes = [asyncio.ensure_future(lane()) for _ in range(min(CONCURRENCY, len(waiting)))]
    try:
        await asyncio.shield(asyncio.gather(*lanes))
    except BaseException:
        # What is under way may have reached the instance already: it is read back and told before this ends.
        stopped = True
        while any(not lane.done() for lane in lanes):
            # Stopping twice is no reason to leave a change half told; every call has a limit of its own.
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait(lanes)
        raise
    return [outcomes[key] for key in dict.fromkeys(ids)]


async def _with_lock(
    store: Store, row: ApprovalRequest, deed: Callable[[ApprovalRequest], Awaitable[ActionResult]]
) -> ActionResult:
    """Do `deed` unless another console on the same store is at it."""
    turn = await run_to_completion(lambda: request_lock.acquire_lock(store, row.id))
    if isinstance(turn, str):
        busy = problems.request_locked(request_label(row), turn)
        return ActionResult(row.id, ok=False, problem=busy, label=request_label(row))
    try:
        return await deed(row)
    finally:
        # Where it cannot be given back it runs out by itself.
        with contextlib.suppress(StoreError):
            await run_to_completion(turn.release_lease)


def request_label(row: ApprovalRequest) -> str:
    """Return how people call a request: its number, or its id."""
    return row.number or str(row.id)


class _ActionRun:
    """One change of one request."""

    def __init__(
        self,
        workspace: InstanceProvider,
        row: ApprovalRequest,
        comment: str,
        decider: ServiceNowClient | None,
    ) -> None:
        self._workspace = workspace
        self._row = row
        self._comment = comment.strip()
        self._decider = decider
        self._whole = decider is None
        """Whether the record is read with an account that sees every approval."""
        self._items: frozenset[str] | None = None
        self._person = workspace.store.actor
        self.label = request_label(row)

    # -- approve and reject ------------------------------------------------

    async def decide(self, decision: Decision) -> ActionResult:
        """Decide the approval that the account is asked for, or may decide for others.

        The record is read with the server's account: an approver may see nothing but its own approvals.
        """
        word = STATE_BY_DECISION[decision]
        instance, record = await self._load_for_decision(f"{decision.capitalize()} {self.label}")
        if isinstance(record, ActionResult):
            return record
        writer = self._decider or instance
        account = await signed_in_account(writer)
        tried = f"{decision.capitalize()} {record.number}"
        seen = record
        if writer is not instance:
            # What the decider sees is what it can decide.
            seen = replace(record, asked=await read_approvals(writer, record, instance))
        asked = approval_to_decide(seen.waiting, account)
        if asked is None and any(one.open for one in record.shared_order_approvals):
            return self.refused(problems.approval_on_order(tried, record))
        if asked is None:
            return self.refused(problems.no_open_approval(tried, record.number, account))
        if not is_same_user(asked.user_name, account) and not await may_decide_for_others(writer, account):
            return self.refused(
                problems.decision_not_allowed(tried, account, [one.who for one in seen.waiting])
            )
        lost = await self._change(writer, APPROVAL_TABLE, asked.sys_id, self._values("state", word))
        if lost is not None and not may_have_been_applied(lost):
            return await self._result_after_refusal(instance, tried, lost)
        return await self._confirm_decision(instance, writer, asked, word, lost)

    async def _confirm_decision(
        self,
        instance: ServiceNowClient,
        writer: ServiceNowClient,
        asked: Approval,
        word: str,
        lost: ConsoleError | None,
    ) -> ActionResult:
        """Read back what became of a decision that was sent, with `lost` in place of its answer."""
        account = await signed_in_account(writer)
        tried = f"{'Approve' if word == STATE_BY_DECISION['approve'] else 'Reject'} {self.label}"
        try:
            after = await self._read(instance)
            now = await self._read_back(after, asked, instance) if after else None
        except ConsoleError as error:
            return self.refused(problems.outcome_unknown(tried, lost or error))
        if after is None or now is None:
            return self.refused(problems.outcome_unknown(tried, lost))
        if now.state != word or not (lost is None or is_same_user(now.changed_by, account)):
            await self._keep(after)
            if now.open:
                return self.refused(problems.change_not_applied(tried, lost))
            return self.refused(problems.already_decided(tried, after, now))
        other = next((one for one in after.asked if one.state == after.approval), None)
        if not after.open and after.approval != word:
            # Somebody decided the other way between the look and the change, and that is what counts.
            await self._keep(after)
            return self.refused(problems.already_decided(tried, after, other))
        return await self._decided(after, now, word, account)

    async def _read_back(
        self, after: RequestedItem, asked: Approval, instance: ServiceNowClient
    ) -> Approval | None:
        """Return an approval as it stands now; the server's account may not see what the decider sees."""
        seen = next((one for one in after.asked if one.sys_id == asked.sys_id), None)
        if seen is None and self._decider is not None:
            own = await read_approvals(self._decider, after, instance)
            seen = next((one for one in own if one.sys_id == asked.sys_id), None)
        return seen

    async def _load_for_decision(self, tried: str) -> tuple[ServiceNowClient, RequestedItem | ActionResult]:
        """Read the newest state; returns who read it: the server's own account, or the decider where that one sees none."""
        own = await self._workspace.instance(_server(self._row))
        if self._decider is None:
            return own, await self._read_open_item(own, tried)
        try:
            record = await self._read(own)
        except RateLimitedError:
            raise
        except RefusedError:
            # Its account may not read it, or not enough to know the record: the approver may.
            record = None
        if record is None:
            return self._decider, await self._read_open_item(self._decider, tried)
        self._whole = True
        return own, await self._require_open(record, tried)

    async def _decided(self, record: RequestedItem, now: Approval, word: str, account: str) -> ActionResult:
        """Keep a decision that was read back, and let our own request take it in."""
        own = is_same_user(now.user_name, account)
        deed = RequestAction(word, record.number, account, self._person, now.who, own=own)
        seen = f"{deed.sentence}."
        if record.open:
            others = [one.who for one in record.waiting]
            waits = join_english_names(others, "and") if others else "the next step of its approval"
            seen = f"{deed.sentence}; it still waits for {waits}."
        facts = TimelineFacts(RequestOperation.DECIDE, RequestState(word), self._comment)
        event = TimelineEvent(RequestEventKind.DECIDED, self._told(deed), facts)
        problem = await self._keep(record, event, event_id=action_event_id(self._row.id, now.sys_id))
        if problem is None and not record.open and not self._row.is_mirrored:
            problem = await self._follow()
            # The two systems agree now, unless the time was over.
            await self._keep(record)
            problem = problem or await self._late_decision_problem(record.number, word)
        return self._done(record.number, seen, problem, deed)

    def _told(self, deed: RequestAction) -> str:
        """Return the line of the timeline for what was done."""
        return f"{deed.sentence}: {self._comment}" if self._comment else deed.sentence

    async def _late_decision_problem(self, number: str, word: str) -> Problem | None:
        """Say so where the request had ended before the decision came: the caller has nothing of it."""
        try:
            state = RequestState((await load_request_in_thread(self._workspace.store, self._row.id)).state)
        except ConsoleError as error:
            return error.problem
        if not state.is_final or state == word:
            return None
        return problems.decision_too_late(f"Take in that {number} is {word}", state.value)

    async def _result_after_refusal(
        self, instance: ServiceNowClient, tried: str, error: ConsoleError
    ) -> ActionResult:
        """Tell why a change was refused: perhaps somebody decided in the meantime."""
        try:
            after = await self._read(instance)
        except ConsoleError:
            after = None
        if after is not None:
            await self._keep(after)
            if not after.open:
                return self.refused(problems.already_decided(tried, after, after.decided))
        return self.refused(error.problem)

    # -- cancel ------------------------------------------------------------

    async def cancel_own(self) -> ActionResult:
        """Cancel a request that was raised here through the Cancel service of its process."""
        row, tried = self._row, f"Cancel {self.label}"
        life = await self._lifecycle()
        if row.external_id:
            record = await self._read_open_item(await self._workspace.instance(_server(row)), tried)
            if isinstance(record, ActionResult):
                return record
        try:
            ended = await life.cancel(row, self._comment)
        except ConsoleError as error:
            return await self._result_after_lost_cancel(tried, error)
        if RequestState(ended.state) != RequestState.CANCELLED:
            return self.refused(problems.already_ended(tried, ended.state))
        if not ended.external_id:
            return self._done(self.label, "It was taken back before ServiceNow had it.", None)
        instance = await self._workspace.instance(_server(row))
        try:
            account = await signed_in_account(instance)
        except ConsoleError:
            account = ""  # it is cancelled all the same
        return await self._cancelled(instance, tried, account=account)

    async def _result_after_lost_cancel(self, tried: str, error: ConsoleError) -> ActionResult:
        """Look at the record where the answer of the Cancel service was lost."""
        if not may_have_been_applied(error):
            return self.refused(error.problem)
        try:
            after = await self._read(await self._workspace.instance(_server(self._row)))
        except ConsoleError:
            after = None
        if after is None:
            # The wish stands: whoever looks next ends the request with it, or calls Cancel again.
            told = problems.outcome_unknown(tried, error)
            goes_on = "Where the record is still open, following goes on to cancel it."
            return self.refused(replace(told, remedy=f"{told.remedy} {goes_on}"))
        await self._keep(after)
        if after.open:
            steps, why = RequestTransactions(self._workspace.store), f"Not cancelled: {error.problem.cause}"
            await run_to_completion(
                lambda: steps.add_event(self._row, TimelineEvent(RequestEventKind.FAILED, why), utcnow())
            )
            return self.refused(problems.change_not_applied(tried, error))
        decided = after.approval in STATE_BY_DECISION.values()
        problem = await self._follow()
        await self._keep(after)
        if decided:
            return self.refused(problems.already_decided(tried, after, after.decided))
        deed = RequestAction(undecided_ending(after), after.number, person=self._person)
        return self._done(after.number, f"{deed.sentence}.", problem, deed)

    async def cancel_copy(self) -> ActionResult:
        """Cancel a request of Privilege Manager on the record: the open approvals, then the item if it is still open."""
        instance, tried = await self._instance(), f"Cancel {self.label}"
        account = await signed_in_account(instance)
        record = await self._read_open_item(instance, tried)
        if isinstance(record, ActionResult):
            return record
        done: list[str] = []
        lost: ConsoleError | None = None
        for asked in record.waiting:
            lost = await self._change(
                instance, APPROVAL_TABLE, asked.sys_id, self._values("state", "cancelled")
            )
            if lost is not None:
                break
            done.append(asked.who)
        if lost is None:
            lost = await self._close_item(instance)
        outcome = await self._cancelled(instance, tried, lost, account)
        if outcome.ok or not done or outcome.problem is None or outcome.problem.fault == "request-not-open":
            return outcome
        half = problems.partially_cancelled(outcome.problem, self.label, done)
        # Nowhere else does it stand who cancelled these.
        behalf = RequestAction(
            "cancelled", "", account, self._person, join_english_names(done, "and")
        ).actor_phrase
        note = f"Cancelling {self.label} stopped half way; approvals cancelled {behalf}"
        with contextlib.suppress(StoreError):
            steps = RequestTransactions(self._workspace.store)
            await run_to_completion(
                lambda: steps.add_event(self._row, TimelineEvent(RequestEventKind.FAILED, note), utcnow())
            )
        return self.refused(half)

    async def _close_item(self, instance: ServiceNowClient) -> ConsoleError | None:
        """Close the item where it is open although nobody is asked any more; returns what went wrong."""
        try:
            now = await self._read(instance)
        except ConsoleError as error:
            return error
        if now is None or not now.open:
            return None
        return await self._change(instance, ITEM_TABLE, now.sys_id, self._values("state", CLOSED_INCOMPLETE))

    async def _cancelled(
        self, instance: ServiceNowClient, tried: str, lost: ConsoleError | None = None, account: str = ""
    ) -> ActionResult:
        """Read a cancelled record back and keep what it says; `account` cancelled it on the record."""
        try:
            after = await self._read(instance)
        except ConsoleError as error:
            return self._unconfirmed_cancel(tried, lost, error)
        if after is None:
            return self._unconfirmed_cancel(tried, lost, None)
        if after.open:
            await self._keep(after)
            if not self._row.is_mirrored:
                return self.refused(problems.record_still_open(tried, after.number))
            clear = lost is not None and not may_have_been_applied(lost)
            return self.refused(lost.problem if lost and clear else problems.change_not_applied(tried, lost))
        if after.approval in STATE_BY_DECISION.values():
            await self._keep(after)
            return self.refused(problems.already_decided(tried, after, after.decided))
        deed = RequestAction(undecided_ending(after), after.number, account, self._person)
        facts = TimelineFacts(RequestOperation.CANCEL, RequestState.CANCELLED, self._comment)
        event = TimelineEvent(RequestEventKind.CANCELLED, self._told(deed), facts)
        problem = await self._keep(after, event if self._row.is_mirrored else None)
        return self._done(after.number, f"{deed.sentence}.", problem, deed)

    def _unconfirmed_cancel(
        self, tried: str, lost: ConsoleError | None, error: ConsoleError | None
    ) -> ActionResult:
        problem = problems.outcome_unknown(tried, lost or error)
        if self._row.is_mirrored:
            return self.refused(problem)
        # The Cancel service has answered, and the request has ended here.
        seen = f"{self.label} is cancelled; its record in ServiceNow could not be read back."
        return self._done(
            self.label, seen, error.problem if error is not None else problems.record_missing(tried)
        )

    # -- remind ------------------------------------------------------------

    async def remind(self) -> ActionResult:
        """Comment on every open approval; on the item where the account sees no approval."""
        instance, tried = await self._workspace.instance(_server(self._row)), f"Remind for {self.label}"
        record = await self._read_open_item(instance, tried)
        if isinstance(record, ActionResult):
            return record
        turn = await asyncio.to_thread(request_lock.acquire_reminder, self._workspace.store, self._row.id)
        if turn is None:
            return self.refused(problems.already_reminded(tried))
        text = self._comment or f"Reminder: {record.number} waits for an approval."
        reminded: list[Approval] = []
        lost: ConsoleError | None = None
        for asked in record.waiting:
            lost = await self._change(instance, APPROVAL_TABLE, asked.sys_id, {"comments": text})
            if lost is not None:
                break
            reminded.append(asked)
        if not reminded and (lost is None or not may_have_been_applied(lost)):
            lost = await self._change(instance, ITEM_TABLE, record.sys_id, {"comments": text})
        if lost is not None and not reminded:
            if not may_have_been_applied(lost):
                with contextlib.suppress(StoreError):
                    await run_to_completion(turn.release_lease)
                return self.refused(lost.problem)
            # Whether it was written cannot be read back without rights on journals; it is not written twice.
            return self.refused(problems.outcome_unknown(tried, lost))
        whom = join_english_names([one.who for one in reminded], "and") or f"those who follow {record.number}"
        problem = await self._keep(
            record,
            TimelineEvent(
                RequestEventKind.REMINDED,
                f"{whom}: {text}",
                TimelineFacts(RequestOperation.REMIND, comment=text),
            ),
        )
        seen = f"A comment for {whom} is on {record.number}."
        return self._done(record.number, seen, lost.problem if lost else problem)

    # -- shared ------------------------------------------------------------

    def refused(self, problem: Problem) -> ActionResult:
        """Return the outcome of what was not done."""
        return ActionResult(self._row.id, ok=False, problem=problem, label=self.label)

    def _done(
        self, label: str, seen: str, problem: Problem | None, deed: RequestAction | None = None
    ) -> ActionResult:
        return ActionResult(self._row.id, ok=True, seen=seen, problem=problem, label=label, deed=deed)

    async def _instance(self) -> ServiceNowClient:
        return self._decider or await self._workspace.instance(_server(self._row))

    async def _read(self, instance: ServiceNowClient) -> RequestedItem | None:
        if self._items is None:
            self._items = await asyncio.to_thread(load_request_item_ids, self._workspace.store, self._row)
        return await read_requested_item(instance, self._row, self._items)

    async def _read_open_item(self, instance: ServiceNowClient, tried: str) -> RequestedItem | ActionResult:
        """Read the newest state; what is not open any more is kept and told instead."""
        try:
            record = await read_own_record(self._workspace.store, instance, self._row)
        except RecordNotOwnedError as error:
            return self.refused(replace(error.problem, tried=tried))
        return await self._require_open(record, tried)

    async def _require_open(self, record: RequestedItem | None, tried: str) -> RequestedItem | ActionResult:
        if record is None:
            ended = RequestState(self._row.state).is_final
            none = problems.already_ended(tried, self._row.state) if ended else problems.record_missing(tried)
            return self.refused(none)
        self.label = record.number or self.label
        if not record.open:
            await self._keep(record)
            if not self._row.is_mirrored:
                await self._follow()
                # What the two systems say of each other is judged anew.
                await self._keep(record)
            return self.refused(problems.already_decided(tried, record, record.decided))
        return record

    def _values(self, name: str, value: str) -> dict[str, str]:
        return {name: value, **({"comments": self._comment} if self._comment else {})}

    async def _change(
        self, instance: ServiceNowClient, table: str, sys_id: str, values: dict[str, str]
    ) -> ConsoleError | None:
        """Send one change, once; returns what went wrong, which need not mean that nothing was changed."""
        try:
            await instance.table(table).update(sys_id, values)
        except ConsoleError as error:
            return error
        return None

    async def _keep(
        self,
        record: RequestedItem,
        event: TimelineEvent | None = None,
        *,
        event_id: uuid.UUID | None = None,
    ) -> Problem | None:
        """Store what was read; returns what kept it from being stored.

        Who is asked is only taken from the server's own account: an approver sees nobody's approval but its own.
        """
        try:
            comment = self._comment if event and event.kind is RequestEventKind.DECIDED else ""
            store, whole = self._workspace.store, self._whole
            await store_observation(
                store, self._row, record, event, whole=whole, comment=comment, event_id=event_id
            )
        except StoreError as error:
            return error.problem
        return None

    async def _follow(self) -> Problem | None:
        """Let a request that was raised here take in what its status service says."""
        try:
            life = await self._lifecycle()
            row = await load_request_in_thread(self._workspace.store, self._row.id)
            await life.follow(row)
        except ConsoleError as error:
            return error.problem
        return None

    async def _lifecycle(self) -> RequestLifecycle:
        row = self._row
        if row.process_id is None:
            raise problems.process_missing(self.label)
        process = await asyncio.to_thread(load_process, self._workspace.store, row.process_id)
        return RequestLifecycle(self._workspace.store, await self._workspace.instance(_server(row)), process)


def _server(row: ApprovalRequest) -> uuid.UUID:
    if row.server_id is None:
        raise problems.server_missing(request_label(row))
    return row.server_id
