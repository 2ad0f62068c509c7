"""The mark of a store is another one after every commit, whoever made it, and whatever happened to its connection."""

from models.kinds import Kind
from services.configuration import Configuration
from services.store import Store


def save(store, name):
    configuration = Configuration(store)
    configuration.save(configuration.new(Kind.USER_CREDENTIAL, name=name, account="a"))


def test_every_commit_changes_the_mark(tmp_path):
    store, other = (Store.open(str(tmp_path / "console.db"), actor=one) for one in ("ada", "grace"))
    try:
        marks = [store.mark.read(), store.mark.read()]
        assert marks[0] == marks[1]
        save(store, "own")
        marks.append(store.mark.read())
        save(other, "other")
        marks.append(store.mark.read())
        assert len(set(marks)) == 3
    finally:
        store.close()
        other.close()


def test_a_new_connection_repeats_no_mark(tmp_path):
    """Each connection counts from the same number: what was committed meanwhile would have been missed."""
    store = Store.open(str(tmp_path / "console.db"), actor="ada")
    try:
        before = store.mark.read()
        store.mark._drop()
        save(store, "meanwhile")
        assert store.mark.read() != before
    finally:
        store.close()
    assert store.mark.read() is None
