"""The texts of the window that an approval action shows, and sections with bold words. Their keys: `models.window_texts`."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from models.window_texts import DEFAULT_LANGUAGE, TEXT_NAMES, TextKey

__all__ = [
    "DEFAULT_LANGUAGE",
    "TEXT_NAMES",
    "FlowDirection",
    "Run",
    "TextKey",
    "WindowText",
    "WindowTexts",
    "find_text_key",
    "merge_runs",
    "normalise_line_ends",
    "runs_to_text",
    "text_to_runs",
    "to_plain_text",
    "to_runs",
]


class FlowDirection(StrEnum):
    """Reading direction of the window; the value is as in the item."""

    LEFT_TO_RIGHT = "LeftToRight"
    RIGHT_TO_LEFT = "RightToLeft"


@dataclass(frozen=True, slots=True)
class Run:
    """Words of a section that are bold or not. A line feed separates paragraphs."""

    text: str
    bold: bool = False


WindowText: TypeAlias = str | tuple[Run, ...]
"""A text as a program gives it: plain, or for a section as marked text (`**bold**`) or runs."""
WindowTexts: TypeAlias = Mapping[str, WindowText]
"""Texts of one language by key (`TextKey`, or another key that the window has)."""

_MARKS = re.compile(r"(\\+)(\*)|\*\*")
_BEFORE_STAR = re.compile(r"(\\*)\*")
_TRAILING_BACKSLASHES = re.compile(r"(\\+)$")


def find_text_key(name: str) -> TextKey | None:
    """Return the key that a name means, as `InformationTextSection`, `information_text_section` or `information section`."""
    folded = _fold(name)
    for key in TextKey:
        short = _fold(key.value.replace("TextSection", "Section"))
        if folded in (_fold(key.value), short, _fold(TEXT_NAMES[key])):
            return key
    return None


def _fold(name: str) -> str:
    return re.sub(r"[\s_-]", "", name).casefold()


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


def to_runs(value: WindowText) -> tuple[Run, ...]:
    """Return the runs of a section given in either form; line ends become line feeds."""
    runs = text_to_runs(value) if isinstance(value, str) else value
    return merge_runs(Run(normalise_line_ends(run.text), run.bold) for run in runs)


def to_plain_text(value: WindowText) -> str:
    """Return the text without bold marks, for everything that is no section."""
    text = value if isinstance(value, str) else "".join(run.text for run in value)
    return normalise_line_ends(text)


def normalise_line_ends(text: str) -> str:
    """Return the text with line feeds as its only line ends."""
    return text.replace("\r\n", "\n").replace("\r", "\n")
