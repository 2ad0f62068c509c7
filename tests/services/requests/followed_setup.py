"""An instance in simulated time, a server that leads to it, and a store: for tests of following."""

import pytest

from services.practice import PracticeInstance
from tests.services.requests import followed
from tests.services.requests.followed import SimulatedClock
from tests.services.transfer.conftest import PASSWORD, configuration, empty_store, store, vault, workspace

__all__ = ["clock", "configuration", "empty_store", "practice", "server", "store", "vault", "workspace"]


@pytest.fixture
def clock():
    return SimulatedClock()


@pytest.fixture
def practice(clock):
    instance = PracticeInstance(password=PASSWORD, clock=clock.now).start()
    yield instance
    instance.stop()


@pytest.fixture
def server(configuration, vault, practice):
    return followed.configure(configuration, vault, practice, PASSWORD)[0]
