"""The scheduled check: rounds over all servers while the window is open, and a word when a verdict changes."""

from typing import Any

from PyQt6.QtCore import QObject, QTimer

from console.runtime import lazy_imports
from console.runtime.activity import DONE, FAILED
from console.runtime.window_settings import WindowSettings
from models.translation_marks import tr_later
from services.language import tr

INTERVALS = (
    (0, tr_later("Scheduled check off")),
    (15, tr_later("Check every 15 minutes")),
    (60, tr_later("Check every hour")),
    (240, tr_later("Check every 4 hours")),
)
"""Minutes between two rounds, and the commands for them."""
SETTING_KEY = "check_every"
VERDICT_LABELS = {"ok": tr_later("good"), "warning": tr_later("has a warning"), "failed": tr_later("failed")}


class CheckSchedule(QObject):
    """Starts a round at every interval that was chosen. One at a time: a round that still goes on is left alone."""

    def __init__(self, window: Any, remembered: WindowSettings) -> None:
        super().__init__(window)
        self._window = window
        self._remembered = remembered
        self._timer = QTimer(self)
        self._timer.timeout.connect(self.tick)
        self._follow(self.minutes)

    @property
    def minutes(self) -> int:
        """The minutes between two rounds; 0 for none."""
        text = self._remembered.text(SETTING_KEY, "0")
        return next((minutes for minutes, _ in INTERVALS if str(minutes) == text), 0)

    def choose(self, minutes: int) -> None:
        """Check at another interval from now on, and remember it."""
        self._remembered.set_text(SETTING_KEY, str(minutes))
        self._follow(minutes)
        self._window.ctx.commands.refresh()

    def _follow(self, minutes: int) -> None:
        self._timer.stop()
        if minutes:
            self._timer.start(minutes * 60_000)

    def stop(self) -> None:
        """Start nothing any more; the window closes."""
        self._timer.stop()

    # -- a round -----------------------------------------------------------------------------------------------

    def tick(self) -> None:
        """Begin a round unless one goes on or there is nothing to check."""
        if self._window.can_check_all():
            self._window.rounds.start(tr_later("Scheduled check"), then=self._compare, careful=True)

    async def _compare(self, before: dict[Any, str]) -> None:
        """Say which servers stand differently than before the round."""
        ctx = self._window.ctx
        await lazy_imports.ready(ctx, lazy_imports.connectivity)
        from services.connectivity import check_history

        workspace = await ctx.ready()
        now = await ctx.call(check_history.last_verdicts, workspace.store)
        names = {node.object_id: node.text for node in self._window.model.objects()}
        for server, verdict in now.items():
            was = before.get(server, "")
            if was and was != verdict:
                self._tell(names.get(server, tr("A server")), was, verdict)

    def _tell(self, name: str, was: str, verdict: str) -> None:
        text = tr(
            "{now} now; the check before: {before}",
            now=tr(VERDICT_LABELS.get(verdict, verdict)),
            before=tr(VERDICT_LABELS.get(was, was)),
        )
        self._window.ctx.activity.record(name, text, FAILED if verdict == "failed" else DONE, routine=True)
        self._window.tray.say(name, text)
