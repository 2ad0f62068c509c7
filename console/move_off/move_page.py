"""The page Move off passwords: builds the widgets, and shows what the presenter decides."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from PyQt6.QtCore import QTimer
from PyQt6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PyQt6.QtWidgets import QWidget

from console.move_off.move_acts import MoveActs
from console.move_off.move_view import MoveView
from console.move_off.move_work import MoveWork
from console.move_off.presenter import MovePresenter, MoveStep, Rehearsing, show_stored_probe
from console.navigation.page import Page
from console.navigation.page_changes import follow_changes
from console.navigation.tree_definition import kind_breadcrumb
from console.runtime.page_targets import MOVE_OFF, Target
from console.runtime.task_runner import TaskRunner
from models.kinds import Kind
from models.sign_in import SignInMethod
from services.language import tr
from services.sign_in_switch.checklist import TARGET_METHODS

if TYPE_CHECKING:
    from console.move_off.move_facts import MoveFacts
    from console.runtime.context import Context
    from models.user_credential import UserCredential
    from services.servicenow.basic_auth_restriction import Restriction
    from services.store import Change

LOOK_INTERVAL_MS = 2500
"""Between two looks into the store while the page is shown: polls come without a change of an object."""


class MovePage(Page):
    """Guides a server from basic authentication to OAuth or a certificate: checklist, probe, rehearsals, switch, undo."""

    kind, icon = MOVE_OFF, "key"

    def __init__(self, ctx: "Context", target: Target, parent: QWidget | None = None) -> None:
        super().__init__(ctx, target, parent)
        self.set_title(tr("Move off passwords"))
        self.tasks = TaskRunner(self, ctx.show_problem)
        self.presenter = MovePresenter()
        self.step = MoveStep.METHOD
        self._chosen_step = False
        self._target: UserCredential | None = None
        self.work = MoveWork(ctx, self.tasks, self)
        self.view = MoveView(self)
        self.acts = MoveActs(self)
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_INTERVAL_MS)
        self._timer.timeout.connect(self.look)
        self._connect()
        self.refresh()

    @property
    def breadcrumb(self) -> list[tuple[str, Target | None]]:
        """The path to the page: that of its server, and the server."""
        facts = self.presenter.facts
        name = facts.server.name if facts is not None and facts.server is not None else tr("Server")
        return [
            *kind_breadcrumb(Kind.FOREIGN_SYSTEM),
            (name, Target(Kind.FOREIGN_SYSTEM.value, self.target.id)),
        ]

    @property
    def working(self) -> bool:
        """Whether a probe or a rehearsal runs."""
        return self.presenter.is_working

    def _connect(self) -> None:
        view, acts, controls = self.view, self.acts, self.view.controls
        view.head.breadcrumb_clicked.connect(self._on_breadcrumb_clicked)
        view.switch_button.clicked.connect(lambda _on: acts.switch())
        view.rehearse_button.clicked.connect(lambda _on: acts.rehearse_next())
        view.save_button.clicked.connect(lambda _on: acts.save())
        view.undo_button.clicked.connect(lambda _on: acts.undo())
        view.copy_link.clicked.connect(lambda _on: acts.copy_all())
        view.why_link.clicked.connect(lambda _on: acts.show_why())
        view.steps.selected.connect(self._on_step)
        controls.method_chosen.connect(self.choose_method)
        controls.credential_chosen.connect(self.choose_credential)
        controls.credential_opened.connect(self._open_credential)
        controls.probe_clicked.connect(acts.probe)
        controls.before_clicked.connect(lambda: acts.rehearse(Rehearsing.BEFORE))
        controls.after_clicked.connect(lambda: acts.rehearse(Rehearsing.AFTER))
        controls.remove_clicked.connect(acts.remove_password)

    def _on_breadcrumb_clicked(self, index: int) -> None:
        target = self.breadcrumb[index][1]
        if target is not None:
            self.ctx.navigate(target)

    # -- the page protocol -------------------------------------------------

    def load(self) -> None:
        """Read what is known, and what the instance says of its restriction."""
        follow_changes(self, self._on_store_changes)
        self.look()
        self._ask_restriction()
        self.arrive(self.target)

    def page_actions(self) -> dict[str, Callable[[], None]]:
        """Return the commands that are available now."""
        found: dict[str, Callable[[], None]] = {"refresh": self._ask_again}
        if self.view.rehearse_button.isEnabled():
            found["rehearse"] = self.acts.rehearse_next
        return found

    def showEvent(self, event: QShowEvent | None) -> None:
        """Look into the store while the page is shown."""
        super().showEvent(event)
        self._timer.start()

    def hideEvent(self, event: QHideEvent | None) -> None:
        """Look no more."""
        super().hideEvent(event)
        self._timer.stop()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Put the columns below each other where there is little room."""
        super().resizeEvent(event)
        self.view.body.fit(self.width())

    def _on_store_changes(self, changes: "list[Change]") -> None:
        kinds = {Kind.FOREIGN_SYSTEM.value, Kind.USER_CREDENTIAL.value, "task_run"}
        if kinds & {change.kind for change in changes}:
            self.look()

    # -- reading -----------------------------------------------------------

    def look(self) -> None:
        """Read the store again."""
        if self.target.id is None:
            return
        wanted = self._target.id if self._target is not None else None
        self.tasks.start(
            self.work.read(self.target.id, wanted),
            group="look",
            on_result=self._on_facts,
            on_problem=lambda problem: self.view.body.notice.show_problem(problem, retry=self.look),
        )

    def _ask_again(self) -> None:
        self.presenter.restriction = None
        self._ask_restriction()
        self.look()

    def _ask_restriction(self) -> None:
        if self.target.id is not None:
            self.tasks.start(
                self.work.read_restriction(self.target.id),
                group="restriction",
                on_result=self._on_restriction,
            )

    def _on_restriction(self, found: "Restriction") -> None:
        self.presenter.restriction = found
        self.refresh()

    def _on_facts(self, facts: "MoveFacts") -> None:
        presenter, before = self.presenter, self.presenter.facts
        presenter.facts = facts
        target = facts.target
        if target is not None and target.method in TARGET_METHODS:
            is_other = before is None or before.target is None or before.target.id != target.id
            if is_other:
                presenter.method = target.method
        show_stored_probe(presenter, facts.probe)
        if facts.server is None:
            self._timer.stop()
            self.view.body.notice.tell(tr("This server was deleted."), tone="notice")
        elif self.view.body.notice.problem is not None:
            pass  # why something was refused stays until it is dismissed, the undo of this bar included
        elif facts.failed_poll:
            self.view.body.notice.tell(
                tr("Polling failed after the switch: {fault}", fault=facts.failed_poll),
                tone="bad",
                offer=tr("Undo switch"),
                act=self.acts.undo,
            )
        else:
            self.view.body.notice.clear()
        self.refresh()

    # -- choosing ----------------------------------------------------------

    def choose_method(self, method: "SignInMethod | None") -> None:
        """Choose the method to move to."""
        self.presenter.method = method
        self.refresh()

    def choose_credential(self, credential: "UserCredential | None") -> None:
        """Choose the credential to move to; its method is the one to move to."""
        self._target = credential
        if credential is not None and credential.method in TARGET_METHODS:
            self.presenter.method = credential.method
        self.look()

    def _open_credential(self) -> None:
        """Show the page of the credential, where its secrets are entered."""
        target = self.presenter.target
        if target is not None:
            self.ctx.navigate(Target(Kind.USER_CREDENTIAL.value, target.id))

    def _on_step(self, place: int) -> None:
        self.step, self._chosen_step = MoveStep(place), True
        self.refresh()

    # -- trying ------------------------------------------------------------

    # -- what it shows -----------------------------------------------------

    def follow_steps(self) -> None:
        """Select the step to go on with again."""
        self._chosen_step = False

    def refresh(self) -> None:
        """Show what the presenter decides."""
        if not self._chosen_step:
            self.step = self.presenter.next_step()
        self.view.show(self.presenter, self.step, len(self.breadcrumb) - 1)
        self.commands_changed.emit()
