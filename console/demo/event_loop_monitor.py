"""For how long the UI thread does not come back to its event loop."""

import math
import time

from PyQt6.QtCore import Qt, QTimer
from PyQt6.QtWidgets import QWidget

TICK_MS = 2


class EventLoopMonitor:
    """Measures for how long the UI thread did not come back to its loop, in milliseconds."""

    def __init__(self, parent: QWidget) -> None:
        self.steps: list[float] = []
        """Every such time that is longer than a wait for the timer."""
        self.longest = 0.0
        self.longest_step = ""
        self.doing = ""
        self._stopped = False
        self._last = time.perf_counter()
        self._timer = QTimer(parent)
        self._timer.setTimerType(Qt.TimerType.PreciseTimer)
        self._timer.setInterval(TICK_MS)
        self._timer.timeout.connect(self._tick)
        self._timer.start()

    def _tick(self) -> None:
        now = time.perf_counter()
        step = (now - self._last) * 1000
        if step > 2 * TICK_MS:
            self.steps.append(step)
        if step > self.longest:
            self.longest, self.longest_step = step, self.doing
        self._last = now

    def most_of(self, part: float) -> float:
        """Return what `part` of the steps do not exceed."""
        steps = sorted(self.steps)
        return steps[math.ceil(part * len(steps)) - 1] if steps else 0.0

    def pause(self) -> None:
        """Leave out what comes now, such as taking a picture."""
        self._timer.stop()

    def resume(self) -> None:
        """Measure again, unless it was stopped."""
        if not self._stopped:
            self._last = time.perf_counter()
            self._timer.start()

    def stop(self) -> None:
        """Stop measuring for good."""
        self._stopped = True
        self._timer.stop()
