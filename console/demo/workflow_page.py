"""The integration workflow on one screen: the endpoint, ServiceNow and Privilege Manager beside each other, as their servers say."""

from collections.abc import Coroutine
from typing import TYPE_CHECKING, ClassVar

from PyQt6.QtCore import QTimer
from PyQt6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PyQt6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from console.actions.action_presenter import ActionFacts
from console.actions.text_sets import TextSets
from console.demo import workflow_presenter
from console.demo.input_driver import NotObservedError
from console.demo.workflow_facts import WorkflowFacts
from console.demo.workflow_panes import EndpointPane, PrivilegeManagerPane, ServiceNowPane
from console.design import theme
from console.navigation.page import Page
from console.runtime import lazy_imports
from console.runtime.page_targets import Target
from console.runtime.task_runner import TaskRunner
from console.widgets import buttons
from console.widgets.endpoint_layout import WIDTH
from console.widgets.page_header import PageHeader
from console.widgets.step_strip import StepStrip
from console.widgets.vertical_scroll_area import VerticalScrollArea
from console.widgets.window_content import WindowState
from models.window_texts import load_window_texts
from services.common.errors import ConsoleError, Problem
from services.language import tr, translate

if TYPE_CHECKING:
    from console.demo.workflow import Workflow
    from console.runtime.context import Context

WORKFLOW = "integration"
"""The target of the page."""
LOOK_INTERVAL_MS = 1000
MARGIN, GAP, PANE_WIDTH = 24, 16, 320
APPLICATION, USER = r"C:\Users\b.okafor\Downloads\vs_setup.exe", r"ACME\b.okafor"


class WorkflowPage(Page):
    """Shows one approval on its way, and lets a person act as the endpoint's user and as the approver."""

    kind, icon = WORKFLOW, "process"
    workflow: "ClassVar[Workflow | None]" = None
    """What the page shows; the demo sets it before the page is opened."""

    def __init__(self, ctx: "Context", target: Target, parent: QWidget | None = None) -> None:
        super().__init__(ctx, target, parent)
        self.set_title(tr("Integration workflow"))
        self.tasks = TaskRunner(self, self._on_problem)
        self.facts = WorkflowFacts()
        self.sets = TextSets()
        self.busy = False
        self.error = ""
        self._columns, self._looking = 0, False
        self._build()
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_INTERVAL_MS)
        self._timer.timeout.connect(self.look)
        self.show_facts()

    def _build(self) -> None:
        workflow = self.shown_workflow
        self.again_button = buttons.secondary("Start another program", icon="refresh")
        self.again_button.clicked.connect(lambda _on: self.start_again())
        self.header = PageHeader([], self.title, beside=[self.again_button])
        self.strip = StepStrip(tr("Integration workflow"))
        self.endpoint = EndpointPane(
            tr("{computer}, a computer with the policy", computer=workflow.objects.computer),
            APPLICATION,
            USER,
        )
        approver = workflow.approver.account
        self.servicenow = ServiceNowPane(
            tr("{address}, My Approvals of {name}", address=workflow.practice.base_url, name=approver)
        )
        self.privilege_manager = PrivilegeManagerPane(workflow.privilege_manager.base_url)
        self._panes = QWidget()
        self._grid = QGridLayout(self._panes)
        self._grid.setContentsMargins(MARGIN, GAP, MARGIN, MARGIN)
        self._grid.setSpacing(GAP)
        self.endpoint.setFixedWidth(WIDTH + 2 * 16 + 2)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.header)
        column.addSpacing(GAP)
        inset = QHBoxLayout()
        inset.setContentsMargins(MARGIN, 0, MARGIN, 0)
        inset.addWidget(self.strip)
        column.addLayout(inset)
        column.addWidget(VerticalScrollArea(self._panes, self.title), 1)
        window = self.endpoint.window_frame
        window.continue_clicked.connect(self._continue)
        window.refresh_clicked.connect(self.look)
        window.cancel_clicked.connect(self.start_again)
        self.endpoint.application.textChanged.connect(lambda _text: self.show_facts())
        self.endpoint.user.textChanged.connect(lambda _text: self.show_facts())
        self.servicenow.decided.connect(self._decide)
        self._place(self.width())

    @property
    def shown_workflow(self) -> "Workflow":
        """What the page shows; raises LookupError outside the demo."""
        if self.workflow is None:
            raise LookupError("there is no workflow outside the demo")
        return self.workflow

    # -- the page protocol -----------------------------------------------------

    def load(self) -> None:
        """Read the texts of the window, then look."""
        self.tasks.start(self._load_texts(), group="texts", on_result=lambda _done: self.look())

    async def _load_texts(self) -> None:
        from models.action import Action
        from services.actions import progress as progresses

        workspace = await self.ctx.ready()
        action_id = self.shown_workflow.objects.action_id
        action = await self.ctx.call(workspace.configuration.get, Action, action_id)
        progress = await self.ctx.call(progresses.load_progress, workspace.store, action_id)
        export = await self.ctx.call(progresses.load_export, progress)
        exported = ActionFacts(progress, export).sets
        self.sets = TextSets(exported.source, load_window_texts(action.texts), exported.look)
        self.show_facts()

    def showEvent(self, event: QShowEvent | None) -> None:
        """Look while the page is shown."""
        super().showEvent(event)
        self._timer.start()

    def hideEvent(self, event: QHideEvent | None) -> None:
        """Stop looking."""
        super().hideEvent(event)
        self._timer.stop()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Put the panes beside each other, or the servers below each other beside the endpoint."""
        super().resizeEvent(event)
        self._place(self.width())

    def _place(self, width: int) -> None:
        whole = self.endpoint.width() + 2 * (theme.scaled(PANE_WIDTH) + GAP) + 2 * MARGIN
        columns = 3 if width >= whole else 2
        if columns == self._columns:
            return
        self._columns = columns
        beside = columns == 3
        self._grid.addWidget(self.endpoint, 0, 0, 1 if beside else 2, 1)
        self._grid.addWidget(self.servicenow, 0, 1)
        self._grid.addWidget(self.privilege_manager, *((0, 2) if beside else (1, 1)))
        self._grid.setColumnStretch(1, 1)
        self._grid.setColumnStretch(2, 1 if beside else 0)

    # -- what is shown ---------------------------------------------------------

    def look(self) -> None:
        """Ask the servers now, unless that is under way."""
        if not self._looking:
            self._looking = True
            self.tasks.start(self._look())

    async def _look(self) -> None:
        try:
            self.facts = await self.shown_workflow.read()
            self.show_facts()
        finally:
            self._looking = False

    def show_facts(self) -> None:
        """Show what is known."""
        facts, endpoint = self.facts, self.endpoint
        self.strip.set_steps(workflow_presenter.steps(facts, working=self.busy))
        content = workflow_presenter.window_content(facts, self.sets, endpoint.entered, self.error)
        if content != endpoint.window_frame.content:
            endpoint.window_frame.set_content(content)
        endpoint.window_frame.setEnabled(not self.busy)
        editable = content.state is WindowState.ASKING and not self.busy
        endpoint.application.setEnabled(editable)
        endpoint.user.setEnabled(editable)
        shape, line = workflow_presenter.console_line(facts)
        endpoint.shape.show_shape(shape)
        endpoint.line.setText(line)
        self.servicenow.facts.show_rows(workflow_presenter.servicenow_rows(facts))
        self.servicenow.set_waiting(
            waiting=not self.busy and workflow_presenter.waiting_approval(facts) is not None
        )
        self.privilege_manager.facts.show_rows(workflow_presenter.privilege_manager_rows(facts))
        self.again_button.setEnabled(facts.approval is not None and not self.busy)

    def _on_problem(self, problem: Problem) -> None:
        self.error = translate(problem.cause)
        self.show_facts()

    # -- what people do --------------------------------------------------------

    def _continue(self, reason: str) -> None:
        if workflow_presenter.window_state(self.facts) is WindowState.APPROVED:
            program = self.facts.approval.file_path if self.facts.approval is not None else ""
            self.ctx.notify(tr("{program} would start now", program=program.rpartition("\\")[2]))
            self.start_again()
        elif reason.strip() and not self.busy:
            self.tasks.start(self._act(self._ask(reason)))

    def _decide(self, word: str, comment: str) -> None:
        if not self.busy:
            self.tasks.start(self._act(self.shown_workflow.decide(word, comment)))

    async def _ask(self, reason: str) -> None:
        application, user, _ = self.endpoint.entered
        await self.shown_workflow.ask(application, user, reason)

    async def _act(self, act: Coroutine[object, object, None]) -> None:
        """Do something that takes its time; what the servers say is shown meanwhile."""
        self.busy, self.error = True, ""
        self.servicenow.comment.clear()  # not at the end, when the next one may be typed already
        self.show_facts()
        try:
            await lazy_imports.ready(self.ctx, lazy_imports.polling)
            await act
        except NotObservedError as error:
            self.error = str(error)
        except ConsoleError as error:
            self.error = translate(error.problem.cause)
        finally:
            self.busy = False
        self.facts = await self.shown_workflow.read()
        self.show_facts()

    def start_again(self) -> None:
        """Let the endpoint ask for another program."""
        if self.busy:
            return
        self.shown_workflow.forget()
        self.error = ""
        self.facts = WorkflowFacts(self.facts.policy)
        edit = self.endpoint.window_frame.reason_edit
        if edit is not None:
            edit.clear()
        self.show_facts()
