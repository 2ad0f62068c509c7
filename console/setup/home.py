"""Home: the set-up guide as a checklist computed from store and instance, with a button for the next step."""

import asyncio
import uuid
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PyQt6 import sip
from PyQt6.QtCore import QEvent, Qt, pyqtSignal
from PyQt6.QtGui import QResizeEvent, QShowEvent
from PyQt6.QtWidgets import (
    QApplication,
    QComboBox,
    QFrame,
    QHBoxLayout,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from console.expiries.expiry_watch import expiry_watch
from console.forms import object_actions as acts
from console.navigation.page import Page
from console.runtime.page_targets import Target
from console.runtime.task_runner import TaskRunner
from console.setup.home_facts import HomeFactsReader, server_id_of
from console.setup.home_guide import GuideView
from console.setup.home_servers import MAX_CARDS
from console.setup.home_steps import caption_texts, count_text, step_offer
from console.setup.step_dialog import ExternalTaskDialog
from console.setup.step_row import StepAction
from console.widgets import buttons, plain_text
from console.widgets.badge import Badge
from console.widgets.labels import Label
from console.widgets.line_editors import ElidingComboBox
from console.widgets.page_header import PageHeader
from console.widgets.placeholders import ErrorState, StateStack
from models.kinds import KINDS, Kind
from services.common.errors import Problem
from services.language import tr

if TYPE_CHECKING:
    from console.objects.service_lookup import ServiceListSnapshot
    from console.runtime.context import Context
    from services.setup.checklist import SetupFacts
    from services.setup.guide_step import GuidePhase, GuideStep
    from services.setup.setup_objects import GuideManager
    from services.statistics.server_statistics import ServerStatistics
    from services.store import Change

LONG_COUNT_MIN_WIDTH = 680
"""The minimum width at which the count of steps is written out."""
CACHE_INVALIDATING_KINDS = frozenset({Kind.FOREIGN_SYSTEM.value, Kind.USER_CREDENTIAL.value, "task_run"})
"""Changes of these can change what an instance answers."""


class ServerSelector(QWidget):
    """Selects the server whose steps are shown; hidden with fewer than two servers."""

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

    def show_servers(self, servers: "Sequence[ServerStatistics]", current: uuid.UUID | None) -> None:
        """Offer servers by name, and select the one whose steps are shown."""
        offered = [(plain_text.one_line(server.name), server.id) for server in servers]
        if offered != [(self.box.itemText(i), self.box.itemData(i)) for i in range(self.box.count())]:
            self.box.clear()
            for name, server_id in offered:
                self.box.addItem(name, server_id)
        self.box.setCurrentIndex(next((i for i, (_, key) in enumerate(offered) if key == current), -1))
        self.setVisible(len(offered) > 1)


class HomePage(Page):
    """Shows the 25 steps of the guide in phases. The next step has the primary button."""

    kind, icon = "home", "home"

    def __init__(self, ctx: "Context", target: Target, parent: QWidget | None = None) -> None:
        super().__init__(ctx, target, parent)
        self.set_title(tr("Set up ServiceNow approvals"))
        self.tasks = TaskRunner(self, self._on_problem)
        self.facts: SetupFacts | None = None
        self.phases: tuple[GuidePhase, ...] = ()
        self._stale = False
        self._reader = HomeFactsReader(ctx)
        self._expiries = expiry_watch(ctx)
        self._known: dict[uuid.UUID, ServiceListSnapshot] = {}
        """What the instances of the servers answered last."""
        self._build()

    def _build(self) -> None:
        self.wizard_button = buttons.secondary("Set up everything…", icon="play")
        self.wizard_button.set_short(tr("Set up…"))
        self.wizard_button.clicked.connect(self.set_up)
        again = buttons.quiet("Check all steps", icon="refresh")
        again.set_short(tr("Check"))
        again.clicked.connect(self.check_all)
        self.head = PageHeader([], self.title, beside=[self.wizard_button, again])
        self.head.set_primary_reason("")
        self.head.set_caption(
            tr("Every step of the guide with its true state"), tr("Every step with its true state")
        )
        self.server_box = ServerSelector()
        self.server_box.chosen.connect(self._reader.choose_server)
        self.server_box.chosen.connect(self.refresh)
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
        """Return the panel above the guide while nothing is set up; it offers the wizard."""
        panel = QFrame()
        panel.setProperty("role", "panel")
        row = self._intro_layout = QHBoxLayout(panel)
        row.setContentsMargins(16, 8, 12, 8)
        row.setSpacing(16)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(Label(tr("Nothing is set up yet"), role="section"))
        description = Label(
            tr("One form asks for address, account and password, and makes everything of steps 5 to 15.")
        )
        description.setProperty("role", "muted")
        description.setWordWrap(True)
        words.addWidget(description)
        row.addLayout(words, 1)
        panel.hide()
        return panel

    # -- reading -----------------------------------------------------------------------------------------------

    @property
    def settled(self) -> bool:
        """Whether everything is read and shown, and nothing is being read."""
        return self.facts is not None and not self._stale and not self.tasks.busy

    def load(self) -> None:
        """Read the facts, and read them again after each change."""
        self.ctx.changes.connect(self._changed)
        self._expiries.changed.connect(self._show_expiries)
        self._expiries.start()
        self._show_expiries()
        self._reader.begin()
        self.refresh()

    def _changed(self, changes: "list[Change]") -> None:
        # A bound method, which Qt disconnects with the page; a lambda would outlive it.
        if any(c.kind in CACHE_INVALIDATING_KINDS for c in changes):
            self._reader.forget()
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
        """Read the store again, and ask the instances again."""
        self._reader.forget()
        self.refresh()

    def refresh(self) -> None:
        """Read the store again, and ask the instances what they were not asked yet."""
        self._stale = False
        self.tasks.start(self._read(), group="read")

    async def _read(self) -> None:
        if self.facts is None and (outline := await self._reader.read_outline()) is not None:
            await self._show_stored(outline.servers, outline.facts, outline.managers)
        servers, facts = await self._reader.read_store(self.facts)
        await self._show_stored(servers, facts, await self._reader.read_privilege_managers())
        await asyncio.gather(self._read_instance(facts), self._read_servers(servers))

    async def _show_stored(
        self,
        servers: "list[ServerStatistics]",
        facts: "SetupFacts",
        managers: "list[GuideManager]",
    ) -> None:
        """Show what was read from the store: steps and servers in two turns of the event loop, painted together."""
        self.states.setUpdatesEnabled(False)
        try:
            self.server_box.show_servers(servers, server_id_of(facts))
            self._show(facts)
            await asyncio.sleep(0)
            self.guide.show_servers(servers, self._known)
            self.guide.show_privilege_managers(managers)
            # Laid out at once: otherwise the page is painted with squeezed cards first, and a second time afterwards.
            QApplication.sendPostedEvents(None, QEvent.Type.LayoutRequest.value)
        finally:
            if not sip.isdeleted(self.states):  # the page was closed meanwhile
                self.states.setUpdatesEnabled(True)

    async def _read_instance(self, facts: "SetupFacts") -> None:
        found = await self._reader.read_instance(facts)
        if found is not None:
            self._show(found)

    async def _read_servers(self, servers: "list[ServerStatistics]") -> None:
        self._known = await self._reader.read_servers(servers[:MAX_CARDS])
        self.guide.show_servers(servers, self._known)

    def _on_problem(self, problem: Problem) -> None:
        if self.facts is None:
            self.states.show_placeholder(ErrorState(problem, self.refresh))
        else:
            self.ctx.show_problem(problem)

    # -- what it shows -----------------------------------------------------------------------------------------

    def _show(self, facts: "SetupFacts") -> None:
        from services.setup.checklist import build_checklist

        if facts != self.facts:
            self.facts = facts
            self.phases = build_checklist(facts)
            self._draw(facts)
        self.head.set_caption(*caption_texts(facts))

    def _show_expiries(self) -> None:
        self.guide.show_expiries(self._expiries.entries)

    def _draw(self, facts: "SetupFacts") -> None:
        from services.setup.checklist import next_step

        self._place_wizard_button(nothing=facts.credential is None and facts.server is None)
        self.guide.show_phases(self.phases, next_step(self.phases), self._step_action)
        self.states.show_content()
        self._show_count()

    def _place_wizard_button(self, *, nothing: bool) -> None:
        """Offer the wizard above the guide while nothing is set up, and beside the title afterwards."""
        if nothing:
            self._intro_layout.addWidget(self.wizard_button)
        else:
            self.head.add_title_button(self.wizard_button)
        self.wizard_button.show()
        self.intro_panel.setVisible(nothing)

    def _show_count(self) -> None:
        text = count_text(self.phases, short=self.width() < LONG_COUNT_MIN_WIDTH)
        if text:
            self.head.set_badges([Badge(text, "off")])

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Write the count of steps out where there is room."""
        super().resizeEvent(event)
        if event is not None and (event.size().width() >= LONG_COUNT_MIN_WIDTH) != (
            event.oldSize().width() >= LONG_COUNT_MIN_WIDTH
        ):
            self._show_count()

    def _step_action(self, step: "GuideStep") -> StepAction | None:
        offer = step_offer(step, self.facts) if self.facts is not None else None
        return None if offer is None else StepAction(offer.word, lambda: self._follow_step(step))

    def _follow_step(self, step: "GuideStep") -> None:
        """Do what a step offers with the facts of now: its row may have been built with earlier ones."""
        offer = step_offer(step, self.facts) if self.facts is not None else None
        if offer is None:
            return
        if offer.target is not None:
            self.ctx.navigate(offer.target)
        elif offer.external is not None and offer.external.external is not None:
            dialog = ExternalTaskDialog(offer.external, offer.external.external, self.window() or self)
            dialog.finished.connect(dialog.deleteLater)
            dialog.open()
        elif offer.new_kind is not None:
            creating = acts.new_object(self.ctx, offer.new_kind, **offer.values)
            self.tasks.start(creating, group=f"new {KINDS[offer.new_kind].singular}")

    # -- actions -----------------------------------------------------------------------------------------------

    def set_up(self) -> None:
        """Open the set-up wizard."""
        from console.setup.wizard import open_wizard

        open_wizard(self.ctx, self.window())

    def page_actions(self) -> dict[str, Callable[[], None]]:
        """Return the commands of the page."""
        return {"refresh": self.check_all}
