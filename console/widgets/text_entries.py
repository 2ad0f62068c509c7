"""What a grid of texts shows. No Qt here, so that presenters can use it."""

from collections.abc import Iterable
from dataclasses import dataclass

from console.widgets.window_content import Run


@dataclass(frozen=True, slots=True)
class TextEntry:
    """One text: its key, its label and its value as runs, of which only those of a section may be bold.

    An inherited text has no value of its own: `runs` are what editing begins with. Of `choices`, pairs of value and
    label, one is the value.
    """

    key: str
    label: str
    runs: tuple[Run, ...] = ()
    is_section: bool = False
    is_inherited: bool = False
    error: str = ""
    help: str = ""
    notice: str = ""
    """What should be thought over; it is shown in place of the help."""
    choices: tuple[tuple[str, str], ...] = ()

    @property
    def text(self) -> str:
        """Return the value without its bold runs."""
        return "".join(text for text, _bold in self.runs)

    @property
    def shown(self) -> str:
        """Return the value as a person reads it: of a choice its label."""
        return next((label for value, label in self.choices if value == self.text), self.text)


def merge_runs(runs: Iterable[Run]) -> list[Run]:
    """Return runs without empty ones, and with neighbours of the same weight as one."""
    merged: list[Run] = []
    for text, bold in runs:
        if text and merged and merged[-1][1] is bold:
            merged[-1] = (merged[-1][0] + text, bold)
        elif text:
            merged.append((text, bold))
    return merged
