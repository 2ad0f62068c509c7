"""Filters and orders as values: they come back from JSON as they were, and nothing else is taken for one."""

import json
import time
import uuid
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.kinds import RequestState
from services.requests.inbox.filter_sql import start_of_day
from services.requests.inbox.filters import PREDEFINED_FILTERS, SORTABLE_COLUMNS, Filter, Sort

anything = st.builds(
    Filter,
    states=st.frozensets(st.sampled_from(list(RequestState))),
    text=st.text(),
    policy=st.text(),
    process_id=st.none() | st.uuids(),
    server_id=st.none() | st.uuids(),
    raised_within_s=st.none() | st.integers(),
    raised_since=st.none() | st.datetimes(timezones=st.just(UTC)),
    older_than_s=st.none() | st.integers(),
    due_within_s=st.none() | st.integers(),
    ended_within_s=st.none() | st.integers(),
    ended_today=st.booleans(),
    mismatch=st.booleans(),
    waits_for=st.text(),
    rehearsals=st.booleans(),
)


@given(anything)
def test_a_filter_comes_back_from_json(filter_):
    assert Filter.from_json(json.loads(json.dumps(filter_.as_json()))) == filter_


def test_showing_everything_is_nothing_to_write():
    assert Filter().as_json() == {}
    assert Filter().empty
    assert not Filter(rehearsals=False).empty


@pytest.mark.parametrize(
    "values",
    [
        {"colour": "red"},
        {"states": ["open"]},
        {"states": "pending"},
        {"text": 1},
        {"process_id": "1"},
        {"older_than_s": "1"},
        {"older_than_s": True},
        {"mismatch": 1},
    ],
)
def test_what_is_no_filter_is_refused(values):
    with pytest.raises(ValueError, match=r".+"):
        Filter.from_json(values)


def test_the_list_is_sorted_by_its_own_columns_only():
    assert {Sort(column).column for column in SORTABLE_COLUMNS} == set(SORTABLE_COLUMNS)
    with pytest.raises(ValueError, match="reason"):
        Sort("reason")


def test_the_filters_of_the_program_have_keys_and_names_of_their_own():
    assert [one.name for one in PREDEFINED_FILTERS] == [
        "Pending",
        "About to time out",
        "Mismatch",
        "Timed out today",
        "Waits for me",
        "Answer not delivered",
        "All",
    ]
    assert len({one.key for one in PREDEFINED_FILTERS}) == len(PREDEFINED_FILTERS)
    assert not any(_is_uuid(one.key) for one in PREDEFINED_FILTERS)


def _is_uuid(text):
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True


@pytest.mark.parametrize(
    ("day", "began"), [("2026-03-29", "2026-03-28T23:00"), ("2026-10-25", "2026-10-24T22:00")]
)
def test_a_day_begins_at_its_midnight_also_when_the_clocks_change(monkeypatch, day, began):
    with monkeypatch.context() as here:
        here.setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3")
        time.tzset()
        found = start_of_day(datetime.fromisoformat(f"{day}T12:00+00:00"))
    time.tzset()
    assert found == datetime.fromisoformat(f"{began}+00:00")
