"""Where everything stands in the window of the endpoint, at its real width; it is painted smaller, never laid out again."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from PyQt6.QtCore import QBuffer, QByteArray, QIODevice, QPointF, QRectF, QSize, Qt
from PyQt6.QtGui import QFont, QFontMetricsF, QImage, QImageReader, QTextLayout
from PyQt6.QtWidgets import QApplication

from console.widgets import plain_text
from console.widgets.text_lines import layout_runs, wrapping_option
from console.widgets.window_content import (
    WINDOW_BUTTONS,
    Run,
    WindowContent,
    WindowState,
    WindowText,
)

WIDTH, MARGIN, INDENT, VALUE_LEFT = 500, 8, 18, 110
TITLE_BAR, TITLE_LEFT, TITLE_SIZE = 31, 31, 12
HEADING, HEADING_SIZE, LOGO_MAX = 35, 16, 200
REASON, STATUS_BAR, BUTTON, BUTTON_WIDTH, GAP = 64, 24, 27, 85, 8
LINE = 1.45
"""Height of a line in times of the letters."""
FAMILY = "Segoe UI"
"""Letters of the endpoint, where this computer has them."""
LOGO_BYTES_MAX, LOGO_PIXELS_MAX = 2_000_000, 4_000_000
LOGO_FORMATS = {b"png", b"jpeg", b"jpg", b"gif", b"bmp"}


@dataclass(slots=True)
class TextBlock:
    """A text in its place. `key` names the text of the item, empty for what is none."""

    key: str
    box: QRectF
    lines: QTextLayout
    colour: str


@dataclass(slots=True)
class WindowLayout:
    """The places of all parts in pixels of the real window."""

    blocks: list[TextBlock] = field(default_factory=list)
    heading: QRectF = field(default_factory=QRectF)
    logo: QRectF = field(default_factory=QRectF)
    reason: QRectF = field(default_factory=QRectF)
    status: QRectF = field(default_factory=QRectF)
    icon: QRectF = field(default_factory=QRectF)
    close: QRectF = field(default_factory=QRectF)
    buttons: dict[str, TextBlock] = field(default_factory=dict)
    height: float = 0.0

    def place_of(self, key: str) -> QRectF:
        """Return where a text of the item stands; empty where the state does not show it."""
        if key in self.buttons:
            return self.buttons[key].box
        return next((block.box for block in self.blocks if block.key == key), QRectF())

    def key_at(self, where: QPointF) -> str:
        """Return the text of the item at a point, or an empty key."""
        for block in (*self.blocks, *self.buttons.values()):
            if block.key and block.box.adjusted(-3, -2, 3, 2).contains(where):
                return block.key
        if self.reason.contains(where):
            return WindowText.REASON_LABEL
        if self.status.contains(where):
            return WindowText.STATUS_LABEL
        return WindowText.HEADING if self.heading.contains(where) else ""


def decode_logo(data: bytes) -> QImage | None:
    """Return the picture of a logo; None for none, for other formats and for one that is too large."""
    if not data or len(data) > LOGO_BYTES_MAX:
        return None
    buffer = QBuffer()
    buffer.setData(QByteArray(data))
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    reader = QImageReader(buffer)
    size = reader.size()
    if reader.format().data() not in LOGO_FORMATS or not size.isValid():
        return None
    if size.isEmpty() or size.width() * size.height() > LOGO_PIXELS_MAX:
        return None
    picture = reader.read()
    return None if picture.isNull() else picture


def window_font(size: int, *, bold: bool = False) -> QFont:
    """Return letters of the window by their size in pixels of the real window."""
    made = QFont(QApplication.font())
    made.setFamilies([FAMILY, *QApplication.font().families()])
    made.setPixelSize(max(size, 1))
    made.setWeight(QFont.Weight.Bold if bold else QFont.Weight.Normal)
    return made


def lay_out(content: WindowContent, logo: QSize | None) -> WindowLayout:
    """Place everything; `logo` is the size of the picture, None for none."""
    return _Builder(content).build(logo)


class _Builder:
    """Places the parts from top to bottom."""

    def __init__(self, content: WindowContent) -> None:
        self.content, self.made = content, WindowLayout()
        self.size, self.mirrored = content.font_size, content.is_right_to_left
        self.y = 0.0

    def build(self, logo: QSize | None) -> WindowLayout:
        """Return the finished layout."""
        self._title()
        self._head(logo)
        self._section(WindowText.INFORMATION, 11)
        self._labels()
        if self.content.state is WindowState.ASKING:
            self._asking()
        else:
            self._status()
        if self.content.error:
            self._text("", [(self.content.error, True)], MARGIN, WIDTH - 2 * MARGIN, colour="error")
            self.y += 8
        self._buttons()
        self.made.height = round(self.y + 10)
        return self.made

    # -- texts -------------------------------------------------------------------

    def _mirror(self, box: QRectF) -> QRectF:
        if not self.mirrored:
            return box
        return QRectF(WIDTH - box.right(), box.top(), box.width(), box.height())

    def _lines(
        self, runs: Sequence[Run], width: float, *, size: int = 0, centred: bool = False
    ) -> QTextLayout:
        size = size or self.size
        option = wrapping_option()
        direction = Qt.LayoutDirection.RightToLeft if self.mirrored else Qt.LayoutDirection.LeftToRight
        option.setTextDirection(direction)
        if centred:
            option.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        elif self.mirrored:
            option.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignAbsolute)
        return layout_runs(runs, window_font(size), width, round(size * LINE), option=option)

    def _high(self, lines: QTextLayout, size: int = 0) -> float:
        return max(lines.lineCount(), 1) * round((size or self.size) * LINE)

    def _text(
        self,
        key: str,
        runs: Sequence[Run],
        left: float,
        width: float,
        *,
        colour: str = "text",
        wide: bool = True,
    ) -> QRectF:
        """Add a text at the line that is reached, and go on below it; `wide` takes all the width for clicks."""
        lines = self._lines(runs, width)
        high = self._high(lines)
        if not wide:
            width = min(_natural_width(lines) + 2, width)
            lines = self._lines(runs, width)
        box = self._mirror(QRectF(left, self.y, width, high))
        self.made.blocks.append(TextBlock(key, box, lines, colour))
        self.y += high
        return box

    # -- parts -------------------------------------------------------------------

    def _title(self) -> None:
        self.made.icon = self._mirror(QRectF(10, 9, 13, 13))
        self.made.close = self._mirror(QRectF(WIDTH - 32, 6, 20, 20))
        room, font = WIDTH - TITLE_LEFT - 40, window_font(TITLE_SIZE)
        title = plain_text.one_line(self.content.title)
        shown = QFontMetricsF(font).elidedText(title, Qt.TextElideMode.ElideRight, room)
        lines = self._lines([(shown, False)], room, size=TITLE_SIZE)
        high = self._high(lines, TITLE_SIZE)
        box = self._mirror(QRectF(TITLE_LEFT, (TITLE_BAR - high) / 2, room, high))
        self.made.blocks.append(TextBlock(WindowText.TITLE_PREFIX, box, lines, "title-text"))
        self.y = TITLE_BAR

    def _head(self, logo: QSize | None) -> None:
        width = 0.0
        if logo is not None:
            width = min(logo.width() * HEADING / max(logo.height(), 1), LOGO_MAX)
        room = WIDTH - width - 2 * MARGIN
        text = plain_text.one_line(self.content.text(WindowText.HEADING))
        lines = self._lines([(text, True)], room, size=HEADING_SIZE)
        high = max(HEADING, self._high(lines, HEADING_SIZE) + 12)
        self.made.heading = self._mirror(QRectF(0, self.y, WIDTH - width, high))
        self.made.logo = self._mirror(QRectF(WIDTH - width, self.y, width, high))
        inner = self._high(lines, HEADING_SIZE)
        box = self._mirror(QRectF(MARGIN, self.y + (high - inner) / 2, room, inner))
        self.made.blocks.append(TextBlock(WindowText.HEADING, box, lines, "heading-text"))
        self.y += high + 1 + 10

    def _section(self, key: WindowText, below: float) -> None:
        runs = self.content.runs(key)
        if any(text.strip() for text, _bold in runs):
            self._text(key, runs, MARGIN, WIDTH - 2 * MARGIN)
            self.y += below

    def _labels(self) -> None:
        content = self.content
        rows = (
            (WindowText.APPLICATION_LABEL, content.application),
            (WindowText.USER_LABEL, content.user),
        )
        widest = max(_natural_width(self._lines(content.runs(key), WIDTH)) for key, _value in rows)
        left = min(max(float(VALUE_LEFT), INDENT + widest + 10), WIDTH / 2)
        for key, value in rows:
            top = self.y
            self._text(key, content.runs(key), INDENT, left - INDENT - 6, wide=False)
            below, self.y = self.y, top
            self._text("", [(value, True)], left, WIDTH - MARGIN - left)
            self.y = max(self.y, below) + 6
        self.y += 2

    def _asking(self) -> None:
        self._section(WindowText.INSTRUCTION, 7)
        label = [(text, True) for text, _bold in self.content.runs(WindowText.REASON_LABEL)]
        self._text(WindowText.REASON_LABEL, label, MARGIN, WIDTH - 2 * MARGIN, wide=False)
        self.y += 4
        self.made.reason = self._mirror(QRectF(MARGIN, self.y, WIDTH - 2 * MARGIN, REASON))
        self.y += REASON + 12

    def _status(self) -> None:
        self._section(WindowText.STATUS_SECTION, 8)
        runs: list[Run] = [
            *((text, False) for text, _bold in self.content.runs(WindowText.STATUS_LABEL)),
            ("\u00a0 ", False),
            (self.content.status, True),
        ]
        top = self.y
        self.y += (STATUS_BAR - round(self.size * LINE)) / 2
        self._text(WindowText.STATUS_LABEL, runs, 2 * MARGIN, WIDTH - 4 * MARGIN, colour="status-text")
        high = max(STATUS_BAR, self.y - top + (STATUS_BAR - round(self.size * LINE)) / 2)
        self.made.status = self._mirror(QRectF(MARGIN, top, WIDTH - 2 * MARGIN, high))
        self.y = top + high + 14

    def _buttons(self) -> None:
        keys = WINDOW_BUTTONS[self.content.state]
        room = (WIDTH - 2 * MARGIN - GAP * (len(keys) - 1)) / len(keys)
        widths, lines = {}, {}
        for key in keys:
            natural = _natural_width(self._lines(self.content.runs(key), WIDTH)) + 24
            widths[key] = min(max(natural, float(BUTTON_WIDTH)), room)
            lines[key] = self._lines(self.content.runs(key), widths[key] - 12, centred=True)
        high = max(BUTTON, *(self._high(made) + 11 for made in lines.values()))
        right = float(WIDTH - MARGIN)
        for key in reversed(keys):
            left = float(MARGIN) if key is WindowText.REFRESH else right - widths[key]
            box = self._mirror(QRectF(left, self.y, widths[key], high))
            self.made.buttons[key] = TextBlock(key, box, lines[key], "text")
            right = left - GAP
        self.y += high


def _natural_width(lines: QTextLayout) -> float:
    return max((lines.lineAt(place).naturalTextWidth() for place in range(lines.lineCount())), default=0.0)
