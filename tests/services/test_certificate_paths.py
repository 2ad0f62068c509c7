"""The client certificate on every path: PKCS#12 with a passphrase from the vault, a private CA, directly and through a proxy."""

import shutil
from pathlib import Path

import pytest

from console.cli.provision_command import _AdminOptions, _open_instance
from models.approval_process import ApprovalProcess
from models.kinds import Kind
from models.secret_names import SecretName
from models.sign_in import SignInMethod
from services import provisioning
from services.common.errors import ConsoleError
from services.common.fault_ids import FaultId
from services.common.secret import Secret
from services.connectivity import run_check
from services.practice import PracticeInstance
from services.practice.initial_data import EXECUTE_ITEM_ID
from services.practice.mutual_tls import LoadBalancer
from services.requests.rehearsal.rehearsal import rehearse
from services.servicenow import ConnectionSettings, ServiceNowClient
from services.servicenow.contract import STATUS_INPUT, STATUS_OUTPUT
from services.setup import discovery
from services.sign_in_switch.switch import switch_sign_in, undo_switch
from services.transfer import plan_document, read_document
from services.transfer.apply_online import apply_online
from services.transport.sign_in import CertificateSignIn, SignIn
from tests.proxying import ConnectProxy
from tests.services.servicenow.certificates import Authority, as_pkcs12
from tests.services.sign_in_switch.conftest import probed_plan
from tests.services.transfer.conftest import configuration, empty_store, store, vault, workspace
from tests.sign_in_methods import ADMIN, APPROVER, INTEGRATION, add_credential

__all__ = ["configuration", "empty_store", "store", "vault", "workspace"]
PASSPHRASE = "planted-passphrase-7"


@pytest.fixture(scope="module")
def certificates(tmp_path_factory):
    authority = Authority(tmp_path_factory.mktemp("authority"))
    served = authority.sign(["localhost"])
    files = {user: authority.sign(["console"], name=user) for user in (INTEGRATION, ADMIN)}
    return authority, served, files


@pytest.fixture
def practice(certificates):
    authority, served, files = certificates
    instance = PracticeInstance(balancer=LoadBalancer(served.path, [authority.root.certificate])).start()
    for user, signed in files.items():
        instance.map_certificate(signed.certificate, user)
    yield instance
    instance.stop()


def add_server(configuration, vault, practice, certificates, user, proxy=None):
    """Store a server whose certificate signs in `user`, with the passphrase of its file in the vault."""
    authority, _, files = certificates
    credential = configuration.save(
        configuration.new(
            Kind.USER_CREDENTIAL, name=f"mTLS {user}", account=user, sign_in=SignInMethod.CERTIFICATE.value
        )
    )
    server = configuration.new(
        Kind.FOREIGN_SYSTEM,
        name=f"Server of {user}",
        base_url=practice.base_url,
        ca_bundle=authority.bundle,
        client_certificate=as_pkcs12(files[user], PASSPHRASE.encode()),
        proxy=proxy,
        credential_id=credential.id,
    )
    vault.put(
        credential.id,
        credential.name,
        user,
        Secret(PASSPHRASE),
        [server.destination],
        secret_name=SecretName.CERTIFICATE_PASSPHRASE,
    )
    return configuration.save(server), credential


@pytest.fixture
def switching(configuration, vault, practice, certificates):
    """A server that signs in with a password, whose certificate signs in the integration; an approver with certificate."""
    server, mapped = add_server(configuration, vault, practice, certificates, INTEGRATION)
    before = add_credential(configuration, vault, practice, SignInMethod.BASIC, [server.destination])
    server.credential_id = before.id
    return configuration.save(server), mapped


@pytest.mark.parametrize("proxied", [False, True], ids=["directly", "through a proxy"])
async def test_every_path(configuration, vault, workspace, practice, certificates, proxied):
    async with ConnectProxy() as proxy:
        way = proxy.url if proxied else None
        server, credential = add_server(configuration, vault, practice, certificates, INTEGRATION, way)
        report = await run_check(
            workspace.connection_settings_for(server),
            workspace.sign_in_source_for(server, credential),
            ApprovalProcess(name="Stock"),
        )
        assert report.verdict == "ok", [one for one in report.stages if one.fault]

        instance = await workspace.instance(server.id)
        service = instance.service("GetExecuteAppApprovalRequestStatus")
        assert await service.call({STATUS_INPUT: "made up"}, (STATUS_OUTPUT,))
        assert (await discovery.discover(instance)).items

        process = configuration.save(
            configuration.new(Kind.APPROVAL_PROCESS, name="Process", timeout_after_s=60)
        )
        kind = configuration.save(configuration.new(Kind.APPROVAL_TYPE, name="Type", process_id=process.id))
        # The connection shows the certificate of the integration, and the header of the approver wins.
        approver = add_credential(configuration, vault, practice, SignInMethod.BASIC, account=APPROVER)
        async with await workspace.instance_as(server, approver) as decider:
            done = await rehearse(
                workspace.store, instance, kind, process, fields={}, decide="approve", decider=decider
            )
        assert done.ok, done.as_dict()
        assert {call.account for call in practice.log} - {""} == {INTEGRATION, APPROVER}

        admins, _ = add_server(configuration, vault, practice, certificates, ADMIN, way)
        since = len(practice.log)
        made = await provisioning.plan(
            workspace.store, await workspace.instance(admins.id), admins, provisioning.ItemNames()
        )
        assert not made.conflicts
        assert {call.account for call in practice.log[since:]} == {ADMIN}
        await workspace.close_connections()
    assert bool(proxy.asked) is proxied


async def test_an_administrator_does_not_come_by_the_certificate_of_another_account(
    configuration, vault, workspace, practice, certificates
):
    server, _ = add_server(configuration, vault, practice, certificates, INTEGRATION)
    admin = configuration.save(
        configuration.new(
            Kind.USER_CREDENTIAL, name="Admin", account=ADMIN, sign_in=SignInMethod.CERTIFICATE.value
        )
    )
    with pytest.raises(ConsoleError) as caught:
        async with _open_instance(workspace, server, _AdminOptions(admin.name, "", False)):
            pass
    assert caught.value.problem.fault is FaultId.CERTIFICATE_OF_OTHER_CREDENTIAL
    assert practice.log == []


async def test_before_a_switch_the_certificate_is_tried_with_its_own_passphrase(
    configuration, vault, workspace, practice, certificates
):
    """The server still signs in with a password; the certificate is refused for any account but the one it is mapped to."""
    server, mapped = add_server(configuration, vault, practice, certificates, INTEGRATION)
    before = add_credential(configuration, vault, practice, SignInMethod.BASIC, [server.destination])
    server.credential_id = before.id
    configuration.save(server)
    async with await workspace.instance_as(server, mapped) as instance:
        assert await instance.table("sc_cat_item").first(None, ("name",))
    assert {call.account for call in practice.log} == {INTEGRATION}
    approver = configuration.new(
        Kind.USER_CREDENTIAL, name="Approver", account=APPROVER, sign_in=SignInMethod.CERTIFICATE.value
    )
    vault.put(
        approver.id,
        approver.name,
        APPROVER,
        Secret(PASSPHRASE),
        [],
        secret_name=SecretName.CERTIFICATE_PASSPHRASE,
    )
    with pytest.raises(ConsoleError) as caught:
        await workspace.instance_as(server, configuration.save(approver))
    assert caught.value.problem.fault is FaultId.CERTIFICATE_OTHER_ACCOUNT


async def test_the_passphrase_of_another_credential_is_not_borrowed(workspace, vault, switching):
    """The server's own credential holds one for the same file; the one that is tried would fail after a switch."""
    server, mapped = switching
    own = workspace.configuration.get(Kind.USER_CREDENTIAL, server.credential_id)
    name = SecretName.CERTIFICATE_PASSPHRASE
    vault.forget(mapped.id, mapped.name, secret_name=name)
    vault.put(own.id, own.name, own.account, Secret(PASSPHRASE), [server.destination], secret_name=name)
    with pytest.raises(ConsoleError) as caught:
        await workspace.instance_as(server, mapped)
    assert caught.value.problem.fault is FaultId.CERTIFICATE_PASSPHRASE_MISSING


@pytest.mark.parametrize("method", [SignInMethod.CERTIFICATE, SignInMethod.BASIC])
async def test_a_document_finds_the_request_item_with_an_encrypted_certificate(
    configuration, vault, workspace, practice, certificates, method
):
    """The certificate opens with the passphrase of its credential; a password signs in without it."""
    authority, _, files = certificates
    file = as_pkcs12(files[INTEGRATION], PASSPHRASE.encode())
    text = f"""\
version: 1
credentials:
  - {{name: Account, account: {INTEGRATION}, sign_in: {method}}}
foreign_systems:
  - {{name: Server, base_url: "{practice.base_url}", credential: Account, ca_bundle: "{authority.bundle}",
     client_certificate: "{file}"}}
approval_processes:
  - {{name: Process, server: Server, request_item: {{name: Execute Application Request}}}}
"""
    made = plan_document(read_document(text), configuration)
    planned = next(c.item for c in made.changes if c.item.kind is Kind.USER_CREDENTIAL)
    secrets = {
        SignInMethod.CERTIFICATE: (SecretName.CERTIFICATE_PASSPHRASE, PASSPHRASE),
        SignInMethod.BASIC: (SecretName.PASSWORD, practice.accounts[INTEGRATION].password),
    }
    name, secret = secrets[method]
    vault.put(planned.id, planned.name, planned.account, Secret(secret), [], secret_name=name)
    await apply_online(made, workspace)
    assert configuration.find_by_name(Kind.APPROVAL_PROCESS, "Process").request_item_id == EXECUTE_ITEM_ID
    assert {call.account for call in practice.log} == {INTEGRATION}


async def test_an_administrator_by_certificate_has_its_own_passphrase_and_is_refused_as_another_user(
    configuration, vault, workspace, practice, switching
):
    server, mapped = switching
    async with _open_instance(workspace, server, _AdminOptions(mapped.name, "", False)) as instance:
        assert await instance.table("sc_cat_item").first(None, ("name",))
    mapped.account = ADMIN
    admin = configuration.save(mapped)
    with pytest.raises(ConsoleError) as caught:
        async with _open_instance(workspace, server, _AdminOptions(admin.name, "", False)):
            pass
    assert caught.value.problem.fault is FaultId.CERTIFICATE_OTHER_ACCOUNT


async def test_a_password_works_beside_a_certificate_whose_passphrase_another_credential_has(
    vault, workspace, practice, switching
):
    """Before the switch to the certificate, and after its undo."""
    server, mapped = switching
    for act in (None, "switch", "undo"):
        if act == "switch":
            switch_sign_in(workspace, probed_plan(workspace, server, mapped), confirmed=0)
        if act == "undo":
            undo_switch(workspace, server.id)
        instance = await workspace.instance(server.id)
        assert await instance.table("sc_cat_item").first(None, ("name",))
    assert {call.account for call in practice.log} == {INTEGRATION}
    await workspace.close_connections()


async def test_a_certificate_that_was_renewed_in_its_file_is_shown_with_the_next_call(
    certificates, practice, tmp_path
):
    """A worker runs for months; it would show the old certificate until it is started again."""
    authority, _, files = certificates
    shown = tmp_path / "client.pem"
    shown.write_bytes(Path(authority.sign(["console"], name="unmapped").path).read_bytes())
    settings = ConnectionSettings(
        "Practice", practice.base_url, ca_bundle=authority.bundle, client_certificate=str(shown)
    )
    async with ServiceNowClient(settings, CertificateSignIn(INTEGRATION)) as instance:
        table = instance.table("sys_user")
        for _ in range(2):
            with pytest.raises(ConsoleError) as caught:
                await table.first(None, ("sys_id",))
            assert caught.value.problem.fault == FaultId.CERTIFICATE_REFUSED
        Path(shutil.copy(files[INTEGRATION].path, tmp_path / "new.pem")).replace(shown)
        assert await table.first(None, ("sys_id",))


async def test_a_ca_bundle_that_was_replaced_is_read_with_the_next_call(certificates, practice, tmp_path):
    authority, _, _ = certificates
    bundle = tmp_path / "ca.pem"
    bundle.write_bytes(Path(Authority(tmp_path / "other", "Another CA").bundle).read_bytes())
    settings = ConnectionSettings("Practice", practice.base_url, ca_bundle=str(bundle))
    password = Secret(practice.accounts[INTEGRATION].password)
    async with ServiceNowClient(settings, SignIn(INTEGRATION, password)) as instance:
        table = instance.table("sys_user")
        with pytest.raises(ConsoleError) as caught:
            await table.first(None, ("sys_id",))
        assert caught.value.problem.fault == FaultId.TLS_UNTRUSTED
        Path(shutil.copy(authority.bundle, tmp_path / "new.pem")).replace(bundle)
        assert await table.first(None, ("sys_id",))
