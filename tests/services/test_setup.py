"""The whole set-up as one step: looked at without writing, made in one transaction, and taken back when that fails."""

import pytest

from models.addresses import Origin
from models.approval_process import CREATE_SERVICE
from models.base import NAME_MAX, name_key
from models.kinds import Kind
from services.common.errors import InvalidError, Owner, Problem, RefusedError, UnreachableError
from services.common.fault_ids import FaultId
from services.common.secret import Secret
from services.servicenow import ConnectionSettings, ServiceNowClient, SignIn
from services.setup import discovery
from services.store import StoreError
from services.store.object_batch import ObjectBatch
from services.vault import VaultError
from services.vault.environment_vault import EnvVault
from tests.services.transfer.conftest import PASSWORD, configuration, empty_store, practice, store, vault

__all__ = ["configuration", "empty_store", "practice", "store", "vault"]

ACCOUNT = "privman.integration"


@pytest.fixture
async def instance(practice):
    sign_in = SignIn(ACCOUNT, Secret(PASSWORD))
    async with ServiceNowClient(ConnectionSettings("Practice", practice.base_url), sign_in) as made:
        yield made


def made_with(configuration, vault, practice, found, **other):
    sign_in = SignIn(other.pop("account", ACCOUNT), other.pop("secret", Secret(PASSWORD)))
    values = {"base_url": practice.base_url, "sign_in": sign_in, **other}
    return discovery.create_setup(configuration, vault, found=found, **values)


def nothing_is_stored(configuration):
    return [configuration.all(kind) for kind in Kind] == [[]] * len(Kind) and not configuration.history_all()


async def test_a_stock_instance_has_everything_and_nothing_is_written_while_looking(instance, practice):
    told = []
    found = await discovery.discover(instance, lambda text, done=0, total=None: told.append((done, total)))
    assert found.complete
    assert [(s.role, s.ok) for s in found.services] == [("create", True), ("status", True), ("cancel", True)]
    assert found.item.name == "Execute Application Request"
    assert found.item.meets_contract
    assert {call.method for call in practice.log} == {"GET"}
    assert told == sorted(told)
    assert told[-1] == (5, 5)


async def test_the_four_objects_are_made_in_one_transaction_and_bound_together(
    instance, practice, configuration, vault
):
    made = made_with(configuration, vault, practice, await discovery.discover(instance))
    assert made.server.credential_id == made.credential.id
    assert made.process.server_id == made.server.id
    assert made.approval_type.process_id == made.process.id
    assert made.process.create_service == CREATE_SERVICE
    [item] = practice.records("sc_cat_item", name="Execute Application Request")
    assert made.process.request_item_id == item["sys_id"]
    assert {i.name for kind in Kind for i in configuration.all(kind)} == set(discovery.NAMES.values())
    notes = {(r.operation, r.note) for r in configuration.history_all()}
    assert notes == {("create", "ServiceNow approvals set up")}
    secret = vault.get(made.credential.id, made.credential.name, Origin.of(practice.base_url))
    assert secret.reveal() == PASSWORD


async def test_a_second_and_a_third_set_are_named_after_the_host(instance, practice, configuration, vault):
    found = await discovery.discover(instance)
    made_with(configuration, vault, practice, found)
    host = practice.base_url.removeprefix("http://").rstrip("/")
    again = made_with(configuration, vault, practice, found)
    assert again.server.name == f"{host} ServiceNow Server"
    assert again.process.server_id == again.server.id
    third = made_with(configuration, vault, practice, found)
    assert third.credential.name == f"{host} ServiceNow (2)"
    assert {kind: len(configuration.all(kind)) for kind in discovery.NAMES} == dict.fromkeys(
        discovery.NAMES, 3
    )


@pytest.mark.parametrize(
    ("address", "server"),
    [
        ("https://acme.service-now.com/", "acme ServiceNow Server"),
        ("ACME.service-now.com", "acme ServiceNow Server"),
        ("https://acme.servicenowservices.com/", "acme ServiceNow Server"),
        ("https://servicenow.acme.example/", "servicenow.acme.example ServiceNow Server"),
        ("https://acme.example:8443/", "acme.example:8443 ServiceNow Server"),
        ("https://müller.example/", "müller.example ServiceNow Server"),
    ],
)
def test_all_four_are_named_after_the_host_where_one_name_is_in_use(configuration, address, server):
    assert discovery.choose_names(configuration, address) == discovery.NAMES
    configuration.save(configuration.new(Kind.USER_CREDENTIAL, name="servicenow", account="a"))
    names = discovery.choose_names(configuration, address)
    assert names[Kind.FOREIGN_SYSTEM] == server
    assert names[Kind.APPROVAL_TYPE] == server.replace("Server", "Execute Application Request Type")


def test_two_hosts_with_the_same_first_label_are_told_apart(configuration):
    for name in ("ServiceNow", "acme ServiceNow"):
        configuration.save(configuration.new(Kind.USER_CREDENTIAL, name=name, account="a"))
    names = discovery.choose_names(configuration, "https://acme.servicenowservices.com/")
    assert names[Kind.FOREIGN_SYSTEM] == "acme.servicenowservices.com ServiceNow Server"


@pytest.mark.parametrize("letter", ["a", "ß", "ﬃ"])
def test_the_name_of_a_very_long_host_keeps_its_end_and_fits(configuration, letter):
    host = ".".join([letter * 60] * 5)
    configuration.save(configuration.new(Kind.USER_CREDENTIAL, name="ServiceNow", account="a"))
    for _ in range(3):
        names = discovery.choose_names(configuration, f"https://{host}/")
        assert "ServiceNow Execute Application Request Type" in names[Kind.APPROVAL_TYPE]
        for kind, name in names.items():
            assert len(name_key(name)) <= NAME_MAX
            needed = {Kind.USER_CREDENTIAL: {"account": "a"}, Kind.FOREIGN_SYSTEM: {"base_url": "a.example"}}
            values = needed.get(kind, {})
            configuration.save(configuration.new(kind, name=name, **values))


async def test_an_address_as_it_is_typed_is_taken(instance, practice, configuration, vault):
    typed = practice.base_url.upper().rstrip("/")
    made = made_with(configuration, vault, practice, await discovery.discover(instance), base_url=typed)
    assert made.server.base_url == practice.base_url
    assert vault.state(made.credential.id, made.credential.name).origins == [made.server.origin]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"base_url": "nonsense://"}, "base_url"),
        ({"base_url": "http://acme.example/"}, "base_url"),
        ({"account": ""}, "account"),
    ],
)
async def test_values_that_cannot_be_stored_leave_nothing(
    instance, practice, configuration, vault, wrong, field
):
    with pytest.raises(InvalidError) as caught:
        made_with(configuration, vault, practice, await discovery.discover(instance), **wrong)
    assert [e.name for e in caught.value.fields] == [field]
    assert nothing_is_stored(configuration)
    assert vault._entries == {}


@pytest.mark.parametrize("kind", list(discovery.NAMES))
async def test_a_failure_at_any_object_takes_everything_back(
    instance, practice, configuration, vault, monkeypatch, kind
):
    create = ObjectBatch.create

    def breaks(batch, row):
        if row.kind is kind:
            raise OSError("the disk is full")
        return create(batch, row)

    monkeypatch.setattr(ObjectBatch, "create", breaks)
    with pytest.raises(OSError, match="disk is full"):
        made_with(configuration, vault, practice, await discovery.discover(instance))
    assert nothing_is_stored(configuration)
    assert vault._entries == {}


async def test_a_vault_that_refuses_leaves_nothing(instance, practice, configuration, tmp_path):
    read_only = EnvVault({}, tmp_path / "bindings.json")
    with pytest.raises(VaultError):
        made_with(configuration, read_only, practice, await discovery.discover(instance))
    assert nothing_is_stored(configuration)


async def test_a_listed_service_that_does_not_answer_is_said_beside_its_name(
    instance, practice, configuration, vault
):
    practice.faults.set("service_silent", service=CREATE_SERVICE)
    found = await discovery.discover(instance)
    assert not found.complete
    assert [s.ok for s in found.services] == [False, True, True]
    assert found.services[0].name == CREATE_SERVICE
    assert "HTTP 404" in found.services[0].verdict.text
    assert found.item is not None
    with pytest.raises(RefusedError) as caught:
        made_with(configuration, vault, practice, found)
    assert caught.value.problem.fault == "setup-incomplete"
    assert nothing_is_stored(configuration)
    assert vault._entries == {}


async def test_an_instance_without_the_items_is_not_complete(instance, practice):
    for service in practice.records("sys_web_service"):
        practice._database.update("sys_web_service", service["sys_id"], {"active": False}, by="admin")
    found = await discovery.discover(instance)
    assert not found.complete
    assert [(s.name, s.verdict) for s in found.services] == [("", None)] * 3


async def test_an_instance_out_of_reach_is_an_error_and_no_finding(instance, practice):
    practice.stop()
    with pytest.raises(UnreachableError):
        await discovery.discover(instance)


# -- what the check says, before anything is set up or after --------------------------------------


@pytest.mark.parametrize("names", ["stock", "a process with the stock names"])
async def test_renamed_services_are_there_under_the_names_that_the_check_proposes(instance, practice, names):
    from models.approval_process import ApprovalProcess
    from services.connectivity import run_check

    practice.faults.set("service_renamed")
    process = None if names == "stock" else ApprovalProcess(name="P")
    judged = await discovery.assess_items(instance, process)
    assert (judged.services, judged.item) == (False, True)
    report = await run_check(instance.settings, instance.sign_in, process or ApprovalProcess(name="P"))
    remedies = {stage.stage: stage.remedy for stage in report.stages}
    for role, name in zip(("create", "status", "cancel"), judged.meant, strict=True):
        assert remedies[f"service_{role}"].startswith(f"Use {name} on the Approval Process")
    # The wizard finds the same ones.
    found = await discovery.discover(instance)
    assert found.complete
    assert tuple(service.name for service in found.services) == judged.meant


@pytest.mark.parametrize("fault", ["service_missing", "service_inactive", "service_silent", "input_missing"])
async def test_services_that_cannot_be_used_are_not_there_under_other_names(instance, practice, fault):
    practice.faults.set(fault)
    judged = await discovery.assess_items(instance)
    assert not judged.services
    assert judged.meant == ()
    assert judged.services_say


async def test_one_renamed_service_among_the_others_is_meant_with_their_own_names(instance, practice):
    practice.faults.set("service_renamed", service="CancelExecuteAppApprovalRequest")
    judged = await discovery.assess_items(instance)
    assert judged.meant == (
        "CreateExecuteAppApprovalRequest",
        "GetExecuteAppApprovalRequestStatus",
        "CancelExecuteAppApprovalRequestV2",
    )


async def test_a_service_of_another_role_is_never_meant(instance, practice):
    practice.faults.set("service_missing", service="CreateExecuteAppApprovalRequest")
    judged = await discovery.assess_items(instance)
    assert not judged.services
    assert judged.meant == ()


async def test_everything_as_it_has_to_be(instance):
    judged = await discovery.assess_items(instance)
    assert (judged.services, judged.item, judged.services_say, judged.item_says) == (True, True, "", "")


async def test_an_input_that_takes_no_text_is_said_by_the_wizard_too(instance, practice):
    practice.faults.set("input_typed", service="CreateExecuteAppApprovalRequest")
    found = await discovery.discover(instance)
    assert not found.complete
    [create] = [service for service in found.services if service.role == "create"]
    assert create.verdict.text == "Found, but declares PMUserReason as xsd:boolean"
    judged = await discovery.assess_items(instance)
    assert not judged.services
    assert create.verdict.text in judged.services_say


async def test_a_password_that_cannot_be_taken_back_is_said(
    instance, practice, configuration, vault, monkeypatch
):
    def refuse(*_given):
        raise VaultError(
            Problem(
                "Remove it",
                "locked",
                "The vault is locked.",
                Owner.CONSOLE,
                "Unlock it.",
                FaultId.VAULT_UNUSABLE,
            )
        )

    def breaks(_work, _row):
        raise StoreError(
            Problem("Write", "full", "The disk is full.", Owner.CONSOLE, "Make room.", FaultId.STORE_FULL)
        )

    monkeypatch.setattr(ObjectBatch, "create", breaks)
    monkeypatch.setattr(vault, "_remove", refuse)
    with pytest.raises(RefusedError) as raised:
        made_with(configuration, vault, practice, await discovery.discover(instance))
    problem = raised.value.problem
    assert "The disk is full." in problem.cause
    assert "The secret stays in the vault" in problem.cause
    assert nothing_is_stored(configuration)
