"""What an instance says of requests is kept beside what this console owns, and neither can pass for the other."""

import uuid

import pytest
from sqlmodel import select

from models.approval_request import COPY_VERSION, ApprovalRequest
from models.kinds import RequestOrigin, RequestState
from models.revision import Revision
from services.common.errors import ConflictError
from tests.databases import store

__all__ = ["store"]

pytestmark = pytest.mark.every_database


def stored(store, key):
    with store.read() as session:
        return session.get(ApprovalRequest, key)


def raised(store):
    row = ApprovalRequest(state=RequestState.PENDING, external_id="e" * 32)
    with store.write() as work:
        work.insert(row)
    return row


def copy_of(key, **values):
    return ApprovalRequest(id=key, origin=RequestOrigin.SERVICENOW, state=RequestState.PENDING, **values)


def test_what_is_seen_is_no_edit(store):
    row = raised(store)
    with store.write() as work:
        work.observe(ApprovalRequest, {row.id: {"number": "RITM0000001", "servicenow_state": "requested"}})
    assert stored(store, row.id).number == "RITM0000001"
    assert stored(store, row.id).version == 1
    assert store.verify_audit().ok


def test_an_edit_keeps_what_was_seen_after_its_row_was_read(store):
    row = raised(store)
    with store.write() as work:
        work.observe(ApprovalRequest, {row.id: {"number": "RITM0000001"}})
    row.state = RequestState.CANCELLED
    with store.write() as work:
        work.update(row, 1)
    assert (stored(store, row.id).number, row.number) == ("RITM0000001", "RITM0000001")
    assert stored(store, row.id).state == RequestState.CANCELLED
    assert store.verify_audit().ok


def test_what_is_owned_is_never_observed_or_replaced_by_a_copy(store):
    row = raised(store)
    with pytest.raises(ValueError, match="state belongs"), store.write() as work:
        work.observe(ApprovalRequest, {row.id: {"state": "approved"}})
    with pytest.raises(ValueError, match="replaced by a copy"), store.write() as work:
        work.observe(ApprovalRequest, {}, [copy_of(row.id)])
    assert stored(store, row.id).state == RequestState.PENDING


def test_copies_come_and_are_replaced_without_revisions(store):
    keys = [uuid.uuid4() for _ in range(1203)]
    told = []
    store.feed.subscribe(told.extend)
    for number in ("RITM1", "RITM2"):
        with store.write() as work:
            work.observe(ApprovalRequest, {}, [copy_of(key, number=number) for key in keys])
    with store.read() as session:
        found = session.exec(select(ApprovalRequest.number, ApprovalRequest.version)).all()
        assert found == [("RITM2", COPY_VERSION)] * len(keys)
        assert session.exec(select(Revision)).all() == []
    assert [change.operation for change in told] == ["observe", "observe"]
    assert store.verify_audit().ok


def test_a_copy_that_somebody_made_a_row_of_is_found(store):
    key = uuid.uuid4()
    with store.write() as work:
        work.observe(ApprovalRequest, {}, [copy_of(key)])
    with pytest.raises(ConflictError), store.write() as work:
        work.update(copy_of(key), 7)
    with store.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE approval_request SET version = 1")
    assert not store.verify_audit().ok
