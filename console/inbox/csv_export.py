"""Writing what the inbox shows to a CSV file, beside the threads of window and store, as a job that can be stopped."""

import asyncio
import threading
from pathlib import Path
from typing import Any

from PyQt6.QtWidgets import QFileDialog

from console.runtime import lazy_imports
from console.runtime.activity import FAILED, Job
from services.common.errors import ConsoleError
from services.language import plural, tr, translate

EXPORT = "services.requests.inbox.export"


class ExportCancelled(Exception):  # noqa: N818 - it is no error
    """The person wants no file any more."""


def open_export_dialog(page: Any) -> QFileDialog:
    """Open the dialog that asks for a file beside the window; what is shown now is written when one was chosen."""
    filter_, sort = page.filter(), page.sort()
    dialog = QFileDialog(
        page.window(), tr("Export requests"), _file_name(page), tr("Comma-separated values (*.csv)")
    )
    dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
    dialog.setDefaultSuffix("csv")
    dialog.fileSelected.connect(lambda path: start_export(page, Path(path), filter_, sort))
    dialog.finished.connect(dialog.deleteLater)
    dialog.open()
    return dialog


def start_export(page: Any, path: Path, filter_: Any, sort: Any) -> Job:
    """Write a list to a file; the job in the strip shows how far it is and stops it."""
    stop = threading.Event()
    job: Job = page.ctx.activity.begin(tr("Exporting to {file}", file=path.name), stop.set)
    page.tasks.start(_write(page, path, filter_, sort, job, stop))
    return job


async def _write(page: Any, path: Path, filter_: Any, sort: Any, job: Job, stop: threading.Event) -> None:
    await lazy_imports.ready(page.ctx, lazy_imports.requests)
    from services.requests.inbox import export

    inbox = await page.looking.inbox()
    look = page.looking.look
    total = look.count if look is not None and look.exact else None
    loop = asyncio.get_running_loop()

    def progress(_text: str, done: int = 0, _total: int | None = None) -> None:
        if stop.is_set():
            raise ExportCancelled
        loop.call_soon_threadsafe(_report, job, done, total)

    try:
        written = await asyncio.to_thread(export.save_csv, inbox, filter_, sort, path, progress=progress)
    except ExportCancelled:
        return  # the draft is gone, and the job says that it was cancelled
    except asyncio.CancelledError:
        stop.set()
        raise
    except ConsoleError as error:
        job.end(translate(error.problem.cause), FAILED)
        page.ctx.show_problem(error.problem)
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


def _file_name(page: Any) -> str:
    name = page.filters.name_of(page.key) or tr("Requests")
    plain = "".join(c if c.isalnum() or c in "-_ " else "-" for c in name).strip()
    return tr("Requests") + f", {plain.lower()}.csv"
