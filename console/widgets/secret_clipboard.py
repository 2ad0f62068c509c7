"""A secret on the clipboard: marked as one, and taken away after a minute if it is still there."""

import hashlib
import hmac
import secrets

from PyQt6.QtCore import QMimeData, QObject, QTimer
from PyQt6.QtGui import QGuiApplication

HOLD_MS = 60_000
"""How long a secret stays on the clipboard."""
_MARKS = {
    "x-kde-passwordManagerHint": b"secret",
    'application/x-qt-windows-mime;value="ExcludeClipboardContentFromMonitorProcessing"': b"1",
}
"""What tells managers of the clipboard to keep no copy: of KDE, and of Windows."""


class SecretClipboard(QObject):
    """Puts a secret on the clipboard and remembers only a keyed digest of it. Outlives the widget that asked for it."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._key, self._digest = b"", b""
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(HOLD_MS)
        self._timer.timeout.connect(self.clear_now)

    @property
    def is_holding(self) -> bool:
        """Whether a secret waits to be taken away."""
        return self._timer.isActive()

    def put(self, secret: str) -> None:
        """Put a secret on the clipboard, for a minute."""
        clipboard = QGuiApplication.clipboard()
        if clipboard is None:
            return
        data = QMimeData()
        data.setText(secret)
        for kind, mark in _MARKS.items():
            data.setData(kind, mark)
        clipboard.setMimeData(data)
        self._key = secrets.token_bytes(32)
        self._digest = self._digest_of(secret)
        self._timer.start()

    def clear_now(self) -> None:
        """Empty the clipboard if it still holds the secret, and forget it."""
        self._timer.stop()
        clipboard = QGuiApplication.clipboard()
        if clipboard is not None and self._digest and self._is_ours(clipboard.text()):
            clipboard.clear()
        self._key = self._digest = b""

    def _is_ours(self, text: str) -> bool:
        return hmac.compare_digest(self._digest_of(text), self._digest)

    def _digest_of(self, text: str) -> bytes:
        return hmac.digest(self._key, text.encode("utf-8", "surrogatepass"), hashlib.sha256)


_holders: list[SecretClipboard] = []


def secret_clipboard() -> SecretClipboard:
    """Return the one of the application; it empties the clipboard when the application ends as well."""
    if not _holders:
        made = SecretClipboard()
        application = QGuiApplication.instance()
        if application is not None:
            application.aboutToQuit.connect(made.clear_now)
        _holders.append(made)
    return _holders[0]
