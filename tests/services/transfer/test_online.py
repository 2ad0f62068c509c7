"""Applying documents to real instances: items found by their contract, passwords bound to what was applied only."""

import asyncio

import pytest

from models.addresses import Origin
from models.approval_request import ApprovalRequest
from models.kinds import Kind
from services.common.errors import FieldError, InputError, InvalidError, RefusedError, RequestsOpenError
from services.servicenow import ConnectionSettings, ServiceNowClient, SignIn
from services.servicenow.encoded_query import equals
from services.transfer import apply_online as apply_online_module
from services.transfer import export_document, plan_document, read_document
from services.transfer.apply_online import apply_online, resolve_request_items
from services.vault import SecretNotForHostError
from tests.limits import WAIT_S

pytestmark = pytest.mark.every_database

ITEM = "Execute Application Request"
HEAD = "version: 1\n"
CREDENTIAL = "credentials:\n- {name: ServiceNow, account: privman.integration}\n"
SERVER = 'foreign_systems:\n- {{name: Server, base_url: "{url}", credential: ServiceNow}}\n'
PROCESS = "approval_processes:\n- {{name: Process, server: Server, request_item: {{name: {item}}}}}\n"


def document(url, item=ITEM):
    return HEAD + CREDENTIAL + SERVER.format(url=url) + PROCESS.format(item=item)


def planned(source, workspace):
    return plan_document(read_document(source), workspace.configuration)


async def applied(source, workspace):
    made = planned(source, workspace)
    await apply_online(made, workspace)
    return made


@pytest.fixture
def credential(workspace, vault, secret):
    """A credential with a password that was entered before any server used it."""
    configuration = workspace.configuration
    made = configuration.save(
        configuration.new(Kind.USER_CREDENTIAL, name="ServiceNow", account="privman.integration")
    )
    vault.put(made.id, made.name, made.account, secret, [])
    return made


def bound(vault, credential):
    return vault.state(credential.id, credential.name).origins


def sys_id_of(practice, name=ITEM):
    [row] = practice.records("sc_cat_item", name=name)
    return row["sys_id"]


async def test_the_item_is_found_and_the_password_bound(workspace, vault, credential, practice):
    made = await applied(document(practice.base_url), workspace)
    assert made.summary == {"create": 2, "update": 0, "keep": 1}
    assert made.warnings == []
    process = workspace.configuration.named(Kind.APPROVAL_PROCESS, "Process")
    assert process.request_item_id == sys_id_of(practice)
    assert bound(vault, credential) == [Origin.of(practice.base_url)]
    assert {call.account for call in practice.log} == {"privman.integration"}


async def test_a_second_apply_asks_nobody(workspace, credential, practice):
    await applied(document(practice.base_url), workspace)
    calls = len(practice.log)
    assert (await applied(document(practice.base_url), workspace)).empty
    assert len(practice.log) == calls


async def test_server_and_credential_may_be_those_that_are_stored(workspace, credential, practice):
    await applied(HEAD + SERVER.format(url=practice.base_url), workspace)
    await applied(HEAD + PROCESS.format(item=ITEM), workspace)
    server_again = (
        HEAD + SERVER.format(url=practice.base_url) + PROCESS.format(item=ITEM).replace("Process", "Two")
    )
    await applied(server_again, workspace)
    assert {p.request_item_id for p in workspace.configuration.all(Kind.APPROVAL_PROCESS)} == {
        sys_id_of(practice)
    }


async def test_an_item_that_is_not_there_yet_is_applied_unresolved_and_resolved_by_the_next_apply(
    workspace, vault, credential, practice
):
    made = await applied(document(practice.base_url, "Laptop Approval"), workspace)
    [warning] = made.warnings
    assert "“Laptop Approval” is not resolved yet" in warning
    assert "no active item with a name that contains “Laptop Approval” carries all variables" in warning
    process = workspace.configuration.named(Kind.APPROVAL_PROCESS, "Process")
    assert (process.request_item_name, process.request_item_id) == ("Laptop Approval", "")
    assert bound(vault, credential) == [Origin.of(practice.base_url)]
    await copy_item(practice, "Laptop Approval")
    again = await applied(document(practice.base_url, "Laptop Approval"), workspace)
    assert again.warnings == []
    assert [c.operation for c in again.changes] == ["keep", "keep", "update"]
    process = workspace.configuration.named(Kind.APPROVAL_PROCESS, "Process")
    assert process.request_item_id == sys_id_of(practice, "Laptop Approval")


async def test_an_instance_that_is_down_keeps_no_document_from_being_applied(workspace, credential, practice):
    url = practice.base_url
    practice.stop()
    made = await applied(document(url), workspace)
    [warning] = made.warnings
    assert f"“{ITEM}” is not resolved yet. Server could not be asked." in warning
    assert workspace.configuration.named(Kind.APPROVAL_PROCESS, "Process").request_item_id == ""


async def test_what_is_unresolved_can_be_resolved_without_the_document(workspace, credential, practice):
    await applied(document(practice.base_url, "Laptop Approval"), workspace)
    server = workspace.configuration.named(Kind.FOREIGN_SYSTEM, "Server")
    instance = await workspace.instance(server.id)
    [told] = await resolve_request_items(workspace, instance, server.id)
    assert "is not resolved yet" in told
    await copy_item(practice, "Laptop Approval")
    [told] = await resolve_request_items(workspace, instance, server.id)
    assert told.startswith("Process: the Request Item “Laptop Approval” is resolved")
    process = workspace.configuration.named(Kind.APPROVAL_PROCESS, "Process")
    assert process.request_item_id == sys_id_of(practice, "Laptop Approval")
    assert await resolve_request_items(workspace, instance, server.id) == []


async def test_several_items_that_fit_alike_are_not_chosen_between(workspace, credential, practice):
    await copy_item(practice)
    with pytest.raises(InputError) as caught:
        await applied(document(practice.base_url), workspace)
    assert "2 items fit" in caught.value.problem.evidence
    assert workspace.configuration.all(Kind.APPROVAL_PROCESS) == []


async def copy_item(practice, name=ITEM):
    """Add a second item with the same variables, as an administrator may."""
    admin = practice.accounts["admin"]
    from services.common.secret import Secret

    async with ServiceNowClient(
        ConnectionSettings("Practice", practice.base_url), SignIn(admin.user, Secret(admin.password))
    ) as instance:
        item = await instance.table("sc_cat_item").first(equals(name=ITEM), ("category", "name"))
        twin = await instance.table("sc_cat_item").insert(
            {"name": name, "active": "true", "category": item["category"]}
        )
        for row in practice.records("item_option_new", cat_item=item["sys_id"]):
            await instance.table("item_option_new").insert(
                {"name": row["name"], "cat_item": twin["sys_id"], "active": "true", "type": "6"}
            )


async def test_a_mistyped_address_can_be_corrected_once_the_password_is_entered_for_it(
    workspace, vault, credential, secret, practice
):
    made = await applied(document("http://127.0.0.1:9/"), workspace)
    assert "is not resolved yet" in made.warnings[0]
    with pytest.raises(SecretNotForHostError):
        await applied(document(practice.base_url), workspace)
    vault.put(credential.id, credential.name, credential.account, secret, [])
    made = await applied(document(practice.base_url), workspace)
    assert made.warnings == []
    assert bound(vault, credential) == [Origin.of(practice.base_url)]


async def test_a_cancelled_apply_leaves_nothing(workspace, vault, credential, practice):
    practice.faults.set("slow", seconds=30)
    task = asyncio.ensure_future(applied(document(practice.base_url), workspace))
    async with asyncio.timeout(WAIT_S):
        while not bound(vault, credential):
            await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert workspace.configuration.all(Kind.FOREIGN_SYSTEM) == []
    assert bound(vault, credential) == []


async def test_a_store_that_refuses_takes_the_binding_back(
    workspace, vault, credential, practice, monkeypatch
):
    made = planned(document(practice.base_url), workspace)
    configuration = workspace.configuration
    tries = []

    def refuse(*_arguments, **_named):
        tries.append(bound(vault, credential))
        raise InvalidError([FieldError("name", "is taken")])

    monkeypatch.setattr(apply_online_module, "apply_plan", refuse)
    with pytest.raises(InputError):
        await apply_online(made, workspace)
    assert len(tries) == apply_online_module.APPLY_ATTEMPTS
    assert all(tries)
    assert configuration.all(Kind.FOREIGN_SYSTEM) == []
    assert bound(vault, credential) == []


async def test_a_password_for_another_host_is_never_sent(
    workspace, vault, credential, practice, second_practice
):
    await applied(document(practice.base_url), workspace)
    with pytest.raises(RefusedError) as caught:
        await applied(document(second_practice.base_url), workspace)
    assert caught.value.problem.fault == "secret-not-for-host"
    assert second_practice.log == []
    assert workspace.configuration.named(Kind.FOREIGN_SYSTEM, "Server").base_url == practice.base_url


async def test_one_document_serves_another_instance_once_the_password_is_entered_for_it(
    workspace, vault, credential, secret, practice, second_practice
):
    await applied(document(practice.base_url), workspace)
    vault.put(
        credential.id, credential.name, credential.account, secret, [Origin.of(second_practice.base_url)]
    )
    made = await applied(document(second_practice.base_url), workspace)
    assert [(c.operation, sorted(c.fields)) for c in made.changes] == [
        ("keep", []),
        ("update", ["base_url"]),
        # The item has the same sys_id on every practice instance; it was looked for all the same.
        ("keep", []),
    ]
    assert "/api/now/table/item_option_new" in {call.path for call in second_practice.log}


async def test_a_server_without_its_password_is_applied_with_a_warning(workspace, practice):
    made = await applied(HEAD + CREDENTIAL + SERVER.format(url=practice.base_url), workspace)
    [warning] = made.warnings
    assert warning.startswith("Read the password of “ServiceNow”")
    assert practice.log == []


async def test_a_server_without_a_credential_cannot_be_searched(workspace, practice):
    server = SERVER.format(url=practice.base_url).replace(", credential: ServiceNow", "")
    with pytest.raises(InputError) as caught:
        await applied(HEAD + server + PROCESS.format(item=ITEM), workspace)
    assert caught.value.problem.fault == "credential-missing"


PROXIED = """credentials:
- {{name: ServiceNow, account: privman.integration}}
- {{name: Proxy, account: proxy.user}}
foreign_systems:
- {{name: Server, base_url: "https://acme.service-now.com/", credential: ServiceNow, proxy: "{proxy}",
   proxy_credential: Proxy, minimum_interval: 2m}}
"""
HTTPS = HEAD + CREDENTIAL + SERVER.format(url="https://acme.service-now.com/")


async def test_a_proxy_in_a_document_binds_both_passwords_when_they_are_for_nothing_yet(
    workspace, vault, credential, secret
):
    configuration = workspace.configuration
    proxy = configuration.save(configuration.new(Kind.USER_CREDENTIAL, name="Proxy", account="proxy.user"))
    vault.put(proxy.id, proxy.name, proxy.account, secret, [])
    made = await applied(HEAD + PROXIED.format(proxy="http://proxy.acme.com:3128"), workspace)
    assert made.warnings == []
    server = configuration.named(Kind.FOREIGN_SYSTEM, "Server")
    assert (server.proxy_credential_id, server.minimum_interval_s) == (proxy.id, 120)
    assert vault.state(credential.id, credential.name).destinations == [server.destination]
    assert server.destination.way
    assert vault.state(proxy.id, proxy.name).destinations == [server.proxy_destination]
    assert vault.state(proxy.id, proxy.name).origins == [Origin.of("http://proxy.acme.com:3128")]
    assert (await applied(export_document(configuration), workspace)).empty


async def test_a_document_that_changes_the_proxy_does_not_take_the_password_along(
    workspace, vault, credential
):
    await applied(HTTPS, workspace)
    server = workspace.configuration.named(Kind.FOREIGN_SYSTEM, "Server")
    assert vault.state(credential.id, credential.name).destinations == [server.destination]
    made = await applied(HTTPS.replace("ServiceNow}\n", 'ServiceNow, proxy: "http://evil:1"}\n'), workspace)
    [warning] = made.warnings
    assert "proxy and the CA bundle" in warning
    instance = await workspace.instance(server.id)
    assert instance.settings.proxy == "http://evil:1"
    with pytest.raises(SecretNotForHostError):
        await instance.sign_in()
    await applied(HTTPS.replace("ServiceNow}\n", "ServiceNow, proxy: null}\n"), workspace)
    assert (await (await workspace.instance(server.id)).sign_in()).secret.reveal()


async def test_a_document_that_re_points_what_open_requests_hang_on_takes_their_number(
    workspace, store, credential, practice
):
    await applied(document(practice.base_url), workspace)
    server = workspace.configuration.named(Kind.FOREIGN_SYSTEM, "Server")
    process = workspace.configuration.named(Kind.APPROVAL_PROCESS, "Process")
    with store.write() as work:
        for _ in range(3):
            work.insert(ApprovalRequest(server_id=server.id, process_id=process.id, state="pending"))
    source = document("https://other.service-now.com/").partition("approval_processes")[0]
    made = planned(source, workspace)
    [warning] = made.warnings
    assert warning.startswith(
        "Change “Server”: 3 open requests: 3 pending. What is open is asked about elsewhere"
    )
    calls = len(practice.log)
    with pytest.raises(RequestsOpenError) as caught:
        await apply_online(made, workspace, confirmed=2)
    assert caught.value.exit_status == 2
    assert workspace.configuration.get(Kind.FOREIGN_SYSTEM, server.id).version == 1
    assert len(practice.log) == calls
    await apply_online(planned(source, workspace), workspace, confirmed=3)
    assert workspace.configuration.get(Kind.FOREIGN_SYSTEM, server.id).version == 2
