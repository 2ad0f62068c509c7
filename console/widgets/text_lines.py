"""Text in several lines for painters: broken at words, cut off with an ellipsis after a number of lines."""

from collections.abc import Sequence

from PyQt6.QtCore import QPointF, Qt
from PyQt6.QtGui import QFont, QFontMetrics, QTextCharFormat, QTextLayout, QTextOption

from console.widgets import plain_text
from console.widgets.utf16 import utf16_length, utf16_part
from console.widgets.window_content import Run

LINE_SEPARATOR, ELLIPSIS = "\u2028", "…"


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


def layout_runs(
    runs: Sequence[Run],
    font: QFont,
    width: float,
    step: float,
    *,
    option: QTextOption | None = None,
    limit: int = 0,
) -> QTextLayout:
    """Return runs of plain text in lines of a width, `step` pixels from line to line; bold runs are bold.

    With a `limit`, what does not fit into so many lines is an ellipsis.
    """
    plain = [(_lines_of(text), bold) for text, bold in runs]
    lines = _lay_out(plain, font, width, step, option)
    if not limit or lines.lineCount() <= limit:
        return lines
    last = lines.lineAt(limit - 1)
    room = last.textStart() + last.textLength()
    while lines.lineCount() > limit and room > 0:
        lines = _lay_out(_first_part(plain, room), font, width, step, option)
        room -= 1
    return lines


def _lines_of(text: str) -> str:
    parts = text.replace("\r\n", "\n").replace("\n", LINE_SEPARATOR).split(LINE_SEPARATOR)
    return LINE_SEPARATOR.join(plain_text.one_line(part) for part in parts)


def _first_part(runs: Sequence[Run], length: int) -> list[Run]:
    """Return the first characters of runs, as Qt counts them, and an ellipsis."""
    part: list[Run] = []
    for text, bold in runs:
        taken = min(utf16_length(text), length)
        part.append((utf16_part(text, 0, taken), bold))
        length -= taken
    return [*part, (ELLIPSIS, False)]


def _lay_out(
    runs: Sequence[Run], font: QFont, width: float, step: float, option: QTextOption | None
) -> QTextLayout:
    text, formats = "", []
    for part, bold in runs:
        if bold:
            made = QTextLayout.FormatRange()
            made.start, made.length = utf16_length(text), utf16_length(part)
            letters = QTextCharFormat()
            letters.setFontWeight(QFont.Weight.Bold)
            made.format = letters
            formats.append(made)
        text += part
    lines = QTextLayout(text, font)
    lines.setTextOption(option or wrapping_option())
    lines.setFormats(formats)
    top = 0.0
    lines.beginLayout()
    while (line := lines.createLine()).isValid():
        line.setLineWidth(max(width, 1.0))
        line.setPosition(QPointF(0, top + (step - line.height()) / 2))
        top += step
    lines.endLayout()
    return lines
