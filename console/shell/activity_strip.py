"""The strip at the bottom and the pane above it: what runs, how far it is, how it ended."""

from datetime import datetime

from PyQt6.QtCore import QSignalBlocker, QSize, Qt, QTimer, pyqtSignal
from PyQt6.QtGui import QGuiApplication, QResizeEvent
from PyQt6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from console.design import icons, theme
from console.runtime.activity import JOB_SHAPES, Activity, Job
from console.runtime.request_polling import RequestPolling
from console.shell.window_frame import STRIP_HEIGHT
from console.widgets import buttons, plain_text
from console.widgets.labels import ElidedLabel, IconLabel, Label, LinkLabel, set_tone
from console.widgets.meter import Meter
from services.language import date_time, number, time_ago, time_of_day, tr, translate_message

COMPACT_BELOW_WIDTH = 1200
METER_WIDTH, SHAPE, PANE_HEIGHT, TICK_MS = 120, 14, 180, 1000


class PollingStatus(QWidget):
    """Who asks about open requests, and when that was done last; nothing while nobody does."""

    def __init__(self, polling: RequestPolling) -> None:
        super().__init__()
        self._polling = polling
        self._rules: list[QFrame] = []
        self._seen: datetime | None = None
        self._stopped = ""
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        self.who = Label("")
        self.last = Label("", role="caption")
        self._shape = IconLabel("notice", SHAPE, ground="window")
        layout.addWidget(IconLabel("process", SHAPE, "text"))
        layout.addWidget(self.who)
        layout.addWidget(self._rule())
        layout.addWidget(self._shape)
        layout.addWidget(self.last)
        layout.addWidget(self._rule())
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Preferred)
        self.refresh()

    def _rule(self) -> QFrame:
        rule = QFrame()
        rule.setProperty("role", "upright")
        rule.setFixedHeight(STRIP_HEIGHT)
        self._rules.append(rule)
        return rule

    def set_short(self, short: bool) -> None:  # noqa: FBT001 - the state that is shown
        """Say only when the instances were polled last."""
        self.who.setVisible(not short)
        self._rules[0].setVisible(not short)

    def refresh(self) -> None:
        """Show how it stands now."""
        polling = self._polling
        self.setVisible(bool(polling.who))
        self.who.setText(polling.who)
        why, seen = polling.why_not, polling.seen_at
        self._seen, text = seen, _age_text(seen)
        stopped = tr("Not polling: {why}", why=why) if why else ""
        at = date_time(seen, seconds=True, zone=True) if seen else ""
        self.last.setText(text)
        plain_text.set_tooltip(self.last, stopped or at)
        self._shape.setVisible(bool(why))
        set_tone(self.last, "notice" if why else "")
        self._stopped = stopped
        self._update_name()

    @property
    def ages(self) -> bool:
        """Whether a time is shown that grows."""
        return self._seen is not None and not self.isHidden()

    def refresh_age(self) -> None:
        """Show how long ago the last poll is now; nothing else changes with time."""
        text = _age_text(self._seen)
        if text != self.last.text():
            self.last.setText(text)
            self._update_name()

    def _update_name(self) -> None:
        parts = (self._polling.who, self.last.text(), self._stopped)
        self.setAccessibleName(", ".join(part for part in parts if part))


def _age_text(seen: datetime | None) -> str:
    if seen is None:
        return tr("Not polled yet")
    return tr("Last polled {ago}", ago=time_ago(seen, seconds=True))


class ActivityStrip(QWidget):
    """Latest or running work, its bar and Cancel; on the right who asks about requests, and the store."""

    toggled = pyqtSignal()

    def __init__(self, activity: Activity, store_name: str, polling: RequestPolling) -> None:
        super().__init__()
        self.setProperty("role", "window")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(STRIP_HEIGHT)
        self._activity = activity
        self.button = buttons.quiet("Activity", "up-down")
        self.button.setProperty("size", "small")
        self.button.clicked.connect(self.toggled)
        self._shape = IconLabel("", SHAPE, ground="window")
        self.text = ElidedLabel("")
        self.count = Label("", role="caption")
        self.bar = Meter()
        self.bar.setFixedWidth(METER_WIDTH)
        self.bar.setAccessibleName(tr("Progress"))
        self.cancel = LinkLabel(tr("Cancel"))
        self.cancel.clicked.connect(self._cancel)
        self.way = LinkLabel("")
        self.way.clicked.connect(self._open_result)
        self.dismiss = buttons.quiet("", "cross")
        self.dismiss.setProperty("size", "small")
        self.dismiss.setFixedWidth(STRIP_HEIGHT)
        self.dismiss.setAccessibleName(tr("Dismiss the result"))
        plain_text.set_tooltip(self.dismiss, tr("Dismiss the result; it stays in Activity"))
        self.dismiss.clicked.connect(activity.mark_read)
        self.store = Label(store_name, role="caption")
        plain_text.set_tooltip(self.store, tr("Where configuration and requests are kept"))
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 0, 16, 0)
        layout.setSpacing(8)
        layout.addWidget(self.button)
        layout.addWidget(self._shape)
        layout.addWidget(self.text, 1)
        for widget in (self.way, self.count, self.bar, self.cancel, self.dismiss):
            layout.addWidget(widget)
        picture = IconLabel("server", SHAPE)
        self._polling = polling
        self.polling = PollingStatus(polling)
        layout.addSpacing(16)
        layout.addWidget(self.polling)
        layout.addWidget(picture)
        layout.addWidget(self.store)
        activity.changed.connect(self.refresh)
        polling.changed.connect(self._on_polling_changed)
        self._tick = QTimer(self)
        self._tick.setInterval(TICK_MS)
        self._tick.timeout.connect(self.polling.refresh_age)
        theme.of().theme_changed.connect(self.refresh)
        self.refresh()

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Leave the room of a narrow window to what was done."""
        super().resizeEvent(event)
        self.polling.set_short(self.width() < COMPACT_BELOW_WIDTH)

    def refresh(self, *_scheme: str) -> None:
        """Show the newest running job, or how the last one ended."""
        job = self._activity.latest
        running = job is not None and job.running
        self._shape.setVisible(job is not None)
        if job is not None:
            self._shape.show_shape(JOB_SHAPES[job.state])
        self.text.setText(_job_text(job) if job is not None else "")
        way = job.way if job is not None and not running else None
        self.way.setVisible(way is not None)
        self.way.setText(way[0] if way is not None else "")
        self.dismiss.setVisible(job is not None and not running)
        self.count.setVisible(running)
        self.count.setText(
            tr("{done} of {total}", done=job.done, total=job.total) if running and job and job.total else ""
        )
        self.bar.setVisible(bool(running and job and job.total))
        if running and job and job.total:
            self.bar.set_value(job.done / job.total)
        self.cancel.setVisible(bool(job and job.can_cancel))

    def _on_polling_changed(self) -> None:
        """Show the state of polling; the relative time is updated every second while it is visible."""
        self.polling.refresh()
        if not self.polling.ages:
            self._tick.stop()
        elif not self._tick.isActive():
            self._tick.start()
        self.refresh()

    def _open_result(self) -> None:
        job = self._activity.latest
        if job is not None and job.way is not None:
            job.way[1]()

    def _cancel(self) -> None:
        job = self._activity.latest
        if job is not None:
            job.cancel()


class ActivityPane(QFrame):
    """Every job with its log, newest first."""

    def __init__(self, activity: Activity) -> None:
        super().__init__()
        self.setProperty("role", "pane")
        self.setFixedHeight(PANE_HEIGHT)
        self._activity = activity
        self._jobs: list[Job] = []
        self._wanted: Job | None = None
        self.list = QListWidget()
        self.list.setAccessibleName(tr("Activity"))
        self.list.currentRowChanged.connect(self._chosen)
        self.cancel_button = buttons.small("Cancel")
        self.cancel_button.setAccessibleName(tr("Cancel the selected work"))
        self.cancel_button.clicked.connect(self.cancel)
        self.list.setIconSize(QSize(SHAPE, SHAPE))
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        copy = buttons.small("Copy", "copy")
        copy.setAccessibleName(tr("Copy the activity"))
        copy.clicked.connect(self.copy)
        head = QHBoxLayout()
        head.addWidget(Label(tr("Activity"), role="section"))
        head.addStretch(1)
        head.addWidget(self.cancel_button)
        head.addWidget(copy)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 8, 16, 8)
        layout.addLayout(head)
        layout.addWidget(self.list, 1)
        activity.changed.connect(self._refresh_if_visible)
        self.hide()

    def _refresh_if_visible(self) -> None:
        if self.isVisible():
            self.refresh()

    def refresh(self) -> None:
        """Show the jobs as they are now; the newest is selected until a person selects another, which stays so."""
        self._jobs = list(reversed(self._activity.jobs))
        with QSignalBlocker(self.list):
            self.list.clear()
            for job in self._jobs:
                item = QListWidgetItem(icons.icon(JOB_SHAPES[job.state]), plain_text.one_line(_job_log(job)))
                plain_text.set_tooltip(item, "\n".join(job.log))
                self.list.addItem(item)
            self.list.setCurrentRow(self._jobs.index(self._wanted) if self._wanted in self._jobs else 0)
        self._look()

    def _current(self) -> Job | None:
        row = self.list.currentRow()
        return self._jobs[row] if 0 <= row < len(self._jobs) else None

    def _chosen(self, _row: int) -> None:
        self._wanted = self._current()
        self._look()

    def _look(self) -> None:
        job = self._current()
        self.cancel_button.setEnabled(job is not None and job.can_cancel)

    def cancel(self) -> None:
        """Stop the selected work."""
        job = self._current()
        if job is not None:
            job.cancel()

    def showEvent(self, event: object) -> None:
        """Fill the list when it is opened."""
        del event
        self.refresh()

    def copy(self) -> None:
        """Put every job with its log on the clipboard."""
        clipboard = QGuiApplication.clipboard()
        if clipboard is not None:
            clipboard.setText(
                "\n".join(
                    "\n".join([_job_log(j), *(f"    {line}" for line in j.log)]) for j in self._activity.jobs
                )
            )


def _job_text(job: Job) -> str:
    name, text = translate_message(job.name), translate_message(job.text)
    return name if text in ("", name) else f"{name}: {text}"


def _job_log(job: Job) -> str:
    took = (job.ended - job.started).total_seconds() if job.ended else 0.0
    return f"{time_of_day(job.started, seconds=True)}  {_job_text(job)}" + (
        f", {number(took, 1)} s" if took >= 0.05 else ""
    )
