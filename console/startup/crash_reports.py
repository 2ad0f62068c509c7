"""What nobody expected: logged, shown once with a report that can be copied, and the program goes on."""

import asyncio
import faulthandler
import logging
import sys
import traceback
from collections.abc import Callable
from io import TextIOWrapper
from pathlib import Path
from types import TracebackType

from console.version import VERSION
from services.common.logging_setup import open_private
from services.common.plain_text import escape_controls
from services.common.redaction import redact
from services.common.user_folders import create_private_folder

log = logging.getLogger(__name__)
ShowReport = Callable[[str], None]


class CrashReports:
    """Catches errors of slots, tasks and the interpreter; each kind is shown once in a session."""

    def __init__(self, folder: Path) -> None:
        create_private_folder(folder)
        self.show: ShowReport | None = None
        self._seen: set[str] = set()
        self._busy = False
        self._file: TextIOWrapper | None = None
        try:
            self._file = open_private(folder / "faults.txt")
            faulthandler.enable(self._file)
        except OSError as error:
            log.warning("no notes of crashes are written: %s", error)

    def install(self) -> None:
        """Take over errors that nobody catches; without this, an error in a slot ends the process."""
        sys.excepthook = self.caught

    def close(self) -> None:
        """Give back what `install` took."""
        sys.excepthook = sys.__excepthook__
        faulthandler.disable()
        if self._file is not None:
            self._file.close()

    def loop_error(
        self, _loop: asyncio.AbstractEventLoop, context: dict[str, object]
    ) -> None:  # as asyncio calls it
        """Take an error that reached the event loop."""
        error = context.get("exception")
        if isinstance(error, BaseException):
            self.caught(type(error), error, error.__traceback__)
        else:
            log.error("event loop: %s", context.get("message"))

    def caught(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        """Log an error, and show it unless its like was shown before."""
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
            return
        text = format_report(kind, error, trace)
        log.error("%s", text)
        frames = traceback.extract_tb(trace)
        place = f"{kind.__name__}:{frames[-1].filename}:{frames[-1].lineno}" if frames else kind.__name__
        if self.show is None or self._busy or place in self._seen:
            return
        self._seen.add(place)
        self._busy = True
        try:
            self.show(text)
        finally:
            self._busy = False


def format_report(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> str:
    """Return what a person can send on: versions and traceback, redacted and plain."""
    import platform

    lines = [
        f"Approval Console {VERSION}",
        f"Python {platform.python_version()} on {platform.platform()}",
        "",
        *traceback.format_exception(kind, error, trace),
    ]
    return escape_controls(redact("\n".join(line.rstrip("\n") for line in lines)))
