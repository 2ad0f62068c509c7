"""The way to a Privilege Manager server: every fault of the network is named at its stage, in the words of this product."""

import pytest

from services.common.errors import Owner
from services.connectivity import time_limits
from services.practice.privilege_manager import PracticePrivilegeManager
from tests.services.connectivity.conftest import HASTY_S, findings, states
from tests.services.connectivity.pm_producers import check_pm, sign_in_of, stranger
from tests.services.connectivity.producers import NETWORK, Network

BELOW_LOG_ON = ("instance", "authentication", "account", "roles", "version", "actions", "policies")
OWN_WAY = {"url-invalid": {"base_url": "http://pm.example/TMS/"}}
"""Addresses that are wrong for this kind, where the ones for an instance are not."""
REACHED = ("tls-certificate-expires-soon",)
"""Faults with which the server is reached all the same."""


@pytest.fixture
def network(tmp_path, silent_port, dead_port, closed_port):
    with_tls_missing = PracticePrivilegeManager().start()
    plain = int(with_tls_missing.base_url.split(":")[2].split("/")[0])
    yield Network(tmp_path, {"silent": silent_port, "dead": dead_port, "closed": closed_port, "plain": plain})
    with_tls_missing.stop()


@pytest.mark.parametrize(("stage", "fault_id"), NETWORK)
async def test_a_fault_of_the_network_is_named_at_its_stage(network, stage, fault_id, monkeypatch):
    if fault_id.endswith("timeout"):
        monkeypatch.setattr(time_limits, "STAGE_TIMEOUT_S", HASTY_S)
    async with network.produce(stage, fault_id) as settings:
        report = await check_pm(sign_in=stranger(), **{**settings, **OWN_WAY.get(fault_id, {})})
    found = findings(report)
    assert (stage, fault_id) in found
    [seen] = [s for s in report.stages if s.stage == stage]
    assert all((seen.evidence, seen.cause, seen.remedy))
    assert seen.owner != Owner.SERVICENOW.value
    assert "service-now" not in seen.remedy
    if fault_id in REACHED:
        return
    assert found == [(stage, fault_id)]
    assert {states(report)[one] for one in BELOW_LOG_ON} == {"skipped"}


async def test_a_connection_that_ends_in_the_middle_of_the_check_is_no_good_result():
    practice = PracticePrivilegeManager().start()
    try:
        practice.faults.set("answer_lost", operation="policies")
        report = await check_pm(practice.base_url, sign_in_of(practice))
    finally:
        practice.stop()
    assert findings(report) == [("policies", "connection-lost")]
