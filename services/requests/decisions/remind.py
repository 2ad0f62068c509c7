"""Remind approvers: a comment on every open approval of a request, for which ServiceNow sends its notifications."""

import asyncio
import contextlib
import uuid
from collections.abc import Sequence

from models.approval_request import ApprovalRequest
from models.kinds import RequestEventKind, RequestOperation
from services.common.errors import ConsoleError
from services.common.threads import run_to_completion
from services.requests.decisions import request_lock
from services.requests.decisions.action_run import ActionResult, ActionRun, may_have_been_applied
from services.requests.decisions.batch import ResultCallback, check_comment, ignore_result, run_for_each
from services.requests.domain.journal import TimelineEvent
from services.requests.records import problems
from services.requests.records.approver_names import join_english_names
from services.requests.records.instance_provider import InstanceProvider
from services.requests.records.item_fields import APPROVAL_TABLE, ITEM_TABLE
from services.requests.records.requested_item import Approval
from services.store.errors import StoreError
from services.store.timeline_facts import TimelineFacts


async def remind_approvers(
    workspace: InstanceProvider,
    ids: Sequence[uuid.UUID],
    comment: str = "",
    *,
    on_result: ResultCallback = ignore_result,
) -> list[ActionResult]:
    """Comment on the open approvals of requests; a request is reminded of at most once in REMINDER_COOLDOWN."""
    check_comment(comment)

    async def remind_one(row: ApprovalRequest) -> ActionResult:
        return await _ReminderRun(workspace, row, comment).remind()

    return await run_for_each(workspace.store, ids, remind_one, on_result)


class _ReminderRun(ActionRun):
    """Reminds the approvers of one request."""

    async def remind(self) -> ActionResult:
        """Comment on every open approval; on the item if the account sees no approval."""
        instance, tried = await self._server_instance(), f"Remind for {self.label}"
        record = await self._read_open_item(instance, tried)
        if isinstance(record, ActionResult):
            return record
        lock = await asyncio.to_thread(request_lock.acquire_reminder, self._workspace.store, self._row.id)
        if lock is None:
            return self.refused(problems.already_reminded(tried))
        text = self._comment or f"Reminder: {record.number} waits for an approval."
        reminded: list[Approval] = []
        lost: ConsoleError | None = None
        for approval in record.open_approvals:
            lost = await self._change(instance, APPROVAL_TABLE, approval.sys_id, {"comments": text})
            if lost is not None:
                break
            reminded.append(approval)
        if not reminded and (lost is None or not may_have_been_applied(lost)):
            lost = await self._change(instance, ITEM_TABLE, record.sys_id, {"comments": text})
        if lost is not None and not reminded:
            if not may_have_been_applied(lost):
                with contextlib.suppress(StoreError):
                    await run_to_completion(lock.release_lease)
                return self.refused(lost.problem)
            # Journals cannot be read back without rights on them, and the comment must not be written twice.
            return self.refused(problems.outcome_unknown(tried, lost))
        whom = (
            join_english_names([one.display_name for one in reminded], "and")
            or f"those who follow {record.number}"
        )
        facts = TimelineFacts(RequestOperation.REMIND, comment=text)
        event = TimelineEvent(RequestEventKind.REMINDED, f"{whom}: {text}", facts)
        problem = await self._store(record, event)
        seen = f"A comment for {whom} is on {record.number}."
        return self._done(record.number, seen, lost.problem if lost else problem)
