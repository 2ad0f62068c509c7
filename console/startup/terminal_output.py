"""The one door to the terminal: whatever is written for people to read passes it, and is plain text behind it.

Text of others could command a terminal, turn the order of a line around, or put a line of its own below ours. Imports
nothing slow: the window writes a few lines too.
"""

import os
import sys
from collections.abc import Iterable
from typing import TextIO

from services.common.plain_text import escape_controls


class PlainStream:
    """A text stream that writes plain text, whoever writes to it: this program, a library, or the interpreter.

    It has no `buffer`, through which bytes would pass it by.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> object:  # any attribute of any text stream
        """Be as the stream is in everything else."""
        if name == "buffer":
            raise AttributeError(name)
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """Write plain text."""
        self._stream.write(escape_controls(text))
        return len(text)

    def writelines(self, lines: Iterable[str]) -> None:
        """Write plain lines."""
        for line in lines:
            self.write(line)


def install_plain_stderr() -> None:
    """Let everything that is written to standard error from now on be plain, and have a stream where there is none."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115 -- lives as long as the program
    if not isinstance(sys.stderr, PlainStream):
        sys.stderr = PlainStream(sys.stderr)


def write(text: str, *, err: bool) -> None:
    """Write a message or result and end the line. Raises OSError."""
    stream = sys.stderr if err else sys.stdout
    if stream is not None:
        stream.write(escape_controls(text) + "\n")
        stream.flush()
