"""Fixtures for the switch: a practice instance with an OAuth client, and a server with two credentials."""

from datetime import UTC, datetime

import pytest

from models.approval_process import ApprovalProcess
from models.approval_type import ApprovalType
from models.foreign_system import ForeignSystem
from models.secret_names import SecretName
from models.user_credential import UserCredential
from services.common.secret import Secret
from services.practice.oauth import CLIENT_CREDENTIALS_PROPERTY, make_client
from services.sign_in_probe import PROBE_ROWS, RowResult, RowState, SignInProbe
from services.sign_in_switch.probe_records import keep_probe
from services.sign_in_switch.switch import plan_switch
from services.vault.session_vault import SessionVault
from tests.services.transfer.conftest import (
    PASSWORD,
    configuration,
    empty_store,
    practice,
    store,
    vault,
    workspace,
)

__all__ = ["configuration", "empty_store", "practice", "store", "vault", "workspace"]

USER = "privman.integration"


@pytest.fixture
def client(practice):
    practice.set_property(CLIENT_CREDENTIALS_PROPERTY, "true")
    return practice.tokens.add_client("Approval Console", make_client(USER))


@pytest.fixture
def basic(configuration):
    return configuration.save(configuration.new(UserCredential, name="ServiceNow", account=USER))


@pytest.fixture
def server(configuration, basic, vault: SessionVault):
    made = configuration.save(
        configuration.new(
            ForeignSystem, name="Server", base_url="http://127.0.0.1:9/", credential_id=basic.id
        )
    )
    vault.put(basic.id, basic.name, USER, Secret(PASSWORD), [made.destination])
    return made


@pytest.fixture
def oauth(configuration, vault: SessionVault):
    made = configuration.save(
        configuration.new(
            UserCredential,
            name="ServiceNow OAuth",
            account=USER,
            sign_in="oauth_client_credentials",
            client_id="client",
        )
    )
    put_client_secret(vault, made, [])
    return made


@pytest.fixture
def plan(workspace, server, oauth):
    return probed_plan(workspace, server, oauth)


def good_probe(server, credential):
    rows = tuple(RowResult(row, RowState.OK, "seen") for row in PROBE_ROWS)
    return SignInProbe(server.name, credential.account, credential.method, rows, datetime.now(UTC), 1.0)


def probed_plan(workspace, server, credential):
    """Return the plan of a switch to a credential, of which a good probe is kept."""
    stored = workspace.configuration.get(ForeignSystem, server.id)
    keep_probe(workspace, stored, credential, good_probe(stored, credential))
    return plan_switch(workspace, server.id, credential.id)


@pytest.fixture
def practised(configuration, practice, client, server, oauth, vault):
    """The server is the practice instance, with a process, a type, and secrets that work."""
    server.base_url = practice.base_url
    stored = configuration.save(server)
    basic = configuration.get(UserCredential, stored.credential_id)
    vault.put(basic.id, basic.name, USER, Secret(PASSWORD), [stored.destination])
    oauth.client_id = client.client_id
    changed = configuration.save(oauth)
    put_client_secret(vault, changed, [], client.secret)
    process = configuration.save(configuration.new(ApprovalProcess, name="Process", server_id=stored.id))
    configuration.save(configuration.new(ApprovalType, name="Type", process_id=process.id))
    return stored, basic, changed


def put_client_secret(vault, credential, places, secret="client secret"):
    vault.put(
        credential.id,
        credential.name,
        USER,
        Secret(secret),
        places,
        secret_name=SecretName.CLIENT_SECRET,
    )
