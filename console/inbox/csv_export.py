"""Exports the list to a CSV file in a thread of its own, as a job that can be cancelled."""

import asyncio
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PyQt6.QtWidgets import QFileDialog, QWidget

from console.runtime import lazy_imports
from console.runtime.activity import FAILED, Job
from console.runtime.task_runner import TaskRunner
from console.widgets.save_dialog import open_save_dialog, plain_name
from services.common.errors import ConsoleError
from services.language import plural, tr, translate

if TYPE_CHECKING:
    from console.inbox.list_controller import RequestListController
    from console.runtime.context import Context
    from services.requests.inbox.filters import Filter, Sort


class ExportCancelled(Exception):  # noqa: N818 - it is no error
    """The user cancelled the export."""


@dataclass(frozen=True, slots=True)
class CsvExport:
    """An export of one filter in one order."""

    ctx: "Context"
    requests: "RequestListController"
    filter: "Filter"
    sort: "Sort"

    def open_dialog(
        self, parent: QWidget | None, filter_name: str, start: Callable[[Path], object]
    ) -> QFileDialog:
        """Ask for a file in a dialog beside the window; `start` is called with the chosen one."""
        kinds = tr("Comma-separated values (*.csv)")
        return open_save_dialog(parent, tr("Export requests"), _file_name(filter_name), kinds, start)

    def start(self, path: Path, tasks: TaskRunner) -> Job:
        """Write the file; the job in the activity strip shows the progress and cancels it."""
        stop = threading.Event()
        job = self.ctx.activity.begin(tr("Exporting to {file}", file=path.name), stop.set)
        tasks.start(self._write(path, job, stop))
        return job

    async def _write(self, path: Path, job: Job, stop: threading.Event) -> None:
        await lazy_imports.ready(self.ctx, lazy_imports.export)
        from services.requests.inbox import export

        inbox = await self.requests.inbox()
        snapshot = self.requests.snapshot
        count = snapshot.count if snapshot is not None and snapshot.exact else None
        loop = asyncio.get_running_loop()

        def progress(text: str, done: int = 0, total: int | None = None) -> None:
            del text, total
            if stop.is_set():
                raise ExportCancelled
            loop.call_soon_threadsafe(_report, job, done, count)

        try:
            written = await asyncio.to_thread(
                export.save_csv, inbox, self.filter, self.sort, path, progress=progress
            )
        except ExportCancelled:
            return  # the unfinished file was deleted, and the job is cancelled already
        except asyncio.CancelledError:
            stop.set()
            raise
        except ConsoleError as error:
            job.end(translate(error.problem.cause), FAILED)
            self.ctx.show_problem(error.problem)
            return
        number = plural(written.rows, "{count} request", "{count} requests")
        job.end(
            number
            if written.complete
            else tr("{requests}; the search did not look at older ones", requests=number)
        )


def _report(job: Job, done: int, total: int | None) -> None:
    if job.running:
        job.text, job.done, job.total = plural(done, "{count} written", "{count} written"), done, total or 0
        job.changed.emit()


def _file_name(filter_name: str) -> str:
    name = filter_name or tr("Requests")
    return tr("Requests") + f", {plain_name(name).lower()}.csv"
