"""A store that is locked, gone or full for a while: the work goes on as soon as it can be used again."""

import asyncio
import itertools
import sqlite3
import uuid

import pytest

from models.kinds import RequestState
from services.requests.polling import poller
from services.requests.worker.worker import STORE_RETRY_DELAY_S, Worker, WorkItem
from services.store.errors import read_error, write_error
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


def refuse(*_arguments, **_more):
    error = sqlite3.OperationalError("database is locked")
    error.sqlite_errorcode = sqlite3.SQLITE_BUSY
    raise write_error(error)


async def launched(worker):
    await worker._start_due_jobs()
    while worker._jobs:
        await asyncio.wait(worker._jobs.values())
        await asyncio.sleep(0)


async def test_a_store_that_is_locked_when_a_look_begins_delays_it_by_seconds(
    server, workspace, practice, store, clock, monkeypatch, caplog
):
    record = followed.place(practice, 1)
    worker = Worker(workspace, clock=clock, present=False)
    await launched(worker)
    followed.decide(practice, record)
    clock.pass_by(30)
    with monkeypatch.context() as patch:
        patch.setattr(worker.follower, "_begin", refuse)
        for _ in range(2):
            await launched(worker)
            clock.pass_by(STORE_RETRY_DELAY_S + 0.1)
    await launched(worker)
    [row] = followed.requests_of(store, record_id=record)
    assert row["state"] == RequestState.APPROVED
    assert {record.levelname for record in caplog.records} == {"WARNING"}
    caplog.clear()


@pytest.mark.parametrize("call", ["claim", "take", "release_lease"])
async def test_a_store_that_is_gone_between_two_calls_is_waited_for(
    server, workspace, clock, monkeypatch, caplog, call
):
    worker = Worker(workspace, clock=clock, present=False)
    step = WorkItem(uuid.uuid4(), server.id, raising=True)
    monkeypatch.setattr(worker.leases, call, refuse)
    await (worker._do(step) if call == "claim" else worker._clean())
    assert [one.fault for one in worker.done.problems] == ["store-locked"]
    assert not [record for record in caplog.records if record.levelname == "ERROR"]
    caplog.clear()


async def test_a_store_that_refuses_what_was_seen_does_not_keep_the_instance_from_being_asked(
    server, workspace, practice, store, clock, monkeypatch
):
    record = followed.place(practice, 1)
    follower = followed.follower_of(workspace, clock)
    with monkeypatch.context() as patch:
        patch.setattr(poller, "sync_items", refuse)
        for _ in range(4):
            told = await follower.round(server.id)
            assert told.problem.fault == "store-locked"
            assert (told.next_at - clock.now()).total_seconds() == 30
            clock.pass_by(30)
    assert (await follower.round(server.id)).complete
    assert len(followed.requests_of(store, record_id=record)) == 1
    assert followed.poll_state(follower, server.id).calls == 5


async def test_a_worker_goes_on_when_a_store_that_was_out_of_reach_can_be_used_again(
    server, workspace, practice, store, clock, monkeypatch, caplog
):
    """As when the backend of a database server ended: every way to the store fails for a while, then none does."""
    record = followed.place(practice, 1)
    tries = []

    def out_of_reach(*_arguments, **_more):
        tries.append(clock.monotonic())
        raise read_error(OSError("server closed the connection unexpectedly"))

    with monkeypatch.context() as gone:
        gone.setattr(type(store), "read", out_of_reach)
        gone.setattr(type(store), "write", out_of_reach)
        stop = asyncio.Event()
        working = asyncio.ensure_future(Worker(workspace, clock=clock).run(stop))
        async with asyncio.timeout(60):
            while len(tries) < 5:
                await asyncio.sleep(0.01)
    async with asyncio.timeout(60):
        while not await asyncio.to_thread(followed.requests_of, store, record_id=record):
            await asyncio.sleep(0.01)
    assert not working.done()
    stop.set()
    await working
    assert all(after - before >= STORE_RETRY_DELAY_S for before, after in itertools.pairwise(tries))
    assert {record.name for record in caplog.records} == {"services.requests.worker.worker"}
    caplog.clear()
