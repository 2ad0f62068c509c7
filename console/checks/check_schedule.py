"""The scheduled check: checks all servers at an interval while the window is open, and reports changed verdicts."""

import uuid
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, QTimer

from console.checks.verdicts import verdict_predicate
from console.runtime import lazy_imports
from console.runtime.activity import DONE, FAILED
from console.runtime.window_settings import WindowSettings
from models.translation_marks import tr_later
from services.language import tr

if TYPE_CHECKING:
    from console.shell.main_window import Window

INTERVALS = (
    (0, tr_later("Scheduled check off")),
    (15, tr_later("Check every 15 minutes")),
    (60, tr_later("Check every hour")),
    (240, tr_later("Check every 4 hours")),
)
"""Minutes between two rounds, and the commands for them."""
SETTING_KEY = "check_every"


class CheckSchedule(QObject):
    """Starts a round at the chosen interval, unless one is still running."""

    def __init__(self, window: "Window", remembered: WindowSettings) -> None:
        super().__init__(window)
        self._window = window
        self._remembered = remembered
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.tick)
        self._set_interval(self.minutes)

    @property
    def minutes(self) -> int:
        """The minutes between two rounds; 0 for none."""
        text = self._remembered.text(SETTING_KEY, "0")
        return next((minutes for minutes, _ in INTERVALS if str(minutes) == text), 0)

    def choose(self, minutes: int) -> None:
        """Change the interval and store it."""
        self._remembered.set_text(SETTING_KEY, str(minutes))
        self._set_interval(minutes)
        self._window.ctx.commands.refresh()

    def _set_interval(self, minutes: int) -> None:
        self._timer.stop()
        if minutes:
            self._timer.start(minutes * 60_000)

    def stop(self) -> None:
        """Stop the timer; the window closes."""
        self._timer.stop()

    # -- a round -----------------------------------------------------------------------------------------------

    def tick(self) -> None:
        """Start a round unless one is running or there is nothing to check."""
        if self._window.can_check_all():
            self._window.rounds.start(tr_later("Scheduled check"), then=self._compare, careful=True)

    async def _compare(self, before: dict[uuid.UUID, str]) -> None:
        """Report the servers whose verdict changed in the round."""
        ctx = self._window.ctx
        await lazy_imports.ready(ctx, lazy_imports.connectivity)
        from services.connectivity import check_history

        workspace = await ctx.ready()
        now = await ctx.call(check_history.last_verdicts, workspace.store)
        names = {node.object_id: node.text for node in self._window.model.objects()}
        for server, verdict in now.items():
            was = before.get(server, "")
            if was and was != verdict:
                self._report(names.get(server, tr("A server")), was, verdict)

    def _report(self, name: str, was: str, verdict: str) -> None:
        text = tr(
            "{now} now; the check before: {before}",
            now=verdict_predicate(verdict),
            before=verdict_predicate(was),
        )
        self._window.ctx.activity.record(name, text, FAILED if verdict == "failed" else DONE, routine=True)
        self._window.tray.say(name, text)
