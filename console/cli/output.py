"""How commands speak: results on standard output, everything else on standard error, JSON as one document."""

import io
import json
import re
import sys
from collections.abc import Sequence
from typing import Any, TextIO

import typer

from services.errors import ConsoleError, InputError, Owner, Problem

GOOD, NOT_GOOD, WRONG_INPUT, IMPOSSIBLE, CANCELLED = 0, 1, 2, 3, 130
"""The exit statuses of the public interface."""


_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
"""What commands a terminal, and what turns the order of a line around so that it reads as another."""


class ReaderGoneError(Exception):
    """Whoever read the output has closed it, as `head` does; there is nobody left to tell."""


def prepare() -> None:
    """Let every text be written whatever the terminal's encoding: what it cannot show is written as an escape.

    UTF-8 too has something it cannot show: the bytes of arguments that are no text.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def shows_everything() -> bool:
    """Whether standard output takes every character; where not, documents must be written in ASCII."""
    return _is_utf8(sys.stdout)


def _is_utf8(stream: TextIO) -> bool:
    return (stream.encoding or "").lower().replace("-", "").startswith("utf")


def say(text: str) -> None:
    """Write a message for people to standard error."""
    _echo(written_out(text), err=True)


def result(text: str) -> None:
    """Write a result to standard output."""
    _echo(written_out(text), err=False)


def is_harmless(text: str) -> bool:
    """Return whether `text` may be written as it is."""
    return _CONTROLS.search(text) is None


def written_out(text: str) -> str:
    """Return `text` with control characters written out: an instance's words must not command the terminal."""
    return _CONTROLS.sub(_written_out, text)


def piece(text: str) -> None:
    """Write a piece of a document to standard output as it is, line ends too; its texts are written out before."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(newline="")
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError as error:
        raise ReaderGoneError from error


def _written_out(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"


def _echo(text: str, *, err: bool) -> None:
    try:
        typer.echo(text, err=err)
    except BrokenPipeError as error:
        raise ReaderGoneError from error


def as_json(document: Any) -> None:
    """Write the one JSON document of a command to standard output."""
    text = json.dumps(document, ensure_ascii=not shows_everything(), indent=2)
    # JSON writes the other control characters out by itself; these stand in texts only.
    _echo(_CONTROLS.sub(lambda found: f"\\u{ord(found[0]):04x}", text), err=False)


def problem(error: ConsoleError, *, json_too: bool = False) -> None:
    """Write the five parts of an error to standard error, and as JSON to standard output where that was asked for."""
    say(error.problem.as_text())
    if json_too:
        as_json({"error": error.problem.as_dict()})


def file_error(verb: str, file: str, error: Exception) -> InputError:
    """Return the error for a file that a command was to read or write."""
    return InputError(
        Problem(
            tried=f"{verb} {file}",
            evidence=f"{type(error).__name__}: {error}",
            cause="The file is not there, is not text, or may not be used.",
            owner=Owner.CONSOLE,
            remedy="Name a file that can be used.",
            fault="file-unusable",
        )
    )


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Write rows in columns; plain and tab-separated where the output is not a terminal."""
    if not sys.stdout.isatty():
        for row in rows:
            result("\t".join(cell.replace("\t", " ").replace("\n", " ") for cell in row))
        return
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    made = Table(box=None, pad_edge=False)
    for head in heads:
        made.add_column(head)
    for row in rows:
        made.add_row(*(Text(written_out(cell)) for cell in row))
    Console().print(made)
