"""The load forecast beside the timing of a process: status calls an hour against the limit, with what follows."""

import math
from dataclasses import dataclass

from PyQt6.QtCore import QSize
from PyQt6.QtGui import QFontMetrics, QResizeEvent
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from console import icons, theme
from console.widgets.labels import FittingLabel, Label, set_tone
from console.widgets.meter import Meter

LIMIT_AN_HOUR = 120
"""Calls an hour that one console allows itself on an instance."""
HOUR_S = 3600
NARROWEST, WORDS_BESIDE = 200, 62
"""The smallest width of the card, and what of its first line is neither title nor figure, in pixels."""


@dataclass(frozen=True, slots=True)
class Forecast:
    """What an interval means: calls an hour while requests wait, checks before the timeout, and one sentence."""

    calls: int
    checks: int
    sentence: str
    shorter: tuple[str, ...] = ()
    """The same in fewer words, for narrow places."""

    @property
    def within(self) -> bool:
        """Whether the interval keeps within the limit."""
        return self.calls <= LIMIT_AN_HOUR


def forecast(check_every_s: int, timeout_after_s: int) -> Forecast:
    """Compute the load of one waiting request; both durations in seconds."""
    every = max(check_every_s, 1)
    calls, checks = math.ceil(HOUR_S / every), max(timeout_after_s // every, 0)
    if checks < 1:
        return Forecast(
            calls, checks, "Timeout comes before the first check", ("Timeout before the first check",)
        )
    if calls > LIMIT_AN_HOUR:
        least = HOUR_S // LIMIT_AN_HOUR
        least_said = f"{least} s or more keep it"
        return Forecast(
            calls,
            checks,
            f"Over the limit of {LIMIT_AN_HOUR}; {least_said}",
            (f"Over the limit; {least_said}", f"Over the limit of {LIMIT_AN_HOUR}", "Over the limit"),
        )
    return Forecast(calls, checks, f"{checks} check{'s' if checks > 1 else ''} before the timeout")


class ForecastCard(QFrame):
    """A panel with the figure, a bar and one sentence; over the limit the sentence is a notice."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "panel")
        self.setAccessibleName("Load forecast")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 12, 8)
        layout.setSpacing(6)
        head = QHBoxLayout()
        head.setSpacing(8)
        self._picture, self._shape = QLabel(), QLabel()
        self._calls = 0
        self._figure = Label("")
        self._title = Label("Load forecast", role="strong")
        head.addWidget(self._picture)
        head.addWidget(self._title)
        head.addStretch(1)
        head.addWidget(self._figure)
        self._meter = Meter()
        foot = QHBoxLayout()
        foot.setSpacing(6)
        self._sentence = FittingLabel("caption")
        foot.addWidget(self._shape)
        foot.addWidget(self._sentence, 1)
        layout.addLayout(head)
        layout.addWidget(self._meter)
        layout.addLayout(foot)
        self._draw_shapes()
        theme.of().theme_changed.connect(self._draw_shapes)

    def _draw_shapes(self, *_scheme: str) -> None:
        ratio = self.devicePixelRatioF()
        self._picture.setPixmap(icons.pixmap("gauge", "muted", 14, ratio))
        self._shape.setPixmap(icons.status_pixmap("notice", 12, "raised", ratio))

    def minimumSizeHint(self) -> QSize:
        """Give way to the durations in narrow windows."""
        return QSize(NARROWEST, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Say the figure in as many words as there is room for."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        room = self.width() - WORDS_BESIDE
        figure = f"{self._calls:,} of {LIMIT_AN_HOUR} calls an hour"
        wordings = (
            ("Load forecast", figure),
            ("Load", figure),
            ("Load", f"{self._calls:,} calls an hour"),
            ("Load", f"{self._calls:,}/h"),
        )
        strong, plain = QFontMetrics(theme.font("strong")), self._figure.fontMetrics()
        fitting = (
            both
            for both in wordings
            if strong.horizontalAdvance(both[0]) + plain.horizontalAdvance(both[1]) <= room
        )
        title, said = next(fitting, wordings[-1])
        self._title.setText(title)
        self._figure.setText(said)

    def show_load(self, check_every_s: int, timeout_after_s: int) -> None:
        """Show what two durations in seconds mean for the instance."""
        found = forecast(check_every_s, timeout_after_s)
        self._calls = found.calls
        self._fit()
        self._meter.set_value(min(found.calls / LIMIT_AN_HOUR, 1.0))
        notice = not found.within or found.checks < 1
        self._shape.setVisible(notice)
        set_tone(self._sentence, "notice" if notice else "")
        self._sentence.set_wordings(found.sentence, *found.shorter)
        self.setAccessibleDescription(f"{found.calls} of {LIMIT_AN_HOUR} calls an hour. {found.sentence}.")
