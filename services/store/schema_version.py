"""The schema this release writes. Imports nothing slow, because the first fill of the tree compares it."""

from pathlib import Path

_VERSIONS = Path(__file__).parent / "migrations" / "versions"

SCHEMA_REVISION = max(file.name.partition("_")[0] for file in _VERSIONS.glob("[0-9]*_*.py"))
"""The number of the newest migration, which begins the name of its file."""
