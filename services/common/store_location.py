"""Paths and database URLs of stores, without importing the database library."""

import difflib
import re
from pathlib import Path
from urllib.parse import unquote

SQLITE_PREFIX = "sqlite:///"
SUFFIX = ".db"


def to_database_url(text: str) -> str:
    """Return `text` (a URL, or the path of an SQLite file) as a database URL."""
    if "://" in text:
        # Other names of PostgreSQL select a driver that is not installed.
        return re.sub("^(postgresql|postgres)://", "postgresql+psycopg://", text)
    path = str(Path(text).expanduser().resolve())
    return SQLITE_PREFIX + path.replace("%", "%25").replace("?", "%3F")


def sqlite_file(url: str) -> Path | None:
    """Return the file of an SQLite `url`, or None for another database."""
    if not url.startswith(SQLITE_PREFIX):
        return None
    return Path(unquote(url.removeprefix(SQLITE_PREFIX).partition("?")[0]))


def suggest_store_path(path: Path) -> Path | None:
    """Return the existing store whose path is most similar to the missing `path`, or None.

    One part of the path may differ: the file name or a folder.
    """
    base = next(parent for parent in path.parents if parent.exists())
    first, *rest = path.relative_to(base).parts
    try:
        known = {entry.name.casefold(): entry for entry in base.iterdir()}
    except OSError:
        return None
    for near in difflib.get_close_matches(first.casefold(), known, n=len(known) or 1):
        found = known[near].joinpath(*rest)
        if found.suffix in {path.suffix, SUFFIX} and found.is_file():
            return found
    return None


def mask_password(url: str) -> str:
    """Return `url` without its password, for display."""
    url = re.sub(r"(://[^/@:]*):.*@", r"\1:***@", url)
    return re.sub(r"([?&]password=)[^&]*", r"\1***", url, flags=re.IGNORECASE)


def mask_address(url: str) -> str:
    """Return only the scheme of a `url` that cannot be parsed: any part may contain a password."""
    kind, mark, _ = url.partition("://")
    return f"{kind}{mark}…" if mark else url
