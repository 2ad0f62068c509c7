"""The set-up wizard: from address and sign-in to credential, server, process and type, proven by the staged check.

Three steps: sign in, what was found, done; a fourth one where a Privilege Manager server was named. A failure shows its five parts and keeps what was typed. What the dialog says
about changes on the instance follows from the receipt of the run. The dialog keeps its size.
"""

import asyncio
from functools import partial
from typing import TYPE_CHECKING

from PyQt6 import sip
from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from console.runtime.activity import CANCELLED, FAILED, Job
from console.runtime.page_targets import Target
from console.runtime.task_runner import TaskRunner
from console.setup import wizard_work
from console.setup.missing_plan import PartialRun
from console.setup.wizard_foot import WizardFoot
from console.setup.wizard_items import CreatedItems, MissingItems
from console.setup.wizard_presenter import Activity, PrimaryAction, Step, WizardPresenter
from console.setup.wizard_privilege_manager import TASK_GROUP as PRIVILEGE_MANAGER_GROUP
from console.setup.wizard_privilege_manager import UNDO_GROUP, PrivilegeManagerStep
from console.setup.wizard_privilege_manager_work import find_last_run
from console.setup.wizard_steps import DoneStep, FoundStep, SignInStep
from console.setup.wizard_work import InstanceFindings, SignInValues
from console.widgets import plain_text
from console.widgets.dialog import Dialog
from console.widgets.failure_panel import FailurePanel
from console.widgets.fixed_size_area import FixedSizeScrollArea, set_initial_size
from console.widgets.labels import Label
from services.common.errors import ConsoleError, Owner, Problem
from services.common.fault_ids import FaultId
from services.language import tr, tr_message

if TYPE_CHECKING:
    from console.runtime.context import Context
    from models.foreign_system import ForeignSystem
    from services.connectivity import CheckReport
    from services.provisioning import ApplyResult
    from services.setup.discovery import CreatedSetup, DiscoveryResult

WIDTH, HEIGHT = 640, 652
LEAD_TEXT_LINES = 2
TASK_GROUP, LAST_RUN_GROUP = "work", "last run"


class SetupWizard(Dialog):
    """Creates server, process, type and unless one was chosen a credential, and on the instance what it lacks, and checks that they work."""

    step_changed = pyqtSignal(int)
    """Another step is shown."""

    def __init__(self, ctx: "Context", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(plain_text.window_title(tr("ServiceNow approvals")))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setModal(False)
        set_initial_size(self, WIDTH, HEIGHT)
        self.ctx = ctx
        self.tasks = TaskRunner(self, self._on_problem, self._on_crash)
        self.finished.connect(self._leave)
        self.presenter = WizardPresenter()
        self.found: DiscoveryResult | None = None
        self.missing: MissingItems | None = None
        self.applied: ApplyResult | None = None
        """The run that reached its end on this address."""
        self._applied: dict[str, ApplyResult] = {}
        """The runs of this wizard that reached their end, by base URL."""
        self._server: ForeignSystem | None = None
        self.made: CreatedSetup | None = None
        self.report: CheckReport | None = None
        self._build()
        self._show_step(Step.SIGN_IN)
        self.sign_in.address.setFocus()
        self.tasks.start(
            find_last_run(ctx), group=LAST_RUN_GROUP, on_result=self.sign_in.last_set_up.show_run
        )

    def _build(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 16, 24, 16)
        layout.setSpacing(12)
        self._title = Label("", role="section")
        self._lead = Label("", role="muted")
        self._lead.setWordWrap(True)
        self._lead.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self._lead.setMinimumHeight(LEAD_TEXT_LINES * self._lead.fontMetrics().lineSpacing())
        self.sign_in, self.found_step, self.done_step = SignInStep(self), FoundStep(), DoneStep()
        self.privilege_manager_step = PrivilegeManagerStep(self.ctx, self.tasks)
        self.privilege_manager_step.changed.connect(self._update)
        self.privilege_manager_step.failed.connect(self._show_failure)
        self.privilege_manager_step.finished.connect(self._open)
        self.sign_in.changed.connect(self._update)
        self.sign_in.last_set_up.continued.connect(partial(self._use_last_set_up, undo=False))
        self.sign_in.last_set_up.undo_asked.connect(partial(self._use_last_set_up, undo=True))
        self.done_step.opened.connect(self._open)
        self._steps: tuple[QWidget, ...] = (
            self.sign_in,
            self.found_step,
            self.done_step,
            self.privilege_manager_step,
        )
        self.failure = FailurePanel()
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        for part in (self._lead, *self._steps, self.failure):
            column.addWidget(part)
        column.addStretch(1)
        area = self._scroll_area = FixedSizeScrollArea(content)
        self.failure.shown.connect(lambda: area.reveal(self.failure))
        layout.addWidget(self._title)
        layout.addWidget(area, 1)
        foot = self._foot = WizardFoot()
        self.reason, self.primary, self.back, self.cancel = foot.reason, foot.primary, foot.back, foot.cancel
        self.privilege_manager_step.progressed.connect(self.reason.setText)
        self.primary.clicked.connect(self._start_primary_action)
        self.back.clicked.connect(lambda: self._show_step(Step.SIGN_IN))
        self.cancel.clicked.connect(self._cancel)
        layout.addLayout(foot)

    # -- steps -------------------------------------------------------------------------------------------------

    @property
    def step(self) -> Step:
        """The step that is shown."""
        return self.presenter.step

    def _show_step(self, step: Step) -> None:
        self.presenter.step = step
        for number, widget in enumerate(self._steps):
            widget.setVisible(number == step)
        self.failure.clear()
        bar = self._scroll_area.verticalScrollBar()
        if bar is not None:
            bar.setValue(0)
        self._title.setText(self.presenter.title)
        self._foot.show_step(step)
        self._rest()
        if step is Step.FOUND and self.missing is not None and self.missing.sign_in is not None:
            self.missing.sign_in.account.setFocus(Qt.FocusReason.OtherFocusReason)
        elif step is not Step.SIGN_IN:
            self.primary.setFocus(Qt.FocusReason.OtherFocusReason)
        self.step_changed.emit(step)

    def _begin(self, activity: Activity, text: str) -> None:
        """Show that something is in progress, and disable starting it again."""
        self.presenter.activity = activity
        self.failure.clear()
        self._update()
        self.reason.setText(text)

    def _rest(self) -> None:
        """Show that nothing is in progress any more."""
        self.presenter.activity = Activity.IDLE
        self._update()

    def _update(self) -> None:
        presenter = self.presenter
        presenter.missing = self.missing.plan if self.missing is not None else None
        presenter.applied = self.applied is not None
        presenter.with_privilege_manager = self.sign_in.privilege_manager.given
        idle = presenter.idle
        self._foot.set_primary_text(presenter.primary_text())
        self._lead.setText(presenter.lead_text())
        for widget in (self.sign_in, self.back, self.found_step):
            widget.setEnabled(idle)
        self.cancel.setEnabled(presenter.can_cancel)
        reason = ""
        if presenter.step is Step.SIGN_IN:
            reason = self.sign_in.missing()
        elif presenter.step is Step.FOUND and self.missing is not None:
            reason = self.missing.reason()
        if idle:
            self.reason.setText(reason)
        busy = presenter.step is Step.PRIVILEGE_MANAGER and self.privilege_manager_step.presenter.busy
        self.primary.setEnabled(idle and not reason and not busy)

    def _use_last_set_up(self, *, undo: bool) -> None:
        """Go on with the last set-up of the Privilege Manager side, or take it back."""
        run, step = self.sign_in.last_set_up.run, self.privilege_manager_step
        if run is not None and self.presenter.idle:
            self.presenter.privilege_manager = step.presenter
            self._show_step(Step.PRIVILEGE_MANAGER)
            (step.show_run if undo else step.go_on)(run)

    def _start_primary_action(self) -> None:
        action = self.presenter.primary_action
        if action is PrimaryAction.FINISH and self.made is not None:
            self._open(Target(str(self.made.process.kind), self.made.process.id))
        elif action is PrimaryAction.CONTINUE and self.made is not None:
            self.presenter.privilege_manager = self.privilege_manager_step.presenter
            self._show_step(Step.PRIVILEGE_MANAGER)
            self.privilege_manager_step.begin(self.sign_in.privilege_manager, self.made.approval_type)
        elif action is PrimaryAction.PRIVILEGE_MANAGER:
            self.failure.clear()
            self.privilege_manager_step.start_primary_action()
        elif action is PrimaryAction.CONNECT:
            self._connect()
        elif action is PrimaryAction.PROVISION and self.missing is not None:
            self._begin(Activity.WRITING, tr("Signing in"))
            self.tasks.start(self._provision(self.missing), group=TASK_GROUP)
        elif action is PrimaryAction.CREATE and self.found is not None:
            # All or nothing, in a thread that cannot be stopped: Cancel is disabled.
            self._begin(Activity.CREATING, tr("Creating the objects"))
            self.tasks.start(self._create(self.found), group=TASK_GROUP)

    # -- connect -----------------------------------------------------------------------------------------------

    def _connect(self) -> None:
        if not self.sign_in.normalise():
            self._update()
            return
        values = self.sign_in.values()
        self.applied = self._applied.get(values.base_url)
        self._begin(Activity.READING, tr("Connecting"))
        self.tasks.start(self._read_instance(values), group=TASK_GROUP)

    async def _read_instance(self, sign_in: SignInValues) -> None:
        try:
            findings = await wizard_work.read_instance(self.ctx, sign_in, self._foot.show_progress)
        except ConsoleError as error:
            self._show_failure(error.problem)
            return
        self._show_findings(sign_in, findings)

    def _show_findings(self, sign_in: SignInValues, findings: InstanceFindings) -> None:
        self.found, self.missing, self.presenter.outdated = findings.found, None, False
        if findings.missing is not None:
            self._server = findings.missing.server
            missing = findings.missing
            self.missing = MissingItems(self, missing.planned, self._server, missing.written)
            self.missing.changed.connect(self._update)
        below = self.missing or (CreatedItems(self.applied) if self.applied is not None else None)
        self.found_step.show_found(findings.found, sign_in.base_url, sign_in.account, findings.names, below)
        self._show_step(Step.FOUND)

    # -- what is missing ---------------------------------------------------------------------------------------

    async def _provision(self, missing: MissingItems) -> None:
        """Create on the instance what it lacks, then read it again."""
        sign_in, server = self.sign_in.values(), self._server
        if server is None:
            return
        job = self.ctx.activity.begin(
            tr("Creating items on {host}", host=server.origin.host), self._stop_writing
        )

        def progress(text: str, done: int = 0, total: int | None = None) -> None:
            job.progress(text, done, total)
            self._foot.show_progress(text, done, total)

        results: list[ApplyResult] = []
        try:
            applied = await wizard_work.apply_missing(
                self.ctx, server, sign_in, missing.administrator, progress, results.append
            )
        except asyncio.CancelledError:
            if sip.isdeleted(self):
                job.end(tr("Cancelled"), CANCELLED)
            elif results:
                # Cancelled while the connection was closed: the run itself reached its end.
                self._show_created(job, missing, sign_in, results[0])
                self._rest()
            else:
                self.tasks.start(self._show_stopped(job, server, None), group=TASK_GROUP)
            raise
        except ConsoleError as error:
            await self._show_stopped(job, server, error.problem)
            return
        except Exception as error:
            await self._show_stopped(job, server, _unexpected(error))
            raise
        self._show_created(job, missing, sign_in, applied)
        await self._read_instance(self.sign_in.values())

    def _show_created(
        self, job: Job, missing: MissingItems, sign_in: SignInValues, applied: "ApplyResult"
    ) -> None:
        """Show what the run created; what was found before it no longer holds."""
        job.end(applied.receipt.run.outcome)
        missing.forget()
        self.applied = self._applied[sign_in.base_url] = applied
        self.missing, self.presenter.outdated = None, True
        self.found_step.show_created(CreatedItems(applied))
        self._begin(Activity.READING, tr("Reading the instance again"))

    async def _show_stopped(self, job: Job, server: "ForeignSystem", problem: Problem | None) -> None:
        """Show how far a run came that failed or, without a problem, was cancelled."""
        self._begin(Activity.CANCELLING, tr("Reading what was written"))
        try:
            written = await wizard_work.read_written(self.ctx, server)
        except ConsoleError as error:
            written, problem = PartialRun(known=False), problem or error.problem
        if problem is None:
            job.end(tr("Cancelled. {text}", text=written.text).strip(), CANCELLED)
        else:
            job.end(f"{problem.cause} {written.text}".strip(), FAILED)
        if self.missing is not None:
            self.missing.show_written(written)
        if written.anything:
            self.found_step.forget_found()
        self._rest()
        if problem is not None:
            self._show_failure(problem)
        else:
            self.primary.setFocus(Qt.FocusReason.OtherFocusReason)

    def _stop_writing(self) -> None:
        """Stop the run after the current call; the dialog then shows how far it came."""
        if self.presenter.activity is Activity.WRITING:
            self._begin(Activity.CANCELLING, tr("Cancelling"))
            self.tasks.cancel(TASK_GROUP)

    # -- create ------------------------------------------------------------------------------------------------

    async def _create(self, found: "DiscoveryResult") -> None:
        try:
            created = self.made = await wizard_work.create_objects(self.ctx, self.sign_in.values(), found)
        except ConsoleError as error:
            self._show_failure(error.problem)
            return
        self.sign_in.forget_password()
        self.done_step.show_made(created)
        self._show_step(Step.DONE)
        self.ctx.notify(tr("ServiceNow approvals are set up"))
        await self._check(created)

    async def _check(self, created: "CreatedSetup") -> None:
        self.done_step.checking()
        try:
            report, store = await wizard_work.check_objects(self.ctx, created, self.done_step.stage_done)
        except ConsoleError as error:
            self.done_step.not_checked()
            self.failure.show_problem(error.problem)
            return
        try:
            await self.ctx.call(store)
        except ConsoleError as error:
            self.ctx.notify(tr("This check could not be kept: {cause}", cause=error.problem.cause))
        self.report = report
        self.done_step.show_report(report)

    # -- the end -----------------------------------------------------------------------------------------------

    def _open(self, target: Target) -> None:
        self.ctx.navigate(target)
        self.accept()

    def _cancel(self) -> None:
        if self.presenter.activity is Activity.READING:
            self.tasks.cancel(TASK_GROUP)
            self._rest()
        else:
            self.reject()

    def reject(self) -> None:
        """Close the dialog. While records are written it stays open, to show what became of the run."""
        if self.presenter.activity is Activity.WRITING:
            self._stop_writing()
        elif self.presenter.can_cancel:
            super().reject()

    def _leave(self, _result: int) -> None:
        self.tasks.cancel(TASK_GROUP)
        for group in (PRIVILEGE_MANAGER_GROUP, UNDO_GROUP, LAST_RUN_GROUP):
            self.tasks.cancel(group)
        self.sign_in.forget_password()
        self.sign_in.privilege_manager.forget_secret()

    def _on_problem(self, problem: Problem) -> None:
        if self.step is Step.DONE:
            self.done_step.not_checked()
        self._show_failure(problem)

    def _on_crash(self, error: BaseException) -> None:
        self._on_problem(_unexpected(error, saved=self.step is Step.DONE))

    def _show_failure(self, problem: Problem) -> None:
        """Show a failure, and move the focus back to the line to correct, which lost it while it was disabled."""
        self._rest()
        self.failure.show_problem(problem)
        if self.step is Step.SIGN_IN:
            refused = problem.fault == FaultId.AUTHENTICATION_REFUSED
            line = self.sign_in.line_to_correct if refused else self.sign_in.address
            line.setFocus(Qt.FocusReason.OtherFocusReason)
            if isinstance(line, QLineEdit):
                line.selectAll()


def _unexpected(error: BaseException, *, saved: bool = False) -> Problem:
    remedy = tr("What you typed is kept. Try again; if it fails again, copy the crash report.")
    if saved:
        remedy = tr("The objects are saved. Run the check on the server's page.")
    return Problem(
        tried=tr_message("Set up ServiceNow approvals"),
        evidence=type(error).__name__,
        cause=tr_message("Unexpected internal error."),
        owner=Owner.CONSOLE,
        remedy=remedy,
        fault=FaultId.CONSOLE_FAULT,
    )


def open_wizard(ctx: "Context", parent: QWidget | None) -> SetupWizard:
    """Open the wizard beside the window and return it."""
    wizard = SetupWizard(ctx, parent)
    wizard.open()
    return wizard
