"""Home: the set-up guide as a living checklist, every tick computed, and the button that does the next step."""

import asyncio
import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from PyQt6.QtCore import Qt, pyqtSignal
from PyQt6.QtGui import QResizeEvent, QShowEvent
from PyQt6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from console.design import theme
from console.forms import object_actions as acts
from console.forms import vault_access
from console.navigation.page import Page
from console.objects.service_lookup import ServiceNameChecker
from console.runtime import lazy_imports
from console.runtime.targets import PROVISIONING, Target
from console.runtime.task_runner import TaskRunner
from console.setup.home_guide import GuideView, StepAction
from console.setup.home_servers import MAX_CARDS
from console.widgets import buttons, plain_text
from console.widgets.badge import Badge
from console.widgets.labels import Label
from console.widgets.line_editors import ElidingComboBox
from console.widgets.page_header import PageHeader
from console.widgets.placeholders import ErrorState, StateStack
from models.kinds import KINDS, Kind
from models.translation_marks import tr_later
from services.common.errors import ConsoleError, Problem
from services.language import time_of_day, tr

PROVISIONING_STEPS = (7, 8)
"""The steps about the items in ServiceNow: their plan is on the page of the task, with the server chosen."""
STORE_CAPTIONS = (
    tr_later("Every step of the guide with its true state, read from the store at {now}"),
    tr_later("Every step with its true state, read from the store at {now}"),
    tr_later("Read from the store at {now}"),
    tr_later("Read at {now}"),
)
SERVER_CAPTIONS = (
    tr_later("Every step of the guide with its true state, read from the store and from {name} at {now}"),
    tr_later("Every step with its true state, read from the store and from {name} at {now}"),
    tr_later("Read from the store and from {name} at {now}"),
    tr_later("Read at {now}"),
)
"""Where the states of the steps were read, the longest wording first."""
REHEARSAL_STEP = 22
"""The step that raises a request: from here a rehearsal does it."""
LONG_COUNT_MIN_WIDTH = 680
"""The width of the page from which the count of steps is written out."""
CACHE_INVALIDATING_KINDS = frozenset({Kind.FOREIGN_SYSTEM.value, Kind.USER_CREDENTIAL.value, "task_run"})
"""Changes of these may change what an instance answers."""


def _id_or_none(item: Any) -> uuid.UUID | None:
    return None if item is None else item.id


NO_INSTANCE_NOTES: dict[str, Any] = {"meant": (), "services_say": "", "item_says": ""}
INSTANCE_FACT_NAMES = ("services_found", "item_found", *NO_INSTANCE_NOTES)
"""Facts that an instance was asked for."""


class ServerSelector(QWidget):
    """The choice of the server whose steps are shown; not in sight while there is no choice."""

    chosen = pyqtSignal(object)

    def __init__(self) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        self.box = ElidingComboBox()
        self.box.setAccessibleName(tr("Server"))
        self.box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.box.setMinimumContentsLength(18)
        self.box.activated.connect(lambda place: self.chosen.emit(self.box.itemData(place)))
        row.addWidget(Label(tr("Server"), role="muted"))
        row.addWidget(self.box)
        self.hide()

    def show_servers(self, servers: Sequence[Any], current: uuid.UUID | None) -> None:
        """Offer servers by name, with the one whose steps are shown chosen."""
        offered = [(plain_text.one_line(server.name), server.id) for server in servers]
        if offered != [(self.box.itemText(i), self.box.itemData(i)) for i in range(self.box.count())]:
            self.box.clear()
            for name, server_id in offered:
                self.box.addItem(name, server_id)
        self.box.setCurrentIndex(next((i for i, (_, key) in enumerate(offered) if key == current), -1))
        self.setVisible(len(offered) > 1)


class HomePage(Page):
    """Shows the 25 steps in their phases. The next one has the primary button."""

    kind, icon = "home", "home"

    def __init__(self, ctx: Any, target: Target, parent: QWidget | None = None) -> None:
        super().__init__(ctx, target, parent)
        self.set_title(tr("Set up ServiceNow approvals"))
        self.tasks = TaskRunner(self, self._on_problem)
        self.facts: Any = None
        self.phases: tuple[Any, ...] = ()
        self._next_step: Any = None
        self._stale = False
        self._server_id: uuid.UUID | None = None
        self._checks = ServiceNameChecker(ctx)
        self._asked: tuple[Any, ...] | None = None
        """What was true of server, credential and process when the instance was asked for the steps."""
        self._known: dict[uuid.UUID, Any] = {}
        """What the servers said when they were last asked."""
        self._build()

    def _build(self) -> None:
        self.wizard_button = buttons.secondary("Set up everything…", icon="play")
        self.wizard_button.clicked.connect(self.set_up)
        again = buttons.quiet("Check all steps", icon="refresh")
        again.clicked.connect(self.check_all)
        self.head = PageHeader([], self.title, beside=[self.wizard_button, again])
        self.head.set_primary_reason("")
        self.head.set_caption(
            tr("Every step of the guide with its true state"), tr("Every step with its true state")
        )
        self.server_box = ServerSelector()
        self.server_box.chosen.connect(self._server_chosen)
        self.head.add_to_caption(self.server_box)
        self.intro_panel = self._build_intro_panel()
        self.guide = GuideView(self.ctx.navigate, self.intro_panel)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setAccessibleName(tr("Guide"))
        self.states = StateStack(self.guide)
        area.setWidget(self.states)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.head)
        layout.addWidget(area, 1)

    def _build_intro_panel(self) -> QFrame:
        """Make what stands above the guide while nothing is set up: the short way through all of it."""
        panel = QFrame()
        panel.setProperty("role", "panel")
        row = self._intro_layout = QHBoxLayout(panel)
        row.setContentsMargins(16, 8, 12, 8)
        row.setSpacing(16)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(Label(tr("Nothing is set up yet"), role="section"))
        said = Label(
            tr("One form asks for address, account and password, and makes everything of steps 5 to 15.")
        )
        said.setProperty("role", "muted")
        said.setWordWrap(True)
        words.addWidget(said)
        row.addLayout(words, 1)
        panel.hide()
        return panel

    # -- reading -----------------------------------------------------------------------------------------------

    @property
    def settled(self) -> bool:
        """Whether what is shown is what store and instances said last, with nothing more being asked."""
        return self.facts is not None and not self._stale and not self.tasks.busy

    def load(self) -> None:
        """Read the facts, and again whenever something changes."""
        self.ctx.changes.connect(self._changed)
        theme.of().theme_changed.connect(self._recolour)
        self.refresh()

    def _changed(self, changes: list[Any]) -> None:
        # A bound method, which Qt disconnects with the page; a lambda would outlive it.
        if any(c.kind in CACHE_INVALIDATING_KINDS for c in changes):
            self._forget_answers()
        if self.isVisible():
            self.refresh()
        else:
            self._stale = True

    def showEvent(self, event: QShowEvent | None) -> None:
        """Read again what changed while another page was shown."""
        super().showEvent(event)
        if self._stale:
            self.refresh()

    def check_all(self) -> None:
        """Read the store again, and ask the instances, whatever is remembered of them."""
        self._forget_answers()
        self.refresh()

    def _forget_answers(self) -> None:
        self._checks, self._asked = ServiceNameChecker(self.ctx), None

    def refresh(self) -> None:
        """Read the store again, and ask the instance what it was not asked yet."""
        self._stale = False
        self.tasks.start(self._read(), group="read")

    def _server_chosen(self, server_id: object) -> None:
        self._server_id = server_id if isinstance(server_id, uuid.UUID) else None
        self.refresh()

    async def _read(self) -> None:
        await lazy_imports.ready(self.ctx, lazy_imports.setup)
        from services.setup import checklist

        await lazy_imports.ready(self.ctx, lazy_imports.statistics)
        from services.statistics import request_statistics as counting

        workspace = await self.ctx.ready()
        servers = await self.ctx.call(counting.load_server_statistics, workspace.store)
        if self._server_id not in [server.id for server in servers]:
            self._server_id = None
        facts = await self.ctx.call(checklist.load_setup_facts, workspace.configuration, self._server_id)
        if facts.credential is not None:
            state = await vault_access.read_secret_state(self.ctx, facts.credential.id, facts.credential.name)
            facts = replace(facts, has_password=state.present)
        old = self.facts
        if old is not None and _id_or_none(old.server) == _id_or_none(facts.server):
            facts = replace(facts, **{name: getattr(old, name) for name in INSTANCE_FACT_NAMES})
        self.server_box.show_servers(servers, _id_or_none(facts.server))
        self._show(checklist, facts)
        self._say(facts)
        self.guide.show_servers(servers, self._known)
        await asyncio.gather(self._query_steps(checklist, workspace, facts), self._query_servers(servers))

    async def _query_steps(self, guide: Any, workspace: Any, facts: Any) -> None:
        if facts.server is None or not facts.has_password:
            return
        asked = tuple(
            item and (item.id, item.version) for item in (facts.server, facts.credential, facts.process)
        )
        if asked == self._asked:
            # A request that goes on its way says nothing new of the instance, which is asked sparingly.
            return
        found = await self._query_instance(workspace, facts)
        self._asked = asked if found.services_found is not None else None
        self._show(guide, found)
        self._say(found)

    async def _query_servers(self, servers: list[Any]) -> None:
        asked = [server for server in servers[:MAX_CARDS] if server.has_credential]
        views = await asyncio.gather(*(self._checks.view(server.id) for server in asked))
        self._known = {server.id: view for server, view in zip(asked, views, strict=True)}
        self.guide.show_servers(servers, self._known)

    def _on_problem(self, problem: Problem) -> None:
        if self.facts is None:
            self.states.show_placeholder(ErrorState(problem, self.refresh))
        else:
            self.ctx.show_problem(problem)

    async def _query_instance(self, workspace: Any, facts: Any) -> Any:
        await lazy_imports.ready(self.ctx, lazy_imports.setup)
        from services.setup import discovery

        try:
            instance = await workspace.instance(facts.server.id)
            found = await discovery.assess_items(instance, facts.process)
        except ConsoleError:
            return replace(facts, **dict.fromkeys(("services_found", "item_found")), **NO_INSTANCE_NOTES)
        return replace(
            facts,
            services_found=found.services,
            item_found=found.item,
            meant=found.meant,
            services_say=found.services_say,
            item_says=found.item_says,
        )

    # -- what it shows -----------------------------------------------------------------------------------------

    def _say(self, facts: Any) -> None:
        """Say under the title where the states were read, and when."""
        now = time_of_day(datetime.now(UTC))
        asked = facts.services_found is not None and facts.server is not None
        told = SERVER_CAPTIONS if asked else STORE_CAPTIONS
        name = facts.server.name if asked else ""
        self.head.set_caption(*(tr(text, name=name, now=now) for text in told))

    def _show(self, guide: Any, facts: Any) -> None:
        if facts == self.facts:
            return
        self.facts, self.phases = facts, guide.build_checklist(facts)
        self._next_step = guide.next_step(self.phases)
        self._draw()

    def _recolour(self, _scheme: str) -> None:
        if self.facts is not None:
            self._draw()
            self.guide.servers.draw()
            self.guide.place()

    def _draw(self) -> None:
        self._place_wizard_button(nothing=self.facts.credential is None and self.facts.server is None)
        self.guide.show_phases(self.phases, self._next_step, self._step_action)
        self.states.show_content()
        self._count()

    def _place_wizard_button(self, *, nothing: bool) -> None:
        """Offer the short way above the guide while nothing is set up, and beside the title afterwards."""
        if nothing:
            self._intro_layout.addWidget(self.wizard_button)
        else:
            self.head.add_title_button(self.wizard_button)
        self.wizard_button.show()
        self.intro_panel.setVisible(nothing)

    def _count(self) -> None:
        done = sum(phase.done for phase in self.phases)
        total = sum(len(phase.steps) for phase in self.phases)
        if total:
            words = (
                tr("{done} of {total} steps done", done=done, total=total)
                if self.width() >= LONG_COUNT_MIN_WIDTH
                else tr("{done} of {total}", done=done, total=total)
            )
            self.head.set_badges([Badge(words, "off")])

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Say the count in as many words as there is room for."""
        super().resizeEvent(event)
        if event is not None and (event.size().width() >= LONG_COUNT_MIN_WIDTH) != (
            event.oldSize().width() >= LONG_COUNT_MIN_WIDTH
        ):
            self._count()

    def _step_action(self, step: Any) -> StepAction | None:
        act = self._act(step)
        if act is None:
            return None
        word = tr("Open") if step.object_id is not None else tr("Create")
        if step.number == REHEARSAL_STEP:
            word = tr("Rehearse")
        elif step.number in PROVISIONING_STEPS and step.object_id is not None:
            word = tr("Review plan")
        return StepAction(word, act)

    def _act(self, step: Any) -> Callable[[], None] | None:
        if step.kind is None:
            return None
        if step.number == REHEARSAL_STEP and self.facts.process is not None:
            raised = Target(Kind.APPROVAL_PROCESS.value, self.facts.process.id, run="rehearse")
            return lambda: self.ctx.navigate(raised)
        if step.object_id is not None:
            target = Target(str(step.kind), step.object_id)
            if step.number in PROVISIONING_STEPS:
                target = Target(PROVISIONING, tab=str(step.object_id))
            return lambda: self.ctx.navigate(target)
        return lambda: self._create(Kind(step.kind))

    def _create(self, kind: Kind) -> None:
        values: dict[str, Any] = {}
        facts = self.facts
        if kind is Kind.FOREIGN_SYSTEM and facts.credential is not None:
            values["credential_id"] = facts.credential.id
        elif kind is Kind.APPROVAL_PROCESS and facts.server is not None:
            values["server_id"] = facts.server.id
        elif kind is Kind.APPROVAL_TYPE and facts.process is not None:
            values["process_id"] = facts.process.id
        self.tasks.start(acts.new_object(self.ctx, kind, **values), group=f"new {KINDS[kind].singular}")

    # -- acts --------------------------------------------------------------------------------------------------

    def set_up(self) -> None:
        """Open the wizard that does the whole of it."""
        from console.setup.wizard import open_wizard

        open_wizard(self.ctx, self.window())

    def page_actions(self) -> dict[str, Callable[[], None]]:
        """Return what can be done here."""
        return {"refresh": self.check_all}
