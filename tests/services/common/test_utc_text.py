"""Times in JSON documents."""

from datetime import UTC, datetime, timedelta, timezone

from services.common.utc_text import format_utc


def test_times_are_written_in_utc_without_fractions():
    moment = datetime(2026, 1, 31, 13, 0, 0, 999, timezone(timedelta(hours=1)))
    assert format_utc(moment) == "2026-01-31T12:00:00Z"
    assert format_utc(moment.astimezone(UTC)) == "2026-01-31T12:00:00Z"


def test_no_time_is_none():
    assert format_utc(None) is None
