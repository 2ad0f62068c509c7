"""Fixtures for whole stories: the pages' own, and the practice instance on a real socket."""

import pytest

from services.practice import PracticeInstance
from tests.console.conftest import configuration, ctx, other, run, store, vault

__all__ = ["configuration", "ctx", "empty_practice", "other", "practice", "run", "store", "vault"]


@pytest.fixture
def practice():
    instance = PracticeInstance().start()
    yield instance
    instance.stop()


@pytest.fixture
def empty_practice():
    instance = PracticeInstance(state="empty").start()
    yield instance
    instance.stop()
