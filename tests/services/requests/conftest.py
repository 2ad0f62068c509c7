"""Fixtures for requests: a store, the practice instance, and a process and type that go through it."""

import pytest

from models.kinds import Kind, RequestState
from services.common.secret import Secret
from services.requests.lifecycle.lifecycle import RequestLifecycle
from services.servicenow import ConnectionSettings, ServiceNowClient, SignIn
from tests.services.transfer.conftest import PASSWORD, configuration, empty_store, practice, store

__all__ = ["configuration", "empty_store", "practice", "store"]


def sign_in(account):
    return SignIn(account, Secret(PASSWORD))


@pytest.fixture
async def instance(practice):
    async with ServiceNowClient(
        ConnectionSettings("Practice", practice.base_url), sign_in("privman.integration")
    ) as made:
        yield made


@pytest.fixture
async def approver(practice):
    """The instance as the approver sees it."""
    async with ServiceNowClient(
        ConnectionSettings("Practice", practice.base_url), sign_in("app.approver")
    ) as made:
        yield made


@pytest.fixture
def process(configuration):
    return configuration.save(configuration.new(Kind.APPROVAL_PROCESS, name="Process", timeout_after_s=60))


@pytest.fixture
def approval_type(configuration, process):
    return configuration.save(configuration.new(Kind.APPROVAL_TYPE, name="Type", process_id=process.id))


@pytest.fixture
def life(store, instance, process):
    return RequestLifecycle(store, instance, process)


def stored(store):
    """Return the requests of the store, oldest first."""
    from sqlmodel import col, select

    from models.approval_request import ApprovalRequest

    with store.read() as session:
        return list(session.exec(select(ApprovalRequest).order_by(col(ApprovalRequest.requested_at))))


def timeline(store):
    """Return the lines of every timeline of the store, oldest first."""
    from sqlmodel import col, select

    from models.request_event import RequestEvent

    with store.read() as session:
        return list(session.exec(select(RequestEvent).order_by(col(RequestEvent.at))))


def states(store):
    return [RequestState(row.state) for row in stored(store)]
