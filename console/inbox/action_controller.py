"""Runs the actions of the Requests page: a dialog, a job in the activity strip, and the result of each request."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing, asynccontextmanager
from typing import TYPE_CHECKING

from PyQt6 import sip
from PyQt6.QtWidgets import QWidget

from console.inbox.action_plan import (
    ACTION_DESCRIPTIONS,
    ActionDescription,
    count_text,
    outcome_reason,
    outcome_summary,
    outcome_text,
)
from console.inbox.deciding_account import DecisionAttribution, accounts_by_server
from console.inbox.request_rows import RowOutcome
from console.runtime import lazy_imports
from console.runtime.activity import DONE, FAILED, Job
from console.runtime.task_runner import TaskRunner
from console.runtime.unproven_user import notify_unproven_user
from services.common.errors import ConsoleError
from services.language import tr, translate
from services.requests.domain.permissions import STATE_BY_DECISION

if TYPE_CHECKING:
    from console.inbox.decision_dialog import ActionDialog
    from console.runtime.context import Context
    from services.requests.decisions.action_run import ActionResult
    from services.requests.decisions.batch import ResultCallback
    from services.requests.details.model import EligibleApprover
    from services.requests.inbox.inbox import RequestRow
    from services.servicenow import ServiceNowClient
    from services.workspace import Workspace

ATTRIBUTION_GROUP = "behalf"


class ActionController:
    """Runs actions for a page; `finished` receives the results by the ids of the requests."""

    def __init__(
        self,
        ctx: "Context",
        page: QWidget,
        tasks: TaskRunner,
        *,
        focus_list: Callable[[], None],
        finished: Callable[[Mapping[uuid.UUID, RowOutcome]], None],
    ) -> None:
        self._ctx, self._page, self._tasks = ctx, page, tasks
        self._focus_list, self._finished = focus_list, finished
        self.dialog: ActionDialog | None = None
        self.running = 0
        """How many actions run now."""

    def open(
        self,
        name: str,
        rows: "Sequence[RequestRow]",
        approvers: "Mapping[uuid.UUID, Sequence[EligibleApprover]]",
        denied: str = "",
    ) -> "ActionDialog":
        """Open the dialog of an action for these requests; `approvers` are those that are known.

        `denied` says why the account of the server may not decide: another one has to be chosen.
        """
        # With the first action: the page is there before its dialogs are read from disk.
        from console.inbox.decision_dialog import ActionDialog

        dialog = self.dialog = ActionDialog(
            ACTION_DESCRIPTIONS[name],
            rows,
            self._page.window(),
            DecisionAttribution(approvers=approvers),
            ctx=self._ctx,
            denied=denied if name in STATE_BY_DECISION else "",
        )
        self._tasks.start(self._load_attribution(dialog, approvers), group=ATTRIBUTION_GROUP)
        dialog.confirm_requested.connect(lambda: self._start(dialog))
        # The button that opened the dialog may be disabled now.
        dialog.finished.connect(lambda _result: self._focus_list())
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()
        return dialog

    async def _load_attribution(
        self, dialog: "ActionDialog", approvers: "Mapping[uuid.UUID, Sequence[EligibleApprover]]"
    ) -> None:
        """Read the accounts that decide, and who could instead, while the dialog is open."""
        workspace = await self._ctx.ready()
        accounts = await self._ctx.call(accounts_by_server, workspace.configuration)
        if not sip.isdeleted(dialog):
            dialog.show_attribution(DecisionAttribution(workspace.store.actor, accounts, approvers))
            if dialog.decider is not None:
                dialog.decider.load()

    def _start(self, dialog: "ActionDialog") -> None:
        rows, action = dialog.included_rows, dialog.action
        started: list[asyncio.Task[None]] = []
        job = self._ctx.activity.begin(
            tr(action.progress_text, requests=count_text(len(rows))),
            lambda: [task.cancel() for task in started],
        )
        dialog.begin()
        task = self._tasks.start(self._run(dialog, action, rows, job))
        if task is not None:
            started.append(task)
        dialog.stopped.connect(job.cancel)

    async def _run(
        self, dialog: "ActionDialog", action: ActionDescription, rows: "Sequence[RequestRow]", job: Job
    ) -> None:
        outcomes: dict[uuid.UUID, RowOutcome] = {}
        copies, comment = dialog.copies.isChecked(), dialog.comment.text().strip()
        decider = _Decider(self._ctx, dialog)

        def on_result(result: "ActionResult") -> None:
            outcome = RowOutcome(result.ok, outcome_text(result), outcome_reason(result))
            outcomes[result.id] = outcome
            job.progress(f"{result.label}: {outcome.text}", len(outcomes), len(rows))
            if not sip.isdeleted(dialog):
                dialog.show_outcome(result.id, outcome)

        self.running += 1
        job.progress("", 0, len(rows))
        failure = ""
        try:
            await lazy_imports.ready(self._ctx, lazy_imports.requests)
            workspace = await self._ctx.ready()
            ids = [row.id for row in rows]
            async with decider.open(workspace) as instance:
                await _execute_action(
                    workspace, action, ids, comment, copies=copies, decider=instance, on_result=on_result
                )
        except ConsoleError as error:
            failure = translate(error.problem.cause)
            self._ctx.show_problem(error.problem)
        finally:
            self.running -= 1
            text = outcome_summary(action, outcomes, len(rows), failure)
            one = next(iter(outcomes.values())) if len(rows) == len(outcomes) == 1 and not failure else None
            good = not failure and all(one.ok for one in outcomes.values()) and len(outcomes) == len(rows)
            if one is not None:
                job.name = one.text  # the sentence says what was done, so that the name of the job need not
            job.end(one.text if one is not None else text, DONE if good else FAILED)
            if not sip.isdeleted(dialog):
                dialog.end(f"{text}.")
            if not sip.isdeleted(self._page):
                self._finished(outcomes)


class _Decider:
    """The User Credential that a dialog has chosen for a decision, with the server that it is for."""

    def __init__(self, ctx: "Context", dialog: "ActionDialog") -> None:
        self._ctx = ctx
        self._credential = dialog.decider_credential
        self._server = None if dialog.decider is None else dialog.decider.server

    @asynccontextmanager
    async def open(self, workspace: "Workspace") -> "AsyncIterator[ServiceNowClient | None]":
        """Give the instance signed in with it, None where the account of the server decides. Raises ConsoleError."""
        if self._credential is None or self._server is None:
            yield None
            return
        async with aclosing(await workspace.instance_as(self._server, self._credential)) as instance:
            notify_unproven_user(self._ctx, instance, self._credential)
            yield instance


def _execute_action(
    workspace: "Workspace",
    action: ActionDescription,
    ids: Sequence[uuid.UUID],
    comment: str,
    *,
    copies: bool,
    decider: "ServiceNowClient | None",
    on_result: "ResultCallback",
) -> "Awaitable[list[ActionResult]]":
    from services.requests.decisions.cancel import cancel_requests
    from services.requests.decisions.decide import decide_requests
    from services.requests.decisions.remind import remind_approvers

    if action.name == "remind":
        return remind_approvers(workspace, ids, comment, on_result=on_result)
    if action.name == "cancel_request":
        return cancel_requests(workspace, ids, comment, confirmed=copies, on_result=on_result)
    if action.name == "approve":
        return decide_requests(workspace, ids, "approve", comment, decider, on_result=on_result)
    return decide_requests(workspace, ids, "reject", comment, decider, on_result=on_result)
