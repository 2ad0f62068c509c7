"""The object that every part of the window shares: workspace, tasks, drafts, commands, notifications, navigation."""

import asyncio
import concurrent.futures
import contextlib
import functools
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from PyQt6 import sip
from PyQt6.QtCore import QObject, QTimer, pyqtSignal
from PyQt6.QtWidgets import QWidget

from console.runtime.activity import Activity
from console.runtime.command_registry import CommandRegistry
from console.runtime.drafts import Drafts
from console.runtime.garbage_collector import GarbageCollector
from console.runtime.import_lock import import_alone
from console.runtime.import_watch import ImportWatch
from console.runtime.options import Options
from console.runtime.page_targets import Target
from console.runtime.request_polling import RequestPolling
from console.runtime.task_runner import TaskRunner, end_tasks_of
from console.runtime.undo_stack import UndoStack
from console.runtime.window_settings import WindowSettings
from models.kinds import Kind
from services.common.errors import ConsoleError, Problem
from services.language import preload_formatting

if TYPE_CHECKING:
    from models.base import ConfigurationObject
    from services.common.progress import Progress
    from services.workspace import Workspace

P = ParamSpec("P")
T = TypeVar("T")
ObjectCreator = Callable[[Kind, QWidget | None], Awaitable["ConfigurationObject | None"]]
FEED_POLL_INTERVAL_MS = 1500
SHOW_FIRST_S = 0.1
"""How long the window has for showing what was read before the workspace is opened."""


class Context(QObject):
    """Shared by pages, navigation and commands. Created before the workspace, which opens in a thread.

    `options` names the store and the vault, `profile` is the folder of drafts, layout and passwords. `preload` returns
    what `warm_up` runs in a thread, one after the other. `settled` is emitted `settle_ms` after `opened`.
    """

    changes = pyqtSignal(list)
    """Committed changes (`Change`) by this window or by another console, emitted in the GUI thread."""
    opened = pyqtSignal()
    """The workspace is open."""
    settled = pyqtSignal()
    """The start is over: work that nobody waits for begins now, so that it does not delay the first page."""
    navigated = pyqtSignal(object)
    """The window is to show a `Target`."""
    notified = pyqtSignal(str)
    """A sentence for the activity strip."""
    problem_raised = pyqtSignal(object)
    """A `Problem` to show in a dialog."""
    _changed = pyqtSignal(list)

    def __init__(
        self,
        options: Options,
        profile: Path,
        parent: QObject | None = None,
        *,
        preload: Callable[[], Iterable[Callable[[], object]]] | None = None,
        settle_ms: int = 0,
    ) -> None:
        super().__init__(parent)
        self.options = options
        self.profile = profile
        self.tasks = TaskRunner(self, self.show_problem)
        self.drafts = Drafts(self)
        self.activity = Activity(self)
        self.commands = CommandRegistry(self)
        self.undo = UndoStack(self.tasks, self.notify, self)
        self.settings: WindowSettings | None = None
        """Settings of the window, in which pages may store their own; None without a window."""
        self.polling: RequestPolling | None = None
        """The polling of ServiceNow by this window; None until it has started."""
        self.imports: ImportWatch | None = None
        """The waiting for imported actions; None without a window."""
        self.create_object: ObjectCreator | None = None
        """Shows the dialog for a new object and returns what was stored; None without a window."""
        self.problem: Problem | None = None
        """Why the workspace could not be opened."""
        self._preload = preload
        self._settle_timer = QTimer(self)
        self._settle_timer.setSingleShot(True)
        self._settle_timer.setInterval(settle_ms)
        self._settle_timer.timeout.connect(self.settled)
        self._workspace: Workspace | None = None
        self._pool = concurrent.futures.ThreadPoolExecutor(1, thread_name_prefix="store")
        self._closed: asyncio.AbstractEventLoop | None = None
        """The loop in which this was closed."""
        self._ready: asyncio.Future[Workspace] | None = None
        self._first_reads: list[Awaitable[object]] = []
        self._changed.connect(self.changes)
        self._collector = GarbageCollector(self)
        self._feed_timer = QTimer(self)
        self._feed_timer.setInterval(FEED_POLL_INTERVAL_MS)
        self._feed_timer.timeout.connect(lambda: self.tasks.start(self._poll_feed(), group="poll"))

    # -- the workspace -----------------------------------------------------------------------------------------

    @property
    def workspace(self) -> "Workspace":
        """The open workspace; raises RuntimeError before `opened`. Coroutines await `ready` instead."""
        if self._workspace is None:
            raise RuntimeError("the workspace is not open")
        return self._workspace

    @property
    def workspace_or_none(self) -> "Workspace | None":
        """The workspace, or None while it is not open."""
        return self._workspace

    def open(self) -> None:
        """Start opening store and vault, unless somebody waits for it already; `ready` waits for it."""
        if self._ready is None:
            self._open_from(asyncio.get_running_loop().create_future())

    def _open_from(self, ready: "asyncio.Future[Workspace]") -> "asyncio.Future[Workspace]":
        self._ready = ready
        self._collector.start()
        self._collector.hold()
        self.tasks.start(self._open(ready), group="open")
        return ready

    async def _open(self, ready: "asyncio.Future[Workspace]") -> None:
        try:
            await self._end_first_reads()
            workspace = await self.call(_open_workspace, self.options, self.profile, self._report_progress)
        except Exception as error:
            ready.set_exception(error)
            ready.exception()  # marks it as retrieved: nobody has to await `ready`
            if not isinstance(error, ConsoleError):
                raise
            self.problem = error.problem
            self.show_problem(error.problem)
            return
        finally:
            self._collector.release()
        self._workspace = workspace
        workspace.store.feed.subscribe(self._changed.emit)
        ready.set_result(workspace)
        self._feed_timer.start()
        self._settle_timer.start()
        self.opened.emit()

    async def _end_first_reads(self) -> None:
        while self._first_reads:
            reads, self._first_reads = self._first_reads, []
            await asyncio.gather(*reads, return_exceptions=True)
            await asyncio.sleep(SHOW_FIRST_S)  # what is shown now may read more

    @property
    def is_settled(self) -> bool:
        """Whether the start is over, so that work which nobody waits for may begin."""
        return self._workspace is not None and not self._settle_timer.isActive()

    def warm_up(self) -> None:
        """Import in a thread what pages need, once: somebody uses the window and is about to open one."""
        if self._preload is not None:
            preload, self._preload = self._preload, None
            self.tasks.start(self._warm_up(preload), group="warm up")

    async def _warm_up(self, preload: Callable[[], Iterable[Callable[[], object]]]) -> None:
        try:
            await self.ready()
        except ConsoleError:
            return  # told when it was opened
        for import_part in preload():  # each by itself: a page that is clicked does not wait for all others
            await self.call_importing(import_part)
        await self.call_importing(preload_formatting)

    async def import_page(self, function: Callable[[], object]) -> None:
        """Run a function that imports a page in a thread of its own: the store may be busy, or be opened for a minute.

        Before the workspace is open, its opening waits for it as for what `read_first` reads.
        """
        importing = asyncio.get_running_loop().run_in_executor(None, import_alone, function)
        if self._workspace is None:
            self._first_reads.append(importing)
        self._collector.hold()
        try:
            await importing
        finally:
            self._collector.release()

    async def call_importing(self, function: Callable[[], object]) -> None:
        """Run a function that imports modules in the thread of the store, while no garbage is collected.

        What is made meanwhile are modules, which stay: looking for garbage in them holds up the window, and slows the
        import by a third.
        """
        self._collector.hold()
        try:
            await self.call(import_alone, function)
        finally:
            self._collector.release()

    async def ready(self) -> "Workspace":
        """Return the workspace once it is open; raises the exception of an unsuccessful attempt to open it."""
        opening = self._ready or self._open_from(asyncio.get_running_loop().create_future())
        return await asyncio.shield(opening)

    def call(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> asyncio.Future[T]:
        """Run a blocking service call in the single thread of the store and return a future of its result.

        After `aclose` the future is cancelled.
        """
        if self._closed is not None:
            # Also after the loop has ended: it runs pending callbacks once more while it stops.
            cancelled: asyncio.Future[T] = self._closed.create_future()
            cancelled.cancel()
            return cancelled
        loop = asyncio.get_running_loop()
        return loop.run_in_executor(self._pool, functools.partial(function, *args, **kwargs))

    def read_first(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> asyncio.Future[T]:
        """Run a function that needs no open workspace in the thread of the store, before the workspace is opened.

        Opening takes longer, and takes time from the window: it waits until what was read is shown.
        """
        reading = self.call(function, *args, **kwargs)
        self._first_reads.append(reading)
        return reading

    async def _poll_feed(self) -> None:
        with contextlib.suppress(
            ConsoleError
        ):  # the next call of a page reports a store that is busy or gone
            await self.call(self.workspace.store.feed.poll)

    async def aclose(self, window: QObject | None = None) -> None:
        """Write the drafts, end the tasks of `window` and of the context, and close the workspace."""
        self._feed_timer.stop()
        self._settle_timer.stop()
        self._collector.stop()
        self.drafts.flush()
        for owner in (window, self):
            if owner is not None and not sip.isdeleted(owner):
                await end_tasks_of(owner)
        if self._workspace is not None:
            await self._workspace.aclose()
        self._closed = asyncio.get_running_loop()
        self._pool.shutdown(wait=False, cancel_futures=True)

    # -- notifications and navigation --------------------------------------------------------------------------

    def navigate(self, target: Target) -> None:
        """Show a target in the window."""
        self.navigated.emit(target)

    def notify(self, text: str) -> None:
        """Show a sentence in the activity strip. May be called in any thread."""
        self.notified.emit(text)

    def show_problem(self, problem: Problem) -> None:
        """Show a problem in a dialog."""
        self.problem_raised.emit(problem)

    def _report_progress(self, text: str, done: int = 0, total: int | None = None) -> None:
        del done, total
        self.notify(text)


def _import_workspace() -> None:
    from models.tables import all_models
    from services import vault, workspace  # noqa: F401 - importing is the effect

    all_models()


def _open_workspace(options: Options, folder: Path, progress: "Progress") -> "Workspace":
    import_alone(_import_workspace)
    from services.vault import VaultKind
    from services.workspace import Workspace

    return Workspace.open(options.store, VaultKind(options.vault), folder, progress)
