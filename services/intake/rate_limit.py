"""How often each client of the intake may call."""

import math
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

CLIENTS_MAX = 10_000


@dataclass(frozen=True, slots=True)
class RateLimit:
    """Calls a minute, and how many may come at once."""

    per_minute: float
    burst: float


RATE_LIMITS: Mapping[str, RateLimit] = {"raise": RateLimit(120, 60), "ask": RateLimit(1200, 300)}
"""What a client may do: raise requests, and ask how they stand."""


@dataclass(slots=True)
class RateLimiter:
    """Counts the calls of each client; one that has used up its own disturbs no other."""

    rates: Mapping[str, RateLimit] = field(default_factory=lambda: RATE_LIMITS)
    clock: Callable[[], float] = time.monotonic
    _left: dict[tuple[uuid.UUID, str], tuple[float, float]] = field(default_factory=dict)

    def wait(self, client: uuid.UUID, what: str) -> int:
        """Count a call and return 0, or return how many seconds (at least 1) the client has to wait for it."""
        rate, now = self.rates[what], self.clock()
        left, since = self._left.pop((client, what), (rate.burst, now))
        left = min(rate.burst, left + (now - since) * rate.per_minute / 60)
        wait = 0 if left >= 1 else max(1, math.ceil((1 - left) * 60 / rate.per_minute))
        self._left[client, what] = (left if wait else left - 1, now)
        while len(self._left) > CLIENTS_MAX:
            self._left.pop(next(iter(self._left)))
        return wait
