"""How long approvers took, held against the timeout that is typed: the share of approvals that would come too late."""

from typing import TYPE_CHECKING

from PyQt6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from console.objects.load_forecast import NoticeLine
from console.widgets.labels import FittingLabel, IconLabel, set_tone
from models.translation_marks import tr_later
from services.language import plural, rough_duration, tr

if TYPE_CHECKING:
    from services.statistics.timing_advice import ApprovalTimes

LATE_SHARE_WARNING = 0.05
"""From this share on it is a notice: one user in twenty waits for nothing."""
MEDIAN_SHARE, PERCENTILE_90_SHARE = 0.5, 0.9
NO_DATA_WORDINGS = (tr_later("No approvals yet to compare with the timeout"), tr_later("No approvals yet"))


class AnswerTimesCard(QFrame):
    """A panel under the durations; it follows the timeout while it is typed."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "panel")
        self.setAccessibleName(tr("Answer times"))
        self._times: ApprovalTimes | None = None
        self._timeout_s = 0
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 12, 8)
        layout.setSpacing(6)
        head = QHBoxLayout()
        head.setSpacing(8)
        self._picture = IconLabel("history", 14, ground="raised")
        self.share = FittingLabel("strong")
        head.addWidget(self._picture)
        head.addWidget(self.share, 1)
        layout.addLayout(head)
        self.usual = NoticeLine()
        layout.addWidget(self.usual)
        self.unanswered = NoticeLine()
        layout.addWidget(self.unanswered)
        self._show()

    def show_times(self, times: "ApprovalTimes") -> None:
        """Take what is known of the last approvals: `services.statistics.timing_advice.ApprovalTimes`."""
        self._times = times
        self._show()

    def show_timeout(self, timeout_s: int) -> None:
        """Hold what is known against a timeout in seconds."""
        self._timeout_s = timeout_s
        self._show()

    def _late(self) -> bool:
        return self._times is not None and self._times.share_after(self._timeout_s) >= LATE_SHARE_WARNING

    def _show(self) -> None:
        times = self._times
        count = len(times.seconds) if times is not None else 0
        late = self._late()
        said = tuple(map(tr, NO_DATA_WORDINGS))
        if times is not None and count:
            share = format_share(times.share_after(self._timeout_s))
            said = (
                plural(
                    count,
                    "{share} of the last approval came after this timeout",
                    "{share} of the last {count} approvals came after this timeout",
                    share=share,
                ),
                tr("{share} came after this timeout", share=share),
                tr("{share} late", share=share),
            )
            half, most = (
                rough_duration(times.percentile(part) or 0.0) for part in (MEDIAN_SHARE, PERCENTILE_90_SHARE)
            )
            self.usual.say(
                (
                    tr("Median {median}, 90 % within {most}", median=half, most=most),
                    tr("Median {median}", median=half),
                )
            )
        self.usual.setVisible(bool(count))
        left = self._show_unanswered()
        set_tone(self.share, "notice" if late else "")
        self.share.set_wordings(*said)
        self._picture.show_shape("notice" if late else "history")
        self.setAccessibleDescription(" ".join(f"{text}." for text in (said[0], left) if text))

    def _show_unanswered(self) -> str:
        """Say how many requests nobody answered: no approval of theirs will ever come late."""
        times = self._times
        number, ended = (times.unanswered, times.ended) if times is not None else (0, 0)
        text = plural(
            ended,
            "{number} of the last {count} request timed out without an answer",
            "{number} of the last {count} requests timed out without an answer",
            number=number,
        )
        if number:
            self.unanswered.say(
                (
                    text,
                    tr("{number} of {count} timed out unanswered", number=number, count=ended),
                    tr("{count} unanswered", count=number),
                )
            )
        self.unanswered.setVisible(bool(number))
        return text if number else ""


def format_share(share: float) -> str:
    """Return a share as a whole number of hundredths; what is little and not nothing says so."""
    hundredths = round(share * 100)
    return tr("Under 1 %") if share and not hundredths else f"{hundredths} %" if hundredths else tr("None")
