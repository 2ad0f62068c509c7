"""Conversion of stored field values of ServiceNow records: times and flags."""

from datetime import UTC, datetime

TIME_FORMAT = "%Y-%m-%d %H:%M:%S"
_TRUE, _FALSE = ("true", "1"), ("false", "0")


def parse_time(text: str) -> datetime | None:
    """Return a stored time (UTC, without a zone), or None if the text is not a time."""
    try:
        return datetime.strptime(text, TIME_FORMAT).replace(tzinfo=UTC)
    except ValueError:
        return None


def format_time(moment: datetime) -> str:
    """Return a time as ServiceNow stores it."""
    return moment.astimezone(UTC).strftime(TIME_FORMAT)


def is_true(value: str) -> bool:
    """Return whether a Boolean field is set. A hidden field is empty, and neither true nor false."""
    return value in _TRUE


def is_false(value: str) -> bool:
    """Return whether a Boolean field is certainly not set."""
    return value in _FALSE


def is_active(value: str) -> bool:
    """Return whether the field `active` says so; a record that hides the field counts as active."""
    return not is_false(value)


def can_act(active: str, locked_out: str) -> bool:
    """Return whether a user may be asked for an approval: not inactive and not locked out, as far as that is visible."""
    return is_active(active) and not is_true(locked_out)
