"""The filters of the inbox with their counts: those that stand ready and those that people saved, for tree and page."""

import asyncio
import weakref
from typing import Any

from PyQt6 import sip
from PyQt6.QtCore import QObject, QTimer, pyqtSignal

from console.inbox.my_names import my_names
from console.navigation.request_places import ALL, BUILT_IN_FILTERS
from console.runtime import lazy_imports
from console.runtime.task_runner import TaskRunner
from services.common.errors import Problem
from services.language import number, tr

REFRESH_DELAY_MS, REFRESH_INTERVAL_MS = 400, 30_000
"""After a change, and for what only time changes."""
WATCHED_TABLES = ("approval_request", "saved_filter")


class FilterCatalog(QObject):
    """Knows every filter by its key and how many requests it shows. Made once for a context, by `filters_of`."""

    changed = pyqtSignal()
    """Filters or counts are others now."""
    renamed = pyqtSignal()
    """Whoever sits here is called differently: what waits for that person is to be looked for again."""

    def __init__(self, ctx: Any, owner: QObject) -> None:
        super().__init__(owner)
        self._ctx = weakref.ref(ctx)
        self.workers = TaskRunner(self, self._ignore_problem)
        self.named: dict[str, Any] = {}
        """Every filter by its key, ready ones first, then saved ones in their order."""
        self.saved: list[tuple[str, str]] = []
        """Key and name of those that people saved."""
        self.counts: dict[str, Any] = {}
        self._inbox: Any = None
        self._again = self._stopped = False
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(REFRESH_DELAY_MS)
        self._soon.timeout.connect(self.refresh)
        self._often = QTimer(self)
        self._often.setInterval(REFRESH_INTERVAL_MS)
        self._often.timeout.connect(self.refresh)
        ctx.changes.connect(self._changed)

    @property
    def ctx(self) -> Any:
        """The context that the filters are for."""
        return self._ctx()

    # -- asking ------------------------------------------------------------------------------------------------

    def name_of(self, key: str) -> str:
        """Return what a filter is called; nothing for one that is not known."""
        ready = next((tr(name) for known, name in BUILT_IN_FILTERS if known == key), "")
        return ready or next((name for known, name in self.saved if known == key), "")

    def count_text(self, key: str) -> str:
        """Return how many requests a filter shows, with a + where counting stopped; nothing while that is not known."""
        count = self.counts.get(key)
        return "" if count is None else f"{number(count.number)}{'' if count.exact else '+'}"

    def number(self, key: str) -> int:
        """Return how many requests a filter shows, as far as it was counted."""
        count = self.counts.get(key)
        return 0 if count is None else int(count.number)

    @property
    def cached_inbox(self) -> Any:
        """The inbox of the store, or None before somebody asked for it."""
        return self._inbox

    async def inbox(self) -> Any:
        """Return the inbox of the store, for the names that whoever sits here has given."""
        if self._inbox is None:
            await lazy_imports.ready(self.ctx, lazy_imports.inbox)
            from services.requests.inbox import inbox

            workspace = await self.ctx.ready()
            names = my_names(self.ctx.settings)
            self._inbox = await self.ctx.call(inbox.Inbox, workspace.store, me=names)
        return self._inbox

    def reset_inbox(self) -> None:
        """Begin with another inbox: whoever sits here has given other names."""
        self._inbox = None
        self.renamed.emit()
        self.refresh()

    def stop(self) -> None:
        """Read nothing any more; the window closes."""
        self._stopped = True
        self._soon.stop()
        self._often.stop()
        self.workers.cancel_all()

    # -- reading -----------------------------------------------------------------------------------------------

    def _changed(self, changes: list[Any]) -> None:
        if any(change.kind in WATCHED_TABLES for change in changes) and not self._soon.isActive():
            self._soon.start()

    def refresh(self) -> None:
        """Read filters and counts again; once more at the end if it is asked for meanwhile."""
        if self._stopped:
            return
        if self.workers.busy:
            self._again = True
            return
        self.workers.start(self._read(), group="read")

    async def _read(self) -> None:
        await self.read()
        if self._again:
            self._again = False
            self._soon.start()
        self._often.start()

    async def ready(self) -> None:
        """Wait until the filters are known; how many requests each shows comes later."""
        if not self.named:
            await self._read_named(await self.inbox())

    async def read(self) -> None:
        """Read filters and counts."""
        inbox = await self.inbox()
        await self._read_named(inbox)
        named = dict(self.named)
        # Counting takes longer than a look at a list, and nobody waits for it: it has a thread of its own.
        self.counts = await asyncio.to_thread(_count_filters, inbox, named)
        self.changed.emit()

    async def _read_named(self, inbox: Any) -> None:
        await lazy_imports.ready(self.ctx, lazy_imports.inbox)
        from services.requests.inbox import filters

        saved = await self._read_saved(inbox.store)
        self.saved = [(one.key, one.name) for one in saved]
        self.named = {one.key: one for one in (*filters.PREDEFINED_FILTERS, *saved)}

    async def _read_saved(self, store: Any) -> list[Any]:
        await lazy_imports.ready(self.ctx, lazy_imports.inbox)
        from services.requests.inbox import saved_filters

        found: list[Any] = await self.ctx.call(saved_filters.list_saved_filters, store)
        return found

    def _ignore_problem(self, _problem: Problem) -> None:
        """Do nothing: the page reports what it cannot read, and unknown counts are left out."""


def _count_filters(inbox: Any, named: dict[str, Any]) -> dict[str, Any]:
    """Count every filter, and all requests to the end; blocks, for a thread."""
    counts = dict(zip(named, inbox.counts([one.filter for one in named.values()]), strict=True))
    if not counts[ALL].exact:
        counts[ALL] = inbox.count(named[ALL].filter, most=None)
    return counts


_catalogs: "weakref.WeakKeyDictionary[Any, FilterCatalog]" = weakref.WeakKeyDictionary()


def filter_catalog(ctx: Any, owner: QObject) -> FilterCatalog:
    """Return the filters of a context; whoever asks first owns them: the window, or a page that stands alone."""
    found = _catalogs.get(ctx)
    if found is None or sip.isdeleted(found):
        found = _catalogs[ctx] = FilterCatalog(ctx, owner)
    return found
