"""The one way of text from outside into the window: Qt shows it as plain text, whatever is written in it.

Qt takes a tooltip for rich text by its first tag, an entry of a menu for one with a shortcut by its first “&”, a title by
its “[*]”, and some desktops take the text of a notification for markup. Text that reads as any of these is changed here, in
ways that are not seen, before it reaches Qt; nothing depends on the style sheet.
"""

import re
from typing import Protocol

from PyQt6.QtCore import QPoint, QRect
from PyQt6.QtWidgets import QToolTip, QWidget

ZERO_WIDTH_SPACE = "\u200b"
"""A space of no width: it ends a tag before its name, and is not seen."""
BIDI_CONTROLS = dict.fromkeys(
    (*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C), "\ufffd"
)
"""Characters that turn the direction of a line, as a false file name has them."""
LINE_CONTROLS = {**dict.fromkeys(range(0x20), " "), **dict.fromkeys((0x7F, 0x85, 0x2028, 0x2029), " ")}
"""Characters that end a line or have no shape."""
MARKUP_START = re.compile(r"<|&(?=[#\w])")
"""What begins a tag or an entity."""


class HasToolTip(Protocol):
    """What can have a tooltip: a widget, an action, an item of a list."""

    def setToolTip(self, text: str | None, /) -> None:
        """Take a tooltip."""


def replace_bidi_controls(text: str) -> str:
    """Return a text with marks in place of characters that turn the direction of a line."""
    return text if text.isascii() else text.translate(BIDI_CONTROLS)


def one_line(text: str) -> str:
    """Return a text that stands in one line: its ends of lines and control characters are spaces."""
    return replace_bidi_controls(text).translate(LINE_CONTROLS)


def tooltip(text: str | None) -> str:
    """Return a text as a tooltip: it looks the same, and Qt never takes it for rich text."""
    return MARKUP_START.sub(
        lambda found: f"{found.group()}{ZERO_WIDTH_SPACE}", replace_bidi_controls(text or "")
    )


def set_tooltip(target: HasToolTip, text: str | None) -> None:
    """Give something a tooltip."""
    target.setToolTip(tooltip(text))


def show_tooltip(where: QPoint, text: str, widget: QWidget, rect: QRect | None = None) -> None:
    """Show a tooltip now."""
    QToolTip.showText(where, tooltip(text), widget, rect or QRect())


def menu_text(text: str) -> str:
    """Return a text for a menu, a button or a tab: an “&” is an “&”, and not the mark of a shortcut."""
    return one_line(text).replace("&", "&&")


def window_title(text: str) -> str:
    """Return a text for the title of a window: “[*]” is text, and not the place of Qt's mark of changes."""
    return one_line(text).replace("[*]", "[*][*]")


def notification_text(text: str) -> str:
    """Return a text for a notification of the desktop: a server of notifications that knows markup finds none."""
    return MARKUP_START.sub(lambda found: f"{found.group()}{ZERO_WIDTH_SPACE}", replace_bidi_controls(text))
