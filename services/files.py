"""Files that a person asked for: there as a whole, or as they were before."""

import os
import secrets
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO


def save_file(path: Path, content: bytes) -> None:
    """Write `content` to a file that a person chose, as `save_through` does. Raises OSError."""
    save_through(path, lambda file: file.write(content))


def save_through(path: Path, write: Callable[[BinaryIO], object]) -> None:
    """Let `write` fill a file that a person chose; whoever looks meanwhile sees none of it or all of it.

    A link stays a link, a file keeps who may read it, and a device or pipe is written to. Raises OSError, and what
    `write` raises; then what was there is there still, and nothing is left lying about.
    """
    if path.exists() and not path.is_file():
        _write_to(path, write)
        return
    path = path.resolve()
    beside = path.with_name(f".{secrets.token_hex(8)}.new")
    try:
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
    except PermissionError:
        if not path.exists():
            raise
        _write_to(path, write)  # the file may be written where its folder may not
        return
    try:
        with os.fdopen(handle, "wb") as file:
            write(file)
        with suppress(FileNotFoundError):
            beside.chmod(path.stat().st_mode & 0o777)
        beside.replace(path)
    except BaseException:
        with suppress(OSError):
            beside.unlink()
        raise


def _write_to(path: Path, write: Callable[[BinaryIO], object]) -> None:
    with path.open("wb") as file:
        write(file)
