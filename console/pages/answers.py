"""How long approvers took, held against the timeout that is typed: the share of approvals that would come too late."""

from typing import Any

from PyQt6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from console.pages.forecast import Line
from console.widgets.labels import FittingLabel, Picture, set_tone

LATE_SHARE = 0.05
"""From this share on it is a notice: one user in twenty waits for nothing."""
HALF, MOST = 0.5, 0.9
NOTHING = ("No approval yet to hold the timeout against", "No approval yet")


class AnswersCard(QFrame):
    """A panel under the durations; it follows the timeout while it is typed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "panel")
        self.setAccessibleName("Answer times")
        self._times: Any = None
        self._timeout_s = 0
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 12, 8)
        layout.setSpacing(6)
        head = QHBoxLayout()
        head.setSpacing(8)
        self._picture = Picture("history", 14, ground="raised")
        self.share = FittingLabel("strong")
        head.addWidget(self._picture)
        head.addWidget(self.share, 1)
        layout.addLayout(head)
        self.usual = Line()
        layout.addWidget(self.usual)
        self.unanswered = Line()
        layout.addWidget(self.unanswered)
        self._show()

    def show_times(self, times: Any) -> None:
        """Take what is known of the last approvals: `services.judgements.AnswerTimes`."""
        self._times = times
        self._show()

    def show_timeout(self, timeout_s: int) -> None:
        """Hold what is known against a timeout in seconds."""
        self._timeout_s = timeout_s
        self._show()

    def _late(self) -> bool:
        return bool(self._times) and self._times.share_after(self._timeout_s) >= LATE_SHARE

    def _show(self) -> None:
        times = self._times
        count = len(times.seconds) if times is not None else 0
        late = self._late()
        said = NOTHING
        if count:
            share = share_text(times.share_after(self._timeout_s))
            of = "the last approval" if count == 1 else f"the last {count:,} approvals"
            said = (
                f"{share} of {of} came after this timeout",
                f"{share} came after this timeout",
                f"{share} late",
            )
            half, most = (wait_text(times.within(part)) for part in (HALF, MOST))
            self.usual.say(
                (
                    f"Half came within {half}, nine of ten within {most}",
                    f"Half within {half}, 90 % {most}",
                    f"Half within {half}",
                )
            )
        self.usual.setVisible(bool(count))
        left = self._say_unanswered()
        set_tone(self.share, "notice" if late else "")
        self.share.set_wordings(*said)
        self._picture.show_shape("notice" if late else "history")
        self.setAccessibleDescription(" ".join(f"{text}." for text in (said[0], left) if text))

    def _say_unanswered(self) -> str:
        """Say how many requests nobody answered: no approval of theirs will ever come late."""
        times = self._times
        number, ended = (times.unanswered, times.ended) if times is not None else (0, 0)
        text = f"{number:,} of the last {ended:,} requests timed out without an answer"
        if number:
            self.unanswered.say(
                (text, f"{number:,} of {ended:,} timed out unanswered", f"{number:,} unanswered")
            )
        self.unanswered.setVisible(bool(number))
        return text if number else ""


def share_text(share: float) -> str:
    """Return a share as a whole number of hundredths; what is little and not nothing says so."""
    hundredths = round(share * 100)
    return "Under 1 %" if share and not hundredths else f"{hundredths} %" if hundredths else "None"


def wait_text(seconds: float) -> str:
    """Return a duration as people say it, in its largest sensible unit."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 90 * 60:
        return f"{seconds / 60:.0f} min"
    if seconds < 36 * 3600:
        return f"{seconds / 3600:.1f} h"
    return f"{seconds / 86_400:.1f} days"
