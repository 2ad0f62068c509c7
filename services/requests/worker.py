"""Runs approval processes without a window: raises what was taken in, follows, times out, and cleans up.

Many requests on one loop. Everything that is done is claimed in the store first, so that several workers share the work
and what a dead one was doing is taken over. A worker that is told to stop finishes what it has begun.
"""

import asyncio
import logging
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlmodel import Session

from models.approval_process import ApprovalProcess
from models.approval_request import ApprovalRequest
from models.foreign_system import ForeignSystem
from models.kinds import RequestOrigin, RequestState
from services.errors import Problem
from services.requests import claims
from services.requests.clearing import clean_up_rehearsals
from services.requests.clock import Clock, SystemClock
from services.requests.following import INTERVAL_S, NOT_DUE, PAUSED, Follower, Round, paused_servers
from services.requests.ground import Source
from services.requests.leases import Leases, holding_of, holdings, is_held, put
from services.requests.life import RequestLife
from services.requests.steps import Steps
from services.store import NotFoundError, Store
from services.store.errors import StoreError
from services.store.values import table_of
from services.unexpected import unexpected

NEW_EVERY_S = 2.0
"""Between two looks into the store for requests that were taken in, or whose time is over."""
BEAT_S = 0.5
PRESENT_S = 60.0
PRESENT_EVERY_S = 20.0
CLEAN_EVERY_S = 300.0
CLAIM_S = 150.0
"""Longer than the calls of one step may take together."""
IN_HAND = 2
"""Requests of one server that one worker has in hand at a time, besides following."""
LISTED_MOST = 1000
PROBLEMS_MOST = 100
STORE_AGAIN_S = 5.0
"""Until a store that was locked or gone is tried again: others must not learn of a decision late because of it."""
AGAIN_S = 15.0
AGAIN_MOST_S = 600.0
"""The pauses between two tries of what failed: they double, up to the longest one."""
PRESENT = "worker:"
LOOKING, CLEANING = "look", "clean"
RAISING, ENDING = "Raise a request", "Time out a request"
_TASKS = {CLEANING: "Clean up rehearsals"}

_TABLE = table_of(ApprovalRequest)
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Step:
    """A request whose next step is due, and the server that it goes through."""

    request_id: uuid.UUID
    server_id: uuid.UUID
    raising: bool


@dataclass(slots=True)
class Done:
    """What one round of everything did."""

    rounds: dict[uuid.UUID, Round] = field(default_factory=dict)
    raised: int = 0
    timed_out: int = 0
    cleaned: int = 0
    problems: list[Problem] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether everything that was due could be done. A server that is left alone after a failure was due."""
        return not self.problems and not any(
            one.problem or one.note == PAUSED for one in self.rounds.values()
        )

    def note(self, problem: Problem) -> None:
        """Keep a problem; of a worker that runs for months only the newest ones."""
        self.problems.append(problem)
        del self.problems[:-PROBLEMS_MOST]


class Worker:
    """Does what is due until it is told to stop.

    `raises` says whether it raises what was taken in, `present` whether it counts as a worker for windows.
    """

    def __init__(
        self,
        source: Source,
        *,
        clock: Clock | None = None,
        holder: str = "",
        raises: bool = True,
        present: bool = True,
        on_round: Callable[[uuid.UUID, Round], None] | None = None,
        new_every_s: float = NEW_EVERY_S,
    ) -> None:
        self._source = source
        self._store: Store = source.store
        self.clock = clock or SystemClock()
        self.leases = Leases(self._store, holder or claims.this_process(), self.clock)
        self.follower = Follower(source, self.leases, clock=self.clock)
        self._raises, self._present = raises, present
        self._on_round = on_round or (lambda _server, _round: None)
        self._new_every = new_every_s
        self._jobs: dict[object, asyncio.Task[None]] = {}
        self._due: dict[object, float] = {}
        """When something is due, by the clock that only goes on: the time of day may be put back or forward."""
        self._failures: dict[object, int] = {}
        """How often something failed in a row, by the same keys."""
        self.done = Done()

    # -- running ---------------------------------------------------------------

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set, then finish what is in hand and give back what is claimed.

        Cancelling it breaks off what is in hand: that is gone on with by whoever comes next.
        """
        stopping = asyncio.ensure_future(stop.wait())
        try:
            while not stop.is_set():
                until = await self._launch()
                if self._jobs:
                    waited = {stopping, *self._jobs.values()}
                    await asyncio.wait(waited, timeout=BEAT_S, return_when=asyncio.FIRST_COMPLETED)
                else:
                    await self._rest(stopping, until)
        except asyncio.CancelledError:
            self._break_off()
            raise
        finally:
            stopping.cancel()
            await self._finish()

    async def once(self) -> Done:
        """Do one round of everything that is due now, and give back what is claimed."""
        tried: set[Step] = set()
        try:
            await self._launch(everything=True)
            while self._jobs:
                # Whatever becomes of a step, this round takes it once.
                tried |= {key for key in self._jobs if isinstance(key, Step)}
                await asyncio.wait(self._jobs.values())
                await asyncio.sleep(0)  # the callbacks of what has ended
                for step in await self._next_steps():
                    if step not in tried:
                        self._start_step(step)
        except asyncio.CancelledError:
            self._break_off()
            raise
        finally:
            await self._finish()
        return self.done

    async def _rest(self, stopping: "asyncio.Task[Any]", until: float) -> None:
        seconds = max(0.0, until - self.clock.monotonic())
        sleeping = asyncio.ensure_future(self.clock.sleep(seconds))
        try:
            await asyncio.wait({stopping, sleeping}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            sleeping.cancel()
            await asyncio.wait({sleeping})

    async def _finish(self) -> None:
        """Let everything in hand come to its end; cancelling this breaks it off."""
        try:
            while self._jobs:
                await asyncio.wait(list(self._jobs.values()))
                await asyncio.sleep(0)
        except asyncio.CancelledError:
            self._break_off()
            raise
        finally:
            await asyncio.to_thread(self._give_back)

    def _break_off(self) -> None:
        for job in list(self._jobs.values()):
            job.cancel()

    def _give_back(self) -> None:
        try:
            self.leases.release_all()
        except Exception as error:  # noqa: BLE001 -- nothing is lost by it: what was claimed is free again after a while
            problem = unexpected(log, "Give back what is claimed", error).problem
            self.done.note(problem)
            log.info("what was claimed is not given back: %s", problem.as_text())

    # -- what is due -----------------------------------------------------------

    async def _launch(self, *, everything: bool = False) -> float:
        """Start what is due, and return when to look again."""
        now = self.clock.monotonic()
        until = now + self._new_every
        # What was due is due, whether it is remembered or not.
        self._due = {key: at for key, at in self._due.items() if at > now}
        try:
            await self._appear(now)
            servers = await self.follower.servers()
            steps = await asyncio.to_thread(self._steps)
        except Exception as error:  # noqa: BLE001 -- a worker goes on, whatever it was
            # The store is locked or gone for a moment; what is due stays due.
            return self._cannot_look(error)
        self._failures.pop(LOOKING, None)
        for server_id in servers:
            due = self._due.get(server_id, now)
            if due <= now or everything:
                self._start(server_id, self._follow(server_id))
            else:
                until = min(until, due)
        for step in steps:
            self._start_step(step)
        if self._due.get(CLEANING, now) <= now:
            self._due[CLEANING] = now + CLEAN_EVERY_S
            self._start(CLEANING, self._clean())
        return until

    def _cannot_look(self, error: Exception) -> float:
        """Note that what is due cannot be read, and return when to look again."""
        problem = unexpected(log, "Look for what is due", error).problem
        self.done.note(problem)
        log.warning("the worker cannot read what is due: %s", problem.as_text())
        pause = self._pause(LOOKING)
        return self.clock.monotonic() + (STORE_AGAIN_S if isinstance(error, StoreError) else pause)

    async def _next_steps(self) -> list[Step]:
        try:
            return await asyncio.to_thread(self._steps)
        except Exception as error:  # noqa: BLE001 -- what is in hand is finished all the same
            self._cannot_look(error)
            return []

    def _start(self, key: object, work: Awaitable[None]) -> None:
        if key in self._jobs:
            work.close()  # type: ignore[attr-defined]
            return
        job = asyncio.ensure_future(work)
        self._jobs[key] = job
        job.add_done_callback(lambda ended: self._ended(key, ended))

    def _ended(self, key: object, job: "asyncio.Future[None]") -> None:
        """Take a job off the list. What a job did not handle itself is told here, and tried again later."""
        del self._jobs[key]
        error = None if job.cancelled() else job.exception()
        if isinstance(error, Exception):
            kept = key.request_id if isinstance(key, Step) else key
            self.done.note(unexpected(log, _TASKS.get(str(key), "Go on with a request"), error).problem)
            self._due[kept] = self.clock.monotonic() + self._pause(kept)

    def _start_step(self, step: Step) -> None:
        now = self.clock.monotonic()
        if self._due.get(step.request_id, now) > now:
            return
        in_hand = sum(isinstance(key, Step) and key.server_id == step.server_id for key in self._jobs)
        if in_hand < IN_HAND:
            self._start(step, self._do(step))

    def _steps(self) -> list[Step]:
        """Return the requests raised here whose next step is due and in nobody's hand."""
        now = self.clock.now()
        own = _TABLE.c.origin == RequestOrigin.CONSOLE
        over = (
            own,
            _TABLE.c.state == RequestState.PENDING,
            _TABLE.c.times_out_at <= now,
            _TABLE.c.external_id != "",
        )
        columns = (_TABLE.c.id, _TABLE.c.server_id, _TABLE.c.claimed_by, _TABLE.c.claimed_until)
        found: list[Step] = []
        with self._store.read() as session:
            wanted = [(select(*columns).where(*over).order_by(_TABLE.c.times_out_at), False)]
            if self._raises:
                waiting = select(*columns).where(own, _TABLE.c.state == RequestState.SUBMITTING)
                wanted.append((waiting.order_by(_TABLE.c.requested_at), True))
            # What waits for its next try, or for a server that is left alone, must not keep the others off the list.
            most = LISTED_MOST + len(self._failures)
            paused = paused_servers(session, self.leases.time.now())
            awake = (_TABLE.c.server_id.is_not(None), _TABLE.c.server_id.not_in(paused))
            for query, raising in wanted:
                for row in session.execute(query.where(*awake).limit(most)):
                    claimed = claims.is_claimed(row.claimed_by, row.claimed_until, self.leases.holder, now)
                    if not claimed:
                        found.append(Step(row.id, row.server_id, raising))
        return found

    # -- the work itself -------------------------------------------------------

    async def _follow(self, server_id: uuid.UUID) -> None:
        try:
            done = await self.follower.round(server_id)
        except Exception as error:  # noqa: BLE001 -- the other servers are followed all the same
            problem = unexpected(log, "Follow the requests of a server", error).problem
            pause = self._pause(server_id)
            self._due[server_id] = self.clock.monotonic() + (
                STORE_AGAIN_S if isinstance(error, StoreError) else pause
            )
            self.done.note(problem)
            log.warning("following stops for now: %s", problem.as_text())
            return
        self._failures.pop(server_id, None)
        wait = (done.next_at - self.clock.now()).total_seconds() if done.next_at else INTERVAL_S
        # No longer than that, even while it is left alone: a computer may have slept meanwhile, or the time of day changed.
        self._due[server_id] = self.clock.monotonic() + min(wait, INTERVAL_S)
        self.done.rounds[server_id] = done
        if done.note == PAUSED and done.problem is not None:
            log.warning("following is paused until %s: %s", done.next_at, done.problem.as_text())
        elif done.changed:
            log.info(
                "followed %s: %d seen, %d changed, %d ended, %d calls",
                server_id, done.seen, done.changed, len(done.decided), done.calls,
            )  # fmt: skip
        if done.note != NOT_DUE:
            self._on_round(server_id, done)

    async def _do(self, step: Step) -> None:
        """Take the next step of one request: raise it, or end it because its time is over."""
        try:
            try:
                claimed = await asyncio.to_thread(self.leases.claim, [step.request_id], CLAIM_S)
            except StoreError as error:
                self._wait_for_store(step.request_id, error)
                return
            if not claimed:
                self._due[step.request_id] = self.clock.monotonic() + self._new_every
                return
            try:
                await self._take(step)
            finally:
                await asyncio.to_thread(self._release, step.request_id)
        except Exception as error:  # noqa: BLE001 -- one request must not stop the others
            problem = unexpected(log, RAISING if step.raising else ENDING, error).problem
            self.done.note(problem)
            self._again(step, failed=True)
            # Without its process a request stays as it is; that is nothing new each time.
            level = logging.INFO if isinstance(error, NotFoundError) else logging.WARNING
            log.log(level, "request %s: %s", step.request_id, problem.as_text())
            await self._tell(step, problem)

    async def _take(self, step: Step) -> None:
        row, process = await asyncio.to_thread(self._read, step)
        if row is None or RequestState(row.state).final:
            self._again(step, failed=False)
            return
        if process is None:
            # Without its process nobody can take it further; it stays as it is.
            raise NotFoundError("the Approval Process of the request")
        instance = await self._source.instance(step.server_id)
        life = RequestLife(self._store, instance, process, holder=self.leases.holder)
        before = row.state
        row = await (life.resume(row) if step.raising else life.follow(row))
        self.done.raised += before == RequestState.SUBMITTING and row.state == RequestState.PENDING
        self.done.timed_out += row.state == RequestState.TIMED_OUT
        waits = RequestState.SUBMITTING if step.raising else RequestState.PENDING
        self._again(step, failed=row.state == waits)

    async def _tell(self, step: Step, problem: Problem) -> None:
        """Show what keeps the request from going on, where people look for it."""
        did = "It could not be sent to ServiceNow" if step.raising else "It could not be timed out"
        steps, said = Steps(self._store), f"{did}: {_sentence(problem)}"
        try:
            await asyncio.to_thread(steps.note_problem, step.request_id, said, self.clock.now())
        except Exception as error:  # noqa: BLE001 -- the log and the outcome of the worker tell it all the same
            text = unexpected(log, "Write down why a request does not go on", error).problem.as_text()
            log.info("request %s: %s", step.request_id, text)

    def _wait_for_store(self, key: object, error: StoreError) -> None:
        """Try again in a moment what could not begin, because the store was locked or gone."""
        self._due[key] = self.clock.monotonic() + STORE_AGAIN_S
        self.done.note(error.problem)
        log.warning("work on %s waits for the store: %s", key, error.problem.as_text())

    def _release(self, request_id: uuid.UUID) -> None:
        try:
            self.leases.release([request_id])
        except Exception as error:  # noqa: BLE001 -- it is free again after a while
            problem = unexpected(log, "Give back the claim of a request", error).problem
            self.done.note(problem)
            log.info("the claim of %s is not given back: %s", request_id, problem.as_text())

    def _again(self, step: Step, *, failed: bool) -> None:
        """Note when a step that could not be taken is tried again; each time a little later."""
        key = step.request_id
        if not failed:
            self._failures.pop(key, None)
            self._due.pop(key, None)
            return
        self._due[key] = self.clock.monotonic() + self._pause(key)

    def _pause(self, key: object) -> float:
        """Count one more failure of something, and return the seconds until it is tried again."""
        tries = self._failures.pop(key, 0) + 1
        self._failures[key] = tries
        if len(self._failures) > LISTED_MOST:
            del self._failures[next(iter(self._failures))]
        return min(AGAIN_MOST_S, AGAIN_S * 2.0 ** min(tries - 1, 10))

    def _read(self, step: Step) -> tuple[ApprovalRequest | None, ApprovalProcess | None]:
        with self._store.read() as session:
            row = session.get(ApprovalRequest, step.request_id)
            process = session.get(ApprovalProcess, row.process_id) if row and row.process_id else None
        return row, process

    async def _clean(self) -> None:
        """Cancel what rehearsals of dead programs left behind; one worker at a time does it."""
        try:
            held = await asyncio.to_thread(self.leases.take, "clean-up", CLEAN_EVERY_S)
        except StoreError as error:
            self._wait_for_store(CLEANING, error)
            return
        if held is None:
            return
        try:
            done = await clean_up_rehearsals(self._source)
        finally:
            try:
                await asyncio.to_thread(self.leases.give_back, held)
            except StoreError as error:
                # It is free again after a while.
                self.done.note(error.problem)
                log.info("the lease for cleaning up is not given back: %s", error.problem.as_text())
        self._failures.pop(CLEANING, None)
        self.done.cleaned += len(done.cleaned)
        for problem in done.problems:
            self.done.note(problem)
            log.info("a rehearsal cannot be cleaned up yet: %s", problem.as_text())

    async def _appear(self, now: float) -> None:
        """Let windows see that a worker is there."""
        if self._present and self._due.get("present", now) <= now:
            self._due["present"] = now + PRESENT_EVERY_S
            await asyncio.to_thread(self._write_presence)

    def _write_presence(self) -> None:
        now = self.leases.time.now()
        name = f"{PRESENT}{self.leases.holder}"
        with self._store.write() as work:
            known = holding_of(work.session, name) is not None
            values = {"holder": self.leases.holder, "until": now + timedelta(seconds=PRESENT_S)}
            put(work.session, name, values, known=known)


def workers(session: Session, now: datetime) -> list[str]:
    """Return the workers that are there, wherever they run."""
    return [one.holder for one in holdings(session, PRESENT).values() if is_held(one, now)]


def server_names(store: Store) -> dict[uuid.UUID, str]:
    """Return the names of the servers by id."""
    table = table_of(ForeignSystem)
    with store.read() as session:
        return {row.id: row.name for row in session.execute(select(table.c.id, table.c.name))}


def _sentence(problem: Problem) -> str:
    """Return why, on one line."""
    return " ".join(problem.cause.split())
