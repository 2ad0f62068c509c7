"""Log file of this user: redacted, rotated, with the log levels of libraries raised to WARNING."""

import contextlib
import copy
import errno
import logging
import logging.handlers
import os
import stat
import sys
import traceback
from collections.abc import Callable
from io import TextIOWrapper
from pathlib import Path

from services.common.plain_text import escape_and_indent, escape_controls
from services.common.redaction import redact
from services.common.user_folders import create_private_folder

NOISY_LOGGERS = ("qasync", "zeep", "zeep.transports", "httpx", "httpcore", "keyring", "asyncio", "urllib3")
"""At DEBUG these log arguments, headers and SOAP envelopes, including passwords."""
OWN_LOGGERS = ("console", "models", "services")
"""Loggers that `verbose` sets to DEBUG."""
FILE_MAX_BYTES = 2 * 1024 * 1024
BACKUP_FILES = 3
CONTINUATION_INDENT = "    "
"""Indentation of every line of a record except the first."""
TRACEBACKS_MAX = 256
REPORTED_REPETITIONS = frozenset({10**power for power in range(1, 10)})
"""Repetitions of a traceback that are logged."""


class RedactingFormatter(logging.Formatter):
    """Formats records and their tracebacks without credentials and control characters.

    Only the first line of a record is not indented, so that logged text cannot look like a record.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the lines of `record`."""
        # Other handlers cache their own form of the traceback on the record.
        record = copy.copy(record)
        record.exc_text = None
        return escape_and_indent(redact(super().format(record)), CONTINUATION_INDENT)


class _TracebackDeduplicator:
    """Lets each traceback through once, then counts its repetitions."""

    def __init__(self) -> None:
        self._times: dict[int, int] = {}

    def deduplicate(self, record: logging.LogRecord) -> logging.LogRecord | None:
        """Return the record, one line with the number of repetitions, or None."""
        if not record.exc_info or record.exc_info[1] is None:
            return record
        key = _traceback_key(record.exc_info[1])
        times = self._times.pop(key, 0) + 1
        self._times[key] = times
        if len(self._times) > TRACEBACKS_MAX:
            del self._times[next(iter(self._times))]
        if times == 1:
            return record
        if times not in REPORTED_REPETITIONS:
            return None
        summary = copy.copy(record)
        summary.msg, summary.args = f"{record.getMessage()} (the same traceback for the {times:,}th time)", ()
        summary.exc_info = summary.exc_text = None
        return summary

    def forget(self) -> None:
        """Let every traceback through again."""
        self._times.clear()


def _traceback_key(error: BaseException) -> int:
    frames = traceback.extract_tb(error.__traceback__)
    return hash((type(error), *((one.filename, one.lineno) for one in frames)))


class PrivateRotatingFileHandler(logging.handlers.RotatingFileHandler):
    """Log files with access for their owner only, rotated files included.

    A failed write is reported once. The program continues, and logging resumes when writing is possible again.
    """

    on_failure: Callable[[str], object] | None = None
    """Called once with a sentence when the log cannot be written; without it, the sentence goes to standard error."""
    _failure_reported = False

    def __init__(
        self, file: Path, *, max_bytes: int = FILE_MAX_BYTES, backup_count: int = BACKUP_FILES
    ) -> None:
        super().__init__(file, maxBytes=max_bytes, backupCount=backup_count, encoding="utf-8")
        self._tracebacks = _TracebackDeduplicator()

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record; repeated tracebacks are counted instead."""
        reduced = self._tracebacks.deduplicate(record)
        if reduced is not None:
            super().emit(reduced)

    def doRollover(self) -> None:  # noqa: N802 -- name of the base class
        """Start the next file, in which every traceback is written again."""
        self._tracebacks.forget()
        super().doRollover()

    def _open(self) -> TextIOWrapper:
        return open_private(Path(self.baseFilename))

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 -- name of the base class
        """Report the first failed write; the base class would print a traceback for each."""
        error = sys.exc_info()[1]
        if not isinstance(error, OSError | ValueError):
            super().handleError(record)
            return
        stream, self.stream = self.stream, None  # opened again for the next record
        with contextlib.suppress(OSError, ValueError):
            if stream is not None:
                stream.close()  # drops its buffer, which would grow otherwise
        if not self._failure_reported:
            self._failure_reported = True
            report_log_failure(error, self.on_failure)


def report_log_failure(error: Exception, on_failure: Callable[[str], object] | None = None) -> None:
    """Report that no log is written, through `on_failure` or on standard error."""
    text = f"No log is written: {error}"
    with contextlib.suppress(Exception):  # the report itself may fail; the program continues
        if on_failure is not None:
            on_failure(text)
        elif sys.stderr is not None:
            sys.stderr.write(f"{escape_controls(text)}\n")
            sys.stderr.flush()


def open_private(path: Path) -> TextIOWrapper:
    """Open a file for appending, with access for its owner only. Raises OSError, also for a symbolic link."""
    file = open(  # noqa: SIM115 -- Path.open takes no opener; the caller closes it
        path, "a", encoding="utf-8", errors="backslashreplace", opener=_open_owner_only
    )
    if os.name == "posix":
        os.fchmod(file.fileno(), 0o600)
    return file


def _open_owner_only(name: str, flags: int) -> int:
    # A link would redirect the log into another file; a pipe would block.
    safe_flags = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    handle = os.open(name, flags | safe_flags, 0o600)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(errno.EINVAL, "it is no file", name)
    return handle


def try_configure_logging(folder: Path, *, verbose: bool = False) -> str:
    """Call `configure_logging`; if that fails, continue without a log and return the reason, else an empty text."""
    try:
        configure_logging(folder, verbose=verbose)
    except OSError as error:
        # Without a handler, logging would write warnings to the terminal.
        logging.getLogger().addHandler(logging.NullHandler())
        return f"No log is written: {error}"
    return ""


def configure_logging(folder: Path, *, verbose: bool = False) -> Path:
    """Log into `folder` and return the file; `verbose` adds details of this program, not of its libraries.

    A second call replaces the first. Raises OSError when the file cannot be written.
    """
    file = create_private_folder(folder) / "approval-console.log"
    handler = PrivateRotatingFileHandler(file)
    handler.setFormatter(RedactingFormatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s"))
    root = logging.getLogger()
    for old in [h for h in root.handlers if isinstance(h, PrivateRotatingFileHandler)]:
        root.removeHandler(old)
        old.close()
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    for name in OWN_LOGGERS:
        logging.getLogger(name).setLevel(logging.DEBUG if verbose else logging.INFO)
    for name in NOISY_LOGGERS:
        logging.getLogger(name).setLevel(logging.WARNING)
    return file
