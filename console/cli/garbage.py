"""When the process of a command collects garbage: only while the command works, and never what was imported.

What is made while modules are imported stays: looking for garbage in it is a third of the time they take. Nothing at
the end of the process is worth looking for either, because the system takes all of it back.
"""

import gc


class CommandGarbage:
    """Holds the automatic collection of this process; does nothing before `start`, so also in a process of others."""

    def __init__(self) -> None:
        self._started = False

    def start(self) -> None:
        """Take over collection in a process that runs one command, and hold it until `release`."""
        self._started = True
        self.hold()

    def hold(self) -> None:
        """Collect nothing until `release`."""
        if self._started:
            gc.disable()

    def release(self) -> None:
        """Collect again, but nothing that is there now: nearly all of it are modules."""
        if self._started:
            gc.freeze()
            gc.enable()

    def end(self) -> None:
        """Let the end of the process, which collects by itself, find nothing to look at."""
        if self._started:
            gc.disable()
            gc.freeze()


GARBAGE = CommandGarbage()
"""That of this process."""
