"""Every path to an instance with every method of signing in, over real sockets: each runs as the account it names."""

import asyncio
import base64

import pytest

from console.cli.provision_command import _AdminOptions, _open_instance
from models.approval_process import ApprovalProcess
from models.kinds import Kind
from models.sign_in import TOKEN_METHODS, SignInMethod
from services import provisioning
from services.common.errors import ConsoleError
from services.common.fault_ids import FaultId
from services.connectivity import run_check
from services.connectivity.check_history import get_check_sign_in
from services.credential_secrets import bind_secrets, read_credential_secrets
from services.practice.initial_data import EXECUTE_ITEM_ID
from services.requests.rehearsal.rehearsal import rehearse
from services.servicenow import ConnectionSettings, ServiceNowClient
from services.servicenow.contract import STATUS_INPUT, STATUS_OUTPUT
from services.servicenow.encoded_query import SignedInUserQuery
from services.setup import discovery
from services.support_bundle import read_credentials
from services.transfer import plan_document, read_document
from services.transfer.apply_online import apply_online
from services.vault import SecretNotForHostError
from tests.services.transfer.conftest import (
    configuration,
    empty_store,
    practice,
    store,
    vault,
    workspace,
)
from tests.sign_in_methods import (
    ADMIN,
    APPROVER,
    BY_HEADER,
    INTEGRATION,
    accounts_of,
    add_credential,
    fields_and_secrets,
    token_calls,
)

__all__ = ["configuration", "empty_store", "practice", "store", "vault", "workspace"]


@pytest.fixture
def connect(configuration, vault, practice):
    """Return a function that stores a server whose credential has a method."""

    def make(method):
        server = configuration.new(Kind.FOREIGN_SYSTEM, name=f"Server {method}", base_url=practice.base_url)
        credential = add_credential(configuration, vault, practice, method, [server.destination])
        server.credential_id = credential.id
        return configuration.save(server), credential

    return make


async def test_description_service_and_table(connect, workspace, practice):
    for method in BY_HEADER:
        server, _ = connect(method)
        since = len(practice.log)
        instance = await workspace.instance(server.id)
        service = instance.service("GetExecuteAppApprovalRequestStatus")
        assert await service.describe()
        assert await service.call({STATUS_INPUT: "made up"}, (STATUS_OUTPUT,))
        assert await instance.table("sc_cat_item").first(None, ("name",))
        assert accounts_of(practice, since) == {INTEGRATION}
        assert len(token_calls(practice, since)) == (method in TOKEN_METHODS)


async def test_check(connect, workspace, practice):
    for method in BY_HEADER:
        server, credential = connect(method)
        report = await run_check(
            workspace.connection_settings_for(server),
            workspace.sign_in_source_for(server, credential),
            ApprovalProcess(name="Stock"),
        )
        assert report.verdict == "ok", [one for one in report.stages if one.fault]
        used = get_check_sign_in(workspace.vault, server, credential)
        assert used is not None
        assert used.mark


async def test_provisioning_with_an_administrator_of_its_own(
    connect, configuration, vault, workspace, practice
):
    server, _ = connect(SignInMethod.BASIC)
    for method in BY_HEADER:
        admin = add_credential(configuration, vault, practice, method, account=ADMIN)
        since = len(practice.log)
        async with _open_instance(workspace, server, _AdminOptions(admin.name, "", False)) as instance:
            made = await provisioning.plan(workspace.store, instance, server, provisioning.ItemNames())
        assert not made.conflicts
        assert accounts_of(practice, since) == {ADMIN}
        # They were lent for this run only.
        assert read_credential_secrets(vault, admin).destinations == []


async def test_another_account_whose_token_signs_in_somebody_else_is_refused(
    connect, configuration, vault, workspace, practice, monkeypatch
):
    server, _ = connect(SignInMethod.BASIC)
    approver = add_credential(configuration, vault, practice, SignInMethod.CLIENT_CREDENTIALS)
    approver.account = APPROVER
    approver = configuration.save(approver)
    with pytest.raises(ConsoleError) as caught:
        await workspace.instance_as(server, approver)
    assert caught.value.problem.fault is FaultId.OAUTH_OTHER_ACCOUNT
    # An instance that ignores the script in a query shows many users.
    monkeypatch.setattr(SignedInUserQuery, "encode", lambda _: "active=true")
    async with await workspace.instance_as(server, approver) as instance:
        assert instance.is_user_shown is False
        settings, sign_in = await workspace.signing_in_as(server, approver)
        report = await run_check(settings, sign_in, ApprovalProcess(name="Stock"))
    [signed] = [one for one in report.stages if one.stage == "authentication"]
    assert signed.evidence.endswith("that it runs as this user is not shown")


async def test_a_rehearsal_that_another_account_decides(connect, configuration, vault, workspace, practice):
    process = configuration.save(configuration.new(Kind.APPROVAL_PROCESS, name="Process", timeout_after_s=60))
    kind = configuration.save(configuration.new(Kind.APPROVAL_TYPE, name="Type", process_id=process.id))
    for method in BY_HEADER:
        server, _ = connect(method)
        approver = add_credential(configuration, vault, practice, method, account=APPROVER)
        since = len(practice.log)
        instance = await workspace.instance(server.id)
        async with await workspace.instance_as(server, approver) as decider:
            done = await rehearse(
                workspace.store, instance, kind, process, fields={}, decide="approve", decider=decider
            )
        assert done.ok, done.as_dict()
        assert accounts_of(practice, since) == {INTEGRATION, APPROVER}


async def test_the_guide_makes_a_credential_of_the_method(configuration, vault, workspace, practice):
    for method in BY_HEADER:
        credential = add_credential(
            configuration, vault, practice, method, [ConnectionSettings("P", practice.base_url).origin]
        )
        sign_in = await _sign_in_of(workspace, credential, practice)
        async with ServiceNowClient(ConnectionSettings("Practice", practice.base_url), sign_in) as instance:
            found = await discovery.discover(instance)
        made = discovery.create_setup(
            configuration, vault, base_url=practice.base_url, sign_in=sign_in, found=found
        )
        assert made.credential.sign_in == method
        assert read_credential_secrets(vault, made.credential).covers(made.server.destination)
        assert await (await workspace.instance(made.server.id)).table("sc_cat_item").first(None, ("name",))


async def _sign_in_of(workspace, credential, practice):
    server = workspace.configuration.new(Kind.FOREIGN_SYSTEM, name="Unsaved", base_url=practice.base_url)
    return await workspace.sign_in_source_for(server, credential)()


@pytest.mark.parametrize(
    ("change", "value"),
    [
        ("base_url", "https://acmedev.service-now.com/"),
        ("proxy", "http://proxy.acme.com:3128"),
        ("ca_bundle", "/etc/acme.pem"),
    ],
)
async def test_a_changed_way_requires_every_secret_again(
    configuration, vault, workspace, practice, change, value
):
    for method in BY_HEADER:
        server = configuration.new(
            Kind.FOREIGN_SYSTEM, name=f"S {method}", base_url="https://acme.service-now.com/"
        )
        credential = add_credential(configuration, vault, practice, method, [server.destination])
        sign_in = workspace.sign_in_source_for(server, credential)
        assert await sign_in()
        setattr(server, change, value)
        sign_in = workspace.sign_in_source_for(server, credential)
        found = read_credential_secrets(vault, credential, only_used=True)
        assert found.to_enter_again(server.destination) == found.used
        for name in found.used:
            with pytest.raises(SecretNotForHostError):
                await sign_in()
            with pytest.raises(SecretNotForHostError):
                bind_secrets(vault, credential, server.destination)
            state = vault.state(credential.id, credential.name, secret_name=name)
            secret = vault.get(credential.id, credential.name, state.destinations[0], secret_name=name)
            vault.put(
                credential.id,
                credential.name,
                credential.account,
                secret,
                [server.destination],
                secret_name=name,
            )
        assert await sign_in()


async def test_documents_find_the_request_item_with_every_method(configuration, vault, workspace, practice):
    for method in BY_HEADER:
        fields, secrets = fields_and_secrets(practice, method)
        credential = {"name": f"C {method}", **fields}
        written = ", ".join(f'{key}: "{value}"' for key, value in credential.items())
        text = (
            f"version: 1\ncredentials:\n  - {{{written}}}\n"
            f'foreign_systems:\n  - {{name: S {method}, base_url: "{practice.base_url}", credential: C {method}}}\n'
            f"approval_processes:\n  - {{name: P {method}, server: S {method}, "
            "request_item: {name: Execute Application Request}}\n"
        )
        made = plan_document(read_document(text), configuration)
        planned = next(c.item for c in made.changes if c.item.kind is Kind.USER_CREDENTIAL)
        for name, secret in secrets.items():
            vault.put(planned.id, planned.name, planned.account, secret, [], secret_name=name)
        await apply_online(made, workspace)
        process = configuration.find_by_name(Kind.APPROVAL_PROCESS, f"P {method}")
        assert process.request_item_id == EXECUTE_ITEM_ID
        stored = configuration.find_by_name(Kind.USER_CREDENTIAL, f"C {method}")
        server = configuration.find_by_name(Kind.FOREIGN_SYSTEM, f"S {method}")
        assert read_credential_secrets(vault, stored).covers(server.destination)


def test_the_support_bundle_lists_methods_and_states(connect, configuration, vault):
    values = []
    for method in BY_HEADER:
        _, credential = connect(method)
        values += [
            vault.get(credential.id, credential.name, state.destinations[0], secret_name=name).reveal()
            for name, state in read_credential_secrets(vault, credential).states.items()
            if state.present
        ]
    [text] = read_credentials(configuration, vault).values()
    for method in BY_HEADER:
        assert f'"sign_in": "{method}"' in text
    assert '"private_key_passphrase"' in text
    assert not [one for one in values if one in text or base64.b64encode(one.encode()).decode() in text]


@pytest.mark.parametrize("method", BY_HEADER)
async def test_naming_a_credential_for_one_run_binds_none_of_its_secrets(
    workspace, configuration, vault, practice, connect, method, monkeypatch
):
    server, _ = connect(SignInMethod.BASIC)
    approver = add_credential(configuration, vault, practice, method, account=APPROVER)
    monkeypatch.setattr(vault, "_store", lambda *_: pytest.fail("written"))
    made = await asyncio.gather(*(workspace.signing_in_as(server, approver) for _ in range(4)))
    assert {sign_in.account for _, sign_in in made} == {APPROVER}
    found = read_credential_secrets(vault, approver)
    assert found.complete
    assert not found.destinations
