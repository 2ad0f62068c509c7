"""Counts what strangers cause, so that it takes no room in the log: one line now and then says how much there was."""

import time
from collections.abc import Callable

REPORT_INTERVAL_S, REPORT_INTERVAL_MAX_S = 60.0, 3600.0
"""Seconds between two lines; they double as long as there is something to say in each."""
KINDS_MAX = 64
OTHER_KINDS = "others"


class ThrottledCounter:
    """Counts by kind. The first of a kind after a quiet time is said at once, the others with the next line.

    `say` gets each line, and `what` is what is counted, such as “call refused”.
    """

    def __init__(
        self, say: Callable[[str], None], what: str, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._say, self._what, self._clock = say, what, clock
        self._counts: dict[str, int] = {}
        self._texts: dict[str, str] = {}
        self._pause = REPORT_INTERVAL_S
        self._since = self._next = clock()

    def count(self, kind: str, text: str = "") -> None:
        """Count one; of the `text`s of a kind the newest is said with the line."""
        if kind not in self._counts and len(self._counts) >= KINDS_MAX:
            kind = OTHER_KINDS
        self._counts[kind] = self._counts.get(kind, 0) + 1
        if text:
            self._texts[kind] = text
        self.tick()

    def tick(self) -> None:
        """Say what is due to be said; called now and then."""
        now = self._clock()
        if now < self._next:
            return
        if not self._counts:
            self._pause = REPORT_INTERVAL_S
            return
        self.flush()
        self._next = now + self._pause
        self._pause = min(REPORT_INTERVAL_MAX_S, self._pause * 2)

    def flush(self) -> None:
        """Say what was counted, and begin anew."""
        if not self._counts:
            return
        now, number = self._clock(), sum(self._counts.values())
        parts = ", ".join(f"{count} {kind}" for kind, count in sorted(self._counts.items()))
        within = f" within {now - self._since:.0f} s" if number > 1 else ""
        self._say("\n".join([f"{number} {self._what}{within}: {parts}", *self._texts.values()]))
        self._counts.clear()
        self._texts.clear()
        self._since = now
