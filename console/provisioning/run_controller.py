"""Carries out runs for the page: dialog, progress, outcome."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from PyQt6 import sip
from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtWidgets import QWidget

from console.provisioning import operations
from console.provisioning.operations import Administrator, Overwrite
from console.provisioning.presenter import ProvisioningPresenter, RunKind, RunRequest, RunResult
from console.provisioning.run_dialog import RunDialog
from console.provisioning.run_texts import applied_outcome, stopped_outcome, undone_outcome
from console.provisioning.run_view import RunView
from console.runtime import lazy_imports
from console.runtime.activity import CANCELLED, DONE, FAILED, Job
from console.runtime.task_runner import TaskRunner, show_and_wait
from models.base import utcnow
from services.common.errors import ConsoleError
from services.language import tr, translate

if TYPE_CHECKING:
    from console.runtime.context import Context

TASK_GROUP = "run"


class RunController(QObject):
    """Runs one request at a time and shows it in a `RunView`."""

    began = pyqtSignal()
    verified = pyqtSignal(object)
    """An applied plan was verified; carries the `Verification`."""
    ended = pyqtSignal(object)
    """A run ended; carries its `RunKind` when it was cancelled, else None."""

    def __init__(
        self,
        ctx: "Context",
        tasks: TaskRunner,
        presenter: ProvisioningPresenter,
        view: RunView,
        page: QWidget,
    ) -> None:
        super().__init__(page)
        self._ctx = ctx
        self._tasks = tasks
        self._presenter = presenter
        self._view = view
        self._page = page
        self._job: Job | None = None
        self._began_at = utcnow()

    def start(self, request: RunRequest | None) -> None:
        """Carry a request out, after the dialog when it needs one; does nothing without a request."""
        if request is None:
            return
        self._tasks.start(self._start(request), group=TASK_GROUP)

    async def _start(self, request: RunRequest) -> None:
        administrator, include_others = None, False
        if request.needs_dialog:
            dialog = RunDialog(
                self._ctx,
                request.server,
                request.verb,
                text=request.text,
                records=request.records,
                lacking=request.account_without_admin,
                others=request.kind is RunKind.UNDO,
                parent=self._page.window(),
            )
            if not await show_and_wait(dialog):
                return
            administrator, include_others = dialog.administrator, dialog.others.isChecked()
        if request.kind is RunKind.APPLY:
            await self._run(request, administrator, lambda: self._apply(request, administrator))
        else:
            await self._run(
                request, administrator, lambda: self._undo(request, administrator, include_others)
            )

    async def _run(
        self, request: RunRequest, administrator: Administrator | None, work: Callable[[], Awaitable[None]]
    ) -> None:
        self._presenter.begin_run(request.kind)
        self._view.begin(request.title)
        self._began_at, self._job = utcnow(), self._ctx.activity.begin(request.title, self._stop)
        self.began.emit()
        try:
            await work()
        except ConsoleError as error:
            await self._show_failure(request, error, administrator)
        finally:
            if not sip.isdeleted(self):
                self._end()

    async def _apply(self, request: RunRequest, administrator: Administrator | None) -> None:
        presenter = self._presenter
        if presenter.names is None:
            return
        applied = await operations.apply_plan(
            self._ctx, request.server, presenter.names, presenter.overwrite, administrator, self._progress
        )
        stored = await self._store_administrator(request, administrator)
        self._view.show_outcome(applied_outcome(applied, stored))
        self.verified.emit(applied.verification)
        self._end_job(applied.receipt.run.outcome, DONE)
        presenter.result = RunResult.VERIFIED if applied.ok else RunResult.INCOMPLETE

    async def _undo(
        self,
        request: RunRequest,
        administrator: Administrator | None,
        include_others: bool,  # noqa: FBT001 - private
    ) -> None:
        overwrite = Overwrite(everything=include_others)
        undone = await operations.undo_run(
            self._ctx, request.server, request.receipt_id, overwrite, administrator, self._progress
        )
        self._view.show_outcome(undone_outcome(undone))
        self._end_job(undone.receipt.run.outcome, DONE)
        self._presenter.result = RunResult.UNDONE

    async def _store_administrator(self, request: RunRequest, administrator: Administrator | None) -> str:
        """Store the administrator when asked to; returns the name of the User Credential, or an empty text."""
        if administrator is None or not administrator.keep:
            return ""
        try:
            credential = await operations.store_administrator(self._ctx, request.server, administrator)
        except ConsoleError as error:
            self._ctx.show_problem(error.problem)
            return ""
        return credential.name

    async def _show_failure(
        self, request: RunRequest, error: ConsoleError, administrator: Administrator | None
    ) -> None:
        await lazy_imports.ready(self._ctx, lazy_imports.provisioning)
        from services.provisioning.problems import RunStoppedError

        self._end_job(translate(error.problem.cause), FAILED)
        receipt_id = request.receipt_id
        if isinstance(error, RunStoppedError):
            # The administrator was accepted before the run stopped.
            receipt_id = error.receipt
            await self._store_administrator(request, administrator)
        applying = request.kind is RunKind.APPLY
        title = tr("The run stopped") if applying else tr("The run was not undone")
        self._view.show_outcome(stopped_outcome(title, error.problem, receipt_id))
        self._presenter.run_failed(error.problem, as_administrator=administrator is not None)

    def _progress(self, text: str, done: int = 0, total: int | None = None) -> None:
        if self._job is not None and self._job.running:
            self._job.progress(text, done, total)
            self._view.progress(text, done, total)

    def _end_job(self, text: str, state: str) -> None:
        if self._job is not None:
            self._job.end(text, state)

    def cancel(self) -> None:
        """Stop the run; its receipt says what it wrote."""
        if self._job is not None and self._job.running:
            self._job.cancel()

    def _stop(self) -> None:
        self._tasks.cancel(TASK_GROUP)
        self._presenter.result = RunResult.STOPPED
        self._view.show_outcome(
            stopped_outcome(tr("The run was cancelled"), None, "", tr("Writing down how far it came"))
        )

    def _end(self) -> None:
        cancelled = self._job is not None and self._job.state == CANCELLED
        kind, self._job = self._presenter.run, None
        self._presenter.end_run()
        self.ended.emit(kind if cancelled else None)

    def show_cancelled(self, kind: RunKind) -> None:
        """Show how far a cancelled run came, by the receipts that were read after it."""
        receipt_id, text = self._presenter.cancelled_run(kind, self._began_at)
        self._view.show_outcome(stopped_outcome(tr("The run was cancelled"), None, receipt_id, text))
