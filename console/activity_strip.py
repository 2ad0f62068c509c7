"""The strip at the bottom and the pane above it: what runs, how far it is, how it ended."""

from PyQt6.QtCore import QSignalBlocker, QSize, Qt, pyqtSignal
from PyQt6.QtGui import QGuiApplication
from PyQt6.QtWidgets import QFrame, QHBoxLayout, QLabel, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from console import icons, theme
from console.activity import SHAPES, Activity, Job
from console.widgets import buttons
from console.widgets.labels import ElidedLabel, Label, LinkLabel, Picture
from console.widgets.meter import Meter

HEIGHT, BAR, SHAPE, PANE = 30, 120, 14, 180


class ActivityStrip(QWidget):
    """Latest or running work, its bar and Cancel; on the right the store."""

    toggled = pyqtSignal()

    def __init__(self, activity: Activity, store_name: str) -> None:
        super().__init__()
        self.setProperty("role", "window")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setFixedHeight(HEIGHT)
        self._activity = activity
        self.button = buttons.quiet("Activity", "up-down")
        self.button.setProperty("size", "small")
        self.button.clicked.connect(self.toggled)
        self._shape = QLabel()
        self.text = ElidedLabel("")
        self.text.setAccessibleName("Latest activity")
        self.count = Label("", role="caption")
        self.bar = Meter()
        self.bar.setFixedWidth(BAR)
        self.bar.setAccessibleName("Progress")
        self.cancel = LinkLabel("Cancel")
        self.cancel.clicked.connect(self._cancel)
        self.store = Label(store_name, role="caption")
        self.store.setToolTip("Where configuration and requests are kept")
        layout = QHBoxLayout(self)
        layout.setContentsMargins(8, 0, 16, 0)
        layout.setSpacing(8)
        layout.addWidget(self.button)
        layout.addWidget(self._shape)
        layout.addWidget(self.text, 1)
        for widget in (self.count, self.bar, self.cancel):
            layout.addWidget(widget)
        picture = Picture("server", SHAPE)
        layout.addSpacing(16)
        layout.addWidget(picture)
        layout.addWidget(self.store)
        activity.changed.connect(self.refresh)
        theme.of().theme_changed.connect(self.refresh)
        self.refresh()

    def refresh(self, *_scheme: str) -> None:
        """Show the newest running job, or how the last one ended."""
        job = self._activity.latest
        running = job is not None and job.running
        self._shape.setVisible(job is not None)
        if job is not None:
            self._shape.setPixmap(icons.status_pixmap(SHAPES[job.state], SHAPE, "window"))
        self.text.setText(_said(job) if job is not None else "Nothing has been done yet")
        self.count.setVisible(running)
        self.count.setText(f"{job.done} of {job.total}" if running and job and job.total else "")
        self.bar.setVisible(bool(running and job and job.total))
        if running and job and job.total:
            self.bar.set_value(job.done / job.total)
        self.cancel.setVisible(bool(job and job.can_cancel))

    def _cancel(self) -> None:
        job = self._activity.latest
        if job is not None:
            job.cancel()


class ActivityPane(QFrame):
    """Every job with its log, newest first."""

    def __init__(self, activity: Activity) -> None:
        super().__init__()
        self.setProperty("role", "pane")
        self.setFixedHeight(PANE)
        self._activity = activity
        self._jobs: list[Job] = []
        self._wanted: Job | None = None
        self.list = QListWidget()
        self.list.setAccessibleName("Activity")
        self.list.currentRowChanged.connect(self._chosen)
        self.cancel_button = buttons.small("Cancel")
        self.cancel_button.setAccessibleName("Cancel the selected work")
        self.cancel_button.clicked.connect(self.cancel)
        self.list.setIconSize(QSize(SHAPE, SHAPE))
        self.list.setFrameShape(QFrame.Shape.NoFrame)
        copy = buttons.small("Copy", "copy")
        copy.setAccessibleName("Copy the activity")
        copy.clicked.connect(self.copy)
        head = QHBoxLayout()
        head.addWidget(Label("Activity", role="section"))
        head.addStretch(1)
        head.addWidget(self.cancel_button)
        head.addWidget(copy)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 8, 16, 8)
        layout.addLayout(head)
        layout.addWidget(self.list, 1)
        activity.changed.connect(lambda: self.isVisible() and self.refresh())
        self.hide()

    def refresh(self) -> None:
        """Show the jobs as they are now; the newest is selected until a person selects another, which stays so."""
        self._jobs = list(reversed(self._activity.jobs))
        with QSignalBlocker(self.list):
            self.list.clear()
            for job in self._jobs:
                item = QListWidgetItem(icons.icon(SHAPES[job.state]), _line(job))
                item.setToolTip("\n".join(job.log))
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
                    "\n".join([_line(j), *(f"    {line}" for line in j.log)]) for j in self._activity.jobs
                )
            )


def _said(job: Job) -> str:
    return job.name if job.text in ("", job.name) else f"{job.name}: {job.text}"


def _line(job: Job) -> str:
    took = (job.ended - job.started).total_seconds() if job.ended else 0.0
    return f"{job.started.astimezone():%H:%M:%S}  {_said(job)}" + (f", {took:.1f} s" if took >= 0.05 else "")
