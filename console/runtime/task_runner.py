"""Background tasks that belong to one widget, and dialogs that are awaited. The only place that starts tasks in the UI."""

import asyncio
import functools
import logging
import weakref
from collections.abc import Coroutine
from typing import Any

from PyQt6 import sip
from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtWidgets import QDialog

log = logging.getLogger(__name__)


class TaskRunner(QObject):
    """Starts coroutines for its owner, cancels them with it, and reports their errors.

    A task started in a group replaces the one before it, so that a late answer about an old state can never
    overwrite a newer one.
    """

    failed = pyqtSignal(object)
    busy_changed = pyqtSignal(bool)

    def __init__(self, owner: QObject) -> None:
        super().__init__(owner)
        tasks: set[asyncio.Task[Any]] = set()
        self._tasks = tasks
        self._groups: dict[str, asyncio.Task[Any]] = {}
        # A closure on purpose: an object's own bound method is not called on `destroyed`.
        owner.destroyed.connect(lambda *_: [task.cancel() for task in list(tasks)])

    @property
    def busy(self) -> bool:
        """Whether any task is running."""
        return bool(self._tasks)

    def start(
        self, coroutine: Coroutine[Any, Any, Any], *, group: str | None = None
    ) -> asyncio.Task[Any] | None:
        """Run a coroutine as a task; within a group it replaces the one before.

        Returns None when the owner or the loop is gone, as when a timer fires on the way out: then nothing of the
        coroutine runs.
        """
        loop = None if sip.isdeleted(self) else _running_loop()
        if loop is None:
            log.info("Not begun, as the window is closing: %s", coroutine.__qualname__)
            coroutine.close()
            return None
        if group is not None:
            self.cancel(group)
        task = loop.create_task(coroutine)
        self._tasks.add(task)
        if group is not None:
            self._groups[group] = task
        if len(self._tasks) == 1:
            self.busy_changed.emit(True)
        task.add_done_callback(functools.partial(_on_task_done, weakref.ref(self), self._tasks))
        return task

    def cancel(self, group: str) -> bool:
        """Cancel the task of a group; returns whether there was one running."""
        task = self._groups.pop(group, None)
        return task is not None and not task.done() and task.cancel()

    def cancel_all(self) -> None:
        """Cancel every task of the owner."""
        for task in list(self._tasks):
            task.cancel()


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _on_task_done(
    ref: "weakref.ref[TaskRunner]", tasks: set[asyncio.Task[Any]], task: asyncio.Task[Any]
) -> None:
    tasks.discard(task)
    error = None if task.cancelled() else task.exception()
    workers = ref()
    if workers is None or sip.isdeleted(workers):
        return
    if error is not None:
        workers.failed.emit(error)
    if not tasks:
        workers.busy_changed.emit(False)


async def show_and_wait(dialog: QDialog) -> int:
    """Show a dialog and wait for what it ends with, without a nested event loop."""
    answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    dialog.finished.connect(lambda result: answer.done() or answer.set_result(result))
    dialog.open()
    try:
        return await answer
    finally:
        if not sip.isdeleted(dialog):
            dialog.deleteLater()
