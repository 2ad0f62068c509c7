"""When a widget that is no button counts as pressed: the same for every one of them."""

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QContextMenuEvent, QKeyEvent, QKeySequence, QMouseEvent, QShortcut
from PyQt6.QtWidgets import QApplication, QWidget

_ACTIVATION_KEYS = (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)


def is_click(widget: QWidget, event: QMouseEvent | None) -> bool:
    """Whether letting go of the mouse presses `widget`: the left button, still over it, and it is enabled."""
    return (
        event is not None
        and event.button() is Qt.MouseButton.LeftButton
        and widget.isEnabled()
        and widget.rect().contains(event.position().toPoint())
    )


def enable_context_menu_shortcut(window: QWidget) -> None:
    """Let Shift+F10 open the context menu of what has the keyboard in a window, as the menu key does everywhere."""
    QShortcut(QKeySequence("Shift+F10"), window, lambda: _post_context_menu_event(window.focusWidget()))


def _post_context_menu_event(widget: QWidget | None) -> None:
    if widget is not None:
        middle = widget.rect().center()
        reason = QContextMenuEvent.Reason.Keyboard
        QApplication.postEvent(widget, QContextMenuEvent(reason, middle, widget.mapToGlobal(middle)))


def is_enter_press(event: QKeyEvent | None) -> bool:
    """Whether a key is Enter, held down once: what Qt leaves out for buttons that are no default of a dialog."""
    return event is not None and event.key() in _ACTIVATION_KEYS[:2] and not event.isAutoRepeat()


def is_activation_key(event: QKeyEvent | None) -> bool:
    """Whether a key presses what has the keyboard: Enter or Space, held down once."""
    return event is not None and event.key() in _ACTIVATION_KEYS and not event.isAutoRepeat()
