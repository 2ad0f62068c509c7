"""Collects cyclic garbage in the thread of the window only: a widget must not be destroyed by a thread that reads rows."""

import gc

from PyQt6.QtCore import QObject, QTimer

CHECK_INTERVAL_MS, REST_INTERVAL_MS = 250, 1000
"""While there is garbage to collect, and at most where there is none: each check wakes the process."""


class GarbageCollector(QObject):
    """Replaces automatic collection: checks the same thresholds between two events of the window."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._thresholds = gc.get_threshold()
        self._holds = 0
        self._timer = QTimer(self)
        self._timer.setInterval(CHECK_INTERVAL_MS)
        self._timer.timeout.connect(self._collect)

    def start(self) -> None:
        """Disable automatic collection in all threads, until `stop`; exclude what was made before from collections."""
        gc.disable()
        gc.freeze()
        self._timer.start()

    def hold(self) -> None:
        """Collect nothing until `release` was called as often."""
        self._holds += 1

    def release(self) -> None:
        """Collect again, but nothing that is there now: most of it are modules that were imported since `hold`."""
        self._holds -= 1
        if not self._holds:
            gc.freeze()

    def stop(self) -> None:
        """Enable automatic collection again."""
        self._timer.stop()
        gc.enable()

    def _collect(self) -> None:
        if self._holds:
            return
        for generation in (2, 1, 0):
            if gc.get_count()[generation] > self._thresholds[generation]:
                gc.collect(generation)
                self._timer.setInterval(CHECK_INTERVAL_MS)
                return
        if self._timer.interval() < REST_INTERVAL_MS:
            self._timer.setInterval(min(REST_INTERVAL_MS, 2 * self._timer.interval()))
