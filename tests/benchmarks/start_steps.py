"""The steps of the UI thread while a window starts: run as a program of its own, it prints their milliseconds.

A step lasts from the moment at which the event loop has something to do until it waits again.
"""

import json
import sys
import time

SPAN_MS = 6000


def main(store: str) -> None:
    """Open the window of a store, and end it a while after its first paint."""
    from PyQt6.QtCore import QAbstractEventDispatcher, QTimer

    from console.runtime.options import Options
    from console.startup import application

    steps: list[float] = []
    began: list[float] = []
    shown = application._on_first_paint

    def awake() -> None:
        began.append(time.perf_counter())

    def about_to_block() -> None:
        if began:
            steps.append((time.perf_counter() - began[0]) * 1000)
            began.clear()

    def first_paint(app, one, start) -> None:
        dispatcher = QAbstractEventDispatcher.instance()
        awake()  # what follows the first paint is a step, too
        dispatcher.awake.connect(awake)
        dispatcher.aboutToBlock.connect(about_to_block)
        QTimer.singleShot(SPAN_MS, start.window.close)
        shown(app, one, start)

    application._on_first_paint = first_paint
    application.run(Options.from_command_line(store, "session", verbose=False, language=""))
    sys.stdout.write(json.dumps(steps))


if __name__ == "__main__":
    main(sys.argv[1])
