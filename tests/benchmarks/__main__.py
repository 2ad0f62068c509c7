"""The figures of the README, each beside the promise it is held against. Ends with 1 when one is not kept.

Nothing is judged by the clock alone where the machine's speed matters: the window's start is divided by that of a
bare Qt window measured in turns with it, and a SOAP call has the same bytes sent without us taken off.
"""

import math
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks import check, databases, demo_steps, follow, inbox, inbox_window, intake, soap, start


@dataclass(frozen=True, slots=True)
class Figure:
    """One measured figure; `promise` is the most it may be, or None where nothing is promised.

    `part` is the part of the runs that the figure covers: half of them, unless something else is promised.
    """

    what: str
    values: list[float]
    unit: str
    promise: float | None = None
    part: float = 0.5

    @property
    def value(self) -> float:
        """Return the median, or the least figure that `part` of the runs keep."""
        if self.part == 0.5:
            return statistics.median(self.values)
        return sorted(self.values)[math.ceil(self.part * len(self.values)) - 1]

    @property
    def kept(self) -> bool:
        """Whether the figure keeps the promise."""
        return self.promise is None or self.value <= self.promise

    def __str__(self) -> str:
        spread = f"[{min(self.values):.2f}..{max(self.values):.2f}, {len(self.values)} runs]"
        promise = "" if self.promise is None else f"promise <= {self.promise:g} {self.unit}".rstrip()
        verdict = "" if self.promise is None else ("kept" if self.kept else "MISSED")
        return f"{self.what:58} {self.value:8.2f} {self.unit:3} {spread:32} {promise:18} {verdict}"


def _start(folder: Path) -> Iterator[Figure]:
    runs = start.measure(folder)
    yield Figure("bare PyQt6 window with tree and form, first paint", runs.bare, "ms")
    yield Figure("window, 1,000 objects and 100,000 requests, first paint", runs.painted, "ms")
    ratios = [mine / bare for mine, bare in zip(runs.painted, runs.bare, strict=True)]
    yield Figure("  first paint over the bare window", ratios, "x", 1.5)
    yield Figure("window, tree filled from the store", runs.filled, "ms")
    ratios = [mine / bare for mine, bare in zip(runs.filled, runs.bare, strict=True)]
    yield Figure("  tree filled over the bare window", ratios, "x")


def _soap(_folder: Path) -> Iterator[Figure]:
    runs = soap.measure()
    yield Figure("scripted SOAP call, over loopback", runs.whole, "ms")
    yield Figure("  the same bytes sent and read by httpx alone", runs.wire, "ms")
    own = [whole - wire for whole, wire in zip(runs.whole, runs.wire, strict=True)]
    yield Figure("  own cost of one call", own, "ms", 2.0)
    own = [whole - wire for whole, wire in zip(runs.with_token, runs.wire, strict=True)]
    yield Figure("  own cost of one call with an access token", own, "ms", 2.0)


def _demo(_folder: Path) -> Iterator[Figure]:
    yield Figure("longest step of the UI thread during the demo", demo_steps.measure(), "ms", 50.0)


def _check(_folder: Path) -> Iterator[Figure]:
    runs = check.measure()
    yield Figure("healthy check, 150 ms round trip, TLS, p95", runs.healthy, "ms", 2500.0, 0.95)
    yield Figure(
        "  the same with the fetch of an access token, p95", runs.healthy_with_token, "ms", 2500.0, 0.95
    )
    for what, values in runs.dead.items():
        yield Figure(f"check of a dead host: {what}, slowest", values, "ms", 5000.0, 1.0)
    yield Figure("check cancelled at 10 moments, slowest", runs.cancelled, "ms", 100.0, 1.0)
    yield Figure("healthy check over loopback, the instance's work included", runs.whole, "ms")
    yield Figure("  own work of one check (processor time)", runs.own, "ms", 60.0)


def _inbox(folder: Path) -> Iterator[Figure]:
    runs = inbox.measure(folder)
    yield Figure("1,000,000 requests: size of the store", runs.size_mb, "MB")
    for what, times, promise in (
        ("what the inbox asks when it opens, p95", runs.first, 100.0),
        ("any filter in any order, first page, p95", runs.filters, 50.0),
        ("any search, first page, p95", runs.searches, 50.0),
        ("the next page while scrolling, p95", runs.following, 50.0),
        ("a page from anywhere, p95", runs.jumps, 50.0),
        ("the place of a request, p95", runs.places, None),
        ("the count of a filter of the program, p95", runs.counts, None),
        ("a look of 220 requests written down, p95", runs.observed, None),
    ):
        yield Figure(what, times.whole, "ms", promise, 0.95)
        yield Figure("  own work of it (processor time)", times.own, "ms", None, 0.95)
    yield Figure("memory that pages took after the first hundred", runs.grown_mb, "MB", 8.0, 1.0)
    yield from _inbox_window(folder)


def _inbox_window(folder: Path) -> Iterator[Figure]:
    runs = inbox_window.measure(folder / "inbox.db")
    yield Figure("inbox page: first paint", runs.painted, "ms", 100.0)
    yield Figure("  another filter or order painted, p95", runs.switched, "ms", 50.0, 0.95)
    yield Figure("  step of the wheel, thread of the window kept, p95", runs.steps, "ms", 16.0, 0.95)
    yield Figure("  drag of the bar to anywhere, p95", runs.jumps, "ms", 16.0, 0.95)
    yield Figure("  until the rows of that place are painted", runs.arrived, "ms")
    yield Figure("  memory that 10 minutes of scrolling anywhere took", runs.grown_mb, "MB", 8.0, 1.0)


def _databases(folder: Path) -> Iterator[Figure]:
    for name, runs in databases.measure(folder):
        for what, times in (("any filter in any order", runs.filters), ("any search", runs.searches)):
            yield Figure(f"100,000 requests on {name}: {what}, p95", times.whole, "ms", 60.0, 0.95)


def _follow(_folder: Path) -> Iterator[Figure]:
    runs = follow.measure()
    yield Figure("calls an hour, 10,000 open requests", [runs.calls], "", 120.0)
    yield Figure("  from a decision to its being seen, slowest", runs.late, "s", 30.0, 1.0)
    yield Figure("  first look at all of them, over loopback", [runs.first], "ms")
    yield Figure("  every further look, the instance's work included", runs.looks, "ms")


def _intake(_folder: Path) -> Iterator[Figure]:
    runs = intake.measure()
    for what in runs.health:
        yield Figure(f"intake {what}: health, p95", runs.health[what], "ms", 50.0, 0.95)
        yield Figure("  a request raised, p95", runs.raised[what], "ms", 50.0, 0.95)
    yield Figure("  lines of the log beside those of raised requests", [float(runs.log_lines)], "", 20.0)


PARTS: dict[str, Callable[[Path], Iterator[Figure]]] = {
    "start": _start,
    "soap": _soap,
    "demo": _demo,
    "check": _check,
    "inbox": _inbox,
    "databases": _databases,
    "follow": _follow,
    "intake": _intake,
}


def main(names: list[str]) -> int:
    """Measure the parts named, or all; return 1 when a promise is not kept."""
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        sys.stderr.write(f"There is no part {', '.join(unknown)}; there are {', '.join(PARTS)}.\n")
        return 2
    good = True
    with tempfile.TemporaryDirectory(prefix="approval-console-bench-") as folder:
        for name in names or PARTS:
            for figure in PARTS[name](Path(folder)):
                good = good and figure.kept
                sys.stdout.write(f"{figure}\n")
                sys.stdout.flush()
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
