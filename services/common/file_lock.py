"""A lock file that lets one program at a time change another file."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from services.common.user_folders import create_private_folder

LOCK_TIMEOUT_S = 20.0
LOCK_RETRY_S = 0.02


@contextmanager
def file_lock(path: Path) -> Iterator[None]:
    """Hold the lock of the file at `path`. Raises OSError, and TimeoutError when another program holds it too long."""
    create_private_folder(path.parent)
    flags = os.O_CREAT | os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
    handle = os.open(path.with_name(f".{path.name}.lock"), flags, 0o600)
    try:
        deadline = time.monotonic() + LOCK_TIMEOUT_S
        while not _try_lock(handle):
            if time.monotonic() > deadline:
                raise TimeoutError(f"another program keeps {path.name} locked")
            time.sleep(LOCK_RETRY_S)
        yield
    finally:
        # Closing releases the lock, as the end of the process does.
        os.close(handle)


def _try_lock(handle: int) -> bool:
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return False
    return True
