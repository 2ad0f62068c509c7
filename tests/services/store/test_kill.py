"""Writers killed without warning: what was reported as written is there, the rest never happened."""

import os
import random
import re
import shutil
import sqlite3
import subprocess
import sys
import threading
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest

from services.configuration import Configuration
from services.store import Store
from tests.services.store.invariants import assert_sound

ROOT = Path(__file__).resolve().parents[3]
DEEDS = 60
"""Fewer than these are reported before a kill."""


def kill_a_writer(path, seed, *, before_ready=False):
    """Start a writer, kill it at a random moment, and return the last place in the chain that it reported."""
    chance, pause, said = random.Random(seed), threading.Event(), ""
    writer = subprocess.Popen(
        [sys.executable, "-m", "tests.services.store.writer", str(path), str(seed)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with writer:
        if before_ready:
            while not path.exists() and writer.poll() is None:
                pause.wait(0.001)
            pause.wait(chance.uniform(0, 0.3))
        else:
            assert writer.stdout.readline() == "ready\n", writer.stderr.read()
            # Counted in deeds, so that a busy machine sees as many as an idle one; then anywhere in the next ones.
            said = "".join(writer.stdout.readline() for _ in range(chance.randrange(DEEDS)))
            pause.wait(chance.expovariate(100))
        writer.kill()
        said += writer.stdout.read()
        complaints = writer.stderr.read()
    assert not complaints
    reported = re.findall(r"^done (\d+)\n", said, re.MULTILINE)
    return int(reported[-1]) if reported else 0


def newest(path):
    store = Store.open(str(path), actor="auditor")
    try:
        verdict = store.verify_audit()
        assert verdict.ok, verdict.problem
        return verdict.checked
    finally:
        store.close()


def survive(path, kills, seed):
    """Kill one writer after the other on the same store; each time everything holds, and the store still grows."""
    newest_before = newest(path)
    for number in range(kills):
        reported = kill_a_writer(path, seed + number)
        assert_sound(path)
        written = newest(path)
        assert written >= max(reported, newest_before), (
            f"kill {number}: reported {reported}, there are {written}"
        )
        newest_before = written
    return newest_before


def assert_all_or_nothing(path):
    """Both objects of each pair were made or none, and nothing is left of what was taken back."""
    store = Store.open(str(path), actor="auditor")
    history = Configuration(store).history_all(limit=1_000_000)
    store.close()
    pairs = Counter(r.object_name for r in history if r.note == "A pair")
    assert pairs
    assert set(pairs.values()) == {2}
    assert not [r for r in history for change in r.changes if change.after == "never"]


def test_nothing_reported_is_lost_and_nothing_half_written_stays(tmp_path):
    path = tmp_path / "console.db"
    assert survive(path, 7, seed=2026) > 50
    assert_all_or_nothing(path)


def test_a_console_killed_while_it_makes_its_store_leaves_one_that_opens(tmp_path):
    for seed in range(3):
        path = tmp_path / f"{seed}" / "console.db"
        kill_a_writer(path, seed, before_ready=True)
        assert_sound(path)


@pytest.mark.parametrize("before", ["nothing", "a store"])
def test_what_was_half_written_when_its_writer_was_killed_is_taken_back(tmp_path, before):
    """The file is as it is found after a kill at the worst moment: pages of a transaction in it, and its journal."""
    making, path = tmp_path / "making.db", tmp_path / "console.db"
    if before == "a store":
        Store.open(str(making), actor="ada").close()
    with closing(sqlite3.connect(making, isolation_level=None)) as writer:
        writer.execute("PRAGMA journal_mode=DELETE")
        writer.execute("PRAGMA cache_size=1")
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("CREATE TABLE half (content)")
        writer.executemany("INSERT INTO half VALUES (zeroblob(4000))", [()] * 50)
        shutil.copy(making, path)
        shutil.copy(making.with_name("making.db-journal"), path.with_name("console.db-journal"))
    assert path.stat().st_size > 100_000
    assert_sound(path)
    with closing(sqlite3.connect(path)) as reader:
        assert reader.execute("SELECT name FROM sqlite_master WHERE name = 'half'").fetchall() == []


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_200_kills_of_one_growing_store(tmp_path):
    path = tmp_path / "console.db"
    assert survive(path, 200, seed=1) > 5000
    assert_all_or_nothing(path)
