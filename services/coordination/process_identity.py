"""Which process is at work on a request, and whether it is still there."""

import os
import platform
import sys
import uuid
from datetime import datetime

_NODE_MAX = 32
_NODE = (platform.node() or "localhost").replace(":", "-")[:_NODE_MAX]
_PROCESS_TOKEN = uuid.uuid4().hex[:8]
"""Process numbers come again, most of all where a process is alone in its container."""


def process_identity() -> str:
    """Return the name under which this process claims requests: computer, process number, and a mark of its own."""
    return f"{_NODE}:{os.getpid()}:{_PROCESS_TOKEN}"


def has_process_ended(holder: str) -> bool:
    """Whether the process that calls itself `holder` ran on this computer and has ended; False where nobody can tell."""
    node, _, rest = holder.partition(":")
    number, _, mark = rest.partition(":")
    if node != _NODE or not (number.isascii() and number.isdecimal()):
        return False
    if int(number) == os.getpid():
        return mark != _PROCESS_TOKEN
    return not _is_running(int(number))


def is_claimed_by_other(claimed_by: str, claimed_until: datetime | None, holder: str, now: datetime) -> bool:
    """Whether another than `holder` is at work on a request."""
    if not claimed_by or claimed_by == holder or claimed_until is None:
        return False
    return claimed_until > now and not has_process_ended(claimed_by)


def _is_running(number: int) -> bool:
    if sys.platform == "win32":
        import ctypes

        query_limited_information, still_active = 0x1000, 259
        handle = ctypes.windll.kernel32.OpenProcess(query_limited_information, 0, number)
        if not handle:
            return False
        code = ctypes.c_ulong()
        known = ctypes.windll.kernel32.GetExitCodeProcess(handle, ctypes.byref(code))
        ctypes.windll.kernel32.CloseHandle(handle)
        return not known or code.value == still_active
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True
