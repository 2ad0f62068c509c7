"""Counts events that anybody can cause from outside, and logs their number from time to time instead of each of them."""

import time
from collections.abc import Callable

REPORT_INTERVAL_S, REPORT_INTERVAL_MAX_S = 60.0, 3600.0
"""Seconds between two log lines; the interval doubles as long as there is something to log."""
KINDS_MAX = 64
OTHER_KINDS = "others"


class ThrottledCounter:
    """Counts events by kind. The first one after a quiet time is logged at once, later ones with the next line.

    `log` writes a line, `description` names the events, such as “calls refused”.
    """

    def __init__(
        self, log: Callable[[str], None], description: str, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._log, self._description, self._clock = log, description, clock
        self._counts: dict[str, int] = {}
        self._texts: dict[str, str] = {}
        self._interval_s = REPORT_INTERVAL_S
        self._since = self._next = clock()

    def count(self, kind: str, text: str = "") -> None:
        """Count one event; the newest `text` of each kind is logged with the line."""
        if kind not in self._counts and len(self._counts) >= KINDS_MAX:
            kind = OTHER_KINDS
        self._counts[kind] = self._counts.get(kind, 0) + 1
        if text:
            self._texts[kind] = text
        self.tick()

    def tick(self) -> None:
        """Log the counts if the interval is over; called regularly."""
        now = self._clock()
        if now < self._next:
            return
        if not self._counts:
            self._interval_s = REPORT_INTERVAL_S
            return
        self.flush()
        self._next = now + self._interval_s
        self._interval_s = min(REPORT_INTERVAL_MAX_S, self._interval_s * 2)

    def flush(self) -> None:
        """Log the counts, and start again with zero."""
        if not self._counts:
            return
        now, number = self._clock(), sum(self._counts.values())
        parts = ", ".join(f"{count} {kind}" for kind, count in sorted(self._counts.items()))
        within = f" within {now - self._since:.0f} s" if number > 1 else ""
        self._log("\n".join([f"{number} {self._description}{within}: {parts}", *self._texts.values()]))
        self._counts.clear()
        self._texts.clear()
        self._since = now
