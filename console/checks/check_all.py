"""Checks every server, one after the other, as one job with progress that can be cancelled."""

import logging
import uuid
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, pyqtSignal

from console.checks.check_execution import execute_check, resolve_request_items, store_check
from console.checks.verdicts import verdict_label
from console.runtime import lazy_imports
from console.runtime.activity import DONE, FAILED, Job
from console.runtime.task_runner import TaskRunner
from models.check_stages import CHECKED_KINDS
from models.translation_marks import tr_later
from services.common.errors import ConsoleError, Problem
from services.common.fault_ids import FaultId
from services.common.unexpected_errors import to_console_error
from services.language import plural, tr, translate

if TYPE_CHECKING:
    from console.navigation.tree_model import TreeModel
    from console.shell.main_window import Window
    from models.approval_process import ApprovalProcess
    from models.servers import Server
    from services.connectivity import CheckReport
    from services.connectivity.check_history import PastCheck

TASK_GROUP = "round"
PASSWORD_REFUSED = (
    FaultId.AUTHENTICATION_REFUSED,
    FaultId.OAUTH_TOKEN_REFUSED,
    FaultId.PRIVILEGE_MANAGER_LOG_ON_REFUSED,
    FaultId.PRIVILEGE_MANAGER_USER_ACCOUNT,
)
"""What a check ends with whose password was sent and not taken."""
OnFinished = Callable[[dict[uuid.UUID, str]], Awaitable[None]]
log = logging.getLogger(__name__)
JOB_NAME = tr_later("Checking all servers")


class ServerCheckRunner(QObject):
    """Checks all servers; one round at a time."""

    changed = pyqtSignal()
    """A round began or ended."""

    def __init__(self, window: "Window") -> None:
        super().__init__(window)
        self.ctx = window.ctx
        self.tasks = TaskRunner(self, self._on_problem, self._on_crash)
        self.job: Job | None = None

    @property
    def running(self) -> bool:
        """Whether a round is running."""
        return self.job is not None and self.job.running

    def start(self, name: str = JOB_NAME, *, then: OnFinished | None = None, careful: bool = False) -> None:
        """Start a round; nothing happens while one is running.

        `then` is called at its end with the verdicts before it. A `careful` round, which the user did not start, skips
        servers that refused the password last time: an account is locked after a few attempts.
        """
        if self.running:
            return
        self.job = self.ctx.activity.begin(tr(name), self._stop, routine=careful)
        self.tasks.start(self._check_servers(self.job, then, careful=careful), group=TASK_GROUP)
        self.changed.emit()

    def _stop(self) -> None:
        self.tasks.cancel(TASK_GROUP)
        # The job ends when this returns; receivers of the signal read its state.
        self.tasks.start(self._emit_changed(), group="changed")

    async def _emit_changed(self) -> None:
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
        from models.approval_process import ApprovalProcess
        from services.connectivity import check_history

        workspace = await self.ctx.ready()
        before = await self.ctx.call(check_history.last_verdicts, workspace.store)
        servers = await self.ctx.call(workspace.configuration.servers)
        processes = await self.ctx.call(workspace.configuration.all, ApprovalProcess)
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
            job.note(f"{server.name}: {verdict_label(verdict)}")
        job.end(*_job_result(verdicts))
        self.changed.emit()
        if then is not None:
            await then(before)

    async def _server(self, job: Job, server: "Server", processes: "list[ApprovalProcess]") -> str:
        """Check a server with each of its processes; returns the worst verdict."""
        worst = "ok"
        rank = ("ok", "warning", "failed")
        for process in (*processes,) or (None,):
            try:
                report = await self._check(server, process)
            except ConsoleError as error:
                job.note(f"{server.name}: {translate(error.problem.cause)}")
                return "failed"
            worst = max(worst, report.verdict, key=rank.index)
            if not report.signed_in:
                break  # the next process would fail alike, and a refused password is not tried again
        return worst

    async def _check(self, server: "Server", process: "ApprovalProcess | None") -> "CheckReport":
        from console.checks.check_subject import build_check_subject

        # No user looks at this server now, so no password is bound to it.
        subject = await build_check_subject(self.ctx, server, process, bind=False)
        report = await execute_check(self.ctx, subject)
        await store_check(self.ctx, report, subject)
        if report.can_continue:
            await resolve_request_items(self.ctx, subject)
        return report

    def stop(self) -> None:
        """Cancel the round; the window closes."""
        self.tasks.cancel_all()


def _was_sign_in_refused(report: "PastCheck") -> bool:
    return any(s.stage == "authentication" and s.fault in PASSWORD_REFUSED for s in report.stages)


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


def has_servers(model: "TreeModel") -> bool:
    """Whether the tree of a window shows a server that could be checked."""
    return any(node.kind in CHECKED_KINDS for node in model.objects())
