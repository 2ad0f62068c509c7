"""With nothing to do, a window and a worker ask the store nothing; what others write is seen all the same."""

import asyncio
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from models.approval_request import ApprovalRequest
from models.kinds import Kind, RequestOrigin, RequestState
from models.lease import Lease
from services.configuration import Configuration
from services.coordination.call_budget import POLL_CALL, CallBudget
from services.coordination.leases import EXPIRED_KEPT, Leases, load_lease
from services.requests.polling.poll_result import PollResult, SkipReason
from services.requests.polling.poll_state import load_poll_state, load_poll_states, store_pause
from services.requests.worker.due_work import READ_INTERVAL_S, DueWorkReader
from services.requests.worker.server_schedule import LOCAL_FAULT_REST_S
from services.requests.worker.window_poller import PollingOwner, WindowPoller
from services.requests.worker.worker import Worker
from services.store import Store
from services.store.row_values import get_table
from services.vault.session_vault import SessionVault
from services.workspace import Workspace
from tests.services.counted import statements
from tests.services.requests.followed import SimulatedClock
from tests.services.transfer.conftest import configuration, empty_store, store

__all__ = ["configuration", "empty_store", "store"]

pytestmark = pytest.mark.every_database


@pytest.fixture
def clock():
    return SimulatedClock()


@pytest.fixture
async def workspace(store):
    made = Workspace(store, SessionVault())
    yield made
    await made.aclose()


@pytest.fixture
def elsewhere(store):
    """Another process on the same store."""
    made = Store.open(store.url, actor="elsewhere")
    yield made
    made.close()


def add_servers(configuration, count, first=0):
    """Store servers with a process each, whose User Credentials have no secret; returns their ids."""
    made = []
    for number in range(first, first + count):
        credential = configuration.new(Kind.USER_CREDENTIAL, name=f"Account {number}", account="app")
        configuration.save(credential)
        server = configuration.new(
            Kind.FOREIGN_SYSTEM,
            name=f"Server {number}",
            base_url=f"https://host{number}.invalid/",
            credential_id=credential.id,
        )
        configuration.save(server)
        process = configuration.new(Kind.APPROVAL_PROCESS, name=f"Process {number}", server_id=server.id)
        process.request_item_id = f"{number:032x}"
        configuration.save(process)
        made.append(server.id)
    return made


def add_request(store, **values):
    """Store a request that was raised here, as an intake in another process does."""
    row = ApprovalRequest(origin=RequestOrigin.CONSOLE, **values)
    with store.write() as work:
        work.insert(row)
    return row.id


def polling_statements(store, workspace, clock):
    poller = WindowPoller(workspace, on_status=lambda _status: None, clock=clock, holder="window:1:aa")
    with statements(store) as seen:
        assert poller.status().where is PollingOwner.HERE
    return poller, len(seen)


async def test_how_polling_stands_is_read_with_as_many_statements_for_any_number_of_servers(
    store, configuration, workspace, clock
):
    add_servers(configuration, 2)
    _, few = polling_statements(store, workspace, clock)
    for server in add_servers(configuration, 20, first=2):
        CallBudget(store, clock).take(server, POLL_CALL)
    _, many = polling_statements(store, workspace, clock)
    assert many == few <= 4


async def test_states_read_together_are_those_read_one_by_one(store, configuration, clock):
    first, paused, never = add_servers(configuration, 3)
    leases = Leases(store, "worker:1:aa", clock)
    budget = CallBudget(store, leases.time)
    for _ in range(3):
        budget.take(first, POLL_CALL)
        clock.pass_by(1400)
    with store.write() as work:
        store_pause(work.session, paused, clock.now() + timedelta(hours=1), "tcp-refused", 2)
    with store.read() as session:
        together = load_poll_states(session, [first, paused, never], budget)
        assert together == tuple(
            (one, load_poll_state(session, one, budget)) for one in (first, paused, never)
        )
    assert [state.calls for _, state in together] == [2, 0, 0]


async def test_calls_of_a_clock_that_is_ahead_are_counted_in_the_common_time(store, configuration, clock):
    [server] = add_servers(configuration, 1)
    ahead = SimulatedClock(clock.now() + timedelta(hours=3))
    CallBudget(store, ahead).take(server, POLL_CALL)
    ahead.pass_by(3000)
    CallBudget(store, ahead).take(server, POLL_CALL)
    budget = CallBudget(store, clock)
    with store.read() as session:
        assert budget.calls_in_session(session) == {server: 2}
    assert budget.time.now() >= ahead.now()


async def test_a_window_with_nothing_new_asks_an_sqlite_store_nothing(
    store, elsewhere, configuration, workspace, clock
):
    [server, *_] = add_servers(configuration, 3)
    poller, first = polling_statements(store, workspace, clock)
    with statements(store) as seen:
        poller.status()
        assert store.feed.poll() == []
        store.feed.poll()
    assert len(seen) == (0 if store.engine.dialect.name == "sqlite" else first + 2)
    CallBudget(elsewhere, clock).take(server, POLL_CALL)
    assert dict(poller.status().servers)[server].calls == 1
    clock.pass_by(3601)  # the call leaves the hour, and nothing is written
    assert dict(poller.status().servers)[server].calls == 0


async def test_what_is_due_is_read_again_when_it_can_be_due(store, elsewhere, configuration, clock):
    [server] = add_servers(configuration, 1)
    reader = DueWorkReader(store, Leases(store, "worker:1:aa", clock), clock, raises=True)
    assert reader.read(10).fresh
    with statements(store) as seen:
        assert not reader.read(10).fresh
    assert len(seen) <= 1
    CallBudget(elsewhere, clock).take(server, POLL_CALL)
    assert not reader.read(10).fresh, "a call that is counted is nobody's work"
    taken_in = add_request(elsewhere, server_id=server, state=RequestState.SUBMITTING)
    assert [item.request_id for item in reader.read(10).items] == [taken_in]
    assert [item.request_id for item in reader.read(10).items] == [taken_in], "it waits, and is told again"


async def test_a_request_times_out_without_a_change_of_the_store(store, configuration, clock):
    [server] = add_servers(configuration, 1)
    key = add_request(
        store,
        server_id=server,
        state=RequestState.PENDING,
        external_id="1" * 32,
        times_out_at=clock.now() + timedelta(seconds=12),
    )
    reader = DueWorkReader(store, Leases(store, "worker:1:aa", clock), clock, raises=False)
    assert not reader.read(10).items
    clock.pass_by(11)
    assert not reader.read(10).items
    clock.pass_by(1)
    assert [item.request_id for item in reader.read(10).items] == [key]


async def test_a_request_that_another_has_claimed_is_looked_at_until_it_is_free(store, configuration, clock):
    [server] = add_servers(configuration, 1)
    key = add_request(store, server_id=server, state=RequestState.SUBMITTING)
    Leases(store, "node-b:1:bb", clock).claim([key], 60)
    reader = DueWorkReader(store, Leases(store, "node-a:1:aa", clock), clock, raises=True)
    assert not reader.read(10).items
    clock.pass_by(61)
    assert [item.request_id for item in reader.read(10).items] == [key]


class CountedRounds:
    """Replaces polling by what it returns for servers that cannot be reached, and counts it."""

    def __init__(self, clock, pause_s):
        self.clock, self.pause_s, self.rounds = clock, pause_s, 0

    async def __call__(self, server_id, *, wanted=False):
        del server_id, wanted
        self.rounds += 1
        return PollResult(
            skip_reason=SkipReason.PAUSED, next_at=self.clock.now() + timedelta(seconds=self.pause_s)
        )


async def launched(worker):
    await worker._start_due_jobs()
    while worker._jobs:
        await asyncio.wait(worker._jobs.values())
        await asyncio.sleep(0)


async def test_a_server_that_is_left_alone_costs_nothing_until_its_pause_is_over(
    store, elsewhere, configuration, workspace, clock, monkeypatch
):
    servers = add_servers(configuration, 3)
    with store.write() as work:
        for server in servers:
            store_pause(work.session, server, clock.now() + timedelta(seconds=600), "dns-unknown-host", 6)
    worker = Worker(workspace, clock=clock, raises=False, present=False)
    counted = CountedRounds(clock, 600)
    monkeypatch.setattr(worker.follower, "round", counted)
    for _ in range(200):
        await launched(worker)
        clock.pass_by(2)
    assert counted.rounds == 3
    with elsewhere.write() as work:  # somebody polled one by hand, with success
        store_pause(work.session, servers[0], clock.now(), "dns-unknown-host", 6)
    clock.pass_by(READ_INTERVAL_S)
    await launched(worker)
    assert counted.rounds == 4


async def test_an_hour_without_secrets_is_as_cheap_at_its_end_as_at_its_beginning(
    store, configuration, workspace, clock, caplog
):
    """Every server is polled once, and again when a person acts or after a quarter of an hour."""
    servers = add_servers(configuration, 5)
    rounds = []
    worker = Worker(
        workspace, clock=clock, raises=False, present=False, on_round=lambda *one: rounds.append(one)
    )
    counts = []
    for _ in range(4):
        with statements(store) as seen:
            for _ in range(450):
                await launched(worker)
                clock.pass_by(2)
        counts.append(len(seen))
    assert len(servers) <= len(rounds) <= len(servers) * (1 + 3600 / LOCAL_FAULT_REST_S / 0.75)
    # A server may be tried twice in a quarter of an hour, and never more often.
    assert max(counts[1:]) <= 2 * counts[0]
    with store.read() as session:
        leases = session.execute(select(func.count()).select_from(get_table(Lease))).scalar()
    assert leases <= len(servers) + 1
    assert {record.name for record in caplog.records} == {"services.requests.worker.worker"}
    caplog.clear()


async def test_a_secret_that_is_entered_and_a_changed_server_are_tried_at_once(
    store, elsewhere, configuration, workspace, clock, caplog
):
    [server] = add_servers(configuration, 1)
    rounds = []
    worker = Worker(
        workspace, clock=clock, raises=False, present=False, on_round=lambda *one: rounds.append(one)
    )
    await launched(worker)
    clock.pass_by(60)  # longer than everybody leaves it alone
    await launched(worker)
    assert len(rounds) == 1
    worker.server_schedule.retry_local_faults()
    await launched(worker)
    assert len(rounds) == 2
    clock.pass_by(120)
    there = Configuration(elsewhere)
    row = there.get(Kind.FOREIGN_SYSTEM, server)
    before = row.model_dump()
    row.description = "Has another address now"
    there.save(row, base=before)
    await launched(worker)
    assert len(rounds) == 3
    assert all("secret-missing" in record.getMessage() for record in caplog.records)
    caplog.clear()


def test_leases_that_ended_long_ago_are_removed_and_the_others_stay(store, clock):
    leases = Leases(store, "node-a:1:aa", clock)
    leases.take("remind:1", 60)
    clock.pass_by(EXPIRED_KEPT.total_seconds() + 61)
    leases.take("follow:1", 60)
    leases.remove_expired()
    with store.read() as session:
        assert load_lease(session, "remind:1") is None
        assert load_lease(session, "follow:1") is not None
