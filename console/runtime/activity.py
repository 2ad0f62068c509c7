"""Running and past work: jobs with progress, a log and a way to cancel them, for the strip at the foot of the window."""

from collections.abc import Callable
from datetime import UTC, datetime

from PyQt6.QtCore import QObject, pyqtSignal

from services.language import time_of_day, tr

MAX_JOBS = 200
RUNNING, DONE, FAILED, CANCELLED = "running", "done", "failed", "cancelled"
JOB_SHAPES = {RUNNING: "running", DONE: "good", FAILED: "bad", CANCELLED: "off"}


class Job(QObject):
    """One piece of work that a person can watch and stop. `changed` follows every report."""

    changed = pyqtSignal()

    def __init__(
        self, name: str, cancel: Callable[[], object] | None, parent: QObject, *, routine: bool = False
    ) -> None:
        super().__init__(parent)
        self.name = name
        self.routine = routine
        """Whether the program does it by itself, so that it takes no place from what a person did."""
        self.way: tuple[str, Callable[[], object]] | None = None
        """Where its result leads on to: the words of a link, and what it does."""
        self.read = False
        """Whether a person has put its result away."""
        self.state = RUNNING
        self.text, self.done, self.total = "", 0, 0
        self.started = datetime.now(UTC)
        self.ended: datetime | None = None
        self.log: list[str] = []
        self._cancel = cancel

    @property
    def running(self) -> bool:
        """Whether the work goes on."""
        return self.state == RUNNING

    @property
    def can_cancel(self) -> bool:
        """Whether a person can stop it."""
        return self.running and self._cancel is not None

    def progress(self, text: str, done: int = 0, total: int | None = None) -> None:
        """Report what is being done, and how far the work is."""
        self.text, self.done, self.total = text, done, total or 0
        self.note(tr("{text} ({done} of {total})", text=text, done=done, total=total) if total else text)

    def note(self, line: str) -> None:
        """Write a line into the log of the job."""
        self.log.append(f"{time_of_day(datetime.now(UTC), seconds=True)} {line}")
        self.changed.emit()

    def end(self, text: str, state: str = DONE) -> None:
        """Say how the work ended; later ends are ignored."""
        if self.running:
            self.state, self.text, self.ended = state, text, datetime.now(UTC)
            self.note(text)

    def cancel(self) -> None:
        """Stop the work."""
        if self.can_cancel and self._cancel is not None:
            self._cancel()
            self.end(tr("Cancelled"), CANCELLED)


class Activity(QObject):
    """Every job of this window, newest last. `changed` follows each report of any."""

    changed = pyqtSignal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.jobs: list[Job] = []

    def begin(self, name: str, cancel: Callable[[], object] | None = None, *, routine: bool = False) -> Job:
        """Start a job; `cancel` stops its work. `routine`: no person asked for it."""
        job = Job(name, cancel, self, routine=routine)
        job.changed.connect(self.changed)
        self.jobs.append(job)
        ended = sorted((j for j in self.jobs if not j.running), key=lambda j: not j.routine)
        for old in ended[: max(len(self.jobs) - MAX_JOBS, 0)]:
            self.jobs.remove(old)
            old.deleteLater()
        self.changed.emit()
        return job

    def record(self, name: str, text: str, state: str = DONE, *, routine: bool = False) -> None:
        """Note something that was done at once."""
        self.begin(name, routine=routine).end(text, state)

    def offer(self, text: str, way: Callable[[], object]) -> None:
        """Let the result that was told last lead on."""
        told = [job for job in self.jobs if not job.routine and not job.running]
        if told:
            told[-1].way = (text, way)
            self.changed.emit()

    def mark_read(self) -> None:
        """Take the result that `latest` shows as read, and everything before it."""
        for job in self.jobs:
            job.read = job.read or not job.running
        self.changed.emit()

    @property
    def latest(self) -> Job | None:
        """Return what a person has to see: running work of theirs, else its last result until that was read.

        What the program does by itself comes after that, and never in its place.
        """
        theirs = _newest_unread([job for job in self.jobs if not job.routine])
        return theirs or _newest_unread([job for job in self.jobs if job.routine])


def _newest_unread(jobs: list[Job]) -> Job | None:
    """Return the running job that began last, else the one that ended last unless its result was read."""
    running = [job for job in jobs if job.running]
    if running:
        return running[-1]
    last = max(reversed(jobs), key=lambda job: job.ended or job.started, default=None)
    return last if last is not None and not last.read else None
