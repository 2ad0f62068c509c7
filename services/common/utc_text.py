"""Times in JSON documents: UTC, ISO 8601, whole seconds."""

from datetime import UTC, datetime
from typing import overload


@overload
def format_utc(moment: datetime) -> str: ...
@overload
def format_utc(moment: datetime | None) -> str | None: ...


def format_utc(moment: datetime | None) -> str | None:
    """Return a time such as 2026-01-31T12:00:00Z; None for None."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if moment is not None else None
