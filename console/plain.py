"""The one way of text from outside into the window: Qt shows it as plain text, whatever is written in it.

Qt takes a tooltip for rich text by its first tag, an entry of a menu for one with a shortcut by its first “&”, a title by
its “[*]”, and some desktops take the text of a notification for markup. Text that reads as any of these is changed here, in
ways that are not seen, before it reaches Qt; nothing depends on the style sheet.
"""

import re
from typing import Protocol

from PyQt6.QtCore import QPoint, QRect
from PyQt6.QtWidgets import QToolTip, QWidget

NOTHING = "\u200b"
"""A space of no width: it ends a tag before its name, and is not seen."""
TURNING = dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C), "\ufffd")
"""Characters that turn the direction of a line, as a false file name has them."""
LINES = {**dict.fromkeys(range(0x20), " "), **dict.fromkeys((0x7F, 0x85, 0x2028, 0x2029), " ")}
"""Characters that end a line or have no shape."""
OPENING = re.compile(r"<|&(?=[#\w])")
"""What begins a tag or an entity."""


class Tipped(Protocol):
    """What can have a tooltip: a widget, an action, an item of a list."""

    def setToolTip(self, text: str | None, /) -> None:
        """Take a tooltip."""


def upright(text: str) -> str:
    """Return a text with marks in place of characters that turn the direction of a line."""
    return text if text.isascii() else text.translate(TURNING)


def one_line(text: str) -> str:
    """Return a text that stands in one line: its ends of lines and control characters are spaces."""
    return upright(text).translate(LINES)


def tip(text: str | None) -> str:
    """Return a text as a tooltip: it looks the same, and Qt never takes it for rich text."""
    return OPENING.sub(lambda found: f"{found.group()}{NOTHING}", upright(text or ""))


def set_tip(target: Tipped, text: str | None) -> None:
    """Give something a tooltip."""
    target.setToolTip(tip(text))


def show_tip(where: QPoint, text: str, widget: QWidget, rect: QRect | None = None) -> None:
    """Show a tooltip now."""
    QToolTip.showText(where, tip(text), widget, rect or QRect())


def entry(text: str) -> str:
    """Return a text for a menu, a button or a tab: an “&” is an “&”, and not the mark of a shortcut."""
    return one_line(text).replace("&", "&&")


def title(text: str) -> str:
    """Return a text for the title of a window: “[*]” is text, and not the place of Qt's mark of changes."""
    return one_line(text).replace("[*]", "[*][*]")


def notification(text: str) -> str:
    """Return a text for a notification of the desktop: a server of notifications that knows markup finds none."""
    return OPENING.sub(lambda found: f"{found.group()}{NOTHING}", upright(text))
