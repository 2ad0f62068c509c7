"""Several things awaited at once, none of which outlives the waiting."""

import asyncio
from collections.abc import Coroutine
from typing import Any


async def gather_or_cancel(*work: Coroutine[Any, Any, Any]) -> list[Any]:
    """Return what all of them return, in order; where one fails or the wait is cancelled, all are over when it ends."""
    tasks = [asyncio.ensure_future(one) for one in work]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            if not task.cancelling():  # a second time would cut off what the first one made it do
                task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
