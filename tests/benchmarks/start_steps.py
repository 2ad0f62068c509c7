"""The steps of the UI thread while a window starts: run as a program of its own, it prints their milliseconds.

They are what the demo measures: for how long the thread did not come back to its loop. The dispatchers of Qt tell when
they wait, but not when a timer is over.
"""

import json
import sys

SPAN_MS = 6000


def main(store: str) -> None:
    """Open the window of a store, and end it a while after its first paint."""
    from PyQt6.QtCore import QTimer

    from console.runtime.options import Options
    from console.startup import application

    monitors = []
    shown = application._on_first_paint

    def first_paint(app, one, start) -> None:
        from console.demo.event_loop_monitor import EventLoopMonitor

        QTimer.singleShot(SPAN_MS, start.window.close)
        monitors.append(EventLoopMonitor(start.window))
        shown(app, one, start)

    application._on_first_paint = first_paint
    application.run(Options.from_command_line(store, "session", verbose=False, language=""))
    sys.stdout.write(json.dumps(monitors[0].steps))


if __name__ == "__main__":
    main(sys.argv[1])
