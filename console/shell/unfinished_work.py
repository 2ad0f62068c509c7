"""Finishes, when the window has opened, what programs that died left behind: rehearsals, and requests half cancelled."""

import asyncio
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject

from console.runtime import lazy_imports
from console.runtime.activity import DONE, FAILED, Job
from console.runtime.context import Context
from console.runtime.task_runner import TaskRunner
from models.translation_marks import tr_later
from services.common.errors import ConsoleError
from services.language import tr

if TYPE_CHECKING:
    from services.requests.rehearsal.cleanup import CleanupReport

TASK_GROUP = "leftovers"
JOB_NAME = tr_later("Finishing what was broken off")
RETRY_DELAY_S = 30.0
MAX_ATTEMPTS = 12
"""With the pause between them longer than an instance may go on with a call whose caller has gone."""


class StartupCleanup(QObject):
    """Looks once after each opening of the workspace; where there is nothing, nothing is said and nobody is asked."""

    def __init__(self, ctx: Context, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.ctx = ctx
        self.tasks = TaskRunner(self, ctx.show_problem)
        self.job: Job | None = None
        ctx.settled.connect(self.start)

    def start(self) -> None:
        """Begin to look."""
        self.tasks.start(self._clean_up(), group=TASK_GROUP)

    def stop(self) -> None:
        """End what goes on; the window closes."""
        self.tasks.cancel_all()

    async def _clean_up(self) -> None:
        await lazy_imports.ready(self.ctx, lazy_imports.unfinished_work)
        from services.requests.rehearsal import unfinished_work

        workspace = await self.ctx.ready()
        if not await self.ctx.call(unfinished_work.has_unfinished_work, workspace.store):
            return
        await lazy_imports.ready(self.ctx, lazy_imports.cleanup)
        from services.requests.rehearsal import cleanup

        job = self.job = self.ctx.activity.begin(tr(JOB_NAME), self.stop, routine=True)
        cleaned = 0
        try:
            for _ in range(MAX_ATTEMPTS):
                done = await cleanup.clean_up_rehearsals(workspace)
                cleaned += self._told(job, done)
                if not done.still_pending:
                    break
                job.progress(tr("Waiting for a request that may still be on its way"))
                await asyncio.sleep(RETRY_DELAY_S)
        except ConsoleError as error:
            job.end(error.problem.cause, FAILED)
            return
        job.end(*_job_result(done, cleaned))

    def _told(self, job: Job, done: "CleanupReport") -> int:
        """Write into the log what was done; returns how many were cleaned up for good."""
        for one in done.cleaned:
            job.note(f"{one.number or one.request_id}: {one.cleanup_check}")
        for key in done.ended:
            job.note(tr("The request {key} was about to be cancelled, and has ended", key=key))
        for problem in done.problems:
            job.note(f"{problem.tried}: {problem.cause}")
        return sum(one.cleanup_check.ok for one in done.cleaned) + len(done.ended)


def _job_result(done: "CleanupReport", cleaned: int) -> tuple[str, str]:
    left = len(done.problems) + sum(bool(one.cleanup_check.open) for one in done.cleaned) + done.still_pending
    told = [tr("{cleaned} cleaned up", cleaned=cleaned)] if cleaned else []
    if left:
        return ", ".join([*told, tr("{left} left for the next start", left=left)]), FAILED
    return told[0] if told else tr("Nothing of them was open"), DONE
