"""Notifications of the desktop, for users who work in another program; a click on one shows the window."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject
from PyQt6.QtWidgets import QWidget

from console.widgets import plain_text

if TYPE_CHECKING:
    from PyQt6.QtWidgets import QSystemTrayIcon

MESSAGE_DURATION_MS = 10_000


class Tray(QObject):
    """The icon of the window in the system tray, created with the first message."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window
        self._icon: QSystemTrayIcon | None = None
        self._then: Callable[[], None] | None = None

    def say(self, title: str, text: str, then: Callable[[], None] | None = None) -> bool:
        """Show a message; a click on it raises the window and calls `then`. Returns whether the desktop has a tray."""
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
        """Raise the window and call `then` of the last message."""
        window = self._window
        window.showNormal() if window.isMinimized() else window.show()
        window.raise_()
        window.activateWindow()
        if self._then is not None:
            self._then()
