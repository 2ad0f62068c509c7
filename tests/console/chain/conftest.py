"""Fixtures of the Chain tab: both practice servers, and a chain of objects in the store of the page."""

import pytest

from services.practice import PracticeInstance
from services.practice.privilege_manager import PracticePrivilegeManager
from tests.services.approval_chain.scene import (
    PASSWORD,
    fill_privilege_manager,
    make_scene,
    telling_options,
)


@pytest.fixture
def practice():
    instance = PracticeInstance(password=PASSWORD).start()
    yield instance
    instance.stop()


@pytest.fixture
def pm():
    server = PracticePrivilegeManager(telling_options()).start()
    fill_privilege_manager(server)
    yield server
    server.stop()


@pytest.fixture
def scene(store, vault, pm, practice):
    return make_scene(store, vault, pm, practice)
