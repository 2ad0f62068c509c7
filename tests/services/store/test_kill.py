"""Writers killed without warning: what was reported as written is there, the rest never happened."""

import os
import random
import re
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import pytest

from services.configuration import Configuration
from services.store import Store
from tests.limits import PROGRAM_S
from tests.services.store.invariants import assert_sound

ROOT = Path(__file__).resolve().parents[3]


def kill_a_writer(path, seed, *, before_ready=False):
    """Start a writer, kill it at a random moment, and return the last place in the chain that it reported."""
    chance, pause = random.Random(seed), threading.Event()
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
            while not path.exists():
                pause.wait(0.001)
            pause.wait(chance.uniform(0, 0.3))
        else:
            assert writer.stdout.readline() == "ready\n", writer.stderr.read()
            pause.wait(chance.expovariate(4))
        writer.kill()
        said, complaints = writer.communicate(timeout=PROGRAM_S)
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


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_200_kills_of_one_growing_store(tmp_path):
    path = tmp_path / "console.db"
    assert survive(path, 200, seed=1) > 5000
    assert_all_or_nothing(path)
