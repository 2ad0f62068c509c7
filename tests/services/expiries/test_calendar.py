"""Days, states and order of the expiry calendar, in every time zone."""

import uuid
from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.kinds import Kind
from services.common.errors import Owner
from services.expiries.calendar import (
    THRESHOLDS,
    ExpiryFact,
    ExpiryKind,
    ExpiryState,
    build_calendar,
    within,
)

ZONES = st.one_of(
    st.sampled_from([ZoneInfo(name) for name in ("Europe/Berlin", "Pacific/Kiritimati", "America/New_York")]),
    st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes))),
)
MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
URGENCY = [ExpiryState.BAD, ExpiryState.WARNING, ExpiryState.NOTICE, ExpiryState.OK]


def fact(name="A", **changed):
    return ExpiryFact(
        ExpiryKind.SECRET,
        Kind.USER_CREDENTIAL,
        uuid.uuid4(),
        name,
        "client secret",
        "Renew it.",
        Owner.SERVICENOW,
        **changed,
    )


def only(now, zone, **changed):
    [entry] = build_calendar([fact(**changed)], now, zone)
    return entry


@given(MOMENTS, st.integers(-400, 400), ZONES)
def test_a_day_entered_by_hand_is_that_many_calendar_days_away(now, days, zone):
    today = now.astimezone(zone).date()
    entry = only(now, zone, last_day=today + timedelta(days=days))
    assert entry.days_left == days
    assert (entry.expires_at >= now) == (days >= 0)
    assert entry.expires_at.astimezone(zone).date() == today + timedelta(days=days)


@given(MOMENTS, MOMENTS, ZONES)
def test_days_states_and_thresholds_agree(now, ends, zone):
    entry = only(now, zone, expires_at=ends)
    assert (
        entry.days_left == ends.astimezone(zone).date().toordinal() - now.astimezone(zone).date().toordinal()
    )
    if ends <= now:
        assert entry.state is ExpiryState.BAD
    passed = [days for days in THRESHOLDS if entry.days_left <= days]
    assert entry.threshold == (min(passed) if passed else None)
    later = only(now, zone, expires_at=ends + timedelta(days=3))
    assert URGENCY.index(later.state) >= URGENCY.index(entry.state)


@pytest.mark.parametrize(
    ("days", "state"),
    [(31, "ok"), (30, "notice"), (8, "notice"), (7, "warning"), (2, "warning"), (1, "bad"), (0, "bad"), (-1, "bad")],
)  # fmt: skip
def test_the_limits_are_30_7_and_1_days(days, state):
    now = datetime(2026, 1, 31, 23, 59, 59, tzinfo=UTC)
    assert only(now, UTC, expires_at=now + timedelta(days=days)).state == state


@pytest.mark.parametrize("day", [date.min, date.max])
@pytest.mark.parametrize("hours", [-14, 14])
def test_the_ends_of_the_calendar_have_a_state_too(day, hours):
    entry = only(datetime(2026, 1, 1, tzinfo=UTC), timezone(timedelta(hours=hours)), last_day=day)
    assert entry.state is (ExpiryState.BAD if day == date.min else ExpiryState.OK)
    assert entry.as_dict()["expires_at"]


def test_the_nearest_is_first_and_what_has_no_date_follows():
    now = datetime(2026, 1, 31, tzinfo=UTC)
    entries = build_calendar(
        [
            fact("undated", gap=ExpiryState.UNDATED),
            fact("unknown", gap=ExpiryState.UNKNOWN),
            fact("later", last_day=date(2026, 6, 1)),
            fact("unreadable", gap=ExpiryState.UNREADABLE),
            fact("past", expires_at=now - timedelta(days=3)),
        ],
        now,
        UTC,
    )
    names = [one.fact.object_name for one in entries]
    assert names == ["past", "later", "unreadable", "unknown", "undated"]
    assert [one.fact.object_name for one in within(entries, 30)] == ["past", "unreadable", "unknown"]
