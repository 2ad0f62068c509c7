"""Which texts of the endpoint's window are too long for it. Sections and values wrap there; all other texts have one line."""

from collections.abc import Sequence

from PyQt6.QtCore import QSize, Qt
from PyQt6.QtGui import QFontMetricsF

from console.widgets import plain_text
from console.widgets.endpoint_layout import (
    BUTTON_WIDTH,
    GAP,
    HEADING,
    HEADING_SIZE,
    INDENT,
    LOGO_MAX,
    MARGIN,
    TITLE_LEFT,
    TITLE_SIZE,
    WIDTH,
    window_font,
)
from console.widgets.window_content import WINDOW_BUTTONS, WindowContent, WindowText

TITLE_BUTTONS, LABEL_AIR, BUTTON_PADDING = 40, 10, 15
"""Room for the cross of the title bar, beside a label, and beside the text of a button: as in the item."""
LABELS = (WindowText.APPLICATION_LABEL, WindowText.USER_LABEL, WindowText.STATUS_LABEL)


def cut_texts(content: WindowContent, logo: QSize | None) -> dict[str, str]:
    """Return what is seen of each text that is cut off, by its key; `logo` is the size of the picture, None for none."""
    size = content.font_size
    logo_width = 0.0
    if logo is not None:
        logo_width = min(logo.width() * HEADING / max(logo.height(), 1), LOGO_MAX)
    rooms = {WindowText.HEADING: (WIDTH - logo_width - 2 * MARGIN, HEADING_SIZE, True)}
    rooms |= dict.fromkeys(LABELS, (WIDTH - INDENT - 2 * LABEL_AIR, size, False))
    rooms[WindowText.REASON_LABEL] = (WIDTH - 2 * MARGIN, size, True)
    for keys in WINDOW_BUTTONS.values():
        longest, room = _room_of_longest(content, keys)
        known = rooms.get(longest)
        rooms[longest] = (room if known is None else min(room, known[0]), size, False)
    found = {}
    for key, (room, pixels, bold) in rooms.items():
        seen = _seen(content.text(key), room, pixels, bold=bold)
        if seen is not None:
            found[key.value] = seen
    title = _seen(content.title, WIDTH - TITLE_LEFT - TITLE_BUTTONS, TITLE_SIZE, bold=False)
    if title is not None:
        found[WindowText.TITLE_PREFIX.value] = title
    return found


def _room_of_longest(content: WindowContent, keys: Sequence[WindowText]) -> tuple[WindowText, float]:
    """Return the widest button of a row, and the room for its text: the row is as wide as the window."""
    metrics = QFontMetricsF(window_font(content.font_size))
    padding = 2 * BUTTON_PADDING
    widths = {
        key: max(metrics.horizontalAdvance(plain_text.one_line(content.text(key))) + padding, BUTTON_WIDTH)
        for key in keys
    }
    longest = max(keys, key=lambda key: widths[key])
    others = sum(width for key, width in widths.items() if key is not longest)
    return longest, WIDTH - 2 * MARGIN - GAP * (len(keys) - 1) - others - padding


def _seen(text: str, room: float, pixels: int, *, bold: bool) -> str | None:
    """Return the beginning of a text that fits, or None for one that fits as a whole."""
    line = plain_text.one_line(text)
    metrics = QFontMetricsF(window_font(pixels, bold=bold))
    if metrics.horizontalAdvance(line) <= room:
        return None
    return metrics.elidedText(line, Qt.TextElideMode.ElideRight, room).rstrip("…").rstrip()
