"""The signals that tell a program to end: SIGTERM, and SIGHUP when its terminal or session has gone.

Both let it finish what must not be left half done; the same one again ends it as the system does. A signal that was
ignored when the program was started, as `nohup` does with SIGHUP, stays ignored.
"""

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType

_Handler = Callable[[int, FrameType | None], object] | int | None
SIGNAL_NAMES = ("SIGTERM", "SIGHUP")


def termination_signals() -> tuple[signal.Signals, ...]:
    """Return the signals that tell this program to end."""
    known = [getattr(signal, name) for name in SIGNAL_NAMES if hasattr(signal, name)]
    return tuple(one for one in known if signal.getsignal(one) != signal.SIG_IGN)


@contextlib.contextmanager
def handle_termination(told: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """Call `told` for the first signal to end, for the length of a block; handlers belong to the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before: dict[signal.Signals, _Handler] = {}

    def first(number: int, frame: FrameType | None) -> None:
        signal.signal(number, signal.SIG_DFL)
        told(number, frame)

    for one in termination_signals():
        before[one] = signal.signal(one, first)
    try:
        yield
    finally:
        for one, handler in before.items():
            signal.signal(one, handler)


@contextlib.contextmanager
def terminate_as_interrupt() -> Iterator[list[int]]:
    """Take a signal to end as Ctrl+C is taken, which lets work clean up after itself; yields those that came."""
    came: list[int] = []

    def told(number: int, frame: FrameType | None) -> None:
        came.append(number)
        interrupt = signal.getsignal(signal.SIGINT)
        if callable(interrupt):
            interrupt(signal.SIGINT, frame)
        else:
            raise KeyboardInterrupt

    with handle_termination(told):
        yield came
