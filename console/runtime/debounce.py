"""Runs a function once after a burst of triggers."""

from collections.abc import Callable

from PyQt6.QtCore import QObject, QTimer


class Debounce(QObject):
    """Calls `action` once, `delay_ms` after the last `restart` or after the first `request`.

    `restart` suits typing: the action waits until nothing happened for the delay. `request` suits change
    notifications: the action runs at the latest one delay after the first of them, however many follow.
    """

    def __init__(self, owner: QObject, delay_ms: int, action: Callable[[], object]) -> None:
        super().__init__(owner)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(delay_ms)
        self._timer.timeout.connect(action)

    @property
    def pending(self) -> bool:
        """Whether the action is due."""
        return self._timer.isActive()

    def restart(self) -> None:
        """Run the action one full delay from now."""
        self._timer.start()

    def request(self) -> None:
        """Run the action one delay from now, or earlier if it is due already."""
        if not self._timer.isActive():
            self._timer.start()

    def cancel(self) -> bool:
        """Drop a pending action; returns whether there was one."""
        was_pending = self._timer.isActive()
        self._timer.stop()
        return was_pending
