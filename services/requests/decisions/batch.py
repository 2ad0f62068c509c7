"""Runs an action for each of several requests: bounded concurrency, one action per request at a time, a result for each."""

import asyncio
import contextlib
import uuid
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias

from models.approval_request import ApprovalRequest
from models.base import TEXT_MAX
from services.common.errors import ConsoleError
from services.common.threads import run_to_completion
from services.requests.decisions import request_lock
from services.requests.decisions.action_run import ActionResult, request_label
from services.requests.domain.validation import describe_invalid_text
from services.requests.lifecycle.apply_observation import load_request_in_thread
from services.requests.records import problems
from services.store import Store
from services.store.errors import StoreError

CONCURRENCY = 2
"""Requests that one call works on at a time."""
COMMENT_MAX = TEXT_MAX

ResultCallback: TypeAlias = Callable[[ActionResult], None]
RowAction: TypeAlias = Callable[[ApprovalRequest], Awaitable[ActionResult]]


def ignore_result(result: ActionResult) -> None:
    """Do nothing: the default of `on_result`."""


def check_comment(comment: str) -> None:
    """Raise InputError `comment-unsendable` unless the comment can be sent and stored."""
    reason = describe_invalid_text(comment, COMMENT_MAX)
    if reason:
        raise problems.invalid_comment(reason)


async def run_for_each(
    store: Store, ids: Sequence[uuid.UUID], action: RowAction, on_result: ResultCallback
) -> list[ActionResult]:
    """Run `action` once for each request, at most CONCURRENCY at a time, and return the results in the order of `ids`.

    A failure does not stop the others. `on_result` receives each result when it is there. When the task is cancelled, actions
    that have started are completed and reported, and no further one is started.
    """
    results: dict[uuid.UUID, ActionResult] = {}
    remaining = list(reversed(dict.fromkeys(ids)))
    stopped = False

    async def run_one(key: uuid.UUID) -> None:
        label = str(key)
        try:
            async with request_lock.process_lock(key):
                row = await load_request_in_thread(store, key)
                label = request_label(row)
                result = await _run_with_lock(store, row, action)
        except ConsoleError as error:
            result = ActionResult(key, ok=False, problem=error.problem, label=label)
        results[key] = result
        on_result(result)

    async def run_remaining() -> None:
        while remaining and not stopped:
            await run_one(remaining.pop())

    tasks = [asyncio.ensure_future(run_remaining()) for _ in range(min(CONCURRENCY, len(remaining)))]
    try:
        await asyncio.shield(asyncio.gather(*tasks))
    except BaseException:
        # A started action may have changed the instance already: it is read back and reported before this ends.
        stopped = True
        while any(not task.done() for task in tasks):
            # A second cancellation does not interrupt the read-back; every call has a timeout of its own.
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.wait(tasks)
        raise
    return [results[key] for key in dict.fromkeys(ids)]


async def _run_with_lock(store: Store, row: ApprovalRequest, action: RowAction) -> ActionResult:
    """Run `action` unless another console on the same store is changing the request."""
    lock = await run_to_completion(lambda: request_lock.acquire_lock(store, row.id))
    if isinstance(lock, str):
        busy = problems.request_locked(request_label(row), lock)
        return ActionResult(row.id, ok=False, problem=busy, label=request_label(row))
    try:
        return await action(row)
    finally:
        # If the lock cannot be released, it expires.
        with contextlib.suppress(StoreError):
            await run_to_completion(lock.release_lease)
