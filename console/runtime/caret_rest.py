"""Lets the text cursor stop blinking where nobody types: each blink paints the field and everything below it."""

from PyQt6 import sip
from PyQt6.QtCore import QObject, QTimer
from PyQt6.QtGui import QGuiApplication
from PyQt6.QtWidgets import QApplication, QLineEdit, QPlainTextEdit, QTextEdit, QWidget

REST_AFTER_MS = 10_000
"""After the focus or the cursor was moved last; a desktop with GTK has the same delay."""


class CaretRest(QObject):
    """There is one for the application. The cursor stays visible; it blinks again when it or the focus is moved."""

    def __init__(self, app: QApplication) -> None:
        super().__init__(app)
        self._field: QLineEdit | QPlainTextEdit | QTextEdit | None = None
        self._flash_ms = 0
        """The time of a blink while the cursor does not blink; else 0."""
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(REST_AFTER_MS)
        self._timer.timeout.connect(self._rest)
        app.focusChanged.connect(self._follow)

    def _follow(self, _old: QWidget | None, new: QWidget | None) -> None:
        if self._field is not None and not sip.isdeleted(self._field):
            self._field.cursorPositionChanged.disconnect(self._moved)
        self._field = new if isinstance(new, QLineEdit | QPlainTextEdit | QTextEdit) else None
        if self._field is not None:
            self._field.cursorPositionChanged.connect(self._moved)
        self._moved()

    def _moved(self, *_positions: int) -> None:
        hints = QGuiApplication.styleHints()
        if self._flash_ms and hints is not None:
            hints.setCursorFlashTime(self._flash_ms)
            self._flash_ms = 0
        if self._field is not None:
            self._timer.start()
        else:
            self._timer.stop()

    def _rest(self) -> None:
        hints = QGuiApplication.styleHints()
        if hints is not None and hints.cursorFlashTime() > 0:
            self._flash_ms = hints.cursorFlashTime()
            hints.setCursorFlashTime(0)
