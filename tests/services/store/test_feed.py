"""The change feed: every committed change exactly once and in order, whoever made it."""

import subprocess
import sys
import threading
from pathlib import Path

import pytest

from models.kinds import Kind
from services.common.errors import ConflictError
from services.configuration import Configuration
from services.store import Change, ChangeFeed, Store, StoreError
from tests.limits import PROGRAM_S

ROOT = Path(__file__).resolve().parents[3]
WRITE = """
import sys
from models.kinds import Kind
from services.configuration import Configuration
from services.store import Store
store = Store.open(sys.argv[1], actor="elsewhere")
configuration = Configuration(store)
for name in sys.argv[2:]:
    configuration.save(configuration.new(Kind.USER_CREDENTIAL, name=name, account="a"))
store.close()
"""


pytestmark = pytest.mark.every_database


@pytest.fixture
def path(store_url):
    return store_url


@pytest.fixture
def consoles(path):
    stores = [Store.open(str(path), actor=name) for name in ("ada", "grace")]
    yield [Configuration(store) for store in stores]
    for store in stores:
        store.close()


@pytest.fixture
def heard(consoles):
    """What the first console hears: a list of batches."""
    batches = []
    consoles[0].store.feed.subscribe(batches.append)
    return batches


def create(configuration, name):
    return configuration.save(configuration.new(Kind.USER_CREDENTIAL, name=name, account="a"))


def test_own_changes_are_told_once_with_the_save(consoles, heard):
    ada, _ = consoles
    item = create(ada, "One")
    ada.rename(Kind.USER_CREDENTIAL, item.id, "Two", 1)
    ada.delete(Kind.USER_CREDENTIAL, item.id, 2)
    expected = [
        Change("user_credential", item.id, operation, "ada", seq)
        for seq, operation in enumerate(("create", "update", "delete"), 1)
    ]
    assert heard == [[change] for change in expected]
    assert ada.store.feed.poll() == []
    assert len(heard) == 3


def test_changes_of_one_transaction_are_told_together(consoles, heard):
    ada, _ = consoles
    with ada.store.write() as work:
        for name in ("One", "Two"):
            ada.save_in(work, ada.new(Kind.USER_CREDENTIAL, name=name, account="a"))
        work.event("import", kind="document", name="two credentials")
        written = work.changes
    assert heard == [written]
    assert [(c.operation, c.kind, c.seq) for c in written] == [
        ("create", "user_credential", 1),
        ("create", "user_credential", 2),
        ("import", "document", 3),
    ]


def test_changes_of_another_console_are_told_with_the_next_look(consoles, heard):
    ada, grace = consoles
    first = create(grace, "One")
    assert heard == []
    assert [c.id for c in ada.store.feed.poll()] == [first.id]
    second = create(grace, "Two")
    own = create(ada, "Three")
    assert [[(c.id, c.actor) for c in batch] for batch in heard] == [
        [(first.id, "grace")],
        [(second.id, "grace"), (own.id, "ada")],
    ]
    assert ada.store.feed.poll() == []


def test_changes_of_another_program_are_told(consoles, heard, path):
    subprocess.run(
        [sys.executable, "-c", WRITE, str(path), "One", "Two"], cwd=ROOT, check=True, timeout=PROGRAM_S
    )
    assert heard == []
    consoles[0].store.feed.poll()
    assert [(c.operation, c.actor, c.seq) for c in heard[0]] == [
        ("create", "elsewhere", 1),
        ("create", "elsewhere", 2),
    ]
    assert len(heard) == 1


def test_what_was_taken_back_is_never_told(consoles, heard):
    ada, grace = consoles
    item = create(ada, "One")
    grace.rename(Kind.USER_CREDENTIAL, item.id, "Two", 1)
    with pytest.raises(ConflictError):
        ada.rename(Kind.USER_CREDENTIAL, item.id, "Three", 1)
    create(ada, "Four")
    assert [c.seq for batch in heard for c in batch] == [1, 2, 3]


def test_what_was_before_the_store_was_opened_is_not_told(consoles, path):
    create(consoles[0], "One")
    late = Store.open(str(path), actor="late")
    batches = []
    late.feed.subscribe(batches.append)
    assert late.feed.poll() == []
    late.close()
    assert batches == []


def test_whoever_ends_a_subscription_hears_no_more_and_the_others_do(consoles, heard):
    ada, _ = consoles
    more = []
    end = ada.store.feed.subscribe(more.append)
    create(ada, "One")
    end()
    end()
    create(ada, "Two")
    assert (len(more), len(heard)) == (1, 2)


def test_a_listener_that_writes_is_heard_after_what_it_heard(consoles):
    ada, _ = consoles
    told = {"first": [], "second": []}

    def first(changes):
        told["first"] += [c.seq for c in changes]
        if changes[0].seq == 1:
            create(ada, "Made by a listener")

    ada.store.feed.subscribe(first)
    ada.store.feed.subscribe(lambda changes: told["second"].extend(c.seq for c in changes))
    create(ada, "One")
    assert told == {"first": [1, 2], "second": [1, 2]}


def test_threads_that_write_and_look_at_once_tell_everything_once_and_in_order(consoles, heard):
    ada, grace = consoles
    failures, start = [], threading.Barrier(4)

    def work(number):
        start.wait()
        try:
            for step in range(15):
                create(ada if number % 2 else grace, f"{number}-{step}")
                ada.store.feed.poll()
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    ada.store.feed.poll()
    assert [c.seq for batch in heard for c in batch] == list(range(1, 61))


def test_a_save_stands_although_telling_it_failed_and_is_told_later(consoles, heard, monkeypatch):
    ada, _ = consoles

    def fail(self):
        raise StoreError(problem)

    with pytest.raises(StoreError) as caught:
        Store.open("nonsense://")
    problem = caught.value.problem
    with monkeypatch.context() as patch:
        patch.setattr(ChangeFeed, "_read", fail)
        item = create(ada, "One")
        assert ada.get(Kind.USER_CREDENTIAL, item.id).version == 1
    assert heard == []
    ada.store.feed.poll()
    assert [c.id for c in heard[0]] == [item.id]
