"""Start the Qt application inside one asyncio loop, and leave it cleanly."""

import asyncio
import concurrent.futures
import contextlib
import logging
import signal
import socket
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator
from types import FrameType
from typing import TypeVar

import qasync
from PyQt6 import sip
from PyQt6.QtCore import QSocketNotifier
from PyQt6.QtWidgets import QApplication

from console.startup import termination_signals

T = TypeVar("T")
IO_THREADS = 4
SWITCH_INTERVAL_S = 0.0005
"""How long a thread may keep the interpreter while the window waits for it; the default of 5 ms can be felt when
the window takes it back several times in one step, which it does after each call into Qt."""
QUIET_LOGGERS = ("qasync", "zeep.transports", "httpx", "httpcore")
"""At DEBUG these print arguments and envelopes, passwords included."""


class NonBlockingPool(concurrent.futures.ThreadPoolExecutor):
    """A pool that never makes the closing loop wait for a call that hangs."""

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:  # noqa: FBT001, FBT002, ARG002 - the base's signature
        """End without waiting: a call that hangs has a time limit of its own."""
        super().shutdown(wait=False, cancel_futures=True)


def run(app: QApplication, main: Callable[[asyncio.Event], Awaitable[T]], *, breaks_off: bool = False) -> T:
    """Run `main(stop)` until it returns; `stop` is set when the last window closes, or a signal tells it to end.

    `breaks_off` says that `main` does not wait for `stop`: such a signal cancels it, which raises CancelledError here.
    """
    # Quitting Qt directly would end the loop under tasks that still wait.
    app.setQuitOnLastWindowClosed(False)
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    for name in QUIET_LOGGERS:
        logger = logging.getLogger(name)
        logger.setLevel(max(logger.level, logging.WARNING))

    async def body() -> T:
        loop = asyncio.get_running_loop()
        loop.set_default_executor(NonBlockingPool(IO_THREADS, thread_name_prefix="io"))
        stop = asyncio.Event()
        app.lastWindowClosed.connect(stop.set)
        working = asyncio.current_task()

        def told(_number: int, _frame: FrameType | None) -> None:
            stop.set()
            if breaks_off and working is not None:
                working.cancel()

        with termination_signals.handle_termination(told), _wake_on_signals():
            return await main(stop)

    with asyncio.Runner(loop_factory=lambda: qasync.QEventLoop(app)) as runner:
        return runner.run(body())


@contextlib.contextmanager
def _wake_on_signals() -> Iterator[None]:
    """Let Python see a signal at once: while Qt waits for events, none of its handlers would be called."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    reading, writing = socket.socketpair()
    reading.setblocking(False)
    writing.setblocking(False)
    before = signal.set_wakeup_fd(writing.fileno(), warn_on_full_buffer=False)
    notifier = QSocketNotifier(sip.voidptr(reading.fileno()), QSocketNotifier.Type.Read)
    notifier.activated.connect(lambda *_: reading.recv(64))
    try:
        yield
    finally:
        signal.set_wakeup_fd(before)
        notifier.setEnabled(False)
        reading.close()
        writing.close()
