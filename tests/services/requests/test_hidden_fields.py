"""Fields that rules hide one by one: no id stands in place of a name, and what is hidden is said to be."""

import re

import pytest

from services.practice.accounts import user_id
from services.requests import rehearse
from services.requests.acting import decide, remind
from services.requests.details import details
from services.requests.reading import APPROVALS, FIELDS, UNNAMED, Wish, items_of
from tests.services.requests.acting_setup import desk

__all__ = ["desk"]
SYS_ID = re.compile("(?<!sys_id=)[0-9a-f]{32}")


async def test_an_approver_without_a_visible_name_is_not_called_by_its_id(desk):
    row = desk.copied()
    desk.practice.faults.set("names_hidden")
    found = await details(desk.workspace, row.id)
    assert [person.name for person in found.who_can_act] == [UNNAMED]
    assert f"waits for the approval of {UNNAMED} (" in found.answer_for_caller
    assert found.why_stuck == f"It waits for {UNNAMED}."
    assert not found.complete
    assert "This account may not read the names of all approvers." in found.unseen
    told = found.as_dict()
    shown = [told["answer_for_caller"], told["why_stuck"], told["judgement"], *told["unseen"]]
    shown += [text for line in told["timeline"] for text in (line["title"], line["detail"], line["actor"])]
    shown += [one["name"] for one in told["who_can_act"]]
    assert not [text for text in shown if SYS_ID.search(text)]
    assert desk.row(row.id).waits_for == UNNAMED


@pytest.mark.parametrize("decision", ["approve", "reject"])
async def test_what_is_decided_for_an_approver_without_a_visible_name_says_so(desk, decision):
    row = desk.copied()
    desk.practice.faults.set("names_hidden")
    [outcome] = await decide(desk.workspace, [row.id], decision, "Fine")
    assert outcome.ok
    assert f" on behalf of {UNNAMED}, with the account " in outcome.seen
    assert user_id("app.approver") not in str(desk.events(row.id))
    found = await details(desk.workspace, row.id)
    assert any(f" on behalf of {UNNAMED}, " in line.detail for line in found.timeline)
    assert user_id("app.approver") not in str(found.as_dict())


async def test_whom_a_reminder_went_to_is_not_told_by_an_id(desk):
    row = desk.copied()
    desk.practice.faults.set("names_hidden")
    [outcome] = await remind(desk.workspace, [row.id], "Please look")
    assert outcome.seen == f"A comment for {UNNAMED} is on {row.number}."


async def test_a_rehearsal_names_nobody_by_an_id(desk):
    instance = await desk.workspace.instance(desk.server.id)
    desk.practice.faults.set("names_hidden")
    done = await rehearse(desk.store, instance, desk.type, desk.process, fields={}, decide="approve")
    assert done.ok
    assert not [leg for leg in done.legs[1:] if SYS_ID.search(leg.observed)]


def test_following_names_nobody_by_an_id():
    blank = dict.fromkeys(["sys_id", *FIELDS[APPROVALS]], "")
    row = {**blank, "sys_id": "a" * 32, "state": "requested", "approver": "b" * 32, "sysapproval": "c" * 32,
           "sysapproval.ref_sc_req_item.cat_item": "d" * 32}  # fmt: skip
    [item] = items_of(APPROVALS, [row], Wish((), named=("c" * 32,)))
    assert item.waits_for == [UNNAMED]


async def test_a_comment_that_may_not_be_read_is_said_to_be_there(desk):
    row = desk.copied()
    await remind(desk.workspace, [row.id], "Please look")
    assert (await details(desk.workspace, row.id)).complete
    desk.practice.faults.set("names_hidden")
    found = await details(desk.workspace, row.id)
    assert not found.complete
    assert "There are comments that this account may not read." in found.unseen


async def test_a_comment_in_html_is_read_as_text_everywhere(desk):
    row = await desk.raised()
    [outcome] = await decide(
        desk.workspace, [row.id], "reject", "[code]<p>Use the <b>store</b> version</p>[/code]"
    )
    assert outcome.ok
    found = await details(desk.workspace, row.id)
    assert found.answer_for_caller.endswith("The answer was: “Use the store version”.")
    assert found.here.detail == "Use the store version"
    assert "[code]" not in str(found.as_dict())
    assert "<p>" not in str(found.as_dict())
