"""A store of configuration objects for the expiry calendar."""

import pytest

from services.configuration import Configuration
from tests.databases import store

__all__ = ["store"]


@pytest.fixture
def configuration(store):
    return Configuration(store)
