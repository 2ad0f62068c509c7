"""The clients of stored Privilege Manager servers: cached, bound to the destination, logged off."""

import pytest

from models.kinds import Kind
from services.common.errors import ConsoleError
from services.common.secret import Secret
from services.practice.privilege_manager import PracticePrivilegeManager
from services.store import Store
from services.vault.session_vault import SessionVault
from services.workspace import Workspace
from tests.services.privilege_manager.client_support import TOKEN
from tests.services.servicenow.rawserver import RawServer, json_reply


@pytest.fixture
async def workspace(tmp_path):
    opened = Workspace(Store.open(f"sqlite:///{tmp_path / 'store.db'}", actor="ada"), SessionVault())
    yield opened
    await opened.aclose()


@pytest.fixture
async def practice():
    async with PracticePrivilegeManager() as server:
        yield server


def store_server(workspace, base_url, account, secret):
    configuration = workspace.configuration
    credential = configuration.save(
        configuration.new(Kind.USER_CREDENTIAL, name="PM API Client", account=account)
    )
    made = configuration.new(Kind.PRIVILEGE_MANAGER_SERVER, name="Privilege Manager", base_url=base_url)
    made.credential_id = credential.id
    server = configuration.save(made)
    workspace.vault.put(credential.id, credential.name, account, Secret(secret), [server.destination])
    return server, credential


async def test_a_stored_server_has_one_client_that_logs_off(workspace, practice):
    server, _ = store_server(workspace, practice.base_url, practice.client_id, practice.client_secret)
    client = await workspace.privilege_manager(server.id)
    assert await client.version() == practice.options.version
    assert await workspace.privilege_manager(server.id) is client
    assert practice.sessions.open_sessions == 1
    await workspace.close_connections()
    assert practice.sessions.open_sessions == 0


async def test_a_changed_credential_makes_a_new_client_and_ends_the_old_session(workspace, practice):
    server, credential = store_server(
        workspace, practice.base_url, practice.client_id, practice.client_secret
    )
    before = await workspace.privilege_manager(server.id)
    await before.version()
    credential = workspace.configuration.get(type(credential), credential.id)
    credential.description = "Changed"
    workspace.configuration.save(credential)
    after = await workspace.privilege_manager(server.id)
    assert after is not before
    assert practice.sessions.open_sessions == 0


async def test_a_changed_address_gets_no_secret(workspace, practice):
    server, _ = store_server(workspace, practice.base_url, practice.client_id, practice.client_secret)
    async with RawServer(lambda asked: json_reply(f'"{TOKEN}"')) as other:
        server = workspace.configuration.get(type(server), server.id)
        server.base_url = f"{other.url}TMS/"
        workspace.configuration.save(server)
        client = await workspace.privilege_manager(server.id)
        with pytest.raises(ConsoleError) as raised:
            await client.version()
        assert raised.value.problem.fault == "secret-not-for-host"
        assert not other.asked


async def test_a_server_without_a_credential_is_not_called(workspace, practice):
    configuration = workspace.configuration
    server = configuration.save(
        configuration.new(Kind.PRIVILEGE_MANAGER_SERVER, name="Alone", base_url=practice.base_url)
    )
    client = await workspace.privilege_manager(server.id)
    with pytest.raises(ConsoleError) as raised:
        await client.version()
    assert raised.value.problem.fault == "credential-missing"
    assert not practice.log
