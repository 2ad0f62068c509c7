"""Collects cyclic garbage in the thread of the window only: a widget must not be destroyed by a thread that reads rows."""

import gc

from PyQt6.QtCore import QObject, QTimer

CHECK_INTERVAL_MS = 250


class GarbageCollector(QObject):
    """Takes automatic collection over: looks at the same thresholds, but between two events of the window."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._thresholds = gc.get_threshold()
        self._timer = QTimer(self)
        self._timer.setInterval(CHECK_INTERVAL_MS)
        self._timer.timeout.connect(self._look)

    def start(self) -> None:
        """Begin; until `stop` no other thread collects."""
        gc.disable()
        self._timer.start()

    def settle(self) -> None:
        """Leave out everything that lives now from later looks: after the start, that is libraries."""
        gc.freeze()

    def stop(self) -> None:
        """Give collection back to the interpreter."""
        self._timer.stop()
        gc.enable()

    def _look(self) -> None:
        for generation in (2, 1, 0):
            if gc.get_count()[generation] > self._thresholds[generation]:
                gc.collect(generation)
                return
