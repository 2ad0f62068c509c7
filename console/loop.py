"""Start the Qt application inside one asyncio loop, and leave it cleanly."""

import asyncio
import concurrent.futures
import logging
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import qasync
from PyQt6.QtWidgets import QApplication

IO_THREADS = 4
TURN_S = 0.0005
"""How long a thread may keep the interpreter while the window waits for it; the default of 5 ms can be felt when
the window takes it back several times in one step, which it does after each call into Qt."""
QUIET = ("qasync", "zeep.transports", "httpx", "httpcore")
"""At DEBUG these print arguments and envelopes, passwords included."""


class DaemonlikePool(concurrent.futures.ThreadPoolExecutor):
    """A pool that never makes the closing loop wait for a call that hangs."""

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: FBT001, FBT002, ARG002 - the base's signature
        """End without waiting: a call that hangs has a time limit of its own."""
        super().shutdown(wait=False, cancel_futures=True)


def run(app: QApplication, main: Callable[[asyncio.Event], Awaitable[Any]]) -> Any:
    """Run `main(stop)` until it returns; `stop` is set when the last window closes."""
    # Quitting Qt directly would end the loop under tasks that still wait.
    app.setQuitOnLastWindowClosed(False)
    sys.setswitchinterval(TURN_S)
    for name in QUIET:
        logger = logging.getLogger(name)
        logger.setLevel(max(logger.level, logging.WARNING))

    async def body() -> Any:
        loop = asyncio.get_running_loop()
        loop.set_default_executor(DaemonlikePool(IO_THREADS, thread_name_prefix="io"))
        stop = asyncio.Event()
        app.lastWindowClosed.connect(stop.set)
        return await main(stop)

    with asyncio.Runner(loop_factory=lambda: qasync.QEventLoop(app)) as runner:
        return runner.run(body())
