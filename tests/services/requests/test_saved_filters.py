"""Saved filters: named once, shared by everybody on the store, changed by one person at a time."""

import pytest
from sqlalchemy import update

from models.kinds import RequestState
from models.saved_filter import SavedFilter
from services.common.errors import ConflictError, InvalidError
from services.requests.inbox.filters import Filter, Sort
from services.requests.inbox.saved_filters import (
    delete_filter,
    list_saved_filters,
    rename_filter,
    save_filter,
)
from services.store import NotFoundError, Store
from services.store.row_values import get_table
from tests.databases import store
from tests.services.store.invariants import assert_sound

FINANCE = Filter(states=frozenset({RequestState.PENDING}), text="fin-", waits_for="App Approvers")


__all__ = ["store"]

pytestmark = pytest.mark.every_database


@pytest.fixture
def path(store_url):
    return store_url


def test_everybody_on_the_store_has_it_as_it_was_saved(store, path):
    saved = save_filter(store, "  Finance laptops ", FINANCE, Sort("user", descending=True))
    other = Store.open(str(path), actor="grace")
    assert list_saved_filters(other) == [saved]
    assert (saved.name, saved.filter, saved.sort, saved.version) == (
        "Finance laptops",
        FINANCE,
        Sort("user", descending=True),
        1,
    )
    other.close()


def test_it_is_renamed_and_deleted_with_a_history(store, path):
    key = save_filter(store, "Finance", FINANCE).key
    assert rename_filter(store, key, "Finance laptops", 1).version == 2
    (found,) = list_saved_filters(store)
    assert (found.name, found.filter) == ("Finance laptops", FINANCE)
    delete_filter(store, key, 2)
    assert list_saved_filters(store) == []
    store.close()
    assert_sound(path)


def test_they_stand_in_the_order_of_their_names(store):
    for name in ("b", "A", "c"):
        save_filter(store, name, Filter())
    assert [one.name for one in list_saved_filters(store)] == ["A", "b", "c"]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "is missing"),
        (" \t", "is missing"),
        ("a\nb", "control characters"),
        ("x" * 256, "longer than"),
        ("finance", "another filter"),
        ("pending", "another filter"),
        ("TIMED OUT TODAY", "another filter"),
    ],
)
def test_a_name_that_cannot_be_is_refused(store, name, message):
    save_filter(store, "Finance", FINANCE)
    other = save_filter(store, "Other", FINANCE)
    for refused in (lambda: save_filter(store, name, FINANCE), lambda: rename_filter(store, other.key, name)):
        with pytest.raises(InvalidError) as caught:
            refused()
        assert message in caught.value.fields[0].message
    assert [one.name for one in list_saved_filters(store)] == ["Finance", "Other"]


def test_its_own_name_may_be_written_differently(store):
    key = save_filter(store, "finance", FINANCE).key
    assert rename_filter(store, key, "Finance").name == "Finance"


def test_who_saw_an_older_one_changes_nothing(store):
    key = save_filter(store, "Finance", FINANCE).key
    rename_filter(store, key, "Mine", 1)
    for late in (
        lambda: rename_filter(store, key, "Yours", 1),
        lambda: delete_filter(store, key, 1),
    ):
        with pytest.raises(ConflictError):
            late()
    assert [(one.name, one.version) for one in list_saved_filters(store)] == [("Mine", 2)]


@pytest.mark.parametrize("key", ["", "pending", "00000000-0000-0000-0000-000000000000"])
def test_one_that_is_not_there_is_missed(store, key):
    for missed in (lambda: rename_filter(store, key, "x"), lambda: delete_filter(store, key)):
        with pytest.raises(NotFoundError):
            missed()


def test_one_that_a_newer_release_wrote_is_left_out(store, caplog):
    save_filter(store, "Good", FINANCE)
    save_filter(store, "Newer", FINANCE)
    table = get_table(SavedFilter)
    for definition in (
        '{"filter": {"colour": 1}, "sort": {"column": "age", "descending": false}}',
        "[]",
        "no",
    ):
        with store.write() as work:
            work.session.execute(update(table).where(table.c.name == "Newer").values(definition=definition))
        assert [one.name for one in list_saved_filters(store)] == ["Good"]
        assert "cannot be read" in caplog.text
        caplog.clear()
