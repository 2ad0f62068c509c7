"""Concurrent awaitables that all end before their caller continues."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar, overload

T = TypeVar("T")
S = TypeVar("S")


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
        for task in tasks:
            if not task.cancelling():  # a second cancellation would interrupt the cleanup of the first
                task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
