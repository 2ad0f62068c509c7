"""When a server is polled next: the interval between polls, and the pause after a failed one."""

import random
from collections.abc import Callable

from services.common.errors import ConsoleError
from services.common.fault_ids import FaultId, FaultTrait
from services.store.errors import StoreError
from services.transport.faults import RateLimitedError

POLL_INTERVAL_S = 30
POLL_INTERVAL_WITH_STATUS_QUEUE_S = 60
"""The interval while single requests are polled through the status service, which needs calls too."""
BACKOFF_MAX_S = 900.0
AUTHENTICATION_BACKOFF_S = 300.0
AUTHENTICATION_BACKOFF_MAX_S = 3600.0
_DOUBLINGS_MAX = 10


def poll_interval_s(minimum_interval_s: int, *, uses_status_queue: bool) -> int:
    """Return the seconds between the starts of two regular polls of a server."""
    least = POLL_INTERVAL_WITH_STATUS_QUEUE_S if uses_status_queue else POLL_INTERVAL_S
    return max(least, minimum_interval_s)


def backoff_s(
    error: ConsoleError,
    failures: int,
    interval_s: float,
    elapsed_s: float,
    chance: Callable[[], float] = random.random,
) -> float:
    """Return how long all processes leave a server alone after its `failures`-th failed poll in a row, in seconds.

    The pause doubles with every failure up to a maximum. It varies by a quarter, so that processes do not poll in step.
    """
    if isinstance(error, StoreError):
        # The instance did not fail: the next poll is the regular one.
        return max(1.0, interval_s - elapsed_s)
    jitter = 0.75 + chance() / 2
    if isinstance(error, RateLimitedError):
        return max(error.retry_after, 1.0) + jitter
    factor = 2.0 ** min(failures - 1, _DOUBLINGS_MAX)
    if FaultTrait.MAY_LOCK_ACCOUNT in error.problem.fault.traits:
        return min(AUTHENTICATION_BACKOFF_MAX_S, AUTHENTICATION_BACKOFF_S * factor) * jitter
    return min(BACKOFF_MAX_S, interval_s * factor) * jitter


def may_poll_despite_pause(fault: FaultId | None, failures: int) -> bool:
    """Whether a person may have a server polled during the pause that follows a fault."""
    if fault is FaultId.RATE_LIMITED:
        # The instance has named the end of the pause.
        return False
    # Where repeated failures lock the account, a person may try once more.
    return fault is None or FaultTrait.MAY_LOCK_ACCOUNT not in fault.traits or failures < 2
