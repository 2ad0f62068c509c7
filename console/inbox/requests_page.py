"""The Requests page: filters and search above, the list, and below it everything about the selected request."""

import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar

from PyQt6.QtCore import QPoint, Qt, QTimer, QUrl
from PyQt6.QtGui import QDesktopServices, QHideEvent, QShowEvent
from PyQt6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from console.forms.notice import Notice
from console.inbox import cell_content, empty_states
from console.inbox.action_availability import ACTION_NAMES
from console.inbox.cell_content import RowOutcome
from console.inbox.decision_dialog import ActionController
from console.inbox.details_loader import DetailsLoader
from console.inbox.details_pane import DetailsPane, copy_text
from console.inbox.filter_chips import Chips
from console.inbox.filter_counts import filter_catalog
from console.inbox.row_menu import row_menu
from console.inbox.search_bar import SearchBar, time_range_key
from console.inbox.selection import SelectionController
from console.inbox.status_line import ListFooter, is_stale, staleness_text
from console.inbox.table_model import InboxModel
from console.inbox.table_refresh import RequestListController
from console.inbox.table_view import InboxTable
from console.navigation.page import Page
from console.navigation.request_places import (
    ALL,
    BUILT_IN_FILTERS,
    FILTER_TAB_PREFIX,
    MISMATCH,
    PENDING,
    filter_target,
)
from console.runtime.targets import Target
from console.runtime.task_runner import TaskRunner
from console.widgets import buttons, plain_text
from console.widgets.badge import Badge
from console.widgets.page_header import PageHeader
from console.widgets.placeholders import ErrorState, StateStack
from console.widgets.popup_list import PickRow
from models.kinds import Kind
from services.common.errors import Problem
from services.common.fault_ids import FaultId
from services.common.process_environment import hide_driver_secrets
from services.language import plural, time_of_day, tr

TICK_MS, RELOAD_INTERVAL_MS, PREPARE_DELAY_MS = 1000, 30_000, 100
"""PREPARE: the details are made so long after the list was painted, so that opening them is one short step."""
MISSING_FAULT = FaultId.OBJECT_MISSING
"""The fault of what was deleted."""
SPLITTER_SETTING = "requests_splitter"
WIDTHS_SETTING = "requests_widths"
DEFAULT_HEIGHTS = (440, 300)


class RequestsPage(Page):
    """Shows the requests of the store, follows their changes, and acts on those that are selected."""

    kind, icon = "requests", "tray"
    offered: ClassVar[tuple[str, ...]] = ("find", "export", "save_filter", "copy_answer", *ACTION_NAMES)

    def __init__(self, ctx: Any, target: Target, parent: QWidget | None = None) -> None:
        super().__init__(ctx, target, parent)
        self.set_title(tr("Requests"))
        self.workers = TaskRunner(self, self._on_read_failed)
        self.filters = filter_catalog(ctx, self)
        self.key = PENDING
        self._search_filter_key = PENDING
        """The filter whose own search stands in the bar."""
        self.processes: list[Any] = []
        self._sorts: dict[str, Any] = {}
        """How a person sorted a filter, by its key."""
        self._old = False
        """Whether something changed while the page was hidden."""
        self.model = InboxModel(self)
        self.table = InboxTable(self.model)
        self.existing_pane: DetailsPane | None = None
        """The details, once they were made."""
        self.looking = RequestListController(ctx, self.table, self.filters)
        show = lambda *told, **more: self.pane.show_details(*told, **more)  # noqa: E731, PLW0108 - no pane is made yet
        self.showing = DetailsLoader(ctx, self, show)
        self.selected = SelectionController(self)
        self.acting = ActionController(self, self._on_action_finished)
        self._build()
        self._connect()
        self._tick = QTimer(self)
        self._tick.setInterval(TICK_MS)
        self._tick.timeout.connect(self._ticked)
        self._often = QTimer(self)
        self._often.setInterval(RELOAD_INTERVAL_MS)
        self._often.timeout.connect(self.looking.renew)
        self._followed: Any = None
        """How the following of the instances stood when the list was read."""

    # -- building ----------------------------------------------------------------------------------------------

    def _build(self) -> None:
        self.rehearse_button = buttons.secondary("Rehearse a request")
        self.rehearse_button.set_short(tr("Rehearse"))
        self.export_button = buttons.quiet("Export…", icon="download")
        self.refresh_button = buttons.quiet("Refresh", icon="refresh")
        beside = [self.rehearse_button, self.export_button, self.refresh_button]
        self.head = PageHeader([], self.title, beside=beside, ruled=False)
        self.head.set_primary_reason("")
        self.chips = Chips(BUILT_IN_FILTERS)
        self.bar = SearchBar()
        self.notice = Notice()
        self.states = StateStack(self.table)
        self.foot = ListFooter()
        upper = QWidget()
        column = QVBoxLayout(upper)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self.states, 1)
        column.addWidget(self.foot)
        upper.setMinimumHeight(150)
        self.splitter = QSplitter(Qt.Orientation.Vertical)
        self.splitter.setHandleWidth(1)
        self.splitter.setChildrenCollapsible(False)
        self.splitter.addWidget(upper)
        self.splitter.setStretchFactor(0, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.head)
        layout.addWidget(self.chips)
        layout.addSpacing(8)
        layout.addWidget(self.bar)
        layout.addSpacing(10)
        layout.addWidget(self.notice)
        self.notice.setContentsMargins(0, 0, 0, 10)
        layout.addWidget(self.splitter, 1)
        self.chips.choose(self.key)

    @property
    def pane(self) -> DetailsPane:
        """The details below the list; made after the list was painted, which is wanted sooner, or when they are opened."""
        return self.existing_pane or self._make_pane()

    def _make_pane(self) -> DetailsPane:
        if self.existing_pane is not None:
            return self.existing_pane
        self.existing_pane = pane = DetailsPane()
        pane.hide()
        pane.asked.connect(self.run)
        pane.closed.connect(self.selected.close)
        pane.find_requested.connect(self._find_in_all)
        self.splitter.addWidget(pane)
        self.splitter.setSizes(list(DEFAULT_HEIGHTS))
        remembered = self.ctx.settings
        sizes = remembered.bytes(SPLITTER_SETTING) if remembered is not None else None
        if sizes is not None:
            self.splitter.restoreState(sizes)
            pane.hide()
        pane.set_reasons(self.selected.reasons())
        return pane

    @property
    def visible_pane(self) -> DetailsPane | None:
        """The details, where they are open."""
        pane = self.existing_pane
        return pane if pane is not None and pane.isVisibleTo(self) else None

    def _connect(self) -> None:
        for button, command in (
            (self.rehearse_button, "rehearse"),
            (self.export_button, "export"),
            (self.refresh_button, "refresh"),
        ):
            button.clicked.connect(lambda *_checked, command=command: self.run(command))
        self.chips.chosen.connect(self.show_filter)
        self.chips.save_requested.connect(lambda: self.run("save_filter"))
        self.bar.changed.connect(self._on_search_changed)
        self.bar.field.left.connect(self._focus_table)
        self.splitter.splitterMoved.connect(lambda *_: self._remember())
        table = self.table
        table.picked.connect(self.selected.picked)
        table.opened.connect(self.selected.focus_details)
        table.left.connect(self.selected.close)
        table.copy_requested.connect(lambda: self.run("copy_answer"))
        table.menu_requested.connect(self._menu)
        table.sort_requested.connect(self.sort_by)
        table.looked.connect(self._looked)
        remembered = self.ctx.settings
        if remembered is not None:
            table.set_widths(remembered.text(WIDTHS_SETTING))
        table.widths_changed.connect(self._remember_widths)
        self.looking.shown.connect(self._shown)
        self.looking.resolved.connect(self.selected.follow)
        self.looking.failed.connect(self._on_read_failed)
        self.showing.changed.connect(self.selected.state)
        self.showing.failed.connect(self._on_details_failed)
        self.filters.changed.connect(self._filters_changed)
        self.filters.renamed.connect(self.looking.renew)

    def _remember_widths(self) -> None:
        remembered = self.ctx.settings
        if remembered is not None:
            remembered.set_text(WIDTHS_SETTING, self.table.widths())

    def reset_layout(self) -> None:
        """Let the columns follow the texts again."""
        self.table.set_widths("")

    def _remember(self) -> None:
        remembered = self.ctx.settings
        if remembered is not None:
            remembered.set_bytes(SPLITTER_SETTING, self.splitter.saveState())

    # -- the page protocol -------------------------------------------------------------------------------------

    @property
    def working(self) -> bool:
        """Whether an act goes on."""
        return self.acting.running > 0

    def load(self) -> None:
        """Read the requests, and again whenever one changes."""
        self.ctx.changes.connect(self._changed)
        self.states.show_loading()
        self.arrive(self.target)
        if self.filters.named and self.looking.query is None:
            self._look()
        self.workers.start(self._begin(), group="begin")

    async def _begin(self) -> None:
        await self.filters.ready()
        if self.looking.query is None:
            self._look()
        self.filters.refresh()
        await self._read_choices()

    def open_tab(self, name: str) -> None:
        """Show a filter, or one request: tabs of this page are `filter:KEY` and the ids of requests."""
        if name.startswith(FILTER_TAB_PREFIX):
            self.show_filter(name.removeprefix(FILTER_TAB_PREFIX))
        else:
            self.open_request(uuid.UUID(name))

    def actions(self) -> dict[str, Callable[[], None]]:
        """Return what can be done now, by command id."""
        found: dict[str, Callable[[], None]] = {
            "refresh": self.refresh,
            "find": self.find,
            "export": self.export,
            "save_filter": self.save_filter,
        }
        if self.processes:
            found["rehearse"] = self.rehearse
        if self.selected.shows_one and self.pane.answer:
            found["copy_answer"] = self.copy_answer
        if self.selected.shows_one and self.pane.link:
            found["open_in_servicenow"] = self.open_in_servicenow
        against = self.selected.reasons()
        found |= {name: lambda name=name: self.act(name) for name in ACTION_NAMES if not against[name]}
        return found

    def _changed(self, changes: list[Any]) -> None:
        kinds = {change.kind for change in changes}
        if kinds & {Kind.APPROVAL_PROCESS.value, Kind.FOREIGN_SYSTEM.value, Kind.USER_CREDENTIAL.value}:
            self.showing.rights.forget()
            self.workers.start(self._read_choices(), group="choices")
        if "approval_request" in kinds:
            if self.isVisible():
                self.looking.schedule_reload()
            else:
                self._old = True

    def showEvent(self, event: QShowEvent | None) -> None:
        """Go on where the page was left."""
        super().showEvent(event)
        self._tick.start()
        self._often.start()
        if self._old:
            self._old = False
            self.looking.renew()

    def hideEvent(self, event: QHideEvent | None) -> None:
        """Let the clock stand while nobody looks."""
        super().hideEvent(event)
        self._tick.stop()
        self._often.stop()

    def _ticked(self) -> None:
        self.model.tick(*self.table.in_sight())
        self.table.widen_if_needed()
        self._follow()

    def _follow(self) -> None:
        """Show that the instances are being polled, and look again when that has ended or stands otherwise."""
        following = self.ctx.polling
        polling = bool(following is not None and following.polling)
        self.refresh_button.setEnabled(not polling)
        if polling:
            self.foot.show_polling()
        else:
            self.foot.show_stale_reason(self.stale_reason(), cell_content.utcnow())
        stands = (following.seen_at, following.why_not, polling) if following is not None else None
        if stands != self._followed:
            self._followed = stands
            if not polling:
                self.looking.schedule_reload()

    async def _read_choices(self) -> None:
        inbox = await self.looking.inbox()
        workspace = await self.ctx.ready()
        policies = await self.ctx.call(inbox.policies)
        self.bar.policy.set_rows([PickRow(name, name) for name in policies])
        self.processes = sorted(
            await self.ctx.call(workspace.configuration.all, Kind.APPROVAL_PROCESS),
            key=lambda process: process.name.casefold(),
        )
        self.bar.process.set_rows([PickRow(str(p.id), p.name) for p in self.processes])
        self.rehearse_button.setEnabled(bool(self.processes))
        why_not = "" if self.processes else tr("There is no Approval Process yet")
        # In a narrow window the button shows its icon alone.
        plain_text.set_tooltip(self.rehearse_button, why_not or self.rehearse_button.text())
        self.commands_changed.emit()
        if self.looking.look is not None and not self.looking.look.count:
            self._shown(self.looking.look)

    # -- filters -----------------------------------------------------------------------------------------------

    def show_filter(self, key: str) -> None:
        """Show a filter by its key; what was searched for in another one is cleared."""
        if self.filters.named and key not in self.filters.named:
            key = ALL
        self.selected.goal = None
        if key != self.key:
            self._apply_filter_to_search(key)
        self.key = key
        self.chips.choose(key, self.filters.name_of(key))
        self.placed.emit(filter_target(key))
        if self.filters.named:
            self._look()

    def _filters_changed(self) -> None:
        self.chips.set_counts({key: self.filters.count_text(key) for key in self.filters.named})
        if self.key not in self.filters.named:
            self.show_filter(PENDING)  # somebody deleted it
        elif name := self.filters.name_of(self.key):
            self.chips.choose(self.key, name)
        badges: list[QWidget] = []
        if self.filters.number(PENDING):
            text = tr("{count} pending", count=self.filters.count_text(PENDING))
            badges.append(Badge(text, "off", "pending"))
        if wrong := self.filters.number(MISMATCH):
            counted = self.filters.count_text(MISMATCH)
            text = plural(wrong, "{counted} mismatch", "{counted} mismatches", counted=counted)
            badges.append(Badge(text, "notice", "notice"))
        self.head.set_badges(badges)

    def _apply_filter_to_search(self, key: str) -> None:
        """Let the search show what a filter itself searches for and chooses: nothing for those that stand ready."""
        self.bar.clear()
        named = self.filters.named.get(key)
        if named is not None:
            self._search_filter_key = key
            base = named.filter
            self.bar.field.show_text(base.text)
            self.bar.policy.choose(base.policy)
            self.bar.process.choose(str(base.process_id or ""))
            self.bar.time.choose(time_range_key(base.raised_within_s))

    def filter(self) -> Any:
        """Return the filter that is shown: with what is searched for and chosen above in place of its own."""
        base = self.filters.named[self.key].filter
        bar, time = self.bar, self.bar.time.key
        own_time = None if time_range_key(base.raised_within_s) else base.raised_within_s
        return replace(
            base,
            text=bar.field.text().strip(),
            policy=bar.policy.key,
            process_id=uuid.UUID(bar.process.key) if bar.process.key else None,
            raised_within_s=int(time) if time else own_time,
        )

    def sort(self) -> Any:
        """Return the order that is shown."""
        return self._sorts.get(self.key, self.filters.named[self.key].sort)

    def sort_by(self, column: int) -> None:
        """Sort by a column; the other way round where it is sorted by that already."""
        name = cell_content.SORTABLE.get(column)
        if name is None or not self.filters.named:
            return
        now = self.sort()
        falling = not now.descending if now.column == name else column in cell_content.DESCENDING_FIRST
        self._sorts[self.key] = type(now)(name, falling)
        self._look()

    def _on_search_changed(self) -> None:
        if self.filters.named:
            self.selected.goal = None
            self._look()

    def _look(self) -> None:
        """Show what is chosen now."""
        if self._search_filter_key != self.key:
            self._apply_filter_to_search(self.key)  # it was not known yet what the filter searches for
        self.states.show_loading()
        self.looking.show(self.filter(), self.sort(), self.selected.goal)

    def refresh(self) -> None:
        """Ask ServiceNow now, where it may be asked, and read the store again."""
        following = self.ctx.polling
        if following is not None:
            following.poll_now()
            self._follow()
        self.notice.clear()
        self.filters.refresh()
        if self.filters.named and not self.looking.is_current:
            self._look()
        elif self.looking.query is None:
            self.workers.start(self._begin(), group="begin")
        else:
            self.looking.renew()
        self.showing.refetch()

    def find(self) -> None:
        """Put the keyboard into the search."""
        self.bar.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.bar.field.selectAll()

    def _focus_table(self) -> None:
        self.table.setFocus(Qt.FocusReason.OtherFocusReason)
        if not self.table.selected_count() and self.model.rowCount():
            self.table.selectRow(0)

    # -- what was read -----------------------------------------------------------------------------------------

    def _shown(self, look: Any) -> None:
        sort = look.query.sort
        column = next(place for place, name in cell_content.SORTABLE.items() if name == sort.column)
        if self.model.sorted_by != (column, sort.descending):
            # Told with its rows: Qt draws the whole table again for it.
            self.model.set_sorted(column, falling=sort.descending)
        now, why = cell_content.utcnow(), self.stale_reason()
        self.foot.show_snapshot(look, now, why=why)
        old = is_stale(look, now)
        self.model.set_stale_reason(staleness_text(look, now, why) if old else "", look.unsure or None)
        self._looked()
        if look.count:
            self.table.widen_if_needed()
            self.states.show_content()
        else:
            self.states.show_placeholder(empty_states.empty_state_for(self, look))
        if not self.selected.looked(look):
            return
        if self.key != ALL or self.bar.is_active:
            self.bar.clear()
            self.key = self._search_filter_key = ALL
            self.chips.choose(ALL)
            self.placed.emit(filter_target(ALL))
            self._look()
        else:
            self._gone()

    def _gone(self) -> None:
        self.selected.goal = None
        self.selected.hide()
        self.selected.state()
        self.notice.tell(tr("The request is not in the store any more."))

    def _on_details_failed(self, problem: Problem) -> None:
        """Say that a request is gone, or what kept it from being read."""
        if problem.fault == MISSING_FAULT:
            self._gone()
        elif self.visible_pane is not None and not self.showing.details:
            shown = next((row for row in self.looking.rows if row.id == self.showing.id), None)
            number = shown.number if shown is not None else ""
            self.pane.show_failure(number, problem, self.showing.refetch)
        else:
            self._on_read_failed(problem)

    def stale_reason(self) -> str:
        """Return what keeps the instances from being polled, as far as this window knows."""
        following = self.ctx.polling
        return following.why_not if following is not None else ""

    def _looked(self) -> None:
        self.foot.show_visible_range(*self.table.in_sight(), self.model.rowCount())

    def clear_search(self) -> None:
        """Search for nothing any more."""
        self.bar.clear()
        self._on_search_changed()

    def search_everywhere(self) -> None:
        """Search for the same among all requests."""
        text = self.bar.field.text()
        self.show_filter(ALL)
        self.bar.field.show_text(text)
        self._on_search_changed()

    def _on_read_failed(self, problem: Problem) -> None:
        look = self.looking.look
        at = look.query.at if look is not None else None
        self.foot.show_read_failed(at)
        if not self.looking.is_current:
            # What is in the table belongs to another filter, and so do the details.
            self.looking.drop()
            self.selected.hide()
            self.selected.state()
            self.states.show_placeholder(ErrorState(problem, self.refresh))
        elif self.model.rowCount():
            # What was read before is still worth seeing; the line above it says that it is old.
            self.notice.show_problem(problem, retry=self.refresh)
            self.model.set_stale_reason(
                tr("Read at {time}, and not again.", time=time_of_day(at, seconds=True)) if at else "", None
            )
        else:
            self.states.show_placeholder(ErrorState(problem, self.refresh))

    # -- one request -------------------------------------------------------------------------------------------

    def open_request(self, request_id: uuid.UUID) -> None:
        """Show a request with its details, in the list that is shown or else among all."""
        self.selected.open(request_id)
        if self.filters.named:
            self._look()
        elif not self.workers.busy:
            self.workers.start(self._open_when_ready(), group="begin")

    async def _open_when_ready(self) -> None:
        await self.filters.ready()
        self._look()
        self.filters.refresh()
        await self._read_choices()

    def _find_in_all(self) -> None:
        """Look for the shown request, which left the list, among all of them."""
        if self.showing.id is not None:
            self.open_request(self.showing.id)

    # -- acting ------------------------------------------------------------------------------------------------

    def act(self, name: str) -> None:
        """Open the dialog of an act for what is selected."""
        rows = self.selected.rows()
        if rows:
            self.acting.open(name, rows)

    def _on_action_finished(self, outcomes: dict[uuid.UUID, RowOutcome]) -> None:
        self.model.set_outcomes(outcomes)
        self.table.widen_if_needed()
        self.looking.renew()
        self.selected.state()

    def copy_answer(self) -> None:
        """Put what to tell the caller on the clipboard."""
        copy_text(self.pane.answer)
        self.ctx.notify(tr("Copied the answer for the caller"))

    def open_in_servicenow(self) -> None:
        """Open the record in the browser."""
        with hide_driver_secrets():
            QDesktopServices.openUrl(QUrl(self.pane.link))

    def rehearse(self) -> None:
        """Rehearse a request through a process; it is asked for where there are several."""
        from console.rehearsal.rehearsal_from_inbox import start_rehearsal

        start_rehearsal(self)

    def save_filter(self) -> None:
        """Keep what is shown as a filter with a name of its own."""
        from console.inbox.save_filter_dialog import save_current_filter

        self.workers.start(save_current_filter(self), group="save")

    def export(self) -> None:
        """Write what is shown to a file."""
        from console.inbox.csv_export import open_export_dialog

        open_export_dialog(self)

    def _menu(self, where: QPoint) -> None:
        row_menu(self).popup(where)
