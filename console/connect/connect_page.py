"""The page Connect Privilege Manager: builds the widgets, and shows what the presenter decides."""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from PyQt6.QtCore import QTimer, QUrl
from PyQt6.QtGui import QDesktopServices, QHideEvent, QResizeEvent, QShowEvent
from PyQt6.QtWidgets import QWidget

from console.connect.answer_work import AnswerWork
from console.connect.answers_card import AnswersCard
from console.connect.connect_work import ConnectWork
from console.connect.event_panel import EventPanel
from console.connect.presenter import ConnectPresenter, ConnectStep
from console.connect.step_content import (
    CHANGE,
    CONFIRM,
    LOOK_AGAIN,
    OPEN_SERVER,
    SIGN_IN,
    USE_SERVER,
    USE_WEBHOOK,
    document_text,
    step_content,
)
from console.connect.step_panel import StepPanel
from console.forms.guide_layout import GuideLayout
from console.forms.markdown_file import open_save_dialog
from console.navigation.page import Page
from console.navigation.page_changes import follow_changes
from console.navigation.tree_definition import kind_breadcrumb
from console.runtime.activity import DONE, Job
from console.runtime.page_targets import CONNECT, Target
from console.runtime.task_runner import TaskRunner
from console.widgets import buttons
from console.widgets.badge import OUTLINE, Badge
from console.widgets.page_header import PageHeader
from console.widgets.step_list import StepList
from models.kinds import Kind
from services.language import time_of_day, tr

if TYPE_CHECKING:
    from console.connect.connect_facts import ServerFacts, StoredFacts
    from console.runtime.context import Context
    from services.store import Change

LOOK_INTERVAL_MS = 2500
"""Between two looks into the store while the page is shown: events and workers come without a change of an object."""
WEBHOOK_STEPS = (ConnectStep.WEBHOOK, ConnectStep.TEST_EVENT, ConnectStep.MAP)
"""The steps that share the panel with values, waiting row and event."""
UI_PATH = "PrivilegeManager/"


class ConnectPage(Page):
    """Guides through the way from Privilege Manager's webhook to ServiceNow and back. It writes to the store only."""

    kind, icon = CONNECT, "link"

    def __init__(self, ctx: "Context", target: Target, parent: QWidget | None = None) -> None:
        super().__init__(ctx, target, parent)
        self.set_title(tr("Connect Privilege Manager"))
        self.tasks = TaskRunner(self, ctx.show_problem)
        self.presenter = ConnectPresenter()
        self.step = ConnectStep.WEBHOOK
        self._chosen = self._ask_next = False
        self._job: Job | None = None
        self._build()
        self.work = ConnectWork(ctx, self.tasks, self.presenter, self)
        self.answer_work = AnswerWork(ctx, self.tasks, self.presenter, self)
        self._timer = QTimer(self)
        self._timer.setInterval(LOOK_INTERVAL_MS)
        self._timer.timeout.connect(self.look)
        self._connect()
        self.refresh()

    @property
    def breadcrumb(self) -> list[tuple[str, Target | None]]:
        """The path to the page: that of its server, and the server."""
        stored = self.presenter.stored
        name = stored.server.name if stored is not None and stored.server is not None else tr("Server")
        path = kind_breadcrumb(Kind.PRIVILEGE_MANAGER_SERVER)
        return [*path, (name, Target(Kind.PRIVILEGE_MANAGER_SERVER.value, self.target.id))]

    @property
    def working(self) -> bool:
        """Whether an event is awaited."""
        return self.presenter.waiting_since is not None

    # -- building ----------------------------------------------------------

    def _build(self) -> None:
        self.open_button = buttons.primary("Open Messaging", icon="open")
        self.copy_button = buttons.secondary("Copy all values", icon="copy")
        self.save_button = buttons.secondary("Save as a document…", icon="download")
        self.token_button = buttons.quiet("New header value", icon="key")
        self.over_button = buttons.quiet("Start over", icon="undo")
        for button in (self.copy_button, self.save_button):
            button.set_compactable()
        self.head = PageHeader(
            [text for text, _ in self.breadcrumb],
            self.title,
            [self.open_button, self.copy_button, self.save_button],
            [self.token_button, self.over_button],
        )
        self.head.set_primary_reason("")
        self.steps = StepList()
        self.answers, self.events, self.panel = AnswersCard(), EventPanel(), StepPanel()
        self.body = GuideLayout(
            self.head, self.steps, self.answers, (self.events, self.panel), self, self.title
        )

    def _connect(self) -> None:
        self.head.breadcrumb_clicked.connect(self._on_breadcrumb_clicked)
        self.open_button.clicked.connect(lambda _on: self.open_messaging())
        self.copy_button.clicked.connect(lambda _on: copy_all(self))
        self.save_button.clicked.connect(lambda _on: self._save())
        self.token_button.clicked.connect(lambda _on: self.work.renew_token())
        self.over_button.clicked.connect(lambda _on: self.work.start_over())
        self.steps.selected.connect(self._on_step)
        self.events.values.secret_requested.connect(lambda _place: self.work.offer_token())
        self.events.waiting.stop_clicked.connect(lambda: self.stop_waiting() if self.working else self.wait())
        self.events.raw_link.clicked.connect(lambda _on: self.work.show_events())
        self.events.more_link.clicked.connect(lambda _on: self.work.show_events())
        self.events.offer_button.clicked.connect(lambda _on: self.work.accept_offer())
        self.events.table.chosen.connect(self.work.choose_field)
        self.events.type_chosen.connect(self.work.choose_type)
        self.panel.acted.connect(self._on_panel)
        self.panel.property_opened.connect(lambda: self._on_panel(CHANGE))
        self.answer_work.mapping_shown.connect(self.refresh)
        self.answers.show_link.clicked.connect(lambda _on: self.answer_work.show_deliveries())
        self.answers.retry_button.clicked.connect(lambda _on: self.answer_work.retry_failed())
        self.work.changed.connect(self.look)
        self.answer_work.changed.connect(self.look)
        self.work.token_made.connect(self.wait)
        self.answer_work.answers_changed.connect(self._ask_after_look)

    def _on_breadcrumb_clicked(self, index: int) -> None:
        target = self.breadcrumb[index][1]
        if target is not None:
            self.ctx.navigate(target)

    # -- the page protocol -------------------------------------------------

    def load(self) -> None:
        """Read what is known, then ask the server."""
        follow_changes(self, self._on_store_changes)
        self.look()
        self.arrive(self.target)

    def page_actions(self) -> dict[str, Callable[[], None]]:
        """Return the commands that are available now."""
        return {"refresh": self.ask_server}

    def showEvent(self, event: QShowEvent | None) -> None:
        """Look into the store while the page is shown."""
        super().showEvent(event)
        self._timer.start()

    def hideEvent(self, event: QHideEvent | None) -> None:
        """Look only while an event is awaited."""
        super().hideEvent(event)
        if not self.working:
            self._timer.stop()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Put the columns below each other where there is little room."""
        super().resizeEvent(event)
        self.body.fit(self.width())

    def _on_store_changes(self, changes: "list[Change]") -> None:
        kinds = {change.kind for change in changes}
        if kinds & {"intake_client", "approval_type", "delivery", Kind.PRIVILEGE_MANAGER_SERVER}:
            self.look()

    # -- reading -----------------------------------------------------------

    def look(self) -> None:
        """Read the store again."""
        if self.target.id is not None:
            self.tasks.start(
                self.work.read_store(self.target.id),
                group="look",
                on_result=self._on_stored,
                on_problem=lambda problem: self.body.notice.show_problem(problem, retry=self.look),
            )

    def _on_stored(self, stored: "StoredFacts") -> None:
        before, self.presenter.stored = self.presenter.stored, stored
        is_other_client = before is None or (before.client is None) != (stored.client is None)
        if self.body.notice.problem is not None:
            self.body.notice.clear()
        if stored.server is None:
            self._timer.stop()
            self.body.notice.tell(tr("This server was deleted."), tone="notice")
        elif is_other_client or self._ask_next:
            self._ask_next = False
            self.ask_server()
        event = self.presenter.arrived()
        if event is not None:
            self._end_waiting(
                tr("An event was received at {time}", time=time_of_day(event.received_at, seconds=True))
            )
        self.refresh()

    def _ask_after_look(self) -> None:
        """Ask the server with the client as it is stored now."""
        self._ask_next = True
        self.look()

    def ask_server(self) -> None:
        """Sign in to Privilege Manager again, and read its approval operation."""
        stored = self.presenter.stored
        if stored is None or stored.server is None:
            return
        self.presenter.server = None
        self.refresh()
        self.tasks.start(
            self.work.ask_server(stored.server.id, stored.client), group="ask", on_result=self._on_server
        )

    def _on_server(self, facts: "ServerFacts") -> None:
        self.presenter.server = facts
        self.refresh()

    # -- waiting -----------------------------------------------------------

    def wait(self) -> None:
        """Wait for an event; the activity strip shows it, too."""
        if self.working:
            return
        self.presenter.begin_waiting(datetime.now(UTC))
        self._job = self.ctx.activity.begin(
            tr("Waiting for a test event from Privilege Manager"), self.stop_waiting
        )
        self._timer.start()
        self.refresh()

    def stop_waiting(self) -> None:
        """Wait no longer; what arrives is shown all the same."""
        self._end_waiting(tr("Stopped"))
        self.refresh()

    def _end_waiting(self, text: str) -> None:
        self.presenter.waiting_since = None
        if self._job is not None:
            self._job.end(text, DONE)
            self._job = None
        if not self.isVisible():
            self._timer.stop()

    # -- buttons -----------------------------------------------------------

    def open_messaging(self) -> None:
        """Open Privilege Manager in the browser; the path to Messaging stands above the values."""
        stored = self.presenter.stored
        if stored is not None and stored.server is not None:
            QDesktopServices.openUrl(QUrl(stored.server.base_url + UI_PATH))

    def _save(self) -> None:
        stored = self.presenter.stored
        if stored is not None and stored.server is not None:
            name = stored.server.name
            title, file_name = tr("Save as a document"), tr("Connect {name}", name=name)
            text = document_text(self.presenter, name)
            open_save_dialog(self.ctx, self.tasks, self.window(), title, file_name, text)

    def _on_panel(self, key: str) -> None:
        acts: dict[str, Callable[[], None]] = {
            SIGN_IN: self.ask_server,
            LOOK_AGAIN: self.look,
            OPEN_SERVER: partial(
                self.ctx.navigate, Target(Kind.PRIVILEGE_MANAGER_SERVER.value, self.target.id)
            ),
            CONFIRM: self.answer_work.confirm_answers,
            CHANGE: lambda: self.answer_work.choose_source(self.panel.chosen_property),
            USE_WEBHOOK: self.answer_work.use_webhook,
            USE_SERVER: self.answer_work.use_server,
        }
        acts[key]()

    # -- what it shows -----------------------------------------------------

    def _on_step(self, place: int) -> None:
        self.step, self._chosen = ConnectStep(place), True
        self.refresh()
        if self.step is ConnectStep.MAP:
            self.events.table.setFocus()

    def refresh(self) -> None:
        """Show what the presenter decides."""
        presenter, stored = self.presenter, self.presenter.stored
        if not self._chosen and stored is not None:
            self.step = presenter.next_step()
        self.steps.set_steps(presenter.steps())
        self.steps.select(int(self.step))
        self.body.progress.setText(presenter.progress())
        text, tone, shape = presenter.badge()
        badges = [Badge(text, tone, shape)]
        if stored is not None and stored.server is not None:
            self.head.set_crumb(len(self.breadcrumb) - 1, stored.server.name)
            if stored.server.production:
                badges.append(Badge(tr("Production"), OUTLINE))
        self.head.set_badges(badges)
        for button in (self.open_button, self.copy_button, self.save_button):
            button.setEnabled(stored is not None and stored.server is not None)
        self.token_button.setEnabled(bool(stored is not None and (stored.types or stored.client)))
        self.over_button.setEnabled(stored is not None and stored.client is not None)
        webhook = self.step in WEBHOOK_STEPS
        self.events.setVisible(webhook)
        self.panel.setVisible(not webhook)
        if webhook:
            self.events.show_state(presenter)
        else:
            self.panel.show_content(step_content(presenter, self.step))
        self.answers.show_figures(
            presenter.answer_figures(), failed=stored.answers.failed if stored is not None else 0
        )
        self.commands_changed.emit()


def copy_all(page: ConnectPage) -> None:
    """Put the values on the clipboard, without the header value."""
    page.events.values.copy_all()
    page.ctx.notify(tr("Copied all values except the header value"))
