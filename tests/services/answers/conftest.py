"""Fixtures of answers: a store with an Approval Type, and a receiver."""

import pytest

from models.kinds import Kind
from tests.services.answers.receivers import Receiver
from tests.services.transfer.conftest import configuration, empty_store, practice, store, vault

__all__ = ["configuration", "empty_store", "practice", "store", "vault"]


@pytest.fixture
def type_id(configuration):
    return configuration.save(configuration.new(Kind.APPROVAL_TYPE, name="Type")).id


@pytest.fixture
def receiver():
    made = Receiver()
    yield made
    made.close()
