"""Files that a person asked for: there as a whole, or as they were before."""

import os
import secrets
from contextlib import suppress
from pathlib import Path


def save_file(path: Path, content: bytes) -> None:
    """Write `content` to a file that a person chose; whoever looks meanwhile sees none of it or all of it.

    A link stays a link, a file keeps who may read it, and a device or pipe is written to. Raises OSError; then what
    was there is there still, and nothing is left lying about.
    """
    if path.exists() and not path.is_file():
        path.write_bytes(content)
        return
    path = path.resolve()
    beside = path.with_name(f".{secrets.token_hex(8)}.new")
    try:
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), 0o666)
    except PermissionError:
        if not path.exists():
            raise
        path.write_bytes(content)  # the file may be written where its folder may not
        return
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        with suppress(FileNotFoundError):
            beside.chmod(path.stat().st_mode & 0o777)
        beside.replace(path)
    except BaseException:
        with suppress(OSError):
            beside.unlink()
        raise
