"""What the context does for work that goes on while the window closes."""

import asyncio
import sys
import threading
import time

import pytest
from PyQt6.QtCore import QObject

from console.runtime.context import Context
from console.runtime.options import Options
from console.runtime.task_runner import TaskRunner
from tests.limits import WAIT_S


@pytest.fixture
def ctx(qapp, tmp_path):
    made = Context(Options(f"sqlite:///{tmp_path / 'console.db'}", "session"), tmp_path / "profile")
    yield made
    made.deleteLater()


def test_whoever_calls_after_the_end_is_cancelled(run, ctx):
    async def story():
        await ctx.ready()
        assert await ctx.call(len, "four") == 4
        await ctx.aclose()
        with pytest.raises(asyncio.CancelledError):
            await ctx.call(len, "four")

    run(story())


def test_a_call_after_the_loop_is_cancelled_and_raises_nothing(run, ctx):
    async def story():
        await ctx.ready()
        await ctx.aclose()

    run(story())
    assert ctx.call(len, "four").cancelled()


def test_a_task_that_reads_on_while_the_window_closes_just_ends(run, ctx):
    ended = []

    async def read_on():
        try:
            while True:
                await ctx.call(len, "four")
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise

    async def story():
        await ctx.ready()
        tasks = TaskRunner(ctx, ended.append, ended.append)
        tasks.start(read_on())
        await asyncio.sleep(0.02)
        await ctx.aclose()
        async with asyncio.timeout(WAIT_S):
            while tasks.busy:
                await asyncio.sleep(0.005)

    run(story())
    assert ended == ["cancelled"]


def test_the_tasks_of_the_window_end_before_the_workspace_closes(run, ctx):
    """A task between two calls, or one that starts meanwhile, would open a connection that nobody closes."""
    events, runner = [], None

    async def work():
        try:
            await asyncio.sleep(60)
        finally:
            runner.start(read_again())  # as a page that hears of a change
            await asyncio.sleep(0.02)  # as closing a connection takes turns of the loop
            events.append("task ended")

    async def read_again():
        events.append("task started")

    async def story():
        nonlocal runner
        workspace = await ctx.ready()
        window = QObject()
        runner = TaskRunner(QObject(window), events.append)
        runner.start(work())
        await asyncio.sleep(0)
        close = workspace.aclose

        async def closing():
            events.append("workspace closes")
            await close()

        workspace.aclose = closing
        await ctx.aclose(window)

    run(story())
    assert events == ["task ended", "workspace closes"]


def test_what_needs_no_open_workspace_is_read_before_it_is_opened(run, ctx):
    """Opening takes far longer than reading: in the single thread of the store, reading would wait for it."""

    async def story():
        states = []
        reading = ctx.read_first(lambda: states.append(ctx.workspace_or_none))
        ctx.open()
        await reading
        await ctx.ready()
        assert states == [None]
        await ctx.aclose()

    run(story())


def test_a_first_read_that_fails_keeps_no_workspace_from_opening(run, ctx):
    async def story():
        reading = ctx.read_first(lambda: 1 / 0)
        ctx.open()
        await ctx.ready()
        assert isinstance(reading.exception(), ZeroDivisionError)
        await ctx.aclose()

    run(story())


def test_what_nobody_waits_for_begins_after_the_start(run, qapp, tmp_path):
    async def story():
        made = Context(Options(f"sqlite:///{tmp_path / 'late.db'}", "session"), tmp_path, settle_ms=50)
        order = []
        made.opened.connect(lambda: order.append(("opened", made.is_settled)))
        made.settled.connect(lambda: order.append(("settled", made.is_settled)))
        assert not made.is_settled
        await made.ready()
        async with asyncio.timeout(WAIT_S):
            while len(order) < 2:
                await asyncio.sleep(0.005)
        assert order == [("opened", False), ("settled", True)]
        await made.aclose()

    run(story())


def test_pages_are_imported_once_and_only_when_asked_for(run, qapp, tmp_path):
    async def story():
        imported = []
        made = Context(
            Options(f"sqlite:///{tmp_path / 'warm.db'}", "session"),
            tmp_path,
            preload=lambda: [lambda: imported.append(1), lambda: imported.append(2)],
        )
        await made.ready()
        await made.call(len, "four")
        assert imported == []
        made.warm_up()
        made.warm_up()
        async with asyncio.timeout(WAIT_S):
            while made.tasks.busy:
                await asyncio.sleep(0.005)
        assert imported == [1, 2]
        await made.aclose()

    run(story())


def test_a_store_that_cannot_be_opened_is_told_once_when_somebody_uses_the_window(run, qapp, tmp_path):
    (tmp_path / "broken.db").write_bytes(b"This is no database. " * 100)

    async def story():
        made = Context(Options(str(tmp_path / "broken.db"), "session"), tmp_path, preload=lambda: None)
        told = []
        made.problem_raised.connect(told.append)
        made.open()
        made.warm_up()
        async with asyncio.timeout(WAIT_S):
            while made.tasks.busy:
                await asyncio.sleep(0.005)
        assert len(told) == 1
        await made.aclose()

    run(story())


def test_a_page_is_imported_while_the_store_is_busy(run, ctx):
    async def story():
        await ctx.ready()
        go_on = threading.Event()
        busy = ctx.call(go_on.wait)
        await ctx.import_page(lambda: None)
        assert not busy.done()
        go_on.set()
        await busy
        await ctx.aclose()

    run(story())


def test_what_imports_in_threads_runs_one_after_the_other(run, ctx, monkeypatch):
    """Two threads that import SQLAlchemy from different ends each find modules of the other's half made."""
    going, overlaps = [], []

    def slow(name):
        going.append(name)
        time.sleep(0.02)
        overlaps.extend(other for other in going if other != name)
        going.remove(name)

    monkeypatch.setattr("console.runtime.context._import_workspace", lambda: slow("workspace"))

    async def story():
        page = asyncio.ensure_future(ctx.import_page(lambda: slow("a page")))
        other = asyncio.ensure_future(ctx.import_page(lambda: slow("another page")))
        group = asyncio.ensure_future(ctx.call_importing(lambda: slow("a group")))
        await ctx.ready()
        await asyncio.gather(page, other, group)
        await ctx.aclose()

    run(story())
    assert overlaps == []


def test_whoever_waits_for_a_workspace_that_fails_unexpectedly_is_told(run, ctx, monkeypatch):
    def broken():
        raise ImportError("half made")

    monkeypatch.setattr("console.runtime.context._import_workspace", broken)
    reported = []
    monkeypatch.setattr(sys, "excepthook", lambda kind, error, trace: reported.append(kind))

    async def story():
        with pytest.raises(ImportError):
            await asyncio.wait_for(ctx.ready(), WAIT_S)
        await ctx.aclose()

    run(story())
    assert reported == [ImportError]


def test_whoever_waits_before_the_start_opens_the_store_is_answered(run, ctx):
    async def story():
        early = asyncio.ensure_future(ctx.ready())
        await asyncio.sleep(0)
        ctx.open()
        workspace = await asyncio.wait_for(early, WAIT_S)
        assert await ctx.ready() is workspace
        assert not ctx.tasks.busy
        await ctx.aclose()

    run(story())
