"""Cancel requests: own ones through the Cancel service of their process, those of Privilege Manager on the record."""

import contextlib
import uuid
from collections.abc import Sequence
from dataclasses import replace

from models.approval_request import ApprovalRequest
from models.base import utcnow
from models.kinds import RequestEventKind, RequestOperation, RequestState
from services.common.errors import ConsoleError
from services.common.fault_ids import FaultId
from services.common.threads import run_to_completion
from services.requests.decisions.action_run import ActionResult, ActionRun, may_have_been_applied
from services.requests.decisions.batch import ResultCallback, check_comment, ignore_result, run_for_each
from services.requests.domain.journal import TimelineEvent
from services.requests.lifecycle.transactions import RequestTransactions
from services.requests.records import problems
from services.requests.records.approver_names import join_english_names
from services.requests.records.instance_provider import InstanceProvider
from services.requests.records.item_fields import APPROVAL_TABLE, DECISION_STATES, ITEM_TABLE
from services.requests.records.request_action import RequestAction
from services.requests.records.requested_item import RequestedItem
from services.servicenow.account_roles import signed_in_account
from services.servicenow.http_client import ServiceNowClient
from services.store.errors import StoreError
from services.store.timeline_facts import TimelineFacts

CLOSED_INCOMPLETE = "4"
"""Value of `state` of a requested item."""


async def cancel_requests(
    workspace: InstanceProvider,
    ids: Sequence[uuid.UUID],
    comment: str = "",
    decider: ServiceNowClient | None = None,
    *,
    confirmed: bool = False,
    on_result: ResultCallback = ignore_result,
) -> list[ActionResult]:
    """Cancel requests. Those that Privilege Manager raised are cancelled only if `confirmed`.

    `decider` is signed in as another account than the one of the server.
    """
    check_comment(comment)

    async def cancel_one(row: ApprovalRequest) -> ActionResult:
        run = _CancelRun(workspace, row, comment, decider)
        if row.is_copy and not confirmed:
            return run.refused(problems.cancel_not_confirmed(run.label))
        return await (run.cancel_copy() if row.is_copy else run.cancel_own())

    return await run_for_each(workspace.store, ids, cancel_one, on_result)


class _CancelRun(ActionRun):
    """Cancels one request."""

    async def cancel_own(self) -> ActionResult:
        """Cancel a request that was raised here through the Cancel service of its process."""
        row, tried = self._row, f"Cancel {self.label}"
        lifecycle = await self._lifecycle()
        if row.external_id:
            record = await self._read_open_item(await self._server_instance(), tried)
            if isinstance(record, ActionResult):
                return record
        try:
            ended = await lifecycle.cancel(row, self._comment)
        except ConsoleError as error:
            return await self._result_after_lost_cancel(tried, error)
        if RequestState(ended.state) != RequestState.CANCELLED:
            return self.refused(problems.already_ended(tried, ended.state))
        if not ended.external_id:
            return self._done(self.label, "It was taken back before ServiceNow had it.", None)
        instance = await self._server_instance()
        try:
            account = await signed_in_account(instance)
        except ConsoleError:
            account = ""  # it is cancelled all the same
        return await self._confirm_cancel(instance, tried, account=account)

    async def _result_after_lost_cancel(self, tried: str, error: ConsoleError) -> ActionResult:
        """Read the record after the answer of the Cancel service was lost."""
        if not may_have_been_applied(error):
            return self.refused(error.problem)
        try:
            after = await self._read(await self._server_instance())
        except ConsoleError:
            after = None
        if after is None:
            # The intent to cancel is stored: the next poll ends the request with it, or calls Cancel again.
            unknown = problems.outcome_unknown(tried, error)
            goes_on = "Where the record is still open, following goes on to cancel it."
            return self.refused(replace(unknown, remedy=f"{unknown.remedy} {goes_on}"))
        await self._store(after)
        if after.is_open:
            await self._add_failed_event(f"Not cancelled: {error.problem.cause}")
            return self.refused(problems.change_not_applied(tried, error))
        decided = after.approval in DECISION_STATES
        problem = await self._poll_status()
        await self._store(after)
        if decided:
            return self.refused(problems.already_decided(tried, after, after.deciding_approval))
        deed = RequestAction(_undecided_ending(after), after.number, person=self._person)
        return self._done(after.number, f"{deed.sentence}.", problem, deed)

    async def cancel_copy(self) -> ActionResult:
        """Cancel a request of Privilege Manager on the record: its open approvals, then the item if it is still open."""
        instance, tried = self._decider or await self._server_instance(), f"Cancel {self.label}"
        account = await signed_in_account(instance)
        record = await self._read_open_item(instance, tried)
        if isinstance(record, ActionResult):
            return record
        cancelled: list[str] = []
        lost: ConsoleError | None = None
        for approval in record.open_approvals:
            lost = await self._change(
                instance, APPROVAL_TABLE, approval.sys_id, self._values("state", "cancelled")
            )
            if lost is not None:
                break
            cancelled.append(approval.display_name)
        if lost is None:
            lost = await self._close_item(instance)
        result = await self._confirm_cancel(instance, tried, lost, account)
        if (
            result.ok
            or not cancelled
            or result.problem is None
            or result.problem.fault == FaultId.REQUEST_NOT_OPEN
        ):
            return result
        # The timeline of the request is the only place that records who cancelled these approvals.
        by_whom = RequestAction(
            "cancelled", "", account, self._person, join_english_names(cancelled, "and")
        ).actor_phrase
        with contextlib.suppress(StoreError):
            await self._add_failed_event(
                f"Cancelling {self.label} stopped half way; approvals cancelled {by_whom}"
            )
        return self.refused(problems.partially_cancelled(result.problem, self.label, cancelled))

    async def _add_failed_event(self, detail: str) -> None:
        transactions = RequestTransactions(self._workspace.store)
        await run_to_completion(
            lambda: transactions.add_event(
                self._row, TimelineEvent(RequestEventKind.FAILED, detail), utcnow()
            )
        )

    async def _close_item(self, instance: ServiceNowClient) -> ConsoleError | None:
        """Close an item that is still open although it has no open approval; returns the error."""
        try:
            now = await self._read(instance)
        except ConsoleError as error:
            return error
        if now is None or not now.is_open:
            return None
        return await self._change(instance, ITEM_TABLE, now.sys_id, self._values("state", CLOSED_INCOMPLETE))

    async def _confirm_cancel(
        self, instance: ServiceNowClient, tried: str, lost: ConsoleError | None = None, account: str = ""
    ) -> ActionResult:
        """Read a cancelled record back and store it; `account` cancelled it, `lost` is the error of the last change."""
        try:
            after = await self._read(instance)
        except ConsoleError as error:
            return self._result_without_record(tried, lost, error)
        if after is None:
            return self._result_without_record(tried, lost, None)
        if after.is_open:
            return await self._result_if_still_open(after, tried, lost)
        if after.approval in DECISION_STATES:
            await self._store(after)
            return self.refused(problems.already_decided(tried, after, after.deciding_approval))
        deed = RequestAction(_undecided_ending(after), after.number, account, self._person)
        facts = TimelineFacts(RequestOperation.CANCEL, RequestState.CANCELLED, self._comment)
        event = TimelineEvent(RequestEventKind.CANCELLED, self._event_detail(deed), facts)
        problem = await self._store(after, event if self._row.is_copy else None)
        return self._done(after.number, f"{deed.sentence}.", problem, deed)

    async def _result_if_still_open(
        self, after: RequestedItem, tried: str, lost: ConsoleError | None
    ) -> ActionResult:
        await self._store(after)
        if not self._row.is_copy:
            return self.refused(problems.record_still_open(tried, after.number))
        if lost is not None and not may_have_been_applied(lost):
            return self.refused(lost.problem)
        return self.refused(problems.change_not_applied(tried, lost))

    def _result_without_record(
        self, tried: str, lost: ConsoleError | None, error: ConsoleError | None
    ) -> ActionResult:
        problem = problems.outcome_unknown(tried, lost or error)
        if self._row.is_copy:
            return self.refused(problem)
        # The Cancel service has answered, and the request has ended here.
        seen = f"{self.label} is cancelled; its record in ServiceNow could not be read back."
        return self._done(
            self.label, seen, error.problem if error is not None else problems.record_missing(tried)
        )


def _undecided_ending(item: RequestedItem) -> str:
    """Return how an item ended that nobody decided, as a word of a sentence."""
    return "cancelled" if item.approval == "cancelled" else "closed"
