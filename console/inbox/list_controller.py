"""Reads the list for the table: a query, its changes, the pages that come into view, and selected rows.

A read finishes before anything is shown, in one step, so that neither the selection nor the visible rows jump.
"""

import asyncio
import uuid
from collections.abc import Awaitable
from dataclasses import replace
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, pyqtSignal

from console.inbox import row_reader
from console.inbox.filter_counts import FilterCatalog
from console.inbox.row_reader import ListQuery, ListSnapshot, ViewState
from console.inbox.row_selection import RowSelection
from console.inbox.table_view import InboxTable, consecutive_ranges
from console.runtime.debounce import Debounce
from console.runtime.task_runner import TaskRunner

if TYPE_CHECKING:
    from console.runtime.context import Context
    from services.requests.inbox.filters import Filter, Sort
    from services.requests.inbox.inbox import Inbox, RequestRow

RELOAD_DELAY_MS = 300
MIN_ROWS_READ = 40
LOAD_GROUP, PAGES_GROUP, COUNT_GROUP, SELECTION_GROUP = "look", "pages", "count", "chosen"


class RequestListController(QObject):
    """Reads for one table. `query` is what was asked for last, `snapshot` what the table shows."""

    shown = pyqtSignal(object)
    """A `ListSnapshot` was read and is in the table."""
    resolved = pyqtSignal()
    """Rows that were selected before they were read are known now."""
    failed = pyqtSignal(object)
    """Carries the `Problem` of a failed read."""

    def __init__(self, ctx: "Context", table: InboxTable, filters: FilterCatalog) -> None:
        super().__init__(table)
        self.ctx, self.table, self.model = ctx, table, table.requests
        self.tasks = TaskRunner(self, self.failed.emit)
        self.query: ListQuery | None = None
        self.snapshot: ListSnapshot | None = None
        self.selection = RowSelection()
        self._filters = filters
        self._loading = self._again = self._paging = False
        self._read_ended = asyncio.Event()
        self._reload = Debounce(self, RELOAD_DELAY_MS, self.reload)
        self.model.page_requested.connect(self._read_pages)

    @property
    def busy(self) -> bool:
        """Whether anything is being read."""
        return self.tasks.busy or self._reload.pending

    @property
    def row_count(self) -> int:
        """How many rows the table has."""
        return self.model.rowCount()

    @property
    def is_current(self) -> bool:
        """Whether the table shows the filter and the order that were asked for last."""
        if self.snapshot is None or self.query is None:
            return False
        shown = self.snapshot.query
        return (shown.filter, shown.sort) == (self.query.filter, self.query.sort)

    async def inbox(self) -> "Inbox":
        """Return the inbox of the store."""
        return await self._filters.inbox()

    async def first_read_ended(self) -> None:
        """Wait until a list was read and is in the table, or could not be read."""
        await self._read_ended.wait()

    # -- the selection -----------------------------------------------------------------------------------------

    def take_table_selection(self) -> None:
        """Take the selection of the user from the table; `resolved` follows if rows have to be read for that."""
        self.tasks.cancel(SELECTION_GROUP)
        self.selection.select(self.table.selected_ranges(), self.model.loaded, self._current_id())
        if self.selection.missing:
            self.tasks.start(self._resolve_selection(), group=SELECTION_GROUP)

    def _current_id(self) -> uuid.UUID | None:
        current = self.table.current_row()
        return current.id if current is not None else None

    def drop(self) -> None:
        """Show and select nothing: the query cannot be read."""
        self.selection.clear()
        with self.table.selection_signals_blocked():
            self.model.show_rows(0, {})

    async def _resolve_selection(self) -> None:
        await self._load_missing_selection()
        self.resolved.emit()

    async def _load_missing_selection(self) -> None:
        """Read the selected rows that were not read yet."""
        snapshot, generation = self.snapshot, self.model.generation
        if not self.selection.missing or snapshot is None:
            return
        inbox, query = await self.inbox(), snapshot.query
        read: dict[int, RequestRow] = {}
        for first, last in consecutive_ranges(self.selection.missing):
            near = query.nearest_anchor(first)
            found = await self.ctx.call(
                inbox.rows, query.filter, query.sort, first, last - first + 1, near, at=query.at
            )
            read.update(enumerate(found.rows, first))
        if generation == self.model.generation:
            self.selection.add_missing(read, self._current_id())

    # -- the query ---------------------------------------------------------------------------------------------

    def show(self, filter_: "Filter", sort: "Sort", target: uuid.UUID | None = None) -> None:
        """Show another query, and select `target` in it. The selection stays as far as the query has it."""
        self.query = ListQuery(filter_, sort)
        self._reload.cancel()
        self._again = False
        self.tasks.cancel(COUNT_GROUP)
        self.tasks.cancel(LOAD_GROUP)
        view, inbox = self._view_state(target, fresh=True), self._filters.cached_inbox
        read: asyncio.Future[ListSnapshot] | None = None
        if inbox is not None:
            # Started now: it is read while a page that was just created is laid out and painted.
            read = self.ctx.call(row_reader.load_snapshot, inbox, self.query, view)
        self.tasks.start(self._load(self.query, target, view, fresh=True, read=read), group=LOAD_GROUP)

    def schedule_reload(self) -> None:
        """Read the same query again in a moment, together with what changes until then."""
        if self.query is not None:
            self._reload.request()

    def reload(self) -> None:
        """Read the same query again; once more afterwards if it is being read now."""
        if self.query is None:
            return
        if self._loading:
            self._again = True
            return
        self.tasks.start(self._load(self.query.restarted(), None, None, fresh=False), group=LOAD_GROUP)

    async def _load(
        self,
        query: ListQuery,
        target: uuid.UUID | None,
        view: ViewState | None,
        *,
        fresh: bool,
        read: Awaitable[ListSnapshot] | None = None,
    ) -> None:
        self._loading = True
        try:
            inbox = await self.inbox()
            if not fresh:
                # Otherwise the selection would be lost with the positions that it is known by.
                await self._load_missing_selection()
            view = view or self._view_state(target, fresh=fresh)
            snapshot = await (read or self.ctx.call(row_reader.load_snapshot, inbox, query, view))
            await self._load_missing_selection()
            while not set(self.selection.ids_to_find) <= set(view.selected):
                # The user selected others meanwhile, whose positions are not known yet.
                view = self._view_state(target, fresh=fresh)
                snapshot = await self.ctx.call(row_reader.load_snapshot, inbox, query, view)
            self.query, self.snapshot = query, snapshot
            if fresh:
                self._show(snapshot, target)
            else:
                self._update(snapshot, view)
        finally:
            self._loading = False
            self._read_ended.set()
        self.shown.emit(snapshot)
        self._read_pages()
        if not snapshot.exact and snapshot.complete:
            self.tasks.start(self._count(query), group=COUNT_GROUP)
        if self._again:
            self._again = False
            self._reload.request()

    def _view_state(self, target: uuid.UUID | None, *, fresh: bool) -> ViewState:
        first, _last = self.table.visible_range()
        top = self.model.loaded(first)
        return ViewState(
            selected=self.selection.ids_to_find,
            current=self.selection.current,
            top=None if fresh or top is None else top.id,
            top_row=0 if fresh else first,
            target=target,
            visible_rows=max(self.table.visible_row_count() + 2, MIN_ROWS_READ),
        )

    def _show(self, snapshot: ListSnapshot, target: uuid.UUID | None) -> None:
        """Show another query; the selection stays as far as the query has it."""
        with self.table.selection_signals_blocked():
            self.model.show_rows(snapshot.count, snapshot.pages)
            current = self._select(snapshot, target, fresh=True)
            if current is not None:
                self.table.reveal(current)
            else:
                self.table.scrollToTop()

    def _update(self, snapshot: ListSnapshot, view: ViewState) -> None:
        """Show the same query again; the selected row, or else the topmost one, keeps its place on the screen."""
        anchor, offset = self._anchor(snapshot, view)
        empty = not self.model.rowCount()
        with self.table.selection_signals_blocked():
            self.model.update_rows(snapshot.count, snapshot.pages)
            if empty:
                self.table.measure()
            self._select(snapshot, None, fresh=False)
            if anchor is not None:
                self.table.scroll_row_to(anchor, offset)

    def _anchor(self, snapshot: ListSnapshot, view: ViewState) -> tuple[int | None, int]:
        """Return the row to keep in place, None for the top of the list, and its distance from the top in pixels."""
        first, last = self.table.visible_range()
        was = self.table.currentIndex().row()
        now = self._position(snapshot, self.selection.current)
        if now is not None and first <= was <= last and self.table.row_offset(was) >= 0:
            # A list at its top stays there as long as the selected row is visible.
            if self.table.row_offset(0) == 0 and now <= last:
                return None, 0
            return now, self.table.row_offset(was)
        if self.table.row_offset(0) == 0:
            return None, 0
        top = self._position(snapshot, view.top)
        moved = top - view.top_row if top is not None else 0
        return first + moved, self.table.row_offset(first)

    @staticmethod
    def _position(snapshot: ListSnapshot, key: uuid.UUID | None) -> int | None:
        return snapshot.positions.get(key) if key is not None else None

    def _select(self, snapshot: ListSnapshot, target: uuid.UUID | None, *, fresh: bool) -> int | None:
        """Select in the table what was selected, or `target`; returns the position of the current request."""
        self.selection.follow(snapshot, target, fresh=fresh)
        current = self._position(snapshot, self.selection.current)
        self.table.choose(self.selection.positions, current)
        return current

    # -- pages and the count -----------------------------------------------------------------------------------

    def _read_pages(self) -> None:
        if not self._paging and self.model.has_missing_pages and self.snapshot is not None:
            self.tasks.start(self._pages(), group=PAGES_GROUP)

    async def _pages(self) -> None:
        self._paging = True
        try:
            inbox = await self.inbox()
            # Of the query that is shown: another one may have been asked for already.
            while self.snapshot is not None and (number := self.model.next_missing_page()) is not None:
                generation, query = self.model.generation, self.snapshot.query
                rows, _complete = await self.ctx.call(row_reader.read_page, inbox, query, number)
                if self.model.fill(generation, number, rows) and self.selection.moved(self.model.loaded):
                    self.reload()
        finally:
            self._paging = False

    async def _count(self, query: ListQuery) -> None:
        """Count to the end in a thread of its own, and then extend the list."""
        number = await asyncio.to_thread(row_reader.count_all, await self.inbox(), query)
        snapshot = self.snapshot
        if snapshot is None or query is not self.query or number <= snapshot.count:
            return
        self.snapshot = replace(snapshot, count=number, exact=True)
        self.model.grow(number)
        self.shown.emit(self.snapshot)
