"""Icons, style, scripts and help texts, read through `read_text` and `path_of` only."""

from pathlib import Path

# Not importlib.resources, which brings the machinery for zip files into the start of every window.
_FOLDER = Path(__file__).parent


def path_of(name: str) -> Path:
    """Return the resource called `name` (a path with forward slashes, relative to this folder)."""
    return _FOLDER / name


def read_text(name: str) -> str:
    """Return the text of the resource called `name`, decoded as UTF-8."""
    return path_of(name).read_text(encoding="utf-8")
