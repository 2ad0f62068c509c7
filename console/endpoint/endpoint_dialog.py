"""The approval window of an endpoint as a dialog: Continue raises a real request, and its state is followed."""

import asyncio
import uuid
from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt
from PyQt6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from console.actions.action_presenter import ActionFacts
from console.actions.text_sets import TextSets
from console.endpoint.endpoint_presenter import EndpointState, Work
from console.endpoint.production_dialogs import CancelRequestDialog, ProductionNameDialog, RaiseDialog
from console.runtime import lazy_imports
from console.runtime.page_targets import REQUESTS, Target
from console.runtime.task_runner import TaskRunner, show_and_wait
from console.widgets import plain_text
from console.widgets.dialog import Dialog
from console.widgets.endpoint_window import EndpointWindow, Mode
from console.widgets.field import Field
from console.widgets.labels import ElidedLabel, IconLabel, Label, LinkLabel
from console.widgets.line_editors import TextLineEdit
from console.widgets.window_content import WindowState
from models.kinds import RequestState
from models.window_texts import load_window_texts
from services.common.errors import ConsoleError, Problem
from services.language import tr

if TYPE_CHECKING:
    from console.runtime.context import Context
    from services.actions.window_requests import WindowRequests, WindowRoute
    from services.store.change_feed import Change

APPLICATION = r"C:\Users\Public\Downloads\vs_setup.exe"
ASK_EVERY_MIN_S = 10
MARGIN = 24


class EndpointDialog(Dialog):
    """The window in its frame, and below it the console's own line. Closing it leaves its request open."""

    def __init__(
        self, ctx: "Context", route: "WindowRoute", sets: TextSets, user: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(plain_text.window_title(tr("Approval window of {name}", name=route.action.name)))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.ctx, self.route = ctx, route
        self.state = EndpointState(sets, route.server.name, APPLICATION, user)
        self.tasks = TaskRunner(self, self._on_problem)
        self.frame_window = EndpointWindow(Mode.WORKING)
        self.application, self.user = TextLineEdit(), TextLineEdit()
        self.shape, self.line, self.open_link = (
            IconLabel("", 14),
            Label("", role="caption"),
            LinkLabel(""),
        )
        self._build()
        window = self.frame_window
        window.continue_clicked.connect(self._continue)
        window.refresh_clicked.connect(self.refresh)
        window.cancel_clicked.connect(self._cancel)
        window.reason_changed.connect(lambda _reason: self._show_foot())
        for line in (self.application, self.user):
            line.textChanged.connect(lambda _text: self._fields_changed())
        self.open_link.clicked.connect(lambda *_: self._open_request())
        ctx.changes.connect(self._on_changes)
        self.show_state()
        if self.frame_window.reason_edit is not None:
            self.frame_window.reason_edit.setFocus()

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(MARGIN, 16, MARGIN, 16)
        column.setSpacing(8)
        self.application.setText(self.state.application)
        self.user.setText(self.state.user)
        fields = QHBoxLayout()
        fields.setSpacing(16)
        fields.addWidget(Field("Application", self.application, "The program that was started"), 3)
        fields.addWidget(Field("User", self.user, "Who has started it"), 2)
        column.addLayout(fields)
        column.addWidget(self.frame_window)
        column.addStretch(1)
        foot = QHBoxLayout()
        foot.setContentsMargins(4, 4, 0, 0)
        foot.setSpacing(8)
        foot.addWidget(Label(tr("Preview"), role="strong"))
        server = ElidedLabel(self.route.server.name, role="muted")
        server.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        foot.addWidget(server)
        foot.addWidget(self.shape)
        self.line.setWordWrap(True)
        foot.addWidget(self.line, 1)
        self.open_link.setText(tr("Open request"))
        foot.addWidget(self.open_link)
        column.addLayout(foot)
        self.frame_window.setMinimumWidth(self.frame_window.sizeHint().width())

    # -- what is shown -----------------------------------------------------------------------------------------

    def show_state(self) -> None:
        """Show the state of the request."""
        state = self.state
        state.reason = self.frame_window.reason
        self.frame_window.set_content(state.content)
        self.frame_window.setEnabled(state.work in (Work.NONE, Work.ASKING))
        is_editable = state.window_state is WindowState.ASKING and state.work is Work.NONE
        self.application.setEnabled(is_editable)
        self.user.setEnabled(is_editable)
        self._show_foot()

    def _show_foot(self) -> None:
        foot = self.state.foot(self.frame_window.reason)
        self.shape.show_shape(foot.shape)
        self.line.setText(foot.text)
        self.open_link.setVisible(foot.can_open)
        self._shrink()

    def _shrink(self) -> None:
        """Take no more height than the window in its frame needs; a state with less text is lower."""
        layout = self.layout()
        if layout is not None and self.isVisible():
            layout.activate()
            self.resize(self.width(), layout.totalHeightForWidth(self.width()))

    def _fields_changed(self) -> None:
        self.state.application, self.state.user = self.application.text(), self.user.text()
        self.show_state()

    def _on_problem(self, problem: Problem) -> None:
        self.state.work, self.state.problem = Work.NONE, problem
        self.show_state()

    # -- what the buttons do -----------------------------------------------------------------------------------

    def _continue(self, reason: str) -> None:
        if self.state.window_state is WindowState.APPROVED:
            program = self.state.application.replace("\\", "/").rpartition("/")[2]
            self.ctx.notify(tr("{program} would start now", program=program))
            self.accept()
        elif self.state.work is Work.NONE and reason.strip():
            self.tasks.start(self._raise_request(reason), group="raise")

    def refresh(self) -> None:
        """Ask now how the request stands."""
        self.tasks.start(self._follow(), group="follow")

    def _cancel(self) -> None:
        if self.state.is_open and self.state.work in (Work.NONE, Work.ASKING):
            self.tasks.start(self._cancel_request(), group="cancel")
        elif not self.state.is_open:
            self.reject()

    def _open_request(self) -> None:
        if self.state.request is not None:
            self.ctx.navigate(Target(REQUESTS, tab=str(self.state.request.id)))

    # -- the request -------------------------------------------------------------------------------------------

    async def _requests(self) -> "WindowRequests":
        await lazy_imports.ready(self.ctx, lazy_imports.endpoint)
        from services.actions.window_requests import WindowRequests

        workspace = await self.ctx.ready()
        instance = await workspace.instance(self.route.server.id)
        return WindowRequests(workspace.store, instance, self.route)

    async def _raise_request(self, reason: str) -> None:
        if self.route.server.production and not await self._confirmed():
            return
        state = self.state
        state.work, state.problem = Work.RAISING, None
        self.show_state()
        try:
            requests = await self._requests()
            row, fields = requests.draft(state.application, state.user, reason)
            state.request = row
            await requests.send(row, fields)
        except ConsoleError as error:
            state.problem = error.problem
            await self._reload()
        finally:
            state.work = Work.NONE
        self.show_state()
        if state.is_open:
            self.refresh()

    async def _confirmed(self) -> bool:
        """Ask twice before a request is raised on a production server."""
        server = self.route.server.name
        return bool(await show_and_wait(RaiseDialog(server, self))) and bool(
            await show_and_wait(ProductionNameDialog(server, self))
        )

    def follow(self) -> None:
        """Follow the request that is there already, as after the window was closed."""
        if self.state.is_open:
            self.refresh()

    async def _follow(self) -> None:
        """Ask until the request has ended, as often as its process says."""
        state = self.state
        requests = await self._requests()
        while state.request is not None and state.is_open:
            state.work = Work.ASKING
            try:
                people = await requests.refresh(state.request)
                state.asked, state.decided = people.asked, people.decided
                state.problem = None
            except ConsoleError as error:
                state.problem = error.problem
            state.work = Work.NONE
            self.show_state()
            if state.is_open:
                await asyncio.sleep(max(self.route.process.check_every_s, ASK_EVERY_MIN_S))

    async def _cancel_request(self) -> None:
        state = self.state
        row = state.request
        if row is None:
            return
        number = row.number or tr("The request")
        if not await show_and_wait(CancelRequestDialog(number, self.route.server.name, self)):
            return
        self.tasks.cancel("follow")
        state.work, state.problem = Work.CANCELLING, None
        self.show_state()
        try:
            await (await self._requests()).cancel(row)
        except ConsoleError as error:
            state.problem = error.problem
        finally:
            state.work = Work.NONE
        await self._reload()
        self.show_state()
        if row.state == RequestState.CANCELLED:
            self.ctx.notify(tr("Cancelled {number}", number=number))
            self.reject()

    def _on_changes(self, changes: "list[Change]") -> None:
        request = self.state.request
        if request is None or self.state.work is not Work.NONE:
            return
        if any(one.id == request.id for one in changes):
            self.tasks.start(self._show_stored(), group="stored")

    async def _show_stored(self) -> None:
        await self._reload()
        self.show_state()

    async def _reload(self) -> None:
        """Show the request as it is stored; one that was never stored is none."""
        await lazy_imports.ready(self.ctx, lazy_imports.endpoint)
        from services.actions.window_requests import load_request

        workspace = await self.ctx.ready()
        if self.state.request is not None:
            self.state.request = await self.ctx.call(load_request, workspace.store, self.state.request.id)


async def open_endpoint_window(
    ctx: "Context",
    action_id: uuid.UUID,
    policy_id: uuid.UUID | None = None,
    parent: QWidget | None = None,
) -> EndpointDialog | None:
    """Open the window of an action; a request that it has left open is shown. Returns None after a problem, which is shown."""
    await lazy_imports.ready(ctx, lazy_imports.endpoint)
    from services.actions import progress as progresses
    from services.actions import window_requests

    workspace = await ctx.ready()
    try:
        route = await ctx.call(window_requests.load_route, workspace.configuration, action_id, policy_id)
        progress = await ctx.call(progresses.load_progress, workspace.store, action_id)
        export = await ctx.call(progresses.load_export, progress)
    except ConsoleError as error:
        ctx.show_problem(error.problem)
        return None
    exported = ActionFacts(progress, export).sets
    sets = TextSets(exported.source, load_window_texts(route.action.texts), exported.look)
    user = window_requests.user_name()
    dialog = EndpointDialog(ctx, route, sets, user, parent.window() if parent is not None else None)
    dialog.state.request = await ctx.call(
        window_requests.find_open_request, workspace.store, route, APPLICATION, user
    )
    dialog.show_state()
    dialog.follow()
    dialog.open()
    return dialog


async def open_newest_endpoint_window(ctx: "Context", parent: QWidget | None = None) -> None:
    """Open the window of the action that was changed last; without any action, say so."""
    from models.action import Action

    workspace = await ctx.ready()
    actions = await ctx.call(workspace.configuration.all, Action)
    usable = [one for one in actions if one.type_id is not None] or actions
    if not usable:
        ctx.notify(tr("There is no action yet"))
        return
    await open_endpoint_window(ctx, max(usable, key=lambda one: one.changed_at).id, parent=parent)
