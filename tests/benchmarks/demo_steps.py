"""For how long the window's thread did not come back to its loop, while the demo was driven through it."""

import os
import re
import subprocess
import sys
from dataclasses import dataclass, field

ROUNDS = 5
LIMIT_S = 120
TOLD = re.compile(r"longest step of the UI thread: ([\d.]+) ms .* below ([\d.]+) ms")


@dataclass
class Runs:
    """Milliseconds of each demo: its longest step, and what 95 % of its steps do not exceed."""

    longest: list[float] = field(default_factory=list)
    most: list[float] = field(default_factory=list)


def measure() -> Runs:
    """Run the demo a few times."""
    runs = Runs()
    for _ in range(ROUNDS):
        longest, most = _once()
        runs.longest.append(longest)
        runs.most.append(most)
    return runs


def _once() -> tuple[float, float]:
    done = subprocess.run(
        [sys.executable, "-m", "console", "demo", "--headless"],
        check=True,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
    )
    found = TOLD.search(done.stdout)
    if found is None:
        raise SystemExit("The demo does not tell its longest step.")
    return float(found[1]), float(found[2])
