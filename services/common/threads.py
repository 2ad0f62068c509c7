"""Blocking work in a thread that always runs to its end."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


async def run_to_completion(work: Callable[[], T]) -> T:
    """Run `work` in a thread; a cancelled caller waits for its end first, and its exception is dropped then.

    For writes that record something that already happened elsewhere, such as a call to an instance.
    """
    running = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await asyncio.wait([running])
        raise
