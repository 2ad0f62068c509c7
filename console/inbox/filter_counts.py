"""The filters of the inbox, predefined and saved, with the number of requests that each shows."""

import asyncio
import json
import weakref
from typing import TYPE_CHECKING

from PyQt6 import sip
from PyQt6.QtCore import QObject, QTimer, pyqtSignal

from console.inbox.my_names import my_names
from console.navigation.request_places import ALL, BUILT_IN_FILTERS, PENDING, passing_filter_name
from console.runtime import lazy_imports
from console.runtime.debounce import Debounce
from console.runtime.task_runner import TaskRunner
from services.common.errors import Problem
from services.language import number, tr

if TYPE_CHECKING:
    from console.runtime.context import Context
    from services.requests.inbox.filters import NamedFilter
    from services.requests.inbox.inbox import Count, Inbox
    from services.store import Store
    from services.store.change_feed import Change

REFRESH_DELAY_MS, REFRESH_INTERVAL_MS = 400, 30_000
"""After a change of the store, and without one: the counts of some filters change with time."""
WATCHED_TABLES = ("approval_request", "saved_filter")


class FilterCatalog(QObject):
    """Reads filters and counts for the tree and the page. There is one for each context, see `filter_catalog`."""

    changed = pyqtSignal()
    """Filters or counts changed."""
    identity_changed = pyqtSignal()
    """The user has other names in ServiceNow, so that other requests wait for this user."""

    def __init__(self, ctx: "Context", owner: QObject) -> None:
        super().__init__(owner)
        self._ctx = weakref.ref(ctx)
        self.tasks = TaskRunner(self, self._ignore_problem)
        self.filters_by_key: dict[str, NamedFilter] = {}
        """Every filter, predefined ones first."""
        self.saved: list[tuple[str, str]] = []
        """Key and name of the saved filters."""
        self._passing: set[str] = set()
        """Keys of filters that are not stored, which pages of this window have opened."""
        self.counts: dict[str, Count] = {}
        self._inbox: Inbox | None = None
        self._again = self._stopped = False
        self._current = False
        """Whether the counts are those of the store, but for the time that has passed."""
        self._refresh = Debounce(self, REFRESH_DELAY_MS, self.refresh)
        self._interval_timer = QTimer(self)
        self._interval_timer.setInterval(REFRESH_INTERVAL_MS)
        self._interval_timer.timeout.connect(self._refresh_aged)
        ctx.changes.connect(self._changed)

    @property
    def ctx(self) -> "Context":
        """The context that the filters are for; it outlives the catalog."""
        ctx = self._ctx()
        if ctx is None:
            raise RuntimeError("the context of the filters is gone")
        return ctx

    # -- values ------------------------------------------------------------------------------------------------

    def keep_passing(self, key: str) -> None:
        """Know a filter that is not stored from now on; its key holds its values."""
        self._passing.add(key)
        if self.filters_by_key and key not in self.filters_by_key:
            self.filters_by_key[key] = _read_passing(key)
            self.refresh()

    def name_of(self, key: str) -> str:
        """Return the name of a filter, an empty text if it is not known."""
        if key in self._passing:
            return passing_filter_name(key)
        ready = next((tr(name) for known, name in BUILT_IN_FILTERS if known == key), "")
        return ready or next((name for known, name in self.saved if known == key), "")

    def count_text(self, key: str) -> str:
        """Return the count of a filter, with a + if counting stopped at a maximum; an empty text while it is not known."""
        count = self.counts.get(key)
        return "" if count is None else f"{number(count.number)}{'' if count.exact else '+'}"

    def number(self, key: str) -> int:
        """Return the count of a filter, 0 while it is not known."""
        count = self.counts.get(key)
        return 0 if count is None else int(count.number)

    @property
    def busy(self) -> bool:
        """Whether anything is being read, or about to be."""
        return self.tasks.busy or self._refresh.pending

    @property
    def cached_inbox(self) -> "Inbox | None":
        """The inbox of the store, None before the first call of `inbox`."""
        return self._inbox

    async def inbox(self) -> "Inbox":
        """Return the inbox of the store, with the ServiceNow names of the user."""
        if self._inbox is None:
            await lazy_imports.ready(self.ctx, lazy_imports.inbox)
            from services.requests.inbox.inbox import Inbox

            workspace = await self.ctx.ready()
            names = my_names(self.ctx.settings)
            self._inbox = await self.ctx.call(Inbox, workspace.store, me=names)
        return self._inbox

    def reset_inbox(self) -> None:
        """Use another inbox, after the user entered other names."""
        self._inbox = None
        self.identity_changed.emit()
        self.refresh()

    def stop(self) -> None:
        """Stop reading; the window closes."""
        self._stopped = True
        self._refresh.cancel()
        self._interval_timer.stop()
        self.tasks.cancel_all()

    # -- reading -----------------------------------------------------------------------------------------------

    def _changed(self, changes: "list[Change]") -> None:
        if any(change.kind in WATCHED_TABLES for change in changes):
            self._current = False
            self._refresh.request()

    def _refresh_aged(self) -> None:
        """Read again where a count may be another one by now, or could not be read."""
        if not self._current or self._change_with_time():
            self.refresh()

    def _change_with_time(self) -> bool:
        """Whether a count can change while nothing happens: without requests that wait, and of today, none can."""
        waiting = self.number(PENDING)
        for key, one in self.filters_by_key.items():
            used = one.filter
            grows = used.due_within_s is not None or used.older_than_s is not None
            falls = used.ended_today or used.ended_within_s is not None or used.raised_within_s is not None
            if (grows and (waiting or not used.shows_open_only)) or (falls and self.number(key)):
                return True
        return False

    def refresh(self) -> None:
        """Read filters and counts again; once more at the end if this is called meanwhile."""
        if self._stopped:
            return
        if self.tasks.busy:
            self._again = True
            return
        self.tasks.start(self._read(), group="read")

    async def _read(self) -> None:
        await self.read()
        if self._again:
            self._again = False
            self._refresh.request()
        self._interval_timer.start()

    async def ready(self) -> None:
        """Wait until the filters are known; the counts follow later."""
        if not self.filters_by_key:
            await self._read_named(await self.inbox())

    async def read(self) -> None:
        """Read filters and counts."""
        self._current = True
        try:
            await self._read_all()
        except BaseException:
            self._current = False
            raise

    async def _read_all(self) -> None:
        inbox = await self.inbox()
        await self._read_named(inbox)
        named = dict(self.filters_by_key)
        # Counting takes longer than reading a page and nothing waits for it: it has a thread of its own.
        self.counts = await asyncio.to_thread(_count_filters, inbox, named)
        self.changed.emit()

    async def _read_named(self, inbox: "Inbox") -> None:
        await lazy_imports.ready(self.ctx, lazy_imports.inbox)
        from services.requests.inbox import filters

        saved = await self._read_saved(inbox.store)
        self.saved = [(one.key, one.name) for one in saved]
        passing = [_read_passing(key) for key in sorted(self._passing)]
        self.filters_by_key = {one.key: one for one in (*filters.PREDEFINED_FILTERS, *saved, *passing)}

    async def _read_saved(self, store: "Store") -> "list[NamedFilter]":
        await lazy_imports.ready(self.ctx, lazy_imports.inbox)
        from services.requests.inbox import saved_filters

        return await self.ctx.call(saved_filters.list_saved_filters, store)

    def _ignore_problem(self, _problem: Problem) -> None:
        """Do nothing: the page shows that the store cannot be read, and unknown counts are left out."""


def _read_passing(key: str) -> "NamedFilter":
    """Return the filter that a key holds."""
    from services.requests.inbox.filters import Filter, NamedFilter

    return NamedFilter(key, passing_filter_name(key), Filter.from_json(json.loads(key)["filter"]))


def _count_filters(inbox: "Inbox", named: "dict[str, NamedFilter]") -> "dict[str, Count]":
    """Count every filter, and all requests to the end. Blocks; for a thread."""
    counts = dict(zip(named, inbox.counts([one.filter for one in named.values()]), strict=True))
    if not counts[ALL].exact:
        counts[ALL] = inbox.count(named[ALL].filter, most=None)
    return counts


_catalogs: "weakref.WeakKeyDictionary[Context, FilterCatalog]" = weakref.WeakKeyDictionary()


def filter_catalog(ctx: "Context", owner: QObject) -> FilterCatalog:
    """Return the filters of a context. The first caller becomes their owner: the window, or a page without one."""
    found = _catalogs.get(ctx)
    if found is None or sip.isdeleted(found):
        found = _catalogs[ctx] = FilterCatalog(ctx, owner)
    return found
