"""Approve and reject requests: read the newest state, change one approval, read the record back.

A change is never sent twice. The result comes from the record as it was read after the change, also if the answer to
the change was lost.
"""

import uuid
from collections.abc import Sequence
from dataclasses import replace

from models.approval_request import ApprovalRequest
from models.kinds import RequestEventKind, RequestOperation, RequestState
from services.common.errors import ConsoleError, Problem, RefusedError
from services.requests.decisions.action_run import ActionResult, ActionRun, may_have_been_applied
from services.requests.decisions.batch import ResultCallback, check_comment, ignore_result, run_for_each
from services.requests.domain.journal import TimelineEvent
from services.requests.domain.permissions import STATE_BY_DECISION, Decision, is_same_user, may_decide
from services.requests.lifecycle.apply_observation import load_request_in_thread
from services.requests.records import problems
from services.requests.records.approver_names import join_english_names
from services.requests.records.instance_provider import InstanceProvider
from services.requests.records.item_fields import APPROVAL_TABLE
from services.requests.records.item_reader import read_approvals
from services.requests.records.request_action import (
    RequestAction,
    action_event_id,
    approval_to_decide,
)
from services.requests.records.requested_item import Approval, RequestedItem
from services.servicenow.account_roles import fetch_active_roles, signed_in_account
from services.servicenow.http_client import ServiceNowClient
from services.store.timeline_facts import TimelineFacts
from services.transport.faults import RateLimitedError


async def decide_requests(
    workspace: InstanceProvider,
    ids: Sequence[uuid.UUID],
    decision: Decision,
    comment: str = "",
    decider: ServiceNowClient | None = None,
    *,
    on_result: ResultCallback = ignore_result,
) -> list[ActionResult]:
    """Approve or reject requests, and return the results in the order of `ids`.

    `decider` is signed in as the approver. Without it the account of the server decides, for others if it has the role
    approval_admin. `on_result` receives each result when it is there. When the task is cancelled, requests that are being
    decided are completed and reported, and no further one is started.
    """
    check_comment(comment)

    async def decide_one(row: ApprovalRequest) -> ActionResult:
        return await _DecisionRun(workspace, row, comment, decider).decide(decision)

    return await run_for_each(workspace.store, ids, decide_one, on_result)


class _DecisionRun(ActionRun):
    """Approves or rejects one request."""

    async def decide(self, decision: Decision) -> ActionResult:
        """Decide the approval that the account is asked for, or one that it may decide for somebody else.

        The record is read with the account of the server, because an approver may see only its own approvals.
        """
        state = STATE_BY_DECISION[decision]
        instance, record = await self._load_for_decision(f"{decision.capitalize()} {self.label}")
        if isinstance(record, ActionResult):
            return record
        writer = self._decider or instance
        account = await signed_in_account(writer)
        tried = f"{decision.capitalize()} {record.number}"
        seen = record
        if writer is not instance:
            # The decider can only decide approvals that it sees.
            seen = replace(record, approvals=await read_approvals(writer, record, instance))
        approval = approval_to_decide(seen.open_approvals, account)
        if approval is None and any(one.is_open for one in record.shared_order_approvals):
            return self.refused(problems.approval_on_order(tried, record))
        if approval is None:
            return self.refused(problems.no_open_approval(tried, record.number, account))
        if not await _may_decide(writer, account, approval):
            return self.refused(
                problems.decision_not_allowed(
                    tried, account, [one.display_name for one in seen.open_approvals]
                )
            )
        lost = await self._change(writer, APPROVAL_TABLE, approval.sys_id, self._values("state", state))
        if lost is not None and not may_have_been_applied(lost):
            return await self._result_after_refusal(instance, tried, lost)
        return await self._confirm_decision(instance, writer, approval, state, lost)

    async def _load_for_decision(self, tried: str) -> tuple[ServiceNowClient, RequestedItem | ActionResult]:
        """Read the newest state; returns it with the client that read it.

        That is the client of the server, or the decider if the account of the server sees no record.
        """
        own = await self._server_instance()
        if self._decider is None:
            return own, await self._read_open_item(own, tried)
        try:
            record = await self._read(own)
        except RateLimitedError:
            raise
        except RefusedError:
            # The account may not read the record, or not enough to identify it; the approver may.
            record = None
        if record is None:
            return self._decider, await self._read_open_item(self._decider, tried)
        self._sees_all_approvals = True
        return own, await self._require_open(record, tried)

    async def _confirm_decision(
        self,
        instance: ServiceNowClient,
        writer: ServiceNowClient,
        approval: Approval,
        state: str,
        lost: ConsoleError | None,
    ) -> ActionResult:
        """Read the record back after a decision was sent; `lost` is the error if its answer was lost."""
        account = await signed_in_account(writer)
        tried = f"{'Approve' if state == STATE_BY_DECISION['approve'] else 'Reject'} {self.label}"
        try:
            after = await self._read(instance)
            now = await self._read_back(after, approval, instance) if after else None
        except ConsoleError as error:
            return self.refused(problems.outcome_unknown(tried, lost or error))
        if after is None or now is None:
            return self.refused(problems.outcome_unknown(tried, lost))
        if now.state != state or not (lost is None or is_same_user(now.changed_by, account)):
            await self._store(after)
            if now.is_open:
                return self.refused(problems.change_not_applied(tried, lost))
            return self.refused(problems.already_decided(tried, after, now))
        if not after.is_open and after.approval != state:
            # Somebody made the opposite decision between the read and the change, and that decision counts.
            await self._store(after)
            return self.refused(problems.already_decided(tried, after, after.deciding_approval))
        return await self._store_decision(after, now, state, account)

    async def _read_back(
        self, after: RequestedItem, approval: Approval, instance: ServiceNowClient
    ) -> Approval | None:
        """Return an approval as it is now; the account of the server may not see what the decider sees."""
        seen = next((one for one in after.approvals if one.sys_id == approval.sys_id), None)
        if seen is None and self._decider is not None:
            own = await read_approvals(self._decider, after, instance)
            seen = next((one for one in own if one.sys_id == approval.sys_id), None)
        return seen

    async def _store_decision(
        self, record: RequestedItem, now: Approval, state: str, account: str
    ) -> ActionResult:
        """Store a decision that was read back, and apply it to the request if it was raised here."""
        own = is_same_user(now.user_name, account)
        deed = RequestAction(state, record.number, account, self._person, now.display_name, own=own)
        seen = f"{deed.sentence}."
        if record.is_open:
            others = [one.display_name for one in record.open_approvals]
            waits = join_english_names(others, "and") if others else "the next step of its approval"
            seen = f"{deed.sentence}; it still waits for {waits}."
        facts = TimelineFacts(RequestOperation.DECIDE, RequestState(deed.word), self._comment)
        event = TimelineEvent(RequestEventKind.DECIDED, self._event_detail(deed), facts)
        problem = await self._store(record, event, event_id=action_event_id(self._row.id, now.sys_id))
        if problem is None and not record.is_open and not self._row.is_copy:
            problem = await self._poll_status()
            # The state of the request may have changed, so the mismatch is computed again.
            await self._store(record)
            problem = problem or await self._late_decision_problem(record.number, state)
        return self._done(record.number, seen, problem, deed)

    async def _late_decision_problem(self, number: str, state: str) -> Problem | None:
        """Return a problem if the request had ended before the decision: the caller gets nothing from it."""
        try:
            stored = await load_request_in_thread(self._workspace.store, self._row.id)
        except ConsoleError as error:
            return error.problem
        ended = RequestState(stored.state)
        if not ended.is_final or ended == state:
            return None
        return problems.decision_too_late(f"Take in that {number} is {state}", ended.value)

    async def _result_after_refusal(
        self, instance: ServiceNowClient, tried: str, error: ConsoleError
    ) -> ActionResult:
        """Return why a change was refused: somebody else may have decided in the meantime."""
        try:
            after = await self._read(instance)
        except ConsoleError:
            after = None
        if after is not None:
            await self._store(after)
            if not after.is_open:
                return self.refused(problems.already_decided(tried, after, after.deciding_approval))
        return self.refused(error.problem)


async def _may_decide(instance: ServiceNowClient, account: str, approval: Approval) -> bool:
    if is_same_user(approval.user_name, account):
        return True  # without reading roles
    return may_decide(account, await fetch_active_roles(instance, account), [approval.user_name])
