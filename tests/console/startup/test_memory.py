"""The threads of the window allocate from one heap, and what a start leaves free is given back."""

import platform
import subprocess
import sys

from tests.limits import PROGRAM_S

THREADS = """
import ctypes, sys, threading
from console.startup.memory import share_heap_between_threads

if "shared" in sys.argv:
    share_heap_between_threads()
kept, together = [], threading.Barrier(4)
def work():
    together.wait()
    kept.append([bytes(2000) for _ in range(100)])
threads = [threading.Thread(target=work) for _ in range(4)]
for one in threads:
    one.start()
for one in threads:
    one.join()
if sys.platform == "linux":
    getattr(ctypes.CDLL(None), "malloc_stats", int)()
"""


def count_heaps(*arguments):
    ended = subprocess.run(
        [sys.executable, "-c", THREADS, *arguments],
        check=True, capture_output=True, text=True, timeout=PROGRAM_S,
    )  # fmt: skip
    return ended.stderr.count("Arena ")


def test_threads_share_a_heap():
    """Only glibc has a heap for each thread, and says how many there are; elsewhere none is counted."""
    assert count_heaps("shared") <= 1
    assert count_heaps() >= count_heaps("shared")


FREED = """
import sys
from console.startup.memory import give_back_free_memory

def resident():  # in pages
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1])

blocks = [bytes(3000) for _ in range(10_000)]
last = bytes(3000)
del blocks
kept = resident()
give_back_free_memory()
print(kept, resident())
"""


def test_memory_in_the_middle_of_the_heap_is_given_back():
    """Where the C library is not glibc, or there is no /proc, nothing is measured."""
    if not sys.platform.startswith("linux") or platform.libc_ver()[0] != "glibc":
        return
    ended = subprocess.run(
        [sys.executable, "-c", FREED], check=True, capture_output=True, text=True, timeout=PROGRAM_S
    )
    kept, left = map(int, ended.stdout.split())
    assert kept - left > 1_000
