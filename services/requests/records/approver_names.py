"""Names of approvers as texts: in a sentence, and one a line in the column `waits_for`."""

from collections.abc import Iterable, Sequence

from models.base import TEXT_MAX
from services.language import AND, ENGLISH, OR, join_names

UNNAMED_APPROVER = "an approver whose name is not visible"
"""Replaces a name that the account may not read."""


def join_english_names(names: Sequence[str], word: str = "or", most: int = 5) -> str:
    """Return “A, B or C” (or “A, B and C”); names beyond the first `most` are counted."""
    return join_names(list(names), AND if word == "and" else OR, most, ENGLISH)


def format_waits_for(names: Iterable[str]) -> str:
    """Return the value of `waits_for`: each name once, one a line, as many whole names as the column holds."""
    text = "\n".join(dict.fromkeys(" ".join(name.split()) for name in names))
    return text if len(text) <= TEXT_MAX else text[: TEXT_MAX + 1].rpartition("\n")[0]
