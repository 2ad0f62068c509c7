"""Reads header values that another program wrote; a value that cannot be read counts as absent."""

from datetime import datetime
from email.utils import parsedate_to_datetime

_DIGITS_MOST = 18
"""Longer numbers are no count of anything, and Python refuses to convert very long ones."""


def date_of(text: str) -> datetime | None:
    """Return the moment that an HTTP date names, or None; a date without a zone names none."""
    try:
        moment = parsedate_to_datetime(text)
        moment.timestamp()
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return moment if moment.tzinfo is not None else None


def count_of(text: str) -> int | None:
    """Return a number without sign and fraction, or None."""
    text = text.strip()
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= _DIGITS_MOST else None
