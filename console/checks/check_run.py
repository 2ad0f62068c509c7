"""One check at a time on a tab: its task, its job in the activity strip, and how it ended."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

from console.checks.check_end import CheckEnd
from console.runtime.activity import CANCELLED, DONE, FAILED, NOTICE, Job
from services.common.errors import ConsoleError, Problem
from services.language import tr

if TYPE_CHECKING:
    from console.runtime.context import Context
    from console.runtime.task_runner import TaskRunner

JOB_STATES = {
    CheckEnd.DONE: DONE,
    CheckEnd.UNCLEAR: NOTICE,
    CheckEnd.FAILED: FAILED,
    CheckEnd.CANCELLED: CANCELLED,
}
ReportT = TypeVar("ReportT")
ReportT_contra = TypeVar("ReportT_contra", contravariant=True)


class CheckHost(Protocol):
    """The page of a tab that checks something."""

    ctx: "Context"
    tasks: "TaskRunner"


class CheckState(Protocol[ReportT_contra]):
    """What a presenter knows of the check that runs."""

    running: bool

    def is_current(self, number: int, /) -> bool:
        """Whether the check with this number is still running."""

    def finish(self, report: ReportT_contra | None = None, failure: Problem | None = None) -> None:
        """Take in that the check ended: with its report, because it could not run, or cancelled."""


class CheckRun(Generic[ReportT]):
    """Runs checks under one task group. `ended` is called after the presenter has taken in how one ended."""

    def __init__(
        self,
        page: CheckHost,
        group: str,
        state: CheckState[ReportT],
        outcome: Callable[[], tuple[str, CheckEnd]],
        ended: Callable[[], object],
    ) -> None:
        self._page, self._group, self._state = page, group, state
        self._outcome, self._ended = outcome, ended
        self._job: Job | None = None

    def start(
        self,
        name: str,
        number: int,
        check: Callable[[], Awaitable[ReportT]],
        done: Callable[[ReportT], object] = lambda _report: None,
    ) -> None:
        """Begin the check with this number; `done` is called with its report unless it was cancelled."""
        self._job = self._page.ctx.activity.begin(name, self._stop)
        self._page.tasks.start(self._run(number, self._job, check, done), group=self._group)

    def cancel(self) -> None:
        """Stop the check, as its job in the activity strip does; what was found until now stays."""
        if self._job is not None:
            self._job.cancel()

    def progress(self, text: str, count: int, total: int) -> None:
        """Report a step on the job."""
        if self._job is not None:
            self._job.progress(text, count, total)

    def _stop(self) -> None:
        # Shown at once: closing the connections of the check can take its time.
        self._page.tasks.cancel(self._group)
        if self._state.running:
            self._finish()

    async def _run(
        self,
        number: int,
        job: Job,
        check: Callable[[], Awaitable[ReportT]],
        done: Callable[[ReportT], object],
    ) -> None:
        try:
            report = await check()
        except ConsoleError as error:
            if self._state.is_current(number):
                self._finish(failure=error.problem)
            return
        except asyncio.CancelledError:
            # The page may be gone by now; the job belongs to the window.
            job.end(tr("Cancelled"), CANCELLED)
            raise
        if self._state.is_current(number):
            self._finish(report)
            done(report)

    def _finish(self, report: ReportT | None = None, failure: Problem | None = None) -> None:
        self._state.finish(report, failure)
        if self._job is not None:
            text, end = self._outcome()
            self._job.end(text, JOB_STATES[end])
        self._ended()
