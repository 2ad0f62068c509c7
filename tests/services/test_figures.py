"""Figures about past requests, counted in a real store."""

from datetime import timedelta

from models.approval_process import ApprovalProcess
from models.approval_request import ApprovalRequest
from models.base import utcnow
from models.kinds import Kind, RequestState
from services import figures
from services.configuration import Configuration
from services.figures import process_figures
from services.guide import read_facts
from services.store import Store


def test_every_request_is_counted_and_the_newest_say_how_long_it_takes(tmp_path, monkeypatch):
    monkeypatch.setattr(figures, "WAITS_MAX", 3)
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
    found = process_figures(store, process.id)
    assert (found.decided, found.approved, found.median_wait_s) == (7, 3, 120)
    facts = read_facts(configuration)
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
    found = process_figures(store, process.id)
    assert (found.decided, found.approved, found.timed_out, found.pending) == (2, 1, 1, 1)
    assert found.median_wait_s == 120
    assert process_figures(store, other.id).median_wait_s is None
    store.close()
