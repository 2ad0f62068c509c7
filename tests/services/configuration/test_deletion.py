"""Deleting: refused with the list of users while there are any; history stays."""

import pytest

from models.approval_request import ApprovalRequest
from models.intake_client import IntakeClient
from models.kinds import Kind
from services.common.errors import ConflictError, InUseError, Reference
from services.store import NotFoundError

pytestmark = pytest.mark.every_database

CHAIN = [
    (Kind.USER_CREDENTIAL, "credential", Kind.FOREIGN_SYSTEM, "server"),
    (Kind.FOREIGN_SYSTEM, "server", Kind.APPROVAL_PROCESS, "process"),
    (Kind.APPROVAL_PROCESS, "process", Kind.APPROVAL_TYPE, "type"),
]


@pytest.mark.parametrize(("kind", "used", "user_kind", "user"), CHAIN)
def test_what_is_in_use_stays_and_its_users_are_named(configuration, chain, kind, used, user_kind, user):
    item, by = getattr(chain, used), getattr(chain, user)
    with pytest.raises(InUseError) as caught:
        configuration.delete(kind, item.id, item.version)
    assert caught.value.users == [Reference(user_kind.value, by.id, by.name)]
    assert caught.value.problem.evidence == f"Used by {by.name}"
    assert caught.value.exit_status == 2
    assert configuration.used_by(kind, item.id) == caught.value.users
    assert configuration.get(kind, item.id).version == 1
    assert len(configuration.history(kind, item.id)) == 1


def test_a_chain_is_taken_down_from_its_end(configuration, chain):
    for kind, item in (
        (Kind.APPROVAL_TYPE, chain.type),
        (Kind.APPROVAL_PROCESS, chain.process),
        (Kind.FOREIGN_SYSTEM, chain.server),
        (Kind.USER_CREDENTIAL, chain.credential),
    ):
        assert configuration.used_by(kind, item.id) == []
        configuration.delete(kind, item.id, 1)
        assert configuration.all(kind) == []
        assert [(r.operation, r.number, r.object_name) for r in configuration.history(kind, item.id)] == [
            ("delete", 2, item.name),
            ("create", 1, item.name),
        ]
        with pytest.raises(NotFoundError):
            configuration.get(kind, item.id)
        with pytest.raises(NotFoundError):
            configuration.used_by(kind, item.id)
        with pytest.raises(NotFoundError):
            configuration.delete(kind, item.id, 1)


def test_users_come_by_name_and_a_long_list_is_shortened_in_the_message(configuration, make):
    credential = make(Kind.USER_CREDENTIAL)
    for name in ("zeta", "Alpha", "éta", "beta", "Gamma", "delta"):
        make(Kind.FOREIGN_SYSTEM, name=name, credential_id=credential.id)
    with pytest.raises(InUseError) as caught:
        configuration.delete(Kind.USER_CREDENTIAL, credential.id, 1)
    assert [u.name for u in caught.value.users] == ["Alpha", "beta", "delta", "Gamma", "zeta", "éta"]
    assert caught.value.problem.evidence == "Used by Alpha, beta, delta, Gamma, zeta …"


def test_requests_are_counted_among_the_users_and_do_not_hold_what_they_went_through(configuration, chain):
    with configuration.store.write() as work:
        work.insert(ApprovalRequest(type_id=chain.type.id, process_id=chain.process.id, state="approved"))
    assert [u.name for u in configuration.used_by(Kind.APPROVAL_TYPE, chain.type.id)] == ["1 request"]
    with configuration.store.write() as work:
        work.insert(ApprovalRequest(type_id=chain.type.id, process_id=chain.process.id, state="rejected"))
    with pytest.raises(InUseError) as caught:
        configuration.delete(Kind.APPROVAL_PROCESS, chain.process.id, 1)
    assert caught.value.users == [Reference("approval_type", chain.type.id, "Type")]
    assert {u.name for u in configuration.used_by(Kind.APPROVAL_PROCESS, chain.process.id)} == {
        "Type",
        "2 requests",
    }


def test_whoever_may_raise_requests_of_a_type_holds_it(configuration, chain):
    with configuration.store.write() as work:
        work.insert(
            IntakeClient(
                name="Agents", name_key="agents", type_id=chain.type.id, token_digest="0", mapping="{}"
            )
        )
    with pytest.raises(InUseError) as caught:
        configuration.delete(Kind.APPROVAL_TYPE, chain.type.id, 1)
    assert [user.name for user in caught.value.users] == ["Agents"]


def test_a_server_that_clients_answer_to_is_held_by_them(configuration, chain, make):
    server = make(Kind.PRIVILEGE_MANAGER_SERVER)
    both = {"source_server_id": server.id, "answer_server_id": server.id}
    with configuration.store.write() as work:
        for name, columns in (("Portal", {"answer_server_id": server.id}), ("Its webhook", both)):
            client = IntakeClient(
                name=name, name_key=name.lower(), type_id=chain.type.id, token_digest="0", **columns
            )
            work.insert(client)
    named = [Reference("intake_client", server.id, name) for name in ("Its webhook", "Portal")]
    assert configuration.used_by(Kind.PRIVILEGE_MANAGER_SERVER, server.id) == named
    with pytest.raises(InUseError) as caught:
        configuration.delete(Kind.PRIVILEGE_MANAGER_SERVER, server.id, server.version)
    assert caught.value.users == named


def test_a_server_that_uses_a_credential_twice_is_named_once(configuration, make):
    credential = make(Kind.USER_CREDENTIAL)
    make(
        Kind.FOREIGN_SYSTEM,
        name="Server",
        credential_id=credential.id,
        proxy="http://proxy:3128",
        proxy_credential_id=credential.id,
    )
    assert [u.name for u in configuration.used_by(Kind.USER_CREDENTIAL, credential.id)] == ["Server"]


def test_a_page_from_before_an_edit_cannot_delete(configuration, other, make):
    item = make(Kind.APPROVAL_TYPE, name="Type")
    edited = other.get(Kind.APPROVAL_TYPE, item.id)
    edited.description = "Do not delete"
    other.save(edited)
    with pytest.raises(ConflictError) as caught:
        configuration.delete(Kind.APPROVAL_TYPE, item.id, 1)
    assert caught.value.theirs["description"] == "Do not delete"
    configuration.delete(Kind.APPROVAL_TYPE, item.id, 2)


def test_a_reference_made_meanwhile_keeps_the_object(configuration, other, make):
    credential = make(Kind.USER_CREDENTIAL)
    page = configuration.get(Kind.USER_CREDENTIAL, credential.id)
    server = other.new(Kind.FOREIGN_SYSTEM, base_url="https://a.service-now.com", credential_id=credential.id)
    other.save(server)
    with pytest.raises(InUseError):
        configuration.delete(Kind.USER_CREDENTIAL, page.id, page.version)
