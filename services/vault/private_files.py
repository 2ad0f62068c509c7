"""Small private files: replaced as a whole, for their owner's eyes only, by one writer at a time."""

import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from services.common.user_folders import create_private_folder

LOCK_TIMEOUT_S = 20.0
LOCK_RETRY_S = 0.02


def replace_file(path: Path, content: bytes) -> None:
    """Put `content` in place of the file, all of it or nothing. Raises OSError; then nothing is left lying about."""
    create_private_folder(path.parent)
    # mkstemp makes a new file for its owner only, and follows no link that somebody has laid.
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise


@contextmanager
def file_lock(path: Path) -> Iterator[None]:
    """Let one program at a time change the file at `path`. Raises OSError, TimeoutError when another holds it long."""
    create_private_folder(path.parent)
    flags = os.O_CREAT | os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0)
    handle = os.open(path.with_name(f".{path.name}.lock"), flags, 0o600)
    try:
        ends = time.monotonic() + LOCK_TIMEOUT_S
        while not _try_lock(handle):
            if time.monotonic() > ends:
                raise TimeoutError(f"another program keeps {path.name} locked")
            time.sleep(LOCK_RETRY_S)
        yield
    finally:
        # Closing lets go of the lock, as the end of the process does.
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
