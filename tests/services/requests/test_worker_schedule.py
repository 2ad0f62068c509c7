"""Due times and back-off of a worker, without a store: delays double up to a maximum and start over after a success."""

import pytest

from services.requests.worker import schedule as schedule_module
from services.requests.worker.schedule import RETRY_DELAY_MAX_S, RETRY_DELAY_S, Schedule


class Time:
    def __init__(self):
        self.seconds = 100.0

    def monotonic(self):
        return self.seconds


@pytest.fixture
def time():
    return Time()


@pytest.fixture
def schedule(time):
    return Schedule(time.monotonic)


def test_a_key_without_an_entry_is_due_at_once(schedule):
    assert schedule.is_due("a")
    assert schedule.due_at("a", 100.0) == 100.0


def test_a_postponed_key_becomes_due_when_the_time_has_passed(schedule, time):
    schedule.postpone("a", 5.0)
    assert schedule.due_at("a", time.seconds) == 105.0
    time.seconds = 104.9
    assert not schedule.is_due("a")
    assert schedule.is_due("b")
    assert schedule.is_due("a", 105.0)
    time.seconds = 105.0
    assert schedule.is_due("a")
    schedule.postpone("a", 5.0, now=101.0)
    assert schedule.due_at("a", time.seconds) == 106.0


def test_only_past_due_times_are_dropped(schedule, time):
    schedule.postpone("past", 1.0)
    schedule.postpone("future", 9.0)
    schedule.drop_past(101.0)
    assert schedule.due_at("past", 0.0) == 0.0
    assert schedule.due_at("future", 0.0) == 109.0


def test_delays_double_up_to_the_maximum(schedule):
    delays = [schedule.back_off("a") for _ in range(20)]
    assert delays[:4] == [RETRY_DELAY_S, RETRY_DELAY_S * 2, RETRY_DELAY_S * 4, RETRY_DELAY_S * 8]
    assert delays[-1] == RETRY_DELAY_MAX_S
    assert schedule.back_off("b") == RETRY_DELAY_S


def test_a_success_starts_the_delays_over_and_leaves_the_due_time(schedule):
    schedule.retry_later("a")
    schedule.retry_later("a")
    assert schedule.due_at("a", 0.0) == 100.0 + RETRY_DELAY_S * 2
    schedule.clear_failures("a")
    assert schedule.failing == 0
    assert not schedule.is_due("a")
    assert schedule.back_off("a") == RETRY_DELAY_S


def test_a_forgotten_key_is_due_at_once_and_has_no_failures(schedule):
    schedule.retry_later("a")
    schedule.forget("a")
    assert schedule.is_due("a")
    assert schedule.failing == 0
    schedule.forget("never seen")


def test_the_failures_of_the_key_that_failed_longest_ago_are_dropped(schedule, monkeypatch):
    monkeypatch.setattr(schedule_module, "FAILURES_MAX", 2)
    for key in ("a", "b", "a", "c"):
        schedule.back_off(key)
    assert schedule.failing == 2
    assert schedule.back_off("a") == RETRY_DELAY_S * 4
    assert schedule.back_off("b") == RETRY_DELAY_S
