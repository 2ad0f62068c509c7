"""What the next look asks for, decided without any call."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.requests.polling.cursor import PollCursor, newest_timestamp
from services.requests.polling.poll_query import NAMED_RECORDS_MAX, Partition, PollQuery, build_query
from services.requests.records.item_fields import APPROVAL_TABLE, ITEM_TABLE, VARIABLE_TABLE
from services.requests.records.requested_item import RequestedItem
from services.servicenow.record_values import parse_time

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
ITEM = ("c" * 32,)


def item(key, approval="requested", updated=NOW, **more):
    values = {"number": "RITM1", "order_id": "o", "order_number": "REQ1", "order_approval": "requested",
              "cat_item": ITEM[0], "state": "1", "opened_at": updated}  # fmt: skip
    return RequestedItem(sys_id=key, approval=approval, changed_at=updated, **{**values, **more})


def looked(course, items, monotonic=0.0, table=ITEM_TABLE):
    wish = course.wish(table, ITEM, NOW)
    course.begin(monotonic)
    course.note(table, wish, items)
    course.end(table, wish, monotonic, newest_timestamp(items, None, NOW.timestamp()))
    return wish


@given(st.integers(1, 400), st.text("0123456789abcdefABCDEF", min_size=32, max_size=32))
def test_every_sys_id_belongs_to_exactly_one_part(of, sys_id):
    assert sum(Partition(number, of).holds(sys_id) for number in range(of)) == 1


def test_the_first_look_asks_for_everything_that_is_open_and_a_day_of_decisions():
    wish = PollCursor().wish(ITEM_TABLE, ITEM, NOW)
    assert wish == PollQuery(ITEM, NOW - timedelta(hours=24), Partition(0, 1))
    assert "sys_id" not in build_query(ITEM_TABLE, wish).encode()


def test_from_then_on_a_look_asks_for_what_changed_and_a_part_of_the_open_ones():
    course = PollCursor()
    looked(course, [item(f"{n:032x}", variables={"PMApprovalId": "x"}) for n in range(250)])
    wish = course.wish(ITEM_TABLE, ITEM, NOW)
    assert wish.part == Partition(0, 3)
    assert wish.since == NOW - timedelta(seconds=60)


def test_the_time_from_which_on_changes_are_asked_for_goes_on_with_the_looks():
    course = PollCursor()
    looked(course, [item("a" * 32)])
    for look in range(1, 5):
        looked(course, [], monotonic=30.0 * look)
        assert course.since == NOW + timedelta(seconds=30 * look - 60)


def test_a_stamp_of_the_future_is_not_believed():
    late = [item("a" * 32, updated=NOW + timedelta(days=700)), item("b" * 32)]
    assert newest_timestamp(late, NOW.timestamp(), NOW.timestamp()) == NOW.timestamp()


def test_never_twice_in_a_row_another_table_than_the_items():
    course, asked, there = PollCursor(), [], []
    for look in range(12):
        asked.append(course.choose(30.0 * look))
        there.append(item(f"{look:032x}"))
        looked(course, there if asked[-1] == ITEM_TABLE else [], 30.0 * look, asked[-1])
    assert all(ITEM_TABLE in pair for pair in itertools.pairwise(asked))
    assert {VARIABLE_TABLE, APPROVAL_TABLE} <= set(asked)


def test_what_a_part_does_not_list_is_named_in_the_next_look_and_gone_if_that_does_not_give_it():
    course = PollCursor()
    looked(course, [item("a" * 32), item("b" * 32)])
    looked(course, [item("a" * 32)], 30.0)
    assert course.choose(60.0) == ITEM_TABLE
    assert course.wish(ITEM_TABLE, ITEM, NOW).named == ("b" * 32,)
    looked(course, [item("a" * 32)], 60.0)
    assert course.gone == ["b" * 32]
    assert course.open == {"a" * 32}


def test_what_is_named_and_given_is_not_gone():
    course = PollCursor()
    looked(course, [item("a" * 32)])
    looked(course, [], 30.0)
    looked(course, [item("a" * 32, approval="approved")], 60.0)
    assert course.gone == []
    assert course.open == set()


def test_no_query_names_more_records_than_an_address_holds():
    course = PollCursor(whole=True)
    course.unread = {f"{n:032x}": 0 for n in range(1000)}
    wish = course.wish(VARIABLE_TABLE, ITEM, NOW)
    assert len(wish.named) == NAMED_RECORDS_MAX
    assert len(build_query(VARIABLE_TABLE, wish).encode()) < 6000


def test_a_cut_list_of_approvals_is_asked_for_in_smaller_parts():
    course = PollCursor(whole=True, last=ITEM_TABLE)
    course.unasked = {f"{n:032x}": 0 for n in range(5000)}
    before = course.wish(APPROVAL_TABLE, ITEM, NOW).part
    course.cut(APPROVAL_TABLE, "")
    assert course.wish(APPROVAL_TABLE, ITEM, NOW).part.of == 2 * before.of


@pytest.mark.parametrize("position", ["", "no json", "[]", '{"of": 1}', '{"since": "yesterday"}'])
def test_a_position_that_cannot_be_read_is_the_beginning(position):
    assert PollCursor.at(position, "https://x/") == PollCursor()


def test_a_position_is_that_of_one_address():
    course = PollCursor(since=NOW, whole=True)
    assert PollCursor.at(course.position("https://x/"), "https://x/") == course
    assert PollCursor.at(course.position("https://x/"), "https://y/") == PollCursor()
    assert len(course.position("https://x/")) <= 255


@pytest.mark.parametrize("text", ["", "2026-13-01 00:00:00", "01.03.2026", "2026-03-02T08:00:00Z"])
def test_what_is_no_time_is_none(text):
    assert parse_time(text) is None
