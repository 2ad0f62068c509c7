"""Fields that rules hide one by one: no id stands in place of a name, and what is hidden is said to be."""

import re

import pytest

from services.practice.accounts_and_sessions import user_sys_id
from services.requests.decisions.decide import decide_requests
from services.requests.decisions.remind import remind_approvers
from services.requests.details.loader import load_details
from services.requests.polling.poll_query import FIELDS_BY_TABLE, PollQuery, parse_items
from services.requests.records.approver_names import UNNAMED_APPROVER
from services.requests.records.item_fields import APPROVAL_TABLE
from services.requests.rehearsal.rehearsal import rehearse
from tests.services.requests.decision_setup import desk

__all__ = ["desk"]
SYS_ID = re.compile("(?<!sys_id=)[0-9a-f]{32}")


async def test_an_approver_without_a_visible_name_is_not_called_by_its_id(desk):
    row = desk.copied()
    desk.practice.faults.set("names_hidden")
    found = await load_details(desk.workspace, row.id)
    assert [person.name for person in found.who_can_act] == [UNNAMED_APPROVER]
    assert f"waits for the approval of {UNNAMED_APPROVER} (" in found.answer_for_caller
    assert found.why_stuck == f"It waits for {UNNAMED_APPROVER}."
    assert not found.complete
    assert "This account may not read the names of all approvers." in found.unseen
    told = found.as_dict()
    shown = [told["answer_for_caller"], told["why_stuck"], told["judgement"], *told["unseen"]]
    shown += [text for line in told["timeline"] for text in (line["title"], line["detail"], line["actor"])]
    shown += [one["name"] for one in told["who_can_act"]]
    assert not [text for text in shown if SYS_ID.search(text)]
    assert desk.row(row.id).waits_for == UNNAMED_APPROVER


@pytest.mark.parametrize("decision", ["approve", "reject"])
async def test_what_is_decided_for_an_approver_without_a_visible_name_says_so(desk, decision):
    row = desk.copied()
    desk.practice.faults.set("names_hidden")
    [outcome] = await decide_requests(desk.workspace, [row.id], decision, "Fine")
    assert outcome.ok
    assert f" on behalf of {UNNAMED_APPROVER}, with the account " in outcome.message
    assert user_sys_id("app.approver") not in str(desk.events(row.id))
    found = await load_details(desk.workspace, row.id)
    assert any(f" on behalf of {UNNAMED_APPROVER}, " in line.detail for line in found.timeline)
    assert user_sys_id("app.approver") not in str(found.as_dict())


async def test_whom_a_reminder_went_to_is_not_told_by_an_id(desk):
    row = desk.copied()
    desk.practice.faults.set("names_hidden")
    [outcome] = await remind_approvers(desk.workspace, [row.id], "Please look")
    assert outcome.message == f"A comment for {UNNAMED_APPROVER} is on {row.number}."


async def test_a_rehearsal_names_nobody_by_an_id(desk):
    instance = await desk.workspace.instance(desk.server.id)
    desk.practice.faults.set("names_hidden")
    done = await rehearse(desk.store, instance, desk.type, desk.process, fields={}, decide="approve")
    assert done.ok
    assert not [leg for leg in done.legs[1:] if SYS_ID.search(leg.observed)]


def test_following_names_nobody_by_an_id():
    blank = dict.fromkeys(["sys_id", *FIELDS_BY_TABLE[APPROVAL_TABLE]], "")
    row = {**blank, "sys_id": "a" * 32, "state": "requested", "approver": "b" * 32, "sysapproval": "c" * 32,
           "sysapproval.ref_sc_req_item.cat_item": "d" * 32}  # fmt: skip
    [item] = parse_items(APPROVAL_TABLE, [row], PollQuery((), named=("c" * 32,)))
    assert item.has_approvals
    assert [one.display_name for one in item.open_approvals] == [UNNAMED_APPROVER]


async def test_a_comment_that_may_not_be_read_is_said_to_be_there(desk):
    row = desk.copied()
    await remind_approvers(desk.workspace, [row.id], "Please look")
    assert (await load_details(desk.workspace, row.id)).complete
    desk.practice.faults.set("names_hidden")
    found = await load_details(desk.workspace, row.id)
    assert not found.complete
    assert "There are comments that this account may not read." in found.unseen


async def test_a_comment_in_html_is_read_as_text_everywhere(desk):
    row = await desk.raised()
    [outcome] = await decide_requests(
        desk.workspace, [row.id], "reject", "[code]<p>Use the <b>store</b> version</p>[/code]"
    )
    assert outcome.ok
    found = await load_details(desk.workspace, row.id)
    assert found.answer_for_caller.endswith("The answer was: “Use the store version”.")
    assert found.here.detail == "Use the store version"
    assert "[code]" not in str(found.as_dict())
    assert "<p>" not in str(found.as_dict())
