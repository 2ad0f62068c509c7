"""The figures of the README, each beside the promise it is held against. Ends with 1 when one is not kept.

Where the machine's speed matters, nothing is judged by the clock alone: a start is divided by that of a bare Qt window
measured in turns with it, and what other programs of this kind take is shown beside it. A part during which other
programs used the processor, or whose runs scatter too much to prove a miss, says so and is measured again.
"""

import contextlib
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.benchmarks import (
    apply,
    check,
    commands,
    databases,
    demo_steps,
    follow,
    idle,
    inbox,
    inbox_window,
    intake,
    picker,
    screen,
    soap,
    start,
    verdicts,
)
from tests.benchmarks.disturbance import ALLOWED, Disturbance, wait_until_quiet
from tests.benchmarks.figures import Figure, ratios

ATTEMPTS = 3
PART_OF_WINDOW = {"empty": "an empty store", "filled": "1,000 objects and 100,000 requests"}


def _start(folder: Path) -> Iterator[Figure]:
    try:
        runs = start.measure(folder)
    except screen.NoScreenError as error:
        sys.stdout.write(f"start: not measured, {error}.\n")
        return
    bare = runs.of("bare", "first")
    yield Figure("bare PyQt6 window with tree and form: first paint", bare, "ms")
    for name, what in PART_OF_WINDOW.items():
        yield Figure(f"window, {what}: first paint, its frame", runs.of(name, "first"), "ms")
        yield Figure("  over the bare window", ratios(runs.of(name, "first"), bare), "x", 1.35)
        content = runs.of(name, "content")
        yield Figure("  menu, tree and page painted", content, "ms")
        yield Figure("  over the bare window", ratios(content, bare), "x")
        complete = runs.of(name, "complete")
        yield Figure("  Home complete", complete, "ms")
        yield Figure("  over the bare window", ratios(complete, bare), "x", 2.5)
        for peer in start.PEERS:
            if peer in runs.shown:
                promise = 1.0 if peer == "git-cola" else None
                others = runs.of(peer, "complete")
                yield Figure(f"  over {peer} complete", ratios(complete, others), "x", promise)
        yield Figure("  processor time until 2 s after it", runs.of(name, "processor"), "ms", 800.0)
        yield Figure("  memory of the idle window (PSS)", runs.idle_mb[name], "MB", 95.0)
    for peer in start.PEERS:
        if peer in runs.shown:
            yield Figure(f"{peer}: processor time until 2 s after it", runs.of(peer, "processor"), "ms")
            yield Figure("  memory (PSS)", runs.of(peer, "memory_mb"), "MB")
    longest = [max(one) for one in runs.steps]
    yield Figure("start with 100,000 requests: longest step of the UI thread", longest, "ms", 50.0)
    most = [statistics.quantiles(one, n=20)[-1] for one in runs.steps]
    yield Figure("  steps longer than a wait for the timer, p95", most, "ms", 16.0)


def _commands(folder: Path) -> Iterator[Figure]:
    runs = commands.measure(folder)
    yield Figure("python -c pass", [one.clock for one in runs.nothing], "ms")
    for name, promise in (
        ("--version", 6.0),
        ("--help", 6.0),
        ("requests list", 55.0),
        ("config export", 66.0),
    ):
        yield Figure(f"approval-console {name}, over it", runs.ratios(name), "x", promise)
        yield Figure("  clock", [one.clock for one in runs.commands[name]], "ms")


def _apply(folder: Path) -> Iterator[Figure]:
    runs = apply.measure(folder)
    for what, took in (
        ("into an empty store", runs.created),
        ("unchanged", runs.unchanged),
        ("every object changed", runs.changed),
    ):
        yield Figure(f"config apply of 1,000 objects, {what}", [one.clock for one in took], "ms", 5000.0)
        yield Figure("  processor time", [one.own for one in took], "ms")


def _idle(folder: Path) -> Iterator[Figure]:
    runs = idle.measure(folder)
    yield Figure("idle window with 250 servers: part of a core", runs.new, "%", 0.3)
    yield Figure("  an hour later", runs.hour, "%", 0.3)


def _verdicts(folder: Path) -> Iterator[Figure]:
    runs = verdicts.measure(folder)
    yield Figure("verdicts of 250 servers (processor time)", runs.reads, "ms", 20.0)
    yield Figure("  statements, one of which reads the reports", runs.statements, "", 3.0)


def _picker(_folder: Path) -> Iterator[Figure]:
    runs = picker.measure()
    yield Figure("Request Item picker, 500,000 items, 200 hits", runs.whole, "ms")
    yield Figure("  over the same rows by httpx alone", ratios(runs.whole, runs.wire), "x", 1.3)
    yield Figure("  first rows", runs.first, "ms")
    yield Figure("  calls of one search", runs.calls, "", 3.0)


def _soap(_folder: Path) -> Iterator[Figure]:
    runs = soap.measure()
    yield Figure("scripted SOAP call, over loopback (processor time)", runs.whole, "ms")
    yield Figure("  the same bytes sent and read by httpx alone", runs.wire, "ms")
    own = [whole - wire for whole, wire in zip(runs.whole, runs.wire, strict=True)]
    yield Figure("  own cost of one call", own, "ms", 2.0)
    own = [whole - wire for whole, wire in zip(runs.with_token, runs.wire, strict=True)]
    yield Figure("  own cost of one call with an access token", own, "ms", 2.0)


def _demo(_folder: Path) -> Iterator[Figure]:
    runs = demo_steps.measure()
    yield Figure("longest step of the UI thread during the demo", runs.longest, "ms", 50.0)
    yield Figure("  steps longer than a wait for the timer, p95", runs.most, "ms", 16.0)


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
    yield Figure("  bytes for each request", runs.request_bytes, "B", 1000.0)
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
    yield Figure("  until the rows of that place are painted, p95", runs.arrived, "ms", 50.0, 0.95)
    yield Figure("  steps of the UI thread while it opens, p95", runs.opening_steps, "ms", 16.0, 0.95)
    yield Figure("  steps of the UI thread while it opens, longest", runs.opening_steps, "ms", 50.0, 1.0)
    yield Figure("  … while a filter or order is painted, longest", runs.switching_steps, "ms", 50.0, 1.0)
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
    "commands": _commands,
    "apply": _apply,
    "idle": _idle,
    "verdicts": _verdicts,
    "picker": _picker,
    "soap": _soap,
    "demo": _demo,
    "check": _check,
    "inbox": _inbox,
    "databases": _databases,
    "follow": _follow,
    "intake": _intake,
}
OUTLIVED = frozenset({"databases"})
"""Parts with programs that outlive them, whose processor time cannot be told from that of others."""


def main(names: list[str]) -> int:
    """Measure the parts named, or all; return 1 when a promise is not kept."""
    unknown = [name for name in names if name not in PARTS]
    if unknown:
        sys.stderr.write(f"There is no part {', '.join(unknown)}; there are {', '.join(PARTS)}.\n")
        return 2
    good = True
    for name in names or PARTS:
        for figure in _measured(name):
            good = good and figure.kept
    return 0 if good else 1


def _measured(name: str) -> list[Figure]:
    """Measure a part and print its figures; once more when other programs disturbed it."""
    for attempt in range(1, ATTEMPTS + 1):
        wait_until_quiet()
        disturbance = Disturbance()
        with _folder() as folder:
            figures = list(PARTS[name](folder))
        share = 0.0 if name in OUTLIVED else disturbance.share()
        scattered = [figure for figure in figures if figure.is_scattered]
        if share > ALLOWED:
            _say(f"{name}: disturbed, other programs used {share:.0%} of a core")
        elif scattered:
            _say(f"{name}: the runs scatter too much: {scattered[0].what.strip()}")
        if attempt == ATTEMPTS or (share <= ALLOWED and not scattered):
            break
    for figure in figures:
        _say(str(figure))
    return figures


@contextlib.contextmanager
def _folder() -> Iterator[Path]:
    folder = tempfile.mkdtemp(prefix="approval-console-bench-")
    try:
        yield Path(folder)
    finally:
        # A program that was ended may still write its last file.
        shutil.rmtree(folder, ignore_errors=True)


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
