"""ServiceNow approvals: the whole set-up in one dialog, from three fields to four objects, proven by the staged check.

Three steps: sign in, what was found, done. A failure shows its five parts and keeps everything that was typed.
"""

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

from PyQt6 import sip
from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from console.activity import CANCELLED, FAILED
from console.lazy import module
from console.pages.registry import Target
from console.widgets import buttons
from console.widgets.dialog import Dialog
from console.widgets.labels import Label
from console.wizard_items import MadeItems, MissingItems, server_id_for
from console.wizard_steps import DoneStep, FailurePanel, FoundStep, SignInStep
from console.workers import Workers
from models.addresses import normalise_base_url
from models.kinds import Kind
from services.errors import ConsoleError, Owner, Problem
from services.secret import Secret

WIDTH, HEIGHT = 640, 520
SIGN_IN, FOUND, DONE = range(3)
PRIMARY = ("Connect", "Create and check", "Finish")


class SetupWizard(Dialog):
    """Asks for address, account and password; makes credential, server, process and type; shows that they work."""

    step_changed = pyqtSignal(int)
    """Another step is shown."""

    def __init__(self, ctx: Any, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("ServiceNow approvals")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setModal(False)
        self.resize(WIDTH, HEIGHT)
        self.ctx = ctx
        self.workers = Workers(self)
        self.workers.failed.connect(self._failed)
        self.finished.connect(self._leave)
        self.found: Any = None
        self.missing: MissingItems | None = None
        self.applied: Any = None
        self._server: Any = None
        self.made: Any = None
        self.report: Any = None
        self._build()
        self._show_step(SIGN_IN)
        self.sign_in.address.setFocus()

    def _build(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 16, 24, 16)
        layout.setSpacing(12)
        self._title = Label("", role="section")
        self._lead = Label("", role="muted")
        self._lead.setWordWrap(True)
        self.sign_in, self.found_step, self.done = SignInStep(), FoundStep(), DoneStep()
        self.sign_in.changed.connect(self._update)
        self.done.opened.connect(self._open)
        self.steps = QStackedWidget()
        for step in (self.sign_in, self.found_step, self.done):
            self.steps.addWidget(step)
        self.failure = FailurePanel()
        layout.addWidget(self._title)
        layout.addWidget(self._lead)
        layout.addWidget(self.steps, 1)
        layout.addWidget(self.failure)
        layout.addLayout(self._foot())

    def _foot(self) -> QHBoxLayout:
        foot = QHBoxLayout()
        foot.setSpacing(8)
        self.primary = buttons.primary("")
        self.primary.setDefault(True)
        self.primary.clicked.connect(self._go)
        self.reason = Label("", role="caption")
        self.back = buttons.secondary("Back")
        self.back.clicked.connect(lambda: self._show_step(SIGN_IN))
        self.cancel = buttons.secondary("Cancel")
        self.cancel.clicked.connect(self._cancel)
        self._working = self._creating = False
        foot.addWidget(self.primary)
        foot.addWidget(self.reason, 1)
        foot.addWidget(self.back)
        foot.addWidget(self.cancel)
        return foot

    # -- steps -------------------------------------------------------------------------------------------------

    @property
    def step(self) -> int:
        """Return which step is shown."""
        return self.steps.currentIndex()

    def _show_step(self, step: int) -> None:
        self.steps.setCurrentIndex(step)
        self.failure.clear()
        titles = ("Sign in to ServiceNow", "What the instance has", "Approvals are set up")
        leads = (
            "With the account Privilege Manager will use. Its roles: web_service_admin and approval_admin.",
            self._lead_found(),
            "Every object is saved. Endpoints ask through it once an action refers to the Approval Type.",
        )
        self._title.setText(titles[step])
        self._lead.setText(leads[step])
        self._name_primary(PRIMARY[step])
        self.back.setVisible(step == FOUND)
        self.cancel.setVisible(step != DONE)
        self._busy("")
        if step == FOUND and self.missing is not None and self.missing.sign_in is not None:
            self.missing.sign_in.account.setFocus(Qt.FocusReason.OtherFocusReason)
        elif step != SIGN_IN:
            self.primary.setFocus(Qt.FocusReason.OtherFocusReason)
        self.step_changed.emit(step)

    def _lead_found(self) -> str:
        if self.missing is not None:
            return "What is missing can be made now. Nothing was changed on the instance so far."
        if self.applied is not None:
            return "What was missing is made. These four objects will be made here."
        return "Nothing is changed on the instance. These four objects will be made here."

    def _name_primary(self, text: str) -> None:
        if self.step == FOUND and self.missing is not None and self.missing.writes:
            count = self.missing.writes
            text = f"Create {count} record{'s' if count > 1 else ''} in ServiceNow"
        self.primary.setText(text)
        self.primary.setAccessibleName(text)

    def _busy(self, text: str, *, creating: bool = False) -> None:
        self.sign_in.setEnabled(not text)
        self._working, self._creating = bool(text), creating
        self.back.setEnabled(not text)
        self.cancel.setEnabled(not creating)
        self._update()
        if text:
            self.reason.setText(text)

    def _update(self) -> None:
        if self._working:
            self.primary.setEnabled(False)
            return
        missing = ""
        if self.step == SIGN_IN:
            missing = self.sign_in.missing()
        elif self.step == FOUND and not self.found.complete:
            missing = self.missing.missing() if self.missing else "The instance lacks what is marked"
        self.primary.setEnabled(not missing)
        self.reason.setText(missing)

    def _go(self) -> None:
        make = self._create if self.found is not None and self.found.complete else self._make_items
        acts = (self._connect, make, self._finish)
        acts[self.step]()

    # -- connect -----------------------------------------------------------------------------------------------

    def _connect(self) -> None:
        if not self.sign_in.normalise():
            self._update()
            return
        self.failure.clear()
        self._busy("Connecting")
        self.workers.start(self._look(), group="work")

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
            setup = await module(self.ctx, "services.setup")
            servicenow = await module(self.ctx, "services.servicenow")
            settings = servicenow.ConnectionSettings(name="ServiceNow Server", base_url=self.base_url)
            workspace = await self.ctx.ready()
            async with workspace.instance_for(
                settings, servicenow.SignIn(self.account, self.secret)
            ) as instance:
                self.found = await setup.discover(instance, self._progress)
                below = await self._look_for_missing(instance)
        except ConsoleError as error:
            self._show_failure(error.problem)
            return
        await self._show_found(below)

    async def _look_for_missing(self, instance: Any) -> QWidget | None:
        """Plan what the instance lacks; returns what says so."""
        self.missing = None
        if self.found.complete:
            return None
        from console.pages.provisioning import operations

        provisioning = await module(self.ctx, "services.provisioning")
        workspace = await self.ctx.ready()
        self._server = await self.ctx.call(
            partial(
                workspace.configuration.new,
                Kind.FOREIGN_SYSTEM,
                id=server_id_for(self.base_url),
                base_url=self.base_url,
            )
        )
        self._progress("Planning what is missing")
        planned = await operations.plan_on(self.ctx, instance, self._server, provisioning.ItemNames())
        self.missing = MissingItems(planned, self._server.origin.host)
        self.missing.changed.connect(self._update)
        return self.missing

    async def _show_found(self, below: QWidget | None) -> None:
        setup = await module(self.ctx, "services.setup")
        workspace = await self.ctx.ready()
        names = {
            kind: (await self.ctx.call(workspace.configuration.new, kind, name=name)).name
            for kind, name in setup.NAMES.items()
        }
        self.found_step.show_found(self.found, self.base_url, self.account, names, below)
        self._show_step(FOUND)

    def _progress(self, text: str, done: int = 0, total: int | None = None) -> None:
        self.reason.setText(f"{text} ({done} of {total})" if total and done else text)

    # -- what is missing ---------------------------------------------------------------------------------------

    def _make_items(self) -> None:
        if self.missing is not None:
            self.failure.clear()
            self._busy("Beginning")
            self.workers.start(self._provision(self.missing), group="work")

    async def _provision(self, missing: MissingItems) -> None:
        """Make on the instance what it lacks, as the task's page does, then look again."""
        provisioning = await module(self.ctx, "services.provisioning")
        setup = await module(self.ctx, "services.setup")
        servicenow = await module(self.ctx, "services.servicenow")
        workspace = await self.ctx.ready()
        admin = missing.administrator
        settings = workspace.settings_of(self._server)
        own = servicenow.SignIn(self.account, self.secret)
        runs_as = own if admin is None else servicenow.SignIn(admin.account, admin.secret)
        job = self.ctx.activity.begin(
            f"Creating items on {self._server.origin.host}", lambda: self.workers.cancel("work")
        )

        def progress(text: str, done: int = 0, total: int | None = None) -> None:
            job.progress(text, done, total)
            self._progress(text, done, total)

        try:
            async with workspace.instance_for(settings, runs_as) as instance:
                names = provisioning.ItemNames()
                self.applied = await provisioning.apply(
                    workspace.store, instance, self._server, names, progress=progress
                )
            async with workspace.instance_for(settings, own) as instance:
                self.found = await setup.discover(instance, self._progress)
                below = await self._look_for_missing(instance)
        except ConsoleError as error:
            job.end(error.problem.cause, FAILED)
            self._show_failure(error.problem)
            return
        except asyncio.CancelledError:
            job.end("Cancelled", CANCELLED)
            if not sip.isdeleted(self):
                self._busy("")
            raise
        missing.forget()
        job.end(self.applied.receipt.run.outcome)
        await self._show_found(below or MadeItems(self.applied))

    # -- create ------------------------------------------------------------------------------------------------

    def _create(self) -> None:
        self.failure.clear()
        # All or nothing, in a thread that nobody can stop: what could not be taken back is not offered.
        self._busy("Creating credential, server, process and type", creating=True)
        self.workers.start(self._make(), group="work")

    async def _make(self) -> None:
        setup = await module(self.ctx, "services.setup")
        workspace = await self.ctx.ready()
        make = partial(
            setup.create,
            workspace.configuration,
            workspace.vault,
            base_url=self.base_url,
            account=self.account,
            secret=self.secret,
            found=self.found,
            server_id=await self._id_of_runs(workspace),
        )
        try:
            # Not in the thread of the store: a vault may ask a person to unlock it.
            self.made = await asyncio.to_thread(make)
        except ConsoleError as error:
            self._show_failure(error.problem)
            return
        self.sign_in.forget_password()
        self.done.show_made(self.made)
        self._show_step(DONE)
        self.ctx.notify("ServiceNow approvals are set up")
        await self._check()

    async def _id_of_runs(self, workspace: Any) -> Any:
        """Return the id that runs on this address were written down under, unless a server has it already."""
        wanted = server_id_for(self.base_url)
        servers = await self.ctx.call(workspace.configuration.all, Kind.FOREIGN_SYSTEM)
        return None if any(server.id == wanted for server in servers) else wanted

    async def _check(self) -> None:
        connectivity = await module(self.ctx, "services.connectivity")
        servicenow = await module(self.ctx, "services.servicenow")
        checks = await module(self.ctx, "services.checks")
        workspace, made = await self.ctx.ready(), self.made
        self.done.checking()
        try:
            secret = await asyncio.to_thread(
                workspace.vault.get, made.credential.id, made.credential.name, made.server.destination
            )
            used = await asyncio.to_thread(checks.sign_in_used, workspace.vault, made.server, made.credential)
            report = await connectivity.run_check(
                workspace.settings_of(made.server),
                servicenow.SignIn(made.credential.account, secret),
                made.process,
                report=self.done.stage_done,
            )
        except ConsoleError as error:
            self.done.not_checked()
            self.failure.show_problem(error.problem)
            return
        await self._keep(
            partial(checks.store_check, workspace.store, made.server, report, made.process, used=used)
        )
        self.report = report
        self.done.show_report(report)

    async def _keep(self, store_check: Callable[[], object]) -> None:
        """Keep the check among those of the server that was just made, like any other check of it."""
        try:
            await self.ctx.call(store_check)
        except ConsoleError as error:
            self.ctx.notify(f"This check could not be kept: {error.problem.cause}")

    # -- the end -----------------------------------------------------------------------------------------------

    def _finish(self) -> None:
        self.ctx.navigate(Target(str(self.made.process.kind), self.made.process.id))
        self.accept()

    def _open(self, target: Target) -> None:
        self.ctx.navigate(target)
        self.accept()

    def _cancel(self) -> None:
        if self._working:
            self.workers.cancel("work")
            self._busy("")
            return
        self.reject()

    def reject(self) -> None:
        """Leave, by Escape or by the frame of the dialog; not while something is made that could not be told of."""
        if not self._creating:
            super().reject()

    def _leave(self, _result: int) -> None:
        self.workers.cancel("work")
        self.sign_in.forget_password()

    def _failed(self, error: BaseException) -> None:
        known = isinstance(error, ConsoleError)
        self._show_failure(error.problem if known else _unexpected(error))
        if not known:
            raise error

    def _show_failure(self, problem: Problem) -> None:
        """Say what failed, and give the keyboard back: the lines were disabled while it was tried, and it left them."""
        self._busy("")
        self.failure.show_problem(problem)
        if self.step == SIGN_IN:
            refused = problem.fault == "authentication-refused"
            line = self.sign_in.password if refused else self.sign_in.address
            line.setFocus(Qt.FocusReason.OtherFocusReason)
            line.selectAll()


def _unexpected(error: BaseException) -> Problem:
    return Problem(
        tried="Set up ServiceNow approvals",
        evidence=type(error).__name__,
        cause="The console met a fault of its own.",
        owner=Owner.CONSOLE,
        remedy="What was typed is kept; try again, and copy the crash report if it stays.",
        fault="console-fault",
    )


def open_wizard(ctx: Any, parent: QWidget | None) -> SetupWizard:
    """Open the wizard beside the window and return it."""
    wizard = SetupWizard(ctx, parent)
    wizard.open()
    return wizard
