"""Start-up times for the benchmark: written only when APPROVAL_CONSOLE_TRACE_START names a file."""

import json
import os
import time
from pathlib import Path

TRACE_VARIABLE = "APPROVAL_CONSOLE_TRACE_START"
QUIT_VARIABLE = "APPROVAL_CONSOLE_QUIT_AFTER_TRACE"
SLOW_MODULES = ("sqlmodel", "sqlalchemy", "zeep", "keyring", "httpx", "alembic", "lxml", "typer", "babel")


def log_start_event(event: str) -> None:
    """Write how many milliseconds after the start of the process `event` happened, and which slow modules are in."""
    import sys

    target = os.environ.get(TRACE_VARIABLE)
    if target:
        loaded = [name for name in SLOW_MODULES if name in sys.modules]
        with Path(target).open("a", encoding="utf-8") as file:
            file.write(json.dumps({"event": event, "ms": _since_start(), "slow_modules": loaded}) + "\n")


def quits_after_trace() -> bool:
    """Whether the program should end when the tree is filled."""
    return os.environ.get(QUIT_VARIABLE) == "1"


def _since_start() -> float:
    """Return milliseconds since the process began, from the kernel's own record where there is one."""
    stat = Path("/proc/self/stat")
    if stat.exists():
        ticks = int(stat.read_text(encoding="ascii").rsplit(")", 1)[1].split()[19])
        started = ticks / os.sysconf("SC_CLK_TCK")
        return (time.clock_gettime(time.CLOCK_BOOTTIME) - started) * 1000
    return time.process_time() * 1000
