"""The changes of this window that can be undone, newest first."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtWidgets import QWidget

from console.runtime.task_runner import TaskRunner

MAX_STEPS = 50


@dataclass(frozen=True, slots=True)
class UndoStep:
    """One change that can be undone."""

    text: str
    """The change, such as “Delete ServiceNow Server”."""
    undo: Callable[[QWidget], Awaitable[str]]
    """Undoes the change and returns a sentence about it; dialogs open over the widget."""


class UndoStack(QObject):
    """The steps of one window. `changed` is emitted for each step that is added or undone."""

    changed = pyqtSignal()

    def __init__(self, tasks: TaskRunner, notify: Callable[[str], object], parent: QObject) -> None:
        super().__init__(parent)
        self._steps: list[UndoStep] = []
        self._tasks, self._notify = tasks, notify
        self._running: asyncio.Task[str] | None = None

    @property
    def next(self) -> str:
        """The text of the step that `undo_last` undoes; empty without one."""
        return self._steps[-1].text if self._steps else ""

    def push(self, step: UndoStep) -> None:
        """Add a step; the oldest ones beyond `MAX_STEPS` are dropped."""
        self._steps.append(step)
        del self._steps[:-MAX_STEPS]
        self.changed.emit()

    def undo_last(self, parent: QWidget) -> None:
        """Undo the last step, unless another one is being undone."""
        if self._steps and (self._running is None or self._running.done()):
            undoing = self._undo(self._steps.pop(), parent)
            self._running = self._tasks.start(undoing, group="undo", on_result=self._notify)
            self.changed.emit()

    @staticmethod
    async def _undo(step: UndoStep, parent: QWidget) -> str:
        return await step.undo(parent)
