"""Texts of an approval window as a program gives them: plain, as marked text (`models.marked_text`) or as runs."""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeAlias

from models.marked_text import Run, merge_runs, runs_to_text, text_to_runs

__all__ = [
    "FlowDirection",
    "LanguageTexts",
    "Run",
    "WindowText",
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


WindowText: TypeAlias = str | tuple[Run, ...]
"""A text as a program gives it: plain, or for a section as marked text (`**bold**`) or runs."""
LanguageTexts: TypeAlias = Mapping[str, WindowText]
"""Texts of one language by key (`models.window_texts.TextKey`, or another key that the window has)."""


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
