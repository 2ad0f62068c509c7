"""What people do on an instance with each method of signing in, over real sockets: provision, decide, probe, set up."""

import uuid
from dataclasses import replace

import pytest

from console.cli.decision_commands import _decider_instance
from console.cli.probe_command import _find_probed
from console.cli.provision_command import _AdminOptions, _open_instance
from models.approval_request import COPY_VERSION, ApprovalRequest
from models.kinds import Kind, RequestOrigin, RequestState
from models.secret_names import SecretName
from models.sign_in import TOKEN_METHODS, SignInMethod
from services import provisioning
from services.common.secret import Secret
from services.practice import PracticeInstance
from services.practice.accounts_and_sessions import user_sys_id
from services.practice.initial_data import EXECUTE_ITEM_ID, _sample_variables
from services.practice.mutual_tls import LoadBalancer
from services.practice.orders_and_approvals import place_order
from services.requests.decisions.decide import decide_requests
from services.setup import discovery
from services.sign_in_probe import ProbeRow, RowState, probe_sign_in
from tests.services.servicenow.certificates import Authority, as_pkcs12
from tests.services.transfer.conftest import configuration, empty_store, store, vault, workspace
from tests.sign_in_methods import (
    ADMIN,
    APPROVER,
    INTEGRATION,
    PASSPHRASE,
    accounts_of,
    add_credential,
    token_calls,
)

__all__ = ["configuration", "empty_store", "store", "vault", "workspace"]
METHODS = pytest.mark.parametrize("method", list(SignInMethod))


class Site:
    """A practice instance behind a balancer that asks for certificates, and the certificate of each account."""

    def __init__(self, folder):
        authority = Authority(folder)
        self.bundle = authority.bundle
        signed = {user: authority.sign(["console"], name=user) for user in (INTEGRATION, ADMIN, APPROVER)}
        self.files = {user: as_pkcs12(one, PASSPHRASE.encode()) for user, one in signed.items()}
        balancer = LoadBalancer(authority.sign(["localhost"]).path, [authority.root.certificate])
        self.practice = PracticeInstance(balancer=balancer).start()
        for user, one in signed.items():
            self.practice.map_certificate(one.certificate, user)

    def server(self, configuration, vault, method, certificate_of=INTEGRATION):
        """Store a server with a credential of `method`; the server has the certificate of `certificate_of`."""
        server = configuration.new(
            Kind.FOREIGN_SYSTEM,
            name=f"Server {uuid.uuid4().hex[:8]}",
            base_url=self.practice.base_url,
            ca_bundle=self.bundle,
            client_certificate=self.files[certificate_of],
        )
        credential = self.credential(configuration, vault, method, INTEGRATION, [server.destination])
        server.credential_id = credential.id
        # The certificate is shown with every method: the passphrase of its file belongs to the server's credential.
        self.put_passphrase(vault, credential, [server.destination])
        return configuration.save(server)

    def credential(self, configuration, vault, method, account, places=()):
        """Store a credential of `method` for an account, with its secrets for `places`."""
        name = f"{method} {account} {uuid.uuid4().hex[:8]}"
        made = add_credential(configuration, vault, self.practice, method, places, account=account, name=name)
        if method is SignInMethod.CERTIFICATE:
            self.put_passphrase(vault, made, places)
        return made

    @staticmethod
    def put_passphrase(vault, credential, places):
        """Store the passphrase of the file of a client certificate with a credential."""
        vault.put(
            credential.id,
            credential.name,
            credential.account,
            Secret(PASSPHRASE),
            places,
            secret_name=SecretName.CERTIFICATE_PASSPHRASE,
        )

    def order(self, store, server):
        """Place an order of the request item on the instance, and return the id of its mirrored request."""
        by = INTEGRATION
        made = place_order(
            self.practice._database, EXECUTE_ITEM_ID, _sample_variables(1), user_id=user_sys_id(by), by=by
        )
        row = ApprovalRequest(
            id=uuid.uuid4(),
            server_id=server.id,
            record_id=made.item_id,
            number=made.item_number,
            external_id=made.item_id,
            approval_id=_sample_variables(1)["PMApprovalId"],
            origin=RequestOrigin.SERVICENOW,
            version=COPY_VERSION,
            state=RequestState.PENDING,
        )
        with store.write() as work:
            work.observe(ApprovalRequest, {}, [row])
        return row

    def decided_by(self, row):
        """Return the state of a request on the instance, and the account that changed its approval."""
        [asked] = self.practice.records("sysapproval_approver", sysapproval=row.record_id)
        return asked["state"], asked["sys_updated_by"]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    made = Site(tmp_path_factory.mktemp("authority"))
    yield made
    made.practice.stop()


@METHODS
async def test_an_administrator_provisions_and_takes_it_back(configuration, vault, workspace, site, method):
    server = site.server(configuration, vault, SignInMethod.BASIC, ADMIN)
    admin = site.credential(configuration, vault, method, ADMIN)
    names, database = provisioning.ItemNames(), site.practice._database
    [gone] = database.rows("item_option_new", cat_item=EXECUTE_ITEM_ID, name="PMUserReason")
    database.delete("item_option_new", gone["sys_id"])
    since = len(site.practice.log)
    async with _open_instance(workspace, server, _AdminOptions(admin.name, "", False)) as instance:
        applied = await provisioning.apply(workspace.store, instance, server, names)
        assert applied.ok, applied.as_dict()
        [made] = database.rows("item_option_new", cat_item=EXECUTE_ITEM_ID, name="PMUserReason")
        assert made["sys_created_by"] == ADMIN
        undone = await provisioning.undo(workspace.store, instance, server, applied.receipt.id)
    assert undone.ok
    assert len(undone.removed) == 1
    assert database.rows("item_option_new", sys_id=made["sys_id"]) == []
    database.insert("item_option_new", gone)
    assert accounts_of(site.practice, since) == {ADMIN}
    assert len(token_calls(site.practice, since)) == (method in TOKEN_METHODS)


@METHODS
async def test_the_account_of_the_server_decides(configuration, vault, workspace, site, method):
    server = site.server(configuration, vault, method)
    row = site.order(workspace.store, server)
    since = len(site.practice.log)
    [outcome] = await decide_requests(workspace, [row.id], "approve", "As agreed")
    assert outcome.ok, outcome.problem
    assert site.decided_by(row) == ("approved", INTEGRATION)
    assert accounts_of(site.practice, since) == {INTEGRATION}


@METHODS
async def test_another_account_decides(configuration, vault, workspace, site, method):
    server = site.server(configuration, vault, SignInMethod.BASIC, APPROVER)
    approver = site.credential(configuration, vault, method, APPROVER)
    row = site.order(workspace.store, server)
    async with _decider_instance(workspace, [row.id], approver.name) as decider:
        [outcome] = await decide_requests(workspace, [row.id], "reject", "Not this one", decider)
    assert outcome.ok, outcome.problem
    assert site.decided_by(row) == ("rejected", APPROVER)


@METHODS
async def test_a_probe_is_good(configuration, vault, workspace, site, method):
    server = site.server(configuration, vault, method)
    name = configuration.get(Kind.USER_CREDENTIAL, server.credential_id).name
    credential, system, services = _find_probed(workspace, name, server.name)
    settings, sign_in = await workspace.signing_in_as(system, credential)
    found = await probe_sign_in(settings, sign_in, services)
    assert found.row(ProbeRow.NOT_GUEST).state is RowState.OK, found.as_text()
    assert (found.row(ProbeRow.TOKEN).state is RowState.OK) is (method in TOKEN_METHODS)
    assert not found.is_failed


@pytest.mark.parametrize(
    ("method", "is_stored"), [*((one, True) for one in SignInMethod), (SignInMethod.CERTIFICATE, False)]
)
async def test_the_guide_sets_up_what_then_works(configuration, vault, workspace, site, method, is_stored):
    base_url, file = site.practice.base_url, site.files[INTEGRATION]
    server = configuration.new(
        Kind.FOREIGN_SYSTEM,
        name="Of the guide",
        base_url=base_url,
        client_certificate=file,
        ca_bundle=site.bundle,
    )
    if method is not SignInMethod.CERTIFICATE:
        server.client_certificate = None
    credential = site.credential(configuration, vault, method, INTEGRATION)
    settings, sign_in = await workspace.signing_in_as(server, credential)
    async with workspace.instance_for(settings, sign_in) as instance:
        found = await discovery.discover(instance)
    made = discovery.create_setup(
        configuration,
        vault,
        base_url=base_url,
        sign_in=credential if is_stored else sign_in,
        found=found,
        client_certificate=server.client_certificate,
        certificate_passphrase=Secret(PASSPHRASE) if server.client_certificate else None,
    )
    assert (made.credential.id == credential.id) is is_stored
    assert made.credential.method is method
    since = len(site.practice.log)
    # The private authority stands for one that every machine trusts: the guide has no field for it.
    trusting = replace(workspace.connection_settings_for(made.server), ca_bundle=site.bundle)
    source = workspace.sign_in_source_for(made.server, made.credential)
    async with workspace.instance_for(trusting, source) as instance:
        assert await instance.table("sc_cat_item").first(None, ("name",))
    assert accounts_of(site.practice, since) == {INTEGRATION}
