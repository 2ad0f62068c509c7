"""Notifications about new and old requests and undelivered answers: grouped, and once for each request."""

import uuid
from collections import OrderedDict
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, QTimer

from console.inbox.filter_counts import filter_catalog
from console.navigation.request_places import (
    ANSWER_NOT_DELIVERED,
    PENDING,
    filter_target,
    request_target,
)
from console.runtime import lazy_imports
from console.runtime.debounce import Debounce
from console.runtime.page_targets import Target
from console.runtime.task_runner import TaskRunner
from console.runtime.tray import Tray
from console.runtime.window_settings import WindowSettings
from services.common.errors import Problem
from services.language import number, plural, tr

if TYPE_CHECKING:
    from console.runtime.context import Context
    from services.requests.inbox.inbox import Inbox, RequestRow
    from services.store.change_feed import Change

SETTING_KEY = "notify_requests"
OLD_AFTER_S = 15 * 60
ROW_LIMIT, MAX_SEEN = 100, 2000
CHECK_DELAY_MS, CHECK_INTERVAL_MS = 3000, 30_000
"""After a change of the store, so that one message covers several; and without one: requests become old with time."""


class RequestNotifier(QObject):
    """Finds open requests that are new or have become old, and answers that could not be delivered, and reports them.

    A message goes to the activity strip and, unless `is_list_visible`, to the tray; a click on it calls `show_target`.
    """

    def __init__(
        self,
        ctx: "Context",
        window: QObject,
        settings: WindowSettings,
        tray: Tray,
        *,
        is_list_visible: Callable[[], bool],
        show_target: Callable[[Target], None],
    ) -> None:
        super().__init__(window)
        self.ctx, self._window, self._settings, self._tray = ctx, window, settings, tray
        self._is_list_visible, self._show_target = is_list_visible, show_target
        self.tasks = TaskRunner(self, self._ignore_problem)
        self._new, self._old, self._undelivered = SeenRequests(), SeenRequests(), SeenRequests()
        self._first = True
        self._waiting = True
        """Whether a request may be open, which becomes old without a change of the store."""
        self._check = Debounce(self, CHECK_DELAY_MS, self.check)
        self._interval_timer = QTimer(self)
        self._interval_timer.setInterval(CHECK_INTERVAL_MS)
        self._interval_timer.timeout.connect(self._check_aged)
        self.ctx.changes.connect(self._changed)
        self.ctx.settled.connect(self._begin)

    @property
    def is_enabled(self) -> bool:
        """Whether the user wants notifications."""
        return self._settings.text(SETTING_KEY, "1") != "0"

    def toggle(self) -> None:
        """Turn notifications on or off; stored in the settings."""
        self._settings.set_text(SETTING_KEY, "0" if self.is_enabled else "1")
        self.ctx.commands.refresh()

    def stop(self) -> None:
        """Stop; the window closes."""
        self._check.cancel()
        self._interval_timer.stop()
        self.tasks.cancel_all()

    # -- checking ----------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        self._interval_timer.start()
        self._check.request()

    def _changed(self, changes: "list[Change]") -> None:
        if any(change.kind == "approval_request" for change in changes):
            self._waiting = True
            self._check.request()

    def _check_aged(self) -> None:
        """Check what has become old, where anything can."""
        if self._waiting:
            self.check()

    def check(self) -> None:
        """Check now what is new and what has become old."""
        if not self.tasks.busy:
            self.tasks.start(self._find_news(), group="look")

    async def _find_news(self) -> None:
        await lazy_imports.ready(self.ctx, lazy_imports.inbox)
        inbox = await filter_catalog(self.ctx, self._window).inbox()
        self._waiting = True
        youngest, oldest, failed = await self.ctx.call(_read_candidates, inbox)
        self._waiting = bool(youngest) or self._check.pending
        new, old = self._new.take_unseen(youngest), self._old.take_unseen(oldest)
        undelivered = self._undelivered.take_unseen(failed)
        if self._first:
            # Requests that existed when the window opened are on the page, and not new.
            self._first = False
            return
        if (new or old or undelivered) and self.is_enabled:
            self._notify(new, old, undelivered)

    def _notify(
        self, new: "Sequence[RequestRow]", old: "Sequence[RequestRow]", undelivered: "Sequence[RequestRow]"
    ) -> None:
        text = notification_text(new, old, undelivered)
        all_ids = list({row.id for row in (*new, *old, *undelivered)})
        several = filter_target(PENDING if new or old else ANSWER_NOT_DELIVERED)
        target = request_target(all_ids[0]) if len(all_ids) == 1 else several
        self.ctx.activity.record(tr("Requests"), text, routine=True)
        if not self._is_list_visible():
            self._tray.say(tr("Requests"), text, lambda: self._show_target(target))

    def _ignore_problem(self, _problem: Problem) -> None:
        """Do nothing: the next check tries again."""


def _read_candidates(inbox: "Inbox") -> "tuple[list[RequestRow], list[RequestRow], list[RequestRow]]":
    """Return the youngest open requests, the youngest of the old ones, and of those with an undelivered answer.

    Blocks; for a thread.
    """
    from models.kinds import OPEN_STATES
    from services.requests.inbox import filters

    open_ones = filters.Filter(states=OPEN_STATES, rehearsals=False)
    old_ones = filters.Filter(states=OPEN_STATES, rehearsals=False, older_than_s=OLD_AFTER_S)
    order = filters.Sort("age")
    failed = filters.Filter(answer_failed=True)
    youngest = inbox.rows(open_ones, order, 0, ROW_LIMIT).rows
    oldest = inbox.rows(old_ones, order, 0, ROW_LIMIT).rows
    return youngest, oldest, inbox.rows(failed, order, 0, ROW_LIMIT).rows


class SeenRequests:
    """Which requests were seen before, in lists that begin with the youngest and end after ROW_LIMIT rows."""

    def __init__(self) -> None:
        self._ids: OrderedDict[uuid.UUID, None] = OrderedDict()
        self._floor: datetime | None = None
        """Older requests may have been beyond the end of a list: when they move into it, they are not new."""

    def take_unseen(self, rows: "Sequence[RequestRow]") -> "list[RequestRow]":
        """Return the rows that were not seen before, and mark them as seen."""
        floor = self._floor
        found = [r for r in rows if r.id not in self._ids and (floor is None or r.requested_at > floor)]
        self._ids.update(dict.fromkeys(row.id for row in rows))
        while len(self._ids) > MAX_SEEN:
            self._ids.popitem(last=False)
        if len(rows) == ROW_LIMIT:
            last = rows[-1].requested_at
            self._floor = last if floor is None else max(floor, last)
        return found


def notification_text(
    new: "Sequence[RequestRow]", old: "Sequence[RequestRow]", undelivered: "Sequence[RequestRow]" = ()
) -> str:
    """Return a message in one line: the name of one request, or the number of several."""
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
    if len(undelivered) == 1 and not parts:
        [row] = undelivered
        parts.append(tr("Answer not delivered: {name}", name=_request_label(row)))
    elif undelivered:
        parts.append(
            plural(
                len(undelivered),
                "{counted} answer not delivered",
                "{counted} answers not delivered",
                counted=_count_text(undelivered),
            )
        )
    return ", ".join(parts)


def _count_text(rows: "Sequence[RequestRow]") -> str:
    return f"{number(len(rows))}{'+' if len(rows) == ROW_LIMIT else ''}"


def _request_label(row: "RequestRow") -> str:
    what = row.policy or row.file_path
    return ", ".join(part for part in (row.number, row.user, what) if part)
