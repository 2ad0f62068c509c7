"""Decides what the line under the list says, and follows the polling of ServiceNow. Imports no Qt."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from console.inbox import status_text
from console.inbox.request_rows import utcnow
from console.inbox.status_text import StatusText

if TYPE_CHECKING:
    from console.inbox.row_reader import ListSnapshot
    from console.runtime.request_polling import RequestPolling


class StatusView(Protocol):
    """The line under the list, and the button Refresh."""

    def show_status(self, status: StatusText) -> None:
        """Show a status."""

    def set_refresh_enabled(self, enabled: bool) -> None:  # noqa: FBT001 - like Qt's own setters
        """Enable or disable the button Refresh."""


class ListStatus:
    """The status of the list. `reload_soon` is called after the servers were polled, or cannot be polled any more."""

    def __init__(
        self,
        view: StatusView,
        polling: "Callable[[], RequestPolling | None]",
        reload_soon: Callable[[], None],
    ) -> None:
        self._view, self._polling, self._reload_soon = view, polling, reload_soon
        self._snapshot: ListSnapshot | None = None
        """The snapshot that the status describes; None while it says something else."""
        self._shown_problem = ""
        self._last_seen: tuple[datetime | None, str, bool] | None = None

    @property
    def polling_problem(self) -> str:
        """Why the servers are not polled, as far as this window knows."""
        polling = self._polling()
        return polling.why_not if polling is not None else ""

    def poll_now(self) -> None:
        """Poll every server now, if this window can."""
        polling = self._polling()
        if polling is not None:
            polling.poll_now()
            self.update()

    def update(self) -> None:
        """Show whether the servers are being polled, and read the list again when that has ended."""
        polling = self._polling()
        active = polling is not None and polling.polling
        self._view.set_refresh_enabled(not active)
        if active:
            self._snapshot = None
            self._view.show_status(status_text.polling_status())
        elif self._snapshot is not None and self.polling_problem != self._shown_problem:
            self.show_snapshot(self._snapshot, utcnow())
        seen = (polling.seen_at, polling.why_not, active) if polling is not None else None
        if seen != self._last_seen:
            self._last_seen = seen
            if not active:
                self._reload_soon()

    def show_snapshot(self, snapshot: "ListSnapshot", now: datetime) -> None:
        """Show the status of a list that was read."""
        self._snapshot, self._shown_problem = snapshot, self.polling_problem
        self._view.show_status(status_text.snapshot_status(snapshot, now, self._shown_problem))

    def show_read_failed(self, read_at: datetime | None) -> None:
        """Show that the list cannot be read; `read_at` is the time of the rows that are still shown."""
        self._snapshot = None
        self._view.show_status(status_text.read_failed_status(read_at))
