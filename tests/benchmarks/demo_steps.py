"""The longest time for which the window's thread did not come back to its loop, while the demo was driven through it."""

import os
import re
import subprocess
import sys

ROUNDS = 5
LIMIT_S = 120


def measure() -> list[float]:
    """Run the demo a few times and return the longest step of each, in milliseconds."""
    return [_once() for _ in range(ROUNDS)]


def _once() -> float:
    done = subprocess.run(
        [sys.executable, "-m", "console", "demo", "--headless"],
        check=True,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
    )
    found = re.search(r"longest step of the UI thread: ([\d.]+) ms", done.stdout)
    if found is None:
        raise SystemExit("The demo does not tell its longest step.")
    return float(found.group(1))
