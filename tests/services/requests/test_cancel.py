"""Cancelling: what is told of it is what was done there, also where it stops half way."""

import pytest

from models.kinds import RequestEventKind, RequestState
from services.practice import orders_and_approvals
from services.practice.accounts_and_sessions import user_sys_id
from services.requests.decisions.cancel import cancel_requests
from services.requests.decisions.decide import decide_requests
from services.requests.lifecycle.lifecycle import RequestLifecycle
from tests.services.requests.decision_setup import PM, between, desk

__all__ = ["desk"]


async def test_our_request_is_cancelled_through_its_process(desk):
    row = await desk.raised()
    [outcome] = await cancel_requests(desk.workspace, [row.id], "Not needed")
    assert (outcome.ok, outcome.message) == (
        True,
        f"{row.number} cancelled by ada, with the account privman.integration.",
    )
    kept = desk.row(row.id)
    assert (kept.state, kept.servicenow_state, kept.comment) == ("cancelled", "cancelled", "Not needed")
    assert not any(c.method == "PATCH" for c in desk.practice.log)


async def test_a_request_of_privilege_manager_is_cancelled_only_when_confirmed(desk):
    row = desk.copied()
    [outcome] = await cancel_requests(desk.workspace, [row.id], "Not needed")
    assert (outcome.ok, outcome.problem.fault) == (False, "cancel-unconfirmed")
    assert desk.practice.log == []
    [outcome] = await cancel_requests(desk.workspace, [row.id], "Not needed", confirmed=True)
    assert outcome.ok, outcome.problem
    assert desk.item(row)["approval"] == "cancelled"
    assert not any(c.path.endswith(".do") for c in desk.practice.log)
    kept = desk.row(row.id)
    assert (kept.state, kept.servicenow_state) == ("invalid", "cancelled")
    assert [e.kind for e in desk.events(row.id)] == [RequestEventKind.CANCELLED]
    assert "Not needed" in desk.comments(row)


async def test_an_item_that_nobody_is_asked_about_is_closed_itself(desk):
    row = desk.copied()
    for asked in desk.asked(row):
        desk.practice._database.delete("sysapproval_approver", asked["sys_id"], by="admin")
    [outcome] = await cancel_requests(desk.workspace, [row.id], "", confirmed=True)
    assert outcome.ok, outcome.problem
    assert desk.item(row)["state"] == "4"


async def test_one_who_may_not_cancel_is_refused(desk):
    row = desk.copied()
    desk.signed_in_as("other.approver")
    [outcome] = await cancel_requests(desk.workspace, [row.id], "", confirmed=True)
    assert (outcome.ok, outcome.problem.fault) == (False, "rights-missing")
    assert desk.item(row)["approval"] == "requested"


@pytest.mark.parametrize("own", [True, False])
async def test_what_is_decided_is_not_cancelled(desk, own):
    row = await desk.raised() if own else desk.copied()
    await decide_requests(desk.workspace, [row.id], "approve")
    [outcome] = await cancel_requests(desk.workspace, [row.id], "too late", confirmed=True)
    assert (outcome.ok, outcome.problem.fault) == (False, "request-not-open")
    assert desk.item(row)["approval"] == "approved"


async def test_a_lost_answer_to_cancelling_is_read_back(desk):
    row = desk.copied()

    def answer(request, forward):
        reply = forward(request)
        return b"" if request.startswith(b"PATCH") else reply

    with between(desk, answer):
        [outcome] = await cancel_requests(desk.workspace, [row.id], "", confirmed=True)
    assert outcome.ok, outcome.problem
    assert desk.item(row)["approval"] == "cancelled"


def cuts_off(when):
    """Answer nothing from the moment on that `when` says of how many changes have come."""
    state = {"patches": 0, "gone": False}

    def answer(request, forward):
        if request.startswith(b"PATCH"):
            state["patches"] += 1
        state["gone"] = state["gone"] or when(request, state["patches"])
        return b"" if state["gone"] else forward(request)

    return answer


async def half_cancelled(desk, answer):
    """Cancel a copy that two are asked about; returns the row, the outcome, and whose approval was cancelled."""
    desk.joins("other.approver")
    row = desk.copied()
    with between(desk, answer):
        [outcome] = await cancel_requests(desk.workspace, [row.id], "Not needed", confirmed=True)
    names = {user_sys_id("app.approver"): "Alex Approver", user_sys_id("other.approver"): "Olive Approver"}
    done = [names[one["approver"]] for one in desk.asked(row) if one["state"] == "cancelled"]
    return row, outcome, done


async def test_cancelling_that_is_cut_off_half_way_says_what_was_done_what_is_not_known_and_what_to_do(desk):
    row, outcome, done = await half_cancelled(desk, cuts_off(lambda request, patches: patches == 2))
    assert (outcome.ok, outcome.problem.fault, len(done)) == (False, "decision-unclear", 1)
    assert outcome.problem.evidence.startswith(f"Cancelled before that: the approval of {done[0]}. ")
    assert (
        f"{row.number} is cancelled in part: what became of the rest is not known." in outcome.problem.cause
    )
    assert "Cancelling once more goes on with what is still open." in outcome.problem.remedy
    [event] = desk.events(row.id)
    assert (event.kind, event.actor) == (RequestEventKind.FAILED, "ada")
    assert f"cancelled by ada on behalf of {done[0]}, with the account {PM}" in event.detail
    # And so it does.
    desk.at(desk.practice.base_url)
    [outcome] = await cancel_requests(desk.workspace, [row.id], "", confirmed=True)
    assert outcome.ok, outcome.problem
    assert desk.item(row)["approval"] == "cancelled"


async def test_a_read_that_fails_after_the_approvals_were_cancelled_does_not_hide_them(desk):
    def reads_after_both(request, patches):
        return patches == 2 and request.startswith(b"GET")

    _, outcome, done = await half_cancelled(desk, cuts_off(reads_after_both))
    assert (outcome.ok, outcome.problem.fault) == (False, "decision-unclear")
    assert sorted(done) == ["Alex Approver", "Olive Approver"]
    assert outcome.problem.evidence.startswith("Cancelled before that: the approvals of ")
    assert all(name in outcome.problem.evidence for name in done)


async def test_cancelling_that_is_refused_half_way_says_what_was_done_before(desk):
    patches = 0

    def answer(request, forward):
        nonlocal patches
        patches += request.startswith(b"PATCH")
        if request.startswith(b"PATCH") and patches == 2:
            return b"HTTP/1.1 403 No\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
        return forward(request)

    row, outcome, done = await half_cancelled(desk, answer)
    assert (outcome.ok, outcome.problem.fault, len(done)) == (False, "rights-missing", 1)
    assert outcome.problem.evidence.startswith(f"Cancelled before that: the approval of {done[0]}. ")
    assert f"{row.number} is cancelled in part: the rest is still open." in outcome.problem.cause
    assert desk.item(row)["approval"] == "requested"


async def test_our_request_that_was_cancelled_and_cannot_be_read_back_is_not_called_doubtful(desk):
    row = await desk.raised()
    cancelled = False

    def answer(request, forward):
        nonlocal cancelled
        if cancelled:
            return b""
        cancelled = b"PMCancelRequestId>" in request
        return forward(request)

    with between(desk, answer):
        [outcome] = await cancel_requests(desk.workspace, [row.id], "Not needed")
    assert outcome.ok
    assert outcome.message == f"{row.number} is cancelled; its record in ServiceNow could not be read back."
    assert outcome.problem is not None
    assert desk.row(row.id).state == RequestState.CANCELLED


async def test_a_cancel_service_that_leaves_the_record_open_is_said_to(desk):
    row = await desk.raised()

    def answer(request, forward):
        reply = forward(request)
        if b"PMCancelRequestId>" in request:
            database = desk.practice._database
            values = {"approval": "requested", "state": "1", "active": "true"}
            database.update("sc_req_item", desk.item(row)["sys_id"], values, by="system")
            order = {"approval": "requested", "active": "true"}
            database.update("sc_request", desk.item(row)["request"], order, by="system")
        return reply

    with between(desk, answer):
        [outcome] = await cancel_requests(desk.workspace, [row.id], "Not needed")
    assert (outcome.ok, outcome.problem.fault) == (False, "decision-not-taken")
    assert outcome.problem.remedy == f"Cancel {row.number} in ServiceNow."
    assert desk.row(row.id).mismatch == "still-open"


def loses_the_answer_of_cancel(desk):
    """Let the instance carry Cancel out and end the connection before the answer."""

    def answer(request, forward):
        if b"PMCancelRequestId>" in request:
            desk.practice.faults.set("answer_lost", times=1)
        return forward(request)

    return answer


async def test_a_lost_answer_of_the_cancel_service_ends_the_request_as_cancelled(desk):
    row = await desk.raised()
    with between(desk, loses_the_answer_of_cancel(desk)):
        [outcome] = await cancel_requests(desk.workspace, [row.id], "Not needed")
    assert outcome.ok, outcome.problem
    assert desk.item(row)["approval"] == "cancelled"
    kept = desk.row(row.id)
    assert (kept.state, kept.comment, kept.mismatch) == (RequestState.CANCELLED, "Not needed", "")


async def test_a_cancel_that_nobody_can_read_back_is_unclear_and_ends_as_cancelled_when_it_is_seen(desk):
    row, hit = await desk.raised(), []

    def answer(request, forward):
        if b"PMCancelRequestId>" in request and not hit:
            hit.append(request)
            desk.practice.faults.set("server_error")
        return forward(request)

    with between(desk, answer):
        [outcome] = await cancel_requests(desk.workspace, [row.id], "Not needed")
        desk.practice.faults.clear()
        assert (outcome.ok, outcome.problem.fault) == (False, "decision-unclear")
        assert "goes on to cancel it" in outcome.problem.remedy
        instance = await desk.workspace.instance(row.server_id)
        followed = await RequestLifecycle(desk.store, instance, desk.process).follow(desk.row(row.id))
    assert (followed.state, followed.comment) == (RequestState.CANCELLED, "Not needed")
    assert desk.item(row)["approval"] == "cancelled"


async def test_a_decision_that_was_faster_than_a_cancel_whose_answer_is_lost_is_what_is_told(desk):
    row = await desk.raised()

    def answer(request, forward):
        if b"PMCancelRequestId>" not in request:
            return forward(request)
        [asked] = desk.asked(row)
        database, values = desk.practice._database, {"state": "approved"}
        orders_and_approvals.update_record(
            database, "sysapproval_approver", asked["sys_id"], values, by="app.approver"
        )
        return b""

    with between(desk, answer):
        [outcome] = await cancel_requests(desk.workspace, [row.id], "Not needed")
    assert (outcome.ok, outcome.problem.fault) == (False, "request-not-open")
    assert f"{row.number} is already approved by Alex Approver" in outcome.problem.evidence
    assert desk.row(row.id).state == RequestState.APPROVED
