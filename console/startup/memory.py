"""Keeps the memory of the window small where the C library would trade it for speed that Python cannot use."""

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

M_ARENA_MAX = -8
"""glibc's number of the setting (malloc.h)."""


def share_heap_between_threads() -> None:
    """Let all threads that begin from now on allocate from one heap; for glibc, elsewhere nothing is done.

    It would give each thread a heap of its own, so that they do not wait for each other. Threads of Python hardly
    allocate side by side, but what each of them leaves free, no other one can use.
    """
    set_option = _c_function("mallopt")
    if set_option is not None:  # musl has none, and one heap anyway
        set_option(M_ARENA_MAX, 1)


def give_back_free_memory() -> None:
    """Let the system have the pages of the heap that a start left free; for glibc, elsewhere nothing is done.

    By itself it gives back the end of the heap only. Takes a few milliseconds, in which other threads of Python go on.
    """
    trim = _c_function("malloc_trim")
    if trim is not None:
        trim(0)


def _c_function(name: str) -> "Callable[..., int] | None":
    """Return a function of the C library, None where it has no such function."""
    if sys.platform != "linux":
        return None
    import ctypes

    return getattr(ctypes.CDLL(None), name, None)
