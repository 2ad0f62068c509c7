"""Keeps the table a picture of the store: looks at a query, follows what changes, reads pages that come into sight.

A look reads first and shows afterwards in one step, so that neither the selection nor what is in sight ever jumps.
"""

import asyncio
import uuid
from dataclasses import replace
from typing import Any

from PyQt6.QtCore import QObject, QTimer, pyqtSignal

from console.inbox import row_reader
from console.inbox.action_availability import MAX_SELECTED
from console.inbox.filter_counts import FilterCatalog
from console.inbox.row_reader import ListQuery, ListSnapshot, ViewState
from console.inbox.table_view import InboxTable, consecutive_ranges
from console.runtime.task_runner import TaskRunner

RELOAD_DELAY_MS = 300
LOAD_GROUP, PAGES_GROUP, COUNT_GROUP, SELECTION_GROUP = "look", "pages", "count", "chosen"


class RequestListController(QObject):
    """Reads for one table. `query` is what it shows; ids of the selection outlive rows that come and go."""

    shown = pyqtSignal(object)
    """A look was taken and is shown; carries the `Look`."""
    resolved = pyqtSignal()
    """Selected requests that were not here when they were selected are known now."""
    failed = pyqtSignal(object)

    def __init__(self, ctx: Any, table: InboxTable, filters: FilterCatalog) -> None:
        super().__init__(table)
        self.ctx, self.table, self.model = ctx, table, table.requests
        self.workers = TaskRunner(self, self.failed.emit)
        self.query: ListQuery | None = None
        self.look: ListSnapshot | None = None
        self.chosen: tuple[uuid.UUID, ...] = ()
        """The selected requests; one that left the list by itself stays here until a person selects another."""
        self.current: uuid.UUID | None = None
        self.count = 0
        """How many rows are selected."""
        self.rows: tuple[Any, ...] = ()
        """The selected requests that stand in the list, in its order; none while they are read, or are too many."""
        self._at: dict[int, Any] = {}
        """The same by their places."""
        self._missing: list[int] = []
        """Places that were selected before their rows were here."""
        self._filters = filters
        self._looking = self._again = self._paging = False
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(RELOAD_DELAY_MS)
        self._soon.timeout.connect(self.renew)
        self.model.wanted.connect(self._read_pages)

    @property
    def busy(self) -> bool:
        """Whether anything is being read."""
        return self.workers.busy or self._soon.isActive()

    async def inbox(self) -> Any:
        """Return the inbox of the store."""
        return await self._filters.inbox()

    @property
    def is_current(self) -> bool:
        """Whether what is in the table belongs to the filter and the order that were asked for last."""
        if self.look is None or self.query is None:
            return False
        shown = self.look.query
        return (shown.filter, shown.sort) == (self.query.filter, self.query.sort)

    # -- the selection -----------------------------------------------------------------------------------------

    def remember(self) -> None:
        """Know by their ids the rows that a person selected; `resolved` follows where some have to be read for that."""
        self.workers.cancel(SELECTION_GROUP)
        ranges = self.table.selected_ranges()
        self.count = self.table.selected_count()
        places = (
            []
            if self.count > MAX_SELECTED
            else [at for first, last in ranges for at in range(first, last + 1)]
        )
        known = {at: self.model.loaded(at) or self._at.get(at) for at in places}
        self._at = {at: row for at, row in known.items() if row is not None}
        self._missing = [at for at, row in known.items() if row is None]
        self._update_selection()
        if self._missing:
            self.workers.start(self._resolve_selection(), group=SELECTION_GROUP)

    def drop(self) -> None:
        """Show and select nothing: what was asked for cannot be read."""
        self.chosen, self.rows, self.current, self.count = (), (), None, 0
        self._at, self._missing = {}, []
        with self.table.selection_signals_blocked():
            self.model.show_rows(0, {})

    def _update_selection(self) -> None:
        by_id = {} if self._missing else {row.id: row for row in self._at.values()}
        self.rows, self.chosen = tuple(by_id.values()), tuple(by_id)
        current = self.table.current_row()
        key = current.id if current is not None else None
        # Without a selection, or with too many for one, it is only where the keyboard is.
        self.current = (
            key
            if key in by_id or self.count > MAX_SELECTED
            else next(iter(by_id), None if self.count else key)
        )

    async def _resolve_selection(self) -> None:
        await self._load_missing_selection()
        self.resolved.emit()

    async def _load_missing_selection(self) -> None:
        """Read the selected rows that are not here, and know the selection with them."""
        look, stamp = self.look, self.model.generation
        if not self._missing or look is None:
            return
        inbox, query = await self.inbox(), look.query
        read: dict[int, Any] = {}
        for first, last in consecutive_ranges(self._missing):
            near = query.nearest_anchor(first)
            found = await self.ctx.call(
                inbox.rows, query.filter, query.sort, first, last - first + 1, near, at=query.at
            )
            read.update(enumerate(found.rows, first))
        if stamp == self.model.generation:
            self._at = dict(sorted((self._at | read).items()))
            self._missing = []
            self._update_selection()

    # -- looking -----------------------------------------------------------------------------------------------

    def show(self, filter_: Any, sort: Any, goal: uuid.UUID | None = None) -> None:
        """Show another query; `goal` is a request to select in it. The selection stays where the query has it."""
        self.query = ListQuery(filter_, sort)
        self._soon.stop()
        self._again = False
        self.workers.cancel(COUNT_GROUP)
        self.workers.cancel(LOAD_GROUP)
        wish, inbox, begun = self._current_view_state(goal, fresh=True), self._filters.cached_inbox, None
        if inbox is not None:
            # Begun at once: it is read while a page that was just made is laid out and painted.
            begun = self.ctx.call(row_reader.load_snapshot, inbox, self.query, wish)
        self.workers.start(self._take(self.query, goal, wish, fresh=True, begun=begun), group=LOAD_GROUP)

    def schedule_reload(self) -> None:
        """Look again in a moment; what changes until then is seen with it."""
        if self.query is not None and not self._soon.isActive():
            self._soon.start()

    def renew(self) -> None:
        """Look at the same query again; once more afterwards where a look is under way."""
        if self.query is None:
            return
        if self._looking:
            self._again = True
            return
        self.workers.start(self._take(self.query.restarted(), None, None, fresh=False), group=LOAD_GROUP)

    async def _take(
        self,
        query: ListQuery,
        goal: uuid.UUID | None,
        wish: ViewState | None,
        *,
        fresh: bool,
        begun: Any = None,
    ) -> None:
        self._looking = True
        try:
            inbox = await self.inbox()
            if not fresh:
                await (
                    self._load_missing_selection()
                )  # or the selection would be lost with the places it was known by
            wish = wish or self._current_view_state(goal, fresh=fresh)
            look = await (begun or self.ctx.call(row_reader.load_snapshot, inbox, query, wish))
            await self._load_missing_selection()
            while not set(self._wanted()) <= set(wish.chosen):
                # A person selected others meanwhile; where they stand is not known yet.
                wish = self._current_view_state(goal, fresh=fresh)
                look = await self.ctx.call(row_reader.load_snapshot, inbox, query, wish)
            self.query, self.look = query, look
            if fresh:
                self._show(look, goal)
            else:
                self._renew(look, wish)
        finally:
            self._looking = False
        self.shown.emit(look)
        self._read_pages()
        if not look.exact and look.complete:
            self.workers.start(self._count(query), group=COUNT_GROUP)
        if self._again:
            self._again = False
            self._soon.start()

    def _current_view_state(self, goal: uuid.UUID | None, *, fresh: bool) -> ViewState:
        first, _last = self.table.in_sight()
        top = self.model.loaded(first)
        sight = self.table.visible_row_count() + 2
        return ViewState(
            chosen=self._wanted(),
            current=self.current,
            top=None if fresh or top is None else top.id,
            top_row=0 if fresh else first,
            goal=goal,
            in_sight=max(sight, 40),
        )

    def _wanted(self) -> tuple[uuid.UUID, ...]:
        """Return the requests to select after the next look: of too many only the one that the keyboard is on."""
        if self.count > MAX_SELECTED and self.current is not None:
            return (self.current,)
        return self.chosen

    def _show(self, look: ListSnapshot, goal: uuid.UUID | None) -> None:
        """Show another query; what was selected stays so where it is in it."""
        with self.table.selection_signals_blocked():
            self.model.show_rows(look.count, look.pages)
            self._choose(look, goal, fresh=True)
            place = look.places.get(self.current) if self.current is not None else None
            if place is not None:
                self.table.reveal(place)
            else:
                self.table.scrollToTop()

    def _renew(self, look: ListSnapshot, wish: ViewState) -> None:
        """Show the same query as it is now: the selected row, or what stood at the top, keeps its place on the screen."""
        anchor, offset = self._anchor(look, wish)
        empty = not self.model.rowCount()
        with self.table.selection_signals_blocked():
            self.model.renew(look.count, look.pages)
            if empty:
                self.table.measure()
            self._choose(look, None, fresh=False)
            if anchor is not None:
                self.table.scroll_row_to(anchor, offset)

    def _anchor(self, look: ListSnapshot, wish: ViewState) -> tuple[int | None, int]:
        """Return the row that is to stand where it stood, and how far below the top that was."""
        first, last = self.table.in_sight()
        was = self.table.currentIndex().row()
        now = look.places.get(self.current) if self.current is not None else None
        if now is not None and first <= was <= last and self.table.row_offset(was) >= 0:
            # A list that stands at its beginning goes on doing so while the selected row can be seen there.
            if self.table.row_offset(0) == 0 and now <= last:
                return None, 0
            return now, self.table.row_offset(was)
        if self.table.row_offset(0) == 0:
            return None, 0
        moved = look.places[wish.top] - wish.top_row if wish.top in look.places else 0
        return first + moved, self.table.row_offset(first)

    def _choose(self, look: ListSnapshot, goal: uuid.UUID | None, *, fresh: bool) -> None:
        """Select what was selected, as far as it stands in the list; one that left it by itself is remembered."""
        if goal is not None and goal in look.places:
            self.chosen, self.current = (goal,), goal
        else:
            self.chosen = self._wanted()
        wanted = set(self.chosen)
        self.rows = tuple(row for row in look.chosen if row.id in wanted)
        self._at = {look.places[row.id]: row for row in self.rows}
        self._missing = []
        self.count = len(self.rows)
        if self.rows or fresh or len(self.chosen) > 1:
            self.chosen = tuple(row.id for row in self.rows)
        if self.chosen and self.current not in self.chosen:
            self.current = self.chosen[0]
        current = look.places.get(self.current) if self.current is not None else None
        self.table.choose(list(self._at), current)

    # -- pages and the count -----------------------------------------------------------------------------------

    def _read_pages(self) -> None:
        if not self._paging and self.model.has_missing_pages and self.look is not None:
            self.workers.start(self._pages(), group=PAGES_GROUP)

    async def _pages(self) -> None:
        self._paging = True
        try:
            inbox = await self.inbox()
            # Of the query that is shown: another one may be asked for already.
            while self.look is not None and (number := self.model.next_missing_page()) is not None:
                stamp, query = self.model.generation, self.look.query
                rows, _complete = await self.ctx.call(row_reader.read_page, inbox, query, number)
                if self.model.fill(stamp, number, rows) and self._positions_changed():
                    self.renew()
        finally:
            self._paging = False

    def _positions_changed(self) -> bool:
        """Whether selected requests were found in other places than they had: the list changed since it was looked at."""
        shown = ((self.model.loaded(at), row) for at, row in self._at.items())
        return any(here is not None and here.id != row.id for here, row in shown)

    async def _count(self, query: ListQuery) -> None:
        """Count to the end beside the thread of the store, and then let the list go as far."""
        number = await asyncio.to_thread(row_reader.count_all, await self.inbox(), query)
        look = self.look
        if look is None or query is not self.query or number <= look.count:
            return
        self.look = replace(look, count=number, exact=True)
        self.model.grow(number)
        self.shown.emit(self.look)
