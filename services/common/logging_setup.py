"""The log: one file for this user, redacted line by line, with libraries kept from printing what they send."""

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
from typing import Any

from services.common.plain_text import escape_and_indent, escape_controls
from services.common.redaction import redact
from services.common.user_folders import create_private_folder

NOISY_LOGGERS = ("qasync", "zeep", "zeep.transports", "httpx", "httpcore", "keyring", "asyncio", "urllib3")
"""At DEBUG these print arguments, headers and envelopes, passwords included."""
OWN_LOGGERS = ("console", "models", "services")
"""Only what this program says itself can become more detailed."""
FILE_MAX_BYTES = 2 * 1024 * 1024
BACKUP_FILES = 3
CONTINUATION_INDENT = "    "
"""Before every line of a record but its first."""
TRACEBACKS_MAX = 256
REPORTED_REPETITIONS = frozenset({10**power for power in range(1, 10)})
"""Which repetitions of a traceback are told."""


class RedactingFormatter(logging.Formatter):
    """Writes records, tracebacks included, without credentials and as plain text.

    Only the first line of a record begins at the margin: no text of others passes for a record of its own.
    """

    def format(self, record: logging.LogRecord) -> str:
        """Return the line (or lines) of `record`."""
        # Another handler may have kept its own form of the traceback, or will want one.
        record = copy.copy(record)
        record.exc_text = None
        return escape_and_indent(redact(super().format(record)), CONTINUATION_INDENT)


class _TracebackDeduplicator:
    """Knows the tracebacks that were written before: the same one is written once, and then counted."""

    def __init__(self) -> None:
        self._times: dict[int, int] = {}

    def once(self, record: logging.LogRecord) -> logging.LogRecord | None:
        """Return what is to be written of a record: all of it, a line with how often it came, or nothing."""
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
        told = copy.copy(record)
        told.msg, told.args = f"{record.getMessage()} (the same traceback for the {times:,}th time)", ()
        told.exc_info = told.exc_text = None
        return told

    def forget(self) -> None:
        """Write every traceback anew."""
        self._times.clear()


def _traceback_key(error: BaseException) -> int:
    frames = traceback.extract_tb(error.__traceback__)
    return hash((type(error), *((one.filename, one.lineno) for one in frames)))


class PrivateRotatingFileHandler(logging.handlers.RotatingFileHandler):
    """The log's files, each of them readable for its owner only, the ones made by turning over included.

    A disk that takes no more is said once; the program goes on, and so does the log as soon as there is room.
    """

    notice: Callable[[str], object] | None = None
    """Called once, with a sentence, when the log cannot be written; without it, standard error gets it."""
    _noticed = False

    def __init__(self, *arguments: Any, **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._repeats = _TracebackDeduplicator()

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record, and the same traceback once only."""
        told = self._repeats.once(record)
        if told is not None:
            super().emit(told)

    def doRollover(self) -> None:  # noqa: N802 -- the name of the base class
        """Begin the next file; it holds the tracebacks again."""
        self._repeats.forget()
        super().doRollover()

    def _open(self) -> TextIOWrapper:
        return open_private(Path(self.baseFilename))

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 -- the name that logging calls
        """Say once that nothing can be written; logging itself would write a traceback to the terminal each time."""
        error = sys.exc_info()[1]
        if not isinstance(error, OSError | ValueError):
            super().handleError(record)
            return
        stream, self.stream = self.stream, None  # opened anew with the next line
        with contextlib.suppress(OSError, ValueError):
            if stream is not None:
                stream.close()  # what it still holds is lost: kept, it would grow
        if not self._noticed:
            self._noticed = True
            report_log_failure(error, self.notice)


def report_log_failure(error: Exception, notice: Callable[[str], object] | None = None) -> None:
    """Say that no log is written, through `notice` or on standard error."""
    text = f"No log is written: {error}"
    with contextlib.suppress(Exception):  # nobody is left to be told, and the work goes on
        if notice is not None:
            notice(text)
        elif sys.stderr is not None:
            sys.stderr.write(f"{escape_controls(text)}\n")
            sys.stderr.flush()


def open_private(path: Path) -> TextIOWrapper:
    """Open a file to go on writing into it, readable for its owner only. Raises OSError, for a link too."""
    file = open(  # noqa: SIM115 -- Path.open takes no opener; the caller closes it
        path, "a", encoding="utf-8", errors="backslashreplace", opener=_open_owner_only
    )
    if os.name == "posix":
        os.fchmod(file.fileno(), 0o600)
    return file


def _open_owner_only(name: str, flags: int) -> int:
    # A link in place of the log could make this program write into another file; a pipe would keep it waiting.
    careful = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
    handle = os.open(name, flags | careful, 0o600)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(errno.EINVAL, "it is no file", name)
    return handle


def try_configure_logging(folder: Path, *, verbose: bool = False) -> str:
    """Log into `folder` as `set_up` does; where that cannot be done, go on without a log and return why."""
    try:
        configure_logging(folder, verbose=verbose)
    except OSError as error:
        # Without a handler, logging would write warnings to the terminal.
        logging.getLogger().addHandler(logging.NullHandler())
        return f"No log is written: {error}"
    return ""


def configure_logging(folder: Path, *, verbose: bool = False) -> Path:
    """Log into `folder` and return the file; `verbose` adds details of this program, never those of its libraries.

    Called again, it goes on in the other folder. Raises OSError when the file cannot be written.
    """
    file = create_private_folder(folder) / "approval-console.log"
    handler = PrivateRotatingFileHandler(
        file, maxBytes=FILE_MAX_BYTES, backupCount=BACKUP_FILES, encoding="utf-8"
    )
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
