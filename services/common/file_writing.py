"""Files that a person asked for: there as a whole, or as they were before."""

import errno
import os
import re
import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

DISK_FULL_ERRNOS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""What a write fails with where there is no room, or no room for this user or for so large a file."""
_STREAM = re.compile(r"/dev/(stdout|stderr|fd/\d+)|/proc/(self|\d+)/fd/\d+")


class SymlinkError(OSError):
    """A link stands where a file is to be written: what it points at is not written over."""

    def __init__(self, path: Path) -> None:
        super().__init__(errno.ELOOP, f"it is a link to {_link_target(path)}", str(path))


def save_file(path: Path, content: bytes) -> None:
    """Write `content` to a file that a person chose, as `save_through` does. Raises OSError."""
    write_atomically(path, lambda file: file.write(content))


def write_atomically(path: Path, write: Callable[[BinaryIO], object], *, private: bool = False) -> None:
    """Let `write` fill a file that a person chose; whoever looks meanwhile sees none of it or all of it.

    A file keeps who may read it, unless it is to be `private`; a device or pipe is written to. A link is refused: it may
    point at a file that nobody named. Raises OSError, and what `write` raises; then what was there is there still, and
    nothing is left lying about.
    """
    if _STREAM.fullmatch(str(path)) or (path.exists() and not path.is_file()):
        with path.open("wb") as file:
            write(file)
        return
    if path.is_symlink():
        raise SymlinkError(path)
    beside = path.with_name(f".{secrets.token_hex(8)}.new")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    handle = os.open(beside, flags, 0o600 if private else 0o666)
    try:
        with os.fdopen(handle, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        if not private:
            with suppress(FileNotFoundError):
                beside.chmod(path.stat(follow_symlinks=False).st_mode & 0o777)
        beside.replace(path)
    except BaseException:
        with suppress(OSError):
            beside.unlink()
        raise
    _fsync_folder(path.parent)


def write_failure_cause(error: OSError) -> str:
    """Return why a file could not be written, as a sentence."""
    if isinstance(error, SymlinkError):
        return "A link is there, and what it points at is not written over."
    if error.errno in DISK_FULL_ERRNOS:
        return "The disk is full, or takes no file of this size."
    return "The folder is not there, or may not be written to."


def write_failure_remedy(error: OSError) -> str:
    """Return what to do about a file that could not be written, as a sentence."""
    if isinstance(error, SymlinkError):
        return "Name the file itself, or remove the link."
    if error.errno in DISK_FULL_ERRNOS:
        return "Make room, or name a file on another disk. An older file is as it was."
    return "Make the folder, or name a file in a folder that may be written to."


def _link_target(path: Path) -> str:
    try:
        return str(path.readlink())
    except OSError:
        return "another place"


def _fsync_folder(folder: Path) -> None:
    """Let the new name survive a power cut, where the system can be told to."""
    if os.name != "posix":
        return
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
