"""Fixtures of received events: a workspace with a practice ServiceNow, a practice Privilege Manager, and a served intake."""

import uuid

import pytest

from services.intake.server import IntakeServer
from services.practice.privilege_manager import PracticePrivilegeManager
from tests.services.intake.event_support import event_client
from tests.services.requests.decision_setup import desk
from tests.services.transfer.conftest import configuration, empty_store, practice, store

__all__ = ["configuration", "desk", "empty_store", "practice", "store"]


@pytest.fixture
async def server(store):
    async with IntakeServer(store, port=0) as made:
        yield made


@pytest.fixture
async def pm():
    async with PracticePrivilegeManager() as made:
        yield made


@pytest.fixture
def learning(store, desk):
    """A client that waits for its mapping, and its token."""
    return event_client(store, desk.type.id, uuid.uuid4())
