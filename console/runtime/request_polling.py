"""What pages and the activity strip use of the polling of ServiceNow, which `console.inbox` implements."""

from datetime import datetime
from typing import Protocol

from PyQt6.QtCore import pyqtBoundSignal


class RequestPolling(Protocol):
    """The state of polling in this window. `changed` is emitted when any property may have changed."""

    @property
    def changed(self) -> pyqtBoundSignal:
        """The signal without arguments."""

    @property
    def who(self) -> str:
        """Which process polls, as translated text; empty when none does."""

    @property
    def seen_at(self) -> datetime | None:
        """When every instance had been polled last."""

    @property
    def polling(self) -> bool:
        """Whether a poll that was started by hand is running."""

    @property
    def why_not(self) -> str:
        """Why requests are not being polled, as translated text; empty when they are."""

    def poll_now(self) -> None:
        """Poll every instance now, unless such a poll is running."""

    def retry_local_faults(self) -> None:
        """Poll again soon what could not be polled because a secret was missing."""
