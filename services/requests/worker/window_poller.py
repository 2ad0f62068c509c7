"""Follows requests for an open window, as long as no worker does, and tells the window how it stands.

What polls, with the client of instances, is imported when the window has to poll for the first time: one whose store has
no server, or a worker, does without.
"""

import asyncio
import logging
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from services.common.errors import ConsoleError, Problem
from services.common.unexpected_errors import to_console_error
from services.coordination.call_budget import CALLS_PER_HOUR, CallBudget
from services.coordination.clock import Clock, SystemClock
from services.coordination.leases import Leases
from services.coordination.process_identity import process_identity
from services.coordination.worker_presence import list_active_workers
from services.requests.polling.poll_result import PollResult
from services.requests.polling.poll_state import PollState, load_poll_states
from services.requests.polling.polled_servers import list_servers_in
from services.store.errors import StoreError

if TYPE_CHECKING:
    from services.requests.worker.worker import Worker, WorkSource

STATUS_INTERVAL_S = 5.0
READ_INTERVAL_S = 30.0
"""The status is read at least so often where nothing was committed: calls leave the hour, and pauses end."""
BACKOFF_MAX_S = 600.0
log = logging.getLogger(__name__)


class PollingOwner(StrEnum):
    """Who follows the requests of a store."""

    WORKER = "worker"
    """A worker, on this computer or another."""
    HERE = "here"
    """This window, because there is no worker."""
    NOBODY = "nobody"
    """Nobody: there is nothing to follow, or the store cannot be read."""


@dataclass(frozen=True, slots=True)
class PollingStatus:
    """How following stands: who does it, and the state of each server by its id. `calls_most` is the limit an hour."""

    where: PollingOwner
    servers: tuple[tuple[uuid.UUID, PollState], ...] = ()
    calls_most: int = CALLS_PER_HOUR
    problem: Problem | None = None
    """Why it is not known who follows; it is tried again."""

    @property
    def seen_at(self) -> datetime | None:
        """When all was looked at last: the oldest of all servers."""
        times = [state.seen_at for _, state in self.servers]
        return min((one for one in times if one is not None), default=None) if all(times) else None

    @property
    def calls(self) -> int:
        """Calls of the last hour to the server that was asked most."""
        return max((state.calls for _, state in self.servers), default=0)

    @property
    def paused_until(self) -> datetime | None:
        """Until when a server is left alone, because it asked for that or cannot be reached."""
        return max((s.paused_until for _, s in self.servers if s.paused_until is not None), default=None)


class WindowPoller:
    """Follows in a window. `on_status` is told how it stands whenever that changed, `on_round` of every look.

    `import_worker` is awaited before this window polls for the first time, and imports `services.requests.worker.worker`.
    """

    def __init__(
        self,
        source: "WorkSource",
        *,
        on_status: Callable[[PollingStatus], None],
        on_round: Callable[[uuid.UUID, PollResult], None] | None = None,
        import_worker: Callable[[], Awaitable[None]] | None = None,
        clock: Clock | None = None,
        holder: str = "",
        every_s: float = STATUS_INTERVAL_S,
    ) -> None:
        self._source = source
        self._clock = clock or SystemClock()
        self._on_status = on_status
        self._every = every_s
        self._told: PollingStatus | None = None
        self._read_status: PollingStatus | None = None
        """How it stood when the store was read last; None where it has to be read again."""
        self._mark: tuple[int, int] | None = None
        self._read_until = 0.0
        self._on_round = on_round
        self._import_worker = import_worker
        self._worker: Worker | None = None
        """What polls; None until this window had to for the first time."""
        self._leases = Leases(source.store, holder or process_identity(), self._clock)
        self._time = self._leases.time
        self._budget = CallBudget(source.store, self._time)

    async def run(self) -> None:
        """Follow whenever no worker does, until this is cancelled: a window that closes does not wait for an instance."""
        working: asyncio.Task[None] | None = None
        stop = asyncio.Event()
        failures = 0
        try:
            while True:
                status = await asyncio.to_thread(self.status)
                if working is not None and working.done():
                    status, working = self._status_after_failure(status, working), None
                elif status.where is PollingOwner.HERE and working is None:
                    stop.clear()
                    working = asyncio.ensure_future(self._work(stop))
                elif status.where is not PollingOwner.HERE and working is not None and status.problem is None:
                    stop.set()
                    await asyncio.wait({working})
                    status, working = self._status_after_failure(status, working), None
                if status != self._told:
                    self._told = status
                    self._on_status(status)
                failures = failures + 1 if status.problem is not None else 0
                await self._clock.sleep(min(BACKOFF_MAX_S, self._every * 2.0 ** min(failures, 10)))
        finally:
            if working is not None:
                working.cancel()
                await asyncio.wait({working})

    def retry_local_faults(self) -> None:
        """Poll again soon what failed here before anything was sent, such as for a missing secret."""
        if self._worker is not None:
            self._worker.server_schedule.retry_local_faults()

    async def _work(self, stop: asyncio.Event) -> None:
        if self._worker is None:
            if self._import_worker is not None:
                await self._import_worker()
            self._worker = self._make_worker()
        await self._worker.run(stop)

    def _make_worker(self) -> "Worker":
        from services.requests.worker.worker import Worker

        return Worker(
            self._source,
            clock=self._clock,
            leases=self._leases,
            raises=False,
            present=False,
            on_round=self._on_round,
        )

    def _status_after_failure(self, status: PollingStatus, working: "asyncio.Task[None]") -> PollingStatus:
        """Return how it stands after the worker of this window has ended; an error of it is told."""
        error = None if working.cancelled() else working.exception()
        if not isinstance(error, Exception):
            return status
        return replace(status, problem=to_console_error(log, "Poll ServiceNow", error).problem)

    def status(self) -> PollingStatus:
        """Read how following stands; where that cannot be read, it is nobody's."""
        try:
            return self._status()
        except StoreError:
            return PollingStatus(PollingOwner.NOBODY)
        except Exception as error:  # noqa: BLE001 -- polling goes on when it can be read again
            return PollingStatus(
                PollingOwner.NOBODY,
                problem=self._same(to_console_error(log, "Read who polls ServiceNow", error)),
            )

    def _same(self, error: ConsoleError) -> Problem:
        """Return the problem as it was told before where it is the same, so that it is told once."""
        told = self._told.problem if self._told is not None else None
        if told is not None and told.evidence == error.problem.evidence:
            return told
        return error.problem

    def _status(self) -> PollingStatus:
        store = self._source.store
        mark, now = store.mark.read(), self._clock.monotonic()
        if (
            self._read_status is not None
            and mark is not None
            and (mark == self._mark and now < self._read_until)
        ):
            return self._read_status
        self._read_status = None
        with store.read() as session:
            servers = list_servers_in(session)
            states = load_poll_states(session, servers, self._budget) if servers else ()
            # After the calls, which tell how far this clock is behind.
            there = list_active_workers(session, self._time.now())
        if there:
            # Not kept: a worker may be gone without a change of the store.
            return PollingStatus(PollingOwner.WORKER, states)
        self._read_status = PollingStatus(PollingOwner.HERE if servers else PollingOwner.NOBODY, states)
        self._mark, self._read_until = mark, now + READ_INTERVAL_S
        return self._read_status
