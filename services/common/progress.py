"""How long work tells what it is doing, without knowing who listens."""

from typing import Protocol


class Progress(Protocol):
    """Called between steps. `total` is None while it is not known."""

    def __call__(self, text: str, done: int = 0, total: int | None = None) -> None:
        """Report `text`, and how far the work is."""


def ignore_progress(text: str, done: int = 0, total: int | None = None) -> None:
    """Ignore a report, for callers that do not show progress."""
