"""Runs approval processes without a window: raises what was taken in, follows, times out, and cleans up.

Many requests on one loop. Everything that is done is claimed in the store first, so that several workers share the work
and what a dead one was doing is taken over. A worker that is told to stop finishes what it has begun.
"""

import asyncio
import logging
import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from sqlalchemy import select

from models.approval_process import ApprovalProcess
from models.approval_request import ApprovalRequest
from models.foreign_system import ForeignSystem
from models.kinds import RequestErrorKind, RequestState
from services.answers.outbox import Outbox
from services.answers.sender import AnswerSender, DestinationSource
from services.common.errors import Problem
from services.common.unexpected_errors import to_console_error
from services.coordination import process_identity
from services.coordination.clock import Clock, SystemClock
from services.coordination.leases import Leases
from services.coordination.worker_presence import PRESENCE_INTERVAL_S, announce_worker
from services.requests.lifecycle.lifecycle import RequestLifecycle
from services.requests.lifecycle.transactions import RequestTransactions
from services.requests.polling.poll_result import PollResult, SkipReason
from services.requests.polling.poller import Poller
from services.requests.records.instance_provider import InstanceProvider
from services.requests.rehearsal.cleanup import clean_up_rehearsals
from services.requests.worker.due_work import DueWork, DueWorkReader, WorkItem
from services.requests.worker.schedule import Schedule
from services.requests.worker.server_schedule import ServerSchedule
from services.store import NotFoundError, Store
from services.store.answer_outbox import COMMENT_WAIT
from services.store.errors import StoreError
from services.store.row_values import get_table

SCAN_INTERVAL_S = 2.0
"""Between two looks into the store for requests that were taken in, or whose time is over."""
WAKE_INTERVAL_S = 0.5
CLEANUP_INTERVAL_S = 300.0
CLAIM_DURATION_S = 150.0
"""Longer than the calls of one step may take together."""
CONCURRENT_ITEMS_PER_SERVER = 2
"""Requests of one server that one worker has in hand at a time, besides following."""
WORK_ITEMS_MAX = 1000
PROBLEMS_MOST = 100
STORE_RETRY_DELAY_S = 5.0
"""Until a store that was locked or gone is tried again: others must not learn of a decision late because of it."""
SCAN_JOB, CLEANUP_JOB, PRESENCE_JOB, ANSWER_JOB = "look", "clean", "present", "answer"
RAISE_TASK, TIME_OUT_TASK = "Raise a request", "Time out a request"
_TASK_NAMES = {CLEANUP_JOB: "Clean up rehearsals", ANSWER_JOB: "Send answers"}

log = logging.getLogger(__name__)


class WorkSource(InstanceProvider, Protocol):
    """What a worker works with: the clients of instances, and where answers go."""

    def answer_destinations(self, clock: Clock) -> DestinationSource:
        """Return where the answers of intake clients go."""


@dataclass(slots=True)
class WorkerReport:
    """What one round of everything did."""

    rounds: dict[uuid.UUID, PollResult] = field(default_factory=dict)
    raised: int = 0
    timed_out: int = 0
    cleaned: int = 0
    answered: int = 0
    """Answers that were delivered."""
    problems: list[Problem] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether everything that was due could be done. A server that is left alone after a failure was due."""
        return not self.problems and not any(
            one.problem or one.skip_reason is SkipReason.PAUSED for one in self.rounds.values()
        )

    def note(self, problem: Problem) -> None:
        """Keep a problem; of a worker that runs for months only the newest ones."""
        self.problems.append(problem)
        del self.problems[:-PROBLEMS_MOST]


class Worker:
    """Does what is due until it is told to stop.

    `raises` says whether it raises what was taken in, `present` whether it counts as a worker for windows.
    `intake_url` is where this process serves the intake.
    `answers` replaces what sends answers back, `leases` those that it would make for its `holder`.
    """

    def __init__(
        self,
        source: WorkSource,
        *,
        clock: Clock | None = None,
        holder: str = "",
        raises: bool = True,
        present: bool = True,
        intake_url: str = "",
        on_round: Callable[[uuid.UUID, PollResult], None] | None = None,
        new_every_s: float = SCAN_INTERVAL_S,
        answers: AnswerSender | None = None,
        leases: Leases | None = None,
    ) -> None:
        self._source = source
        self._store: Store = source.store
        self.clock = clock or SystemClock()
        self.leases = leases or Leases(self._store, holder or process_identity.process_identity(), self.clock)
        self.follower = Poller(source, self.leases, clock=self.clock)
        self._answers = answers or AnswerSender(
            Outbox(self._store, self.leases.holder), source.answer_destinations(self.clock), self.clock
        )
        self._present = present
        self._intake_url = intake_url
        self._on_round = on_round or (lambda _server, _round: None)
        self._scan_interval = new_every_s
        self._jobs: dict[object, asyncio.Task[None]] = {}
        self._schedule = Schedule(self.clock.monotonic)
        self.server_schedule = ServerSchedule(self._schedule, self.clock)
        self._due = DueWorkReader(self._store, self.leases, self.clock, raises=raises)
        self.done = WorkerReport()

    # -- running ---------------------------------------------------------------

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set, then finish what is in hand and give back what is claimed.

        Cancelling it breaks off what is in hand: that is gone on with by whoever comes next.
        """
        stopping = asyncio.ensure_future(stop.wait())
        try:
            while not stop.is_set():
                until = await self._start_due_jobs()
                if self._jobs:
                    waited = {stopping, *self._jobs.values()}
                    await asyncio.wait(waited, timeout=WAKE_INTERVAL_S, return_when=asyncio.FIRST_COMPLETED)
                else:
                    await self._rest(stopping, until)
        except asyncio.CancelledError:
            self._cancel_jobs()
            raise
        finally:
            stopping.cancel()
            await self._finish()

    async def once(self) -> WorkerReport:
        """Do one round of everything that is due now, and give back what is claimed."""
        tried: set[WorkItem] = set()
        try:
            await self._start_due_jobs(everything=True)
            while self._jobs:
                # Whatever becomes of a step, this round takes it once.
                tried |= {key for key in self._jobs if isinstance(key, WorkItem)}
                await asyncio.wait(self._jobs.values())
                await asyncio.sleep(0)  # the callbacks of what has ended
                for step in await self._find_due_items():
                    if step not in tried:
                        self._start_item(step)
            # After everything else, which may have ended requests and read the comments of their decisions.
            self._start(ANSWER_JOB, self._send_answers(ahead_s=COMMENT_WAIT.total_seconds()))
            await asyncio.wait(self._jobs.values())
            await asyncio.sleep(0)
        except asyncio.CancelledError:
            self._cancel_jobs()
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
            self._cancel_jobs()
            raise
        finally:
            await asyncio.to_thread(self._give_back)

    def _cancel_jobs(self) -> None:
        for job in list(self._jobs.values()):
            job.cancel()

    def _give_back(self) -> None:
        try:
            self.leases.release_all()
        except Exception as error:  # noqa: BLE001 -- nothing is lost by it: what was claimed is free again after a while
            problem = to_console_error(log, "Give back what is claimed", error).problem
            self.done.note(problem)
            log.info("what was claimed is not given back: %s", problem.as_text())

    # -- what is due -----------------------------------------------------------

    async def _start_due_jobs(self, *, everything: bool = False) -> float:
        """Start what is due, and return when to look again."""
        now = self.clock.monotonic()
        until = now + self._scan_interval
        try:
            await self._announce_presence(now)
            resting = set(self.server_schedule.resting)
            if everything:
                self._due.forget()
            work = await asyncio.to_thread(self._steps)
            if work.reconfigured:
                # At once: what follows may fail, and the next look does not tell it again.
                self.server_schedule.retry_local_faults()
            if work.fresh:
                self.server_schedule.servers = await self.follower.servers()
            answers_due = (
                work.answers and self._schedule.is_due(ANSWER_JOB, now) and await self._answers.has_due()
            )
        except Exception as error:  # noqa: BLE001 -- a worker goes on, whatever it was
            # The store is locked or gone for a moment; what is due stays due.
            return self._report_scan_failure(error)
        self._schedule.clear_failures(SCAN_JOB)
        if work.fresh:
            self._schedule.drop_past(now)
            self.server_schedule.end_rests(resting - work.paused)
        due, next_due = self.server_schedule.take_due(now, everything=everything)
        for server_id in due:
            self._start(server_id, self._follow(server_id))
        until = min(until, next_due)
        for step in work.items:
            self._start_item(step)
        if self._schedule.is_due(CLEANUP_JOB, now):
            self._schedule.postpone(CLEANUP_JOB, CLEANUP_INTERVAL_S, now)
            self._start(CLEANUP_JOB, self._clean())
        if answers_due and not everything:
            self._schedule.postpone(ANSWER_JOB, self._scan_interval, now)
            self._start(ANSWER_JOB, self._send_answers())
        return until

    def _report_scan_failure(self, error: Exception) -> float:
        """Note that what is due cannot be read, and return when to look again."""
        self._due.forget()
        problem = to_console_error(log, "Look for what is due", error).problem
        self.done.note(problem)
        log.warning("the worker cannot read what is due: %s", problem.as_text())
        pause = self._schedule.back_off(SCAN_JOB)
        return self.clock.monotonic() + (STORE_RETRY_DELAY_S if isinstance(error, StoreError) else pause)

    async def _find_due_items(self) -> Sequence[WorkItem]:
        self._due.forget()
        try:
            return (await asyncio.to_thread(self._steps)).items
        except Exception as error:  # noqa: BLE001 -- what is in hand is finished all the same
            self._report_scan_failure(error)
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
        self.server_schedule.look_again()
        error = None if job.cancelled() else job.exception()
        if isinstance(error, Exception):
            kept = key.request_id if isinstance(key, WorkItem) else key
            self.done.note(
                to_console_error(log, _TASK_NAMES.get(str(key), "Go on with a request"), error).problem
            )
            self._schedule.retry_later(kept)

    def _start_item(self, step: WorkItem) -> None:
        if not self._schedule.is_due(step.request_id):
            return
        in_hand = sum(isinstance(key, WorkItem) and key.server_id == step.server_id for key in self._jobs)
        if in_hand < CONCURRENT_ITEMS_PER_SERVER:
            self._start(step, self._do(step))

    def _steps(self) -> DueWork:
        """Read what is due. What waits for its next try must not keep the others off the list."""
        return self._due.read(WORK_ITEMS_MAX + self._schedule.failing)

    # -- the work itself -------------------------------------------------------

    async def _follow(self, server_id: uuid.UUID) -> None:
        try:
            done = await self.follower.round(server_id)
        except Exception as error:  # noqa: BLE001 -- the other servers are followed all the same
            problem = to_console_error(log, "Follow the requests of a server", error).problem
            pause = self._schedule.back_off(server_id)
            self._schedule.postpone(
                server_id, STORE_RETRY_DELAY_S if isinstance(error, StoreError) else pause
            )
            self.done.note(problem)
            log.warning("following stops for now: %s", problem.as_text())
            return
        self._schedule.clear_failures(server_id)
        self.server_schedule.note_poll(server_id, done)
        self.done.rounds[server_id] = done
        if done.skip_reason is SkipReason.PAUSED and done.problem is not None:
            log.warning("following is paused until %s: %s", done.next_at, done.problem.as_text())
        elif done.changed:
            log.info(
                "followed %s: %d seen, %d changed, %d ended, %d calls",
                server_id, done.seen, done.changed, len(done.decided), done.calls,
            )  # fmt: skip
        if done.skip_reason is not SkipReason.NOT_DUE:
            self._on_round(server_id, done)

    async def _do(self, step: WorkItem) -> None:
        """Take the next step of one request: raise it, or end it because its time is over."""
        try:
            try:
                claimed = await asyncio.to_thread(self.leases.claim, [step.request_id], CLAIM_DURATION_S)
            except StoreError as error:
                self._retry_after_store_error(step.request_id, error)
                return
            if not claimed:
                self._schedule.postpone(step.request_id, self._scan_interval)
                return
            try:
                await self._take(step)
            finally:
                await asyncio.to_thread(self._release, step.request_id)
        except Exception as error:  # noqa: BLE001 -- one request must not stop the others
            problem = to_console_error(log, RAISE_TASK if step.raising else TIME_OUT_TASK, error).problem
            self.done.note(problem)
            self._schedule.retry_later(step.request_id)
            # Without its process a request stays as it is; that is nothing new each time.
            level = logging.INFO if isinstance(error, NotFoundError) else logging.WARNING
            log.log(level, "request %s: %s", step.request_id, problem.as_text())
            await self._tell(step, problem)

    async def _take(self, step: WorkItem) -> None:
        row, process = await asyncio.to_thread(self._read, step)
        if row is None or RequestState(row.state).is_final:
            self._schedule.forget(step.request_id)
            return
        if process is None:
            # Without its process nobody can take it further; it stays as it is.
            raise NotFoundError("the Approval Process of the request")
        instance = await self._source.instance(step.server_id)
        life = RequestLifecycle(self._store, instance, process, holder=self.leases.holder)
        before = row.state
        row = await (life.resume(row) if step.raising else life.follow(row))
        self.done.raised += before == RequestState.SUBMITTING and row.state == RequestState.PENDING
        self.done.timed_out += row.state == RequestState.TIMED_OUT
        waits = RequestState.SUBMITTING if step.raising else RequestState.PENDING
        if row.state == waits:
            self._schedule.retry_later(step.request_id)
        else:
            self._schedule.forget(step.request_id)

    async def _tell(self, step: WorkItem, problem: Problem) -> None:
        """Show what keeps the request from going on, where people look for it."""
        did = "It could not be sent to ServiceNow" if step.raising else "It could not be timed out"
        steps, said = RequestTransactions(self._store), f"{did}: {_to_single_line(problem)}"
        try:
            await asyncio.to_thread(
                steps.record_problem, step.request_id, said, RequestErrorKind.STEP_FAILED, self.clock.now()
            )
        except Exception as error:  # noqa: BLE001 -- the log and the outcome of the worker tell it all the same
            text = to_console_error(log, "Write down why a request does not go on", error).problem.as_text()
            log.info("request %s: %s", step.request_id, text)

    def _retry_after_store_error(self, key: object, error: StoreError) -> None:
        """Try again in a moment what could not begin, because the store was locked or gone."""
        self._schedule.postpone(key, STORE_RETRY_DELAY_S)
        self.done.note(error.problem)
        log.warning("work on %s waits for the store: %s", key, error.problem.as_text())

    def _release(self, request_id: uuid.UUID) -> None:
        try:
            self.leases.release([request_id])
        except Exception as error:  # noqa: BLE001 -- it is free again after a while
            problem = to_console_error(log, "Give back the claim of a request", error).problem
            self.done.note(problem)
            log.info("the claim of %s is not given back: %s", request_id, problem.as_text())

    def _read(self, step: WorkItem) -> tuple[ApprovalRequest | None, ApprovalProcess | None]:
        with self._store.read() as session:
            row = session.get(ApprovalRequest, step.request_id)
            process = session.get(ApprovalProcess, row.process_id) if row and row.process_id else None
        return row, process

    async def _clean(self) -> None:
        """Cancel what rehearsals of dead programs left behind; one worker at a time does it."""
        try:
            held = await asyncio.to_thread(self.leases.take, "clean-up", CLEANUP_INTERVAL_S)
        except StoreError as error:
            self._retry_after_store_error(CLEANUP_JOB, error)
            return
        if held is None:
            return
        try:
            await asyncio.to_thread(self.leases.remove_expired)
            done = await clean_up_rehearsals(self._source)
        finally:
            try:
                await asyncio.to_thread(self.leases.release_lease, held)
            except StoreError as error:
                # It is free again after a while.
                self.done.note(error.problem)
                log.info("the lease for cleaning up is not given back: %s", error.problem.as_text())
        self._schedule.clear_failures(CLEANUP_JOB)
        self.done.cleaned += len(done.cleaned)
        for problem in done.problems:
            self.done.note(problem)
            log.info("a rehearsal cannot be cleaned up yet: %s", problem.as_text())

    async def _send_answers(self, *, ahead_s: float = 0) -> None:
        """Send the answers that are due to the programs that asked."""
        try:
            sent = await self._answers.run_due(ahead_s=ahead_s)
        except StoreError as error:
            self._retry_after_store_error(ANSWER_JOB, error)
            return
        self._schedule.clear_failures(ANSWER_JOB)
        self.done.answered += sent.delivered
        for problem in sent.problems:
            self.done.note(problem)

    async def _announce_presence(self, now: float) -> None:
        """Let windows see that a worker is there."""
        if self._present and self._schedule.is_due(PRESENCE_JOB, now):
            self._schedule.postpone(PRESENCE_JOB, PRESENCE_INTERVAL_S, now)
            await asyncio.to_thread(self._write_presence)

    def _write_presence(self) -> None:
        with self._store.write() as work:
            announce_worker(work.session, self.leases.holder, self.leases.time.now(), self._intake_url)


def load_server_names(store: Store) -> dict[uuid.UUID, str]:
    """Return the names of the servers by id."""
    table = get_table(ForeignSystem)
    with store.read() as session:
        return {row.id: row.name for row in session.execute(select(table.c.id, table.c.name))}


def _to_single_line(problem: Problem) -> str:
    """Return why, on one line."""
    return " ".join(problem.cause.split())
