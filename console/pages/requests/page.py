"""The Requests page: filters and search above, the list, and below it everything about the selected request."""

import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar

from PyQt6.QtCore import QPoint, Qt, QTimer, QUrl
from PyQt6.QtGui import QDesktopServices, QHideEvent, QShowEvent
from PyQt6.QtWidgets import QSplitter, QVBoxLayout, QWidget

from console import plain
from console.inbox.filters import filters_of
from console.inbox.places import ALL, FILTER, MISMATCH, PENDING, READY, target_of
from console.pages.base import Page
from console.pages.notice import Notice
from console.pages.registry import Target
from console.pages.requests import cells, empty
from console.pages.requests.acting import Acting
from console.pages.requests.as_row import AsRow
from console.pages.requests.bar import SearchBar
from console.pages.requests.cells import Outcome
from console.pages.requests.chips import Chips
from console.pages.requests.foot import Foot
from console.pages.requests.looking import Looking
from console.pages.requests.menu import row_menu
from console.pages.requests.model import InboxModel
from console.pages.requests.pane import DetailsPane, copy_text
from console.pages.requests.rights import ACTS, MOST, reasons
from console.pages.requests.showing import Showing
from console.pages.requests.table import InboxTable
from console.widgets import buttons
from console.widgets.badge import Badge
from console.widgets.page_head import PageHead
from console.widgets.popup_list import PickRow
from console.widgets.states import ErrorState, StateStack
from console.workers import Workers
from models.kinds import Kind
from services.errors import ConsoleError

TICK_MS, RENEW_MS, PREPARE_MS = 1000, 30_000, 100
"""PREPARE: the details are made so long after the list was painted, so that opening them is one short step."""
GONE = "object-missing"
"""The fault of what was deleted."""
SPLITTER = "requests_splitter"
HEIGHTS = (440, 300)


class RequestsPage(Page):
    """Shows the requests of the store, follows their changes, and acts on those that are selected."""

    kind, icon = "requests", "tray"
    offered: ClassVar[tuple[str, ...]] = ("find", "export", "save_filter", "copy_answer", *ACTS)

    def __init__(self, ctx: Any, target: Target, parent: QWidget | None = None) -> None:
        super().__init__(ctx, target, parent)
        self.set_title("Requests")
        self.workers = Workers(self)
        self.workers.failed.connect(self._read_failed)
        self.filters = filters_of(ctx, self)
        self.key = PENDING
        self.processes: list[Any] = []
        self._sorts: dict[str, Any] = {}
        """How a person sorted a filter, by its key."""
        self._goal: uuid.UUID | None = None
        self._old = False
        """Whether something changed while the page was hidden."""
        self._closed = False
        """Whether the details were closed by hand."""
        self.model = InboxModel(self)
        self.table = InboxTable(self.model)
        self._pane: DetailsPane | None = None
        self.looking = Looking(ctx, self.table, self.filters)
        show = lambda *told, **more: self.pane.show_details(*told, **more)  # noqa: E731, PLW0108 - no pane is made yet
        self.showing = Showing(ctx, self, show)
        self.acting = Acting(self, self._acted)
        self._build()
        self._connect()
        self._tick = QTimer(self)
        self._tick.setInterval(TICK_MS)
        self._tick.timeout.connect(self._ticked)
        self._often = QTimer(self)
        self._often.setInterval(RENEW_MS)
        self._often.timeout.connect(self.looking.renew)

    # -- building ----------------------------------------------------------------------------------------------

    def _build(self) -> None:
        self.rehearse_button = buttons.secondary("Rehearse a request")
        self.rehearse_button.set_short("Rehearse")
        self.export_button = buttons.quiet("Export…", icon="download")
        self.refresh_button = buttons.quiet("Refresh", icon="refresh")
        beside = [self.rehearse_button, self.export_button, self.refresh_button]
        self.head = PageHead([], self.title, beside=beside, ruled=False)
        self.head.set_primary_reason("")
        self.chips = Chips(READY)
        self.bar = SearchBar()
        self.notice = Notice()
        self.states = StateStack(self.table)
        self.foot = Foot()
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
        return self._pane or self._make_pane()

    def _make_pane(self) -> DetailsPane:
        if self._pane is not None:
            return self._pane
        self._pane = pane = DetailsPane()
        pane.hide()
        pane.asked.connect(self.run)
        pane.closed.connect(self.close_details)
        self.splitter.addWidget(pane)
        self.splitter.setSizes(list(HEIGHTS))
        remembered = getattr(self.ctx, "remembered", None)
        sizes = remembered.bytes(SPLITTER) if remembered is not None else None
        if sizes is not None:
            self.splitter.restoreState(sizes)
            pane.hide()
        pane.set_reasons(self._reasons())
        return pane

    @property
    def _open_pane(self) -> DetailsPane | None:
        """The details, where they are open."""
        return self._pane if self._pane is not None and self._pane.isVisibleTo(self) else None

    def _connect(self) -> None:
        for button, command in (
            (self.rehearse_button, "rehearse"),
            (self.export_button, "export"),
            (self.refresh_button, "refresh"),
        ):
            button.clicked.connect(lambda *_checked, command=command: self.run(command))
        self.chips.chosen.connect(self.show_filter)
        self.chips.save_asked.connect(lambda: self.run("save_filter"))
        self.bar.changed.connect(self._narrowed)
        self.bar.field.left.connect(self._to_rows)
        self.splitter.splitterMoved.connect(lambda *_: self._remember())
        table = self.table
        table.picked.connect(self._picked)
        table.opened.connect(self._open_details)
        table.left.connect(self.close_details)
        table.copy_asked.connect(lambda: self.run("copy_answer"))
        table.menu_asked.connect(self._menu)
        table.sort_asked.connect(self.sort_by)
        table.looked.connect(self._looked)
        self.looking.shown.connect(self._shown)
        self.looking.failed.connect(self._read_failed)
        self.showing.changed.connect(self._state_acts)
        self.showing.failed.connect(self._not_shown)
        self.filters.changed.connect(self._filters_changed)
        self.filters.renamed.connect(self.looking.renew)

    def _remember(self) -> None:
        remembered = getattr(self.ctx, "remembered", None)
        if remembered is not None:
            remembered.set_bytes(SPLITTER, self.splitter.saveState())

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
        if name.startswith(FILTER):
            self.show_filter(name.removeprefix(FILTER))
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
        pane = self._open_pane
        if pane is not None and pane.answer and self.table.chosen_count() <= 1:
            found["copy_answer"] = self.copy_answer
        if pane is not None and pane.link:
            found["open_in_servicenow"] = self.open_in_servicenow
        against = self._reasons()
        found |= {name: lambda name=name: self.act(name) for name in ACTS if not against[name]}
        return found

    def _changed(self, changes: list[Any]) -> None:
        kinds = {change.kind for change in changes}
        if kinds & {Kind.APPROVAL_PROCESS.value, Kind.FOREIGN_SYSTEM.value, Kind.USER_CREDENTIAL.value}:
            self.showing.rights.forget()
            self.workers.start(self._read_choices(), group="choices")
        if "approval_request" in kinds:
            if self.isVisible():
                self.looking.renew_soon()
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
        self.table.widen()
        self.foot.show_why(self._why_stale(), cells.utcnow())

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
        why_not = "" if self.processes else "There is no Approval Process yet"
        # In a narrow window the button shows its icon alone.
        plain.set_tip(self.rehearse_button, why_not or self.rehearse_button.text())
        self.commands_changed.emit()
        if self.looking.look is not None and not self.looking.look.count:
            self._shown(self.looking.look)

    # -- filters -----------------------------------------------------------------------------------------------

    def show_filter(self, key: str) -> None:
        """Show a filter by its key; what was searched for in another one is cleared."""
        if self.filters.named and key not in self.filters.named:
            key = ALL
        self._goal = None
        if key != self.key:
            self.bar.clear()
        self.key = key
        self.chips.choose(key, self.filters.name_of(key))
        self.placed.emit(target_of(key))
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
            badges.append(Badge(f"{self.filters.count_text(PENDING)} pending", "off", "pending"))
        wrong = self.filters.number(MISMATCH)
        if wrong:
            count = self.filters.count_text(MISMATCH)
            badges.append(Badge(f"{count} mismatch{'' if wrong == 1 else 'es'}", "notice", "notice"))
        self.head.set_badges(badges)

    def filter(self) -> Any:
        """Return the filter that is shown, narrowed by what is searched for and chosen."""
        base = self.filters.named[self.key].filter
        more: dict[str, Any] = {}
        text = self.bar.field.text().strip()
        if text:
            more["text"] = f"{base.text} {text}".strip()
        if self.bar.policy.key:
            more["policy"] = self.bar.policy.key
        if self.bar.process.key:
            more["process_id"] = uuid.UUID(self.bar.process.key)
        if self.bar.time.key:
            more["raised_within_s"] = int(self.bar.time.key)
        return replace(base, **more) if more else base

    def sort(self) -> Any:
        """Return the order that is shown."""
        return self._sorts.get(self.key, self.filters.named[self.key].sort)

    def sort_by(self, column: int) -> None:
        """Sort by a column; the other way round where it is sorted by that already."""
        name = cells.SORTABLE.get(column)
        if name is None or not self.filters.named:
            return
        now = self.sort()
        falling = not now.descending if now.column == name else column in cells.FALLING_FIRST
        self._sorts[self.key] = type(now)(name, falling)
        self._look()

    def _narrowed(self) -> None:
        if self.filters.named:
            self._goal = None
            self._look()

    def _look(self) -> None:
        """Show what is chosen now."""
        self.states.show_loading()
        self.looking.show(self.filter(), self.sort(), self._goal)

    def refresh(self) -> None:
        """Ask ServiceNow now, where it may be asked, and read the store again."""
        following = getattr(self.ctx, "following", None)
        if following is not None:
            following.round_now()
        self.notice.clear()
        self.filters.refresh()
        if self.looking.query is None and self.filters.named:
            self._look()
        elif self.looking.query is None:
            self.workers.start(self._begin(), group="begin")
        else:
            self.looking.renew()
        self.showing.ask_again()

    def find(self) -> None:
        """Put the keyboard into the search."""
        self.bar.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.bar.field.selectAll()

    def _to_rows(self) -> None:
        self.table.setFocus(Qt.FocusReason.OtherFocusReason)
        if not self.table.chosen_count() and self.model.rowCount():
            self.table.selectRow(0)

    # -- what was read -----------------------------------------------------------------------------------------

    def _shown(self, look: Any) -> None:
        sort = look.query.sort
        column = next(place for place, name in cells.SORTABLE.items() if name == sort.column)
        if self.model.sorted_by != (column, sort.descending):
            # Told with its rows: Qt draws the whole table again for it.
            self.model.set_sorted(column, falling=sort.descending)
        self.foot.show_look(look, cells.utcnow(), why=self._why_stale())
        self._looked()
        if look.count:
            self.table.widen()
            self.states.show_content()
        else:
            self.states.show_other(empty.in_place_of_rows(self, look))
        goal = self._goal
        if goal is not None:
            self._reached(goal, look)
        elif self._shows_none():
            self._hide_details()
        else:
            self.showing.renew()
            self._state_acts()
        self.commands_changed.emit()

    def _reached(self, goal: uuid.UUID, look: Any) -> None:
        if goal in look.places:
            self._goal = None
            self.table.setFocus(Qt.FocusReason.OtherFocusReason)
            self._state_acts()
        elif self.key != ALL or self.bar.narrows:
            self.bar.clear()
            self.key = ALL
            self.chips.choose(ALL)
            self.placed.emit(target_of(ALL))
            self._look()
        else:
            self._gone()

    def _gone(self) -> None:
        self._goal = None
        self._hide_details()
        self.notice.tell("The request is not in the store any more.")

    def _not_shown(self, error: BaseException) -> None:
        """Say that a request is gone, or what kept it from being read."""
        if isinstance(error, ConsoleError) and error.problem.fault == GONE:
            self._gone()
        elif isinstance(error, ConsoleError) and self._open_pane is not None and not self.showing.details:
            row = self.table.current_row()
            self.pane.show_failure(
                row.number if row is not None else "", error.problem, self.showing.ask_again
            )
        else:
            self._read_failed(error)

    def _shows_none(self) -> bool:
        """Whether no request is to be shown below: none was selected, or the one selected is gone."""
        return self.showing.id is None and not self.table.chosen_count()

    def _why_stale(self) -> str:
        following = getattr(self.ctx, "following", None)
        return following.why_not if following is not None else ""

    def _looked(self) -> None:
        self.foot.show_sight(*self.table.in_sight(), self.model.rowCount())

    def clear_search(self) -> None:
        """Search for nothing any more."""
        self.bar.clear()
        self._narrowed()

    def search_everywhere(self) -> None:
        """Search for the same among all requests."""
        text = self.bar.field.text()
        self.show_filter(ALL)
        self.bar.field.show_text(text)
        self._narrowed()

    def _read_failed(self, error: BaseException) -> None:
        if not isinstance(error, ConsoleError):
            raise error
        if self.model.rowCount():
            # What was read before is still worth seeing; the line above it says that it is old.
            self.notice.show_problem(error.problem, retry=self.refresh)
        else:
            self.states.show_other(ErrorState(error.problem, self.refresh))

    # -- one request -------------------------------------------------------------------------------------------

    def open_request(self, request_id: uuid.UUID) -> None:
        """Show a request with its details, in the list that is shown or else among all."""
        self._goal = request_id
        self._closed = False
        self._show_details(request_id)
        if self.filters.named:
            self._look()
        elif not self.workers.busy:
            self.workers.start(self._open_first(), group="begin")

    async def _open_first(self) -> None:
        await self.filters.ready()
        self._look()
        self.filters.refresh()
        await self._read_choices()

    def _picked(self) -> None:
        self._goal = None
        self.looking.remember()
        count = self.table.chosen_count()
        if count > 1:
            self._show_many(count)
        elif self.looking.current is not None and count == 1:
            self._closed = False
            self._show_details(self.looking.current)
        elif not count:
            self._hide_details()
        self._state_acts()

    def _show_details(self, request_id: uuid.UUID) -> None:
        if request_id != self.showing.id:
            self.pane.clear()
        self.pane.show()
        self.showing.show(request_id)

    def _show_many(self, count: int) -> None:
        self.showing.clear()
        rows = self.table.chosen_rows(MOST)
        still_open = sum(cells.is_open(row) for row in rows)
        about = f"{still_open:,} open, {len(rows) - still_open:,} ended"
        if count > len(rows):
            about = f"{about}, {count - len(rows):,} not read yet"
        self.pane.show_many(f"{count:,} requests selected", about)
        self.pane.show()

    def _hide_details(self) -> None:
        self.showing.clear()
        if self._pane is not None:
            self._pane.hide()
            self._pane.clear()

    def close_details(self) -> None:
        """Close the details; the selection stays."""
        pane, focus = self._open_pane, self.focusWidget()
        inside = pane is not None and focus is not None and pane.isAncestorOf(focus)
        self._hide_details()
        if inside:
            self.table.setFocus(Qt.FocusReason.OtherFocusReason)
        self.commands_changed.emit()

    def _open_details(self) -> None:
        """Go on from the row to what can be done with it."""
        if self._open_pane is None:
            self._picked()
        self.pane.copy_button.setFocus(Qt.FocusReason.TabFocusReason)

    # -- acting ------------------------------------------------------------------------------------------------

    def _acted_on(self) -> tuple[list[Any], int]:
        """Return what acts are for: the selected rows, or the shown request where it stands in no row."""
        count = self.table.chosen_count()
        if count:
            return self.table.chosen_rows(MOST), count
        row = self._shown_row()
        return ([row], 1) if row is not None else ([], 0)

    def _shown_row(self) -> Any:
        shown = self.showing.row
        return AsRow(shown) if shown is not None else None

    def _reasons(self) -> dict[str, str]:
        rows, count = self._acted_on()
        return dict(reasons(rows, count, self.showing.rights, self.showing.people))

    def _state_acts(self) -> None:
        if self._pane is not None:
            self._pane.set_reasons(self._reasons())
        self.commands_changed.emit()

    def act(self, name: str) -> None:
        """Open the dialog of an act for what is selected."""
        self.workers.start(self._act(name), group="act")

    async def _act(self, name: str) -> None:
        rows = await self.looking.rows(MOST) if self.table.chosen_count() else self._acted_on()[0]
        if rows:
            self.acting.open(name, rows)

    def _acted(self, outcomes: dict[uuid.UUID, Outcome]) -> None:
        self.model.set_outcomes(outcomes)
        self.table.widen()
        self.looking.renew()
        self._state_acts()

    def copy_answer(self) -> None:
        """Put what to tell the caller on the clipboard."""
        copy_text(self.pane.answer)
        self.ctx.notify("Copied the answer for the caller")

    def open_in_servicenow(self) -> None:
        """Open the record in the browser."""
        QDesktopServices.openUrl(QUrl(self.pane.link))

    def rehearse(self) -> None:
        """Rehearse a request through a process; it is asked for where there are several."""
        from console.pages.requests.rehearsing import rehearse_with

        rehearse_with(self)

    def save_filter(self) -> None:
        """Keep what is shown as a filter with a name of its own."""
        from console.pages.requests.saving import ask_name

        self.workers.start(ask_name(self), group="save")

    def export(self) -> None:
        """Write what is shown to a file."""
        from console.pages.requests.exporting import ask_where

        ask_where(self)

    def _menu(self, where: QPoint) -> None:
        row_menu(self).popup(where)
