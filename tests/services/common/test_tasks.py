"""Tasks that are cancelled finish what they clean up."""

import asyncio

from services.common.tasks import cancel_once


async def test_a_task_that_is_cleaning_up_is_not_cancelled_again():
    closed = []

    async def work():
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0.01)  # as closing a connection takes turns of the loop
            closed.append(True)

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    for _ in range(3):
        cancel_once([task])
        await asyncio.sleep(0)
    await asyncio.gather(task, return_exceptions=True)
    assert closed
    assert task.cancelled()
