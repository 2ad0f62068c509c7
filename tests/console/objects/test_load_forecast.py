"""The load forecast: figures follow from the two durations and from what is open."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.objects.load_forecast import (
    HOURLY_CALL_LIMIT,
    UnknownLoad,
    compute_forecast,
    polling_calls_per_hour,
)
from services.language import exact_duration


@pytest.mark.parametrize(
    ("every", "open_now", "peak", "theirs"),
    [(20, 240, 0, 43_200), (20, 0, 0, 180), (30, 3, 41, 4920), (60, 38, 5, 2280), (7, 0, 1, 515)],
)
def test_privilege_manager_asks_for_each_request_in_each_interval(every, open_now, peak, theirs):
    found = compute_forecast(every, 1200, UnknownLoad(open_now, peak))
    assert found.privilege_manager_calls == theirs
    assert f"{theirs:,}" in found.theirs[0]


@pytest.mark.parametrize(
    ("interval", "calls", "said"), [(1, 120, "every 30 s"), (30, 120, "every 30 s"), (90, 40, "every 90 s")]
)
def test_this_console_asks_for_all_of_them_at_once(interval, calls, said):
    for waiting in (0, 1, 10_000):
        found = compute_forecast(20, 1200, UnknownLoad(waiting, 0, interval))
        assert found.calls == calls == polling_calls_per_hour(interval)
        assert said in found.own[0]


@pytest.mark.parametrize(("limit", "over"), [(None, False), (43_200, False), (43_199, True)])
def test_what_the_instance_allows_is_held_against_it(limit, over):
    found = compute_forecast(20, 1200, UnknownLoad(240, 0, 30, limit))
    assert found.over == over
    assert ("over" in found.theirs[0]) == over
    assert ("allowed" in found.theirs[0]) == (limit is not None)


def test_a_timeout_before_the_first_check_is_said():
    assert compute_forecast(600, 60, UnknownLoad()).late
    assert not compute_forecast(600, 600, UnknownLoad()).late


@given(
    st.integers(1, 10**7),
    st.integers(0, 10**7),
    st.integers(0, 10**6),
    st.integers(0, 10**6),
    st.integers(1, 3600),
)
def test_every_timing_has_a_forecast(every, timeout, open_now, peak, interval):
    found = compute_forecast(every, timeout, UnknownLoad(open_now, peak, interval))
    assert 1 <= found.calls <= HOURLY_CALL_LIMIT
    assert found.privilege_manager_calls * every >= 3600 * max(open_now, peak, 1)
    assert found.late == (timeout < every)
    for wordings in (found.own, found.theirs):
        assert list(wordings) == sorted(wordings, key=len, reverse=True)


@given(st.integers(1, 10**7))
def test_durations_read_back_to_their_seconds(seconds):
    count, unit = exact_duration(seconds).replace(",", "").split()
    sizes = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800}
    assert int(count) * sizes[unit.rstrip("s")] == seconds
