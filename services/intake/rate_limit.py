"""Rate limits of the clients of the intake (token bucket)."""

import math
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

CLIENTS_MAX = 10_000


@dataclass(frozen=True, slots=True)
class RateLimit:
    """Calls per minute, and how many may come at once."""

    per_minute: float
    burst: float


class CallKind(StrEnum):
    """Kinds of calls that are limited separately."""

    RAISE = "raise"
    READ = "read"


RATE_LIMITS: Mapping[CallKind, RateLimit] = {
    CallKind.RAISE: RateLimit(120, 60),
    CallKind.READ: RateLimit(1200, 300),
}


@dataclass(slots=True)
class RateLimiter:
    """Counts the calls of each client separately."""

    limits: Mapping[CallKind, RateLimit] = field(default_factory=lambda: RATE_LIMITS)
    clock: Callable[[], float] = time.monotonic
    _left: dict[tuple[uuid.UUID, CallKind], tuple[float, float]] = field(default_factory=dict)

    def acquire(self, client: uuid.UUID, kind: CallKind) -> int:
        """Count a call and return 0, or return after how many seconds (at least 1) the client may make it."""
        limit, now = self.limits[kind], self.clock()
        left, since = self._left.pop((client, kind), (limit.burst, now))
        left = min(limit.burst, left + (now - since) * limit.per_minute / 60)
        wait = 0 if left >= 1 else max(1, math.ceil((1 - left) * 60 / limit.per_minute))
        self._left[client, kind] = (left if wait else left - 1, now)
        while len(self._left) > CLIENTS_MAX:
            self._left.pop(next(iter(self._left)))
        return wait
