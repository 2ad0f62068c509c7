"""Polls ServiceNow while the window is open and no worker does, and reports the state of polling."""

import asyncio
import uuid
from datetime import datetime
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, pyqtSignal

from console.inbox.status_text import fault_phrase
from console.runtime import lazy_imports
from console.runtime.activity import CANCELLED, DONE, FAILED, Job
from console.runtime.task_runner import TaskRunner
from models.translation_marks import tr_later
from services.common.errors import ConsoleError, Problem
from services.language import current_language, plural, time_of_day, tr, translate
from services.requests.polling.poll_result import SkipReason

if TYPE_CHECKING:
    from console.runtime.context import Context
    from services.requests.polling.poll_result import PollResult
    from services.requests.worker.window_poller import PollingStatus, WindowPoller

STATUS_TEXTS = {"worker": tr_later("Worker running"), "here": tr_later("This window is polling ServiceNow")}
SKIP_TEXTS = {
    SkipReason.PAUSED: tr_later("Polling paused until {at}: {why}"),
    SkipReason.NOT_DUE: tr_later("Status updated a moment ago"),
    SkipReason.BUDGET_EXHAUSTED: tr_later(
        "The hourly call limit is reached; the next poll is allowed at {at}"
    ),
    SkipReason.NOTHING_TO_POLL: tr_later("No Approval Process uses a ServiceNow server yet"),
}
"""Why a poll that the user asked for was not made, by the skip reason of its result."""
POLLING = tr_later("Polling ServiceNow")


class PollingController(QObject):
    """Runs the poller of the window. Started after the first paint of the window."""

    changed = pyqtSignal()
    """The state of polling changed."""

    def __init__(self, ctx: "Context", parent: QObject) -> None:
        super().__init__(parent)
        self.ctx = ctx
        self.tasks = TaskRunner(self, self._on_problem, self._on_crash)
        self.status: PollingStatus | None = None
        self.asked_at: datetime | None = None
        """When this window last polled an instance."""
        self._problems: dict[uuid.UUID, Problem] = {}
        """The problem of the last poll of each server, by its id."""
        self._poller: WindowPoller | None = None
        self._job: Job | None = None
        """The last poll that the user asked for."""

    def start(self) -> None:
        """Start, once the workspace is open."""
        self.ctx.polling = self
        self.tasks.start(self._run(), group="run")

    def stop(self) -> None:
        """Stop; the window closes."""
        if self.ctx.polling is self:
            self.ctx.polling = None
        self.tasks.cancel_all()

    # -- the state of polling -----------------------------------------------------------------------------------------

    @property
    def who(self) -> str:
        """Which process polls, as translated text; empty when none does."""
        return tr(STATUS_TEXTS.get(self.status.where, "")) if self.status is not None else ""

    @property
    def seen_at(self) -> datetime | None:
        """When every instance had been polled last."""
        return self.status.seen_at if self.status is not None else None

    @property
    def polling(self) -> bool:
        """Whether a poll that the user asked for is running."""
        return self._job is not None and self._job.running

    @property
    def why_not(self) -> str:
        """Why requests are not being polled, as translated text; empty when they are."""
        status = self.status
        if status is None:
            return ""
        # Already imported: a status comes from this module.
        from services.requests.worker.window_poller import PollingOwner

        if status.problem is not None:
            return _continue_sentence(status.problem.cause)
        if status.where is PollingOwner.NOBODY:
            return ""
        for server, state in status.servers:
            if state.paused_until is not None:
                problem = self._problems.get(server)
                return _continue_sentence(problem.cause) if problem is not None else fault_phrase(state.fault)
        return ""

    # -- polling -----------------------------------------------------------------------------------------------

    async def _run(self) -> None:
        workspace = await self.ctx.ready()
        await lazy_imports.ready(self.ctx, lazy_imports.polling_status)
        from services.requests.worker import window_poller

        poller = window_poller.WindowPoller(
            workspace,
            on_status=self._on_polling_status,
            on_round=self._on_poll_finished,
            import_worker=lambda: lazy_imports.ready(self.ctx, lazy_imports.polling),
        )
        self._poller = poller
        await poller.run()

    def retry_local_faults(self) -> None:
        """Poll again soon what could not be polled because a secret was missing."""
        if self._poller is not None:
            self._poller.retry_local_faults()

    def _on_polling_status(self, status: "PollingStatus") -> None:
        known = self.status.problem if self.status is not None else None
        self.status = status
        if status.problem is not None and status.problem != known:
            self.ctx.activity.record(tr("Asking about requests"), _problem_text(status.problem), FAILED)
        self.changed.emit()

    def _on_poll_finished(self, server_id: uuid.UUID, round_: "PollResult", *, tell: bool = True) -> None:
        """Note the result of a poll. A failure is recorded once, until a poll succeeds."""
        known = self._problems.get(server_id)
        if round_.problem is not None:
            self._problems[server_id] = round_.problem
            if tell and (known is None or known.fault != round_.problem.fault):
                self.ctx.activity.record(tr(POLLING), translate(round_.problem.cause), FAILED, routine=True)
        elif round_.skip_reason is None:
            self._problems.pop(server_id, None)
        if round_.calls and round_.problem is None:
            self.asked_at = datetime.now().astimezone()
        self.changed.emit()

    # -- polling now -------------------------------------------------------------------------------------------

    def poll_now(self) -> None:
        """Poll every instance now and record the result, unless such a poll is running."""
        if not self.polling:
            self._job = self.ctx.activity.begin(tr(POLLING), lambda: self.tasks.cancel("now"))
            self.tasks.start(self._now(self._job), group="now")
            self.changed.emit()

    async def _now(self, job: Job) -> None:
        try:
            rounds = await self._poll()
            texts = [poll_result_text(taken, self._problems.get(server)) for server, taken in rounds.items()]
            good = all(
                taken.problem is None and taken.skip_reason is not SkipReason.PAUSED
                for taken in rounds.values()
            )
            if rounds and all(taken.skip_reason is None for taken in rounds.values()):
                texts = [checked_count_text(sum(taken.seen for taken in rounds.values()))]
            text = "; ".join(dict.fromkeys(texts)) or tr(SKIP_TEXTS[SkipReason.NOTHING_TO_POLL])
            job.end(text, DONE if good else FAILED)
        except ConsoleError as error:
            job.end(translate(error.problem.cause), FAILED)
        finally:
            if job.running:
                job.end(tr("Cancelled"), CANCELLED)
            self.changed.emit()

    async def _poll(self) -> "dict[uuid.UUID, PollResult]":
        """Poll all servers at the same time, so that one that does not answer delays no other."""
        workspace = await self.ctx.ready()
        await lazy_imports.ready(self.ctx, lazy_imports.polling_status)
        from services.requests.polling import polled_servers

        servers = await self.ctx.call(polled_servers.list_servers, workspace.store)
        if not servers:
            return {}
        await lazy_imports.ready(self.ctx, lazy_imports.polling)
        from services.coordination import clock as clocks
        from services.coordination import leases, process_identity
        from services.requests.polling import poller

        clock = clocks.SystemClock()
        # A holder of its own: while the poller of the window polls a server, this waits for its result.
        holder = f"asked.{process_identity.process_identity()}"
        follower = poller.Poller(workspace, leases.Leases(workspace.store, holder, clock), clock=clock)

        async def one(server_id: uuid.UUID) -> "PollResult":
            taken = await follower.round(server_id, wanted=True)
            self._on_poll_finished(server_id, taken, tell=False)
            return taken

        return dict(zip(servers, await asyncio.gather(*map(one, servers)), strict=True))

    def _on_problem(self, problem: Problem) -> None:
        # Shown in the strip and not in a dialog: nobody may be watching.
        self.ctx.activity.record(translate(problem.tried), translate(problem.cause), FAILED, routine=True)

    def _on_crash(self, _error: BaseException) -> None:
        self.ctx.activity.record(tr(POLLING), tr("Unexpected internal error"), FAILED)


def _problem_text(problem: Problem) -> str:
    return f"{translate(problem.cause)} ({problem.correlation_id})"


def poll_result_text(round_: "PollResult", known: Problem | None = None) -> str:
    """Return the result of a poll, or why it was not made and when the next one is allowed. `known`: the last problem."""
    if round_.skip_reason is None:
        return checked_count_text(round_.seen)
    at = time_of_day(round_.next_at, seconds=True) if round_.next_at is not None else tr("a later time")
    problem = round_.problem or known
    why = _continue_sentence(problem.cause) if problem is not None else tr("ServiceNow asked for a pause")
    text = SKIP_TEXTS.get(round_.skip_reason)
    return tr(text, at=at, why=why) if text is not None else str(round_.skip_reason).capitalize()


def checked_count_text(count: int) -> str:
    """Return the result of a poll that saw so many requests."""
    if not count:
        return tr("Status updated: no requests to check")
    return plural(
        count, "Status updated: {count} request checked", "Status updated: {count} requests checked"
    )


def _continue_sentence(text: str) -> str:
    """Return a cause for the text after a colon: in English it begins with a small letter."""
    text = translate(text).rstrip(".")
    return text[:1].lower() + text[1:] if current_language().is_english else text
