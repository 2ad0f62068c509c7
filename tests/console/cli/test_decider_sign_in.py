"""The account of `--decide-as` signs in by the route of the server, as every other account does."""

import uuid

import pytest

from console.cli.decision_commands import _decider_instance
from models.addresses import Destination
from models.approval_request import ApprovalRequest
from models.foreign_system import ForeignSystem
from models.kinds import RequestState
from models.user_credential import UserCredential
from services.common.errors import ConsoleError
from services.common.fault_ids import FaultId
from services.common.secret import Secret
from services.configuration import Configuration
from services.store import Store
from services.vault.session_vault import SessionVault
from services.workspace import Workspace


@pytest.fixture
async def workspace(tmp_path):
    opened = Workspace(Store.open(f"sqlite:///{tmp_path / 'store.db'}", actor="ada"), SessionVault())
    yield opened
    await opened.aclose()


@pytest.fixture
def server(workspace):
    configuration = Configuration(workspace.store)
    proxy = configuration.save(configuration.new(UserCredential, name="Proxy", account="p"))
    return configuration.save(
        configuration.new(
            ForeignSystem,
            name="Server",
            base_url="https://acme.service-now.com/",
            proxy="http://proxy.example.com:3128",
            proxy_credential_id=proxy.id,
        )
    )


@pytest.fixture
def approver(workspace):
    configuration = Configuration(workspace.store)
    return configuration.save(configuration.new(UserCredential, name="Approver", account="app.approver"))


@pytest.fixture
def key(workspace, server):
    row = ApprovalRequest(id=uuid.uuid4(), server_id=server.id, state=RequestState.PENDING)
    with workspace.store.write() as work:
        work.insert(row)
    return row.id


async def test_a_password_bound_to_the_route_is_used_with_the_proxy(workspace, server, approver, key):
    workspace.vault.put(approver.id, approver.name, "app.approver", Secret("x"), [server.destination])
    async with _decider_instance(workspace, [key], "Approver") as instance:
        assert instance.settings.effective_proxy == "http://proxy.example.com:3128"
        assert instance.settings.proxy_sign_in is not None


async def test_a_password_for_the_direct_route_is_not_sent_through_the_proxy(
    workspace, server, approver, key
):
    workspace.vault.put(approver.id, approver.name, "app.approver", Secret("x"), [Destination(server.origin)])
    with pytest.raises(ConsoleError) as caught:
        async with _decider_instance(workspace, [key], "Approver"):
            pass
    assert caught.value.problem.fault == FaultId.SECRET_NOT_FOR_HOST
