"""The fault catalog: every fault is named at its stage, colours no healthy one, and hides behind no other."""

import itertools

import pytest

from models.approval_process import ApprovalProcess
from models.check_stages import ALL_STAGES, ANSWER_GROUP, CHAIN_GROUP
from services.common.errors import Owner
from services.common.fault_ids import FaultId, FaultTrait
from services.connectivity import all_faults, find_fault, time_limits
from services.connectivity.complete_catalog import faults_by_id, find_fault_or_similar, other_stages
from services.connectivity.fault_catalog import CALL_STAGES
from services.practice import FAULTS
from services.servicenow.faults import FAULTS as CALL_FAULTS
from tests.services.connectivity.certificate_producers import PLACES as CERTIFICATE_PLACES
from tests.services.connectivity.conftest import HASTY_S, check, findings, reply, states
from tests.services.connectivity.pm_producers import BARE, PM_BY_TEST, PM_PRACTICE
from tests.services.connectivity.producers import BY_TEST, NETWORK, PRACTICE, Network, pairs
from tests.services.connectivity.scenes import SCENES
from tests.services.connectivity.sign_in_producers import PRODUCED

OF_NO_CHECK = {key for _, stages in (CHAIN_GROUP, ANSWER_GROUP) for key, _ in stages}
"""Their faults are brought about by the tests of the approval chain and of answers."""
PLACES = [(stage, fault.id) for fault in all_faults() for stage in fault.stages if stage not in OF_NO_CHECK]
ON_THE_WAY = ("url", "dns", "proxy", "tcp", "tls", "http", "instance", "authentication")
NEEDS = {"status_call": "service_status", "approval_flow": "request_item"}


def test_there_are_enough_faults_and_each_can_be_brought_about():
    assert len(PLACES) == len(set(PLACES))
    assert len({fault.id for fault in all_faults()}) >= 45
    by_name = (NETWORK, BY_TEST, SCENES, BARE, PM_BY_TEST, CERTIFICATE_PLACES)
    produced = {p.place for p in (*PRACTICE, *PM_PRACTICE, *PRODUCED)}.union(*by_name)
    assert set(PLACES) == produced | {("authentication", "privilege-manager-user-account")}
    assert {name for p in PRACTICE for name, _ in p.faults} <= set(FAULTS)


@pytest.mark.parametrize("fault", all_faults(), ids=lambda f: f"{f.stages[0]}-{f.id}")
def test_every_fault_has_its_words(fault):
    assert set(fault.stages) <= set(ALL_STAGES)
    assert fault.owner in set(Owner)
    assert fault.state in ("failed", "warning")
    for text in (fault.symptom, fault.cause, fault.remedy):
        assert text.endswith((".", "/")), text
        assert "!" not in text
    # A source is a page or an area of a vendor, a standard, or what was seen: words that people can look up.
    assert len(fault.source.split()) >= 2
    assert not fault.source.endswith(".")
    assert all(find_fault(stage, fault.id) is fault for stage in fault.stages)


def test_whatever_a_call_can_end_with_can_be_looked_up():
    """A finding whose fault nobody can look up would be a link to nowhere."""
    assert {fault_id for fault_id in CALL_FAULTS if not faults_by_id(fault_id)} == set()
    assert {fault for fault in FaultId if FaultTrait.ANY_CALL in fault.traits} <= set(CALL_FAULTS)


def test_where_else_a_fault_can_appear():
    lost = find_fault("tls", "connection-lost")
    assert other_stages(lost) == (*CALL_STAGES, "version", "actions", "policies")
    assert other_stages(find_fault("url", "url-invalid")) == ()
    refused = find_fault("authentication", "rights-missing")
    assert other_stages(refused)[-1] == "approval_flow"
    assert set(other_stages(refused)) & set(refused.stages) == set()
    in_order = [ALL_STAGES.index(stage) for stage in other_stages(refused)]
    assert in_order == sorted(in_order)


def test_a_finding_leads_to_the_entry_of_its_stage_else_to_that_of_its_fault():
    assert find_fault_or_similar("status_call", "reply-malformed").stages == ("status_call",)
    assert find_fault_or_similar("request_item", "reply-malformed").stages == ("authentication",)
    assert find_fault_or_similar("url", "no-such-fault") is None


@pytest.mark.parametrize(("stage", "fault_id"), SCENES)
async def test_a_fault_with_a_scene_of_its_own_is_named_at_its_stage(practice, tmp_path, stage, fault_id):
    async with SCENES[stage, fault_id](practice, tmp_path) as settings:
        report = await check(**settings)
    assert (stage, fault_id) in findings(report)
    [seen] = [s for s in report.stages if s.stage == stage]
    known = find_fault(stage, fault_id)
    assert (seen.state, seen.owner) == (known.state, known.owner)
    assert all((seen.evidence, seen.cause, seen.remedy))


def test_the_faults_stand_in_the_order_of_the_stages():
    order = [ALL_STAGES.index(fault.stages[0]) for fault in all_faults()]
    later = [i for i, (a, b) in enumerate(itertools.pairwise(order)) if a > b]
    assert {all_faults()[i].id for i in later} == {"proxy-refuses"}


async def test_a_healthy_instance_is_all_green(practice):
    report = await check(practice.base_url)
    assert report.verdict == "ok"
    assert {s: state for s, state in states(report).items() if state != "ok"} == {
        "proxy": "skipped",
        "tls": "skipped",
        "roles": "skipped",
        "limits": "skipped",
    }
    assert all(s.evidence for s in report.stages)


def produce(practice, *faults):
    """Switch faults on and return the process to check."""
    values = {}
    for fault in faults:
        values |= fault.process
        for name, options in fault.faults:
            practice.faults.set(name, **options)
    return ApprovalProcess(name="Process", **values)


@pytest.mark.parametrize("fault", PRACTICE, ids=lambda p: f"{p.stage}-{p.id}")
async def test_a_fault_is_named_at_its_stage_and_nothing_else_is_coloured(practice, fault):
    report = await check(practice.base_url, process=produce(practice, fault))
    assert findings(report) == [fault.place]
    [seen] = [s for s in report.stages if s.stage == fault.stage]
    known = find_fault(fault.stage, fault.id)
    assert (seen.state, seen.owner) == (known.state, known.owner)
    assert seen.evidence
    assert seen.cause
    assert seen.remedy


@pytest.fixture
def network(tmp_path, silent_port, dead_port, closed_port, practice):
    plain = int(practice.base_url.rstrip("/").rsplit(":", 1)[1])
    return Network(
        tmp_path, {"silent": silent_port, "dead": dead_port, "closed": closed_port, "plain": plain}
    )


NOT_SIGNED_IN = ("authentication", "authentication-refused")
"""What the server of these tests ends every sign-in with."""


@pytest.mark.parametrize(("stage", "fault_id"), [p for p in NETWORK if p not in {q.place for q in PRACTICE}])
async def test_a_fault_of_the_network_is_named_at_its_stage(network, stage, fault_id, monkeypatch):
    if fault_id.endswith("timeout"):
        monkeypatch.setattr(time_limits, "STAGE_TIMEOUT_S", HASTY_S)
    async with network.produce(stage, fault_id) as settings:
        report = await check(**settings)
    assert [f for f in findings(report) if f != NOT_SIGNED_IN] == [(stage, fault_id)]
    [seen] = [s for s in report.stages if s.stage == stage]
    known = find_fault(stage, fault_id)
    assert (seen.state, seen.owner) == (known.state, known.owner)
    assert seen.cause == known.cause
    assert seen.evidence


async def test_who_intercepts_is_named(network):
    async with network.produce("tls", "tls-intercepted") as settings:
        report = await check(**settings)
    [tls] = [s for s in report.stages if s.stage == "tls"]
    assert "made by Zscaler Intermediate Root CA" in tls.evidence


def hidden_by(report, fault):
    """Whether a fault's stage was left out for a reason that is true: what it needs has failed, or cannot be read."""
    [stage] = [s for s in report.stages if s.stage == fault.stage]
    found = states(report)
    told = found["authentication"] == "warning" or "failed" in (found["roles"], found["limits"])
    if stage.state != "skipped":
        # Another reason hides the lists: what only they tell is not said.
        return told and (stage.fault == "service-missing" or "cannot be read" in stage.evidence)
    if stage.evidence.startswith("needs "):
        needed = stage.evidence.removeprefix("needs ").split(",")[0]
        return found[needed] in ("failed", "skipped") and (
            needed in ON_THE_WAY or NEEDS.get(fault.stage) == needed
        )
    # Lists that came wrong as a whole say so at the sign-in, the roles or the limits, and judge nothing.
    unread = told and "read" in stage.evidence
    return unread or "hidden" in stage.evidence


@pytest.mark.parametrize("pair", pairs(100, seed=4), ids=lambda p: f"{p[0].id}+{p[1].id}")
async def test_two_faults_at_once_are_both_named_where_the_second_can_be_seen(practice, pair):
    report = await check(practice.base_url, process=produce(practice, *pair))
    seen = findings(report)
    named = [fault for fault in pair if fault.place in seen]
    assert named
    for fault in pair:
        other = pair[1] if fault is pair[0] else pair[0]
        assert fault.place in seen or other.stage == fault.stage or hidden_by(report, fault), seen
    assert report.verdict in ("failed", "warning")


@pytest.mark.parametrize("location", ["https://login.example/saml2", "https://elsewhere.example/"])
async def test_a_redirect_gets_no_password(location):
    from tests.services.connectivity.conftest import answering

    async with answering(reply("302 Found", b"", f"Location: {location}")) as (port, arrived):
        report = await check(f"http://127.0.0.1:{port}/")
    assert report.verdict == "failed"
    assert not any(b"authorization" in call.lower() for call in arrived)
