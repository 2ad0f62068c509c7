"""One practice instance on a real socket for the whole module, without faults at the start of each test."""

import pytest

from services.practice import PracticeInstance
from tests.services.servicenow.support import connect

ACCOUNT = "privman.integration"


@pytest.fixture(scope="module")
def served():
    instance = PracticeInstance().start()
    yield instance
    instance.stop()


@pytest.fixture
def practice(served):
    served.faults.clear()
    served.log.clear()
    yield served
    served.faults.clear()


@pytest.fixture
async def instance(practice):
    """The console's own side, signed in with the account of the guide."""
    async with connect(practice, ACCOUNT) as opened:
        yield opened
