"""How the demo runs."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """Options of `approval-console demo`; `out` is the folder for pictures.

    `by_hand`: the window opens and the guide is left to the person.
    """

    headless: bool = False
    out: Path | None = None
    by_hand: bool = False
