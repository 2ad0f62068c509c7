"""When a widget that is no button counts as pressed: the same for every one of them."""

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QKeyEvent, QMouseEvent
from PyQt6.QtWidgets import QWidget

_KEYS = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)


def by_mouse(widget: QWidget, event: QMouseEvent | None) -> bool:
    """Whether letting go of the mouse presses `widget`: the left button, still over it, and it is enabled."""
    return (
        event is not None
        and event.button() is Qt.MouseButton.LeftButton
        and widget.isEnabled()
        and widget.rect().contains(event.position().toPoint())
    )


def by_key(event: QKeyEvent | None) -> bool:
    """Whether a key presses what has the keyboard: Enter or Space, held down once."""
    return event is not None and event.key() in _KEYS and not event.isAutoRepeat()
