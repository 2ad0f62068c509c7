"""Background tasks owned by one Qt object, and awaitable dialogs. The only module of the window that creates tasks."""

import asyncio
import functools
import logging
import sys
import weakref
from collections.abc import Callable, Coroutine
from typing import Never, TypeVar

from PyQt6 import sip
from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtWidgets import QDialog

from services.common.errors import ConsoleError, Problem
from services.common.tasks import cancel_once

log = logging.getLogger(__name__)
END_TIMEOUT_S = 2.0
"""How long ended tasks may take to close their connections."""

T = TypeVar("T")
OnProblem = Callable[[Problem], object]
OnCrash = Callable[[BaseException], object]


class _Tasks(set[asyncio.Task[object]]):
    """The tasks of one owner that are running; kept alive by its runner and by each task."""

    def cancel(self) -> None:
        """Cancel all of them."""
        cancel_once(self)


class TaskRunner(QObject):
    """Starts coroutines for its owner, cancels them when the owner is destroyed, and reports their errors.

    A ConsoleError is an expected failure: its Problem goes to `on_problem`. Every other exception is a defect: it goes
    to `on_crash`, if that is given, and then to `sys.excepthook`, which shows the crash report.

    Starting a task in a group cancels the previous task of that group, and the result of a replaced task is discarded.
    Neither callback keeps the owner alive; neither is called after the owner was destroyed.
    """

    busy_changed = pyqtSignal(bool)
    _problem = pyqtSignal(object)
    _crash = pyqtSignal(object)

    def __init__(self, owner: QObject, on_problem: OnProblem, on_crash: OnCrash | None = None) -> None:
        super().__init__(owner)
        self._tasks = _Tasks()
        self._groups: dict[str, asyncio.Task[object]] = {}
        self._ended = False
        # Signals, because PyQt holds only a weak reference to the object of a connected method.
        self._problem.connect(on_problem)
        if on_crash is not None:
            self._crash.connect(on_crash)
        # A method of a third object: PyQt does not call the owner's own on `destroyed`, and a closure ends the process when
        # the owner is destroyed by a garbage collection that has already cleared the closure's variables.
        owner.destroyed.connect(self._tasks.cancel)

    @property
    def busy(self) -> bool:
        """Whether any task is running."""
        return bool(self._tasks)

    def start(
        self,
        coroutine: Coroutine[object, Never, T],
        *,
        group: str | None = None,
        on_result: Callable[[T], object] | None = None,
        on_problem: OnProblem | None = None,
    ) -> asyncio.Task[T] | None:
        """Run a coroutine as a task and pass its result to `on_result`; `on_problem` replaces that of the runner.

        Returns None when the owner or the event loop is gone, or the window is closing, for example when a timer fires
        during shutdown; the coroutine is closed without running.
        """
        loop = None if self._ended or sip.isdeleted(self) else _running_loop()
        if loop is None:
            log.info("Not started, the window is closing: %s", getattr(coroutine, "__qualname__", coroutine))
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
        task.add_done_callback(
            functools.partial(_on_task_done, weakref.ref(self), self._tasks, group, on_result, on_problem)
        )
        return task

    def cancel(self, group: str) -> bool:
        """Cancel the task of a group; returns whether one was running."""
        task = self._groups.pop(group, None)
        return task is not None and not task.done() and task.cancel()

    def cancel_all(self) -> None:
        """Cancel every task of the owner."""
        self._tasks.cancel()

    def end(self) -> set[asyncio.Task[object]]:
        """Cancel every task but the current one, start no other from now on, and return what has not ended yet."""
        self._ended = True
        left = self._tasks - {asyncio.current_task()}
        cancel_once(left)
        return left

    def is_current(self, task: asyncio.Task[T], group: str | None) -> bool:
        """Whether no later task of the same group has replaced `task`, and the group was not cancelled."""
        return group is None or self._groups.get(group) is task

    def report(self, error: BaseException, on_problem: OnProblem | None = None) -> None:
        """Report an error of a task: an expected one to `on_problem`, any other as a crash."""
        if not isinstance(error, ConsoleError):
            self._crash.emit(error)
            sys.excepthook(type(error), error, error.__traceback__)
        elif on_problem is not None:
            on_problem(error.problem)
        else:
            self._problem.emit(error.problem)


def _running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


def _on_task_done(
    ref: "weakref.ref[TaskRunner]",
    tasks: _Tasks,
    group: str | None,
    on_result: Callable[[T], object] | None,
    on_problem: OnProblem | None,
    task: asyncio.Task[T],
) -> None:
    tasks.discard(task)
    cancelled = task.cancelled()
    error = None if cancelled else task.exception()
    runner = ref()
    if runner is None or sip.isdeleted(runner):
        return
    if error is not None:
        runner.report(error, on_problem)
    elif on_result is not None and not cancelled and runner.is_current(task, group):
        on_result(task.result())
    if not tasks and not sip.isdeleted(runner):
        runner.busy_changed.emit(False)


async def end_tasks_of(root: QObject) -> None:
    """End the tasks of an object and of everything below it for good, and wait until they have closed what they use.

    Call it before what they use is closed: a task that is between two calls would open a new connection. Waits at most
    END_TIMEOUT_S.
    """
    left = set().union(*(runner.end() for runner in root.findChildren(TaskRunner)))
    if left:
        await asyncio.wait(left, timeout=END_TIMEOUT_S)


async def show_and_wait(dialog: QDialog) -> int:
    """Open a dialog and return its result code, without a nested event loop."""
    answer: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def finish(result: int) -> None:
        if not answer.done():
            answer.set_result(result)

    dialog.finished.connect(finish)
    dialog.open()
    try:
        return await answer
    finally:
        if not sip.isdeleted(dialog):
            dialog.deleteLater()
