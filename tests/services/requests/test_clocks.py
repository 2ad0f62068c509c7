"""Clocks that jump, and clocks that differ: nobody waits longer for it, and no hour holds more calls than allowed."""

import asyncio
import uuid
from datetime import timedelta

import pytest

from services.coordination.call_budget import POLL_CALL, CallBudget
from services.coordination.leases import Leases
from services.coordination.worker_presence import list_active_workers
from services.requests.polling.poll_result import SkipReason
from services.requests.polling.poll_state import load_freshness
from services.requests.worker.worker import Worker
from tests.services.requests import followed
from tests.services.requests.followed_setup import (
    clock,
    configuration,
    empty_store,
    practice,
    server,
    store,
    vault,
    workspace,
)

__all__ = ["clock", "configuration", "empty_store", "practice", "server", "store", "vault", "workspace"]

pytestmark = pytest.mark.every_database

HOUR = timedelta(hours=1)
SERVER = uuid.UUID(int=7)


class WallClock:
    """The clock of one computer: the time that passes for all, told `ahead` of what it is."""

    def __init__(self, passing, ahead=timedelta()):
        self.passing, self.ahead = passing, ahead

    def now(self):
        return self.passing.now() + self.ahead

    def monotonic(self):
        return self.passing.monotonic()

    async def sleep(self, seconds):
        self.passing.pass_by(seconds)


@pytest.fixture
def passing(clock):
    return clock


@pytest.fixture(autouse=True)
def shown(request):
    """Show the account a request, or each process would spend a call on finding out whether it sees any."""
    if "server" in request.fixturenames:
        followed.place(request.getfixturevalue("practice"), 1)


@pytest.mark.parametrize("anew", [False, True], ids=["same process", "new process"])
async def test_when_the_time_of_day_goes_back_looks_go_on(server, workspace, passing, anew):
    clock = WallClock(passing)
    follower = followed.follower_of(workspace, clock)
    await follower.round(server.id)
    clock.ahead -= HOUR
    if anew:
        follower = followed.follower_of(workspace, clock, "elsewhere:1:aa")
    for _ in range(3):
        passing.pass_by(30)
        told = await follower.round(server.id)
        if told.skip_reason is not SkipReason.NOT_DUE:
            break
    assert told.calls == 1
    assert timedelta(seconds=25) <= told.next_at - clock.now() <= timedelta(seconds=30)


async def test_a_pause_does_not_grow_when_the_time_of_day_goes_back(server, workspace, practice, passing):
    clock = WallClock(passing)
    follower = followed.follower_of(workspace, clock)
    practice.faults.set("rate_limited", seconds=100.0)
    await follower.round(server.id)
    practice.faults.clear()
    clock.ahead -= HOUR
    told = await follower.round(server.id)
    assert told.skip_reason is SkipReason.PAUSED
    assert told.next_at - clock.now() < timedelta(seconds=110)
    assert followed.poll_state(follower, server.id).paused_until == told.next_at
    passing.pass_by(110)
    assert (await follower.round(server.id)).calls == 1


async def test_the_time_of_the_last_look_is_told_as_this_computer_has_it(server, workspace, store, passing):
    clock = WallClock(passing)
    follower = followed.follower_of(workspace, clock)
    await follower.round(server.id)
    clock.ahead -= HOUR
    passing.pass_by(30)
    await follower.round(server.id)
    passing.pass_by(7)
    assert followed.poll_state(follower, server.id).seen_at == clock.now() - timedelta(seconds=7)
    with store.read() as session:
        assert load_freshness(session, [server.id]).at == clock.now() - timedelta(seconds=7)


@pytest.mark.parametrize("minutes", [-5, 5])
async def test_a_computer_whose_clock_differs_takes_over_in_time(server, workspace, passing, minutes):
    ours = followed.follower_of(workspace, WallClock(passing), "elsewhere:1:aa")
    theirs = followed.follower_of(workspace, WallClock(passing, timedelta(minutes=minutes)), "elsewhere:2:bb")
    for one in (theirs, ours, theirs):
        await one.round(server.id)
    for _ in range(3):
        passing.pass_by(30)
        assert (await theirs.round(server.id)).calls == 1
        assert (await ours.round(server.id)).skip_reason is SkipReason.NOT_DUE
    # The other one is gone. What it did last was 30 s ago.
    passing.pass_by(30)
    assert (await ours.round(server.id)).calls == 1


@pytest.mark.parametrize("minutes", [-5, 0, 5])
def test_no_hour_holds_more_calls_than_allowed_whatever_clocks_say(store, passing, minutes):
    """Two computers in turns, that one first whose clock is ahead; one of them is put back by an hour in between."""
    clocks = [WallClock(passing), WallClock(passing, timedelta(minutes=minutes))]
    clocks.sort(key=WallClock.now, reverse=True)
    budgets = [CallBudget(store, clock, limit=12) for clock in clocks]
    taken = []
    for second in range(0, 4 * 3600, 30):
        if second == 2 * 3600:
            clocks[0].ahead -= HOUR
        if budgets[second // 30 % 2].take(SERVER, POLL_CALL):
            taken.append(second)
        passing.pass_by(30)
    for begin in taken:
        assert sum(begin <= one < begin + 3600 for one in taken) <= 12
    assert len(taken) == 4 * 12  # they come in bursts, an hour apart


async def launched(worker):
    await worker._start_due_jobs()
    while worker._jobs:
        await asyncio.wait(worker._jobs.values())
        await asyncio.sleep(0)


async def test_a_worker_looks_again_when_the_time_of_day_went_back(server, workspace, passing):
    clock = WallClock(passing)
    worker = Worker(workspace, clock=clock, present=False)
    await launched(worker)
    clock.ahead -= HOUR
    for calls in (2, 3):
        passing.pass_by(31)
        await launched(worker)
        assert followed.poll_state(worker.follower, server.id).calls == calls


async def test_a_worker_that_is_gone_does_not_seem_to_be_there_for_an_hour(server, workspace, store, passing):
    """No window would follow for as long as a worker seems to be there."""
    clock = WallClock(passing)
    await launched(Worker(workspace, clock=clock, holder="elsewhere:1:aa"))
    clock.ahead -= HOUR
    leases = Leases(store, "here:1:aa", clock)
    followed.call_usage(CallBudget(store, leases.time), server.id)
    passing.pass_by(61)
    with store.read() as session:
        assert not list_active_workers(session, leases.time.now())
