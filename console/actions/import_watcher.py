"""Waits until servers show the copies that were written: every 10 s, then every minute, for half an hour."""

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, pyqtSignal

from console.runtime import lazy_imports
from console.runtime.activity import CANCELLED, DONE, FAILED, Job
from console.runtime.import_watch import Waiting, WaitState
from console.runtime.page_targets import Target
from console.runtime.task_runner import TaskRunner
from models.kinds import Kind
from models.translation_marks import tr_later
from services.common.errors import ConsoleError, Problem
from services.language import tr, translate

if TYPE_CHECKING:
    from console.runtime.context import Context
    from services.actions.server_actions import Sighting

OFTEN_S, SELDOM_S = 10.0, 60.0
OFTEN_FOR_S = 300.0
"""How long the server is asked often."""
WAIT_FOR_S = 1800.0
"""How long a copy is awaited."""
WAITING = tr_later("Waiting for the action on {server}")

Pause = Callable[[float], Awaitable[None]]


class ImportWatcher(QObject):
    """Belongs to the window: leaving a page does not stop it, and the next start goes on with what was written."""

    changed = pyqtSignal(object)
    """The waiting for an action changed; carries its id."""

    def __init__(
        self,
        ctx: "Context",
        parent: QObject,
        *,
        pause: Pause = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(parent)
        self.ctx = ctx
        self.tasks = TaskRunner(self, self._on_problem)
        self._pause, self._clock = pause, clock
        self._waiting: dict[uuid.UUID, Waiting] = {}
        ctx.imports = self

    def start(self) -> None:
        """Go on with the copies that were written and not seen yet, once the workspace is open."""
        self.tasks.start(self._resume(), group="resume")

    def stop(self) -> None:
        """Stop; the window closes."""
        if self.ctx.imports is self:
            self.ctx.imports = None
        self.tasks.cancel_all()

    def waiting_for(self, action_id: uuid.UUID) -> Waiting:
        """Return the state of the waiting for an action."""
        return self._waiting.get(action_id, Waiting())

    def watch(self, action_id: uuid.UUID) -> None:
        """Wait for the copy of an action; asks at once."""
        self._set(action_id, Waiting(WaitState.WAITING))
        self.tasks.start(self._wait(action_id), group=str(action_id))

    def stop_waiting(self, action_id: uuid.UUID) -> None:
        """Wait no longer."""
        self.tasks.cancel(str(action_id))
        self._set(action_id, Waiting(asked_at=self.waiting_for(action_id).asked_at))

    # -- inside ------------------------------------------------------------------------------------------------

    def _set(self, action_id: uuid.UUID, waiting: Waiting) -> None:
        self._waiting[action_id] = waiting
        self.changed.emit(action_id)

    async def _resume(self) -> None:
        workspace = await self.ctx.ready()
        await lazy_imports.ready(self.ctx, lazy_imports.awaited_copies)
        from services.actions.awaited_copies import list_awaited

        for action_id in await self.ctx.call(list_awaited, workspace.store):
            if self.waiting_for(action_id).state is WaitState.NONE:
                self.watch(action_id)

    async def _wait(self, action_id: uuid.UUID) -> None:
        job: Job | None = None
        try:
            begin = self._clock()
            while True:
                server, sighting, problem = await self._ask(action_id)
                if sighting is None and problem is None:
                    self._set(action_id, Waiting())
                    return
                if job is None:
                    name = tr(WAITING, server=server)
                    job = self.ctx.activity.begin(name, lambda: self.stop_waiting(action_id))
                if sighting is not None and sighting.has_copy:
                    self._arrived(action_id, job)
                    return
                waited = self._clock() - begin
                self._report(action_id, job, sighting, problem, is_over=waited >= WAIT_FOR_S)
                if waited >= WAIT_FOR_S:
                    return
                await self._pause(OFTEN_S if waited < OFTEN_FOR_S else SELDOM_S)
        finally:
            if job is not None and job.running:
                job.end(tr("Stopped"), CANCELLED)

    def _arrived(self, action_id: uuid.UUID, job: Job) -> None:
        self._set(action_id, Waiting(asked_at=datetime.now(UTC)))
        job.end(tr("The action is on the server"), DONE)
        target = Target(Kind.ACTION.value, action_id)
        self.ctx.activity.offer(tr("Show the action"), lambda: self.ctx.navigate(target))

    def _report(
        self,
        action_id: uuid.UUID,
        job: Job,
        sighting: "Sighting | None",
        problem: Problem | None,
        *,
        is_over: bool,
    ) -> None:
        namesake = sighting.namesake_id if sighting is not None else ""
        state = WaitState.NAMESAKE if namesake else WaitState.WAITING
        asked_at = datetime.now(UTC)
        if is_over:
            state = WaitState.OVERDUE
            job.end(tr("Not seen yet"), FAILED)
        elif problem is not None:
            job.progress(translate(problem.cause))
        else:
            job.progress(tr("Asked, not there yet"))
        self._set(action_id, Waiting(state, asked_at, problem, namesake))

    async def _ask(self, action_id: uuid.UUID) -> "tuple[str, Sighting | None, Problem | None]":
        """Ask the server once; nothing is returned where there is nothing to wait for any more."""
        await lazy_imports.ready(self.ctx, lazy_imports.actions)
        from models.action import Action
        from models.privilege_manager_server import PrivilegeManagerServer
        from services.actions import progress as progresses
        from services.actions import server_actions

        workspace = await self.ctx.ready()
        server_name = ""
        try:
            action = await self.ctx.call(workspace.configuration.get, Action, action_id)
            progress = await self.ctx.call(progresses.load_progress, workspace.store, action_id)
            if action.server_id is None or progress.written_at is None or progress.imported_at is not None:
                return "", None, None
            server = await self.ctx.call(
                workspace.configuration.get, PrivilegeManagerServer, action.server_id
            )
            server_name = server.name
            client = await workspace.privilege_manager(action.server_id)
            sighting = await server_actions.ask_for_copy(
                workspace.store, client, action.server_id, progress, action.name
            )
        except ConsoleError as error:
            # Without the server's name the action itself cannot be read: it was deleted.
            return server_name, None, error.problem if server_name else None
        return server_name, sighting, None

    def _on_problem(self, problem: Problem) -> None:
        self.ctx.activity.record(translate(problem.tried), translate(problem.cause), FAILED, routine=True)
