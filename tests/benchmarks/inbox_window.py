"""How the page of the inbox does over very many requests: until it is painted, while it is scrolled, and what it holds.

Run in a process of its own by the part `inbox`; prints one line of JSON.
"""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

STEPS, JUMPS, OPENINGS, ROUNDS = 600, 200, 5, 3
WHEEL_ROWS, ROW = 3, 28
SOAK_S, LIMIT_S = 600.0, 1800
POLL_S = 0.001
"""Between two looks whether something is there: without a rest the thread that reads it would be kept from it."""
STRIDE = 7919
"""Rows between two places that are scrolled to: far apart, and never the same again."""


@dataclass
class Runs:
    """Milliseconds of each run, and megabytes."""

    painted: list[float] = field(default_factory=list)
    """From asking for the page until its first rows were painted."""
    switched: list[float] = field(default_factory=list)
    """From choosing a filter or an order until its rows were painted."""
    steps: list[float] = field(default_factory=list)
    """What the thread of the window was kept by one step of the wheel."""
    jumps: list[float] = field(default_factory=list)
    """... by a drag of the bar to anywhere."""
    arrived: list[float] = field(default_factory=list)
    """From the drag until the rows of that place were painted."""
    opening_steps: list[float] = field(default_factory=list)
    """Processor time of each step of the window's thread, from one wait for events to the next, while the page opened."""
    switching_steps: list[float] = field(default_factory=list)
    """... while another filter or order was read and painted."""
    grown_mb: list[float] = field(default_factory=list)
    """Memory that scrolling took after it had begun."""


def measure(path: Path, soak_s: float = SOAK_S) -> Runs:
    """Measure over a store that is filled, in a process of its own."""
    with tempfile.TemporaryDirectory(prefix="approval-console-window-") as home:
        environ = {**os.environ, "APPROVAL_CONSOLE_HOME": home, "QT_QPA_PLATFORM": "offscreen"}
        done = subprocess.run(
            [sys.executable, "-m", "tests.benchmarks.inbox_window", str(path), str(soak_s)],
            check=True, env=environ, timeout=LIMIT_S, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
    return Runs(**json.loads(done.stdout.splitlines()[-1]))


def _resident_mb() -> float:
    with Path("/proc/self/statm").open(encoding="ascii") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


async def _ready(page: object) -> None:
    """Let the loop run until everything that was asked for is here."""
    busy = (page.tasks, page.details_loader.tasks, page.filters.tasks)  # type: ignore[attr-defined]
    while page.list_controller.busy or any(worker.busy for worker in busy):  # type: ignore[attr-defined]
        await asyncio.sleep(0.01)


async def _run(path: Path, soak_s: float) -> Runs:
    from PyQt6.QtWidgets import QApplication

    from console.design import theme
    from console.runtime.context import Context
    from console.runtime.options import Options
    from console.runtime.page_targets import HOME, Target
    from console.runtime.window_settings import WindowSettings
    from console.shell.main_window import Window
    from console.shell.page_registry import import_all_pages

    app = QApplication.instance()
    assert isinstance(app, QApplication)
    theme.apply(app, "light")
    with tempfile.TemporaryDirectory() as folder:
        ctx = Context(Options(f"sqlite:///{path}", "session"), Path(folder))
        window = Window(WindowSettings(Path(folder)))
        window.fill(ctx)
        window.show()
        ctx.open()
        await ctx.ready()
        await ctx.call_importing(import_all_pages)  # as the first input does
        runs = Runs()
        for _ in range(OPENINGS):
            window.show_target(Target(HOME))
            await asyncio.sleep(
                0.5
            )  # a person looks at something else first; what opens by itself is over then
            await _open(window, runs)
        await _scroll(window.page, runs, soak_s)
        window.close()
        await ctx.aclose(window)
    return runs


async def _open(window: object, runs: Runs) -> None:
    from console.runtime.page_targets import REQUESTS, Target

    for key, page in list(window.pages.open_pages.items()):  # type: ignore[attr-defined]
        if key[0] == REQUESTS:  # a page that was made before would only be shown again
            del window.pages.open_pages[key]  # type: ignore[attr-defined]
            window.pages.removeWidget(page)  # type: ignore[attr-defined]
            page.deleteLater()
    began = time.perf_counter()
    with _watched_steps(runs.opening_steps):
        with _new_rows() as painted:
            window.show_target(Target(REQUESTS))  # type: ignore[attr-defined]
            runs.painted.append((await painted - began) * 1000)
        await _ready(window.page)  # type: ignore[attr-defined]


@contextmanager
def _watched_steps(into: list[float]) -> Iterator[None]:
    """Collect what each step of this thread's event loop takes of the processor, in milliseconds."""
    from PyQt6.QtCore import QAbstractEventDispatcher

    dispatcher = QAbstractEventDispatcher.instance()
    assert dispatcher is not None
    worked = [time.thread_time()]

    def about_to_block() -> None:
        # Waiting takes nothing of the processor: what was taken since the last wait is one step.
        now = time.thread_time()
        into.append((now - worked[0]) * 1000)
        worked[0] = now

    dispatcher.aboutToBlock.connect(about_to_block)
    try:
        yield
    finally:
        dispatcher.aboutToBlock.disconnect(about_to_block)


@contextmanager
def _new_rows(stamp: int = 0) -> Iterator["asyncio.Future[float]"]:
    """Yield what awaits the moment at which a table of the inbox has painted other rows than those of `stamp`."""
    from console.inbox.table_view import InboxTable

    painted: asyncio.Future[float] = asyncio.get_running_loop().create_future()
    paint = InboxTable.paintEvent

    def watched(table: InboxTable, event: object) -> None:
        paint(table, event)  # type: ignore[arg-type]
        if table.requests.generation > stamp and not painted.done():
            painted.set_result(time.perf_counter())

    InboxTable.paintEvent = watched  # type: ignore[method-assign, assignment]
    try:
        yield painted
    finally:
        InboxTable.paintEvent = paint  # type: ignore[method-assign]


async def _scroll(page: object, runs: Runs, soak_s: float) -> None:
    from console.inbox.request_rows import SORTABLE

    table, model = page.table, page.model  # type: ignore[attr-defined]
    switches = [
        lambda key=key: page.presenter.show_filter(key) for key in ("all", "mismatch", "pending", "all")
    ]  # type: ignore[attr-defined]
    switches += [lambda column=column: page.presenter.sort_by(column) for column in SORTABLE]  # type: ignore[attr-defined]
    for switch in switches * ROUNDS:
        began = time.perf_counter()
        with _watched_steps(runs.switching_steps):
            with _new_rows(model.generation) as painted:
                switch()
                runs.switched.append((await painted - began) * 1000)
            await _ready(page)
    bar = table.verticalScrollBar()
    for _ in range(STEPS):
        began = time.perf_counter()
        bar.setValue(bar.value() + WHEEL_ROWS * ROW)
        table.viewport().repaint()
        runs.steps.append((time.perf_counter() - began) * 1000)
        await asyncio.sleep(0.002)
    for number in range(JUMPS):
        began = time.perf_counter()
        bar.setValue(number * STRIDE % model.rowCount() * ROW)
        table.viewport().repaint()
        runs.jumps.append((time.perf_counter() - began) * 1000)
        first, _ = table.visible_range()
        while model.loaded(first) is None:
            await asyncio.sleep(POLL_S)
        table.viewport().repaint()
        runs.arrived.append((time.perf_counter() - began) * 1000)
    held, ends, number = _resident_mb(), time.monotonic() + soak_s, 0
    while time.monotonic() < ends:
        bar.setValue(number * STRIDE % model.rowCount() * ROW)
        table.viewport().repaint()
        number += 1
        await asyncio.sleep(0.004)
    runs.grown_mb.append(max(_resident_mb() - held, 0.0))


def main(path: str, soak_s: str) -> None:
    """Measure and print."""
    from console.startup import event_loop
    from console.startup.application import make_application

    app = make_application()

    async def body(_stop: asyncio.Event) -> None:
        runs = await _run(Path(path), float(soak_s))
        sys.stdout.write(f"{json.dumps(runs.__dict__)}\n")

    event_loop.run(app, body)


if __name__ == "__main__":
    main(*sys.argv[1:3])
