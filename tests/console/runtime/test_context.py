"""What the context does for work that goes on while the window closes."""

import asyncio

import pytest

from console.runtime.context import Context
from console.runtime.options import Options


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
        from console.runtime.task_runner import TaskRunner

        tasks = TaskRunner(ctx, ended.append, ended.append)
        tasks.start(read_on())
        await asyncio.sleep(0.02)
        await ctx.aclose()
        async with asyncio.timeout(20):
            while tasks.busy:
                await asyncio.sleep(0.005)

    run(story())
    assert ended == ["cancelled"]
