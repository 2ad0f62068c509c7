"""The load forecast beside the timing of a process: what this console asks of an instance, and what Privilege Manager does."""

import math
from dataclasses import dataclass
from typing import Protocol

from PyQt6.QtCore import QSize
from PyQt6.QtGui import QFontMetrics, QResizeEvent
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from console.design import theme
from console.widgets.labels import FittingLabel, IconLabel, Label, set_tone
from console.widgets.meter import Meter
from models.translation_marks import tr_later
from services.language import plural, tr, translate

HOURLY_CALL_LIMIT = 120
"""Calls an hour that one console allows itself on an instance, however many requests are open there."""
HOUR_S = 3600
MIN_WIDTH, FIXED_CONTENT_WIDTH = 200, 62
"""The smallest width of the card, and what of its first line is neither title nor figure, in pixels."""


class ProcessLoad(Protocol):
    """What an instance has to answer, as `services.statistics.timing_advice` counts it."""

    @property
    def open_now(self) -> int:
        """Requests of the process that are open."""

    @property
    def median_peak(self) -> int:
        """Requests that are open at once on a usual day."""

    @property
    def minimum_interval_s(self) -> int:
        """Seconds between two rounds of questions to the server."""

    @property
    def reported_call_limit(self) -> int | None:
        """Calls an hour that the instance allows, where it told so."""


@dataclass(frozen=True, slots=True)
class UnknownLoad:
    """A process that nothing is known of yet."""

    open_now: int = 0
    median_peak: int = 0
    minimum_interval_s: int = HOUR_S // HOURLY_CALL_LIMIT
    reported_call_limit: int | None = None


@dataclass(frozen=True, slots=True)
class Forecast:
    """What an interval means: calls an hour of this console and of Privilege Manager, and what to say of both.

    `requests` is for how many open ones. `own` and `theirs` are sentences, the longest first; `late` says that the
    timeout comes before the first check, `over` that Privilege Manager asks more often than the instance allows.
    """

    calls: int
    privilege_manager_calls: int
    requests: int
    checks: int
    own: tuple[str, ...]
    theirs: tuple[str, ...]
    late: bool
    over: bool


def polling_interval_s(minimum_interval_s: int) -> int:
    """Return the seconds between two rounds of this console, which asks for all open requests of a server at once."""
    return max(HOUR_S // HOURLY_CALL_LIMIT, minimum_interval_s)


def polling_calls_per_hour(minimum_interval_s: int) -> int:
    """Return the calls an hour of this console while any number of requests is open on a server."""
    return math.ceil(HOUR_S / polling_interval_s(minimum_interval_s))


def compute_forecast(check_every_s: int, timeout_after_s: int, load: ProcessLoad) -> Forecast:
    """Compute the load of a process; both durations in seconds."""
    every = max(check_every_s, 1)
    checks = timeout_after_s // every
    # For nothing it would say nothing: then one waiting request is what it is said for.
    requests = max(load.open_now, load.median_peak, 1)
    theirs = math.ceil(requests * HOUR_S / every)
    over = load.reported_call_limit is not None and theirs > load.reported_call_limit
    return Forecast(
        calls=polling_calls_per_hour(load.minimum_interval_s),
        privilege_manager_calls=theirs,
        requests=requests,
        checks=checks,
        own=_console_wordings(load),
        theirs=_privilege_manager_wordings(theirs, requests, load, over=over),
        late=checks < 1,
        over=over,
    )


def _console_wordings(load: ProcessLoad) -> tuple[str, ...]:
    every = polling_interval_s(load.minimum_interval_s)
    if not load.open_now and not load.median_peak:
        return (
            tr("All open requests are polled together every {seconds} s", seconds=every),
            tr("Polled together every {seconds} s", seconds=every),
        )
    return (
        tr(
            "{open} open, {peak} at a usual peak, polled together every {seconds} s",
            open=load.open_now,
            peak=load.median_peak,
            seconds=every,
        ),
        tr("{open} open, polled together every {seconds} s", open=load.open_now, seconds=every),
        tr("{open} open", open=load.open_now),
    )


def _privilege_manager_wordings(
    calls: int, requests: int, load: ProcessLoad, *, over: bool
) -> tuple[str, ...]:
    number_of = plural(calls, "{count} call an hour", "{count} calls an hour")
    polls = plural(
        requests,
        "Privilege Manager polls {count} request: {calls}",
        "Privilege Manager polls {count} requests: {calls}",
        calls=number_of,
    )
    short = tr("Privilege Manager: {count}/h", count=calls)
    alone = (polls, tr("Privilege Manager: {calls}", calls=number_of), short)
    if load.reported_call_limit is None:
        return alone
    allowed = (
        tr("over {limit} allowed", limit=load.reported_call_limit)
        if over
        else tr("of {limit} allowed", limit=load.reported_call_limit)
    )
    return (*(f"{text}, {allowed}" for text in alone), short)


LATE_WORDINGS = (
    tr_later("Timeout comes before the first check"),
    tr_later("Timeout before the first check"),
    tr_later("Timeout too early"),
)


class NoticeLine(QWidget):
    """One sentence, with a shape before it when it is a notice."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(6)
        self.shape, self.sentence = IconLabel("notice", 12, ground="raised"), FittingLabel("caption")
        row.addWidget(self.shape)
        row.addWidget(self.sentence, 1)

    def say(self, wordings: tuple[str, ...], *, notice: bool = False) -> None:
        """Say the longest of `wordings` that there is room for."""
        self.shape.setVisible(notice)
        set_tone(self.sentence, "notice" if notice else "")
        self.sentence.set_wordings(*wordings)


class ForecastCard(QFrame):
    """A panel with the figure, a bar, and a sentence on each of the two that ask; what goes wrong is a notice."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("role", "panel")
        self.setAccessibleName(tr("Load forecast"))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 8, 12, 8)
        layout.setSpacing(6)
        head = QHBoxLayout()
        head.setSpacing(8)
        self._picture = IconLabel("gauge", 14)
        self._calls = 0
        self._figure = Label("")
        self._title = Label(tr("Load forecast"), role="strong")
        head.addWidget(self._picture)
        head.addWidget(self._title)
        head.addStretch(1)
        head.addWidget(self._figure)
        self._meter = Meter()
        layout.addLayout(head)
        layout.addWidget(self._meter)
        self._own, self._theirs = NoticeLine(), NoticeLine()
        layout.addWidget(self._own)
        layout.addWidget(self._theirs)

    def minimumSizeHint(self) -> QSize:
        """Give way to the durations in narrow windows."""
        return QSize(MIN_WIDTH, super().minimumSizeHint().height())

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Say the figure in as many words as there is room for."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        room = self.width() - FIXED_CONTENT_WIDTH
        figure = tr("{count} of {limit} calls an hour", count=self._calls, limit=HOURLY_CALL_LIMIT)
        wordings = (
            (tr("Load forecast"), figure),
            (tr("Load"), figure),
            (tr("Load"), plural(self._calls, "{count} call an hour", "{count} calls an hour")),
            (tr("Load"), tr("{count}/h", count=self._calls)),
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

    def show_load(self, check_every_s: int, timeout_after_s: int, load: ProcessLoad) -> None:
        """Show what two durations in seconds mean for the instance."""
        found = compute_forecast(check_every_s, timeout_after_s, load)
        self._calls = found.calls
        self._fit()
        self._meter.set_value(min(found.calls / HOURLY_CALL_LIMIT, 1.0))
        if found.late:
            self._own.say(tuple(map(tr, LATE_WORDINGS)), notice=True)
        else:
            self._own.say(found.own)
        self._theirs.say(found.theirs, notice=found.over)
        said = translate((LATE_WORDINGS if found.late else found.own)[0])
        self.setAccessibleDescription(
            tr(
                "{calls} of {limit} calls an hour. {said}. {theirs}.",
                calls=found.calls,
                limit=HOURLY_CALL_LIMIT,
                said=said,
                theirs=found.theirs[0],
            )
        )
