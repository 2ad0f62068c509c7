"""Who is asked: a group without anybody who can act is found before a request waits for it."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from models.approval_process import ApprovalProcess
from services.practice import table_api
from services.practice.accounts_and_sessions import user_sys_id
from services.practice.initial_data import EXECUTE_ITEM_ID, WORKFLOW
from services.servicenow.approval_services import ApprovalServices
from tests.canary import Listener, forward_to
from tests.services.connectivity.conftest import SIGN_IN, check, findings, reply
from tests.services.connectivity.test_stages import stage_of

REFUSED = ("no_such_role",)


async def flow_of(practice):
    report = await check(practice.base_url)
    return stage_of(report, "approval_flow"), report


async def raise_a_request(practice):
    from services.servicenow import ConnectionSettings, ServiceNowClient

    async with ServiceNowClient(ConnectionSettings("Server", practice.base_url), SIGN_IN) as instance:
        await ApprovalServices(instance, ApprovalProcess(name="P")).create({"PMFilePath": "x"})


def set_user(practice, name, **values):
    practice._database.update("sys_user", user_sys_id(name), values)


def members(practice):
    return practice.records("sys_user_grmember")


def deactivate(practice):
    set_user(practice, "app.approver", active="false")


def lock(practice):
    set_user(practice, "app.approver", locked_out="true")


def empty(practice):
    """Another group still has members: the account is seen to see members."""
    for row in members(practice):
        practice._database.update("sys_user_grmember", row["sys_id"], {"group": "f" * 32})


def deactivate_the_group(practice):
    [group] = practice.records("sys_user_group", name=WORKFLOW)
    practice._database.update("sys_user_group", group["sys_id"], {"active": "false"})


def delete_the_user(practice):
    practice._database.update("sys_user_grmember", members(practice)[0]["sys_id"], {"user": ""})


@pytest.mark.parametrize("asked_before", [False, True], ids=["before the first request", "after a request"])
@pytest.mark.parametrize("spoil", [empty, deactivate, lock, deactivate_the_group, delete_the_user])
async def test_a_group_in_which_nobody_can_act_is_a_failure_that_names_it(practice, spoil, asked_before):
    if asked_before:
        await raise_a_request(practice)
    spoil(practice)
    stage, report = await flow_of(practice)
    assert findings(report) == [("approval_flow", "approvers-missing")]
    assert report.verdict == "failed"
    assert f"the group “{WORKFLOW}”" in stage.evidence
    assert WORKFLOW in stage.remedy
    assert "unasked" not in stage.evidence


async def test_one_member_who_can_act_is_enough_and_the_others_are_counted(practice):
    [member] = members(practice)
    for name in ("other.approver", "service.desk"):
        practice._database.insert("sys_user_grmember", {"user": user_sys_id(name), "group": member["group"]})
    deactivate(practice)
    set_user(practice, "service.desk", locked_out="true")
    stage, report = await flow_of(practice)
    assert report.verdict == "ok"
    assert "3 members, 1 of them able to act" in stage.evidence
    assert "Alex Approver (not active)" in stage.evidence
    assert "Sam Desk (locked out)" in stage.evidence


async def test_a_delegate_of_now_is_named_and_one_of_last_year_is_not(practice):
    now = datetime.now(UTC)
    for name, starts, ends in (("other.approver", -1, 1), ("service.desk", -400, -300)):
        values = {
            "user": user_sys_id("app.approver"),
            "delegate": user_sys_id(name),
            "approvals": "true",
            "starts": f"{now + timedelta(days=starts):%Y-%m-%d %H:%M:%S}",
            "ends": f"{now + timedelta(days=ends):%Y-%m-%d %H:%M:%S}",
        }
        practice._database.insert("sys_user_delegate", values)
    stage, _ = await flow_of(practice)
    assert "Olive Approver acts for Alex Approver" in stage.evidence
    assert "Sam Desk" not in stage.evidence


@pytest.mark.parametrize("table", ["sys_user_grmember", "sc_req_item", "sys_user_delegate"])
async def test_what_is_hidden_is_said_to_be_hidden_and_nothing_is_concluded(practice, monkeypatch, table):
    await raise_a_request(practice)
    practice._database.insert("sys_user_delegate", {"user": user_sys_id("app.approver"), "approvals": "true"})
    monkeypatch.setitem(table_api.READ_ROLES, table, REFUSED)
    stage, report = await flow_of(practice)
    assert report.verdict == "ok"
    assert "cannot be seen" in stage.evidence
    assert "no request waits" not in stage.evidence


async def test_a_list_that_comes_empty_without_a_count_says_nothing(practice):
    """Hidden rows are told apart from none by the count alone."""
    bare = reply("200 OK", b'{"result":[]}', "Content-Type: application/json")
    forward = forward_to(int(practice.base_url.rstrip("/").rsplit(":", 1)[1]))
    listener = Listener(lambda asked: bare if b"/table/sys_user_grmember?" in asked else forward(asked))
    report = await check(listener.url)
    await asyncio.to_thread(listener.close)
    stage = stage_of(report, "approval_flow")
    assert stage.state == "ok"
    assert "members of the group cannot be seen" in stage.evidence


async def test_a_group_that_is_not_active_is_not_said_to_have_nobody(practice):
    deactivate_the_group(practice)
    stage, _ = await flow_of(practice)
    assert (stage.fault, stage.cause) == ("approvers-missing", "The group that is to approve is not active.")
    assert "Add a member" not in stage.remedy


async def test_before_a_request_of_an_item_with_a_flow_nobody_is_said_to_be_asked(practice):
    practice._database.update(
        "sc_cat_item", EXECUTE_ITEM_ID, {"workflow": "", "flow_designer_flow": "f" * 32}
    )
    stage, report = await flow_of(practice)
    assert report.verdict == "ok"
    assert "whom it asks cannot be seen before a request was made" in stage.evidence


async def test_members_that_nobody_sees_are_not_said_to_be_none(practice):
    for row in members(practice):
        practice._database.delete("sys_user_grmember", row["sys_id"])
    stage, report = await flow_of(practice)
    assert findings(report) == []
    assert "members of the group cannot be judged" in stage.evidence
    assert "no member" not in stage.evidence
