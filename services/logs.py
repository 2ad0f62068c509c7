"""The log: one file for this user, redacted line by line, with libraries kept from printing what they send."""

import logging
import logging.handlers
import os
from io import TextIOWrapper
from pathlib import Path

from services.paths import private_folder
from services.redact import redact

QUIET = ("qasync", "zeep", "zeep.transports", "httpx", "httpcore", "keyring", "asyncio", "urllib3")
"""At DEBUG these print arguments, headers and envelopes, passwords included."""
OWN = ("console", "models", "services")
"""Only what this program says itself can become more detailed."""
FILE_MAX_BYTES = 2 * 1024 * 1024
FILES = 3


class RedactingFormatter(logging.Formatter):
    """Writes records, tracebacks included, without credentials."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line (or lines) of `record`, redacted."""
        return redact(super().format(record))


class PrivateLog(logging.handlers.RotatingFileHandler):
    """The log's files, each of them readable for its owner only, the ones made by turning over included."""

    def _open(self) -> TextIOWrapper:
        return open_private(Path(self.baseFilename))


def open_private(path: Path) -> TextIOWrapper:
    """Open a file to go on writing into it, readable for its owner only. Raises OSError, for a link too."""
    file = open(  # noqa: SIM115 -- Path.open takes no opener; the caller closes it
        path, "a", encoding="utf-8", errors="backslashreplace", opener=_for_owner
    )
    if os.name == "posix":
        os.fchmod(file.fileno(), 0o600)
    return file


def _for_owner(name: str, flags: int) -> int:
    # A link in place of the log could make this program write into another file.
    return os.open(name, flags | getattr(os, "O_NOFOLLOW", 0), 0o600)


def set_up(folder: Path, *, verbose: bool = False) -> Path:
    """Log into `folder` and return the file; `verbose` adds details of this program, never those of its libraries.

    Called again, it goes on in the other folder. Raises OSError when the file cannot be written.
    """
    file = private_folder(folder) / "approval-console.log"
    handler = PrivateLog(file, maxBytes=FILE_MAX_BYTES, backupCount=FILES, encoding="utf-8")
    handler.setFormatter(RedactingFormatter("%(asctime)s %(levelname)-7s %(name)s: %(message)s"))
    root = logging.getLogger()
    for old in [h for h in root.handlers if isinstance(h, PrivateLog)]:
        root.removeHandler(old)
        old.close()
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    for name in OWN:
        logging.getLogger(name).setLevel(logging.DEBUG if verbose else logging.INFO)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    return file
