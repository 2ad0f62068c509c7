"""How long a document of 1,000 objects takes to be planned and applied, as one command each."""

import re
import shutil
from dataclasses import dataclass, field
from pathlib import Path

from tests.benchmarks import start
from tests.benchmarks.commands import Took, command, run

ROUNDS = 3


@dataclass(slots=True)
class Runs:
    """The runs of each command: into an empty store, again unchanged, with a change of every object, and its plan."""

    created: list[Took] = field(default_factory=list)
    unchanged: list[Took] = field(default_factory=list)
    changed: list[Took] = field(default_factory=list)
    planned: list[Took] = field(default_factory=list)


def measure(folder: Path, filled: Path | None = None) -> Runs:
    """Fill a store with 1,000 objects and 100,000 requests, unless one is given; apply its document in four ways."""
    if filled is None:
        filled = folder / "filled.db"
        start.fill(filled)
    document, changed = folder / "document.yaml", folder / "changed.yaml"
    run(command(("config", "export", str(document)), filled), folder)
    changed.write_text(_change_all(document.read_text(encoding="utf-8")), encoding="utf-8")
    runs = Runs()
    for number in range(ROUNDS):
        empty, full = folder / f"empty-{number}.db", folder / f"full-{number}.db"
        shutil.copy(filled, full)
        runs.created.append(_apply(document, empty, folder))
        runs.unchanged.append(_apply(document, empty, folder))
        runs.planned.append(run(command(("config", "plan", str(changed)), full), folder, status=1))
        runs.changed.append(_apply(changed, full, folder))
        for place in (empty, full):
            place.unlink()
    return runs


def _apply(document: Path, store: Path, folder: Path) -> Took:
    return run(command(("config", "apply", str(document)), store), folder)


def _change_all(document: str) -> str:
    """Change every object; a server gets another address, which open requests are looked for."""
    moved = re.sub(r"https://host(\d+)\.example", r"https://moved\1.example", document)
    return moved.replace("description: ''", "description: changed")
