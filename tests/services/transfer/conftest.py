"""Fixtures for documents: a store in a file, and the practice instance where a document is applied to one."""

import pytest

from services.common.secret import Secret
from services.configuration import Configuration
from services.practice import PracticeInstance
from services.store import Store
from services.vault.session_vault import SessionVault
from services.workspace import Workspace
from tests.databases import store

__all__ = ["store"]

PASSWORD = "practice password"


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory):
    """The file of a store with nothing in it: copying it takes less time than making it each time."""
    file = tmp_path_factory.mktemp("store") / "empty.db"
    Store.open(str(file), actor="ada").close()
    return file


@pytest.fixture
def configuration(store):
    return Configuration(store)


@pytest.fixture
def vault():
    return SessionVault()


@pytest.fixture
async def workspace(store, vault):
    made = Workspace(store, vault)
    yield made
    await made.aclose()


@pytest.fixture
def practice():
    instance = PracticeInstance(password=PASSWORD).start()
    yield instance
    instance.stop()


@pytest.fixture
def second_practice():
    instance = PracticeInstance(password=PASSWORD).start()
    yield instance
    instance.stop()


@pytest.fixture
def secret():
    return Secret(PASSWORD)
