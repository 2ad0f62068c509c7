"""Follows the requests of an instance in batches: one call for all of them, at most 120 calls an hour at any number.

A round is one look, and where calls are left over it learns more about what was seen. It is taken under a lease, so that
one process does it at a time; its call is counted in the store before it is sent, so that all of them together keep the
limit. When the instance says so, everybody leaves it alone for a while.
"""

import asyncio
import contextlib
import logging
import math
import random
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlmodel import Session

from services.common.errors import ConsoleError, Problem
from services.common.fault_ids import FaultId, FaultTrait
from services.common.unexpected_errors import to_console_error
from services.coordination.call_budget import (
    EXTRA_CALL,
    MANUAL_POLL_CALL,
    POLL_CALL,
    WINDOW_S,
    CallBudget,
    CallUsage,
)
from services.coordination.clock import Clock, SystemClock
from services.coordination.leases import LeaseGrant, LeaseLostError, Leases, is_held, load_lease
from services.requests.polling import poll_targets, polled_servers, status_queue
from services.requests.polling.cursor import PollCursor, newest_timestamp
from services.requests.polling.interval import backoff_s, may_poll_despite_pause, poll_interval_s
from services.requests.polling.poll_query import (
    FIELDS_BY_TABLE,
    INLINE_VARIABLE_FIELDS,
    PollQuery,
    build_query,
    parse_items,
)
from services.requests.polling.poll_result import PollResult, SkipReason
from services.requests.polling.poll_state import (
    PollOutcome,
    clear_pause,
    load_polled_server,
    store_pause,
    store_success,
)
from services.requests.polling.poll_targets import PollTarget
from services.requests.polling.sync import SyncResult, sync_items
from services.requests.records.instance_provider import InstanceProvider
from services.requests.records.item_fields import ITEM_TABLE, VARIABLE_TABLE
from services.servicenow.contract import VARIABLES
from services.servicenow.http_client import ServiceNowClient
from services.servicenow.table_api import TablePage
from services.servicenow.visible_rows import probe_visibility
from services.transport.response_headers import parse_http_date

LEASE_S = 10.0
HEARTBEAT_S = 3.0
LEASE_RETRY_INTERVAL_S = 0.2
EXTRA_CALLS_PER_POLL = 10
CURSOR_SAVE_INTERVAL = timedelta(minutes=10)
MANUAL_POLL_MIN_AGE_S = 2.0
"""A person who wants a look sees what was looked at so short a time ago."""
PACE_TOLERANCE = 1.1
"""How much faster than the calls of an hour allow polls may be: some calls of others become free meanwhile."""
MANUAL_POLLS_PER_HOUR_MAX = 30
"""Looks in an hour that people may want beside the regular ones: the others stay for those."""
log = logging.getLogger(__name__)


@dataclass(slots=True)
class _PollRun:
    """One round under way."""

    target: PollTarget
    course: PollCursor
    held: LeaseGrant
    started: datetime
    calls: int = 1
    seen: int = 0
    kept: SyncResult = field(default_factory=SyncResult)
    problem: Problem | None = None
    """Why it is not known where one of the requests stands, though the instance answers."""

    @property
    def server_id(self) -> uuid.UUID:
        return self.target.server_id


class Poller:
    """Follows the requests of every instance; one for each process."""

    def __init__(
        self,
        source: InstanceProvider,
        leases: Leases,
        *,
        clock: Clock | None = None,
        budget: CallBudget | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._source = source
        self._store = source.store
        self._leases = leases
        self._clock = clock or SystemClock()
        self._time = leases.time
        self.budget = budget or CallBudget(self._store, self._time)
        self._random = chance
        self._cursors: dict[uuid.UUID, PollCursor] = {}
        self._addresses: dict[uuid.UUID, str] = {}
        self._tokens: dict[uuid.UUID, int] = {}
        self._status_queues: dict[uuid.UUID, status_queue.StatusQueue] = {}
        self._cursor_saved_at: dict[uuid.UUID, datetime] = {}

    async def servers(self) -> list[uuid.UUID]:
        """Return the servers that have something to follow."""
        return await asyncio.to_thread(polled_servers.list_servers, self._store)

    async def round(self, server_id: uuid.UUID, *, wanted: bool = False) -> PollResult:
        """Look once at the requests of a server, if it is time and nobody else does; see Round.

        Where somebody else is at it, it waits until that one has done it or is gone. `wanted`: a person asks for it, so
        that it neither waits until it is due nor until an instance that did not answer is left alone long enough.
        """
        turn = await asyncio.to_thread(self._begin, server_id, wanted)
        while isinstance(turn, PollResult) and turn.skip_reason is SkipReason.LEASE_HELD:
            await asyncio.sleep(LEASE_RETRY_INTERVAL_S)
            turn = await asyncio.to_thread(self._begin, server_id, wanted)
        if isinstance(turn, PollResult):
            return turn
        problem, good = None, False
        try:
            async with self._held(turn):
                instance = await self._source.instance(server_id)
                await self._look(turn, instance)
                good = True
                await self._make_extra_calls(turn, instance)
        except LeaseLostError as error:
            self._cursors.pop(server_id, None)
            return PollResult(
                calls=turn.calls,
                skip_reason=SkipReason.LEASE_HELD,
                next_at=self._clock.now(),
                problem=error.problem,
            )
        except ConsoleError as error:
            return await asyncio.to_thread(self._end, turn, error, good=good)
        except Exception as error:  # noqa: BLE001 -- everybody leaves the server alone for a while, and it is told
            self._cursors.pop(server_id, None)
            made = to_console_error(log, f"Follow the requests of {turn.target.base_url}", error)
            return await asyncio.to_thread(self._end, turn, made, good=False)
        except BaseException:
            await asyncio.to_thread(self._leases.release_lease, turn.held)
            raise
        return await asyncio.to_thread(self._end, turn, problem, good=good)

    # -- whose turn it is ------------------------------------------------------

    def _begin(self, server_id: uuid.UUID, wanted: bool) -> "_PollRun | PollResult":  # noqa: FBT001 - for a thread
        with self._store.read() as session:
            target = poll_targets.load_target(session, server_id)
            refusal = self._refusal(session, target, wanted=wanted)
            course = self._load_cursor(session, target) if target is not None and refusal is None else None
        if refusal is not None or target is None or course is None:
            return refusal or PollResult(skip_reason=SkipReason.NOTHING_TO_POLL)
        with self._store.write() as work:
            refusal = self._refusal(work.session, target, wanted=wanted)
            if refusal is not None:
                return refusal
            what, most = (MANUAL_POLL_CALL, MANUAL_POLLS_PER_HOUR_MAX) if wanted else (POLL_CALL, None)
            if not self.budget.take_in(work.session, server_id, what, further_most=most):
                free_at = self.budget.usage_in_session(work.session, server_id).free_at
                return PollResult(skip_reason=SkipReason.BUDGET_EXHAUSTED, next_at=self._time.shown(free_at))
            held = self._leases.take_in(work.session, _poll_lease_name(server_id), LEASE_S)
            if held is None:
                raise LeaseLostError(_poll_lease_name(server_id))
        if self._tokens.get(server_id, held.token) != held.token - 1 and server_id in self._tokens:
            # Somebody else went on meanwhile; what this process knows is old.
            with self._store.read() as session:
                self._cursors.pop(server_id, None)
                course = self._load_cursor(session, target)
        self._tokens[server_id] = held.token
        return _PollRun(target, course, held, self._time.now())

    def _refusal(self, session: Session, target: PollTarget | None, *, wanted: bool) -> PollResult | None:
        if target is None:
            return PollResult(skip_reason=SkipReason.NOTHING_TO_POLL)
        polled = load_polled_server(session, target.server_id)
        if polled.polled_at is not None:
            self._time.advance_to(polled.polled_at)
        usage = self.budget.usage_in_session(session, target.server_id)  # advances the common time too
        now = self._time.now()
        if polled.paused_until is not None and polled.paused_until > now:
            allowed = wanted and may_poll_despite_pause(FaultId.parse(polled.fault), polled.failures)
            if not allowed:
                return PollResult(
                    skip_reason=SkipReason.PAUSED, next_at=self._time.shown(polled.paused_until)
                )
        if polled.polled_at is not None:
            rest = MANUAL_POLL_MIN_AGE_S if wanted else self._paced_s(target, usage)
            due = polled.polled_at + timedelta(seconds=rest)
            if due > now:
                due = self._time.shown(due)
                return PollResult(
                    skip_reason=SkipReason.NOT_DUE,
                    next_at=due,
                    complete=polled.complete,
                    proven=polled.proven,
                )
        lease = load_lease(session, _poll_lease_name(target.server_id))
        if lease is not None and lease.holder != self._leases.holder and is_held(lease, now):
            return PollResult(skip_reason=SkipReason.LEASE_HELD, next_at=self._clock.now())
        return None

    def _interval_s(self, target: PollTarget) -> int:
        asker = self._status_queues.get(target.server_id)
        uses_status_queue = asker is not None and asker.needs_calls
        return poll_interval_s(target.minimum_interval_s, uses_status_queue=uses_status_queue)

    def _paced_s(self, target: PollTarget, usage: CallUsage) -> float:
        """Return the interval, longer where extra calls were made, so that the polls of an hour have no gap."""
        interval = self._interval_s(target)
        return usage.pace_s if usage.further and usage.pace_s > interval * PACE_TOLERANCE else interval

    def _load_cursor(self, session: Session, target: PollTarget) -> PollCursor:
        server_id = target.server_id
        if self._addresses.get(server_id) != target.base_url:
            # Another instance by the same name: nothing that is known of the old one holds there.
            self._cursors.pop(server_id, None)
            self._addresses[server_id] = target.base_url
        if server_id not in self._cursors:
            self._cursors[server_id] = poll_targets.load_cursor(session, server_id, target.base_url)
            self._status_queues.setdefault(
                server_id, status_queue.StatusQueue(self._store, self._leases, self._clock)
            )
        return self._cursors[server_id]

    @asynccontextmanager
    async def _held(self, turn: _PollRun) -> AsyncIterator[None]:
        """Keep the lease for as long as the block runs. By the time of the machine: calls take real time."""

        async def beat() -> None:
            while True:
                await asyncio.sleep(HEARTBEAT_S)
                # A lease that cannot be renewed now ends by itself, and refuses the next write.
                with contextlib.suppress(Exception):
                    turn.held = await asyncio.to_thread(self._leases.renew, turn.held, LEASE_S)

        beating = asyncio.ensure_future(beat())
        try:
            yield
        finally:
            beating.cancel()
            await asyncio.wait([beating])

    # -- looking ---------------------------------------------------------------

    async def _look(self, turn: _PollRun, instance: ServiceNowClient) -> None:
        """Spend the call of the round on seeing what was decided."""
        asker, target, cursor = self._status_queues[turn.server_id], turn.target, turn.course
        cursor.note_account(target.signs_in)
        unread = await asyncio.to_thread(asker.has_unchecked_scripts, target)
        if unread and await self._take_call(turn, most=None):
            turn.target = await asker.check_scripts(instance, target)
        if target.cat_items and cursor.readable(ITEM_TABLE, self._clock.monotonic()):
            try:
                await self._poll_table(turn, instance, cursor.choose(self._clock.monotonic()))
            except ConsoleError as error:
                if FaultTrait.TABLE_UNREADABLE not in error.problem.fault.traits:
                    raise
        readable = bool(target.cat_items) and cursor.readable(ITEM_TABLE, self._clock.monotonic())
        asker.decided(turn.kept.ended_own)
        await asyncio.to_thread(
            asker.plan, turn.target, cursor, readable=readable, changed=turn.kept.needs_status_call
        )
        if not readable and asker.has_undecided:
            await self._poll_status_service(turn, instance)

    async def _poll_table(self, turn: _PollRun, instance: ServiceNowClient, table: str) -> None:
        cursor, clock = turn.course, self._clock
        wish = cursor.wish(table, turn.target.cat_items, clock.now())
        cursor.begin(clock.monotonic())
        fields = (
            *FIELDS_BY_TABLE[table],
            *(INLINE_VARIABLE_FIELDS if table == ITEM_TABLE and cursor.includes_variables else ()),
        )
        try:
            page = await instance.table(table).page(
                build_query(table, wish), fields=fields, limit=cursor.page_size, after=cursor.after
            )
        except ConsoleError as error:
            if FaultTrait.TABLE_UNREADABLE in error.problem.fault.traits:
                cursor.refuse(table, clock.monotonic())
            elif FaultTrait.SMALLER_PAGE_HELPS in error.problem.fault.traits:
                cursor.reduce_page_size()
            raise
        told = _server_time(instance)
        await self._keep(turn, table, wish, page, told)

    async def _keep(
        self, turn: _PollRun, table: str, wish: PollQuery, page: TablePage, told: float | None
    ) -> None:
        cursor = turn.course
        # In a thread, like all that takes its time with many: it would be felt in a window.
        items = await asyncio.to_thread(parse_items, table, page.rows, wish)
        full = len(page.rows) >= cursor.page_size and (page.total is None or page.total > len(page.rows))
        if full and table != ITEM_TABLE:
            items = [replace(item, has_approvals=False) for item in items]  # perhaps not all of them
        place = turn.target.ground
        kept = await asyncio.to_thread(
            sync_items, self._store, place, items, now=self._clock.now(), check=self._lease_check(turn)
        )
        turn.kept.add(kept)
        turn.seen += len(items)
        if full and table == VARIABLE_TABLE:
            # Of the others some variables may stand on the next page: they are asked for once more.
            items = [item for item in items if (item.variables or {}).keys() >= set(VARIABLES)]
        await asyncio.to_thread(cursor.note, table, wish, items)
        if table == ITEM_TABLE:
            cursor.note_rows(len(page.rows), self._clock.monotonic())
            cursor.hidden = page.total is not None and len(page.rows) < min(page.total, cursor.page_size)
        if full:
            cursor.cut(table, page.rows[-1]["sys_id"])
            return
        newest = newest_timestamp(items, told, self._clock.now().timestamp())
        cursor.end(table, wish, self._clock.monotonic(), newest)

    async def _make_extra_calls(self, turn: _PollRun, instance: ServiceNowClient) -> None:
        """Learn more about what was seen, with the calls that no look will need."""
        cursor, asker = turn.course, self._status_queues[turn.server_id]
        await self._prove_empty(turn, instance)
        for _ in range(EXTRA_CALLS_PER_POLL):
            if cursor.after:
                # The look is not at its end: what is missing comes first, at the cost of a later one.
                table, most = ITEM_TABLE, None
            else:
                table = cursor.further(self._clock.monotonic()) if cursor.whole else ""
                most = self.budget.limit - math.ceil(WINDOW_S / self._interval_s(turn.target))
            if not table and not asker.has_more:
                return
            if not await self._take_call(turn, most):
                return
            if table and not (asker.has_more and turn.calls % 2):
                try:
                    await self._poll_table(turn, instance, table)
                except ConsoleError as error:
                    if FaultTrait.TABLE_UNREADABLE not in error.problem.fault.traits:
                        raise
            else:
                await self._poll_status_service(turn, instance)

    async def _prove_empty(self, run: _PollRun, instance: ServiceNowClient) -> None:
        """Look whether the account sees requested items at all, where it was shown none: else empty proves nothing."""
        cursor, now = run.course, self._clock.monotonic()
        if not cursor.readable(ITEM_TABLE, now) or not cursor.needs_probe(now):
            return
        if not run.target.cat_items or not await self._take_call(run, most=None):
            return
        visible = await probe_visibility(instance, ITEM_TABLE)
        cursor.note_probed(now, shown=visible.is_proof)

    async def _poll_status_service(self, turn: _PollRun, instance: ServiceNowClient) -> None:
        asker = self._status_queues[turn.server_id]
        ended = await asker.ask(instance, turn.target, self._lease_check(turn))
        if asker.problem is not None:
            turn.problem, asker.problem = asker.problem, None
        turn.seen += 1
        turn.kept.ended += ended
        turn.kept.changed += len(ended)

    def _lease_check(self, turn: _PollRun) -> Callable[[Session], None]:
        """Return what refuses a write once somebody else has the lease: as it is then, for it is renewed meanwhile."""
        return lambda session: self._leases.check(session, turn.held)

    async def _take_call(self, turn: _PollRun, most: int | None) -> bool:
        taken = await asyncio.to_thread(self.budget.take, turn.server_id, EXTRA_CALL, further_most=most)
        turn.calls += taken
        return taken

    # -- afterwards ------------------------------------------------------------

    def _end(self, turn: _PollRun, error: ConsoleError | None, *, good: bool) -> PollResult:
        server_id, cursor, now = turn.server_id, turn.course, self._time.now()
        monotonic = self._clock.monotonic()
        proven = cursor.is_shown(monotonic)
        complete = good and proven and cursor.whole and not cursor.hidden and not cursor.after
        complete = complete and cursor.readable(ITEM_TABLE, monotonic) and not cursor.missing
        with self._store.write() as work:
            session = work.session
            if complete and (unseen := cursor.unseen):
                unseen &= poll_targets.open_records(session, server_id)
                complete = not unseen
            self._leases.release_lease_in_session(session, turn.held)
            if good:
                offset_s = self._time.offset_s
                done = PollOutcome(turn.started, complete, proven, offset_s)
                store_success(session, server_id, done)
            if error is not None:
                failures = load_polled_server(session, server_id).failures + 1
                elapsed_s = (now - turn.started).total_seconds()
                interval_s = self._interval_s(turn.target)
                until = now + timedelta(
                    seconds=backoff_s(error, failures, interval_s, elapsed_s, self._random)
                )
                store_pause(session, server_id, until, error.problem.fault, failures)
            else:
                clear_pause(session, server_id)
            stale = (
                now - self._cursor_saved_at.get(server_id, now - 2 * CURSOR_SAVE_INTERVAL)
                > CURSOR_SAVE_INTERVAL
            )
            if good and (turn.kept.changed or stale):
                poll_targets.store_cursor(session, server_id, cursor.position(turn.target.base_url))
                self._cursor_saved_at[server_id] = now
            interval = self._paced_s(turn.target, self.budget.usage_in_session(session, server_id))
        next_at = turn.started + timedelta(seconds=interval)
        if error is not None:
            next_at = until
        next_at = self._time.shown(next_at)
        synced = turn.kept
        return PollResult(
            turn.seen, synced.changed, synced.new, tuple(synced.ended), turn.calls, complete,
            SkipReason.PAUSED if error else None, next_at, error.problem if error else turn.problem, proven,
        )  # fmt: skip


def _server_time(instance: ServiceNowClient) -> float | None:
    """Return the time that the instance's last answer told, in seconds since 1970."""
    told = parse_http_date(instance.last_response_headers.get("date", ""))
    return None if told is None else told.timestamp()


def _poll_lease_name(server_id: uuid.UUID) -> str:
    return f"follow:{server_id.hex}"
