"""Keeps the memory of the window small where the C library would trade it for speed that Python cannot use."""

import sys

M_ARENA_MAX = -8
"""glibc's number of the setting (malloc.h)."""


def share_heap_between_threads() -> None:
    """Let all threads that begin from now on allocate from one heap; for glibc, elsewhere nothing is done.

    It would give each thread a heap of its own, so that they do not wait for each other. Threads of Python hardly
    allocate side by side, but what each of them leaves free, no other one can use.
    """
    if sys.platform != "linux":
        return
    import ctypes

    set_option = getattr(ctypes.CDLL(None), "mallopt", None)
    if set_option is not None:  # musl has none, and one heap anyway
        set_option(M_ARENA_MAX, 1)
