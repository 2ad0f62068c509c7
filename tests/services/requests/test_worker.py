"""What a worker does besides following: it raises, times out, tries again, and shares the work."""

import asyncio
import uuid
from datetime import timedelta

import pytest
from sqlalchemy import select

import services.requests.lifecycle.lifecycle
from models.approval_request import ApprovalRequest
from models.base import utcnow
from models.foreign_system import ForeignSystem
from models.kinds import Kind, RequestState
from services.coordination.worker_presence import list_active_workers
from services.practice import PracticeInstance
from services.requests.lifecycle.lifecycle import RequestLifecycle
from services.requests.polling.poll_result import SkipReason
from services.requests.polling.poll_state import store_pause
from services.requests.worker import worker as worker_module
from services.requests.worker.worker import Worker
from services.servicenow import ConnectionSettings, ServiceNowClient
from services.store.row_values import get_table
from tests.services.requests import followed
from tests.services.transfer.conftest import PASSWORD, configuration, empty_store, store, vault, workspace

__all__ = ["configuration", "empty_store", "store", "vault", "workspace"]

pytestmark = pytest.mark.every_database

FIELDS = {"PMFilePath": r"C:\tool.exe", "PMUserReason": "Needed"}


@pytest.fixture
def practice():
    instance = PracticeInstance(password=PASSWORD).start()
    yield instance
    instance.stop()


class Taken:
    """Takes requests in as the intake does: stored, and claimed by nobody."""

    def __init__(self, store, configuration, vault, practice):
        self.store = store
        self.server, self.process = followed.configure(configuration, vault, practice, PASSWORD)
        made = configuration.new(Kind.APPROVAL_TYPE, name="Type", process_id=self.process.id)
        self.type = configuration.save(made)

    async def request(self):
        life = RequestLifecycle(
            self.store, ServiceNowClient(ConnectionSettings.of(self.server), None), self.process
        )
        row = life.draft(self.type, FIELDS)
        await life.keep(row, FIELDS)
        self.change(row.id, claimed_by="", claimed_until=None)
        return row.id

    def change(self, key, **values):
        with self.store.write() as work:
            work.observe(ApprovalRequest, {key: values})

    def row(self, key):
        [found] = followed.requests_of(self.store, id=key)
        return found


@pytest.fixture
def taken(store, configuration, vault, practice):
    return Taken(store, configuration, vault, practice)


async def test_what_was_taken_in_is_raised_once_by_several_workers(taken, workspace, practice):
    keys = [await taken.request() for _ in range(12)]
    several = [Worker(workspace, holder=f"elsewhere:{n}:aa", present=False) for n in range(3)]
    done = await asyncio.gather(*(one.once() for one in several))
    assert sum(one.raised for one in done) == 12
    assert {taken.row(key)["state"] for key in keys} == {RequestState.PENDING}
    assert len(practice.records("sc_req_item")) == 12
    assert {taken.row(key)["claimed_by"] for key in keys} == {""}


async def test_what_is_over_its_time_is_cancelled_and_timed_out(taken, workspace, practice, monkeypatch):
    key = await taken.request()
    await Worker(workspace, present=False).once()
    later = utcnow() + timedelta(seconds=taken.process.timeout_after_s + 1)
    monkeypatch.setattr(services.requests.lifecycle.lifecycle, "utcnow", lambda: later)
    clock = followed.SimulatedClock(later)
    done = await Worker(workspace, present=False, clock=clock).once()
    assert done.timed_out == 1
    assert taken.row(key)["state"] == RequestState.TIMED_OUT
    [item] = practice.records("sc_req_item")
    assert item["approval"] == "cancelled"


async def test_what_cannot_be_raised_now_is_left_and_tried_again(taken, workspace, practice, caplog):
    key = await taken.request()
    practice.faults.set("hibernating")
    done = await Worker(workspace, present=False).once()
    assert not done.ok
    assert taken.row(key)["state"] == RequestState.SUBMITTING
    assert {record.levelname for record in caplog.records} == {"WARNING"}
    caplog.clear()
    practice.faults.clear()
    clock = followed.SimulatedClock(utcnow() + timedelta(seconds=60))
    done = await Worker(workspace, present=False, clock=clock).once()
    assert done.ok
    assert taken.row(key)["state"] == RequestState.PENDING


async def test_connections_that_the_database_ends_cost_a_worker_nothing(
    taken, workspace, places, store, database, practice
):
    """Between any two calls: what is idle is replaced before it is used."""
    if database == "postgresql":
        name = store.url.partition("?")[0].rpartition("/")[2]
        ends = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND state = 'idle'"
        end = lambda: places.server.run(name, ends, name)  # noqa: E731
    else:
        end = store.engine.dispose
    key = await taken.request()
    for _ in range(2):
        end()
        done = await Worker(workspace, present=False).once()
        assert done.ok, done.problems
    assert taken.row(key)["state"] == RequestState.PENDING
    assert len(practice.records("sc_req_item")) == 1


async def test_a_request_whose_process_is_gone_stops_nothing(taken, workspace, store):
    lost = await taken.request()
    with store.write() as work:
        table = followed.TABLE
        work.session.execute(table.update().where(table.c.id == lost).values(process_id=None))
    key = await taken.request()
    await Worker(workspace, present=False).once()
    assert taken.row(key)["state"] == RequestState.PENDING
    assert taken.row(lost)["state"] == RequestState.SUBMITTING


async def test_those_that_wait_for_their_next_try_keep_nobody_from_its_turn(
    taken, workspace, store, monkeypatch
):
    monkeypatch.setattr(worker_module, "WORK_ITEMS_MAX", 1)
    lost = await taken.request()
    with store.write() as work:
        table = followed.TABLE
        work.session.execute(table.update().where(table.c.id == lost).values(process_id=None))
    worker = Worker(workspace, present=False)
    await worker.once()
    key = await taken.request()
    await worker.once()
    assert taken.row(key)["state"] == RequestState.PENDING


async def test_those_of_a_server_that_is_left_alone_keep_nobody_from_its_turn(
    taken, workspace, store, monkeypatch
):
    monkeypatch.setattr(worker_module, "WORK_ITEMS_MAX", 1)
    waiting, other = await taken.request(), uuid.uuid4()
    key = await taken.request()
    with store.write() as work:
        server = get_table(ForeignSystem)
        known = work.session.execute(select(server)).mappings().one()
        copy = {**known, "id": other, "name": "Other", "name_key": "other"}
        work.session.execute(server.insert().values(**copy))
        store_pause(work.session, other, utcnow() + timedelta(minutes=10), "tcp-refused", 1)
        table = followed.TABLE
        work.session.execute(table.update().where(table.c.id == waiting).values(server_id=other))
    await Worker(workspace, present=False).once()
    assert taken.row(key)["state"] == RequestState.PENDING
    assert taken.row(waiting)["state"] == RequestState.SUBMITTING


async def test_a_worker_shows_that_it_is_there_until_it_stops(taken, workspace, store):
    stop = asyncio.Event()
    working = asyncio.ensure_future(Worker(workspace, holder="elsewhere:1:aa").run(stop))

    def there():
        with store.read() as session:
            return list_active_workers(session, utcnow())

    async with asyncio.timeout(30):
        while not await asyncio.to_thread(there):
            await asyncio.sleep(0.02)
    stop.set()
    await working
    assert there() == []


async def test_a_broken_off_worker_leaves_nothing_claimed(taken, workspace, store, practice):
    practice.faults.set("slow", seconds=5.0)
    key = await taken.request()
    working = asyncio.ensure_future(Worker(workspace, holder="elsewhere:1:aa").run(asyncio.Event()))
    async with asyncio.timeout(30):
        while not await asyncio.to_thread(lambda: taken.row(key)["claimed_by"]):
            await asyncio.sleep(0.02)
    working.cancel()
    await asyncio.wait({working})
    assert working.cancelled()
    assert taken.row(key)["claimed_by"] == ""


async def test_an_unknown_server_is_nothing_to_follow(workspace):
    done = await Worker(workspace, present=False).follower.round(uuid.uuid4())
    assert done.skip_reason is SkipReason.NOTHING_TO_POLL
