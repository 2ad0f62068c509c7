"""Running and past work: jobs with progress, a log and a way to cancel them, for the strip at the foot of the window."""

from collections.abc import Callable
from datetime import UTC, datetime

from PyQt6.QtCore import QObject, pyqtSignal

from services.language import time_of_day, tr

MAX_JOBS = 200
RUNNING, DONE, NOTICE, FAILED, CANCELLED = "running", "done", "notice", "failed", "cancelled"
"""States of a job; a notice is done, and something about its result is to be looked at."""
JOB_SHAPES = {RUNNING: "running", DONE: "good", NOTICE: "notice", FAILED: "bad", CANCELLED: "off"}


class Job(QObject):
    """A piece of work that the user can watch and cancel. `changed` is emitted with every report."""

    changed = pyqtSignal()

    def __init__(
        self, name: str, cancel: Callable[[], object] | None, parent: QObject, *, routine: bool = False
    ) -> None:
        super().__init__(parent)
        self.name = name
        self.routine = routine
        """Whether the program started it; it is then shown only when no job of the user is."""
        self.way: tuple[str, Callable[[], object]] | None = None
        """A link shown with the result: its text, and the function it calls."""
        self.read = False
        """Whether the user has dismissed the result."""
        self.state = RUNNING
        self.text, self.done, self.total = "", 0, 0
        self.started = datetime.now(UTC)
        self.ended: datetime | None = None
        self.log: list[str] = []
        self._cancel = cancel

    @property
    def running(self) -> bool:
        """Whether the work is running."""
        return self.state == RUNNING

    @property
    def can_cancel(self) -> bool:
        """Whether the user can cancel it."""
        return self.running and self._cancel is not None

    def progress(self, text: str, done: int = 0, total: int | None = None) -> None:
        """Report the current step and, with `total`, the progress."""
        self.text, self.done, self.total = text, done, total or 0
        self.note(tr("{text} ({done} of {total})", text=text, done=done, total=total) if total else text)

    def note(self, line: str) -> None:
        """Add a line to the log of the job."""
        self.log.append(f"{time_of_day(datetime.now(UTC), seconds=True)} {line}")
        self.changed.emit()

    def end(self, text: str, state: str = DONE) -> None:
        """Set the result; only the first call has an effect."""
        if self.running:
            self.state, self.text, self.ended = state, text, datetime.now(UTC)
            self.note(text)

    def cancel(self) -> None:
        """Cancel the work."""
        if self.can_cancel and self._cancel is not None:
            self._cancel()
            self.end(tr("Cancelled"), CANCELLED)


class Activity(QObject):
    """The jobs of this window, newest last. `changed` is emitted with every report of any job."""

    changed = pyqtSignal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.jobs: list[Job] = []

    def begin(self, name: str, cancel: Callable[[], object] | None = None, *, routine: bool = False) -> Job:
        """Start a job; `cancel` cancels its work. `routine` marks a job that the program started."""
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
        """Add a job that is already done."""
        self.begin(name, routine=routine).end(text, state)

    def offer(self, text: str, way: Callable[[], object]) -> None:
        """Add a link to the latest result."""
        finished = [job for job in self.jobs if not job.routine and not job.running]
        if finished:
            finished[-1].way = (text, way)
            self.changed.emit()

    def mark_read(self) -> None:
        """Dismiss all results so far."""
        for job in self.jobs:
            job.read = job.read or not job.running
        self.changed.emit()

    @property
    def latest(self) -> Job | None:
        """Return the job to show: the user's running job or last unread result, otherwise that of the program."""
        theirs = _newest_unread([job for job in self.jobs if not job.routine])
        return theirs or _newest_unread([job for job in self.jobs if job.routine])


def _newest_unread(jobs: list[Job]) -> Job | None:
    """Return the running job that began last, else the one that ended last unless its result was read."""
    running = [job for job in jobs if job.running]
    if running:
        return running[-1]
    last = max(reversed(jobs), key=lambda job: job.ended or job.started, default=None)
    return last if last is not None and not last.read else None
