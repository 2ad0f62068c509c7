"""A record that is not active is closed, whatever state of its own a customer closed it with."""

import pytest
from sqlalchemy import text

from models.kinds import RequestState
from services.practice.orders_and_approvals import update_record
from services.requests.decisions.cancel import cancel_requests
from services.requests.decisions.decide import decide_requests
from services.requests.details.loader import load_details
from services.requests.domain.states import RecordStatus, approval_status, assess_states, record_status
from services.requests.rehearsal.cleanup import close_rehearsal
from services.servicenow.contract import ApprovalStatus
from tests.services.requests import followed
from tests.services.requests.decision_setup import desk
from tests.services.requests.followed_setup import clock, server, vault, workspace

__all__ = ["clock", "desk", "server", "vault", "workspace"]
OWN_STATE = {"state": "8", "active": "false"}


@pytest.mark.parametrize("own", [True, False])
async def test_a_record_closed_in_a_state_of_the_customers_own_is_closed(desk, own):
    row = await desk.raised() if own else desk.copied()
    update_record(desk.practice._database, "sc_req_item", desk.item(row)["sys_id"], OWN_STATE, by="admin")
    [outcome] = await decide_requests(desk.workspace, [row.id], "approve")
    assert (outcome.ok, outcome.problem.fault) == (False, "request-not-open")
    assert "is already closed" in outcome.problem.evidence
    kept = desk.row(row.id)
    assert (kept.state, kept.record_closed, kept.record_state, kept.mismatch) == ("invalid", True, "8", "")
    found = await load_details(desk.workspace, row.id)
    assert "closed without a decision" in found.answer_for_caller
    assert found.who_can_act == ()
    assert found.mismatch == ""
    [again] = await cancel_requests(desk.workspace, [row.id], "Not needed", confirmed=True)
    assert again.problem.fault == "request-not-open"


async def test_nothing_of_a_rehearsal_is_open_where_its_record_is_not_active(desk):
    row = await desk.raised()
    database = desk.practice._database
    for one in desk.asked(row):
        update_record(database, "sysapproval_approver", one["sys_id"], {"state": "cancelled"}, by="admin")
    database.update("sc_req_item", row.record_id, {"approval": "requested", **OWN_STATE})
    proof = await close_rehearsal(await desk.workspace.instance(desk.server.id), desk.process, row)
    assert str(proof) == f"{row.number} is closed"


def test_what_is_not_active_is_closed_unless_it_was_decided():
    assert record_status("requested", "8") is RecordStatus.WAITING
    assert record_status("requested", "8", closed=True) is RecordStatus.CLOSED
    assert approval_status("requested", "8", closed=True) is ApprovalStatus.INVALID
    assert approval_status("approved", "8", closed=True) is ApprovalStatus.APPROVED
    assert assess_states(RequestState.INVALID, "requested", "8", closed=True).mismatch == ""
    assert assess_states(RequestState.INVALID, "requested", "8").mismatch == "still-open"


def test_what_a_store_knew_before_counts_as_active(store):
    with store.engine.connect() as connection:
        columns = list(connection.execute(text("PRAGMA table_info(approval_request)")))
    [column] = [one for one in columns if one.name == "record_closed"]
    assert (column.notnull, column.dflt_value) == (1, "0")


async def test_following_ends_what_is_not_active(practice, server, workspace, store, clock):
    record = followed.place(practice, 1)
    follower = followed.follower_of(workspace, clock)
    await follower.round(server.id)
    clock.pass_by(60)
    practice._database.update("sc_req_item", record, OWN_STATE)
    done = await follower.round(server.id)
    assert len(done.decided) == 1
    [row] = followed.requests_of(store)
    assert (row["state"], row["record_closed"], row["mismatch"]) == ("invalid", True, "")
