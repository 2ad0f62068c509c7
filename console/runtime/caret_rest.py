"""Lets the text cursor stop blinking where nobody types: each blink paints the field and everything below it."""

from PyQt6 import sip
from PyQt6.QtCore import QObject, QTimer
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
        # Not within the signal: it also comes while a field is destroyed, which must not be told of a blink then.
        self._focus_timer = QTimer(self)
        self._focus_timer.setSingleShot(True)
        self._focus_timer.timeout.connect(self._follow)
        app.focusChanged.connect(self._on_focus_changed)

    def _on_focus_changed(self, *_widgets: QWidget | None) -> None:
        self._focus_timer.start(0)

    def _follow(self) -> None:
        new = QApplication.focusWidget()
        if self._field is not None and not sip.isdeleted(self._field):
            self._field.cursorPositionChanged.disconnect(self._moved)
        self._field = new if isinstance(new, QLineEdit | QPlainTextEdit | QTextEdit) else None
        if self._field is not None:
            self._field.cursorPositionChanged.connect(self._moved)
        self._moved()

    def _moved(self, *_positions: int) -> None:
        if self._flash_ms:
            QApplication.setCursorFlashTime(self._flash_ms)
            self._flash_ms = 0
        if self._field is not None:
            self._timer.start()
        else:
            self._timer.stop()

    def _rest(self) -> None:
        self._flash_ms = QApplication.cursorFlashTime()
        QApplication.setCursorFlashTime(0)
