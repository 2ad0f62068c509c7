"""The switch of a server to another credential: one transaction, its receipt, its undo, and what refuses it."""

import asyncio

import pytest
from sqlmodel import select

from models.addresses import Origin
from models.approval_process import ApprovalProcess
from models.approval_request import ApprovalRequest
from models.foreign_system import ForeignSystem
from models.kinds import RequestState
from models.secret_names import SecretName
from models.user_credential import UserCredential
from services.common.errors import ConflictError, ConsoleError, RefusedError, RequestsOpenError
from services.common.fault_ids import FaultId
from services.requests.polling.poll_state import load_polled_server, store_pause
from services.servicenow.encoded_query import Operator, where
from services.sign_in_switch.switch import (
    plan_switch,
    remove_former_password,
    switch_sign_in,
    undo_switch,
)
from services.sign_in_switch.switch_records import failed_poll_since, find_failed_poll, last_switch
from services.store.unit_of_work import UnitOfWork
from services.transport.sign_in import TokenSignIn
from services.vault import SecretMissingError, SecretNotForHostError
from services.workspace import Workspace
from tests.services.sign_in_switch.conftest import probed_plan, put_client_secret

EVERYBODY = where("user_name", Operator.LIKE, "a")


def credential_of(workspace, server):
    return workspace.configuration.get(ForeignSystem, server.id).credential_id


def client_secret_places(vault, credential):
    return vault.state(credential.id, credential.name, secret_name=SecretName.CLIENT_SECRET).destinations


def add_open_request(store, server, number=0):
    process = ApprovalProcess.of_values({"name": f"Process {number}", "server_id": server.id})
    with store.write() as work:
        work.insert(process)
        work.insert(ApprovalRequest(process_id=process.id, server_id=server.id, state=RequestState.PENDING))


def test_it_is_one_transaction_with_receipt_and_revision(workspace, store, vault, server, oauth, basic, plan):
    receipt = switch_sign_in(workspace, plan, confirmed=0)
    assert credential_of(workspace, server) == oauth.id
    assert last_switch(store, server.id) == receipt
    assert (receipt.before.name, receipt.after.name) == (basic.name, oauth.name)
    assert client_secret_places(vault, oauth) == [server.destination]
    [newest, *_] = workspace.configuration.history(server.kind, server.id)
    assert newest.note == "Sign-in switched from “ServiceNow” to “ServiceNow OAuth”"
    undone = undo_switch(workspace, server.id)
    assert credential_of(workspace, server) == basic.id
    assert undone.undone_at is not None
    assert store.verify_audit().ok
    with pytest.raises(RefusedError) as refused:
        undo_switch(workspace, server.id)
    assert refused.value.problem.fault == FaultId.SIGN_IN_SWITCH_NOT_FOUND


def test_open_requests_are_confirmed_and_not_touched(workspace, store, server, oauth):
    add_open_request(store, server)
    plan = probed_plan(workspace, server, oauth)
    assert plan.open_requests.count == 1
    with store.read() as session:
        [before] = session.exec(select(ApprovalRequest))
    with pytest.raises(RequestsOpenError):
        switch_sign_in(workspace, plan, confirmed=0)
    assert last_switch(store, server.id) is None
    switch_sign_in(workspace, plan, confirmed=plan.open_requests.count)
    undo_switch(workspace, server.id)
    with store.read() as session:
        [after] = session.exec(select(ApprovalRequest))
    assert after.model_dump() == before.model_dump()


@pytest.mark.parametrize("bound_to", [None, [Origin.of("https://elsewhere.example.com/")]])
def test_secrets_have_to_be_usable_before(workspace, store, vault, server, oauth, plan, bound_to):
    if bound_to is None:
        vault.forget(oauth.id, oauth.name)
    else:
        put_client_secret(vault, oauth, bound_to)
    kept = client_secret_places(vault, oauth)
    with pytest.raises((SecretMissingError, SecretNotForHostError)):
        switch_sign_in(workspace, plan, confirmed=0)
    assert credential_of(workspace, server) == plan.before.id
    assert client_secret_places(vault, oauth) == kept
    assert last_switch(store, server.id) is None


@pytest.mark.parametrize("which", ["server", "oauth", "basic"])
def test_what_changed_since_the_plan_is_a_conflict(
    workspace, configuration, vault, server, oauth, basic, plan, which
):
    item = {"server": server, "oauth": oauth, "basic": basic}[which]
    item.description = "changed by somebody else"
    configuration.save(item)
    with pytest.raises(ConflictError):
        switch_sign_in(workspace, plan, confirmed=0)
    assert credential_of(workspace, server) == basic.id
    assert client_secret_places(vault, oauth) == [], "the vault is as before"


def test_undo_respects_a_later_choice(workspace, configuration, server, oauth, plan):
    switch_sign_in(workspace, plan, confirmed=0)
    stored = configuration.get(ForeignSystem, server.id)
    stored.credential_id = configuration.save(configuration.new(UserCredential, name="Third", account="x")).id
    configuration.save(stored)
    with pytest.raises(RefusedError) as refused:
        undo_switch(workspace, server.id)
    assert refused.value.problem.fault == FaultId.SIGN_IN_SWITCH_REFUSED


def test_the_former_password_is_removed_only_when_nothing_uses_it(
    workspace, configuration, vault, server, basic, plan
):
    switch_sign_in(workspace, plan, confirmed=0)
    other = configuration.new(
        ForeignSystem, name="Other", base_url="https://b.example.com", credential_id=basic.id
    )
    other = configuration.save(other)
    with pytest.raises(RefusedError) as refused:
        remove_former_password(workspace, server.id)
    assert refused.value.problem.fault == FaultId.SIGN_IN_SWITCH_REFUSED
    other.credential_id = None
    configuration.save(other)
    assert remove_former_password(workspace, server.id)
    assert not vault.state(basic.id, basic.name).present
    with pytest.raises(SecretMissingError):
        undo_switch(workspace, server.id)


def test_the_former_password_stays_when_its_removal_cannot_be_recorded(
    workspace, store, vault, server, basic, plan, monkeypatch
):
    switch_sign_in(workspace, plan, confirmed=0)

    def fail(_work):
        assert not vault.state(basic.id, basic.name).present
        raise OSError("disk full")

    monkeypatch.setattr(UnitOfWork, "finish", fail)
    with pytest.raises(OSError, match="disk full"):
        remove_former_password(workspace, server.id)
    assert vault.state(basic.id, basic.name).present


def test_a_switch_to_a_certificate_needs_one(workspace, configuration, server):
    made = configuration.save(
        configuration.new(UserCredential, name="mTLS", account="x", sign_in="certificate")
    )
    for target in (made.id, server.credential_id):
        with pytest.raises(RefusedError) as refused:
            plan_switch(workspace, server.id, target)
        assert refused.value.problem.fault == FaultId.SIGN_IN_SWITCH_REFUSED


def test_a_failed_poll_after_the_switch_is_seen(workspace, store, server, plan):
    later = plan.server.changed_at.replace(year=2099)
    with store.write() as work:
        store_pause(work.session, server.id, later, FaultId.AUTHENTICATION_REFUSED, 3)
    receipt = switch_sign_in(workspace, plan, confirmed=0)
    assert failed_poll_since(store, receipt) == "", "the pause of the former credential is over"
    with store.write() as work:
        store_pause(work.session, server.id, later, FaultId.OAUTH_TOKEN_REFUSED, 1)
    assert failed_poll_since(store, receipt) == FaultId.OAUTH_TOKEN_REFUSED
    assert find_failed_poll(store, server.id) == FaultId.OAUTH_TOKEN_REFUSED
    undo_switch(workspace, server.id)
    with store.read() as session:
        assert load_polled_server(session, server.id).paused_until is None


async def read_once(instance):
    return (await instance.table("sys_user").page(EVERYBODY, fields=("user_name",), limit=5, tries=1)).rows


async def until_busy(instance):
    while not instance.is_busy:
        await asyncio.sleep(0)
    await asyncio.sleep(0.05)  # the calls are on their way: the instance waits longer before it answers


async def test_other_processes_use_it_at_once_and_calls_under_way_end(
    workspace, store, vault, practice, practised
):
    server, _, oauth = practised
    running = Workspace(store, vault)
    before = await running.instance(server.id)
    assert await before.table("sys_user").count(EVERYBODY)
    practice.faults.set("slow", seconds=0.3)
    # Read once: a repeated call would not show that its connection was closed.
    rows = [asyncio.create_task(read_once(before)) for _ in range(3)]
    await until_busy(before)
    switch_sign_in(workspace, probed_plan(workspace, server, oauth), confirmed=0)
    after = await running.instance(server.id)
    assert after is not before
    assert isinstance(await after.sign_in(), TokenSignIn)
    assert await after.table("sys_user").count(EVERYBODY)
    assert after.access_token is not None
    for task in rows:
        assert await task, "a call under way ended with the former method"
    assert before.access_token is None
    await running.close_connections()
    await before.aclose()


def test_errors_have_five_parts(workspace, server):
    with pytest.raises(ConsoleError) as refused:
        plan_switch(workspace, server.id, server.credential_id)
    problem = refused.value.problem
    assert all((problem.tried, problem.evidence, problem.cause, problem.remedy))
