"""Every fault of the practice instance under the check: found at its stage, in words, and never taken for good."""

import asyncio
import uuid

import pytest

from models.approval_process import CANCEL_SERVICE, CREATE_SERVICE, STATUS_SERVICE, ApprovalProcess
from services.common.errors import Owner
from services.common.secret import Secret
from services.connectivity import STAGES, time_limits
from services.practice import FAULTS
from services.servicenow import ConnectionSettings, ServiceNowClient, SignIn
from services.servicenow.encoded_query import equals
from services.vault import EntryKey, SecretMissingError
from tests.services.connectivity.conftest import ACCOUNT, HASTY_S, PASSWORD, check, findings, states

SERVICES = ("service_create", "service_status", "service_cancel")
EXPECTED = {
    "hibernating": [("instance", "instance-hibernating")],
    "login_page": [("instance", "login-page")],
    "maintenance": [("instance", "instance-maintenance")],
    "unauthorised": [("authentication", "authentication-refused")],
    "forbidden": [("roles", "rights-missing"), *((s, "rights-missing") for s in SERVICES)],
    "rate_limited": [("authentication", "rate-limited"), ("limits", "rate-limit-low")],
    "accepted": [("status_call", "accepted-only")],
    "slow": [("http", "timeout")],
    "cut_body": [("http", "reply-damaged")],
    "answer_lost": [("http", "connection-lost")],
    "service_missing": [(s, "service-missing") for s in SERVICES],
    "service_inactive": [(s, "service-inactive") for s in SERVICES],
    "service_renamed": [(s, "service-name-differs") for s in SERVICES],
    "outputs_missing": [("status_call", "reply-contract")],
    "outputs_doubled": [("status_call", "reply-contract")],
    "unknown_status": [("status_call", "status-unknown")],
    "not_well_formed": [("status_call", "reply-malformed")],
    "dtd": [("status_call", "reply-malformed")],
    "soap_fault": [("status_call", "soap-fault")],
    "error_in_200": [("limits", "transaction-cancelled")],
    "lists_cut": [("limits", "transaction-cancelled")],
    "lists_forbidden": [("roles", "rights-missing")],
    "page_forbidden": [("authentication", "access-policy-refused")],
    "approvers_missing": [("approval_flow", "approvers-missing")],
    "approvers_inactive": [("approval_flow", "approvers-missing")],
    "wsdl_refused": [("roles", "rights-missing"), *((s, "rights-missing") for s in SERVICES)],
    "input_typed": [(s, "service-input-type") for s in SERVICES],
    "query_ignored": [("authentication", "query-ignored")],
    "redirect_elsewhere": [("http", "redirect-elsewhere")],
    "wsdl_elsewhere": [(s, "wsdl-address-elsewhere") for s in SERVICES],
    "server_error": [("http", "server-error")],
    "empty_pages": [("request_item", "request-item-hidden")],
    "domain_separated": [("request_item", "request-item-unseen")],
    "user_criteria": [("request_item", "request-item-unseen")],
    "query_acl": [("request_item", "request-item-unseen")],
    "sso_redirect": [("instance", "sso-redirect")],
    "not_servicenow": [("instance", "not-servicenow")],
    "foreign_page": [("instance", "html-instead-of-data")],
    "user_forbidden": [("authentication", "rights-missing")],
    "mfa_required": [("authentication", "authentication-mfa")],
    "account_inactive": [("account", "account-inactive")],
    "account_locked": [("account", "account-locked")],
    "account_interactive": [("account", "account-interactive")],
    "role_admin_left": [("roles", "role-admin-left")],
    "role_missing": [("roles", "role-missing")],
    "role_soap_missing": [("roles", "role-soap-missing")],
    "rate_limit_told": [("limits", "rate-limit-low")],
    "clock_off": [("clock", "clock-differs")],
    "item_missing": [("request_item", "request-item-missing")],
    "item_inactive": [("request_item", "request-item-inactive")],
    "item_not_orderable": [("request_item", "request-item-not-orderable")],
    "category_inactive": [("request_item", "request-item-category-inactive")],
    "catalogue_inactive": [("request_item", "request-item-catalogue-inactive")],
    "variable_missing": [("request_item", "request-item-variables")],
    "item_without_flow": [("approval_flow", "approval-flow-missing")],
    "workflow_inactive": [("approval_flow", "approval-flow-inactive")],
    "nobody_asked": [("approval_flow", "approval-not-requested")],
    "service_silent": [(s, "service-silent") for s in SERVICES],
    "service_duplicate": [(s, "service-duplicate") for s in SERVICES],
    "input_missing": [(s, "service-contract") for s in SERVICES],
    "wsdl_broken": [(s, "service-description-invalid") for s in SERVICES],
    "soap_refused": [(s, "access-policy-soap-refused") for s in SERVICES],
    "service_forbidden": [("roles", "rights-missing"), *((s, "rights-missing") for s in SERVICES)],
    "slow_script": [("status_call", "status-call-slow")],
}
OPTIONS_SET = {"slow": {"seconds": 20}, "slow_script": {"seconds": 2.1}}
HARMLESS = {
    "operation_renamed",
    "outputs_reordered",
    "outputs_undeclared",
    "unqualified",
    "roles_shown",
    "variables_hidden",
    "names_hidden",
    "items_read_only",
    "node_switched",
    "token_reply_odd",  # no token is asked for
    "certificate_sign_in_off",  # the account signs in with a password
    "basic_auth_restricted",  # the account of the integration is limited to web services
}
"""The approval still works with these, and the check says so."""
WARNINGS = {
    "nobody_asked",
    "user_forbidden",
    "wsdl_elsewhere", "query_ignored", "account_interactive", "role_admin_left", "role_missing",
    "role_soap_missing", "rate_limit_told", "clock_off", "item_without_flow", "workflow_inactive",
    "service_duplicate", "slow_script",
}  # fmt: skip


def test_every_fault_of_the_practice_instance_is_expected_somewhere():
    assert set(EXPECTED) | HARMLESS == set(FAULTS)
    assert not set(EXPECTED) & HARMLESS


@pytest.mark.parametrize("fault", EXPECTED)
async def test_a_fault_is_found_at_its_stage(practice, fault, monkeypatch):
    if fault == "slow":
        monkeypatch.setattr(time_limits, "STAGE_TIMEOUT_S", HASTY_S)
    practice.faults.set(fault, **OPTIONS_SET.get(fault, {}))
    seen = []
    report = await check(practice.base_url, report=seen.append)
    assert findings(report) == EXPECTED[fault]
    assert report.verdict == ("warning" if fault in WARNINGS else "failed")
    for stage in report.stages:
        if stage.state in ("failed", "warning"):
            assert stage.evidence
            assert stage.cause
            assert stage.remedy
            assert stage.owner in set(Owner)
        elif stage.state == "skipped":
            assert stage.evidence
        assert PASSWORD not in str(stage.as_dict())
    # Reported as they end, each exactly once.
    assert sorted(s.stage for s in seen) == sorted(STAGES)
    assert {s.stage: s for s in seen} == {s.stage: s for s in report.stages}


@pytest.mark.parametrize("fault", sorted(HARMLESS))
async def test_what_approvals_work_with_is_good(practice, fault):
    practice.faults.set(fault)
    assert (await check(practice.base_url)).verdict == "ok"


@pytest.mark.parametrize("fault", ["unauthorised", "page_forbidden", "rate_limited"])
async def test_a_password_that_was_not_accepted_is_sent_once(practice, fault):
    practice.faults.set(fault)
    report = await check(practice.base_url)
    assert sum(call.authorized for call in practice.log) == 1
    assert {states(report)[s] for s in (*SERVICES, "status_call")} == {"skipped"}
    [reason] = {s.evidence for s in report.stages if s.stage in (*SERVICES, "status_call", "request_item")}
    assert reason == "needs authentication, which failed"


@pytest.mark.parametrize(
    "fault", ["hibernating", "maintenance", "redirect_elsewhere", "server_error", "login_page"]
)
async def test_no_password_is_near_what_does_not_look_like_an_instance(practice, fault):
    practice.faults.set(fault)
    await check(practice.base_url)
    assert practice.log
    assert not any(call.authorized for call in practice.log)


async def test_faults_do_not_hide_each_other(practice):
    practice.faults.set("query_ignored")
    practice.faults.set("service_silent", service=CREATE_SERVICE)
    practice.faults.set("unknown_status", word="maybe")
    assert findings(await check(practice.base_url)) == [
        ("authentication", "query-ignored"),
        ("service_create", "service-silent"),
        ("status_call", "status-unknown"),
    ]


async def test_a_missing_service_stays_missing_when_the_list_of_services_cannot_be_read(practice):
    practice.faults.set("service_missing", service=CANCEL_SERVICE)
    practice.faults.set("error_in_200")
    assert ("service_cancel", "service-missing") in findings(await check(practice.base_url))


async def test_without_the_status_service_its_call_is_skipped_for_that_reason(practice):
    practice.faults.set("service_missing", service=STATUS_SERVICE)
    report = await check(practice.base_url)
    assert findings(report) == [("service_status", "service-missing")]
    [call] = [s for s in report.stages if s.stage == "status_call"]
    assert (call.state, call.evidence) == ("skipped", "needs service_status, which failed")


async def test_a_service_that_is_listed_but_does_not_answer_is_not_said_to_be_another(practice):
    practice.faults.set("service_silent", service=CREATE_SERVICE)
    report = await check(practice.base_url)
    [failed] = [s for s in report.stages if s.state == "failed"]
    assert failed.evidence.startswith(f"{CREATE_SERVICE} is listed and active, and yet: HTTP 404")


@pytest.mark.parametrize("name", ["GetExecuteAppApprovalStatus", STATUS_SERVICE.lower()])
async def test_a_name_that_is_nearly_right_is_corrected(practice, name):
    report = await check(practice.base_url, process=ApprovalProcess(name="P", status_service=name))
    [failed] = [s for s in report.stages if s.state == "failed"]
    assert (failed.stage, failed.fault) == ("service_status", "service-name-differs")
    assert failed.evidence.startswith(f"{name} is not on the instance; {STATUS_SERVICE} is")
    assert failed.remedy.startswith(f"Use {STATUS_SERVICE}")


async def test_an_inactive_service_is_said_to_be_inactive(practice):
    admin = practice.accounts["admin"]
    settings = ConnectionSettings("Practice", practice.base_url)
    async with ServiceNowClient(settings, SignIn(admin.user, Secret(admin.password))) as instance:
        table = instance.table("sys_web_service")
        row = await table.first(equals(name=CANCEL_SERVICE), ("name",))
        await table.update(row["sys_id"], {"active": "false"})
    report = await check(practice.base_url)
    [failed] = [s for s in report.stages if s.state == "failed"]
    assert failed.stage == "service_cancel"
    assert failed.evidence == f"{CANCEL_SERVICE} is there with Active off"


async def test_services_in_each_others_place_do_not_keep_the_contract(practice):
    swapped = ApprovalProcess(name="P", create_service=STATUS_SERVICE, status_service=CREATE_SERVICE)
    report = await check(practice.base_url, process=swapped)
    assert findings(report) == [
        ("service_create", "service-swapped"),
        ("service_status", "service-swapped"),
    ]
    # Above all, Create was not called as if it were Status.
    assert practice.records("sc_request") == []


@pytest.mark.parametrize("account", ["privman.documented", "app.approver", "no.roles"])
async def test_an_account_without_the_roles_is_signed_in_and_lacks_them(practice, account):
    report = await check(practice.base_url, SignIn(account, Secret(PASSWORD)))
    assert states(report)["authentication"] == "ok"
    assert findings(report) == [("roles", "rights-missing"), *((s, "rights-missing") for s in SERVICES)]


@pytest.mark.parametrize("account", ["nobody", "", "ü"])
async def test_an_account_that_does_not_exist_is_refused_once(practice, account):
    report = await check(practice.base_url, SignIn(account, Secret(PASSWORD)))
    assert findings(report) == [("authentication", "authentication-refused")]
    assert sum(call.authorized for call in practice.log) == 1


async def test_a_missing_secret_fails_the_sign_in_and_nothing_is_sent(practice):
    async def ask():
        raise SecretMissingError(EntryKey(uuid.uuid4(), "ServiceNow"))

    report = await check(practice.base_url, ask)
    assert findings(report) == [("authentication", "secret-missing")]
    assert not any(call.authorized for call in practice.log)


async def test_without_a_process_its_stages_are_skipped_with_the_reason(practice):
    from services.connectivity import run_check

    settings = ConnectionSettings("Server", practice.base_url)
    report = await run_check(settings, SignIn(ACCOUNT, Secret(PASSWORD)))
    skipped = {s.stage: s.evidence for s in report.stages if s.state == "skipped"}
    assert report.verdict == "ok"
    assert {skipped[s] for s in (*SERVICES, "status_call")} == {"no Approval Process was chosen"}


async def test_nothing_is_written_on_the_instance(practice):
    tables = ("sc_request", "sc_req_item", "sysapproval_approver", "sys_web_service")
    before = [practice.records(table) for table in tables]
    assert (await check(practice.base_url)).verdict == "ok"
    assert [practice.records(table) for table in tables] == before
    assert {call.method for call in practice.log} == {"GET", "POST"}
    assert [call.path for call in practice.log if call.method == "POST"] == [f"/{STATUS_SERVICE}.do"]


GETTING_TO = {
    "tcp": "dns",
    "http": "tcp",
    "authentication": "http",
    "service_create": "authentication",
    "status_call": "service_status",
}


@pytest.mark.parametrize("stage", GETTING_TO)
async def test_a_check_that_is_cancelled_at_a_stage_leaves_nothing_behind(practice, stage):
    """The stage before has just ended; whatever comes next hangs until it is cancelled."""
    reached = asyncio.Event()
    seen = []

    def report(result):
        seen.append(result.stage)
        if result.stage == GETTING_TO[stage]:
            practice.faults.set("slow", seconds=30)
            reached.set()

    before = asyncio.all_tasks()
    task = asyncio.ensure_future(check(practice.base_url, report=report))
    await reached.wait()
    # Long enough for the next stage to have begun, where it waits for the instance.
    await asyncio.sleep(0.02 if stage != "tcp" else 0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert asyncio.all_tasks() == before
    if stage != "tcp":
        assert stage not in seen
    practice.faults.clear()
    assert (await check(practice.base_url)).verdict == "ok"


async def test_a_check_that_is_cancelled_while_nobody_answers_ends_at_once(dead_port):
    task = asyncio.ensure_future(check(f"http://127.0.0.1:{dead_port}/"))
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert asyncio.all_tasks() == {asyncio.current_task()}
