"""Rounds: every server checked one after the other, as one job that can be watched and stopped."""

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from PyQt6.QtCore import QObject, pyqtSignal

from console.runtime import lazy_imports
from console.runtime.activity import DONE, FAILED, Job
from console.runtime.task_runner import TaskRunner
from models.kinds import Kind
from models.translation_marks import tr_later
from services.common.errors import ConsoleError, Problem
from services.common.fault_ids import FaultId
from services.common.unexpected_errors import to_console_error
from services.language import plural, tr, translate

TASK_GROUP = "round"
OnFinished = Callable[[dict[Any, str]], Awaitable[None]]
log = logging.getLogger(__name__)
JOB_NAME = tr_later("Checking all servers")
VERDICT_LABELS = {"ok": tr_later("good"), "warning": tr_later("with a warning"), "failed": tr_later("failed")}


class ServerCheckRunner(QObject):
    """Goes through the servers, one round at a time."""

    changed = pyqtSignal()
    """A round began or ended."""

    def __init__(self, window: Any) -> None:
        super().__init__(window)
        self.ctx = window.ctx
        self.workers = TaskRunner(self, self._on_problem, self._on_crash)
        self.job: Job | None = None

    @property
    def running(self) -> bool:
        """Whether a round goes on."""
        return self.job is not None and self.job.running

    def start(self, name: str = JOB_NAME, *, then: OnFinished | None = None, careful: bool = False) -> None:
        """Begin a round; nothing happens while one goes on.

        `then` is called at its end with how the servers stood before it. A `careful` round, which nobody asked for just
        now, leaves servers alone that refused the password last: an account is locked after a few attempts.
        """
        if self.running:
            return
        self.job = self.ctx.activity.begin(tr(name), self._stop, routine=careful)
        self.workers.start(self._check_servers(self.job, then, careful=careful), group=TASK_GROUP)
        self.changed.emit()

    def _stop(self) -> None:
        self.workers.cancel(TASK_GROUP)
        # What follows looks at the job again, which ends when this returns.
        self.workers.start(self._told(), group="told")

    async def _told(self) -> None:
        self.changed.emit()

    def _on_problem(self, problem: Problem) -> None:
        self._end_failed(translate(problem.cause))

    def _on_crash(self, _error: BaseException) -> None:
        self._end_failed(tr("Ended by an error"))

    def _end_failed(self, text: str) -> None:
        # Shown in the strip and not in a dialog: nobody may be watching.
        if self.running and self.job is not None:
            self.job.end(text, FAILED)
        else:
            self.ctx.activity.record(tr(JOB_NAME), text, FAILED, routine=True)
        self.changed.emit()

    # -- the round ---------------------------------------------------------------------------------------------

    async def _check_servers(self, job: Job, then: OnFinished | None, *, careful: bool) -> None:
        await lazy_imports.ready(self.ctx, lazy_imports.connectivity)
        from services.connectivity import check_history

        workspace = await self.ctx.ready()
        before = await self.ctx.call(check_history.last_verdicts, workspace.store)
        servers = await self.ctx.call(workspace.configuration.all, Kind.FOREIGN_SYSTEM)
        processes = await self.ctx.call(workspace.configuration.all, Kind.APPROVAL_PROCESS)
        verdicts: list[str] = []
        for number, server in enumerate(servers):
            job.progress(server.name, number, len(servers))
            last = await self.ctx.call(check_history.past_checks, workspace.store, server.id, 1)
            if careful and last and _was_sign_in_refused(last[0]):
                job.note(
                    tr(
                        "{name}: left alone, its password was refused last time; check it by hand",
                        name=server.name,
                    )
                )
                continue
            used = [p for p in processes if p.server_id == server.id]
            try:
                verdict = await self._server(job, server, used)
            except Exception as error:  # noqa: BLE001 -- the other servers are checked all the same
                problem = to_console_error(log, "Check a server", error).problem
                job.note(f"{server.name}: {translate(problem.cause)} ({problem.correlation_id})")
                verdict = "failed"
            verdicts.append(verdict)
            job.note(f"{server.name}: {tr(VERDICT_LABELS.get(verdict, verdict))}")
        job.end(*_job_result(verdicts))
        self.changed.emit()
        if then is not None:
            await then(before)

    async def _server(self, job: Job, server: Any, processes: list[Any]) -> str:
        """Check a server with each of its processes; returns the worst verdict."""
        worst = "ok"
        rank = ("ok", "warning", "failed")
        for process in processes or [None]:
            try:
                report = await self._check(server, process)
            except ConsoleError as error:
                job.note(f"{server.name}: {translate(error.problem.cause)}")
                return "failed"
            worst = max(worst, report.verdict, key=rank.index)
            if not report.signed_in:
                break  # it fails alike for the next process, and a refused password is not tried again
        return worst

    async def _check(self, server: Any, process: Any) -> Any:
        from console.checks.check_subject import build_check_subject

        ctx = self.ctx
        await lazy_imports.ready(ctx, lazy_imports.connectivity)
        from services import connectivity
        from services.connectivity import check_history

        workspace = await ctx.ready()
        # No person looks at this server now, so a password is bound to nothing here.
        subject = await build_check_subject(ctx, server, process, bind=False)
        report = await connectivity.run_check(
            subject.settings, subject.sign_in, subject.process, accepted=subject.accepted
        )
        await ctx.call(
            check_history.save_check,
            workspace.store,
            subject.server,
            report,
            subject.process,
            used=subject.used,
        )
        if report.can_continue:
            await lazy_imports.ready(ctx, lazy_imports.transfer)
            from services.transfer import apply_online

            await apply_online.try_resolve_request_items(workspace, subject.server.id)
        return report

    def stop(self) -> None:
        """End what goes on; the window closes."""
        self.workers.cancel_all()


def _was_sign_in_refused(report: Any) -> bool:
    return any(
        s.stage == "authentication" and s.fault == FaultId.AUTHENTICATION_REFUSED for s in report.stages
    )


def _job_result(verdicts: list[str]) -> tuple[str, str]:
    failed, warned = verdicts.count("failed"), verdicts.count("warning")
    if not verdicts:
        return tr("No server was checked"), DONE
    count = plural(len(verdicts), "{count} server", "{count} servers")
    if not failed and not warned:
        return tr("{servers}, all good", servers=count), DONE
    parts = [plural(failed, "{count} failed", "{count} failed")] if failed else []
    parts += [plural(warned, "{count} with a warning", "{count} with warnings")] if warned else []
    return f"{count}, {', '.join(parts)}", FAILED if failed else DONE


def has_servers(model: Any) -> bool:
    """Whether the tree of a window shows a server that could be checked."""
    return any(node.kind is Kind.FOREIGN_SYSTEM for node in model.objects())
