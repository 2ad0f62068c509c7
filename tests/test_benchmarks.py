"""What the benchmark says of its own measurements: kept or missed, disturbed, scattered."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.benchmarks import commands, screen
from tests.benchmarks.disturbance import Disturbance
from tests.benchmarks.figures import Figure, ratios

BUSY = "import time; until = time.monotonic() + 60\nwhile time.monotonic() < until: pass"


def test_a_figure_is_its_median_or_the_part_that_is_promised():
    values = [float(one) for one in range(1, 101)]
    assert Figure("x", values, "ms", 50.5).kept
    assert not Figure("x", values, "ms", 50.0).kept
    assert Figure("x", values, "ms", 95.0, 0.95).value == 95.0
    assert Figure("x", values, "ms", 99.0, 1.0).value == 100.0
    assert "MISSED" in str(Figure("x", values, "ms", 1.0))
    assert "promise" not in str(Figure("x", values, "ms"))


def test_only_a_miss_that_scatters_is_measured_again():
    wide = [1.0, 2.0, 10.0, 20.0, 30.0]
    assert Figure("x", wide, "ms", 5.0).is_scattered
    assert not Figure("x", wide, "ms", 10.0).is_scattered
    assert not Figure("x", [10.0, 10.1, 10.2, 10.3, 10.4], "ms", 5.0).is_scattered


def test_ratios_are_taken_round_by_round():
    assert ratios([2.0, 9.0], [1.0, 3.0]) == [2.0, 3.0]
    with pytest.raises(ValueError, match="shorter"):
        ratios([1.0, 2.0], [1.0])


def test_processor_time_of_other_programs_counts_as_a_disturbance():
    if not Path("/proc/stat").exists():
        assert Disturbance().share() == 0.0  # the kernel does not tell
        return
    outer = subprocess.Popen([sys.executable, "-c", BUSY])
    try:
        time.sleep(0.5)
        looking = Disturbance()
        time.sleep(2)
        disturbed = looking.share()
    finally:
        outer.kill()
        outer.wait()
    assert disturbed > 0.3  # it has not ended: nobody has waited for it
    looking = Disturbance()
    subprocess.run([sys.executable, "-c", BUSY.replace("60", "2")], check=True)
    assert looking.share() < disturbed + 0.7  # what was started here and has ended is own work


def test_a_command_that_fails_is_no_measurement(tmp_path):
    with pytest.raises(SystemExit, match="ended with 3"):
        commands.run(("-c", "raise SystemExit(3)"), tmp_path)
    took = commands.run(("-c", "pass"), tmp_path)
    assert took.clock > 0


def test_a_window_is_seen_from_outside(tmp_path):
    try:
        with screen.screen() as on:
            environ = os.environ | {"HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path)}
            command = [sys.executable, "-m", "tests.benchmarks.bare_window"]
            shown = screen.watch(on, command, environ, seconds=2.1)
    except screen.NoScreenError:
        assert shutil.which("Xvfb") is None  # the bench says so and measures the other parts
        return
    assert 0 < shown.first <= shown.content <= shown.complete < 10_000
    assert shown.processor > 0
    assert shown.memory_mb > 10
