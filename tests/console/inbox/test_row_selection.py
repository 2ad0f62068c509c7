"""The selection of the list follows its requests by their ids, without Qt."""

import uuid

from console.inbox.action_availability import MAX_SELECTED
from console.inbox.row_selection import RowSelection
from tests.console.inbox.presenter_support import row, snapshot


def test_the_selection_follows_its_requests_to_other_positions():
    selection, rows = RowSelection(), [row(n) for n in range(4)]
    selection.select([(1, 2)], dict(enumerate(rows)).get, rows[2].id)
    moved = [row(9), rows[2], rows[1], rows[3]]
    selection.follow(snapshot(*moved, found_rows=(rows[2], rows[1])), None, fresh=False)
    assert selection.ids == (rows[2].id, rows[1].id)
    assert list(selection.positions) == [1, 2]
    assert selection.current == rows[2].id
    assert not selection.moved(dict(enumerate(moved)).get)
    assert selection.moved(dict(enumerate(rows)).get)


def test_a_single_request_that_leaves_the_list_is_kept_and_of_several_the_rest():
    selection, rows = RowSelection(), [row(n) for n in range(3)]
    selection.select([(0, 0)], dict(enumerate(rows)).get, rows[0].id)
    selection.follow(snapshot(*rows[1:], found_rows=()), None, fresh=False)
    assert (selection.ids, selection.rows) == ((rows[0].id,), ())
    selection.follow(snapshot(*rows[1:], found_rows=()), None, fresh=True)
    assert selection.ids == ()
    selection.select([(0, 1)], dict(enumerate(rows)).get, rows[0].id)
    selection.follow(snapshot(*rows[1:], found_rows=(rows[1],)), None, fresh=False)
    assert (selection.ids, selection.current) == ((rows[1].id,), rows[1].id)


def test_rows_that_were_not_read_yet_are_selected_once_they_are():
    selection, rows = RowSelection(), [row(n) for n in range(3)]
    selection.select([(0, 2)], {0: rows[0]}.get, rows[0].id)
    assert (selection.missing, selection.rows, selection.count) == ([1, 2], (), 3)
    selection.add_missing({2: rows[2], 1: rows[1]}, rows[0].id)
    assert selection.rows == tuple(rows)


def test_of_too_many_selected_rows_only_the_current_one_is_found_again():
    selection = RowSelection()
    current = uuid.uuid4()
    selection.select([(0, MAX_SELECTED)], lambda _position: None, current)
    assert (selection.missing, selection.ids, selection.ids_to_find) == ([], (), (current,))


def test_a_target_is_selected_alone():
    selection, rows = RowSelection(), [row(n) for n in range(3)]
    selection.select([(0, 1)], dict(enumerate(rows)).get, rows[0].id)
    selection.follow(snapshot(*rows), rows[2].id, fresh=True)
    assert (selection.ids, selection.current) == ((rows[2].id,), rows[2].id)
