"""Reads the expiry calendar of the open store, when it changes and every hour; pages, tree and notifications use it."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, QTimer, pyqtSignal

from console.runtime import lazy_imports
from console.runtime.debounce import Debounce
from console.runtime.page_targets import Target
from console.runtime.task_runner import TaskRunner
from models.kinds import Kind
from services.common.errors import ConsoleError, Problem

if TYPE_CHECKING:
    from console.runtime.context import Context
    from services.expiries.calendar import Expiry
    from services.store.change_feed import Change

READ_DELAY_MS, READ_INTERVAL_MS = 1000, 3_600_000
"""After the start or a change, so that it delays no page; and without one: days pass, and files are replaced."""
WATCHED_TABLES = frozenset(
    {
        Kind.USER_CREDENTIAL.value,
        Kind.FOREIGN_SYSTEM.value,
        Kind.PRIVILEGE_MANAGER_SERVER.value,
        "task_run",
    }
)


def _utc_now() -> datetime:
    return datetime.now(UTC)


class ExpiryWatch(QObject):
    """There is one for each context, see `expiry_watch`. Reads nothing before `start`."""

    changed = pyqtSignal()
    """The calendar was read."""

    def __init__(self, ctx: "Context", *, clock: Callable[[], datetime] = _utc_now) -> None:
        super().__init__(ctx)
        self.ctx = ctx
        self.clock = clock
        self.tasks = TaskRunner(self, self._ignore_problem)
        self.entries: tuple[Expiry, ...] | None = None
        """The calendar, the nearest first; None before it was read."""
        self._again = False
        self._due = Debounce(self, READ_DELAY_MS, self.refresh)
        self._interval_timer = QTimer(self)
        self._interval_timer.setInterval(READ_INTERVAL_MS)
        self._interval_timer.timeout.connect(self.refresh)
        ctx.changes.connect(self._changed)
        ctx.settled.connect(self.start)

    def start(self) -> None:
        """Read the calendar soon, unless that was done; not before the start of the window is over."""
        if self.ctx.is_settled and not self._interval_timer.isActive():
            self._interval_timer.start()
            self._due.request()

    def stop(self) -> None:
        """Stop reading; the window closes."""
        self._due.cancel()
        self._interval_timer.stop()
        self.tasks.cancel_all()

    def _changed(self, changes: "list[Change]") -> None:
        if self._interval_timer.isActive() and any(change.kind in WATCHED_TABLES for change in changes):
            self._due.request()

    def refresh(self) -> None:
        """Read now; once more at the end of what is being read."""
        if self.tasks.busy:
            self._again = True
        else:
            self.tasks.start(self._read(), group="read expiries")

    async def _read(self) -> None:
        ctx = self.ctx
        await lazy_imports.ready(ctx, lazy_imports.expiries)
        from services.expiries.calendar import build_calendar
        from services.expiries.facts import read_expiry_facts, read_stored_expiries

        self._again = True
        while self._again:
            self._again = False
            try:
                workspace = await ctx.ready()
                stored = await ctx.call(read_stored_expiries, workspace.configuration, workspace.store)
                # Not in the thread of the store: a keyring may wait for the user, and a network drive for its server.
                facts = await asyncio.to_thread(read_expiry_facts, stored, workspace.vault)
            except ConsoleError:
                return  # the next call by the user reports a store that is busy or gone
            self.entries = tuple(build_calendar(facts, self.clock()))
            self.changed.emit()

    def _ignore_problem(self, _problem: Problem) -> None:
        """Do nothing: the next change or hour reads again."""


def expiry_watch(ctx: "Context") -> ExpiryWatch:
    """Return the calendar of a context."""
    return ctx.findChild(ExpiryWatch) or ExpiryWatch(ctx)


def target_of(entry: "Expiry") -> Target:
    """Return the page of the object that an entry is about."""
    return Target(entry.fact.object_kind.value, entry.fact.object_id)
