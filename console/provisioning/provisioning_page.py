"""The page Create ServiceNow Approval Request Items: builds the widgets and connects presenter and controllers."""

import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING

from PyQt6 import sip
from PyQt6.QtGui import QResizeEvent
from PyQt6.QtWidgets import QAbstractButton, QPushButton, QVBoxLayout, QWidget

from console.navigation.page import Page
from console.navigation.page_changes import follow_changes
from console.navigation.tree_definition import folder_breadcrumb, folder_title
from console.provisioning import operations
from console.provisioning.plan_controller import PlanController
from console.provisioning.plan_tab import PlanTab
from console.provisioning.presenter import ProvisioningPresenter, RunKind, Tab
from console.provisioning.run_controller import RunController
from console.provisioning.run_texts import stopped_outcome
from console.provisioning.runs_tab import RunsTab
from console.provisioning.update_set_file import open_save_dialog
from console.provisioning.verify_tab import VerifyTab
from console.runtime.activity import DONE, FAILED
from console.runtime.page_targets import PROVISIONING, Target
from console.runtime.task_runner import TaskRunner
from console.widgets import buttons, plain_text
from console.widgets.badge import Badge
from console.widgets.buttons import COMPACT_WIDTH
from console.widgets.current_stack import CurrentStack
from console.widgets.late_content import show_part
from console.widgets.line_editors import CheckBox
from console.widgets.page_header import PageHeader
from models.kinds import Kind
from services.common.errors import ConsoleError
from services.language import tr, translate

if TYPE_CHECKING:
    from console.runtime.context import Context
    from models.foreign_system import ForeignSystem
    from services.provisioning import ItemNames, Receipt
    from services.store import Change

TABS = tuple(Tab)
NARROW_WIDTH, QWIDGETSIZE_MAX = 680, 16_777_215


class ProvisioningPage(Page):
    """Plans, applies, verifies and undoes the records of one server. Only Apply and Undo write, each after a click."""

    kind, icon = PROVISIONING, "tasks"

    def __init__(self, ctx: "Context", target: Target, parent: QWidget | None = None) -> None:
        super().__init__(ctx, target, parent)
        self.set_title(folder_title(PROVISIONING))
        self.tasks = TaskRunner(self, ctx.show_problem)
        self.presenter = ProvisioningPresenter()
        self.tab = Tab.PLAN
        self._narrow = self._is_loaded = False
        self.apply_button = buttons.primary("Run Task", icon="tick")
        self.again_button = buttons.secondary("Plan again", icon="refresh")
        self.save_button = buttons.secondary("Save update set…", icon="download")
        self.force = CheckBox(tr("Force update"))
        plain_text.set_tooltip(self.force, tr("Writes over every conflict"))
        self.undo_button = buttons.quiet("Undo last run…", icon="undo")
        self.stack = CurrentStack(self)
        self.plan_tab = PlanTab(self, self.stack)
        self.verify_tab, self.runs_tab = VerifyTab(self.ctx, self.stack), RunsTab(self.ctx, self.stack)
        for widget in (self.plan_tab, self.verify_tab, self.runs_tab):
            self.stack.addWidget(widget)
        if parent is None:
            self.assemble()

    def make_rest(self) -> None:
        """Make the right half of the plan and the header, and what follows the widgets."""
        self.plan_tab.make_details()
        verify, runs = self.verify_tab, self.runs_tab
        self._tab_buttons: dict[Tab, list[QAbstractButton]] = {
            Tab.PLAN: [self.apply_button, self.again_button, self.save_button, self.force, self.undo_button],
            Tab.VERIFY: [verify.button, verify.copy_button],
            Tab.HISTORY: [runs.continue_button, runs.copy_button, runs.undo_button],
        }
        left: list[QAbstractButton] = [
            *self._tab_buttons[Tab.PLAN][:4],
            *self._tab_buttons[Tab.VERIFY],
            *self._tab_buttons[Tab.HISTORY][:2],
        ]
        right: list[QPushButton] = [self.undo_button, runs.undo_button]
        for button in (self.again_button, self.save_button):
            button.set_compactable()
        places = [text for text, _ in self.breadcrumb]
        self.head = PageHeader(places, self.title, left, right, TABS)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.head)
        layout.addWidget(self.stack, 1)
        self.verify_tab.reset(None)
        self.runs_tab.reset(None)
        self.plan_controller = PlanController(self.ctx, self.tasks, self.presenter, self.plan_tab, self)
        self.run_controller = RunController(self.ctx, self.tasks, self.presenter, self.plan_tab.run, self)
        self._connect()
        self.refresh()
        if self._is_loaded:
            self.load()

    @property
    def breadcrumb(self) -> list[tuple[str, Target | None]]:
        """The path to the page from the root of the tree."""
        return folder_breadcrumb(PROVISIONING)

    def _on_breadcrumb_clicked(self, index: int) -> None:
        target = self.breadcrumb[index][1]
        if target is not None:
            self.ctx.navigate(target)

    def _connect(self) -> None:
        self.apply_button.clicked.connect(self.apply)
        self.again_button.clicked.connect(self.plan_controller.plan)
        self.save_button.clicked.connect(self.save_update_set)
        self.force.clicked.connect(lambda on: self.plan_controller.overwrite_all(on=on))
        self.undo_button.clicked.connect(lambda _on: self.undo())
        self.head.tab_changed.connect(self._show_tab)
        self.head.breadcrumb_clicked.connect(self._on_breadcrumb_clicked)
        self.plan_controller.changed.connect(self.refresh)
        self.run_controller.began.connect(self._show_run)
        self.run_controller.verified.connect(self.verify_tab.show_verification)
        self.run_controller.ended.connect(self._on_run_ended)
        self.plan_tab.server.shown.connect(self._on_server_shown)
        view = self.plan_tab.run
        view.cancel_requested.connect(self.run_controller.cancel)
        view.continue_requested.connect(self.apply)
        view.undo_requested.connect(self.undo)
        self.verify_tab.verify_requested.connect(self.verify)
        self.runs_tab.undo_requested.connect(self.undo)
        self.runs_tab.continue_requested.connect(self.continue_run)
        self.runs_tab.reload_requested.connect(self.read_runs)

    # -- the page protocol -------------------------------------------------

    @property
    def working(self) -> bool:
        """Whether a run or a verification is in progress, so that the page has to stay open."""
        return self.presenter.running or self.presenter.verifying

    def load(self) -> None:
        """Subscribe to changes of the store, and open what the target names."""
        self._is_loaded = True
        if not self._is_assembled:
            return  # done when it is
        follow_changes(self, self._on_store_changes)
        target, self.target = self.target, self.target.place
        self.arrive(target)

    def open_tab(self, name: str) -> None:
        """Show a tab; `name` can also be the id of a server, which is then chosen."""
        if name in TABS:
            self.head.set_current_tab(TABS.index(Tab(name)))
        else:
            self.plan_tab.server.write({"server_id": uuid.UUID(name)})

    def page_actions(self) -> dict[str, Callable[[], None]]:
        """Return the commands that are available now."""
        return {"refresh": self.plan_controller.plan} if self.presenter.can_plan_again else {}

    def _on_store_changes(self, changes: "list[Change]") -> None:
        server = self.presenter.server
        if server is None:
            return
        if any(c.kind == Kind.FOREIGN_SYSTEM and c.id == server.id for c in changes):
            self.plan_tab.server.reload_item()
        if any(c.kind == "task_run" for c in changes) and not self.presenter.running:
            self.read_runs()

    # -- server ------------------------------------------------------------

    def _on_server_shown(self, server: "ForeignSystem | None") -> None:
        if self.presenter.choose_server(server):
            self.plan_controller.stop()
            self.plan_tab.parameters.forget_workflows()
            self.plan_tab.show_server(server)
            self.verify_tab.reset(server)
            self.runs_tab.reset(server)
            self.tasks.cancel("server")
            if server is not None:
                # Not a reading of runs: the end of a run elsewhere must not keep the plan from being made.
                self.tasks.start(self._load_server(server), group="server")
        self.refresh()

    async def _load_server(self, server: "ForeignSystem") -> None:
        """Read the runs, take the names of the last one, plan, and show a run that stopped before its end."""
        await self._read_runs(server)
        last = self.presenter.last_run
        if last is not None:
            self.plan_tab.parameters.write(last.names)
        self.plan_controller.plan()
        if last is not None and last.unfinished:
            title = tr("A run stopped in the middle")
            self.plan_tab.run.show_outcome(stopped_outcome(title, None, last.id, last.run.outcome))
            self.plan_tab.show_run()

    # -- runs --------------------------------------------------------------

    def apply(self) -> None:
        """Apply the plan; without one, plan, which shows why there is none."""
        if self.presenter.planned is None:
            self.plan_controller.plan()
        else:
            self.run_controller.start(self.presenter.apply_request())

    def continue_run(self, receipt: "Receipt") -> None:
        """Apply again with the names of a run that stopped before its end."""
        self.head.set_current_tab(TABS.index(Tab.PLAN))
        if self.presenter.names != receipt.names:
            self.plan_tab.parameters.write(receipt.names)
            self.presenter.names = receipt.names
        self.apply()

    def undo(self, receipt_id: str = "") -> None:
        """Undo a run, by default the newest one that can be undone."""
        self.run_controller.start(self.presenter.undo_request(receipt_id))

    def _show_run(self) -> None:
        self.plan_tab.show_run()
        self.head.set_current_tab(TABS.index(Tab.PLAN))
        self.refresh()

    def _on_run_ended(self, cancelled: RunKind | None) -> None:
        self.read_runs(cancelled)
        self.plan_controller.plan_after_run()

    # -- verify and history ------------------------------------------------

    def verify(self) -> None:
        """Compare every record of the instance with the plan."""
        server, names = self.presenter.server, self.presenter.names
        if server is not None and names is not None:
            self.presenter.verifying = True
            self.verify_tab.begin()
            self.refresh()
            self.tasks.start(self._verify(server, names), group="verify")

    async def _verify(self, server: "ForeignSystem", names: "ItemNames") -> None:
        job = self.ctx.activity.begin(
            tr("Verifying {server}", server=server.name), lambda: self.tasks.cancel("verify")
        )
        try:
            verification = await operations.verify(self.ctx, server, names)
            self.verify_tab.show_verification(verification)
            job.end(self.verify_tab.verdict.text(), DONE if verification.ok else FAILED)
        except ConsoleError as error:
            self.verify_tab.failed(error)
            job.end(translate(error.problem.cause), FAILED)
        finally:
            if not sip.isdeleted(self):
                self.presenter.verifying = False
                self.verify_tab.end()
                self.refresh()

    def read_runs(self, cancelled: RunKind | None = None) -> None:
        """Read the runs on the server again, then show how far a cancelled run came."""
        if self.presenter.server is not None:
            self.tasks.start(self._read_runs(self.presenter.server, cancelled), group="runs")

    async def _read_runs(self, server: "ForeignSystem", cancelled: RunKind | None = None) -> None:
        try:
            receipts = await operations.list_runs(self.ctx, server)
        except ConsoleError as error:
            self.runs_tab.failed(error)
        else:
            if self.presenter.server is not None and self.presenter.server.id == server.id:
                self.presenter.receipts = receipts
                self.runs_tab.show_runs(receipts)
        if cancelled is not None:
            self.run_controller.show_cancelled(cancelled)
        self.refresh()

    def save_update_set(self) -> None:
        """Choose a file, then write the plan as an update set."""
        plan, server = self.presenter.plan, self.presenter.server
        if plan is not None and server is not None:
            open_save_dialog(self.ctx, self.tasks, plan, server.name, self.window())

    # -- what it shows -----------------------------------------------------

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """In narrow windows, leave room for the title and for the reason beside the first button."""
        super().resizeEvent(event)
        self.assemble()
        narrow = self.width() < NARROW_WIDTH
        if narrow != self._narrow:
            self._narrow = narrow
            for button in (self.again_button, self.save_button):
                button.setMaximumWidth(COMPACT_WIDTH if narrow else QWIDGETSIZE_MAX)
            self.refresh()

    def _show_tab(self, index: int) -> None:
        self.tab = TABS[index]
        show_part(self.stack, index)
        self.refresh()

    def refresh(self) -> None:
        """Show what the presenter decides: buttons, reason and badges."""
        controls = self.presenter.controls()
        for tab, widgets in self._tab_buttons.items():
            for widget in widgets:
                widget.setVisible(tab is self.tab)
        self.apply_button.setText(controls.apply_text)
        self.apply_button.setAccessibleName(controls.apply_text)
        self.apply_button.setEnabled(not controls.apply_reason)
        self.again_button.setEnabled(controls.plan_again)
        self.save_button.setEnabled(controls.save_update_set)
        self.force.setChecked(self.presenter.overwrite_all)
        self.undo_button.setEnabled(controls.undo_last)
        for editor in (self.force, self.plan_tab.server.button, self.plan_tab.parameters):
            editor.setEnabled(controls.edit)
        self.plan_tab.change.overwrite.setEnabled(controls.edit)
        self.head.set_primary_reason(controls.apply_reason if self.tab is Tab.PLAN else "")
        self.head.set_badges([Badge(*badge) for badge in self.presenter.badges(narrow=self._narrow)])
        self.verify_tab.set_enabled(on=controls.verify)
        self.runs_tab.set_state(shown=self.tab is Tab.HISTORY, editable=controls.edit)
        self.commands_changed.emit()
