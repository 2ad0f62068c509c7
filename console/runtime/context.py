"""What every part of the window is given: the workspace, tasks, drafts, commands, and ways to speak and to go."""

import asyncio
import concurrent.futures
import contextlib
import functools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from PyQt6.QtCore import QObject, QTimer, pyqtSignal

from console.navigation.page_registry import import_all_pages
from console.runtime.activity import Activity
from console.runtime.command_registry import CommandRegistry
from console.runtime.drafts import Drafts
from console.runtime.garbage_collector import GarbageCollector
from console.runtime.targets import Target
from console.runtime.task_runner import TaskRunner
from services.common.errors import ConsoleError, Problem
from services.language import preload_formatting

P = ParamSpec("P")
T = TypeVar("T")
FEED_POLL_INTERVAL_MS = 1500


@dataclass(frozen=True, slots=True)
class WindowOptions:
    """How the window was started. `profile` keeps drafts, layout and bindings; empty `store_url` is this user's own."""

    store_url: str
    profile: Path
    vault: str = "system"
    verbose: bool = False


class Context(QObject):
    """The one object that pages, navigation and commands share. Made before the workspace, which opens in a thread."""

    changes = pyqtSignal(list)
    """Committed changes, by this window or by another console, told in the thread of the window."""
    opened = pyqtSignal()
    """The workspace is there."""
    navigated = pyqtSignal(object)
    """Somebody wants to go to a target."""
    said = pyqtSignal(str)
    """A sentence for the strip at the foot of the window."""
    failed = pyqtSignal(object)
    """A problem to show in its five parts."""
    crashed = pyqtSignal(object)
    """An exception nobody expected."""
    _noticed = pyqtSignal(list)

    def __init__(self, options: WindowOptions, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.options = options
        self.workers = TaskRunner(self)
        self.workers.failed.connect(self._task_failed)
        self.drafts = Drafts(self)
        self.activity = Activity(self)
        self.commands = CommandRegistry(self)
        self.remembered: Any = None
        """The layout of the window, for pages that remember something of theirs."""
        self.following: Any = None
        """What asks the instances about open requests, once the window has begun it."""
        self.undo: Any = None
        """What takes back what was done in this window."""
        self.workspace: Any = None
        self.problem: Problem | None = None
        """Why the workspace could not be opened."""
        self._pool = concurrent.futures.ThreadPoolExecutor(1, thread_name_prefix="store")
        self._closed: asyncio.AbstractEventLoop | None = None
        """The loop in which this was closed."""
        self._ready: asyncio.Future[Any] | None = None
        self._noticed.connect(self.changes)
        self._collector = GarbageCollector(self)
        self._poll = QTimer(self)
        self._poll.setInterval(FEED_POLL_INTERVAL_MS)
        self._poll.timeout.connect(lambda: self.workers.start(self._look(), group="poll"))

    # -- the workspace -----------------------------------------------------------------------------------------

    def open(self) -> None:
        """Begin to open store and vault; `ready` waits for it."""
        self._ready = asyncio.get_running_loop().create_future()
        self._collector.start()
        self.workers.start(self._open(), group="open")

    async def _open(self) -> None:
        ready = self._ready
        if ready is None:
            return
        try:
            self.workspace = await self.call(_open_workspace, self.options, self._tell)
        except ConsoleError as error:
            self.problem = error.problem
            ready.set_exception(error)
            ready.exception()  # whoever awaits gets it; nobody has to
            self.failed.emit(error.problem)
            return
        self.workspace.store.feed.subscribe(self._noticed.emit)
        ready.set_result(self.workspace)
        self._poll.start()
        self.opened.emit()
        await self.call(import_all_pages)
        await self.call(preload_formatting)
        self._collector.settle()

    async def ready(self) -> Any:
        """Return the workspace once it is open; raises what kept it from opening."""
        if self._ready is None:
            self.open()
        assert self._ready is not None  # noqa: S101 - `open` has just made it
        return await asyncio.shield(self._ready)

    def call(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> asyncio.Future[T]:
        """Run a synchronous service call in the one thread of the store, from now on, and return what awaits it.

        Once the context is closed, whoever awaits a call is cancelled.
        """
        if self._closed is not None:
            # Also after the loop: it runs what is due once more while it ends.
            never: asyncio.Future[T] = self._closed.create_future()
            never.cancel()
            return never
        loop = asyncio.get_running_loop()
        return loop.run_in_executor(self._pool, functools.partial(function, *args, **kwargs))

    async def _look(self) -> None:
        with contextlib.suppress(
            ConsoleError
        ):  # a store that is busy or gone is told about by the next real call
            await self.call(self.workspace.store.feed.poll)

    async def aclose(self) -> None:
        """Keep the drafts, stop every task and close the workspace."""
        self._poll.stop()
        self._collector.stop()
        self.drafts.flush()
        self.workers.cancel_all()
        if self.workspace is not None:
            await self.workspace.aclose()
        self._closed = asyncio.get_running_loop()
        self._pool.shutdown(wait=False, cancel_futures=True)

    # -- speaking and going ------------------------------------------------------------------------------------

    def navigate(self, target: Target) -> None:
        """Go to a target."""
        self.navigated.emit(target)

    def notify(self, text: str) -> None:
        """Say a sentence that needs no answer."""
        self.said.emit(text)

    def _tell(self, text: str, done: int = 0, total: int | None = None) -> None:
        """Say what takes long while the store is opened; called in the thread that opens it."""
        del done, total
        self.said.emit(text)

    def show_problem(self, problem: Problem) -> None:
        """Show a problem in its five parts."""
        self.failed.emit(problem)

    def _task_failed(self, error: BaseException) -> None:
        if isinstance(error, ConsoleError):
            self.show_problem(error.problem)
        else:
            self.crashed.emit(error)


def _open_workspace(options: WindowOptions, progress: Callable[..., None]) -> Any:
    from models.tables import all_models
    from services.vault import VaultKind
    from services.workspace import Workspace

    all_models()
    return Workspace.open(options.store_url, VaultKind(options.vault), options.profile, progress)
