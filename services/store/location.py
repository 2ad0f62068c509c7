"""Where a store is: paths and database URLs, without the database library."""

import re
from pathlib import Path
from urllib.parse import unquote

SQLITE = "sqlite:///"


def as_url(text: str) -> str:
    """Return `text` (a URL, or the path of an SQLite file) as a database URL."""
    if "://" in text:
        return text
    path = str(Path(text).expanduser().resolve())
    return SQLITE + path.replace("%", "%25").replace("?", "%3F")


def file_of(url: str) -> Path | None:
    """Return the file of an SQLite `url`, or None for another database."""
    if not url.startswith(SQLITE):
        return None
    return Path(unquote(url.removeprefix(SQLITE).partition("?")[0]))


def without_password(url: str) -> str:
    """Return `url` for people to read."""
    url = re.sub(r"(://[^/@:]*):.*@", r"\1:***@", url)
    return re.sub(r"([?&]password=)[^&]*", r"\1***", url, flags=re.IGNORECASE)
