"""What was deleted: listed with who and when, and brought back."""

import pytest

from models.kinds import Kind
from services.configuration import Configuration
from services.store import Store


@pytest.fixture
def configuration(tmp_path):
    opened = Store.open(str(tmp_path / "console.db"), actor="ada")
    yield Configuration(opened)
    opened.close()


def made(configuration, name):
    return configuration.save(configuration.new(Kind.USER_CREDENTIAL, name=name, account="a"))


def test_what_was_deleted_is_listed_until_it_is_restored(configuration):
    first, second, third = (made(configuration, name) for name in ("One", "Two", "Three"))
    for item in (first, second):
        configuration.delete(Kind.USER_CREDENTIAL, item.id, item.version)
    gone = configuration.deleted()
    assert [(one.kind, one.name, one.by) for one in gone] == [
        (Kind.USER_CREDENTIAL, "Two", "ada"),
        (Kind.USER_CREDENTIAL, "One", "ada"),
    ]
    assert third.id not in {one.id for one in gone}
    back = configuration.restore(gone[0].revision)
    assert (back.id, back.name, back.account) == (second.id, "Two", "a")
    assert [one.name for one in configuration.deleted()] == ["One"]
    configuration.delete(Kind.USER_CREDENTIAL, back.id, back.version)
    assert [one.name for one in configuration.deleted()] == ["Two", "One"]


def test_an_object_whose_name_was_taken_meanwhile_comes_back_under_a_free_one(configuration):
    item = made(configuration, "One")
    configuration.delete(Kind.USER_CREDENTIAL, item.id, item.version)
    made(configuration, "ONE")
    [gone] = configuration.deleted()
    back = configuration.restore(gone.revision, free_name=True)
    assert (back.id, back.name) == (item.id, "One (2)")
    assert configuration.deleted() == []
