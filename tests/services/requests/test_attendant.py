"""A window follows as long as no worker does, and says who does."""

import asyncio

import pytest

from services.configuration import Configuration
from services.practice import PracticeInstance
from services.requests.worker.window_poller import PollingOwner, WindowPoller
from services.requests.worker.worker import Worker
from services.store import Store
from tests.services.requests import followed
from tests.services.transfer.conftest import PASSWORD, configuration, empty_store, store, vault, workspace

__all__ = ["configuration", "empty_store", "store", "vault", "workspace"]

pytestmark = pytest.mark.every_database

LIMIT_S = 30


@pytest.fixture
def practice():
    instance = PracticeInstance(password=PASSWORD).start()
    yield instance
    instance.stop()


@pytest.fixture
def server(configuration, vault, practice):
    return followed.configure(configuration, vault, practice, PASSWORD)[0]


class Told:
    """What an attendant told, and a way to wait for it."""

    def __init__(self):
        self.statuses, self.rounds = [], []
        self._news = asyncio.Event()

    def status(self, status):
        self.statuses.append(status)
        self._news.set()

    def round(self, server_id, done):
        self.rounds.append((server_id, done))
        self._news.set()

    async def until(self, reached):
        async with asyncio.timeout(LIMIT_S):
            while not reached():
                self._news.clear()
                await self._news.wait()

    def where(self, where):
        return lambda: bool(self.statuses) and self.statuses[-1].where is where


@pytest.fixture
async def told():
    return Told()


@pytest.fixture
async def attending(workspace, told):
    attendant = WindowPoller(
        workspace, on_status=told.status, on_round=told.round, holder="window:1:aa", every_s=0.05
    )
    task = asyncio.ensure_future(attendant.run())
    yield attendant
    task.cancel()
    await asyncio.wait({task})
    assert task.cancelled()


async def test_without_anything_to_follow_nobody_does(attending, told):
    await told.until(told.where(PollingOwner.NOBODY))


async def test_the_window_follows_and_tells_of_every_look(server, practice, attending, told, store):
    followed.place(practice, 1)
    await told.until(lambda: bool(told.rounds))
    [(server_id, done)] = told.rounds
    assert (server_id, done.new) == (server.id, 1)
    await told.until(lambda: told.where(PollingOwner.HERE)() and told.statuses[-1].seen_at is not None)
    assert told.statuses[-1].calls == 1
    assert followed.counted(store) == 1


async def test_a_worker_takes_over_and_the_window_goes_on_when_it_stops(
    server, attending, told, workspace, store
):
    await told.until(told.where(PollingOwner.HERE))
    stop = asyncio.Event()
    working = asyncio.ensure_future(Worker(workspace, holder="elsewhere:1:bb").run(stop))
    await told.until(told.where(PollingOwner.WORKER))
    stop.set()
    await working
    await told.until(told.where(PollingOwner.HERE))


class ImportedWorker:
    """Counts how often a window asks for what polls."""

    def __init__(self):
        self.times = 0

    async def __call__(self):
        self.times += 1


async def test_what_polls_is_imported_when_another_process_adds_a_server(
    workspace, told, store, vault, practice
):
    imported = ImportedWorker()
    attendant = WindowPoller(
        workspace,
        on_status=told.status,
        on_round=told.round,
        import_worker=imported,
        holder="window:1:aa",
        every_s=0.05,
    )
    task = asyncio.ensure_future(attendant.run())
    await told.until(told.where(PollingOwner.NOBODY))
    attendant.retry_local_faults()
    assert imported.times == 0
    elsewhere = Store.open(store.url, actor="elsewhere")
    added = followed.configure(Configuration(elsewhere), vault, practice, PASSWORD)[0]
    await told.until(lambda: bool(told.rounds))
    assert (told.rounds[0][0], imported.times) == (added.id, 1)
    task.cancel()
    await asyncio.wait({task})
    elsewhere.close()


async def test_a_window_beside_a_worker_does_not_import_what_polls(server, workspace, told):
    imported = ImportedWorker()
    attendant = WindowPoller(
        workspace, on_status=told.status, import_worker=imported, holder="window:1:aa", every_s=0.05
    )
    stop = asyncio.Event()
    working = asyncio.ensure_future(Worker(workspace, holder="elsewhere:1:bb").run(stop))
    async with asyncio.timeout(LIMIT_S):
        while (await asyncio.to_thread(attendant.status)).where is not PollingOwner.WORKER:
            await asyncio.sleep(0.01)
    task = asyncio.ensure_future(attendant.run())
    await told.until(told.where(PollingOwner.WORKER))
    assert imported.times == 0
    stop.set()
    await working
    await told.until(told.where(PollingOwner.HERE))
    task.cancel()
    await asyncio.wait({task})
    assert imported.times == 1


async def test_what_polls_and_cannot_be_imported_is_told(server, workspace, told, caplog):
    async def missing():
        raise ImportError("no such module")

    attendant = WindowPoller(
        workspace, on_status=told.status, import_worker=missing, holder="window:1:aa", every_s=0.05
    )
    task = asyncio.ensure_future(attendant.run())
    await told.until(lambda: bool(told.statuses) and told.statuses[-1].problem is not None)
    assert "no such module" in told.statuses[-1].problem.evidence
    assert "no such module" in caplog.text
    caplog.clear()
    task.cancel()
    await asyncio.wait({task})
