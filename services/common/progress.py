"""Protocol through which long operations report progress."""

from typing import Protocol


class Progress(Protocol):
    """Called between steps; `total` is None while it is unknown."""

    def __call__(self, text: str, done: int = 0, total: int | None = None) -> None:
        """Report `text`, and how many of `total` steps are done."""


def ignore_progress(text: str, done: int = 0, total: int | None = None) -> None:
    """Ignore a report, for callers that do not show progress."""
