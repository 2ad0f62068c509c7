"""The wizard's Privilege Manager step: server, action and policy, each result ticked when it was observed."""

from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6 import sip
from PyQt6.QtCore import QUrl, pyqtSignal
from PyQt6.QtGui import QDesktopServices
from PyQt6.QtWidgets import QVBoxLayout, QWidget

from console.forms.open_requests_dialog import run_with_confirmation
from console.runtime import lazy_imports
from console.runtime.page_targets import Target
from console.runtime.task_runner import show_and_wait
from console.setup import wizard_privilege_manager_work as work
from console.setup.wizard_privilege_manager_fields import PrivilegeManagerFields
from console.setup.wizard_privilege_manager_presenter import Phase, PrivilegeManagerPresenter
from console.setup.wizard_set_up_runs import UndoSetUpDialog
from console.setup.wizard_steps import ResultLine
from console.widgets import buttons
from console.widgets.file_dialog import open_file_dialog
from console.widgets.save_dialog import open_save_dialog, plain_name
from services.common.errors import ConsoleError, Problem
from services.common.secret import Secret
from services.language import tr, translate

if TYPE_CHECKING:
    from console.runtime.context import Context
    from console.runtime.task_runner import TaskRunner
    from models.approval_type import ApprovalType
    from services.setup.privilege_manager_run import SetUpRun
    from services.setup.privilege_manager_setup import PrivilegeManagerObjects, PrivilegeManagerSignIn
    from services.setup.privilege_manager_undo import SetUpUndo

TASK_GROUP, UNDO_GROUP = "privilege manager", "undo privilege manager"
HOME = "home"
PHASES = {"EXPORT": "needs-export", "COPY": "write-copy", "IMPORT": "waiting", "POLICY": "applying"}
"""What is shown for each SetUpPhase."""
IMPORT_PAGE = "PrivilegeManager/#/item/xml/"


class PrivilegeManagerStep(QWidget):
    """Creates the objects, waits for the import of the copy, applies the policy and updates the endpoints."""

    changed = pyqtSignal()
    failed = pyqtSignal(object)
    """A Problem."""
    progressed = pyqtSignal(str)
    finished = pyqtSignal(object)
    """The Target to show when the wizard closes."""

    def __init__(self, ctx: "Context", tasks: "TaskRunner") -> None:
        super().__init__()
        self._ctx = ctx
        self._tasks = tasks
        self.presenter = PrivilegeManagerPresenter()
        self.sign_in: PrivilegeManagerSignIn | None = None
        self.objects: PrivilegeManagerObjects | None = None
        self._type: ApprovalType | None = None
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(0, 0, 0, 0)
        self._layout.setSpacing(8)
        self.open_button = buttons.secondary(tr("Open Import Items"), icon="open")
        self.open_button.clicked.connect(self._open_import_page)
        self.undo_button = buttons.quiet(tr("Undo…"), icon="undo")
        self.undo_button.clicked.connect(lambda _on: self.ask_undo())
        self.run_record: SetUpRun | None = None
        """The set-up as it is stored."""
        self._task_id = ""

    # -- what the wizard calls -------------------------------------------------

    def begin(self, fields: PrivilegeManagerFields, approval_type: "ApprovalType | None") -> None:
        """Start with the server that was named; the secret leaves its field."""
        values, self._type = fields.texts(), approval_type
        fields.forget_secret()
        self._enter(Phase.CONNECTING)
        self._tasks.start(self._begin(*values), group=TASK_GROUP)

    async def _begin(self, base_url: str, client_id: str, secret: Secret, policy: str, task_id: str) -> None:
        await lazy_imports.ready(self._ctx, lazy_imports.privilege_manager_setup)
        from services.setup.privilege_manager_setup import PrivilegeManagerSignIn

        self.sign_in = PrivilegeManagerSignIn(base_url, client_id, secret, policy, task_id)
        self._task_id = task_id
        await self._run()

    def go_on(self, run: "SetUpRun") -> None:
        """Go on with a set-up that stopped."""
        self._keep_run(run)
        self._enter(Phase.CONNECTING)
        self._tasks.start(self._run(), group=TASK_GROUP)

    def show_run(self, run: "SetUpRun") -> None:
        """Show a set-up of an earlier time, to take it back."""
        self._keep_run(run)
        self.presenter.server, self.presenter.policy = run.row.object_name, ""
        self._enter(Phase.CONNECTING if run.is_unfinished else Phase.DONE)
        self.presenter.stopped = run.is_unfinished
        self._draw()
        self.ask_undo()

    def _keep_run(self, run: "SetUpRun | None") -> None:
        self.run_record, self.presenter.recorded = run, run is not None
        if run is not None:
            self._task_id = run.task_id

    def start_primary_action(self) -> None:
        """Do what the primary button says."""
        presenter = self.presenter
        if presenter.stopped and not presenter.has_ended:
            presenter.stopped = False
            self._draw()
            self._tasks.start(self._run(), group=TASK_GROUP)
        elif presenter.phase is Phase.NEEDS_EXPORT:
            self._choose_export()
        elif presenter.phase is Phase.WRITE_COPY:
            self._choose_file()
        elif presenter.phase is Phase.UNDONE or self.objects is None:
            self.finished.emit(Target(HOME))
        else:
            self.finished.emit(Target(str(self.objects.policy.kind), self.objects.policy.id))

    # -- phases ----------------------------------------------------------------

    def _enter(self, phase: Phase) -> None:
        self.presenter.phase, self.presenter.stopped = phase, False
        self._draw()

    async def _run(self) -> None:
        """Go on from the current phase until a person has to do something."""
        try:
            if self.presenter.phase is Phase.CONNECTING:
                await self._connect()
            if self.presenter.phase is Phase.WAITING:
                await self._wait()
            if self.presenter.phase is Phase.APPLYING:
                await self._apply()
        except ConsoleError as error:
            self._stop(error.problem)

    def _stop(self, problem: Problem) -> None:
        self.presenter.stopped = True
        self._draw()
        self.failed.emit(problem)

    async def _connect(self) -> None:
        if self.run_record is not None:
            self.objects, phase, self.presenter.export = await work.go_on(self._ctx, self.run_record)
            self._show_objects(self.objects)
            self._enter(Phase(PHASES[phase.name]))
            return
        if self.sign_in is None:
            return
        self.objects, exported = await work.create(self._ctx, self.sign_in, self._type)
        self._keep_run(await work.find_run(self._ctx, self.objects))
        self._show_objects(self.objects)
        if exported:
            self.presenter.export = self.objects.action.copy_of
        self._enter(Phase.WRITE_COPY if exported else Phase.NEEDS_EXPORT)

    def _show_objects(self, objects: "PrivilegeManagerObjects") -> None:
        presenter = self.presenter
        presenter.server = f"{objects.server.name}, {objects.server.base_url}"
        presenter.action, presenter.policy = objects.action.name, objects.policy.name
        presenter.approval_type_guid = objects.action.approval_type_guid

    def _choose_export(self) -> None:
        open_file_dialog(
            self.window(),
            tr("Choose the export"),
            lambda path: self._tasks.start(self.use_export(Path(path)), group=TASK_GROUP),
            [tr("Exports (*.zip *.xml)")],
        )

    async def use_export(self, path: Path) -> None:
        """Take a file as the export of the action."""
        if self.objects is None:
            return
        try:
            self.objects = await work.use_export(self._ctx, self.objects, path)
        except ConsoleError as error:
            self.failed.emit(error.problem)
            return
        self._show_objects(self.objects)
        self.presenter.export = path.name
        self._enter(Phase.WRITE_COPY)

    def _choose_file(self) -> None:
        open_save_dialog(
            self.window(),
            tr("Save the copy"),
            f"{plain_name(self.presenter.action)}.zip",
            tr("Items (*.zip)"),
            lambda path: self._tasks.start(self.save_copy(path), group=TASK_GROUP),
        )

    async def save_copy(self, path: Path) -> None:
        """Write the copy into a file, then wait until the server shows it."""
        if self.objects is None:
            return
        try:
            await work.save_copy(self._ctx, self.objects, path)
        except ConsoleError as error:
            self.failed.emit(error.problem)
            return
        self._enter(Phase.WAITING)
        await self._run()

    async def _wait(self) -> None:
        if self.objects is not None:
            self.presenter.copy_id = await work.wait_for_copy(self._ctx, self.objects, self._on_asked)
            self._enter(Phase.APPLYING)

    def _on_asked(self, times: int) -> None:
        self.presenter.asked = times
        self._draw()

    async def _apply(self) -> None:
        if self.objects is None:
            return
        applied = await work.apply(self._ctx, self.objects, self._progress)
        run = tr("run {id}", id=applied.run.id) if applied.run is not None else tr("as it was")
        if not applied.ok:
            self.presenter.policy = tr(
                "{policy}: open it to see what differs", policy=self.objects.policy.name
            )
        else:
            self.presenter.policy_result = tr(
                "{policy} has the action and is active, {run}", policy=self.objects.policy.name, run=run
            )
        try:
            update = await work.update_endpoints(self._ctx, self.objects, self._task_id)
            self.presenter.endpoints = tr("{name} started", name=update.instance_name)
        except ConsoleError as error:
            # The policy is in place; endpoints get it by their schedule.
            self.presenter.endpoints_reason = translate(error.problem.cause)
        if applied.ok and self.run_record is not None:
            await self._ctx.call(self.run_record.finish)
        self._enter(Phase.DONE)

    # -- taking it back --------------------------------------------------------

    def ask_undo(self) -> None:
        """Ask whether the set-up is taken back, and do it."""
        if self.run_record is not None and self.presenter.can_undo:
            self._tasks.start(self._ask_undo(self.run_record), group=UNDO_GROUP)

    async def _ask_undo(self, run: "SetUpRun") -> None:
        preview = await work.preview_undo(self._ctx, run)
        if not await show_and_wait(UndoSetUpDialog(run, preview, self.window())):
            return
        # Nothing of the set-up is done meanwhile: the server is not asked for the copy any more.
        self._tasks.cancel(TASK_GROUP)
        self.presenter.undoing = True
        self._draw()

        async def act(confirmed: int) -> "SetUpUndo":
            return await work.undo(self._ctx, run, confirmed, self._progress)

        try:
            done, result = await run_with_confirmation(act, self.window())
            if done and result is not None:
                self._show_undone(result)
        except ConsoleError as error:
            self._stop(error.problem)
        finally:
            if not sip.isdeleted(self):
                self.presenter.undoing = False
                # What was waited for is not waited for any more.
                self.presenter.stopped = not self.presenter.has_ended
                self._draw()

    def _show_undone(self, result: "SetUpUndo") -> None:
        self.presenter.undone = tuple(translate(text) for text in result.done)
        self.presenter.left = tuple(translate(text) for text in result.left)
        self._enter(Phase.UNDONE)

    def _progress(self, text: str, done: int = 0, total: int | None = None) -> None:
        counted = bool(total and done)
        said = translate(text)
        self.progressed.emit(
            tr("{text} ({done} of {total})", text=said, done=done, total=total) if counted else said
        )

    def _open_import_page(self) -> None:
        if self.objects is not None:
            QDesktopServices.openUrl(QUrl(f"{self.objects.server.base_url}{IMPORT_PAGE}"))

    # -- what it shows ---------------------------------------------------------

    def _draw(self) -> None:
        self._layout.removeWidget(self.open_button)
        self._layout.removeWidget(self.undo_button)
        while (old := self._layout.takeAt(0)) is not None:
            if (widget := old.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for line in self.presenter.lines():
            self._layout.addWidget(ResultLine(*line))
        self._layout.addWidget(self.open_button)
        self.open_button.setVisible(self.presenter.phase is Phase.WAITING)
        self._layout.addWidget(self.undo_button)
        self.undo_button.setVisible(self.presenter.can_undo)
        self._layout.addStretch(1)
        self.changed.emit()
