"""The page of the task: chooses server and names, shows the plan, carries it out, verifies, and takes runs back."""

from collections.abc import Callable
from typing import Any

from PyQt6 import sip
from PyQt6.QtCore import QTimer
from PyQt6.QtGui import QResizeEvent
from PyQt6.QtWidgets import QPushButton, QStackedWidget, QVBoxLayout, QWidget

from console.navigation.locations import folder_breadcrumb, folder_title
from console.navigation.page import Page
from console.provisioning import operations
from console.provisioning.operations import ADMIN_MISSING, OVERWRITE_ALL, Administrator, PlanResult
from console.provisioning.plan_tab import CHANGE, PlanTab
from console.provisioning.run_dialog import RunDialog
from console.provisioning.runs_tab import RunsTab, can_undo, cancelled_run_result
from console.provisioning.status_text import ProvisioningStatus, apply_text, undo_steps, undo_text
from console.provisioning.update_set_file import open_save_dialog
from console.provisioning.verify_tab import VerifyTab
from console.runtime import lazy_imports
from console.runtime.activity import CANCELLED, DONE, FAILED, Job
from console.runtime.targets import PROVISIONING, Target
from console.runtime.task_runner import TaskRunner, show_and_wait
from console.widgets import buttons, plain_text
from console.widgets.badge import Badge
from console.widgets.buttons import COMPACT_WIDTH
from console.widgets.line_editors import CheckBox
from console.widgets.page_header import PageHeader
from models.base import utcnow
from models.kinds import Kind
from models.translation_marks import tr_later
from services.common.errors import ConsoleError, InputError
from services.language import plural, tr, translate

PLAN, VERIFY, HISTORY = tr_later("Plan"), tr_later("Verify"), tr_later("History")
TABS = (PLAN, VERIFY, HISTORY)
REPLAN_DELAY_MS = 300
NARROW_WIDTH, QWIDGETSIZE_MAX = 680, 16_777_215


class ProvisioningPage(Page):
    """Create ServiceNow Approval Request Items. Only Apply and Undo write, each after a click."""

    kind, icon = PROVISIONING, "tasks"

    def __init__(self, ctx: Any, target: Target, parent: QWidget | None = None) -> None:
        super().__init__(ctx, target, parent)
        self.set_title(folder_title(PROVISIONING))
        self.workers = TaskRunner(self, ctx.show_problem)
        self.tab = PLAN
        self._narrow = False
        self.server: Any = None
        self.names: Any = None
        self.planned: PlanResult | None = None
        self.planning = False
        self.busy = ""
        """What runs: an empty text, "apply" or "undo"."""
        self._state = ""
        self._overwrite: set[str] = set()
        self._job: Job | None = None
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(REPLAN_DELAY_MS)
        self._timer.timeout.connect(self.plan)
        self._build()
        self._connect()
        self.refresh()

    @property
    def breadcrumb(self) -> list[tuple[str, Target | None]]:
        """The way here from the root of the tree."""
        return folder_breadcrumb(PROVISIONING)

    # -- building ----------------------------------------------------------

    def _build(self) -> None:
        self.apply_button = buttons.primary("Run Task", icon="tick")
        self.again_button = buttons.secondary("Plan again", icon="refresh")
        self.save_button = buttons.secondary("Save update set…", icon="download")
        self.force = CheckBox(tr("Force update"))
        plain_text.set_tooltip(self.force, tr("Writes over every conflict"))
        self.undo_button = buttons.quiet("Undo last run…", icon="undo")
        self.plan_tab, self.verify_tab, self.runs_tab = PlanTab(self), VerifyTab(self), RunsTab(self)
        verify, runs = self.verify_tab, self.runs_tab
        self._tab_buttons: dict[str, list[QWidget]] = {
            PLAN: [self.apply_button, self.again_button, self.save_button, self.force, self.undo_button],
            VERIFY: [verify.button, verify.copy_button],
            HISTORY: [runs.continue_button, runs.copy_button, runs.undo_button],
        }
        left: list[Any] = [
            *self._tab_buttons[PLAN][:4],
            *self._tab_buttons[VERIFY],
            *self._tab_buttons[HISTORY][:2],
        ]
        right: list[QPushButton] = [self.undo_button, runs.undo_button]
        for button in (self.again_button, self.save_button):
            button.set_compactable()  # type: ignore[attr-defined]
        places = [text for text, _ in self.breadcrumb]
        self.head = PageHeader(places, self.title, left, right, TABS)
        self.stack = QStackedWidget()
        for widget in (self.plan_tab, verify, runs):
            self.stack.addWidget(widget)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.head)
        layout.addWidget(self.stack, 1)
        verify.reset(None)
        runs.reset(None)

    def _connect(self) -> None:
        self.apply_button.clicked.connect(self.apply)
        self.again_button.clicked.connect(self.plan)
        self.save_button.clicked.connect(self.save_update_set)
        self.force.clicked.connect(lambda _on: self._replan_conflicts())
        self.undo_button.clicked.connect(self.undo_last)
        self.head.tab_changed.connect(self._show_tab)
        self.head.breadcrumb_clicked.connect(lambda i: self.ctx.navigate(self.breadcrumb[i][1]))
        tab = self.plan_tab
        tab.server.shown.connect(self._server_shown)
        tab.parameters.changed.connect(self._names_changed)
        tab.change_chosen.connect(self._change_chosen)
        tab.cancel_requested.connect(self.cancel_plan)
        tab.change.overwrite_requested.connect(self._overwrite_wanted)
        tab.run.cancel_requested.connect(self.cancel_run)
        tab.run.continue_requested.connect(self.apply)
        tab.run.undo_requested.connect(self.undo)

    # -- the page protocol -------------------------------------------------

    @property
    def working(self) -> bool:
        """Whether a run or a verification goes on, for which the page stays when others are looked at."""
        return bool(self.busy) or self.verify_tab.running

    def load(self) -> None:
        """Listen to changes, and do what the target asks for."""
        self.ctx.changes.connect(self._on_store_changes)
        target, self.target = self.target, self.target.place
        self.arrive(target)

    def open_tab(self, name: str) -> None:
        """Show a tab, or with the id of a server in place of a name choose that."""
        if name in TABS:
            self.head.set_current_tab(TABS.index(name))
        else:
            self.plan_tab.server.write({"server_id": _parse_uuid(name)})

    def actions(self) -> dict[str, Callable[[], None]]:
        """Return what can be done here now."""
        if self.server is None or self.busy or self.planning:
            return {}
        return {"refresh": self.plan}

    def _on_store_changes(self, changes: list[Any]) -> None:
        if any(c.kind == Kind.FOREIGN_SYSTEM and self.server and c.id == self.server.id for c in changes):
            self.plan_tab.server.reload_item()
        if self.server is not None and any(c.kind == "task_run" for c in changes) and not self.busy:
            self.read_runs()

    # -- server and names --------------------------------------------------

    def _server_shown(self, server: Any) -> None:
        if server is not None and self.server is not None and server.id == self.server.id:
            changed = (
                server.base_url != self.server.base_url or server.credential_id != self.server.credential_id
            )
            self.server = server
            if not changed:
                self.refresh()
                return
        self.cancel_plan(silent=True)
        self.server, self.planned, self._state = server, None, ""
        self._overwrite.clear()
        self.plan_tab.parameters.forget_workflows()
        self.plan_tab.show_server(server)
        self.verify_tab.reset(server)
        self.runs_tab.reset(server)
        if server is not None:
            self.workers.start(self._load_server_names(server), group="runs")
        self.refresh()

    async def _load_server_names(self, server: Any) -> None:
        """Take the names of the last run on this server, which are what its items are called, then plan."""
        await self._read_runs(server)
        receipts = self.runs_tab.receipts
        if receipts:
            self.plan_tab.parameters.write(receipts[0].names)
        self.plan()
        if receipts and receipts[0].unfinished:
            self.plan_tab.run.stopped(
                tr("A run stopped in the middle"), None, receipts[0].id, receipts[0].run.outcome
            )
            self.plan_tab.show_run()

    def _names_changed(self) -> None:
        self._overwrite.clear()
        if self.server is not None:
            self._timer.start()
        self.refresh()

    # -- planning ----------------------------------------------------------

    def plan(self) -> None:
        """Read what is there and say what would be done."""
        self._state = ""
        self._start_planning()

    def _start_planning(self) -> None:
        self._timer.stop()
        if self.server is None or self.busy:
            return
        self.planning = True
        self.plan_tab.planning(on=True)
        self.workers.start(self._plan(self.server), group="plan")
        self.refresh()

    async def _plan(self, server: Any) -> None:
        try:
            await lazy_imports.ready(self.ctx, lazy_imports.provisioning)
            from services import provisioning

            self.plan_tab.parameters.clear_errors()
            self.names = provisioning.ItemNames.of(**self.plan_tab.parameters.values())
            self._show_plan(await operations.make_plan(self.ctx, server, self.names, self._overwritten()))
        except InputError as error:
            self.names = None
            self._on_plan_failed(error)
            self.plan_tab.parameters.show_error(error.problem)
            self.plan_tab.show_parameters()
        except ConsoleError as error:
            self._on_plan_failed(error)

    def _on_plan_failed(self, error: ConsoleError) -> None:
        self.planned, self.planning = None, False
        self.plan_tab.failed(error)
        self.refresh()

    def cancel_plan(self, *, silent: bool = False) -> None:
        """Stop planning; the plan before stays."""
        self._timer.stop()
        self.workers.cancel("plan")
        self.planning = False
        if not silent:
            self.plan_tab.cancelled()
            self.refresh()

    def _show_plan(self, planned: PlanResult) -> None:
        self.planned, self.planning = planned, False
        self.plan_tab.show_plan(planned, self._overwrite)
        self.refresh()

    def _overwritten(self) -> set[str]:
        return {OVERWRITE_ALL} if self.force.isChecked() else set(self._overwrite)

    def _overwrite_wanted(self, key: str, on: bool) -> None:  # noqa: FBT001 - a slot of a signal
        if not on and self.force.isChecked():
            # One is taken out of all: the others stay ticked by themselves.
            self.force.setChecked(False)
            plan = self.planned.plan if self.planned is not None else None
            self._overwrite = (
                {c.key for c in plan.changes if c.sys_id and c.operation == "update"} if plan else set()
            )
        (self._overwrite.add if on else self._overwrite.discard)(key)
        self._replan_conflicts()

    def _replan_conflicts(self) -> None:
        if self.planned is not None and not self.planning:
            self.workers.start(self._replan(self.planned), group="plan")

    async def _replan(self, planned: PlanResult) -> None:
        self._show_plan(await operations.replan(self.ctx, planned, self._overwritten()))

    def _change_chosen(self, key: str) -> None:
        if self.planned is None:
            return
        plan = self.planned.plan
        change = next((c for c in plan.changes if c.key == key), None)
        if change is None:
            return
        names = {c.key: c.name for c in plan.changes}
        self.plan_tab.right.setCurrentIndex(CHANGE)
        show = self.plan_tab.change.show_change(change, names, self.server.name, ticked=change.overwrites)
        self.workers.start(show, group="change")

    # -- runs --------------------------------------------------------------

    def apply(self) -> None:
        """Carry the plan out, asking first for what this server needs: a typed name, an administrator."""
        if self.planned is None:
            self.plan()  # what cannot be planned cannot be run; it says why
        elif not self.busy:
            self.workers.start(self._apply(), group="run")

    def go_on(self, receipt: Any) -> None:
        """Go on with a run that stopped: the same names, then as Apply does."""
        self.head.set_current_tab(TABS.index(PLAN))
        if self.names != receipt.names:
            self.plan_tab.parameters.write(receipt.names)
            self.names = receipt.names
        self.apply()

    async def _apply(self, *, lacking: str = "") -> None:
        planned, server = self.planned, self.server
        if planned is None:
            return
        count = len(planned.plan.writes)
        verb = (
            plural(count, "Apply {count} change", "Apply {count} changes") if count else tr("Verify the run")
        )
        lacking = lacking or (planned.account if planned.lacks_admin is not None else "")
        admin = None
        if lacking or server.production:
            dialog = RunDialog(
                server, verb, lacking=lacking, parent=self.window(), text=apply_text(planned.plan)
            )
            if not await show_and_wait(dialog):
                return
            admin = dialog.administrator
        await self._run("apply", tr("Creating items on {server}", server=server.name), admin, planned)

    async def _run(self, what: str, title: str, admin: Administrator | None, more: Any) -> None:
        """Run one of the two things that write, with progress, and show how it ended."""
        self.busy, self._state = what, ""
        run = self.plan_tab.run
        run.begin(title)
        self.plan_tab.show_run()
        self.head.set_current_tab(TABS.index(PLAN))
        self._began, self._job = utcnow(), self.ctx.activity.begin(title, self._stop_run)
        self.refresh()
        server, receipt = self.server, ""
        try:
            if what == "apply":
                done = await operations.apply_plan(
                    self.ctx, server, self.names, self._overwritten(), admin, self._progress
                )
                kept = await self._keep(server, admin)
                run.applied(done, kept)
                self.verify_tab.show_verification(done.verification)
                self._end_job(done.receipt.run.outcome, DONE)
                self._state = "done" if done.ok else "notice"
            else:
                receipt, others = more
                undone = await operations.undo_run(
                    self.ctx, server, receipt, [OVERWRITE_ALL] if others else [], admin, self._progress
                )
                run.undone(undone)
                self._end_job(undone.receipt.run.outcome, DONE)
                self._state = "undone"
        except ConsoleError as error:
            await self._stopped(what, error, admin, getattr(error, "receipt", receipt))
        finally:
            if not sip.isdeleted(self):
                self._ended()

    async def _keep(self, server: Any, admin: Administrator | None) -> str:
        if admin is None or not admin.keep:
            return ""
        try:
            credential = await operations.store_administrator(self.ctx, server, admin)
        except ConsoleError as error:
            self.ctx.show_problem(error.problem)
            return ""
        return str(credential.name)

    async def _stopped(
        self, what: str, error: ConsoleError, admin: Administrator | None, receipt: str
    ) -> None:
        problem = error.problem
        self._end_job(translate(problem.cause), FAILED)
        self._state = "stopped"
        if hasattr(error, "receipt"):
            await self._keep(self.server, admin)
        title = tr("The run stopped") if what == "apply" else tr("The run was not undone")
        self.plan_tab.run.stopped(title, problem, receipt)
        if problem.fault == ADMIN_MISSING and admin is None and what == "apply" and self.planned is not None:
            # The account lost the role since the plan was made: the next try asks for an administrator.
            self.planned = PlanResult(self.planned.plan, self.planned.baseline, self.planned.account, problem,
                                   self.planned.read_at, self.planned.seconds)  # fmt: skip

    def _progress(self, text: str, done: int = 0, total: int | None = None) -> None:
        if self._job is not None and self._job.running:
            self._job.progress(text, done, total)
            self.plan_tab.run.progress(text, done, total)

    def _end_job(self, text: str, state: str) -> None:
        if self._job is not None:
            self._job.end(text, state)

    def cancel_run(self) -> None:
        """Stop the run; what it did is in its receipt."""
        if self._job is not None and self._job.running:
            self._job.cancel()

    def _stop_run(self) -> None:
        self.workers.cancel("run")
        self._state = "stopped"
        self.plan_tab.run.stopped(tr("The run was cancelled"), None, "", tr("Writing down how far it came"))

    def _ended(self) -> None:
        cancelled = self.busy if self._job and self._job.state == CANCELLED else ""
        self.busy, self._job = "", None
        self.workers.start(self._after_run(cancelled), group="runs")
        self._start_planning()

    async def _after_run(self, cancelled: str) -> None:
        await self._read_runs(self.server)
        if cancelled:
            receipt, said = cancelled_run_result(self.runs_tab.receipts, self._began, cancelled)
            self.plan_tab.run.stopped(tr("The run was cancelled"), None, receipt, said)
        self.refresh()

    # -- undo --------------------------------------------------------------

    def undo_last(self) -> None:
        """Take the newest run back that left anything."""
        self.undo()

    def undo(self, receipt_id: str = "") -> None:
        """Ask, with the list of what goes, then take a run back; without an id the last one."""
        receipts = self.runs_tab.receipts
        receipt = next((r for r in receipts if can_undo(r) and receipt_id in ("", r.id)), None)
        if receipt is not None and not self.busy:
            self.workers.start(self._undo(receipt), group="run")

    async def _undo(self, receipt: Any) -> None:
        planned = self.planned
        lacking = planned.account if planned is not None and planned.lacks_admin is not None else ""
        dialog = RunDialog(
            self.server,
            tr("Undo"),
            text=undo_text(receipt),
            records=undo_steps(receipt),
            lacking=lacking,
            others=True,
            parent=self.window(),
        )
        if await show_and_wait(dialog):
            more = (receipt.id, dialog.others.isChecked())
            title = tr("Undoing a run on {server}", server=self.server.name)
            await self._run("undo", title, dialog.administrator, more)

    # -- verify and history ------------------------------------------------

    def verify(self) -> None:
        """Read everything back and compare."""
        if self.server is not None and self.names is not None:
            self.verify_tab.begin()
            self.workers.start(self._verify(self.server, self.names), group="verify")

    async def _verify(self, server: Any, names: Any) -> None:
        job = self.ctx.activity.begin(
            tr("Verifying {server}", server=server.name), lambda: self.workers.cancel("verify")
        )
        try:
            found = await operations.verify(self.ctx, server, names)
            self.verify_tab.show_verification(found)
            job.end(self.verify_tab.verdict.text(), DONE if found.ok else FAILED)
        except ConsoleError as error:
            self.verify_tab.failed(error)
            job.end(translate(error.problem.cause), FAILED)
        finally:
            if not sip.isdeleted(self):
                self.verify_tab.end()

    def read_runs(self) -> None:
        """Read the runs on the server again."""
        if self.server is not None:
            self.workers.start(self._read_runs(self.server), group="runs")

    async def _read_runs(self, server: Any) -> None:
        try:
            self.runs_tab.show_runs(await operations.list_runs(self.ctx, server))
        except ConsoleError as error:
            self.runs_tab.failed(error)
        self.refresh()

    def save_update_set(self) -> None:
        """Ask where, then write the plan as an update set."""
        if self.planned is not None:
            open_save_dialog(self, self.planned.plan, self.server.name)

    # -- what it shows -----------------------------------------------------

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Leave room for the title and for the reason beside the first button in narrow windows."""
        super().resizeEvent(event)
        narrow = self.width() < NARROW_WIDTH
        if narrow != self._narrow:
            self._narrow = narrow
            for button in (self.again_button, self.save_button):
                button.setMaximumWidth(COMPACT_WIDTH if narrow else QWIDGETSIZE_MAX)
            self.refresh()

    def _show_tab(self, index: int) -> None:
        self.tab = TABS[index]
        self.stack.setCurrentIndex(index)
        self.refresh()

    def refresh(self) -> None:
        """Show which actions can run, why the first cannot, and how it stands."""
        plan = self.planned.plan if self.planned is not None else None
        count = len(plan.writes) if plan is not None else 0
        for name, widgets in self._tab_buttons.items():
            for widget in widgets:
                widget.setVisible(name == self.tab)
        words = plural(count, "Apply {count} change", "Apply {count} changes") if count else tr("Run Task")
        self.apply_button.setText(words)
        self.apply_button.setAccessibleName(words)
        reason = self.reason()
        ready = plan is not None and not self.planning and not self.busy
        self.apply_button.setEnabled(not reason)
        self.again_button.setEnabled(self.server is not None and not self.busy and not self.planning)
        self.save_button.setEnabled(ready and bool(count))
        self.force.setEnabled(not self.busy)
        self.undo_button.setEnabled(not self.busy and any(can_undo(r) for r in self.runs_tab.receipts))
        self.plan_tab.server.button.setEnabled(not self.busy)
        self.plan_tab.parameters.setEnabled(not self.busy)
        self.plan_tab.change.overwrite.setEnabled(not self.busy)
        self.head.set_primary_reason(reason if self.tab == PLAN else "")
        self.head.set_badges([Badge(*badge) for badge in self.badges()])
        self.verify_tab.refresh()
        self.runs_tab.refresh()
        self.commands_changed.emit()

    @property
    def _standing(self) -> ProvisioningStatus:
        return ProvisioningStatus(
            server=self.server,
            plan=self.planned.plan if self.planned is not None else None,
            planning=self.planning or self._timer.isActive(),
            busy=bool(self.busy),
            ended=self._state,
        )

    def reason(self) -> str:
        """Return why the task cannot run, or an empty text."""
        return self._standing.reason()

    def badges(self) -> list[tuple[str, str, str | None]]:
        """Return what stands behind the title."""
        return self._standing.badges(narrow=self._narrow)


def _parse_uuid(text: str) -> Any:
    import uuid

    return uuid.UUID(text)
