"""Tells people who work elsewhere of requests that are new and of those that wait for long: grouped, and once each."""

import uuid
from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from PyQt6.QtCore import QObject, QTimer

from console.inbox.filter_counts import filter_catalog
from console.navigation.request_places import PENDING, filter_target, request_target
from console.runtime import lazy_imports
from console.runtime.targets import REQUESTS
from console.runtime.task_runner import TaskRunner
from console.runtime.tray import Tray
from console.runtime.window_settings import WindowSettings
from services.common.errors import Problem
from services.language import number, tr

SETTING_KEY = "notify_requests"
OLD_AFTER_S = 15 * 60
ROW_LIMIT, MAX_SEEN = 100, 2000
CHECK_DELAY_MS, CHECK_INTERVAL_MS = 3000, 30_000
"""After a change, so that what comes together is told together; and for what only time makes old."""


class RequestNotifier(QObject):
    """Looks for open requests that were not there before, and for those that have become old."""

    def __init__(self, window: Any, remembered: WindowSettings, tray: Tray) -> None:
        super().__init__(window)
        self._window, self.ctx = window, window.ctx
        self._remembered, self._tray = remembered, tray
        self.workers = TaskRunner(self, self._ignore_problem)
        self._new, self._old = SeenRequests(), SeenRequests()
        self._first = True
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(CHECK_DELAY_MS)
        self._soon.timeout.connect(self.look)
        self._often = QTimer(self)
        self._often.setInterval(CHECK_INTERVAL_MS)
        self._often.timeout.connect(self.look)
        self.ctx.changes.connect(self._changed)
        self.ctx.opened.connect(self._begin)

    @property
    def wanted(self) -> bool:
        """Whether people want to be told."""
        return self._remembered.text(SETTING_KEY, "1") != "0"

    def toggle(self) -> None:
        """Tell from now on, or do not; remembered."""
        self._remembered.set_text(SETTING_KEY, "0" if self.wanted else "1")
        self.ctx.commands.refresh()

    def stop(self) -> None:
        """Look no more; the window closes."""
        self._soon.stop()
        self._often.stop()
        self.workers.cancel_all()

    # -- looking -----------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        self._often.start()
        self._soon.start()

    def _changed(self, changes: list[Any]) -> None:
        if any(change.kind == "approval_request" for change in changes) and not self._soon.isActive():
            self._soon.start()

    def look(self) -> None:
        """Look what is new and what has become old."""
        if not self.workers.busy:
            self.workers.start(self._look(), group="look")

    async def _look(self) -> None:
        await lazy_imports.ready(self.ctx, lazy_imports.inbox)
        from services.requests.inbox import filters

        inbox = await filter_catalog(self.ctx, self._window).inbox()
        youngest, oldest = await self.ctx.call(_read_candidates, inbox, filters)
        new, old = self._new.unknown(youngest), self._old.unknown(oldest)
        if self._first:
            # What was there when the window opened is on the page, and no news.
            self._first = False
            return
        if (new or old) and self.wanted:
            self._tell(new, old)

    def _tell(self, new: Sequence[Any], old: Sequence[Any]) -> None:
        text = notification_text(new, old)
        both = list({row.id: row for row in (*new, *old)}.values())
        target = request_target(both[0].id) if len(both) == 1 else filter_target(PENDING)
        self.ctx.activity.record(tr("Requests"), text, routine=True)
        window = self._window
        seen = window.isActiveWindow() and window.page is not None and window.page.target.kind == REQUESTS
        if not seen:
            self._tray.say(tr("Requests"), text, lambda: window.show_target(target))

    def _ignore_problem(self, _problem: Problem) -> None:
        """Do nothing: the next look at the requests tries again."""


def _read_candidates(inbox: Any, filters: Any) -> tuple[list[Any], list[Any]]:
    """Read the youngest open requests, and of those that are old the youngest; blocks, for a thread."""
    open_ones = filters.Filter(states=filters.OPEN_STATES, rehearsals=False)
    old_ones = filters.Filter(states=filters.OPEN_STATES, rehearsals=False, older_than_s=OLD_AFTER_S)
    order = filters.Sort("age")
    youngest = inbox.rows(open_ones, order, 0, ROW_LIMIT).rows
    return youngest, inbox.rows(old_ones, order, 0, ROW_LIMIT).rows


class SeenRequests:
    """Which requests were seen before, of lists that show the youngest first and end after LOOKED_AT."""

    def __init__(self) -> None:
        self._ids: OrderedDict[uuid.UUID, None] = OrderedDict()
        self._floor: datetime | None = None
        """Older requests stood beyond the end of a list once: when they come into it, they are not new."""

    def unknown(self, rows: Sequence[Any]) -> list[Any]:
        """Return the rows that were not seen before, which they are from now on."""
        floor = self._floor
        found = [r for r in rows if r.id not in self._ids and (floor is None or r.requested_at > floor)]
        self._ids.update(dict.fromkeys(row.id for row in rows))
        while len(self._ids) > MAX_SEEN:
            self._ids.popitem(last=False)
        if len(rows) == ROW_LIMIT:
            last = rows[-1].requested_at
            self._floor = last if floor is None else max(floor, last)
        return found


def notification_text(new: Sequence[Any], old: Sequence[Any]) -> str:
    """Return the news in one line: one request by its name, several by their number."""
    parts = []
    if len(new) == 1:
        [row] = new
        parts.append(tr("New: {name}", name=_request_label(row)))
    elif new:
        parts.append(tr("{count} new", count=_count_text(new)))
    if len(old) == 1 and not new:
        [row] = old
        parts.append(
            tr("Older than {minutes} min: {name}", minutes=OLD_AFTER_S // 60, name=_request_label(row))
        )
    elif old:
        parts.append(
            tr("{count} older than {minutes} min", count=_count_text(old), minutes=OLD_AFTER_S // 60)
        )
    return ", ".join(parts)


def _count_text(rows: Sequence[Any]) -> str:
    return f"{number(len(rows))}{'+' if len(rows) == ROW_LIMIT else ''}"


def _request_label(row: Any) -> str:
    what = row.policy or row.file_path
    return ", ".join(part for part in (row.number, row.user, what) if part)
