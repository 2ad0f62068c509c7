"""Says things where people look who work elsewhere, if the desktop has such a place; a click leads back here."""

from collections.abc import Callable
from typing import Any

from PyQt6.QtCore import QObject

from console.widgets import plain_text

MESSAGE_DURATION_MS = 10_000


class Tray(QObject):
    """The icon of the window in the tray of the desktop, made when something is said for the first time."""

    def __init__(self, window: Any) -> None:
        super().__init__(window)
        self._window = window
        self._icon: Any = None
        self._then: Callable[[], None] | None = None

    def say(self, title: str, text: str, then: Callable[[], None] | None = None) -> bool:
        """Show a message; a click on it brings the window up and does what comes `then`. Returns whether there is a tray."""
        from PyQt6.QtWidgets import QSystemTrayIcon

        self._then = then
        if not QSystemTrayIcon.isSystemTrayAvailable():
            return False
        if self._icon is None:
            self._icon = QSystemTrayIcon(self._window.windowIcon(), self)
            self._icon.messageClicked.connect(self.follow)
        self._icon.show()
        self._icon.showMessage(
            plain_text.one_line(f"Approval Console: {title}"),
            plain_text.notification_text(text),
            QSystemTrayIcon.MessageIcon.Information,
            MESSAGE_DURATION_MS,
        )
        return True

    def follow(self) -> None:
        """Do what the last message leads to, as a click on it does."""
        window = self._window
        window.showNormal() if window.isMinimized() else window.show()
        window.raise_()
        window.activateWindow()
        if self._then is not None:
            self._then()
