"""A window follows as long as no worker does, and says who does."""

import asyncio

import pytest

from services.practice import PracticeInstance
from services.requests.worker.window_poller import PollingOwner, WindowPoller
from services.requests.worker.worker import Worker
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
