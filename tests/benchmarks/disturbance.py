"""Tells whether other programs used the processor during a measurement, from the kernel's own count.

Counted is all processor time of the machine, that which its host took included, less that of this process and of the
programs that it has started and that have ended. A database server that outlives a part is not among these.
"""

import os
import resource
import time
from pathlib import Path

ALLOWED = 0.1
"""The part of one core that other programs may use."""
QUIET_LOAD, WAIT_STEP_S, WAIT_LIMIT_S = 0.3, 2.0, 60.0
"""The use of one core by others that counts as quiet, and how long is waited for it."""
_STAT = Path("/proc/stat")


class Disturbance:
    """The use of the processor by other programs since it was made; unknown where the kernel does not tell."""

    def __init__(self) -> None:
        self._began, self._all, self._own = time.monotonic(), _all_s(), _own_s()

    def share(self) -> float:
        """Return how much of one core other programs used, 1.0 for all of it; 0.0 where it is not known."""
        all_s = _all_s()
        if all_s is None or self._all is None:
            return 0.0
        others = (all_s - self._all) - (_own_s() - self._own)
        return max(0.0, others / max(0.001, time.monotonic() - self._began))


def wait_until_quiet() -> None:
    """Wait until other programs use little of the processor; not for ever."""
    until = time.monotonic() + WAIT_LIMIT_S
    while time.monotonic() < until:
        look = Disturbance()
        time.sleep(WAIT_STEP_S)
        if look.share() < QUIET_LOAD:
            return


def _all_s() -> float | None:
    """Return the seconds that all processors have worked, or None where the kernel does not tell."""
    if not _STAT.exists():
        return None
    # user, nice, system, idle, iowait, irq, softirq, steal: proc(5)
    fields = [int(one) for one in _STAT.read_text(encoding="ascii").split("\n", 1)[0].split()[1:9]]
    return sum(fields[place] for place in (0, 1, 2, 5, 6, 7)) / os.sysconf("SC_CLK_TCK")


def _own_s() -> float:
    own, ended = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return own.ru_utime + own.ru_stime + ended.ru_utime + ended.ru_stime
