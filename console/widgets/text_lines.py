"""Text in several lines for painters: broken at words, cut off with an ellipsis after a number of lines."""

from PyQt6.QtCore import Qt
from PyQt6.QtGui import QFont, QFontMetrics, QTextLayout, QTextOption

from console.widgets import plain_text
from console.widgets.utf16 import utf16_length, utf16_part


def wrapping_option() -> QTextOption:
    """Return how texts are broken: between words, and inside a word that is wider than the line."""
    option = QTextOption()
    option.setWrapMode(QTextOption.WrapMode.WrapAtWordBoundaryOrAnywhere)
    return option


def break_lines(text: str, font: QFont, width: int, limit: int) -> list[str]:
    """Return the lines of a text in a width in pixels, at most `limit`; what is left out is an ellipsis."""
    plain = plain_text.one_line(text)
    layout = QTextLayout(plain, font)
    layout.setTextOption(wrapping_option())
    layout.beginLayout()
    lines: list[str] = []
    while (line := layout.createLine()).isValid():
        line.setLineWidth(max(width, 1))
        start = line.textStart()
        if len(lines) == limit - 1:
            rest = utf16_part(plain, start, utf16_length(plain) - start)
            lines.append(QFontMetrics(font).elidedText(rest, Qt.TextElideMode.ElideRight, width))
            break
        lines.append(utf16_part(plain, start, line.textLength()).rstrip())
    layout.endLayout()
    return lines


def is_cut(text: str, font: QFont, width: int, limit: int) -> bool:
    """Whether a text needs more lines than there are."""
    return "".join(break_lines(text, font, width, limit)).replace(" ", "") != plain_text.one_line(
        text
    ).replace(" ", "")
