"""ServiceNow approvals: the whole set-up in one dialog, from three fields to four objects, proven by the staged check.

Three steps: sign in, what was found, done. A failure shows its five parts and keeps everything that was typed. What the
dialog says about changes follows from what the receipt of the run says was written; its size stays what it was.
"""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

from PyQt6 import sip
from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from console.runtime import lazy_imports
from console.runtime.activity import CANCELLED, FAILED, Job
from console.runtime.targets import Target
from console.runtime.task_runner import TaskRunner
from console.setup.wizard_items import (
    CreatedItems,
    MissingItems,
    PartialRun,
    provisional_server_id,
    read_partial_run,
)
from console.setup.wizard_steps import DoneStep, FoundStep, SignInStep
from console.widgets import buttons, plain_text
from console.widgets.dialog import Dialog
from console.widgets.failure_panel import FailurePanel
from console.widgets.fixed_size_area import FixedSizeScrollArea, set_initial_size
from console.widgets.labels import ElidedLabel, Label
from models.addresses import normalise_base_url
from models.kinds import Kind
from services.common.errors import ConsoleError, Owner, Problem
from services.common.fault_ids import FaultId
from services.common.secret import Secret
from services.language import tr, tr_message

WIDTH, HEIGHT = 640, 620
LEAD_TEXT_LINES = 2
SIGN_IN_STEP, FOUND_STEP, DONE_STEP = range(3)
IDLE, READING, WRITING, CANCELLING, CREATING = "idle", "reading", "writing", "cancelling", "creating"
"""What the dialog does: nothing, read the instance, write on it, wait for that to stop, or create the objects here."""


class SetupWizard(Dialog):
    """Asks for address, account and password; makes credential, server, process and type; shows that they work."""

    step_changed = pyqtSignal(int)
    """Another step is shown."""

    def __init__(self, ctx: Any, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(plain_text.window_title(tr("ServiceNow approvals")))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setModal(False)
        set_initial_size(self, WIDTH, HEIGHT)
        self.ctx = ctx
        self.tasks = TaskRunner(self, self._on_problem, self._on_crash)
        self.finished.connect(self._leave)
        self.found: Any = None
        self.missing: MissingItems | None = None
        self.applied: Any = None
        self._applied: dict[str, Any] = {}
        """The runs that this wizard carried out to their end, by base URL."""
        self._server: Any = None
        self.made: Any = None
        self.report: Any = None
        self.doing = IDLE
        self.outdated = False
        """Whether records were created since the instance was read."""
        self._build()
        self._show_step(SIGN_IN_STEP)
        self.sign_in.address.setFocus()

    def _build(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 16, 24, 16)
        layout.setSpacing(12)
        self._title = Label("", role="section")
        self._lead = Label("", role="muted")
        self._lead.setWordWrap(True)
        self._lead.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self._lead.setMinimumHeight(LEAD_TEXT_LINES * self._lead.fontMetrics().lineSpacing())
        self.sign_in, self.found_step, self.done = SignInStep(), FoundStep(), DoneStep()
        self.sign_in.changed.connect(self._update)
        self.done.opened.connect(self._open)
        self._steps = (self.sign_in, self.found_step, self.done)
        self.failure = FailurePanel()
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        for part in (self._lead, *self._steps, self.failure):
            column.addWidget(part)
        column.addStretch(1)
        self._area = FixedSizeScrollArea(content)
        self.failure.shown.connect(lambda: self._area.reveal(self.failure))
        layout.addWidget(self._title)
        layout.addWidget(self._area, 1)
        self.reason = ElidedLabel("", role="caption")
        layout.addWidget(self.reason)
        layout.addLayout(self._foot())

    def _foot(self) -> QHBoxLayout:
        foot = QHBoxLayout()
        foot.setSpacing(8)
        self.primary = buttons.primary("")
        self.primary.setDefault(True)
        self.primary.clicked.connect(self._go)
        self.back = buttons.secondary("Back")
        self.back.clicked.connect(lambda: self._show_step(SIGN_IN_STEP))
        self.cancel = buttons.secondary("Cancel")
        self.cancel.clicked.connect(self._cancel)
        foot.addWidget(self.primary)
        foot.addStretch(1)
        foot.addWidget(self.back)
        foot.addWidget(self.cancel)
        return foot

    # -- steps -------------------------------------------------------------------------------------------------

    @property
    def step(self) -> int:
        """Return which step is shown."""
        return self._step

    def _show_step(self, step: int) -> None:
        self._step = step
        for number, shown in enumerate(self._steps):
            shown.setVisible(number == step)
        self.failure.clear()
        bar = self._area.verticalScrollBar()
        if bar is not None:
            bar.setValue(0)
        self._title.setText(
            (tr("Sign in to ServiceNow"), tr("What was found"), tr("Approvals are set up"))[step]
        )
        self.back.setVisible(step == FOUND_STEP)
        self.cancel.setVisible(step != DONE_STEP)
        self._rest()
        if step == FOUND_STEP and self.missing is not None and self.missing.sign_in is not None:
            self.missing.sign_in.account.setFocus(Qt.FocusReason.OtherFocusReason)
        elif step != SIGN_IN_STEP:
            self.primary.setFocus(Qt.FocusReason.OtherFocusReason)
        self.step_changed.emit(step)

    def _lead_text(self) -> str:
        """Return what holds now, about what was and what will be changed."""
        if self.step == SIGN_IN_STEP:
            return tr(
                "With the account Privilege Manager will use. Its roles: web_service_admin and approval_admin."
            )
        if self.step == DONE_STEP:
            return tr(
                "All four objects are saved. Requests are raised through them once an action uses the Approval Type."
            )
        if self.doing in (WRITING, CANCELLING):
            return tr("Records are being written in ServiceNow.")
        if self.doing == CREATING:
            return tr("These four objects are being created here.")
        if self.outdated:
            return tr("Records were created in ServiceNow. The instance has not been read since.")
        if self.missing is not None and self.applied is not None:
            return tr("Records were created in ServiceNow. What is still missing is marked.")
        if self.missing is not None:
            said = (self.missing.written.text, tr("What is missing can be created now."))
            return " ".join(said).strip()
        if self.applied is not None:
            return tr(
                "The missing records were created in ServiceNow. These four objects will be created here."
            )
        return tr("Nothing is changed on the instance. These four objects will be created here.")

    def _primary_text(self) -> str:
        if self.step == SIGN_IN_STEP:
            return tr("Connect")
        if self.step == DONE_STEP:
            return tr("Finish")
        if self.outdated:
            return tr("Read the instance again")
        return self.missing.action if self.missing is not None else tr("Create and check")

    def _primary_disabled_reason(self) -> str:
        """Return why the primary button cannot be pressed now, or an empty text."""
        if self.step == SIGN_IN_STEP:
            return self.sign_in.missing()
        if self.step == FOUND_STEP and self.missing is not None:
            return self.missing.missing()
        return ""

    def _begin(self, doing: str, text: str) -> None:
        """Show that something is done, which nobody can start twice."""
        self.doing = doing
        self.failure.clear()
        self._update()
        self.reason.setText(text)

    def _rest(self) -> None:
        """Show that nothing is done any more."""
        self.doing = IDLE
        self._update()

    def _update(self) -> None:
        idle = self.doing == IDLE
        text = self._primary_text()
        self.primary.setText(text)
        self.primary.setAccessibleName(text)
        self._lead.setText(self._lead_text())
        self.sign_in.setEnabled(idle)
        self.back.setEnabled(idle)
        self.cancel.setEnabled(self.doing not in (CREATING, CANCELLING))
        self.found_step.setEnabled(idle)
        if idle:
            lacking = self._primary_disabled_reason()
            self.reason.setText(lacking)
            self.primary.setEnabled(not lacking)
        else:
            self.primary.setEnabled(False)

    def _go(self) -> None:
        if self.step == DONE_STEP:
            self._finish()
        elif self.step == SIGN_IN_STEP or self.outdated:
            self._connect()
        elif self.missing is not None:
            self._make_items(self.missing)
        else:
            self._create()

    # -- connect -----------------------------------------------------------------------------------------------

    def _connect(self) -> None:
        if not self.sign_in.normalise():
            self._update()
            return
        self.applied = self._applied.get(self.base_url)
        self._begin(READING, tr("Connecting"))
        self.tasks.start(self._look(), group="work")

    @property
    def base_url(self) -> str:
        """Return the address as it will be stored."""
        return normalise_base_url(self.sign_in.address.text())

    @property
    def account(self) -> str:
        """Return the account name as it will be stored."""
        return self.sign_in.account.text().strip()

    @property
    def secret(self) -> Secret:
        """Return the password as typed."""
        return Secret(self.sign_in.password.text())

    async def _look(self) -> None:
        try:
            await lazy_imports.ready(self.ctx, lazy_imports.setup)
            from services.setup import discovery

            await lazy_imports.ready(self.ctx, lazy_imports.servicenow)
            from services import servicenow

            settings = servicenow.ConnectionSettings(name="ServiceNow Server", base_url=self.base_url)
            workspace = await self.ctx.ready()
            async with workspace.instance_for(
                settings, servicenow.SignIn(self.account, self.secret)
            ) as instance:
                found = await discovery.discover(instance, self._progress)
                missing = None if found.complete else await self._look_for_missing(instance)
        except ConsoleError as error:
            self._show_failure(error.problem)
            return
        self.found, self.missing, self.outdated = found, missing, False
        await self._show_found()

    async def _look_for_missing(self, instance: Any) -> MissingItems:
        """Plan what the instance lacks; returns what says so."""
        from console.provisioning import operations

        await lazy_imports.ready(self.ctx, lazy_imports.provisioning)
        from services import provisioning

        workspace = await self.ctx.ready()
        self._server = await self.ctx.call(
            partial(
                workspace.configuration.new,
                Kind.FOREIGN_SYSTEM,
                id=provisional_server_id(self.base_url),
                base_url=self.base_url,
            )
        )
        self._progress(tr("Planning what is missing"))
        names = provisioning.ItemNames()
        planned = await operations.make_plan_on(self.ctx, instance, self._server, names)
        missing = MissingItems(
            planned, self._server.origin.host, await read_partial_run(self.ctx, self._server, names)
        )
        missing.changed.connect(self._update)
        return missing

    async def _show_found(self) -> None:
        await lazy_imports.ready(self.ctx, lazy_imports.setup)
        from services.setup import discovery

        workspace = await self.ctx.ready()
        names = await self.ctx.call(discovery.choose_names, workspace.configuration, self.base_url)
        below = self.missing or (CreatedItems(self.applied) if self.applied is not None else None)
        self.found_step.show_found(self.found, self.base_url, self.account, names, below)
        self._show_step(FOUND_STEP)

    def _progress(self, text: str, done: int = 0, total: int | None = None) -> None:
        self.reason.setText(
            tr("{text} ({done} of {total})", text=text, done=done, total=total) if total and done else text
        )

    # -- what is missing ---------------------------------------------------------------------------------------

    def _make_items(self, missing: MissingItems) -> None:
        self._begin(WRITING, tr("Signing in"))
        self.tasks.start(self._provision(missing), group="work")

    async def _provision(self, missing: MissingItems) -> None:
        """Make on the instance what it lacks, as the task's page does, then look again."""
        await lazy_imports.ready(self.ctx, lazy_imports.provisioning)
        from services import provisioning

        await lazy_imports.ready(self.ctx, lazy_imports.servicenow)
        from services import servicenow

        workspace = await self.ctx.ready()
        admin = missing.administrator
        signs_in = (self.account, self.secret) if admin is None else (admin.account, admin.secret)
        job = self.ctx.activity.begin(
            tr("Creating items on {host}", host=self._server.origin.host), self._stop_writing
        )

        def progress(text: str, done: int = 0, total: int | None = None) -> None:
            job.progress(text, done, total)
            self._progress(text, done, total)

        applied = None
        try:
            settings = workspace.connection_settings_for(self._server)
            async with workspace.instance_for(settings, servicenow.SignIn(*signs_in)) as instance:
                names = provisioning.ItemNames()
                applied = await provisioning.apply(
                    workspace.store, instance, self._server, names, progress=progress
                )
        except asyncio.CancelledError:
            if sip.isdeleted(self):
                job.end(tr("Cancelled"), CANCELLED)
            elif applied is None:
                self.tasks.start(self._stopped(job, None), group="work")
            else:
                self._created(job, missing, applied)
                self._rest()
            raise
        except Exception as error:
            known = isinstance(error, ConsoleError)
            await self._stopped(job, error.problem if known else _unexpected(error))
            if known:
                return
            raise
        self._created(job, missing, applied)
        await self._look()

    def _created(self, job: Job, missing: MissingItems, applied: Any) -> None:
        """Show what the run created; what was found before it does not hold any more."""
        job.end(applied.receipt.run.outcome)
        missing.forget()
        self.applied = self._applied[self.base_url] = applied
        self.missing, self.outdated = None, True
        self.found_step.show_created(CreatedItems(applied))
        self._begin(READING, tr("Reading the instance again"))

    async def _stopped(self, job: Job, problem: Problem | None) -> None:
        """Show how far a run came that failed or, without a problem, was cancelled."""
        self._begin(CANCELLING, tr("Reading what was written"))
        await lazy_imports.ready(self.ctx, lazy_imports.provisioning)
        from services import provisioning

        try:
            written = await read_partial_run(self.ctx, self._server, provisioning.ItemNames())
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
        """Stop the run after the call that is under way; the dialog then says how far it came."""
        if self.doing == WRITING:
            self._begin(CANCELLING, tr("Cancelling"))
            self.tasks.cancel("work")

    # -- create ------------------------------------------------------------------------------------------------

    def _create(self) -> None:
        # All or nothing, in a thread that nobody can stop: what could not be taken back is not offered.
        self._begin(CREATING, tr("Creating the four objects"))
        self.tasks.start(self._make(), group="work")

    async def _make(self) -> None:
        await lazy_imports.ready(self.ctx, lazy_imports.setup)
        from services.setup import discovery

        workspace = await self.ctx.ready()
        make = partial(
            discovery.create_setup,
            workspace.configuration,
            workspace.vault,
            base_url=self.base_url,
            account=self.account,
            secret=self.secret,
            found=self.found,
            server_id=await self._existing_run_server_id(workspace),
        )
        try:
            # Not in the thread of the store: a vault may ask a person to unlock it.
            self.made = await asyncio.to_thread(make)
        except ConsoleError as error:
            self._show_failure(error.problem)
            return
        self.sign_in.forget_password()
        self.done.show_made(self.made)
        self._show_step(DONE_STEP)
        self.ctx.notify(tr("ServiceNow approvals are set up"))
        await self._check()

    async def _existing_run_server_id(self, workspace: Any) -> Any:
        """Return the id that runs on this address were written down under, unless a server has it already."""
        wanted = provisional_server_id(self.base_url)
        servers = await self.ctx.call(workspace.configuration.all, Kind.FOREIGN_SYSTEM)
        return None if any(server.id == wanted for server in servers) else wanted

    async def _check(self) -> None:
        await lazy_imports.ready(self.ctx, lazy_imports.connectivity)
        from services import connectivity

        await lazy_imports.ready(self.ctx, lazy_imports.servicenow)
        from services import servicenow

        await lazy_imports.ready(self.ctx, lazy_imports.connectivity)
        from services.connectivity import check_history

        workspace, made = await self.ctx.ready(), self.made
        self.done.checking()
        try:
            secret = await asyncio.to_thread(
                workspace.vault.get, made.credential.id, made.credential.name, made.server.destination
            )
            used = await asyncio.to_thread(
                check_history.get_check_sign_in, workspace.vault, made.server, made.credential
            )
            report = await connectivity.run_check(
                workspace.connection_settings_for(made.server),
                servicenow.SignIn(made.credential.account, secret),
                made.process,
                report=self.done.stage_done,
            )
        except ConsoleError as error:
            self.done.not_checked()
            self.failure.show_problem(error.problem)
            return
        await self._keep(
            partial(check_history.save_check, workspace.store, made.server, report, made.process, used=used)
        )
        self.report = report
        self.done.show_report(report)

    async def _keep(self, store_check: Callable[[], object]) -> None:
        """Keep the check among those of the server that was just made, like any other check of it."""
        try:
            await self.ctx.call(store_check)
        except ConsoleError as error:
            self.ctx.notify(tr("This check could not be kept: {cause}", cause=error.problem.cause))

    # -- the end -----------------------------------------------------------------------------------------------

    def _finish(self) -> None:
        self.ctx.navigate(Target(str(self.made.process.kind), self.made.process.id))
        self.accept()

    def _open(self, target: Target) -> None:
        self.ctx.navigate(target)
        self.accept()

    def _cancel(self) -> None:
        if self.doing == READING:
            self.tasks.cancel("work")
            self._rest()
        else:
            self.reject()

    def reject(self) -> None:
        """Leave, by Escape or by the frame of the dialog. While something is written it stays, to say what became of it."""
        if self.doing == WRITING:
            self._stop_writing()
        elif self.doing not in (CANCELLING, CREATING):
            super().reject()

    def _leave(self, _result: int) -> None:
        self.tasks.cancel("work")
        self.sign_in.forget_password()

    def _on_problem(self, problem: Problem) -> None:
        if self.step == DONE_STEP:
            self.done.not_checked()
        self._show_failure(problem)

    def _on_crash(self, error: BaseException) -> None:
        self._on_problem(_unexpected(error, saved=self.step == DONE_STEP))

    def _show_failure(self, problem: Problem) -> None:
        """Say what failed, and give the keyboard back: the lines were disabled while it was tried, and it left them."""
        self._rest()
        self.failure.show_problem(problem)
        if self.step == SIGN_IN_STEP:
            refused = problem.fault == FaultId.AUTHENTICATION_REFUSED
            line = self.sign_in.password if refused else self.sign_in.address
            line.setFocus(Qt.FocusReason.OtherFocusReason)
            line.selectAll()


def _unexpected(error: BaseException, *, saved: bool = False) -> Problem:
    remedy = tr("What you typed is kept. Try again; if it fails again, copy the crash report.")
    if saved:
        remedy = tr("The four objects are saved. Run the check on the server's page.")
    return Problem(
        tried=tr_message("Set up ServiceNow approvals"),
        evidence=type(error).__name__,
        cause=tr_message("Unexpected internal error."),
        owner=Owner.CONSOLE,
        remedy=remedy,
        fault=FaultId.CONSOLE_FAULT,
    )


def open_wizard(ctx: Any, parent: QWidget | None) -> SetupWizard:
    """Open the wizard beside the window and return it."""
    wizard = SetupWizard(ctx, parent)
    wizard.open()
    return wizard
