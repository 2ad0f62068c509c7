"""How commands speak: results on standard output, everything else on standard error, JSON as one document."""

import errno
import io
import json
import sys
from collections.abc import Collection, Sequence
from typing import TextIO

from console.startup import terminal_output
from services.common.errors import ConsoleError, InputError, Owner, Problem
from services.common.fault_ids import FaultId
from services.common.file_writing import DISK_FULL_ERRNOS, write_failure_cause, write_failure_remedy
from services.common.plain_text import escape_controls, escape_controls_in_json

EXIT_OK, EXIT_NOT_OK, EXIT_INPUT_ERROR, EXIT_FAILURE, EXIT_CANCELLED = 0, 1, 2, 3, 130
"""The exit statuses of the public interface."""


_FOLDED_WIDTH, _COLUMN_GAP = 12, 2
"""The characters that a column keeps before its words are folded, and those between two columns."""
UNWRITABLE_ERRNOS = (*DISK_FULL_ERRNOS, errno.EIO)
"""What a write to a stream fails with that will not take another one either."""


class OutputClosedError(Exception):
    """Whoever read the output has closed it, as `head` does; there is nobody left to tell."""


class UnwritableError(Exception):
    """Standard output does not take what is written: the disk behind it is full, or the device fails.

    No ConsoleError: with `--json` such a one is written to standard output.
    """

    def __init__(self, error: OSError) -> None:
        super().__init__(str(error))
        self.problem = Problem(
            tried="Write to standard output",
            evidence=f"{type(error).__name__}: {error}",
            cause="What standard output goes to is full, or takes nothing.",
            owner=Owner.CONSOLE,
            remedy="Make room, or send it somewhere else. What the command has changed by now stays changed.",
            fault=FaultId.OUTPUT_UNWRITABLE,
        )


def configure_streams() -> None:
    """Let every text be written whatever the terminal's encoding: what it cannot show is written as an escape.

    UTF-8 too has something it cannot show: the bytes of arguments that are no text. A stream that the caller closed
    (`>&-`) is there, and keeps nothing.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    terminal_output.install_plain_stderr()


def supports_unicode() -> bool:
    """Whether standard output takes every character; where not, documents must be written in ASCII."""
    return _is_utf8(sys.stdout)


def _is_utf8(stream: TextIO) -> bool:
    return (stream.encoding or "").lower().replace("-", "").startswith("utf")


def print_message(text: str) -> None:
    """Write a message for people to standard error."""
    _echo(text, err=True)


def print_result(text: str) -> None:
    """Write a result to standard output."""
    _echo(text, err=False)


def write_text(text: str) -> None:
    """Write a piece of a document to standard output as it is, line ends too; its texts are written out before."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(newline="")
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError as error:
        raise OutputClosedError from error
    except OSError as error:
        raise UnwritableError(error) from error


def write_bytes(content: bytes) -> None:
    """Write a file to standard output: as it is, or as plain text where people read it at once."""
    if sys.stdout.isatty():
        _echo(content.decode("utf-8", "backslashreplace"), err=False)
        return
    try:
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    except BrokenPipeError as error:
        raise OutputClosedError from error
    except OSError as error:
        raise UnwritableError(error) from error


def _echo(text: str, *, err: bool) -> None:
    try:
        terminal_output.write(text, err=err)
    except BrokenPipeError as error:
        raise OutputClosedError from error
    except OSError as error:
        # A message that is lost stops no work; a result that is lost is not to be taken for one.
        if not err:
            raise UnwritableError(error) from error


def print_json(document: object) -> None:
    """Write the one JSON document of a command to standard output."""
    text = json.dumps(document, ensure_ascii=not supports_unicode(), indent=2)
    # JSON writes the others out by itself; these stand in texts only, and are written as JSON writes them.
    _echo(escape_controls_in_json(text), err=False)


def print_problem(error: ConsoleError, *, json_too: bool = False) -> None:
    """Write the five parts of an error to standard error, and as JSON to standard output where that was asked for."""
    print_message(error.problem.as_text())
    if json_too:
        print_json({"error": error.problem.as_dict()})


def file_error(verb: str, file: str, error: Exception) -> ConsoleError:
    """Return the error for a file that a command was to read or write."""
    full = isinstance(error, OSError) and error.errno in DISK_FULL_ERRNOS
    if isinstance(error, OSError) and (full or verb == "Write"):
        cause, remedy = write_failure_cause(error), write_failure_remedy(error)
    else:
        cause, remedy = (
            "The file is not there, is not text, or may not be read.",
            "Name a file that can be read.",
        )
    problem = Problem(
        tried=f"{verb} {file}",
        evidence=_decode_error_text(error)
        if isinstance(error, UnicodeDecodeError)
        else f"{type(error).__name__}: {error}",
        cause=cause,
        owner=Owner.CONSOLE,
        remedy=remedy,
        fault=FaultId.FILE_UNUSABLE,
    )
    return ConsoleError(problem) if full else InputError(problem)


def _decode_error_text(error: UnicodeDecodeError) -> str:
    line = error.object.count(b"\n", 0, error.start) + 1
    return f"line {line}: the byte 0x{error.object[error.start]:02x} is no text in {error.encoding}"


def print_table(heads: Sequence[str], rows: Sequence[Sequence[str]], whole: Collection[str] = ()) -> None:
    """Write rows in columns; plain and tab-separated where the output is not a terminal.

    The columns named in `whole` are never broken: they are read out or typed again. A terminal that is too narrow for
    that gets each row as a block of lines.
    """
    if not sys.stdout.isatty():
        for row in rows:
            print_result("\t".join(cell.replace("\t", " ").replace("\n", " ") for cell in row))
        return
    from rich.cells import cell_len
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    shown = [[escape_controls(cell) for cell in row] for row in rows]
    widths = [max(cell_len(cell) for cell in column) for column in zip(heads, *shown, strict=True)]
    least = [
        width if head in whole else min(width, _FOLDED_WIDTH)
        for head, width in zip(heads, widths, strict=True)
    ]
    console = Console()
    if whole and sum(least) + _COLUMN_GAP * (len(heads) - 1) > console.width:
        _print_blocks(heads, rows)
        return
    made = Table(box=None, pad_edge=False)
    for head, width in zip(heads, least, strict=True):
        made.add_column(head, no_wrap=head in whole, overflow="fold", min_width=width)
    for cells in shown:
        made.add_row(*(Text(cell) for cell in cells))
    console.print(made)


def _print_blocks(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Write each row as a block: a line for each cell that holds something."""
    margin = max(len(head) for head in heads)
    for number, row in enumerate(rows):
        if number:
            print_result("")
        for head, cell in zip(heads, row, strict=True):
            if cell:
                print_result(f"{head:{margin}}  {cell.replace(chr(10), ', ')}")
