"""The check of a Privilege Manager server: every fault is named at its stage, and nothing else is coloured or green by mistake."""

import pytest

from models.check_stages import STAGE_GROUPS, get_stages
from models.kinds import Kind
from services.common.errors import Owner
from services.common.secret import Secret
from services.connectivity import all_faults, find_fault, time_limits
from services.practice.privilege_manager import ADMINISTRATORS, USERS, PracticePrivilegeManager
from services.servicenow import SignIn
from tests.services.connectivity.conftest import HASTY_S, Authority, answering, findings, reply, states
from tests.services.connectivity.pm_producers import (
    BARE,
    PM_BY_TEST,
    PM_PRACTICE,
    bare_server,
    check_pm,
    pm_pairs,
    produce,
    sign_in_of,
    stranger,
)

STAGES = get_stages(Kind.PRIVILEGE_MANAGER_SERVER)
BEFORE_LOG_ON = ("url", "dns", "proxy", "tcp", "tls", "http", "instance", "authentication")
AFTER_LOG_ON = ("account", "roles", "version", "actions", "policies")


@pytest.fixture
def server():
    practice = PracticePrivilegeManager().start()
    yield practice
    practice.stop()


def test_the_stages_are_those_of_the_public_form():
    assert STAGES == (
        "url", "dns", "proxy", "tcp", "tls", "http",
        "instance", "authentication", "account", "roles", "clock", "version", "actions", "policies",
    )  # fmt: skip
    assert STAGE_GROUPS[Kind.PRIVILEGE_MANAGER_SERVER][0][1] == STAGE_GROUPS[Kind.FOREIGN_SYSTEM][0][1]


async def test_a_healthy_server_is_green_where_that_can_be_known(server):
    reported = []
    report = await check_pm(server.base_url, sign_in_of(server), report=reported.append)
    assert findings(report) == []
    assert report.verdict == "ok"
    assert [s.stage for s in report.stages] == list(STAGES)
    skipped = {s for s, state in states(report).items() if state != "ok"}
    assert skipped == {"proxy", "tls", "roles"}
    assert all(s.evidence for s in report.stages)
    assert sorted(s.stage for s in reported) == sorted(STAGES)
    assert report.signed_in
    assert report.can_continue


async def test_the_log_on_happens_once_and_its_session_is_ended(server):
    await check_pm(server.base_url, sign_in_of(server))
    assert [call.path for call in server.log if call.method == "POST"] == ["/TMS/services/api/logon/token"]
    assert server.sessions.open_sessions == 0


async def test_nothing_but_the_session_is_changed(server):
    await check_pm(server.base_url, sign_in_of(server))
    assert {call.method for call in server.log if "logon" not in call.path} == {"GET"}


async def test_what_it_may_change_is_never_called_good(server):
    for role in (ADMINISTRATORS, USERS):
        report = await check_pm(server.base_url, sign_in_of(server, role))
        [roles] = [s for s in report.stages if s.stage == "roles"]
        assert roles.state == "skipped"
        assert "may read actions, filters, policies" in roles.evidence


@pytest.mark.parametrize("produced", PM_PRACTICE, ids=lambda p: f"{p.stage}-{p.id}-{p.faults}")
async def test_a_fault_is_named_at_its_stage_and_nothing_else_is_coloured(server, produced, monkeypatch):
    if produced.id == "timeout":
        monkeypatch.setattr(time_limits, "STAGE_TIMEOUT_S", HASTY_S)
    report = await produce(server, produced)
    assert sorted(findings(report)) == sorted([produced.place, *produced.also])
    [seen] = [s for s in report.stages if s.stage == produced.stage]
    known = find_fault(produced.stage, produced.id)
    assert known is not None
    assert seen.state == known.state
    assert all((seen.evidence, seen.cause, seen.remedy))
    assert seen.owner != Owner.SERVICENOW.value
    assert_no_false_green(report)


def assert_no_false_green(report):
    """Check that nothing behind a failed stage is good, that what was not looked at says why, and that the verdict counts."""
    found = states(report)
    failed = next((stage for stage in BEFORE_LOG_ON if found[stage] == "failed"), None)
    if failed is not None:
        later = (*BEFORE_LOG_ON[BEFORE_LOG_ON.index(failed) + 1 :], *AFTER_LOG_ON)
        assert {found[stage] for stage in later} <= {"skipped"}
    assert all(one.evidence for one in report.stages if one.state == "skipped")
    assert report.verdict == ("failed" if "failed" in found.values() else "warning")


@pytest.mark.parametrize("pair", pm_pairs(60, seed=7), ids=lambda p: f"{p[0].place}+{p[1].place}")
async def test_two_faults_at_once_leave_neither_stage_good(server, pair, monkeypatch):
    if any(one.id == "timeout" for one in pair):
        monkeypatch.setattr(time_limits, "STAGE_TIMEOUT_S", HASTY_S)
    report = await produce(server, *pair)
    found = states(report)
    assert "ok" not in {found[one.stage] for one in pair}
    assert any(one.place in findings(report) for one in pair)
    assert_no_false_green(report)


@pytest.mark.parametrize(("stage", "fault_id"), BARE)
async def test_what_answers_in_front_of_the_server_is_named(stage, fault_id):
    async with bare_server(BARE[stage, fault_id]) as (address, arrived):
        report = await check_pm(address, stranger())
    assert findings(report) == [(stage, fault_id)]
    known = find_fault(stage, fault_id)
    [seen] = [s for s in report.stages if s.stage == stage]
    assert (seen.state, seen.owner, seen.cause) == (known.state, known.owner, known.cause)
    # No secret goes to what is not known as the server.
    assert not any(b"authorization" in call.lower() or call.startswith(b"POST") for call in arrived)


async def test_a_secret_that_is_wrong_is_sent_once(server):
    client = server.client()
    report = await check_pm(server.base_url, SignIn(client.client_id, Secret("wrong-4711")))
    assert findings(report) == [("authentication", "privilege-manager-log-on-refused")]
    assert len([call for call in server.log if call.method == "POST"]) == 1


async def test_a_user_in_place_of_an_api_client_is_told_apart(server):
    report = await check_pm(server.base_url, SignIn("CORP\\ada", Secret("wrong-4711")))
    assert findings(report) == [("authentication", "privilege-manager-user-account")]


async def test_a_swagger_document_behind_the_log_on_is_read_after_it(server):
    server.faults.set("swagger_refused", times=1)
    report = await check_pm(server.base_url, sign_in_of(server))
    assert findings(report) == []
    assert states(report)["instance"] == "ok"


async def test_an_unknown_server_is_not_called_privilege_manager_before_the_log_on(server):
    server.faults.set("swagger_refused")
    report = await check_pm(server.base_url, stranger())
    assert states(report)["instance"] == "skipped"
    assert findings(report) == [("authentication", "privilege-manager-log-on-refused")]


async def test_the_path_is_added_where_it_is_missing(server):
    report = await check_pm(server.base_url.replace("/TMS/", "/"), sign_in_of(server))
    assert findings(report) == []


async def test_the_owner_of_a_certificate_is_the_administrator_of_this_server(tmp_path):
    authority = Authority(tmp_path)
    context = authority.context(host="other.example")
    async with answering(reply("200 OK"), context) as (port, _):
        report = await check_pm(f"https://localhost:{port}/TMS/", stranger(), ca_bundle=str(authority.bundle))
    [tls] = [s for s in report.stages if s.stage == "tls"]
    assert (tls.fault, tls.owner) == ("tls-wrong-host", Owner.PRIVILEGE_MANAGER.value)


def test_there_are_enough_faults_of_this_kind():
    own = {fault.id for fault in all_faults() if fault.id.startswith("privilege-manager-")}
    assert len(own) >= 30
    produced = {p.id for p in PM_PRACTICE} | {fault_id for _, fault_id in (*BARE, *PM_BY_TEST)}
    assert own <= produced
