"""Fixtures of the approval chain: both practice servers, and a chain that leads through them."""

import pytest

from services.practice import PracticeInstance
from services.practice.privilege_manager import PracticePrivilegeManager
from services.vault.session_vault import SessionVault
from tests.databases import store
from tests.services.approval_chain.scene import (
    PASSWORD,
    fill_privilege_manager,
    make_scene,
    telling_options,
)
from tests.services.transfer.conftest import empty_store

__all__ = ["empty_store", "store"]


@pytest.fixture
def practice():
    instance = PracticeInstance(password=PASSWORD).start()
    yield instance
    instance.stop()


@pytest.fixture
def make_pm():
    """Return a function that starts a Privilege Manager with options and stops it after the test."""
    started = []

    def make(options=None, **arguments):
        pm = PracticePrivilegeManager(options or telling_options(), **arguments).start()
        started.append(pm)
        return pm

    yield make
    for pm in started:
        pm.stop()


@pytest.fixture
async def build(store, make_pm, practice):
    """Return a function that builds a chain; `options` are those of its Privilege Manager."""
    scenes = []

    def make(options=None, *, role=None, **filled):
        pm = make_pm(options)
        fill_privilege_manager(pm, **filled)
        scenes.append(make_scene(store, SessionVault(), pm, practice, role=role))
        return scenes[-1]

    yield make
    for scene in scenes:
        await scene.workspace.aclose()


@pytest.fixture
def scene(build):
    return build()
