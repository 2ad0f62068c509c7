"""The demo: the whole set-up guide on the practice instance, by hand in the window or driven without one."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """How the demo runs; `out` is the folder for pictures."""

    headless: bool = False
    out: Path | None = None


def run_demo(options: DemoOptions) -> int:
    """Run the demo and return its exit status: 0 when everything that had to be observed was."""
    from console.demo.runner import run

    return run(options)
