"""Several things at once end together: when one fails, and when whoever waits is cancelled."""

import asyncio

import pytest

from services.common.tasks import gather_or_cancel


class Slow:
    """Work that takes a few passes of the loop to be over after it was cancelled."""

    def __init__(self):
        self.over = False

    async def run(self):
        try:
            await asyncio.Event().wait()
        finally:
            for _ in range(5):
                await asyncio.sleep(0)
            self.over = True


async def fails():
    raise LookupError("not found")


async def one(value):
    await asyncio.sleep(0)
    return value


async def test_what_all_return_comes_in_order():
    assert await gather_or_cancel(one("a"), one("b")) == ("a", "b")
    assert await gather_or_cancel() == ()


async def test_where_one_fails_the_others_are_over():
    slow = Slow()
    with pytest.raises(LookupError):
        await gather_or_cancel(slow.run(), fails())
    assert slow.over


async def test_cancelled_all_are_over():
    quick, slow = asyncio.Event(), Slow()
    task = asyncio.ensure_future(gather_or_cancel(quick.wait(), slow.run()))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert slow.over
    assert asyncio.all_tasks() == {asyncio.current_task()}
