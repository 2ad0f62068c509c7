"""Several consoles edit one object: every edit that was reported as saved is in the end result."""

import os
import random
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from services.common.errors import ConflictError
from services.configuration import Configuration
from services.store import Store
from tests.limits import PROGRAM_S
from tests.services.store.counting import KIND, Counter, new_counter
from tests.services.store.invariants import assert_sound

ROOT = Path(__file__).resolve().parents[3]


pytestmark = pytest.mark.every_database


@pytest.fixture
def path(store_url):
    return store_url


@pytest.fixture
def consoles(path):
    """Two consoles on one file, each with its own connections."""
    stores = [Store.open(str(path), actor=name) for name in ("ada", "grace")]
    yield [Configuration(store) for store in stores]
    for store in stores:
        store.close()


def assert_counted(consoles, object_id, times):
    """The count, the version and the history all say the same number."""
    item = consoles[0].get(KIND, object_id)
    assert item.description == str(times)
    assert item.version == times + 1
    history = [r for r in consoles[1].history(KIND, object_id) if r.operation == "update"]
    counts = [change.after for r in history for change in r.changes if change.name == "description"]
    expected = [str(n) for n in range(times, 0, -1)]
    assert counts == expected[: len(counts)]
    assert len(counts) == min(times, 500)


def assert_both_sides(conflict, object_id):
    assert conflict.base["id"] == conflict.mine["id"] == conflict.theirs["id"] == object_id
    assert conflict.theirs["version"] > conflict.base["version"]
    assert int(conflict.theirs["description"]) > int(conflict.base["description"])
    assert int(conflict.mine["description"]) == int(conflict.base["description"]) + 1
    assert conflict.theirs["changed_by"] in ("ada", "grace", "counter")


def interleave(consoles, edits, seed):
    """Let two consoles open and save by turns that a seed decides; return how many saves were stale.

    Every save over a version that is no longer the stored one must be refused, every other must go through.
    """
    object_id = new_counter(consoles[0])
    counters = [Counter(c, object_id) for c in consoles]
    opened = [None, None]
    chance, stored, saved, stale = random.Random(seed), 1, 0, 0
    while saved < edits:
        who = chance.randrange(2)
        if opened[who] is None:
            opened[who] = counters[who].open()
            continue
        item, base = opened[who]
        opened[who] = None
        was_stale = base["version"] != stored
        before = len(counters[who].conflicts)
        result = counters[who].save(item, base)
        assert len(counters[who].conflicts) - before == was_stale
        saved, stale, stored = saved + 1, stale + was_stale, result.version
    assert_counted(consoles, object_id, edits)
    for counter in counters:
        for conflict in counter.conflicts:
            assert_both_sides(conflict, object_id)
    return stale


def race(consoles, times):
    """Let two threads count at once."""
    object_id = new_counter(consoles[0])
    counters = [Counter(c, object_id) for c in consoles]
    failures, start = [], threading.Barrier(2)

    def count(counter):
        start.wait()
        try:
            counter.count(times)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=count, args=(c,)) for c in counters]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert_counted(consoles, object_id, 2 * times)
    for counter in counters:
        for conflict in counter.conflicts:
            assert_both_sides(conflict, object_id)


def count_in_processes(path, consoles, times):
    """Let two other programs and this one count at once."""
    object_id = new_counter(consoles[0])
    command = [sys.executable, "-m", "tests.services.store.counting", str(path), str(object_id), str(times)]
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    others = [
        subprocess.Popen(command, cwd=ROOT, env=environ, stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    Counter(consoles[0], object_id).count(times)
    for other in others:
        said, _ = other.communicate(timeout=PROGRAM_S + times)
        assert other.returncode == 0
        assert said.strip().isdigit()
    assert_counted(consoles, object_id, 3 * times)


def test_no_edit_is_lost_however_two_consoles_take_turns(consoles, path):
    assert interleave(consoles, 150, seed=1) > 30
    assert_sound(path)


def test_no_edit_is_lost_between_two_threads(consoles, path):
    race(consoles, 50)
    assert_sound(path)


def test_no_edit_is_lost_between_three_programs(consoles, path):
    count_in_processes(path, consoles, 30)
    assert_sound(path)


def test_a_stale_save_changes_nothing_and_tells_both_sides(consoles):
    ada, grace = consoles
    object_id = new_counter(ada)
    mine = ada.get(KIND, object_id)
    opened = mine.model_dump()
    theirs = grace.get(KIND, object_id)
    theirs.description = "7"
    grace.save(theirs)
    mine.account = "b"
    with pytest.raises(ConflictError) as caught:
        ada.save(mine, base=opened)
    conflict = caught.value
    assert conflict.base == opened
    assert (conflict.mine["account"], conflict.mine["description"]) == ("b", "0")
    assert (conflict.theirs["account"], conflict.theirs["description"]) == ("a", "7")
    assert conflict.theirs["changed_by"] == "grace"
    assert "grace" in conflict.problem.evidence
    assert conflict.exit_status == 1
    assert ada.get(KIND, object_id).account == "a"
    assert len(ada.history(KIND, object_id)) == 2


def test_whoever_saves_a_deleted_object_learns_that_it_is_gone(consoles):
    ada, grace = consoles
    object_id = new_counter(ada)
    mine = ada.get(KIND, object_id)
    grace.delete(KIND, object_id, 1)
    with pytest.raises(ConflictError) as caught:
        ada.save(mine)
    assert caught.value.theirs is None
    assert caught.value.problem.evidence == "Deleted in the meantime"
    with pytest.raises(ConflictError), ada.store.write() as work:
        work.delete(mine, 1)


def test_a_page_from_before_a_deletion_cannot_save_over_what_was_restored(consoles):
    ada, grace = consoles
    object_id = new_counter(ada)
    page = ada.get(KIND, object_id)
    grace.delete(KIND, object_id, 1)
    restored = grace.restore(grace.history(KIND, object_id)[0].id)
    assert restored.version == 3
    page.description = "1"
    with pytest.raises(ConflictError) as caught:
        ada.save(page)
    assert caught.value.theirs["version"] == 3
    assert [r.number for r in ada.history(KIND, object_id)] == [3, 2, 1]


def test_the_same_new_object_saved_twice_is_a_conflict_with_the_first(consoles):
    ada, _ = consoles
    item = ada.new(KIND, account="a")
    ada.save(item)
    item.account = "b"
    with pytest.raises(ConflictError) as caught:
        ada.save(item)
    assert caught.value.theirs["account"] == "a"
    assert ada.get(KIND, item.id).account == "a"


def test_one_stale_object_takes_back_everything_of_its_transaction(consoles):
    ada, grace = consoles
    object_id = new_counter(ada)
    stale = ada.get(KIND, object_id)
    grace.rename(KIND, object_id, "Renamed", 1)
    entries = ada.store.verify_audit().checked

    def several():
        with ada.store.write() as work:
            ada.save_in(work, ada.new(KIND, name="Companion", account="a"))
            work.event("import")
            ada.save_in(work, stale)

    with pytest.raises(ConflictError):
        several()
    assert ada.find_by_name(KIND, "Companion") is None
    assert ada.store.verify_audit().checked == entries


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_no_edit_is_lost_in_10_000_turns(consoles, path):
    assert interleave(consoles, 10_000, seed=2) > 2000
    assert_sound(path)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_no_edit_is_lost_in_10_000_edits_at_once(consoles, path):
    race(consoles, 5000)
    assert_sound(path)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_no_edit_is_lost_in_3_000_edits_by_three_programs(consoles, path):
    count_in_processes(path, consoles, 1000)
    assert_sound(path)
