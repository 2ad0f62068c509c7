"""What single stages say in words: evidence that names things, and "cannot tell" where something is hidden."""

from datetime import UTC, datetime
from email.utils import format_datetime

import httpx
import pytest

from models.approval_process import STATUS_SERVICE, ApprovalProcess
from services.connectivity.clock import check_clock
from services.connectivity.report import StageResult, StageState
from services.connectivity.servicenow.stages.authentication import SignInResult, check_account
from services.connectivity.servicenow.stages.limits import check_rate_limit
from services.practice import table_api
from tests.services.connectivity.conftest import check, findings
from tests.services.connectivity.producers import GONE


def stage_of(report, name):
    return next(s for s in report.stages if s.stage == name)


async def test_a_healthy_instance_tells_its_build_account_item_and_flow(practice):
    [item] = practice.records("sc_cat_item", name="Execute Application Request")
    process = ApprovalProcess(name="P", request_item_id=item["sys_id"])
    report = await check(practice.base_url, process=process)
    assert report.verdict == "ok"
    assert "Server: ServiceNow" in stage_of(report, "instance").evidence
    assert stage_of(report, "instance").evidence.endswith("build Practice, glide-practice-00-00-2026__patch0")
    assert stage_of(report, "account").evidence == "privman.integration, active, web service access only"
    assert stage_of(report, "request_item").evidence == (
        f"“Execute Application Request” ({item['sys_id']}), in Thycotic, 11 variables, as chosen"
    )
    assert "“Application Approvers” is attached" in stage_of(report, "approval_flow").evidence
    assert "operation execute" in stage_of(report, "service_create").evidence
    assert "asked every 20 s" in stage_of(report, "status_call").evidence
    assert stage_of(report, "tcp").evidence.endswith("open at 127.0.0.1")


async def test_an_instance_that_hides_its_properties_is_good_without_its_build(practice, monkeypatch):
    monkeypatch.setitem(table_api.READ_ROLES, "sys_properties", ("admin",))
    report = await check(practice.base_url)
    assert report.verdict == "ok"
    assert stage_of(report, "instance").evidence.endswith("it does not show its build")


async def test_an_item_that_was_made_anew_is_proposed(practice):
    [item] = practice.records("sc_cat_item", name="Execute Application Request")
    report = await check(practice.base_url, process=ApprovalProcess(name="P", request_item_id=GONE))
    stale = stage_of(report, "request_item")
    assert stale.evidence.startswith(f"Nothing with the sys_id {GONE} can be seen")
    assert stale.remedy == f"Choose “{item['name']}” ({item['sys_id']}) on the Approval Process."
    assert stage_of(report, "approval_flow").evidence == "needs request_item, which failed"


async def test_a_catalogue_that_cannot_be_read_is_no_fault_of_the_item(practice):
    practice.faults.set("query_ignored")
    report = await check(practice.base_url)
    assert stage_of(report, "request_item").state == "skipped"
    assert "cannot be read" in stage_of(report, "request_item").evidence
    assert stage_of(report, "approval_flow").evidence == "needs request_item, which cannot be judged"


async def test_what_a_wrong_case_is_is_said(practice):
    process = ApprovalProcess(name="P", status_service=STATUS_SERVICE.upper())
    found = stage_of(await check(practice.base_url, process=process), "service_status")
    assert found.evidence.endswith("only capitals differ")


def test_few_calls_are_made(practice):
    import asyncio

    asyncio.run(check(practice.base_url))
    assert len(practice.log) <= 15


ROW = {
    "sys_id": "1", "user_name": "a", "active": "true", "locked_out": "false", "web_service_access_only": "false",
    "internal_integration_user": "false",
}  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "roles", "state", "part"),
    [
        ({"web_service_access_only": "true"}, None, "ok", "web service access only"),
        ({"internal_integration_user": "true"}, None, "ok", "internal integration user"),
        ({}, ("itil", "snc_basic_auth_api_access"), "ok", "snc_basic_auth_api_access"),
        ({}, ("itil",), "warning", "not web service access only"),
        ({}, (), "skipped", "cannot tell"),
        ({}, None, "skipped", "cannot tell"),
        (
            {"web_service_access_only": "", "internal_integration_user": ""},
            ("itil",),
            "skipped",
            "cannot tell",
        ),
        ({"active": "false"}, None, "failed", "Active off"),
        ({"locked_out": "true"}, None, "failed", "locked out"),
    ],
)
def test_accounts_are_told_apart_and_unknown_is_said_to_be_unknown(changes, roles, state, part):
    signed = SignInResult(StageResult("authentication", StageState.OK, ""), "a", ROW | changes)
    seen = check_account(signed, roles)
    if isinstance(seen, str):
        seen = StageResult("account", StageState.OK, seen)
    assert seen.state == state
    assert part in seen.evidence


def test_an_account_whose_record_is_hidden_cannot_be_judged():
    seen = check_account(SignInResult(StageResult("authentication", StageState.OK, ""), "a", None), ("itil",))
    assert seen.state == "skipped"
    assert "cannot tell" in seen.evidence


@pytest.mark.parametrize(("ahead", "state"), [(0, "ok"), (50, "ok"), (-50, "ok"), (70, "bad"), (-70, "bad")])
def test_clocks_may_differ_by_a_minute(ahead, state):
    theirs = datetime(2026, 1, 1, tzinfo=UTC)
    response = httpx.Response(200, headers={"Date": format_datetime(theirs, usegmt=True)})
    seen = check_clock(response, theirs.timestamp() + ahead)
    assert (isinstance(seen, str), state) in [(True, "ok"), (False, "bad")]
    if state == "bad":
        assert ("ahead of" if ahead > 0 else "behind") in seen.evidence


@pytest.mark.parametrize("headers", [{}, {"Date": "yesterday"}])
def test_without_a_date_clocks_cannot_be_compared(headers):
    assert check_clock(httpx.Response(200, headers=headers), 0).state == "skipped"


def test_a_rate_limit_is_held_against_what_one_request_needs():
    process = ApprovalProcess(name="P", check_every_s=60)
    enough = check_rate_limit(httpx.Headers({"X-RateLimit-Limit": "100", "X-RateLimit-Rule": "abc"}), process)
    assert (
        enough.evidence
        == "100 calls an hour by the rule abc; one pending request is asked about 60 times an hour"
    )
    assert (enough.state, enough.calls_per_hour) == ("ok", 100)
    low = check_rate_limit(httpx.Headers({"X-RateLimit-Limit": "59"}), process)
    assert (low.state, low.fault) == ("warning", "rate-limit-low")
    assert check_rate_limit(httpx.Headers(), None).state == "skipped"


async def test_a_name_that_is_no_text_is_told_at_its_stage_alone(practice):
    report = await check(practice.base_url, process=ApprovalProcess(name="P", create_service="half \ud800"))
    assert findings(report) == [("service_create", "input-unsendable")]
    assert r"\ud800" in stage_of(report, "service_create").evidence
