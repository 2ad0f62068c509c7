"""How long commands take, each measured in turns with an interpreter that does nothing."""

import os
import resource
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from tests.benchmarks import start

ROUNDS = 15
LIMIT_S = 60
NOTHING = ("-c", "pass")
COMMANDS = {
    "--version": ("--version",),
    "--help": ("--help",),
    "requests list": ("requests", "list", "--limit", "20"),
    "config export": ("config", "export", "/dev/null" if os.name == "posix" else "nul"),
}


@dataclass(frozen=True, slots=True)
class Took:
    """What one process took, in milliseconds: on the clock, and of the processor."""

    clock: float
    own: float


@dataclass(slots=True)
class Runs:
    """The runs of an interpreter that does nothing, and those of each command, round by round."""

    nothing: list[Took] = field(default_factory=list)
    commands: dict[str, list[Took]] = field(default_factory=lambda: {name: [] for name in COMMANDS})

    def ratios(self, name: str) -> list[float]:
        """Return what a command took on the clock over what nothing took, by round."""
        pairs = zip(self.commands[name], self.nothing, strict=True)
        return [command.clock / nothing.clock for command, nothing in pairs]

    def own_ratios(self, name: str) -> list[float]:
        """Return the processor time of a command over that of nothing, by round."""
        pairs = zip(self.commands[name], self.nothing, strict=True)
        return [command.own / nothing.own for command, nothing in pairs]


def measure(folder: Path, store: Path | None = None) -> Runs:
    """Fill a store with 1,000 objects and 100,000 requests, unless one is given, and run the commands in turns."""
    if store is None:
        store = folder / "console.db"
        start.fill(store)
    runs = Runs()
    for number in range(ROUNDS + 1):
        nothing = run(NOTHING, folder)
        took = {name: run(command(words, store), folder) for name, words in COMMANDS.items()}
        if number == 0:
            continue  # the first of each reads files from the disk
        runs.nothing.append(nothing)
        for name, one in took.items():
            runs.commands[name].append(one)
    return runs


def command(words: tuple[str, ...], store: Path) -> tuple[str, ...]:
    """Return the arguments of the interpreter that run a command, on a store where it takes one."""
    shared = () if words[0].startswith("--") else ("--store", str(store), "--vault", "session")
    return ("-m", "console", *shared, *words)


def run(arguments: tuple[str, ...], folder: Path, *, status: int = 0) -> Took:
    """Run an interpreter that ends with `status`, and return what it took; its output is thrown away."""
    environ = {**os.environ, "APPROVAL_CONSOLE_HOME": str(folder / "home")}
    own, began = _children_s(), time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, *arguments], env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    limit = threading.Timer(LIMIT_S, process.kill)
    limit.start()
    # Without a time limit of its own, which would look for the end at ever longer intervals.
    process.wait()
    clock = time.perf_counter() - began
    limit.cancel()
    if process.returncode != status:
        raise SystemExit(f"{' '.join(arguments)} ended with {process.returncode}")
    return Took(clock * 1000, (_children_s() - own) * 1000)


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
