"""Keeps the table a picture of the store: looks at a query, follows what changes, reads pages that come into sight.

A look reads first and shows afterwards in one step, so that neither the selection nor what is in sight ever jumps.
"""

import asyncio
import uuid
from typing import Any

from PyQt6.QtCore import QObject, QTimer, pyqtSignal

from console.inbox.filters import Filters
from console.pages.requests import reader
from console.pages.requests.reader import CHOSEN_MOST, Look, Query, Wish
from console.pages.requests.table import InboxTable
from console.workers import Workers

SOON_MS = 300
LOOK, PAGES, COUNT = "look", "pages", "count"


class Looking(QObject):
    """Reads for one table. `query` is what it shows; ids of the selection outlive rows that come and go."""

    shown = pyqtSignal(object)
    """A look was taken and is shown; carries the `Look`."""
    failed = pyqtSignal(object)

    def __init__(self, ctx: Any, table: InboxTable, filters: Filters) -> None:
        super().__init__(table)
        self.ctx, self.table, self.model = ctx, table, table.requests
        self.workers = Workers(self)
        self.workers.failed.connect(self.failed)
        self.query: Query | None = None
        self.look: Look | None = None
        self.chosen: tuple[uuid.UUID, ...] = ()
        self.current: uuid.UUID | None = None
        self._filters = filters
        self._looking = self._again = self._paging = False
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(SOON_MS)
        self._soon.timeout.connect(self.renew)
        self.model.wanted.connect(self._read_pages)

    @property
    def busy(self) -> bool:
        """Whether anything is being read."""
        return self.workers.busy or self._soon.isActive()

    async def inbox(self) -> Any:
        """Return the inbox of the store."""
        return await self._filters.inbox()

    def remember(self) -> None:
        """Know the rows that a person selected by their ids."""
        rows = self.table.chosen_rows(CHOSEN_MOST)
        self.chosen = tuple(row.id for row in rows)
        current = self.table.current_row()
        self.current = current.id if current is not None else (self.chosen[0] if self.chosen else None)

    # -- looking -----------------------------------------------------------------------------------------------

    def show(self, filter_: Any, sort: Any, goal: uuid.UUID | None = None) -> None:
        """Show another query; `goal` is a request to select in it. The selection stays where the query has it."""
        self.query = Query(filter_, sort)
        self._soon.stop()
        self._again = False
        self.workers.cancel(COUNT)
        self.workers.cancel(LOOK)
        wish, inbox, begun = self._wish(goal, fresh=True), self._filters.known_inbox, None
        if inbox is not None:
            # Begun at once: it is read while a page that was just made is laid out and painted.
            begun = self.ctx.call(reader.look, inbox, self.query, wish)
        self.workers.start(self._take(self.query, goal, wish, fresh=True, begun=begun), group=LOOK)

    def renew_soon(self) -> None:
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
        self.workers.start(self._take(self.query.again(), None, None, fresh=False), group=LOOK)

    async def _take(
        self, query: Query, goal: uuid.UUID | None, wish: Wish | None, *, fresh: bool, begun: Any = None
    ) -> None:
        self._looking = True
        try:
            inbox = await self.inbox()
            wish = wish or self._wish(goal, fresh=fresh)
            look = await (begun or self.ctx.call(reader.look, inbox, query, wish))
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
            self.workers.start(self._count(query), group=COUNT)
        if self._again:
            self._again = False
            self._soon.start()

    def _wish(self, goal: uuid.UUID | None, *, fresh: bool) -> Wish:
        first, _last = self.table.in_sight()
        top = self.model.loaded(first)
        sight = self.table.whole_rows() + 2
        return Wish(
            chosen=self.chosen,
            current=self.current,
            top=None if fresh or top is None else top.id,
            top_place=0 if fresh else first,
            goal=goal,
            in_sight=max(sight, 40),
        )

    def _show(self, look: Look, goal: uuid.UUID | None) -> None:
        """Show another query; what was selected stays so where it is in it."""
        with self.table.quietly():
            self.model.show_rows(look.count, look.pages)
            if goal is not None and goal in look.places:
                self.chosen, self.current = (goal,), goal
            self._choose(look)
            place = look.places.get(self.current) if self.current is not None else None
            if place is not None:
                self.table.reveal(place)
            else:
                self.table.scrollToTop()

    def _renew(self, look: Look, wish: Wish) -> None:
        """Show the same query as it is now: the selected row, or what stood at the top, keeps its place on the screen."""
        anchor, offset = self._anchor(look, wish)
        empty = not self.model.rowCount()
        with self.table.quietly():
            self.model.renew(look.count, look.pages)
            if empty:
                self.table.measure()
            self._choose(look)
            if anchor is not None:
                self.table.put_at(anchor, offset)

    def _anchor(self, look: Look, wish: Wish) -> tuple[int | None, int]:
        """Return the row that is to stand where it stood, and how far below the top that was."""
        first, last = self.table.in_sight()
        was = self.table.currentIndex().row()
        now = look.places.get(self.current) if self.current is not None else None
        if now is not None and first <= was <= last and self.table.offset_of(was) >= 0:
            # A list that stands at its beginning goes on doing so while the selected row can be seen there.
            if self.table.offset_of(0) == 0 and now <= last:
                return None, 0
            return now, self.table.offset_of(was)
        if self.table.offset_of(0) == 0:
            return None, 0
        moved = look.places[wish.top] - wish.top_place if wish.top in look.places else 0
        return first + moved, self.table.offset_of(first)

    def _choose(self, look: Look) -> None:
        places = [look.places[key] for key in self.chosen if key in look.places]
        current = look.places.get(self.current) if self.current is not None else None
        self.table.choose(places, current)

    # -- pages and the count -----------------------------------------------------------------------------------

    def _read_pages(self) -> None:
        if not self._paging and self.model.is_wanting and self.query is not None:
            self.workers.start(self._pages(), group=PAGES)

    async def _pages(self) -> None:
        self._paging = True
        try:
            inbox = await self.inbox()
            while self.query is not None and (number := self.model.take_wanted()) is not None:
                stamp, query = self.model.stamp, self.query
                rows, _complete = await self.ctx.call(reader.read_page, inbox, query, number)
                if query is self.query:
                    self.model.fill(stamp, number, rows)
        finally:
            self._paging = False

    async def _count(self, query: Query) -> None:
        """Count to the end beside the thread of the store, and then let the list go as far."""
        number = await asyncio.to_thread(reader.count_all, await self.inbox(), query)
        look = self.look
        if look is None or query is not self.query or number <= look.count:
            return
        self.look = Look(
            query, number, True, look.complete, look.pages, look.places, look.as_of, look.whole, look.some
        )
        self.model.grow(number)
        self.shown.emit(self.look)

    async def rows(self, most: int) -> list[Any]:
        """Return the selected requests, those that are not here included, `most` of them."""
        ranges, query = self.table.chosen_ranges(), self.query
        found = self.table.chosen_rows(most)
        if query is None or len(found) >= min(self.table.chosen_count(), most):
            return found
        inbox = await self.inbox()
        read: list[Any] = []
        for first, last in ranges:
            limit = min(last - first + 1, most - len(read))
            if limit > 0:
                found_slice = await self.ctx.call(
                    inbox.rows, query.filter, query.sort, first, limit, query.near(first), at=query.at
                )
                read += found_slice.rows
        return read
