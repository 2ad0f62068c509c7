"""Finishes, when the window has opened, what programs that died left behind: rehearsals, and requests half cancelled."""

import asyncio
from typing import Any

from PyQt6.QtCore import QObject

from console import lazy_imports
from console.activity import DONE, FAILED, Job
from console.workers import Workers
from models.translatable import tr_later
from services.errors import ConsoleError
from services.language import tr

GROUP = "leftovers"
NAME = tr_later("Finishing what was broken off")
PAUSE_S = 30.0
ROUNDS = 12
"""With the pause between them longer than an instance may go on with a call whose caller has gone."""


class Leftovers(QObject):
    """Looks once after each opening of the workspace; where there is nothing, nothing is said and nobody is asked."""

    def __init__(self, ctx: Any, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.ctx = ctx
        self.workers = Workers(self)
        self.workers.failed.connect(ctx.workers.failed)
        self.job: Job | None = None
        ctx.opened.connect(self.start)

    def start(self) -> None:
        """Begin to look."""
        self.workers.start(self._clean_up(), group=GROUP)

    def stop(self) -> None:
        """End what goes on; the window closes."""
        self.workers.cancel_all()

    async def _clean_up(self) -> None:
        await lazy_imports.ready(self.ctx, lazy_imports.requests)
        from services.requests import clearing

        workspace = await self.ctx.ready()
        if not await self.ctx.call(clearing.is_anything_left, workspace.store):
            return
        job = self.job = self.ctx.activity.begin(tr(NAME), self.stop, routine=True)
        cleaned = 0
        try:
            for _ in range(ROUNDS):
                done = await clearing.clean_up_rehearsals(workspace)
                cleaned += self._told(job, done)
                if not done.later:
                    break
                job.progress(tr("Waiting for a request that may still be on its way"))
                await asyncio.sleep(PAUSE_S)
        except ConsoleError as error:
            job.end(error.problem.cause, FAILED)
            return
        job.end(*_outcome(done, cleaned))

    def _told(self, job: Job, done: Any) -> int:
        """Write into the log what was done; returns how many were cleaned up for good."""
        for one in done.cleaned:
            job.note(f"{one.number or one.request_id}: {one.proof}")
        for key in done.ended:
            job.note(tr("The request {key} was about to be cancelled, and has ended", key=key))
        for problem in done.problems:
            job.note(f"{problem.tried}: {problem.cause}")
        return sum(one.proof.ok for one in done.cleaned) + len(done.ended)


def _outcome(done: Any, cleaned: int) -> tuple[str, str]:
    left = len(done.problems) + sum(bool(one.proof.open) for one in done.cleaned) + done.later
    told = [tr("{cleaned} cleaned up", cleaned=cleaned)] if cleaned else []
    if left:
        return ", ".join([*told, tr("{left} left for the next start", left=left)]), FAILED
    return told[0] if told else tr("Nothing of them was open"), DONE
