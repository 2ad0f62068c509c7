"""History: what changed from what to what, and the way back to any version."""

import json
import uuid
from datetime import UTC, datetime, timedelta

import pytest

from models.approval_request import ApprovalRequest
from models.kinds import Kind
from services.common.errors import InvalidError
from services.store import NotFoundError
from tests.services.store.invariants import assert_sound

pytestmark = pytest.mark.every_database


@pytest.fixture
def edited(configuration, make):
    """A process of three versions."""
    process = make(Kind.APPROVAL_PROCESS, name="Process")
    process.check_every_s = 60
    process = configuration.save(process, "Slower")
    process.name, process.description = "Renamed", "é"
    return configuration.save(process)


def test_a_revision_tells_what_changed_newest_first(configuration, edited):
    newest, middle, first = configuration.history(Kind.APPROVAL_PROCESS, edited.id)
    assert [(c.name, c.before, c.after) for c in newest.changes] == [
        ("description", "", "é"),
        ("name", "Process", "Renamed"),
    ]
    assert [(c.name, c.before, c.after) for c in middle.changes] == [("check_every_s", 20, 60)]
    assert (newest.number, middle.number, first.number) == (3, 2, 1)
    assert (middle.note, middle.operation, middle.by, middle.object_name) == (
        "Slower",
        "update",
        "ada",
        "Process",
    )
    assert {c.name for c in first.changes} >= {"name", "check_every_s", "create_service"}
    assert not {c.name for c in first.changes} & {"id", "version", "changed_at", "created_by", "name_key"}
    assert all(c.before is None for c in first.changes)


def test_revisions_are_written_as_json(configuration, edited):
    shown = json.loads(json.dumps(configuration.history(Kind.APPROVAL_PROCESS, edited.id)[1].as_dict()))
    assert shown["changes"] == [{"field": "check_every_s", "from": 20, "to": 60}]
    assert (shown["version"], shown["by"], shown["note"], shown["object"]) == (
        2,
        "ada",
        "Slower",
        str(edited.id),
    )
    assert datetime.fromisoformat(shown["at"]).tzinfo is not None


def test_history_of_everything_leaves_requests_out_and_keeps_to_its_limit(configuration, edited, make):
    make(Kind.USER_CREDENTIAL, name="Credential")
    with configuration.store.write() as work:
        work.insert(ApprovalRequest(process_id=edited.id))
    assert [r.object_name for r in configuration.history_all()] == [
        "Credential",
        "Renamed",
        "Process",
        "Process",
    ]
    assert [r.object_name for r in configuration.history_all(2)] == ["Credential", "Renamed"]


def test_a_clock_that_was_set_back_does_not_mix_up_the_versions(configuration, make, monkeypatch):
    item = make(Kind.APPROVAL_TYPE, name="Type")
    earlier = datetime.now(UTC) - timedelta(days=1)
    monkeypatch.setattr("services.store.unit_of_work.utcnow", lambda: earlier)
    item.description = "newer"
    configuration.save(item)
    assert [r.number for r in configuration.history(Kind.APPROVAL_TYPE, item.id)] == [2, 1]
    assert configuration.store.verify_audit().ok


@pytest.mark.parametrize("version", [1, 2, 3])
def test_any_version_can_be_brought_back_as_one_more(configuration, edited, version):
    revisions = {r.number: r for r in configuration.history(Kind.APPROVAL_PROCESS, edited.id)}
    restored = configuration.restore(revisions[version].id)
    expected = {1: ("Process", "", 20), 2: ("Process", "", 60), 3: ("Renamed", "é", 60)}[version]
    assert (restored.name, restored.description, restored.check_every_s) == expected
    assert (restored.id, restored.version, restored.created_at) == (edited.id, 4, edited.created_at)
    newest = configuration.history(Kind.APPROVAL_PROCESS, edited.id)[0]
    assert (newest.number, newest.operation, newest.note) == (4, "update", f"Restored from version {version}")
    assert configuration.get(Kind.APPROVAL_PROCESS, edited.id).model_dump() == restored.model_dump()


def test_a_deleted_object_comes_back_as_it_was_and_goes_on_counting(configuration, edited, store):
    configuration.delete(Kind.APPROVAL_PROCESS, edited.id, 3)
    deletion = configuration.history(Kind.APPROVAL_PROCESS, edited.id)[0]
    assert (deletion.operation, deletion.number) == ("delete", 4)
    assert all(c.after is None for c in deletion.changes)
    restored = configuration.restore(deletion.id)
    assert (restored.id, restored.version, restored.name, restored.description) == (
        edited.id,
        5,
        "Renamed",
        "é",
    )
    assert [r.number for r in configuration.history(Kind.APPROVAL_PROCESS, edited.id)] == [5, 4, 3, 2, 1]
    store.close()
    assert_sound(store.url)


def test_the_history_of_a_deleted_object_is_found_by_the_last_name_it_had(configuration, edited):
    process = Kind.APPROVAL_PROCESS
    configuration.delete(process, edited.id, 3)
    assert [r.number for r in configuration.history_by_name(process, "rENAMED")] == [4, 3, 2, 1]
    for kind, name in ((process, "Process"), (Kind.APPROVAL_TYPE, "Renamed"), (process, "\ud800")):
        with pytest.raises(NotFoundError):
            configuration.history_by_name(kind, name)
    with pytest.raises(NotFoundError) as caught:
        configuration.history_by_name(process, "Renamd")
    assert "“Renamed”" in caught.value.problem.remedy


def test_the_object_that_has_the_name_now_comes_before_those_that_had_it(configuration, make):
    kind = Kind.APPROVAL_TYPE
    for _ in range(2):
        configuration.delete(kind, make(kind, name="Type").id, 1)
    deleted = configuration.history_by_name(kind, "Type")
    assert [r.operation for r in deleted] == ["delete", "create", "delete", "create"]
    assert len({r.object_id for r in deleted}) == 2
    present = make(kind, name="Type")
    assert [r.object_id for r in configuration.history_by_name(kind, "Type")] == [present.id]


def test_what_refers_to_it_keeps_its_reference_through_deletion_and_return(configuration, chain):
    configuration.delete(Kind.APPROVAL_TYPE, chain.type.id, 1)
    configuration.restore(configuration.history(Kind.APPROVAL_TYPE, chain.type.id)[0].id)
    assert configuration.get(Kind.APPROVAL_TYPE, chain.type.id).process_id == chain.process.id


def test_an_object_whose_reference_is_gone_cannot_come_back_before_it(configuration, chain):
    configuration.delete(Kind.APPROVAL_TYPE, chain.type.id, 1)
    configuration.delete(Kind.APPROVAL_PROCESS, chain.process.id, 1)
    of_type = configuration.history(Kind.APPROVAL_TYPE, chain.type.id)[0]
    with pytest.raises(InvalidError) as caught:
        configuration.restore(of_type.id)
    assert [e.name for e in caught.value.fields] == ["process_id"]
    configuration.restore(configuration.history(Kind.APPROVAL_PROCESS, chain.process.id)[0].id)
    assert configuration.restore(of_type.id).process_id == chain.process.id


def test_an_object_whose_name_was_taken_meanwhile_cannot_come_back(configuration, make, edited):
    make(Kind.APPROVAL_PROCESS, name="PROCESS")
    first = configuration.history(Kind.APPROVAL_PROCESS, edited.id)[-1]
    with pytest.raises(InvalidError) as caught:
        configuration.restore(first.id)
    assert [e.name for e in caught.value.fields] == ["name"]
    assert configuration.get(Kind.APPROVAL_PROCESS, edited.id).version == 3


def test_what_is_no_revision_of_the_configuration_cannot_be_restored(configuration, store):
    with pytest.raises(NotFoundError):
        configuration.restore(uuid.uuid4())
    with store.write() as work:
        request = work.insert(ApprovalRequest())
    with store.read() as session:
        from sqlmodel import select

        from models.revision import Revision

        revision = session.exec(select(Revision).where(Revision.object_id == request.id)).one()
    with pytest.raises(NotFoundError):
        configuration.restore(revision.id)
