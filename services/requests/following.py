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
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from sqlmodel import Session

from services.errors import ConsoleError, Problem
from services.requests import asking, ground
from services.requests.budget import FURTHER, LOOK, WANTED, WINDOW_S, Budget
from services.requests.clock import Clock, SystemClock
from services.requests.course import Course, newest_of
from services.requests.ground import Source, Target
from services.requests.keeping import Kept, keep
from services.requests.leases import (
    Held,
    Holding,
    LeaseLostError,
    Leases,
    drop,
    holding_of,
    holdings,
    is_held,
    put,
)
from services.requests.reading import ANSWERS, FIELDS, ITEMS, WITH_VARIABLES, Wish, items_of, question
from services.servicenow.contract import VARIABLES
from services.servicenow.faults import RateLimitedError
from services.servicenow.headers import moment_of
from services.servicenow.instance import Instance
from services.servicenow.records import Page
from services.store.errors import StoreError
from services.unexpected import unexpected

INTERVAL_S = 30
ASKING_INTERVAL_S = 60
"""Between two looks where some requests have to be asked for one by one: it leaves calls for that."""
LEASE_S = 10.0
HEARTBEAT_S = 3.0
WATCH_S = 0.2
FURTHER_IN_ROUND = 10
POSITION_EVERY = timedelta(minutes=10)
PAUSE_MOST_S = 900.0
REFUSED_PAUSE_S = 300.0
REFUSED_PAUSE_MOST_S = 3600.0
WANTED_AFTER_S = 2.0
"""A person who wants a look sees what was looked at so short a time ago."""
WANTED_MOST = 30
"""Looks in an hour that people may want beside the regular ones: the others stay for those."""
RESTS = ("rate-limited",)
"""Faults after which nobody asks before the time is over: the instance said so itself."""
LOCKS = ("authentication-refused",)
"""Faults after which one more try is enough: further ones would lock the account."""
SHRINKING = ("transaction-cancelled", "timeout", "answer-too-large")
PAUSE = "pause:"
UNREADABLE = ("rights-missing", "query-ignored")
log = logging.getLogger(__name__)
HELD, NOT_DUE, PAUSED, NOTHING, SPENT = "held", "not due", "paused", "nothing to follow", "no calls left"


@dataclass(frozen=True, slots=True)
class Round:
    """What a round did: requests seen and changed, those that ended, calls, and whether all was seen.

    `note` says why nothing was done. `next_at` is when the next round is due.
    """

    seen: int = 0
    changed: int = 0
    new: int = 0
    decided: tuple[uuid.UUID, ...] = ()
    calls: int = 0
    complete: bool = False
    note: str = ""
    next_at: datetime | None = None
    problem: Problem | None = None


@dataclass(slots=True)
class _Turn:
    """One round under way."""

    target: Target
    course: Course
    held: Held
    started: datetime
    calls: int = 1
    seen: int = 0
    kept: Kept = field(default_factory=Kept)
    problem: Problem | None = None
    """Why it is not known where one of the requests stands, though the instance answers."""

    @property
    def server_id(self) -> uuid.UUID:
        return self.target.server_id


class Follower:
    """Follows the requests of every instance; one for each process."""

    def __init__(
        self,
        source: Source,
        leases: Leases,
        *,
        clock: Clock | None = None,
        budget: Budget | None = None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._source = source
        self._store = source.store
        self._leases = leases
        self._clock = clock or SystemClock()
        self._time = leases.time
        self.budget = budget or Budget(self._store, self._time)
        self._chance = chance
        self._courses: dict[uuid.UUID, Course] = {}
        self._addresses: dict[uuid.UUID, str] = {}
        self._tokens: dict[uuid.UUID, int] = {}
        self._askers: dict[uuid.UUID, asking.Asker] = {}
        self._positioned: dict[uuid.UUID, datetime] = {}

    async def servers(self) -> list[uuid.UUID]:
        """Return the servers that have something to follow."""
        return await asyncio.to_thread(ground.servers, self._store)

    async def round(self, server_id: uuid.UUID, *, wanted: bool = False) -> Round:
        """Look once at the requests of a server, if it is time and nobody else does; see Round.

        Where somebody else is at it, it waits until that one has done it or is gone. `wanted`: a person asks for it, so
        that it neither waits until it is due nor until an instance that did not answer is left alone long enough.
        """
        turn = await asyncio.to_thread(self._begin, server_id, wanted)
        while isinstance(turn, Round) and turn.note == HELD:
            await asyncio.sleep(WATCH_S)
            turn = await asyncio.to_thread(self._begin, server_id, wanted)
        if isinstance(turn, Round):
            return turn
        problem, good = None, False
        try:
            async with self._held(turn):
                instance = await self._source.instance(server_id)
                await self._look(turn, instance)
                good = True
                await self._learn(turn, instance)
        except LeaseLostError as error:
            self._courses.pop(server_id, None)
            return Round(calls=turn.calls, note=HELD, next_at=self._clock.now(), problem=error.problem)
        except ConsoleError as error:
            return await asyncio.to_thread(self._end, turn, error, good=good)
        except Exception as error:  # noqa: BLE001 -- everybody leaves the server alone for a while, and it is told
            self._courses.pop(server_id, None)
            made = unexpected(log, f"Follow the requests of {turn.target.base_url}", error)
            return await asyncio.to_thread(self._end, turn, made, good=False)
        except BaseException:
            await asyncio.to_thread(self._leases.give_back, turn.held)
            raise
        return await asyncio.to_thread(self._end, turn, problem, good=good)

    # -- whose turn it is ------------------------------------------------------

    def _begin(self, server_id: uuid.UUID, wanted: bool) -> "_Turn | Round":  # noqa: FBT001 - for a thread
        with self._store.read() as session:
            target = ground.target(session, server_id)
            refusal = self._refusal(session, target, wanted=wanted)
            course = self._course(session, target) if target is not None and refusal is None else None
        if refusal is not None or target is None or course is None:
            return refusal or Round(note=NOTHING)
        with self._store.write() as work:
            refusal = self._refusal(work.session, target, wanted=wanted)
            if refusal is not None:
                return refusal
            what, most = (WANTED, WANTED_MOST) if wanted else (LOOK, None)
            if not self.budget.take_in(work.session, server_id, what, further_most=most):
                free_at = self.budget.spent_in(work.session, server_id).free_at
                return Round(note=SPENT, next_at=self._time.shown(free_at))
            held = self._leases.take_in(work.session, _follow(server_id), LEASE_S)
            if held is None:
                raise LeaseLostError(_follow(server_id))
        if self._tokens.get(server_id, held.token) != held.token - 1 and server_id in self._tokens:
            # Somebody else went on meanwhile; what this process knows is old.
            with self._store.read() as session:
                self._courses.pop(server_id, None)
                course = self._course(session, target)
        self._tokens[server_id] = held.token
        return _Turn(target, course, held, self._time.now())

    def _refusal(self, session: Session, target: Target | None, *, wanted: bool) -> Round | None:
        if target is None:
            return Round(note=NOTHING)
        seen = holding_of(session, _seen(target.server_id))
        if seen is not None:
            self._time.heed(seen.until)
        self.budget.spent_in(session, target.server_id)  # which heeds what others did
        now = self._time.now()
        pause = holding_of(session, _pause(target.server_id))
        if pause is not None and pause.until > now and not (wanted and _may_ask_again(pause)):
            return Round(note=PAUSED, next_at=self._time.shown(pause.until))
        if seen is not None:
            rest = WANTED_AFTER_S if wanted else self._interval(target)
            due = seen.until + timedelta(seconds=rest)
            if due > now:
                due = self._time.shown(due)
                return Round(note=NOT_DUE, next_at=due, complete=seen.holder == "complete")
        lease = holding_of(session, _follow(target.server_id))
        if lease is not None and lease.holder != self._leases.holder and is_held(lease, now):
            return Round(note=HELD, next_at=self._clock.now())
        return None

    def _interval(self, target: Target) -> int:
        asker = self._askers.get(target.server_id)
        least = ASKING_INTERVAL_S if asker is not None and asker.wants else INTERVAL_S
        return max(least, target.minimum_interval_s)

    def _course(self, session: Session, target: Target) -> Course:
        server_id = target.server_id
        if self._addresses.get(server_id) != target.base_url:
            # Another instance by the same name: nothing that is known of the old one holds there.
            self._courses.pop(server_id, None)
            self._addresses[server_id] = target.base_url
        if server_id not in self._courses:
            self._courses[server_id] = ground.course(session, server_id, target.base_url)
            self._askers.setdefault(server_id, asking.Asker(self._store, self._leases, self._clock))
        return self._courses[server_id]

    @asynccontextmanager
    async def _held(self, turn: _Turn) -> AsyncIterator[None]:
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

    async def _look(self, turn: _Turn, instance: Instance) -> None:
        """Spend the call of the round on seeing what was decided."""
        asker, target, course = self._askers[turn.server_id], turn.target, turn.course
        unread = await asyncio.to_thread(asker.unchecked, target)
        if unread and await self._ticket(turn, most=None):
            turn.target = await asker.check_scripts(instance, target)
        if target.cat_items and course.readable(ITEMS, self._clock.monotonic()):
            try:
                await self._ask_table(turn, instance, course.choose(self._clock.monotonic()))
            except ConsoleError as error:
                if error.problem.fault not in UNREADABLE:
                    raise
        readable = bool(target.cat_items) and course.readable(ITEMS, self._clock.monotonic())
        asker.decided(turn.kept.ended_here)
        await asyncio.to_thread(asker.plan, turn.target, course, readable=readable, changed=turn.kept.to_ask)
        if not readable and asker.wants:
            await self._ask_service(turn, instance)

    async def _ask_table(self, turn: _Turn, instance: Instance, table: str) -> None:
        course, clock = turn.course, self._clock
        wish = course.wish(table, turn.target.cat_items, clock.now())
        course.begin(clock.monotonic())
        fields = (*FIELDS[table], *(WITH_VARIABLES if table == ITEMS and course.with_variables else ()))
        try:
            page = await instance.table(table).page(
                question(table, wish), fields=fields, limit=course.rows_in_call, after=course.after
            )
        except ConsoleError as error:
            if error.problem.fault in UNREADABLE:
                course.refuse(table, clock.monotonic())
            elif error.problem.fault in SHRINKING:
                course.shrink()
            raise
        told = _told_now(instance)
        await self._keep(turn, table, wish, page, told)

    async def _keep(self, turn: _Turn, table: str, wish: Wish, page: Page, told: float | None) -> None:
        course = turn.course
        # In a thread, like all that takes its time with many: it would be felt in a window.
        items = await asyncio.to_thread(items_of, table, page.rows, wish)
        full = len(page.rows) >= course.rows_in_call and (page.total is None or page.total > len(page.rows))
        if full and table != ITEMS:
            for item in items:
                item.waits_for = None  # perhaps not all of them
        place = turn.target.ground
        kept = await asyncio.to_thread(
            keep, self._store, place, items, now=self._clock.now(), check=self._check_of(turn)
        )
        turn.kept.add(kept)
        turn.seen += len(items)
        if full and table == ANSWERS:
            # Of the others some variables may stand on the next page: they are asked for once more.
            items = [item for item in items if (item.variables or {}).keys() >= set(VARIABLES)]
        await asyncio.to_thread(course.note, table, wish, items)
        if table == ITEMS:
            course.hidden = page.total is not None and len(page.rows) < min(page.total, course.rows_in_call)
        if full:
            course.cut(table, page.rows[-1]["sys_id"])
            return
        newest = newest_of(items, told, self._clock.now().timestamp())
        course.end(table, wish, self._clock.monotonic(), newest)

    async def _learn(self, turn: _Turn, instance: Instance) -> None:
        """Learn more about what was seen, with the calls that no look will need."""
        course, asker = turn.course, self._askers[turn.server_id]
        for _ in range(FURTHER_IN_ROUND):
            if course.after:
                # The look is not at its end: what is missing comes first, at the cost of a later one.
                table, most = ITEMS, None
            else:
                table = course.further(self._clock.monotonic()) if course.whole else ""
                most = self.budget.limit - math.ceil(WINDOW_S / self._interval(turn.target))
            if not table and not asker.has_more:
                return
            if not await self._ticket(turn, most):
                return
            if table and not (asker.has_more and turn.calls % 2):
                try:
                    await self._ask_table(turn, instance, table)
                except ConsoleError as error:
                    if error.problem.fault not in UNREADABLE:
                        raise
            else:
                await self._ask_service(turn, instance)

    async def _ask_service(self, turn: _Turn, instance: Instance) -> None:
        asker = self._askers[turn.server_id]
        ended = await asker.ask(instance, turn.target, self._check_of(turn))
        if asker.problem is not None:
            turn.problem, asker.problem = asker.problem, None
        turn.seen += 1
        turn.kept.ended += ended
        turn.kept.changed += len(ended)

    def _check_of(self, turn: _Turn) -> Callable[[Session], None]:
        """Return what refuses a write once somebody else has the lease: as it is then, for it is renewed meanwhile."""
        return lambda session: self._leases.check(session, turn.held)

    async def _ticket(self, turn: _Turn, most: int | None) -> bool:
        taken = await asyncio.to_thread(self.budget.take, turn.server_id, FURTHER, further_most=most)
        turn.calls += taken
        return taken

    # -- afterwards ------------------------------------------------------------

    def _end(self, turn: _Turn, error: ConsoleError | None, *, good: bool) -> Round:
        server_id, course, now = turn.server_id, turn.course, self._time.now()
        complete = good and course.whole and not course.hidden and not course.after
        complete = complete and course.readable(ITEMS, self._clock.monotonic())
        with self._store.write() as work:
            session = work.session
            self._leases.give_back_in(session, turn.held)
            pause = holding_of(session, _pause(server_id))
            if good:
                known = holding_of(session, _seen(server_id))
                values: dict[str, object] = {
                    "holder": "complete" if complete else "partial",
                    "until": turn.started,
                    # For `as_of`, which shows it as the clock here had it.
                    "token": self._time.ahead_s,
                }
                put(session, _seen(server_id), values, known=known is not None)
            if error is not None:
                tries = (pause.token if pause else 0) + 1
                until = now + timedelta(seconds=self._pause_of(error, tries, turn))
                told: dict[str, object] = {
                    "holder": error.problem.fault[:128],
                    "token": tries,
                    "until": until,
                }
                put(session, _pause(server_id), told, known=pause is not None)
            elif pause is not None:
                drop(session, _pause(server_id))
            stale = now - self._positioned.get(server_id, now - 2 * POSITION_EVERY) > POSITION_EVERY
            if good and (turn.kept.changed or stale):
                ground.store_position(session, server_id, course.position(turn.target.base_url))
                self._positioned[server_id] = now
        next_at = turn.started + timedelta(seconds=self._interval(turn.target))
        if error is not None:
            next_at = until
        next_at = self._time.shown(next_at)
        done = turn.kept
        return Round(
            turn.seen, done.changed, done.new, tuple(done.ended), turn.calls, complete,
            PAUSED if error else "", next_at, error.problem if error else turn.problem,
        )  # fmt: skip

    def _pause_of(self, error: ConsoleError, tries: int, turn: _Turn) -> float:
        """Return how long everybody leaves the instance alone, in seconds; longer with every failure, never in step."""
        target, started = turn.target, turn.started
        if isinstance(error, StoreError):
            # It is not the instance that needs rest: the next look is the one that would have come anyway.
            return max(1.0, self._interval(target) - (self._time.now() - started).total_seconds())
        jitter = 0.75 + self._chance() / 2
        if isinstance(error, RateLimitedError):
            return max(error.retry_after, 1.0) + jitter
        if error.problem.fault == "authentication-refused":
            # More tries would lock the account.
            return min(REFUSED_PAUSE_MOST_S, REFUSED_PAUSE_S * 2.0 ** min(tries - 1, 10)) * jitter
        return min(PAUSE_MOST_S, self._interval(target) * 2.0 ** min(tries - 1, 10)) * jitter

    def state(self, server_id: uuid.UUID) -> "State":
        """Return how the following of a server stands, whoever does it."""
        with self._store.read() as session:
            return state_of(session, server_id, self.budget)


@dataclass(frozen=True, slots=True)
class State:
    """How the following of a server stands: the last look, whether it saw all, calls of the last hour, and a pause.

    `fault` says why there is a pause.
    """

    seen_at: datetime | None
    complete: bool
    calls: int
    paused_until: datetime | None = None
    fault: str = ""


def state_of(session: Session, server_id: uuid.UUID, budget: Budget) -> State:
    """Return how the following of a server stands, whoever does it."""
    seen, pause = holding_of(session, _seen(server_id)), holding_of(session, _pause(server_id))
    calls = budget.spent_in(session, server_id).calls
    state = State(_seen_at(seen) if seen else None, seen is not None and seen.holder == "complete", calls)
    if pause is not None and pause.until > budget.time.now():
        return replace(state, paused_until=budget.time.shown(pause.until), fault=pause.holder)
    return state


def _seen_at(seen: Holding) -> datetime:
    """Return when a look began by the clock of whoever looked."""
    return seen.until - timedelta(seconds=seen.token)


def paused_servers(session: Session, now: datetime) -> list[uuid.UUID]:
    """Return the servers that everybody leaves alone for now; `now` is the common time of the store."""
    pauses = holdings(session, PAUSE)
    return [uuid.UUID(hex=name.removeprefix(PAUSE)) for name, pause in pauses.items() if pause.until > now]


@dataclass(frozen=True, slots=True)
class Polled:
    """How well the copies of some servers are known.

    `at` is when they were last brought up to date, the oldest of all servers; `complete` says that each of them was
    asked successfully the last time and hid nothing. `failing` are those whose last look failed, by their fault, and
    `never` those that were not looked at yet.
    """

    at: datetime | None = None
    complete: bool = True
    failing: tuple[tuple[uuid.UUID, str], ...] = ()
    never: tuple[uuid.UUID, ...] = ()

    @property
    def unsure(self) -> frozenset[uuid.UUID]:
        """Servers of which nothing is known to be so now."""
        return frozenset({*(server for server, _ in self.failing), *self.never})


def polled(session: Session, server_ids: Sequence[uuid.UUID]) -> Polled:
    """Return how well the copies of servers are known, whoever looks; without servers there is nothing to be known."""
    if not server_ids:
        return Polled()
    looks = {one: holding_of(session, _seen(one)) for one in server_ids}
    # A look that succeeds takes the pause away: one that is there tells how the last look ended, over or not.
    pauses = {one: holding_of(session, _pause(one)) for one in server_ids}
    failing = tuple((one, pause.holder) for one, pause in pauses.items() if pause is not None)
    times = [_seen_at(look) for look in looks.values() if look is not None]
    whole = all(look is not None and look.holder == "complete" for look in looks.values())
    never = tuple(one for one, look in looks.items() if look is None)
    return Polled(min(times) if times else None, whole and not failing, failing, never)


def as_of(session: Session, server_ids: list[uuid.UUID]) -> tuple[datetime | None, bool]:
    """Return when the copies were last brought up to date (the oldest of all servers), and whether all are whole."""
    known = polled(session, server_ids)
    return known.at, bool(server_ids) and known.complete


def _may_ask_again(pause: Holding) -> bool:
    """Whether a person may have an instance asked although it is left alone."""
    return pause.holder not in RESTS and (pause.holder not in LOCKS or pause.token < 2)


def _told_now(instance: Instance) -> float | None:
    """Return the time that the instance's last answer told, in seconds since 1970."""
    told = moment_of(instance.last_headers.get("date", ""))
    return None if told is None else told.timestamp()


def _follow(server_id: uuid.UUID) -> str:
    return f"follow:{server_id.hex}"


def _seen(server_id: uuid.UUID) -> str:
    return f"seen:{server_id.hex}"


def _pause(server_id: uuid.UUID) -> str:
    return f"{PAUSE}{server_id.hex}"
