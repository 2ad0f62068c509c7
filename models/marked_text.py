"""Text with bold words in one line of characters: `**` around them, a backslash before an asterisk that is meant as one."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_MARKS = re.compile(r"(\\+)(\*)|\*\*")
_BEFORE_STAR = re.compile(r"(\\*)\*")
_TRAILING_BACKSLASHES = re.compile(r"(\\+)\Z")


@dataclass(frozen=True, slots=True)
class Run:
    """Words of a section that are bold or not. A line feed separates paragraphs."""

    text: str
    bold: bool = False


def merge_runs(runs: Iterable[Run]) -> tuple[Run, ...]:
    """Return runs without empty ones; neighbours that look the same are one, and line feeds are not bold."""
    merged: list[Run] = []
    for run in _separate_line_feeds(runs):
        if not run.text:
            continue
        if merged and merged[-1].bold == run.bold:
            merged[-1] = Run(merged[-1].text + run.text, run.bold)
        else:
            merged.append(run)
    return tuple(merged)


def _separate_line_feeds(runs: Iterable[Run]) -> Iterator[Run]:
    for run in runs:
        if not run.bold:
            yield run
            continue
        for index, part in enumerate(run.text.split("\n")):
            if index:
                yield Run("\n")
            yield Run(part, bold=True)


def runs_to_text(runs: Iterable[Run]) -> str:
    """Return marked text: `**` around bold words, a backslash before an asterisk that is meant as one."""
    merged = merge_runs(runs)
    parts = []
    for index, run in enumerate(merged):
        text = _BEFORE_STAR.sub(lambda found: found[1] * 2 + r"\*", run.text)
        if run.bold or (index + 1 < len(merged) and merged[index + 1].bold):
            text = _TRAILING_BACKSLASHES.sub(lambda found: found[1] * 2, text)
        parts.append(f"**{text}**" if run.bold else text)
    return "".join(parts)


def text_to_runs(text: str) -> tuple[Run, ...]:
    """Return the runs of marked text. A mark without a second one is two asterisks."""
    pieces: list[str | None] = []  # None: bold begins or ends
    position = 0
    while found := _MARKS.search(text, position):
        pieces.append(text[position : found.start()])
        position = found.end()
        if found[1] is None:
            pieces.append(None)
            continue
        pieces.append("\\" * (len(found[1]) // 2))
        if len(found[1]) % 2:
            pieces.append("*")
        elif text.startswith("*", position):
            pieces.append(None)
            position += 1
        else:
            pieces.append("*")
    pieces.append(text[position:])
    if pieces.count(None) % 2:
        last = len(pieces) - 1 - pieces[::-1].index(None)
        pieces[last] = "**"
    bold = False
    runs = []
    for piece in pieces:
        if piece is None:
            bold = not bold
        else:
            runs.append(Run(piece, bold))
    return merge_runs(runs)
