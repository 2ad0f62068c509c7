"""When the parts of a worker's work are due, and how long to wait after a failure.

Keys are the ids of servers and requests, and the names of jobs. A key without an entry is due at once. All times are
seconds of a monotonic clock, because the time of day may be set back or forward.
"""

from collections.abc import Callable

RETRY_DELAY_S = 15.0
RETRY_DELAY_MAX_S = 600.0
"""The delay after the first failure; it doubles with each further failure, up to the maximum."""
_DOUBLINGS_MAX = 10
FAILURES_MAX = 1000
"""Failures are counted for this many keys; the count of the key that failed longest ago is dropped first."""


class Schedule:
    """Due times and failure counts by key. Touches no store; `monotonic` returns the current time."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._due_at: dict[object, float] = {}
        self._failures: dict[object, int] = {}

    @property
    def failing(self) -> int:
        """The number of keys whose last try failed."""
        return len(self._failures)

    def due_at(self, key: object, now: float) -> float:
        """Return when `key` is due; `now` if it has no entry."""
        return self._due_at.get(key, now)

    def is_due(self, key: object, now: float | None = None) -> bool:
        """Whether `key` is due now."""
        now = self._monotonic() if now is None else now
        return self._due_at.get(key, now) <= now

    def drop_past(self, now: float) -> None:
        """Forget due times that have passed, so that ended requests do not accumulate."""
        self._due_at = {key: at for key, at in self._due_at.items() if at > now}

    def postpone(self, key: object, seconds: float, now: float | None = None) -> None:
        """Make `key` due in `seconds` from now."""
        self._due_at[key] = (self._monotonic() if now is None else now) + seconds

    def make_due(self, key: object) -> None:
        """Forget the due time of `key`; its failures stay counted."""
        self._due_at.pop(key, None)

    def back_off(self, key: object) -> float:
        """Count a failure of `key` and return the delay in seconds until the next try."""
        failures = self._failures.pop(key, 0) + 1
        self._failures[key] = failures
        if len(self._failures) > FAILURES_MAX:
            del self._failures[next(iter(self._failures))]
        return min(RETRY_DELAY_MAX_S, RETRY_DELAY_S * 2.0 ** min(failures - 1, _DOUBLINGS_MAX))

    def retry_later(self, key: object) -> None:
        """Count a failure of `key` and postpone it by the resulting delay."""
        self.postpone(key, self.back_off(key))

    def clear_failures(self, key: object) -> None:
        """Forget the failures of `key`, which has succeeded; its due time stays."""
        self._failures.pop(key, None)

    def forget(self, key: object) -> None:
        """Forget the failures and the due time of `key`: it is due at once."""
        self._failures.pop(key, None)
        self._due_at.pop(key, None)
