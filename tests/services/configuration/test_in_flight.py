"""The in-flight guard: what open requests hang on is changed only by somebody who says how many they are."""

import pytest
from sqlmodel import select

from models.approval_request import COPY_VERSION, ApprovalRequest
from models.kinds import Kind, RequestOrigin, RequestState
from models.request_event import RequestEvent
from services.common.errors import ConflictError, GuardedAction, InUseError, RequestsOpenError
from services.workspace import Workspace
from tests.services.store.invariants import assert_sound

pytestmark = pytest.mark.every_database

CHANGES = {
    Kind.USER_CREDENTIAL: {"name": "Other", "account": "other"},
    Kind.FOREIGN_SYSTEM: {
        "name": "Other",
        "base_url": "https://other.service-now.com/",
        "credential_id": None,
    },
    Kind.APPROVAL_PROCESS: {
        "name": "Other",
        "server_id": None,
        "request_item_id": "0" * 32,
        "create_service": "Other",
        "status_service": "Other",
        "cancel_service": "Other",
    },
    Kind.APPROVAL_TYPE: {"name": "Other", "process_id": None},
}
HARMLESS = {
    Kind.USER_CREDENTIAL: {"description": "x"},
    Kind.FOREIGN_SYSTEM: {"description": "x", "production": True, "minimum_interval_s": 60},
    Kind.APPROVAL_PROCESS: {"description": "x", "check_every_s": 60, "timeout_after_s": 600},
    Kind.APPROVAL_TYPE: {"description": "x", "policy_specific": True},
}
OF = {
    Kind.USER_CREDENTIAL: "credential",
    Kind.FOREIGN_SYSTEM: "server",
    Kind.APPROVAL_PROCESS: "process",
    Kind.APPROVAL_TYPE: "type",
}


@pytest.fixture
def raise_requests(configuration, chain):
    """Store requests of the chain: how many of each state."""

    def raised(**states):
        made = []
        with configuration.store.write() as work:
            for state, count in states.items():
                made += [
                    work.insert(
                        ApprovalRequest(
                            type_id=chain.type.id,
                            process_id=chain.process.id,
                            server_id=chain.server.id,
                            process_name="Process",
                            state=RequestState(state).value,
                        )
                    )
                    for _ in range(count)
                ]
        return made

    return raised


@pytest.fixture
def copied(configuration, chain):
    """Store a copy of a request that Privilege Manager raised."""
    row = ApprovalRequest(
        version=COPY_VERSION,
        origin=RequestOrigin.SERVICENOW.value,
        server_id=chain.server.id,
        process_id=chain.process.id,
        state=RequestState.PENDING.value,
    )
    with configuration.store.write() as work:
        work.observe(ApprovalRequest, {}, [row])
    return row


def stored(configuration, chain, kind):
    return configuration.get(kind, getattr(chain, OF[kind]).id)


@pytest.mark.parametrize(
    ("kind", "field", "value"),
    [(kind, *change) for kind, found in CHANGES.items() for change in found.items()],
)
def test_renaming_and_re_pointing_take_the_number_of_open_requests(
    configuration, chain, raise_requests, kind, field, value
):
    raise_requests(pending=2, submitting=1, approved=4, timed_out=1)
    item = stored(configuration, chain, kind)
    setattr(item, field, value)
    for confirmed in (None, 0, 2):
        with pytest.raises(RequestsOpenError) as caught:
            configuration.save(item, confirmed=confirmed)
    error = caught.value
    assert error.exit_status == 2
    assert (error.open.pending, error.open.submitting) == (2, 1)
    assert "3 open requests: 2 pending, 1 being sent" in error.problem.evidence
    assert "--confirm-open 3" in error.problem.remedy
    assert error.action == (GuardedAction.RENAME if field == "name" else GuardedAction.CHANGE)
    assert stored(configuration, chain, kind).version == 1
    assert getattr(configuration.save(item, confirmed=3), field) == value


@pytest.mark.parametrize("kind", HARMLESS)
def test_what_does_not_touch_requests_is_saved_as_ever(configuration, chain, raise_requests, kind):
    raise_requests(pending=2)
    item = stored(configuration, chain, kind)
    for field, value in HARMLESS[kind].items():
        setattr(item, field, value)
    assert configuration.save(item).version == 2


@pytest.mark.parametrize("kind", CHANGES)
def test_decided_requests_ask_for_nothing(configuration, chain, raise_requests, kind):
    raise_requests(approved=1, rejected=1, timed_out=1, cancelled=1, invalid=1, failed=1)
    assert configuration.rename(kind, getattr(chain, OF[kind]).id, "Other", 1).name == "Other"


def test_the_requests_of_another_server_count_for_nothing(configuration, make, chain, raise_requests):
    raise_requests(pending=2)
    other = make(Kind.FOREIGN_SYSTEM, name="Elsewhere", base_url="https://b.service-now.com/")
    assert configuration.rename(Kind.FOREIGN_SYSTEM, other.id, "Free", 1).name == "Free"


def test_requests_from_before_they_named_their_server_are_found_through_their_process(configuration, chain):
    with configuration.store.write() as work:
        work.insert(ApprovalRequest(process_id=chain.process.id, state=RequestState.PENDING.value))
    for kind in (Kind.FOREIGN_SYSTEM, Kind.USER_CREDENTIAL):
        with pytest.raises(RequestsOpenError):
            configuration.rename(kind, getattr(chain, OF[kind]).id, "Other", 1)


def test_the_credential_of_a_proxy_is_on_the_way_as_well(configuration, chain, make, raise_requests):
    raise_requests(pending=1)
    proxy = make(Kind.USER_CREDENTIAL, name="Proxy")
    server = stored(configuration, chain, Kind.FOREIGN_SYSTEM)
    server.proxy_credential_id = proxy.id
    configuration.save(server)
    with pytest.raises(RequestsOpenError):
        configuration.rename(Kind.USER_CREDENTIAL, proxy.id, "Other", 1)


def test_requests_that_privilege_manager_raised_count_too(configuration, chain, copied):
    with pytest.raises(RequestsOpenError) as caught:
        configuration.rename(Kind.FOREIGN_SYSTEM, chain.server.id, "Other", 1)
    assert caught.value.open.count == 1


def test_more_that_came_in_meanwhile_are_asked_about_again(configuration, chain, raise_requests):
    raise_requests(pending=2)
    item = stored(configuration, chain, Kind.APPROVAL_PROCESS)
    item.name = "Other"
    raise_requests(pending=1)
    with pytest.raises(RequestsOpenError) as caught:
        configuration.save(item, confirmed=2)
    assert caught.value.open.count == 3


def test_there_is_no_way_around_through_the_history(configuration, chain, raise_requests):
    configuration.rename(Kind.APPROVAL_PROCESS, chain.process.id, "Renamed", 1)
    raise_requests(pending=1)
    first = configuration.history(Kind.APPROVAL_PROCESS, chain.process.id)[-1]
    with pytest.raises(RequestsOpenError):
        configuration.restore(first.id)
    assert configuration.restore(first.id, confirmed=1).name == "Process"


def test_a_conflict_is_settled_before_anything_is_asked(configuration, other, chain, raise_requests):
    raise_requests(pending=1)
    item = stored(configuration, chain, Kind.APPROVAL_PROCESS)
    theirs = other.get(Kind.APPROVAL_PROCESS, item.id)
    theirs.description = "Theirs"
    other.save(theirs)
    item.name = "Other"
    with pytest.raises(ConflictError):
        configuration.save(item)


def test_a_type_is_deleted_with_the_number_and_its_requests_go_on(configuration, chain, raise_requests):
    [request] = raise_requests(pending=1)
    raise_requests(approved=2)
    with pytest.raises(RequestsOpenError) as caught:
        configuration.delete(Kind.APPROVAL_TYPE, chain.type.id, 1)
    assert caught.value.problem.tried == "Delete “Type”"
    configuration.delete(Kind.APPROVAL_TYPE, chain.type.id, 1, confirmed=1)
    with configuration.store.read() as session:
        rows = session.exec(select(ApprovalRequest)).all()
        assert {row.type_id for row in rows} == {None}
        assert session.get(ApprovalRequest, request.id).state == RequestState.PENDING
        assert {row.process_id for row in rows} == {chain.process.id}
    assert configuration.store.verify_audit().ok


def test_a_process_is_deleted_with_the_number_and_its_open_requests_end_as_failed(
    configuration, chain, raise_requests, copied
):
    [request] = raise_requests(pending=1)
    [decided] = raise_requests(approved=1)
    with pytest.raises(InUseError):
        configuration.delete(Kind.APPROVAL_PROCESS, chain.process.id, 1, confirmed=9)
    configuration.delete(Kind.APPROVAL_TYPE, chain.type.id, 1, confirmed=9)
    with pytest.raises(RequestsOpenError):
        configuration.delete(Kind.APPROVAL_PROCESS, chain.process.id, 1, confirmed=1)
    configuration.delete(Kind.APPROVAL_PROCESS, chain.process.id, 1, confirmed=2)
    with configuration.store.read() as session:
        row = session.get(ApprovalRequest, request.id)
        assert (row.state, row.process_id, row.process_name) == (RequestState.FAILED, None, "Process")
        assert row.error == "“Process” was deleted while the request was open"
        assert row.ended_at is not None
        assert session.get(ApprovalRequest, decided.id).state == RequestState.APPROVED
        # What Privilege Manager raised goes on over there, and is followed by its server.
        assert session.get(ApprovalRequest, copied.id).state == RequestState.PENDING
        [told] = session.exec(select(RequestEvent)).all()
        assert (told.request_id, told.kind) == (request.id, "failed")
    assert configuration.store.verify_audit().ok


def test_an_object_with_decided_requests_alone_can_be_deleted_and_they_keep_its_name(
    configuration, chain, raise_requests
):
    [request] = raise_requests(approved=1)
    configuration.delete(Kind.APPROVAL_TYPE, chain.type.id, 1)
    configuration.delete(Kind.APPROVAL_PROCESS, chain.process.id, 1)
    configuration.delete(Kind.FOREIGN_SYSTEM, chain.server.id, 1)
    with configuration.store.read() as session:
        row = session.get(ApprovalRequest, request.id)
        assert (row.process_id, row.server_id, row.process_name) == (None, None, "Process")


def test_a_refused_deletion_changes_nothing(configuration, chain, raise_requests):
    raise_requests(pending=1)
    with pytest.raises(RequestsOpenError):
        configuration.delete(Kind.APPROVAL_TYPE, chain.type.id, 1)
    with pytest.raises(ConflictError):
        configuration.delete(Kind.APPROVAL_TYPE, chain.type.id, 7, confirmed=1)
    assert configuration.get(Kind.APPROVAL_TYPE, chain.type.id).version == 1
    assert_sound(configuration.store.url)


def test_a_user_credential_takes_its_password_with_it(configuration, make):
    from models.addresses import Origin
    from services.common.secret import Secret
    from services.vault import SecretMissingError
    from services.vault.session_vault import SessionVault

    vault = SessionVault()
    workspace = Workspace(configuration.store, vault)
    kept, gone = make(Kind.USER_CREDENTIAL, name="Kept"), make(Kind.USER_CREDENTIAL, name="Gone")
    home = Origin.of("https://acme.service-now.com/")
    for one in (kept, gone):
        vault.put(one.id, one.name, one.account, Secret("planted-4714"), [home])
    with pytest.raises(ConflictError):
        workspace.delete(Kind.USER_CREDENTIAL, gone.id, 7)
    assert vault.state(gone.id, gone.name).present
    assert workspace.delete(Kind.USER_CREDENTIAL, gone.id, 1) is None
    assert vault.get(kept.id, kept.name, home).reveal() == "planted-4714"
    configuration.restore(configuration.history(Kind.USER_CREDENTIAL, gone.id)[0].id)
    with pytest.raises(SecretMissingError):
        vault.get(gone.id, gone.name, home)


def test_a_vault_that_cannot_forget_does_not_bring_the_credential_back(configuration, make, tmp_path):
    from services.vault.file_vault import FileVault

    workspace = Workspace(configuration.store, FileVault(tmp_path / "vault.bin", None))
    gone = make(Kind.USER_CREDENTIAL, name="Gone")
    problem = workspace.delete(Kind.USER_CREDENTIAL, gone.id, 1)
    assert problem.fault == "vault-unusable"
    assert configuration.all(Kind.USER_CREDENTIAL) == []
