"""Figures about past requests, counted in a real store."""

from datetime import timedelta

from models.approval_process import ApprovalProcess
from models.approval_request import ApprovalRequest
from models.base import utcnow
from models.kinds import Kind, RequestState
from services.configuration import Configuration
from services.setup.checklist import load_setup_facts
from services.statistics import request_statistics
from services.statistics.request_statistics import load_process_statistics
from services.store import Store


def test_every_request_is_counted_and_the_newest_say_how_long_it_takes(tmp_path, monkeypatch):
    monkeypatch.setattr(request_statistics, "WAITS_MAX", 3)
    store = Store.open(str(tmp_path / "console.db"), actor="ada")
    configuration = Configuration(store)
    server = configuration.save(
        configuration.new(Kind.FOREIGN_SYSTEM, base_url="https://acme.service-now.com/")
    )
    process = configuration.save(configuration.new(Kind.APPROVAL_PROCESS, server_id=server.id))
    now = utcnow()
    with store.write() as work:
        for days in range(1, 8):
            raised = now - timedelta(days=days)
            ended = raised + timedelta(minutes=days)
            state = RequestState.REJECTED if days % 2 else RequestState.APPROVED
            row = ApprovalRequest(process_id=process.id, state=state, requested_at=raised, ended_at=ended)
            work.insert(row)
        work.insert(ApprovalRequest(process_id=process.id, state=RequestState.CANCELLED, ended_at=now))
    found = load_process_statistics(store, process.id)
    assert (found.decided, found.approved, found.median_wait_s) == (7, 3, 120)
    facts = load_setup_facts(configuration.store)
    assert (facts.requests, facts.decided, facts.approved) == (8, 7, 3)
    store.close()


def test_requests_of_a_process_are_counted_by_their_end(tmp_path):
    store = Store.open(str(tmp_path / "console.db"), actor="ada")
    configuration = Configuration(store)
    process = configuration.save(configuration.new(Kind.APPROVAL_PROCESS))
    other = configuration.save(configuration.new(Kind.APPROVAL_PROCESS))
    assert isinstance(process, ApprovalProcess)
    now = utcnow()
    rows = [
        (RequestState.APPROVED, 1, 60),
        (RequestState.REJECTED, 2, 180),
        (RequestState.TIMED_OUT, 3, 1200),
        (RequestState.PENDING, 0, None),
        (RequestState.APPROVED, 40, 5),
    ]
    with store.write() as work:
        for state, days, wait in rows:
            raised = now - timedelta(days=days)
            ended = None if wait is None else raised + timedelta(seconds=wait)
            work.insert(
                ApprovalRequest(process_id=process.id, state=state, requested_at=raised, ended_at=ended)
            )
        work.insert(ApprovalRequest(process_id=other.id, state=RequestState.APPROVED, requested_at=now))
    found = load_process_statistics(store, process.id)
    assert (found.decided, found.approved, found.timed_out, found.pending) == (2, 1, 1, 1)
    assert found.median_wait_s == 120
    assert load_process_statistics(store, other.id).median_wait_s is None
    store.close()
