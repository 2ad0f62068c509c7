"""One window for each store: a second start raises the first.

A lock file says whether there is a first, at the cost of nothing; only then, and after the first paint, is the library
for local sockets imported.
"""

import getpass
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtCore import QLockFile, QObject, pyqtSignal

if TYPE_CHECKING:
    from PyQt6.QtNetwork import QLocalServer, QLocalSocket

CONNECT_TIMEOUT_MS = 500
STARTING_LIMIT_S, LOOK_EVERY_MS = 3.0, 100
"""How long a window that is just starting is waited for until it listens."""
RAISE_MESSAGE = b"raise\n"
SQLITE_PREFIX = "sqlite:///"


def store_key(store_url: str) -> str:
    """Return a word for a store and this user, the same however its file was written."""
    path = store_url.removeprefix(SQLITE_PREFIX)
    same = str(Path(path).absolute()) if "://" not in path else store_url
    return uuid.uuid5(uuid.NAMESPACE_URL, f"{getpass.getuser()} {same}").hex[:24]


def socket_name(store_url: str) -> str:
    """Return the name under which the window of a store listens for this user."""
    return f"approval-console-{store_key(store_url)}"


class SingleInstance(QObject):
    """Finds out whether a window of the store is open already, and listens for later ones."""

    raised = pyqtSignal()
    """A second start asks this window to come to the front."""

    def __init__(self, store_url: str, folder: Path, parent: QObject | None = None) -> None:
        """Keep the lock of `store_url` in `folder`, which belongs to this user alone."""
        super().__init__(parent)
        self._name = socket_name(store_url)
        self._lock = QLockFile(str(folder / f"{self._name}.lock"))
        # Never old by age: a window stays open for days. A program that died is noticed by its number.
        self._lock.setStaleLockTime(0)
        self._server: QLocalServer | None = None

    def is_first(self) -> bool:
        """Return whether no other window shows the store; from now on this one does."""
        return self._lock.isLocked() or self._lock.tryLock(0)

    def raise_existing(self) -> bool:
        """Ask the other window to come to the front; returns whether it answers, or False once this one is the first.

        One that is just starting is waited for.
        """
        until = time.monotonic() + STARTING_LIMIT_S
        while not self._ask_existing():
            if self._lock.tryLock(LOOK_EVERY_MS) or time.monotonic() > until:
                return False
        return True

    def _ask_existing(self) -> bool:
        from PyQt6.QtNetwork import QLocalSocket

        socket = QLocalSocket()
        socket.connectToServer(self._name)
        if not socket.waitForConnected(CONNECT_TIMEOUT_MS):
            return False
        socket.write(RAISE_MESSAGE)
        socket.waitForBytesWritten(CONNECT_TIMEOUT_MS)
        socket.disconnectFromServer()
        return True

    def listen(self) -> None:
        """Listen for second starts."""
        from PyQt6.QtNetwork import QLocalServer

        server = QLocalServer(self)
        server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        if self.is_first():  # what is left under this name belongs to a program that died
            QLocalServer.removeServer(self._name)
        server.newConnection.connect(lambda: self._connected(server.nextPendingConnection()))
        server.listen(self._name)
        self._server = server

    def close(self) -> None:
        """Stop listening and let the next window be the first."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self._lock.unlock()

    def _connected(self, socket: "QLocalSocket | None") -> None:
        if socket is not None:
            socket.disconnected.connect(socket.deleteLater)
            self.raised.emit()
