"""All about one request: from the store at once, then with what the instance says."""

import contextlib
import itertools
import re
import time
from datetime import UTC, datetime, timedelta

import pytest
from sqlmodel import col, delete

from models.approval_request import ApprovalRequest
from models.base import utcnow
from models.kinds import Kind, RequestEventKind, RequestState
from services.common.redaction import remember_secret
from services.language.date_formats import utc_offset
from services.practice import orders_and_approvals
from services.practice.accounts_and_sessions import user_sys_id
from services.requests.decisions.decide import decide_requests
from services.requests.decisions.remind import remind_approvers
from services.requests.details.caller_answer import build_caller_answer
from services.requests.details.loader import load_details, load_stored_details
from services.requests.domain.states import MISSING_RECORD
from services.requests.lifecycle.apply_observation import store_observation
from services.requests.records.comments import COMMENTS_MAX
from services.requests.records.item_reader import read_requested_item
from services.servicenow.encoded_query import equals
from services.store.errors import NotFoundError
from tests.services.requests.decision_setup import between, desk

__all__ = ["desk"]

pytestmark = pytest.mark.every_database


def titles(found):
    return [line.title for line in found.timeline]


async def test_what_the_store_knows_needs_no_connection(desk):
    row = await desk.raised()
    calls = len(desk.practice.log)
    found = load_stored_details(desk.store, row.id)
    assert len(desk.practice.log) == calls
    assert (found.here.state, found.complete) == ("Pending", False)
    assert found.row.number == row.number
    assert "Submitted by Ada" in titles(found)
    assert found.timeline[-1].due
    assert "vs_setup.exe" in found.answer_for_caller
    assert found.unseen


async def test_the_record_adds_who_is_asked_through_which_group_and_the_link(desk):
    desk.joins("other.approver")
    row = await desk.raised()
    found = await load_details(desk.workspace, row.id)
    assert found.complete, found.unseen
    assert sorted((p.name, p.user_name, p.via, p.absent) for p in found.who_can_act) == [
        ("Alex Approver", "app.approver", "Application Approvers", ""),
        ("Olive Approver", "other.approver", "Application Approvers", ""),
    ]
    item = desk.item(row)
    assert found.link == f"{desk.practice.base_url}nav_to.do?uri=sc_req_item.do?sys_id={item['sys_id']}"
    assert "Asked Application Approvers" in titles(found)
    assert (found.there.state, found.mismatch) == ("Requested", "")
    assert "Alex Approver" in found.why_stuck
    assert "Alex Approver" in found.answer_for_caller
    kept = desk.row(row.id)
    assert sorted(kept.waits_for.splitlines()) == ["Alex Approver", "Olive Approver"]
    assert kept.record_id == item["sys_id"]


async def test_looking_again_at_what_has_not_changed_writes_nothing(desk):
    row = await desk.raised()
    await load_details(desk.workspace, row.id)
    told = []
    desk.store.feed.subscribe(told.extend)
    before = desk.row(row.id).model_dump()
    await load_details(desk.workspace, row.id)
    assert desk.row(row.id).model_dump() == before
    assert told == []


async def test_a_look_that_was_overtaken_carries_nothing_old_back(desk):
    row = desk.copied()
    record = await read_requested_item(await desk.workspace.instance(desk.server.id), row)
    assert (await decide_requests(desk.workspace, [row.id], "approve"))[0].ok
    decided = desk.row(row.id)
    await store_observation(desk.store, row, record)
    assert desk.row(row.id) == decided
    assert (decided.servicenow_state, decided.waits_for, decided.mismatch) == ("approved", "", "")


async def test_a_copy_that_went_into_a_request_of_ours_meanwhile_does_not_come_back(desk):
    row = desk.copied()
    record = await read_requested_item(await desk.workspace.instance(desk.server.id), row)
    with desk.store.write() as work:
        work.session.execute(delete(ApprovalRequest).where(col(ApprovalRequest.id) == row.id))
    await store_observation(desk.store, row, record, (RequestEventKind.REMINDED, "once"))
    assert desk.row(row.id) is None
    assert desk.events(row.id) == []


async def test_a_decision_that_was_made_in_servicenow_stands_in_the_timeline_with_its_comment(desk):
    row = desk.copied()
    async with desk.decider("app.approver") as approver:
        [asked] = desk.asked(row)
        values = {"state": "rejected", "comments": "Use the store version"}
        await approver.table("sysapproval_approver").update(asked["sys_id"], values)
        await approver.table("sysapproval_approver").update(
            asked["sys_id"], {"comments": "Use the store version"}
        )
    found = await load_details(desk.workspace, row.id)
    [line] = [line for line in found.timeline if line.kind == "decided"]
    assert (line.title, line.detail, line.there) == (
        f"{row.number} rejected by Alex Approver", "“Use the store version”", True,
    )  # fmt: skip
    shown = titles(found)
    assert (
        shown.index("Made in ServiceNow")
        < shown.index("Asked Application Approvers")
        < shown.index(line.title)
    )
    assert found.who_can_act == ()
    assert found.sentence.startswith("Its record in ServiceNow has ended as rejected.")
    assert "was rejected by Alex Approver" in found.answer_for_caller
    assert found.answer_for_caller.endswith("The answer was: “Use the store version”.")


async def test_a_decision_that_was_made_here_says_by_whom_and_each_comment_once(desk):
    row = desk.copied()
    await remind_approvers(desk.workspace, [row.id], "On the phone")
    await decide_requests(desk.workspace, [row.id], "approve", "Fine")
    found = await load_details(desk.workspace, row.id)
    shown = [f"{line.title}: {line.detail}" for line in found.timeline]
    told = f"{row.number} approved by ada on behalf of Alex Approver, with the account privman.integration"
    assert shown[-2:] == [
        "Reminded by ada: Alex Approver: On the phone",
        f"Decided by ada: {told}: Fine",
    ]
    assert "was approved by ada on behalf of Alex Approver at " in found.answer_for_caller
    stored = load_stored_details(desk.store, row.id)
    assert [line.detail for line in stored.timeline if line.kind == "decided"] == [f"{told}: Fine"]


async def test_a_decision_that_another_account_entered_says_so_in_one_sentence(desk):
    row = await desk.raised()
    async with contextlib.aclosing(desk.decider("privman.integration")) as other:
        [asked] = [
            found
            async for found in other.table("sysapproval_approver").rows(
                equals(sysapproval=desk.item(row)["sys_id"]), fields=("sys_id",)
            )
        ]
        await other.table("sysapproval_approver").update(asked["sys_id"], {"state": "approved"})
    found = await load_details(desk.workspace, row.id)
    [line] = [line for line in found.timeline if line.there and line.kind == "decided"]
    assert line.title == f"{row.number} approved by privman.integration on behalf of Alex Approver"
    assert line.actor == "privman.integration"


async def test_what_the_program_saw_by_itself_is_told_as_nobodys_deed(desk):
    row = await desk.raised()
    await decide_requests(desk.workspace, [row.id], "approve", "Fine")
    stored = load_stored_details(desk.store, row.id)
    titles_ = [line.title for line in stored.timeline]
    assert "Answer received from ServiceNow" in titles_
    assert [title for title in titles_ if " by ada" in title] == ["Decided by ada"]


async def test_an_approver_whose_account_is_off_is_said_to_be(desk):
    row = await desk.raised()
    desk.practice._database.update("sys_user", user_sys_id("app.approver"), {"active": "false"}, by="admin")
    found = await load_details(desk.workspace, row.id)
    [person] = found.who_can_act
    assert person.absent
    assert found.why_stuck.startswith("Nobody who is asked can act")
    assert "Alex" not in found.answer_for_caller


async def test_what_the_account_may_not_see_is_said(desk):
    row = desk.copied()
    desk.signed_in_as("service.desk")
    found = await load_details(desk.workspace, row.id)
    assert not found.complete
    assert found.who_can_act == ()
    assert any("no open approval" in text for text in found.unseen)
    assert "does not see whose" in found.why_stuck


async def test_the_order_is_approved_and_the_item_is_not(desk):
    row = await desk.raised()
    order = desk.item(row)["request"]
    orders_and_approvals.update_record(
        desk.practice._database, "sc_request", order, {"approval": "approved"}, by="app.approver"
    )
    found = await load_details(desk.workspace, row.id)
    assert (found.mismatch, desk.row(row.id).mismatch) == ("order-approved", "order-approved")
    assert found.why_stuck == found.sentence
    assert found.there.detail.endswith("is Approved")
    assert "approved on the order, but not yet on its item" in found.answer_for_caller


async def test_out_of_reach_the_store_answers_with_the_problem(desk):
    row = await desk.raised()
    desk.practice.faults.set("hibernating")
    found = await load_details(desk.workspace, row.id)
    assert found.problem.fault == "instance-hibernating"
    assert found.here.state == "Pending"
    assert "vs_setup.exe" in found.answer_for_caller


async def test_a_record_that_is_gone_is_a_problem_with_its_name(desk):
    row = desk.copied()
    desk.practice._database.delete("sc_req_item", row.record_id, by="admin")
    found = await load_details(desk.workspace, row.id)
    assert found.problem.fault == "record-missing"
    assert not found.complete


async def test_a_server_without_a_password_is_a_problem_too(desk):
    row = desk.copied()
    credential = desk.configuration.find_by_name(Kind.USER_CREDENTIAL, "privman.integration")
    desk.workspace.vault.forget(credential.id, credential.name)
    found = await load_details(desk.workspace, row.id)
    assert found.problem.fault == "secret-missing"


async def test_an_unknown_request_is_refused(desk):
    import uuid

    with pytest.raises(NotFoundError):
        await load_details(desk.workspace, uuid.uuid4())


WORDS = (
    "",
    "not requested",
    "requested",
    "approved",
    "rejected",
    "cancelled",
    "not_required",
    "odd",
    MISSING_RECORD,
)


@pytest.mark.parametrize("state", list(RequestState))
def test_every_pair_of_states_has_an_answer_for_the_caller(state):
    """Whatever both systems say, the caller is told something whole, with the file and never with a placeholder."""
    from models.approval_request import ApprovalRequest

    for word, record, order in itertools.product(WORDS, ("", "1", "4"), ("", "approved", "rejected")):
        row = ApprovalRequest(
            state=state, servicenow_state=word, record_state=record, order_state=order, number="RITM1",
            file_path=r"C:\a\b {x}.exe", ended_at=utcnow() if state.is_final else None, times_out_at=utcnow(),
        )  # fmt: skip
        for names in ([], ["Alex"], ["Alex", "Olive"]):
            text = build_caller_answer(row, names, None)
            assert "b {x}.exe" in text
            assert text.endswith((".", "”."))
            assert "None" not in text


NOON = datetime(2026, 1, 31, 12).astimezone()


def waiting(**values):
    from models.approval_request import ApprovalRequest

    held = {"servicenow_state": "requested", "record_state": "1", "requested_at": NOON, **values}
    return ApprovalRequest(state=RequestState.PENDING, number="RITM1", file_path=r"C:\a\b.exe", **held)


@pytest.mark.parametrize(
    ("due", "told"),
    [
        (None, "Your request for b.exe waits for the approval of Alex (RITM1)."),
        (timedelta(minutes=90), "… (RITM1). If nothing happens by 13:30, start the program again."),
        (
            timedelta(hours=21),
            "… (RITM1). If nothing happens by 09:00 on 2026-02-01, start the program again.",
        ),
        (
            timedelta(minutes=-1),
            "Your request for b.exe expired at 11:59 (RITM1). Start the program again to ask once more.",
        ),
        (
            timedelta(0),
            "Your request for b.exe expired at 12:00 (RITM1). Start the program again to ask once more.",
        ),
        (
            timedelta(days=-1),
            "Your request for b.exe expired on 2026-01-30 at 12:00 (RITM1). Start the program again to ask once more.",
        ),
    ],
    ids=["no timeout", "today", "tomorrow", "a minute ago", "now", "yesterday"],
)
def test_what_the_caller_is_told_of_the_time_is_true_whenever_it_is_told(due, told):
    row = waiting(times_out_at=None if due is None else NOON + due)
    said = build_caller_answer(row, ["Alex"], None, now=NOON)
    told = told.replace("…", "Your request for b.exe waits for the approval of Alex")
    zone = utc_offset(NOON + (due or timedelta(0)))
    assert said == re.sub(r"\d\d:\d\d", lambda found: f"{found[0]} {zone}", told)


@pytest.mark.parametrize(
    ("place", "told"),
    [
        ("UTC0", "16:59 UTC"),
        ("XXX-5:30", "22:29 UTC+5:30"),
        ("XXX+4", "12:59 UTC-4"),
        ("XXX-2", "18:59 UTC+2"),
    ],
)
def test_the_caller_is_told_the_time_zone(monkeypatch, place, told):
    monkeypatch.setenv("TZ", place)
    time.tzset()
    try:
        due = datetime(2026, 1, 31, 16, 59, tzinfo=UTC)
        row = waiting(times_out_at=due)
        said = build_caller_answer(row, ["Alex"], None, now=due - timedelta(minutes=5))
        assert f"If nothing happens by {told}, start" in said
    finally:
        monkeypatch.undo()
        time.tzset()


def test_nobody_is_told_to_wait_for_a_record_that_has_ended_or_is_gone():
    due = NOON + timedelta(minutes=5)
    ended = waiting(servicenow_state="cancelled", times_out_at=due)
    said = build_caller_answer(ended, [], None, now=NOON)
    assert (
        said
        == "Your request for b.exe was closed without a decision (RITM1). Start the program again to ask once more."
    )
    gone = waiting(servicenow_state=MISSING_RECORD, record_state="", times_out_at=due)
    assert "waits" not in build_caller_answer(gone, [], None, now=NOON)


def test_what_is_not_sent_for_long_is_not_said_to_be_on_its_way():
    row = waiting(servicenow_state="", record_state="")
    row.state = RequestState.SUBMITTING
    assert "Wait a minute" in build_caller_answer(row, [], None, now=NOON + timedelta(minutes=4))
    assert "has not reached the approvers yet" in build_caller_answer(
        row, [], None, now=NOON + timedelta(minutes=6)
    )


async def test_everything_can_be_written_as_json(desk):
    import json

    row = await desk.raised(PMUserReason="<b>&\"'😀")
    found = await load_details(desk.workspace, row.id)
    read = json.loads(json.dumps(found.as_dict()))
    assert read["reason"] == "<b>&\"'😀"
    assert read["who_can_act"][0]["via"] == "Application Approvers"
    assert [line["at"] for line in read["timeline"]] == sorted(line["at"] for line in read["timeline"])


async def test_a_password_that_somebody_wrote_into_a_reason_does_not_leave_as_json(desk):
    remember_secret("Wr1tten-By-Mistake")
    row = await desk.raised(PMUserReason="my password is Wr1tten-By-Mistake")
    found = await load_details(desk.workspace, row.id)
    assert "Wr1tten-By-Mistake" in found.row.reason
    assert "Wr1tten-By-Mistake" not in str(found.as_dict())


async def test_of_many_comments_the_newest_are_told_in_their_order(desk):
    row = desk.copied()
    item, database = desk.item(row)["sys_id"], desk.practice._database
    began = datetime(2026, 1, 31, 8, tzinfo=UTC)
    for number in range(COMMENTS_MAX + 20):
        # Ids say nothing of time.
        entry = {"sys_id": f"{number * 7919 % 10_007:032x}", "name": "sc_req_item", "element": "comments",
                 "element_id": item, "value": f"no. {number}"}  # fmt: skip
        database.insert("sys_journal_field", entry, by="ada")
        at = f"{began + timedelta(seconds=number):%Y-%m-%d %H:%M:%S}"
        database.update("sys_journal_field", entry["sys_id"], {"sys_created_on": at}, by="ada")
    found = await load_details(desk.workspace, row.id)
    told = [line.detail for line in found.timeline if line.title.endswith(" commented")]
    assert told == [f"no. {number}" for number in range(20, COMMENTS_MAX + 20)]


async def test_a_time_that_is_over_is_not_shown_as_still_to_come(desk):
    row = await desk.raised()
    with desk.store.write() as work:
        over = row.model_copy(update={"times_out_at": utcnow() - timedelta(minutes=1)})
        work.update(over, row.version)
    found = load_stored_details(desk.store, row.id)
    [line] = [line for line in found.timeline if line.kind is RequestEventKind.TIMED_OUT]
    assert (line.title, line.due) == ("Timed out", False)


async def test_comments_that_cannot_be_read_do_not_hide_where_the_request_stands(desk):
    row = desk.copied()
    async with desk.decider("app.approver") as approver:
        [asked] = desk.asked(row)
        await approver.table("sysapproval_approver").update(asked["sys_id"], {"state": "rejected"})
    with between(desk, lambda r, forward: b"" if b"sys_journal_field" in r else forward(r)):
        found = await load_details(desk.workspace, row.id)
    assert (found.row.state, found.there.state) == ("rejected", "Rejected")
    assert "was rejected by Alex Approver" in found.answer_for_caller
    assert (found.problem.fault, found.complete) == ("connection-lost", False)
    assert found.unseen == ("Its comments could not be read now.",)


async def test_a_comment_as_long_as_may_be_stands_in_the_timeline_once(desk):
    row = desk.copied()
    comment = "Because " + "x" * 3_992
    assert (await decide_requests(desk.workspace, [row.id], "approve", comment))[0].ok
    found = await load_details(desk.workspace, row.id)
    assert sum("Because x" in line.detail for line in found.timeline) == 1
