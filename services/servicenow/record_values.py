"""Conversion of stored field values of ServiceNow records: times and flags."""

from datetime import UTC, datetime

TIME_FORMAT = "%Y-%m-%d %H:%M:%S"


def parse_time(text: str) -> datetime | None:
    """Return a stored time (UTC, without a zone), or None if the text is not a time."""
    try:
        return datetime.strptime(text, TIME_FORMAT).replace(tzinfo=UTC)
    except ValueError:
        return None


def format_time(moment: datetime) -> str:
    """Return a time as ServiceNow stores it."""
    return moment.astimezone(UTC).strftime(TIME_FORMAT)


def is_active(value: str) -> bool:
    """Whether the field `active` says so; a record that hides the field counts as active."""
    return value not in ("false", "0")
