"""The load forecast: figures follow from the two durations."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.pages.forecast import LIMIT_AN_HOUR, forecast
from console.pages.merge_dialog import duration_text


@pytest.mark.parametrize(
    ("every", "timeout", "calls", "within"),
    [(20, 1200, 180, False), (30, 1200, 120, True), (60, 300, 60, True), (7, 60, 515, False)],
)
def test_calls_an_hour_are_counted_against_the_limit(every, timeout, calls, within):
    found = forecast(every, timeout)
    assert (found.calls, found.within) == (calls, within)
    assert ("limit" in found.sentence) != within


def test_a_timeout_before_the_first_check_is_said():
    assert "before the first check" in forecast(600, 60).sentence


@given(st.integers(1, 10**7), st.integers(0, 10**7))
def test_every_interval_has_a_forecast(every, timeout):
    found = forecast(every, timeout)
    assert found.calls * every >= 3600
    assert found.within == (found.calls <= LIMIT_AN_HOUR)
    assert found.sentence


@given(st.integers(1, 10**7))
def test_durations_read_back_to_their_seconds(seconds):
    count, unit = duration_text(seconds).split()
    sizes = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800}
    assert int(count) * sizes[unit.rstrip("s")] == seconds
