"""Approve, reject and cancel: what is told is what the record says afterwards."""

import asyncio
import contextlib
import sqlite3
from datetime import timedelta

import pytest
from sqlmodel import select

from models.approval_request import ApprovalRequest
from models.base import utcnow
from models.kinds import RequestState
from models.lease import Lease
from services.common.errors import InputError
from services.coordination import clock
from services.requests.decisions import batch, request_lock
from services.requests.decisions.cancel import cancel_requests
from services.requests.decisions.decide import decide_requests
from services.requests.details.loader import load_details
from services.store import Store
from services.workspace import Workspace
from tests.services.requests.decision_setup import PM, between, desk

__all__ = ["desk"]
WORDS = [("approve", "approved"), ("reject", "rejected")]


def patched(desk, table="sysapproval_approver"):
    return [c for c in desk.practice.log if c.method == "PATCH" and f"/{table}/" in c.path]


@pytest.mark.parametrize(("decision", "word"), WORDS)
@pytest.mark.parametrize("as_approver", [True, False])
async def test_our_request_takes_the_decision_in(desk, decision, word, as_approver):
    row = await desk.raised()
    decider = desk.decider("app.approver") if as_approver else None
    [outcome] = await decide_requests(desk.workspace, [row.id], decision, "Seen by Alex", decider)
    if decider:
        await decider.aclose()
    assert (outcome.ok, outcome.problem, outcome.label) == (True, None, row.number)
    account = "app.approver" if as_approver else PM
    whose = (
        f"with the account {account} of Alex Approver"
        if as_approver
        else f"on behalf of Alex Approver, with the account {account}"
    )
    told = f"{row.number} {word} by ada{',' if as_approver else ''} {whose}"
    assert outcome.message == f"{told}."
    assert (outcome.action.person, outcome.action.account, outcome.action.approver) == (
        "ada",
        account,
        "Alex Approver",
    )
    kept = desk.row(row.id)
    assert (kept.state, kept.servicenow_state, kept.comment) == (word, word, "Seen by Alex")
    assert (kept.mismatch, kept.waits_for) == ("", "")
    assert desk.item(row)["approval"] == word
    assert desk.comments(row) == ["Seen by Alex"]
    mine = [e for e in desk.events(row.id, "decided") if e.detail.startswith(row.number)]
    assert {e.actor for e in mine} == {"ada"}
    assert [e.detail for e in mine] == [f"{told}: Seen by Alex"]
    assert desk.store.verify_audit().ok


@pytest.mark.parametrize("own", [True, False])
async def test_what_has_ended_waits_for_nobody_whoever_decided(desk, own):
    row = await desk.raised() if own else desk.copied()
    await load_details(desk.workspace, row.id)
    assert desk.row(row.id).waits_for == "Alex Approver"
    async with contextlib.aclosing(desk.decider("app.approver")) as decider:
        [outcome] = await decide_requests(desk.workspace, [row.id], "approve", "", decider)
    assert outcome.ok
    assert (desk.row(row.id).state, desk.row(row.id).waits_for) == ("approved", "")


@pytest.mark.parametrize(("decision", "word"), WORDS)
async def test_a_copy_is_decided_on_the_record_and_kept_as_it_stands_there(desk, decision, word):
    row = desk.copied()
    told = []
    desk.store.feed.subscribe(told.extend)
    [outcome] = await decide_requests(desk.workspace, [row.id], decision, "Fine")
    assert outcome.ok
    kept = desk.row(row.id)
    assert (kept.state, kept.servicenow_state, kept.comment, kept.version) == (word, word, "Fine", 0)
    assert kept.file_path == row.file_path
    assert kept.ended_at is not None
    assert [e.actor for e in desk.events(row.id, "decided")] == ["ada"]
    assert [change.operation for change in told] == ["observe"]


async def test_an_account_that_sees_no_approval_decides_nothing(desk):
    row = desk.copied()
    async with desk.decider("service.desk") as decider:
        [outcome] = await decide_requests(desk.workspace, [row.id], "approve", "", decider)
    assert (outcome.ok, outcome.problem.fault) == (False, "approval-none-open")
    assert "service.desk" in outcome.problem.evidence
    assert patched(desk) == []
    assert desk.item(row)["approval"] == "requested"


async def test_an_account_without_approval_admin_is_not_let_try_for_others(desk):
    """It sees what others are asked on an instance that lets everybody look, and its roles are no secret."""
    row = desk.copied()
    desk.practice.faults.set("role_missing")
    [outcome] = await decide_requests(desk.workspace, [row.id], "approve")
    assert (outcome.ok, outcome.problem.fault) == (False, "decision-not-allowed")
    assert "Alex Approver" in outcome.problem.evidence
    assert patched(desk) == []


async def test_one_who_is_asked_but_may_not_write_is_refused_by_the_instance(desk):
    desk.joins("no.roles")
    row = desk.copied()
    async with desk.decider("no.roles") as decider:
        [outcome] = await decide_requests(desk.workspace, [row.id], "approve", "", decider)
    assert (outcome.ok, outcome.problem.fault) == (False, "rights-missing")
    assert [c.status for c in patched(desk)] == [403]
    assert desk.item(row)["approval"] == "requested"
    assert desk.events(row.id) == []


@pytest.mark.parametrize("own", [True, False])
async def test_what_was_decided_meanwhile_says_who_and_when(desk, own):
    row = await desk.raised() if own else desk.copied()
    async with desk.decider("app.approver") as approver:
        [asked] = desk.asked(row)
        await approver.table("sysapproval_approver").update(asked["sys_id"], {"state": "rejected"})
    before = len(patched(desk))
    [outcome] = await decide_requests(desk.workspace, [row.id], "approve")
    assert (outcome.ok, outcome.problem.fault) == (False, "request-not-open")
    assert f"{row.number} is already rejected by Alex Approver at " in outcome.problem.evidence
    assert len(patched(desk)) == before
    kept = desk.row(row.id)
    assert (kept.state, kept.servicenow_state) == ("rejected", "rejected")


async def test_two_deciding_at_once_are_both_told_what_counts(desk):
    """Olive rejects between our look and our change; the item is hers, whatever our approval says."""
    desk.joins("other.approver")
    row = desk.copied()

    def answer(request, forward):
        if request.startswith(b"PATCH"):
            [asked] = [a for a in desk.asked(row) if a["approver"] == _user(desk, "other.approver")]
            from services.practice import orders_and_approvals

            orders_and_approvals.update_record(
                desk.practice._database, "sysapproval_approver", asked["sys_id"], {"state": "rejected"},
                by="other.approver",
            )  # fmt: skip
        return forward(request)

    with between(desk, answer):
        async with desk.decider("app.approver") as decider:
            [outcome] = await decide_requests(desk.workspace, [row.id], "approve", "", decider)
    assert (outcome.ok, outcome.problem.fault) == (False, "request-not-open")
    assert "already rejected" in outcome.problem.evidence
    assert desk.row(row.id).state == "rejected"
    assert desk.events(row.id, "decided") == []


def _user(desk, name):
    return desk.practice.records("sys_user", user_name=name)[0]["sys_id"]


async def test_the_same_request_twice_at_once_is_decided_once(desk):
    row = desk.copied()
    both = await asyncio.gather(
        *(decide_requests(desk.workspace, [row.id, row.id], "approve") for _ in range(2))
    )
    outcomes = [outcome for [outcome] in both]
    assert sorted(o.ok for o in outcomes) == [False, True]
    assert len(patched(desk)) == 1


async def test_another_console_on_the_same_store_is_waited_for(desk, monkeypatch):
    row, other = desk.copied(1), desk.copied(2)
    assert isinstance(request_lock.acquire_lock(desk.store, row.id), request_lock.RequestLock)
    first, second = await decide_requests(desk.workspace, [row.id, other.id], "approve")
    assert (first.ok, first.problem.fault, second.ok) == (False, "request-busy", True)
    assert "ada is at it" in first.problem.evidence
    assert desk.item(row)["approval"] == "requested"
    # A console that ended in the middle keeps nobody out for long, and nothing is left of what has run out.
    later = utcnow() + request_lock.LOCK_DURATION
    monkeypatch.setattr(clock, "utcnow", lambda: later)
    [outcome] = await decide_requests(desk.workspace, [row.id], "approve")
    assert outcome.ok
    with desk.store.read() as session:
        assert session.exec(select(Lease)).all() == []


def test_who_was_too_slow_does_not_give_back_the_turn_of_another(desk, monkeypatch):
    row, now = desk.copied(), utcnow()
    slow = request_lock.acquire_lock(desk.store, row.id)
    monkeypatch.setattr(clock, "utcnow", lambda: now + request_lock.LOCK_DURATION + timedelta(seconds=1))
    quick = request_lock.acquire_lock(desk.store, row.id)
    slow.release_lease()
    assert request_lock.acquire_lock(desk.store, row.id) == "ada"
    quick.release_lease()
    assert isinstance(request_lock.acquire_lock(desk.store, row.id), request_lock.RequestLock)


async def test_two_consoles_at_once_send_one_decision(desk):
    row = desk.copied()
    others = [
        Workspace(Store.open(desk.store.url, actor=name), desk.workspace.vault) for name in ("ada", "bob")
    ]
    both = await asyncio.gather(*(decide_requests(other, [row.id], "approve", "Fine") for other in others))
    for other in others:
        await other.aclose()
    outcomes = [outcome for [outcome] in both]
    assert sorted(outcome.ok for outcome in outcomes) == [False, True]
    [late] = [outcome for outcome in outcomes if not outcome.ok]
    assert late.problem.fault in ("request-busy", "request-not-open")
    assert len(patched(desk)) == 1
    assert desk.comments(row) == ["Fine"]


@pytest.mark.parametrize(("decision", "word"), WORDS)
async def test_an_answer_that_is_lost_is_read_back(desk, decision, word):
    row = desk.copied()

    def answer(request, forward):
        reply = forward(request)
        return b"" if request.startswith(b"PATCH") else reply

    with between(desk, answer) as listener:
        [outcome] = await decide_requests(desk.workspace, [row.id], decision, "Once")
    assert (outcome.ok, outcome.problem) == (True, None)
    assert sum(r.startswith(b"PATCH") for r in listener.requests) == 1
    assert desk.row(row.id).state == word
    assert desk.comments(row) == ["Once"]


async def test_a_change_that_never_arrived_is_not_called_done_and_not_sent_again(desk):
    row = desk.copied()
    with between(desk, lambda r, forward: b"" if r.startswith(b"PATCH") else forward(r)) as listener:
        [outcome] = await decide_requests(desk.workspace, [row.id], "approve")
    assert (outcome.ok, outcome.problem.fault) == (False, "decision-not-taken")
    assert sum(r.startswith(b"PATCH") for r in listener.requests) == 1
    assert desk.item(row)["approval"] == "requested"
    assert desk.events(row.id) == []


async def test_where_nothing_can_be_read_back_nothing_is_claimed(desk):
    row = desk.copied()
    gone = False

    def answer(request, forward):
        nonlocal gone
        gone = gone or request.startswith(b"PATCH")
        return b"" if gone else forward(request)

    with between(desk, answer):
        [outcome] = await decide_requests(desk.workspace, [row.id], "approve")
    assert (outcome.ok, outcome.problem.fault) == (False, "decision-unclear")
    assert desk.row(row.id).state == RequestState.PENDING


async def test_a_decision_that_a_rule_takes_back_is_not_called_done(desk):
    row = desk.copied()

    def answer(request, forward):
        reply = forward(request)
        if request.startswith(b"PATCH"):
            [asked] = desk.asked(row)
            database = desk.practice._database
            database.update("sysapproval_approver", asked["sys_id"], {"state": "requested"}, by="system")
            values = {"approval": "requested", "state": "1", "active": "true"}
            database.update("sc_req_item", row.record_id, values, by="system")
            order = desk.item(row)["request"]
            database.update("sc_request", order, {"approval": "requested", "active": "true"}, by="system")
        return reply

    with between(desk, answer):
        [outcome] = await decide_requests(desk.workspace, [row.id], "approve")
    assert (outcome.ok, outcome.problem.fault) == (False, "decision-not-taken")


async def test_where_others_have_to_approve_too_the_request_waits_on(desk):
    desk.joins("other.approver")
    row = desk.copied()
    await load_details(desk.workspace, row.id)
    assert set(desk.row(row.id).waits_for.splitlines()) == {"Alex Approver", "Olive Approver"}

    def answer(request, forward):
        reply = forward(request)
        if request.startswith(b"PATCH"):
            database = desk.practice._database
            [olive] = [a for a in desk.asked(row) if a["approver"] == _user(desk, "other.approver")]
            database.update("sysapproval_approver", olive["sys_id"], {"state": "requested"}, by="system")
            values = {"approval": "requested", "state": "1", "active": "true"}
            database.update("sc_req_item", row.record_id, values, by="system")
            order = {"approval": "requested", "active": "true"}
            database.update("sc_request", desk.item(row)["request"], order, by="system")
        return reply

    with between(desk, answer):
        async with desk.decider("app.approver") as decider:
            [outcome] = await decide_requests(desk.workspace, [row.id], "approve", "", decider)
        assert outcome.ok, outcome.problem
        assert desk.row(row.id).waits_for == "Olive Approver"
        # The approver sees nobody's approval but its own, so that nobody is named.
        assert outcome.message.startswith(f"{row.number} approved by ada, with the account app.approver of ")
        assert "; it still waits for " in outcome.message
        assert desk.row(row.id).state == RequestState.PENDING
        # A second go finds nothing left to decide.
        async with desk.decider("app.approver") as decider:
            [again] = await decide_requests(desk.workspace, [row.id], "approve", "", decider)
        assert again.problem.fault == "approval-none-open"
    assert len(patched(desk)) == 1


async def test_what_was_never_sent_is_neither_decided_nor_reminded_of_but_taken_back(desk):
    row = await desk.drafted()
    [outcome] = await decide_requests(desk.workspace, [row.id], "approve")
    assert (outcome.ok, outcome.problem.fault) == (False, "record-missing")
    [outcome] = await cancel_requests(desk.workspace, [row.id], "Not needed")
    assert (outcome.ok, outcome.message) == (True, "It was taken back before ServiceNow had it.")
    assert desk.row(row.id).state == RequestState.CANCELLED
    assert desk.practice.log == []


async def test_a_record_that_is_gone_is_said_to_be(desk):
    row = desk.copied()
    desk.practice._database.delete("sc_req_item", row.record_id, by="admin")
    [outcome] = await decide_requests(desk.workspace, [row.id], "approve")
    assert outcome.problem.fault == "record-missing"


async def test_out_of_reach_nothing_is_done(desk):
    row = desk.copied()
    desk.practice.faults.set("server_error")
    [outcome] = await decide_requests(desk.workspace, [row.id], "approve")
    assert (outcome.ok, outcome.problem.fault) == (False, "server-error")
    assert patched(desk) == []


async def test_in_bulk_each_has_its_own_outcome(desk):
    import uuid

    rows = [desk.copied(number) for number in range(5)]
    async with desk.decider("app.approver") as approver:
        [asked] = desk.asked(rows[2])
        await approver.table("sysapproval_approver").update(asked["sys_id"], {"state": "rejected"})
    unknown = uuid.uuid4()
    ids = [rows[0].id, unknown, *(row.id for row in rows[1:]), rows[0].id]
    before, told = len(patched(desk)), []
    outcomes = await decide_requests(desk.workspace, ids, "approve", "All of them", on_result=told.append)
    assert [o.id for o in outcomes] == list(dict.fromkeys(ids))
    faults = [o.problem.fault if o.problem else "" for o in outcomes]
    assert faults == ["", "object-missing", "", "request-not-open", "", ""]
    assert {o.id for o in told} == set(ids)
    assert len(told) == len(outcomes)
    assert len(patched(desk)) - before == 4
    states = [desk.row(row.id).state for row in rows]
    assert states == ["approved", "approved", "rejected", "approved", "approved"]


async def test_stopped_between_two_what_was_begun_is_ended_and_told(desk):
    rows = [desk.copied(number) for number in range(8)]
    told = []

    def tell(outcome):
        told.append(outcome)
        task.cancel()

    task = asyncio.ensure_future(
        decide_requests(desk.workspace, [row.id for row in rows], "approve", on_result=tell)
    )
    with pytest.raises(asyncio.CancelledError):
        await task
    decided = [row.id for row in rows if desk.item(row)["approval"] == "approved"]
    assert sorted(o.id for o in told if o.ok) == sorted(decided)
    # The lane that told goes on to its next before the task hears that it is cancelled.
    assert 1 <= len(decided) <= batch.CONCURRENCY + 1
    assert [row.id for row in rows if desk.row(row.id).state == "approved"] == decided


@pytest.mark.parametrize(
    "comment",
    [
        "& < > \" ' ]]> </comment>",
        "😀 \u200f\u05e2\u05d1\u05e8\u200f \u0645\u0631",
        "x" * 4000,
        "line\nbreak\ttab",
        "${gs.getUserID()} javascript:gs",
    ],
    ids=["markup", "right to left", "long", "lines", "script"],
)
async def test_any_comment_arrives_as_it_was_written(desk, comment):
    row = await desk.raised()
    [outcome] = await decide_requests(desk.workspace, [row.id], "reject", comment)
    assert outcome.ok, outcome.problem
    assert desk.comments(row) == [comment]
    assert desk.row(row.id).comment.split() == comment.split()


@pytest.mark.parametrize("comment", ["a\0b", "\ud800", "x" * 4001, "\x1b[2J"], ids=ascii)
async def test_a_comment_that_cannot_travel_is_refused_before_anything(desk, comment):
    row = desk.copied()
    with pytest.raises(InputError) as caught:
        await decide_requests(desk.workspace, [row.id], "approve", comment)
    assert caught.value.problem.fault == "comment-unsendable"
    assert desk.practice.log == []


async def test_a_store_that_refuses_does_not_undo_the_decision(desk, monkeypatch):
    row = desk.copied()
    file = desk.store.url.removeprefix("sqlite:///")
    with sqlite3.connect(file) as other:
        other.execute("UPDATE store_meta SET value = 'nonsense' WHERE key = 'audit_head'")
    other.close()
    [outcome] = await decide_requests(desk.workspace, [row.id], "approve")
    assert (outcome.ok, outcome.problem.fault) == (True, "audit-broken")
    assert desk.item(row)["approval"] == "approved"


@pytest.mark.parametrize("word", ["approved", "rejected"])
async def test_a_decision_on_what_has_timed_out_says_that_it_came_too_late(desk, word):
    row = await desk.raised()

    def answer(request, forward):
        if request.startswith(b"PATCH"):
            # A worker is faster by a moment.
            now = desk.row(row.id)
            ended = {"state": RequestState.TIMED_OUT, "ended_at": utcnow()}
            if now.state == RequestState.PENDING:
                with desk.store.write() as work:
                    work.update(now.model_copy(update=ended), now.version)
        return forward(request)

    with between(desk, answer):
        [outcome] = await decide_requests(
            desk.workspace, [row.id], "approve" if word == "approved" else "reject"
        )
    assert (outcome.ok, desk.item(row)["approval"]) == (True, word)
    assert desk.row(row.id).state == RequestState.TIMED_OUT
    assert outcome.problem.evidence == "The request is timed out here."
    assert outcome.problem.remedy == "Tell the caller to start the program again."


@pytest.mark.parametrize("known", [True, False], ids=["by sys_id", "by number"])
async def test_a_stranger_that_got_the_number_is_not_decided(desk, known):
    """An instance that was reset or cloned counts from the beginning again."""
    row = await desk.raised()
    database, number = desk.practice._database, row.number
    database.delete("sc_req_item", desk.item(row)["sys_id"], by="admin")
    stranger = desk.copied(2)
    database.update("sc_req_item", stranger.record_id, {"number": number}, by="admin")
    if not known:
        with desk.store.write() as work:
            work.observe(ApprovalRequest, {row.id: {"record_id": ""}})
            now = desk.row(row.id)
            work.update(now.model_copy(update={"external_id": number}), now.version)
    for outcome in (
        *await decide_requests(desk.workspace, [row.id], "approve"),
        *await cancel_requests(desk.workspace, [row.id], "Not needed", confirmed=True),
    ):
        assert not outcome.ok
    assert desk.item(row)["approval"] == "requested"
    assert [one["state"] for one in desk.asked(row)] == ["requested"]
    assert desk.row(row.id).record_id != stranger.record_id


async def test_a_decision_on_what_nobody_timed_out_yet_counts(desk):
    row = await desk.raised()
    with desk.store.write() as work:
        late = row.model_copy(update={"times_out_at": utcnow() - timedelta(seconds=1)})
        work.update(late, row.version)
    [outcome] = await decide_requests(desk.workspace, [row.id], "approve")
    assert (outcome.ok, outcome.problem, desk.row(row.id).state) == (True, None, RequestState.APPROVED)


# -- as an approver who may read approvals and no items ----------------------------------------------------------


def hides_items_from(account):
    """Refuse an account the requested items, as an instance does whose approvers see approvals alone."""
    import base64

    from tests.services.requests.conftest import PASSWORD

    signed = base64.b64encode(f"{account}:{PASSWORD}".encode())
    body = b'{"error":{"message":"Insufficient rights to query records","detail":""},"status":"failure"}'
    head = b"HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(
        body
    )

    def answer(request, forward):
        first = request.split(b"\r\n", 1)[0]
        return head + body if signed in request and b"/table/sc_req_item" in first else forward(request)

    return answer


@pytest.mark.parametrize(("decision", "word"), WORDS)
@pytest.mark.parametrize("own", [True, False])
async def test_an_approver_who_may_not_read_items_decides(desk, own, decision, word):
    row = await desk.raised() if own else desk.copied()
    with between(desk, hides_items_from("app.approver")):
        async with desk.decider("app.approver") as decider:
            [outcome] = await decide_requests(desk.workspace, [row.id], decision, "Seen", decider)
    assert (outcome.ok, outcome.problem) == (True, None)
    assert outcome.message == f"{row.number} {word} by ada, with the account app.approver of Alex Approver."
    assert desk.row(row.id).state == word
    assert [one["sys_updated_by"] for one in desk.asked(row)] == ["app.approver"]


async def test_an_approver_who_may_not_read_items_is_told_the_truth_of_a_closed_one(desk):
    row = desk.copied()
    await decide_requests(desk.workspace, [row.id], "reject")
    with between(desk, hides_items_from("app.approver")):
        async with desk.decider("app.approver") as decider:
            [outcome] = await decide_requests(desk.workspace, [row.id], "approve", "", decider)
    assert outcome.problem.fault == "request-not-open"
    assert "is already rejected" in outcome.problem.evidence


async def test_an_approver_who_is_not_asked_decides_nothing(desk):
    row = desk.copied()
    with between(desk, hides_items_from("other.approver")):
        async with desk.decider("other.approver") as decider:
            [outcome] = await decide_requests(desk.workspace, [row.id], "approve", "", decider)
    assert outcome.problem.fault == "approval-none-open"
    assert "other.approver sees no open approval" in outcome.problem.evidence
    assert patched(desk) == []


async def test_where_the_account_of_the_server_may_not_read_items_the_approver_does(desk):
    row = desk.copied()
    with between(desk, hides_items_from(PM)):
        async with desk.decider("app.approver") as decider:
            [outcome] = await decide_requests(desk.workspace, [row.id], "approve", "", decider)
    assert (outcome.ok, outcome.problem) == (True, None)
    assert desk.item(row)["approval"] == "approved"
