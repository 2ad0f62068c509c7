"""A context as the window makes it, over a real store and without a window."""

import asyncio
import functools

from PyQt6.QtCore import QObject, pyqtSignal

from console.runtime.activity import Activity
from console.runtime.drafts import Drafts
from console.runtime.task_runner import TaskRunner
from console.runtime.undo_stack import UndoStack
from console.shell.page_registry import create_object
from tests.limits import WAIT_S


class PageContext(QObject):
    """Stands for the window: a real configuration and vault, and lists of what was asked of the window."""

    changes = pyqtSignal(list)
    settled = pyqtSignal()
    _noticed = pyqtSignal(list)

    def __init__(self, workspace):
        super().__init__()
        self.workspace = workspace
        self.drafts = Drafts(self)
        self.activity = Activity(self)
        self.visited, self.notes, self.problems = [], [], []
        self.tasks = TaskRunner(self, self.show_problem)
        self.undo = UndoStack(self.tasks, self.notify, self)
        self.workspace_or_none, self.problem, self.is_settled = workspace, None, True
        self.settings, self.polling, self.imports = None, None, None
        self.create_object = functools.partial(create_object, self)
        self._noticed.connect(self.changes)
        workspace.store.feed.subscribe(self._noticed.emit)

    async def ready(self):
        return self.workspace

    def call(self, function, *args, **kwargs):
        return asyncio.get_running_loop().run_in_executor(None, functools.partial(function, *args, **kwargs))

    async def call_importing(self, function):
        await self.call(function)

    def navigate(self, target):
        self.visited.append(target)

    def notify(self, text):
        self.notes.append(text)

    def show_problem(self, problem):
        self.problems.append(problem)


async def close_connections(workspace):
    """Close what a page opened to instances; the window does it when it closes."""
    await workspace.close_connections()


async def until(condition, seconds=WAIT_S):
    """Let the loop run until something holds."""
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.005)
