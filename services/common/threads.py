"""Work that blocks, done in a thread and always to its end."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


async def run_to_completion(work: Callable[[], T]) -> T:
    """Run `work` in a thread; when whoever waits is cancelled, it still ends first, and what it raises is kept quiet.

    For what must be written down because it has happened elsewhere: a call that an instance has taken, for one.
    """
    writing = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(writing)
    except asyncio.CancelledError:
        await asyncio.wait([writing])
        raise
