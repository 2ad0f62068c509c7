"""Writes files atomically: the new content completely, or the old file unchanged."""

import errno
import os
import re
import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from services.common.errors import Owner, Problem
from services.common.fault_ids import FaultId
from services.common.user_folders import create_private_folder

DISK_FULL_ERRNOS = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""Errors of a full disk, an exhausted quota, or a file size limit."""
_STREAM = re.compile(r"/dev/(stdout|stderr|fd/\d+)|/proc/(self|\d+)/fd/\d+")


class SymlinkError(OSError):
    """The path is a symbolic link; its target is not overwritten."""

    def __init__(self, path: Path) -> None:
        super().__init__(errno.ELOOP, f"it is a link to {_link_target(path)}", str(path))


def save_file(path: Path, content: bytes) -> None:
    """Write `content` to a file that a person chose; see `write_atomically`. Raises OSError."""
    write_atomically(path, lambda file: file.write(content))


def write_atomically(path: Path, write: Callable[[BinaryIO], object], *, private: bool = False) -> None:
    """Let `write` fill a file that a person chose; readers see the old file or the complete new one.

    An existing file keeps its permissions, unless it is to be `private` (0600). Devices and pipes are written to
    directly. Raises SymlinkError for a symbolic link, OSError, and exceptions of `write`; then the old file is unchanged
    and no temporary file remains.
    """
    if _STREAM.fullmatch(str(path)) or (path.exists() and not path.is_file()):
        with path.open("wb") as file:
            write(file)
        return
    if path.is_symlink():
        raise SymlinkError(path)
    _replace(path, write, private=private)


def replace_private_file(path: Path, content: bytes) -> None:
    """Write `content` to a file of this program (0600), creating its folder (0700). Raises OSError.

    A symbolic link at `path` is replaced, not followed.
    """
    create_private_folder(path.parent)
    _replace(path, lambda file: file.write(content), private=True)


def _replace(path: Path, write: Callable[[BinaryIO], object], *, private: bool) -> None:
    temporary = path.with_name(f".{secrets.token_hex(8)}.new")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    handle = os.open(temporary, flags, 0o600 if private else 0o666)
    try:
        with os.fdopen(handle, "wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        if not private:
            with suppress(FileNotFoundError):
                temporary.chmod(path.stat(follow_symlinks=False).st_mode & 0o777)
        temporary.replace(path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise
    _fsync_folder(path.parent)


def write_problem(tried: str, path: Path, error: OSError) -> Problem:
    """Return the problem of a file that could not be written."""
    return Problem(
        tried=tried,
        evidence=f"{path.name}: {error.strerror or type(error).__name__}",
        cause=write_failure_cause(error),
        owner=Owner.CONSOLE,
        remedy=write_failure_remedy(error),
        fault=FaultId.FILE_NOT_WRITTEN,
    )


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
    """Make the renamed file survive a power failure, where the system supports it."""
    if os.name != "posix":
        return
    with suppress(OSError):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
