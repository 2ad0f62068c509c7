"""The page Move off passwords: builds the widgets, and shows what the presenter decides."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from PyQt6.QtCore import QTimer
from PyQt6.QtGui import QHideEvent, QResizeEvent, QShowEvent
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from console.forms.guide_layout import GuideLayout
from console.forms.markdown_file import open_save_dialog
from console.move_off.changes_card import ChangesCard
from console.move_off.dialogs import ProductionDialog, RemovePasswordDialog, RestrictionDialog
from console.move_off.move_work import MoveWork
from console.move_off.presenter import MovePresenter, MoveStep, Rehearsing
from console.move_off.settings_card import PartsCard, SettingsCard
from console.move_off.step_controls import StepControls
from console.navigation.page import Page
from console.navigation.tree_definition import kind_breadcrumb
from console.runtime.page_targets import MOVE_OFF, Target
from console.runtime.task_runner import TaskRunner
from console.widgets import buttons
from console.widgets.badge import OUTLINE, Badge
from console.widgets.dialog import Dialog
from console.widgets.labels import IconLabel, Label, LinkLabel, wrapped_label
from console.widgets.page_header import PageHeader
from console.widgets.step_list import StepList
from models.kinds import Kind
from models.sign_in import SignInMethod
from services.language import time_of_day, tr
from services.sign_in_switch.checklist import TARGET_METHODS, checklist_document

if TYPE_CHECKING:
    from console.move_off.move_facts import MoveFacts
    from console.runtime.context import Context
    from models.user_credential import UserCredential
    from services.common.errors import Problem
    from services.sign_in_probe import RowResult, SignInProbe
    from services.sign_in_switch.rehearsal_records import SignInRehearsal
    from services.sign_in_switch.restriction import Restriction
    from services.store import Change

LOOK_INTERVAL_MS = 2500
"""Between two looks into the store while the page is shown: polls come without a change of an object."""
COMPARED_ROWS = 5


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
        self._build()
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
        return self.presenter.probing or bool(self.presenter.rehearsing)

    # -- building ----------------------------------------------------------

    def _build(self) -> None:
        self.switch_button = buttons.primary("Switch", icon="key")
        self.rehearse_button = buttons.secondary("Rehearse", icon="play")
        self.save_button = buttons.secondary("Save checklist…", icon="download")
        self.undo_button = buttons.quiet("Undo switch", icon="undo")
        self.save_button.set_compactable()
        self.head = PageHeader(
            [text for text, _ in self.breadcrumb],
            self.title,
            [self.switch_button, self.rehearse_button, self.save_button],
            [self.undo_button],
        )
        self.steps, self.changes = StepList(), ChangesCard()
        self.controls = StepControls(self)
        self.body = GuideLayout(
            self.head,
            self.steps,
            self.changes,
            (self.controls, self._checklist(), self._restriction(), self._comparison()),
            self,
            self.title,
        )

    def _checklist(self) -> QWidget:
        part, layout = _part()
        self.checklist = part
        head = QHBoxLayout()
        head.setSpacing(10)
        head.addWidget(Label(tr("For the ServiceNow administrator"), role="section"))
        head.addWidget(
            wrapped_label(tr("Exact settings; a tick means the probe has seen its effect"), "caption"), 1
        )
        self.copy_link = LinkLabel(tr("Copy all"))
        head.addWidget(self.copy_link)
        layout.addLayout(head)
        self.settings = SettingsCard(tr("For the ServiceNow administrator"))
        layout.addWidget(self.settings)
        return part

    def _restriction(self) -> QWidget:
        panel = QFrame()
        panel.setProperty("role", "panel")
        row = QHBoxLayout(panel)
        row.setContentsMargins(14, 10, 14, 10)
        row.setSpacing(10)
        self._restriction_shape = IconLabel("notice", 16, ground="raised")
        self.restriction_text = wrapped_label("", "strong")
        self.restriction_caption = wrapped_label("", "caption")
        self.why_link = LinkLabel(tr("Why"))
        row.addWidget(self._restriction_shape)
        row.addWidget(self.restriction_text, 5)
        row.addWidget(self.restriction_caption, 4)
        row.addWidget(self.why_link)
        return panel

    def _comparison(self) -> QWidget:
        part, layout = _part()
        head = QHBoxLayout()
        head.setSpacing(10)
        head.addWidget(Label(tr("Probe and rehearsal"), role="section"))
        self.compared = wrapped_label("", "caption")
        head.addWidget(self.compared, 1)
        layout.addLayout(head)
        heads = (tr("Rehearsal"), *self.presenter.comparison_heads())
        self.comparison = PartsCard(tr("Probe and rehearsal"), heads, COMPARED_ROWS)
        layout.addWidget(self.comparison)
        return part

    def _connect(self) -> None:
        self.head.breadcrumb_clicked.connect(self._on_breadcrumb_clicked)
        self.switch_button.clicked.connect(lambda _on: self.switch())
        self.rehearse_button.clicked.connect(lambda _on: self.rehearse_next())
        self.save_button.clicked.connect(lambda _on: self._save())
        self.undo_button.clicked.connect(lambda _on: self.undo())
        self.copy_link.clicked.connect(lambda _on: self._copy_all())
        self.why_link.clicked.connect(lambda _on: self._show_why())
        self.steps.selected.connect(self._on_step)
        self.controls.method_chosen.connect(self.choose_method)
        self.controls.credential_chosen.connect(self.choose_credential)
        self.controls.credential_opened.connect(self._open_credential)
        self.controls.probe_clicked.connect(self.probe)
        self.controls.before_clicked.connect(lambda: self._rehearse(Rehearsing.BEFORE))
        self.controls.after_clicked.connect(lambda: self._rehearse(Rehearsing.AFTER))
        self.controls.remove_clicked.connect(self.remove_password)
        self.work.probe_row_ended.connect(self._on_probe_row)

    def _on_breadcrumb_clicked(self, index: int) -> None:
        target = self.breadcrumb[index][1]
        if target is not None:
            self.ctx.navigate(target)

    # -- the page protocol -------------------------------------------------

    def load(self) -> None:
        """Read what is known, and what the instance says of its restriction."""
        self.ctx.changes.connect(self._on_store_changes)
        self.look()
        self._ask_restriction()
        self.arrive(self.target)

    def page_actions(self) -> dict[str, Callable[[], None]]:
        """Return the commands that are available now."""
        found: dict[str, Callable[[], None]] = {"refresh": self._ask_again}
        if self.rehearse_button.isEnabled():
            found["rehearse"] = self.rehearse_next
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
        self.body.fit(self.width())

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
            on_problem=lambda problem: self.body.notice.show_problem(problem, retry=self.look),
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
            is_changed = before is not None and before.target != target
            if is_changed and not presenter.probing:
                presenter.probe, presenter.probe_rows = None, {}
        if facts.server is None:
            self._timer.stop()
            self.body.notice.tell(tr("This server was deleted."), tone="notice")
        elif facts.failed_poll:
            self.body.notice.tell(
                tr("Polling failed after the switch: {fault}", fault=facts.failed_poll),
                tone="bad",
                offer=tr("Undo switch"),
                act=self.undo,
            )
        elif self.body.notice.problem is None:
            self.body.notice.clear()
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

    def probe(self) -> None:
        """Probe the new sign-in."""
        facts, presenter = self.presenter.facts, self.presenter
        if facts is None or facts.server is None or facts.target is None or not presenter.can_try:
            return
        presenter.probing, presenter.probe, presenter.probe_rows = True, None, {}
        self.refresh()
        self.tasks.start(
            self.work.probe(facts.server, facts.target),
            group="try",
            on_result=self._on_probe,
            on_problem=self._on_tried,
        )

    def _on_probe_row(self, result: "RowResult") -> None:
        self.presenter.probe_rows[result.row] = result
        self.refresh()

    def _on_probe(self, probe: "SignInProbe") -> None:
        self.presenter.probing, self.presenter.probe = False, probe
        self.look()

    def _on_tried(self, problem: "Problem") -> None:
        self.presenter.probing, self.presenter.rehearsing = False, Rehearsing.NONE
        self.body.notice.show_problem(problem)
        self.look()

    def rehearse_next(self) -> None:
        """Rehearse with the sign-in whose rehearsal is missing, else once more with the new one."""
        facts = self.presenter.facts
        first = facts is not None and facts.before is None and not facts.after and not self.presenter.probe
        self._rehearse(Rehearsing.BEFORE if first else Rehearsing.AFTER)

    def _rehearse(self, which: Rehearsing) -> None:
        facts = self.presenter.facts
        server = facts.server if facts is not None else None
        if server is not None and server.production:
            text = tr("A real request is raised on {name}, approved and cleaned up.", name=server.name)
            dialog = ProductionDialog(
                tr("Rehearse a request"), text, tr("Rehearse"), server.name, self.window()
            )
            self._open(dialog, lambda: self._start_rehearsal(which))
        else:
            self._start_rehearsal(which)

    def _start_rehearsal(self, which: Rehearsing) -> None:
        facts = self.presenter.facts
        if facts is None or facts.server is None or self.working:
            return
        credential = facts.source if which is Rehearsing.BEFORE else facts.target
        if credential is None:
            return
        self.presenter.rehearsing = which
        self.refresh()
        self.tasks.start(
            self.work.rehearse(facts.server, credential),
            group="try",
            on_result=self._on_rehearsed,
            on_problem=self._on_tried,
        )

    def _on_rehearsed(self, _done: "SignInRehearsal") -> None:
        self.presenter.rehearsing = Rehearsing.NONE
        self.look()

    # -- switching ---------------------------------------------------------

    def switch(self) -> None:
        """Switch to the new sign-in; on a production server its name is asked for."""
        facts = self.presenter.facts
        if facts is None or facts.server is None or facts.target is None or not self.presenter.can_switch():
            return
        if facts.server.production:
            text = tr(
                "{server} signs in with {credential} from the next call on. Open requests are not touched.",
                server=facts.server.name,
                credential=facts.target.name,
            )
            dialog = ProductionDialog(
                tr("Switch the sign-in"), text, self.switch_button.text(), facts.server.name, self.window()
            )
            self._open(dialog, self._switch_now)
        else:
            self._switch_now()

    def _switch_now(self) -> None:
        facts = self.presenter.facts
        if facts is None or facts.server is None or facts.target is None:
            return
        name = facts.target.name
        self.tasks.start(
            self.work.switch(facts.server, facts.target, facts.open_requests),
            group="write",
            on_result=lambda _done: self._on_written(tr("Switched to {name}", name=name)),
            on_problem=self._on_tried,
        )

    def undo(self) -> None:
        """Undo the switch."""
        if self.target.id is not None and self.presenter.is_switched:
            self.tasks.start(
                self.work.undo(self.target.id),
                group="write",
                on_result=lambda _done: self._on_written(tr("The switch was undone")),
                on_problem=self._on_tried,
            )

    def remove_password(self) -> None:
        """Remove the former password from the vault, after a question."""
        facts = self.presenter.facts
        if facts is None or facts.source is None or not self.presenter.is_switched:
            return
        self._open(RemovePasswordDialog(facts.source.name, self.window()), self._remove_now)

    def _remove_now(self) -> None:
        if self.target.id is not None:
            self.tasks.start(
                self.work.remove_password(self.target.id),
                group="write",
                on_result=lambda _done: self._on_written(tr("The password was removed")),
                on_problem=self._on_tried,
            )

    def _on_written(self, text: str) -> None:
        self.body.notice.clear()
        self.ctx.notify(text)
        self._chosen_step = False
        self.look()

    def _open(self, dialog: Dialog, accepted: Callable[[], None] | None = None) -> None:
        if accepted is not None:
            dialog.accepted.connect(accepted)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    # -- the checklist -----------------------------------------------------

    def _save(self) -> None:
        facts, method = self.presenter.facts, self.presenter.method
        if facts is None or facts.server is None or method is None:
            return
        name = tr("Move {name} off passwords", name=facts.server.name)
        text = checklist_document(name, facts.server.base_url, method, self.presenter.entries())
        open_save_dialog(self.ctx, self.tasks, self.window(), tr("Save checklist"), name, text)

    def _copy_all(self) -> None:
        self.settings.copy_all()
        self.ctx.notify(tr("Copied all settings"))

    def _show_why(self) -> None:
        self._open(RestrictionDialog(" ".join(self.presenter.restriction_texts()), self.window()))

    # -- what it shows -----------------------------------------------------

    def refresh(self) -> None:
        """Show what the presenter decides."""
        presenter, facts = self.presenter, self.presenter.facts
        if not self._chosen_step:
            self.step = presenter.next_step()
        self.steps.set_steps(presenter.steps())
        self.steps.select(int(self.step))
        self.body.progress.setText(presenter.progress())
        text, tone, shape = presenter.badge()
        badges = [Badge(text, tone, shape)]
        if facts is not None and facts.server is not None:
            self.head.set_crumb(len(self.breadcrumb) - 1, facts.server.name)
            if facts.server.production:
                badges.append(Badge(tr("Production"), OUTLINE))
        self.head.set_badges(badges)
        self._show_buttons()
        self.controls.show_step(presenter, self.step)
        self.settings.set_rows(presenter.settings())
        self.checklist.setVisible(bool(self.settings.rows))
        strong, caption = presenter.restriction_texts()
        self.restriction_text.setText(strong)
        self.restriction_caption.setText(caption)
        self.restriction_caption.setVisible(bool(caption))
        self._show_comparison()
        self.changes.show_rows(presenter.changes())
        self.commands_changed.emit()

    def _show_buttons(self) -> None:
        presenter, facts = self.presenter, self.presenter.facts
        switched = presenter.is_switched
        is_certificate = presenter.method is SignInMethod.CERTIFICATE
        text = tr("Switch") if presenter.method is None else tr("Switch to OAuth")
        self.switch_button.setText(tr("Switch to the certificate") if is_certificate else text)
        self.switch_button.setEnabled(presenter.can_switch())
        buttons.set_kind(self.switch_button, "secondary" if switched else "primary", icon="key")
        self.head.set_primary_reason("" if switched else presenter.reason())
        can_rehearse = facts is not None and facts.can_rehearse and not self.working and not switched
        first = facts is not None and facts.before is None and facts.after is None and presenter.probe is None
        again = facts is not None and facts.after is not None
        self.rehearse_button.setText(tr("Rehearse again") if again else tr("Rehearse"))
        has_source = facts is not None and facts.source is not None
        self.rehearse_button.setEnabled(can_rehearse and (has_source if first else presenter.can_try))
        self.save_button.setEnabled(presenter.method is not None)
        self.undo_button.setEnabled(switched)

    def _show_comparison(self) -> None:
        presenter, facts = self.presenter, self.presenter.facts
        self.comparison.set_heads((tr("Rehearsal"), *presenter.comparison_heads()))
        for place, row in enumerate(presenter.comparison_rows()):
            self.comparison.set_row(place, row.texts, row.shape, row.word)
        self.comparison.describe()
        self.compared.setText(_compared_text(facts))


def _compared_text(facts: "MoveFacts | None") -> str:
    """Return when the rehearsals were made."""
    if facts is None or facts.server is None or (facts.before is None and facts.after is None):
        return tr("No rehearsal yet")
    name = facts.server.name
    before = time_of_day(facts.before.at) if facts.before is not None else ""
    after = time_of_day(facts.after.at) if facts.after is not None else ""
    if before and after:
        return tr("Before at {before} and after at {after}, on {name}", before=before, after=after, name=name)
    if before:
        return tr("Before at {before}, on {name}", before=before, name=name)
    return tr("After at {after}, on {name}", after=after, name=name)


def _part() -> tuple[QWidget, QVBoxLayout]:
    part = QWidget()
    layout = QVBoxLayout(part)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(10)
    return part, layout
