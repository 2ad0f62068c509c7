"""Cancels tasks, and runs awaitables that all end before their caller continues."""

import asyncio
from collections.abc import Awaitable, Iterable
from typing import TypeVar, overload

T = TypeVar("T")
S = TypeVar("S")


def cancel_once(tasks: Iterable[asyncio.Future[T]]) -> None:
    """Cancel tasks, but none a second time: that would interrupt the cleanup of the first, and leave connections open."""
    for task in list(tasks):
        if not (isinstance(task, asyncio.Task) and task.cancelling()):
            task.cancel()


@overload
async def gather_or_cancel(first: Awaitable[T], second: Awaitable[S], /) -> tuple[T, S]: ...
@overload
async def gather_or_cancel(*work: Awaitable[T]) -> tuple[T, ...]: ...
async def gather_or_cancel(*work: Awaitable[object]) -> tuple[object, ...]:
    """Return all results in order; when one fails or the caller is cancelled, cancel the others and wait for them."""
    tasks = [asyncio.ensure_future(one) for one in work]
    try:
        return tuple(await asyncio.gather(*tasks))
    finally:
        cancel_once(tasks)
        await asyncio.gather(*tasks, return_exceptions=True)
