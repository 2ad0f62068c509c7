"""What nobody foresaw: a worker tells it, pauses longer each time, and goes on with everything else."""

import asyncio
import itertools
import logging

import pytest

from models.base import utcnow
from models.kinds import RequestEventKind, RequestState
from services.common.unexpected_errors import UNEXPECTED_FAULT
from services.requests.details.caller_answer import build_caller_answer
from services.requests.details.loader import load_stored_details
from services.requests.lifecycle import recovery
from services.requests.lifecycle.lifecycle import RequestLifecycle
from services.requests.polling import poller
from services.requests.polling.poll_result import SkipReason
from services.requests.polling.poll_state import paused_servers
from services.requests.worker import worker
from services.requests.worker.schedule import RETRY_DELAY_MAX_S, RETRY_DELAY_S
from services.requests.worker.window_poller import WindowPoller
from services.requests.worker.worker import Worker
from services.store.errors import read_error
from tests.services.requests import followed
from tests.services.requests.conftest import timeline
from tests.services.requests.test_worker import Taken, practice, taken
from tests.services.transfer.conftest import configuration, empty_store, store, vault, workspace

__all__ = ["configuration", "empty_store", "practice", "store", "taken", "vault", "workspace"]


def broken(*_arguments, **_more):
    raise RuntimeError("nobody foresaw this")


async def broken_later(*_arguments, **_more):
    await asyncio.sleep(0)
    raise RuntimeError("nobody foresaw this")


TELLING = ("worker", "poller", "window_poller", "cleanup", "status_queue")


@pytest.fixture(autouse=True)
def told_in_the_log(caplog):
    """What fails here is told in the log, by those who go on after it; nothing else is."""
    yield
    told = caplog.get_records("call")
    assert {record.name.rpartition(".")[2] for record in told} <= {*TELLING}
    told.clear()


def faults_of(done):
    rounds = [one.problem for one in done.rounds.values() if one.problem is not None]
    return {problem.fault for problem in [*done.problems, *rounds]}


@pytest.mark.parametrize(
    ("owner", "name", "replacement"),
    [
        (RequestLifecycle, "resume", broken_later),
        (RequestLifecycle, "_create", broken_later),
        (recovery.CreateRecovery, "find", broken_later),
        (worker.Worker, "_read", broken),
        (worker.Worker, "_steps", broken),
        (worker.Leases, "claim", broken),
        (worker.Leases, "release", broken),
        (poller.Poller, "_begin", broken),
        (poller.Poller, "_look", broken_later),
        (poller.Poller, "_end", broken),
        (poller.Poller, "servers", broken_later),
        (worker, "clean_up_rehearsals", broken_later),
    ],
)
async def test_one_round_that_fails_unexpectedly_ends_and_never_ends_well(
    taken, workspace, monkeypatch, owner, name, replacement
):
    key = await taken.request()
    if name == "find":  # which is only asked after a Create whose answer was lost
        monkeypatch.setattr(RequestLifecycle, "_create", broken_later)
    monkeypatch.setattr(owner, name, replacement)
    async with asyncio.timeout(60):
        done = await Worker(workspace, present=False).once()
    if name != "release":  # what is claimed is free again by itself, and everything that was due was done
        assert not done.ok
        assert UNEXPECTED_FAULT in faults_of(done)
    assert taken.row(key)["state"] in (RequestState.SUBMITTING, RequestState.PENDING)


async def test_a_store_that_cannot_be_read_never_ends_well(taken, workspace, monkeypatch):
    await taken.request()

    def unreadable(_self):
        raise read_error(OSError("connection lost"))

    monkeypatch.setattr(worker.Worker, "_steps", unreadable)
    done = await Worker(workspace, present=False).once()
    assert not done.ok
    assert faults_of(done) == {"store-unreadable"}


async def test_an_unexpected_failure_of_one_request_stops_no_other(taken, workspace, monkeypatch):
    lost, key = await taken.request(), await taken.request()
    resume = RequestLifecycle.resume

    async def sometimes(self, row):
        return await (broken_later() if row.id == lost else resume(self, row))

    monkeypatch.setattr(RequestLifecycle, "resume", sometimes)
    done = await Worker(workspace, present=False).once()
    assert not done.ok
    assert done.raised == 1
    assert taken.row(key)["state"] == RequestState.PENDING
    assert taken.row(lost)["state"] == RequestState.SUBMITTING


async def test_an_unexpected_failure_is_shown_on_the_row_in_the_timeline_and_to_the_caller(
    taken, workspace, store, monkeypatch
):
    key = await taken.request()
    with monkeypatch.context() as broken_now:
        broken_now.setattr(RequestLifecycle, "resume", broken_later)
        for _ in range(3):
            await Worker(workspace, present=False).once()
    told = [line for line in timeline(store) if line.kind == RequestEventKind.PROBLEM]
    assert len(told) == 1
    shown = load_stored_details(store, key)
    assert "Unexpected internal error" in shown.row.error
    assert shown.row.error in shown.why_stuck
    assert "Wait a minute" not in shown.answer_for_caller
    assert any(line.kind == RequestEventKind.PROBLEM for line in shown.timeline)
    # Once it goes on, nothing of that stands on its row.
    clock = followed.SimulatedClock(utcnow())
    await Worker(workspace, present=False, clock=clock).once()
    assert taken.row(key)["state"] == RequestState.PENDING
    assert taken.row(key)["error"] == ""


async def test_a_request_that_fails_unexpectedly_is_tried_less_and_less_often(
    taken, workspace, monkeypatch, caplog
):
    await taken.request()
    tries = []

    async def counted(_self, _row):
        tries.append(clock.monotonic())
        await broken_later()

    monkeypatch.setattr(RequestLifecycle, "resume", counted)
    clock = followed.SimulatedClock(utcnow())
    stop, made = asyncio.Event(), Worker(workspace, present=False, clock=clock)
    working = asyncio.ensure_future(made.run(stop))
    async with asyncio.timeout(120):
        while len(tries) < 8:
            await asyncio.sleep(0.01)  # the worker lets the time pass
    stop.set()
    await working
    pauses = [after - before for before, after in itertools.pairwise(tries)]
    assert all(
        pause >= min(RETRY_DELAY_MAX_S, RETRY_DELAY_S * 2**number) for number, pause in enumerate(pauses)
    )
    assert {record.levelno for record in caplog.records if record.exc_info} == {logging.ERROR}


@pytest.mark.parametrize("name", ["release", "release_all"])
async def test_a_claim_that_cannot_be_given_back_is_told(taken, workspace, monkeypatch, name):
    key = await taken.request()
    monkeypatch.setattr(worker.Leases, name, broken)
    done = await Worker(workspace, present=False).once()
    assert taken.row(key)["state"] == RequestState.PENDING
    assert not done.ok
    assert UNEXPECTED_FAULT in faults_of(done)


async def test_a_failing_look_pauses_the_server_for_everybody(taken, workspace, store, monkeypatch):
    monkeypatch.setattr(poller.Poller, "_look", broken_later)
    done = await Worker(workspace, present=False).once()
    [round_] = done.rounds.values()
    assert (round_.skip_reason, round_.problem.fault) == (SkipReason.PAUSED, UNEXPECTED_FAULT)
    with store.read() as session:
        assert paused_servers(session, utcnow()) == [taken.server.id]


async def test_a_window_goes_on_polling_after_an_unexpected_failure(taken, workspace, monkeypatch):
    told, failing = [], [True]
    status = WindowPoller._status

    def sometimes(self):
        return broken() if failing[0] else status(self)

    monkeypatch.setattr(WindowPoller, "_status", sometimes)
    made = WindowPoller(workspace, on_status=told.append, every_s=0.01)
    running = asyncio.ensure_future(made.run())
    async with asyncio.timeout(60):
        while not told:
            await asyncio.sleep(0.01)
        failing[0] = False
        while len(told) < 2:
            await asyncio.sleep(0.01)
    running.cancel()
    await asyncio.wait({running})
    assert told[0].problem.fault == UNEXPECTED_FAULT
    assert told[1].problem is None
    assert told[1].where == "here"


async def test_the_worker_of_a_window_that_fails_is_begun_again(taken, workspace, monkeypatch):
    told, begun = [], []

    async def run(_self, _stop):
        begun.append(1)
        await broken_later()

    monkeypatch.setattr(Worker, "run", run)
    running = asyncio.ensure_future(WindowPoller(workspace, on_status=told.append, every_s=0.01).run())
    async with asyncio.timeout(60):
        while len(begun) < 2:
            await asyncio.sleep(0.01)
    running.cancel()
    await asyncio.wait({running})
    assert any(one.problem is not None and one.problem.fault == UNEXPECTED_FAULT for one in told)


def test_the_caller_of_a_request_that_cannot_be_sent_is_not_told_to_wait_a_minute():
    from models.approval_request import ApprovalRequest

    row = ApprovalRequest(file_path=r"C:\tool.exe", error="It could not be sent to ServiceNow: x.")
    assert "Wait a minute" not in build_caller_answer(row, [], None)
    row.error = ""
    assert "Wait a minute" in build_caller_answer(row, [], None)


assert Taken  # the fixtures above make one
