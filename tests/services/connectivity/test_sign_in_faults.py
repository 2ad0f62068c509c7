"""Authentication faults over real sockets: each at its stage, none green, and no certain cause where the wire shows none."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from services.common.errors import Owner
from services.connectivity import find_fault
from services.practice import PracticeInstance
from tests.services.connectivity.conftest import PASSWORD, check, findings, states
from tests.services.connectivity.sign_in_producers import (
    PERSON,
    PRODUCED,
    assertion,
    password,
    restrict,
    restricted,
    wrong_password,
)


def of_stage(report, stage):
    return next(s for s in report.stages if s.stage == stage)


def test_there_are_enough_faults():
    assert len({one.name for one in PRODUCED}) == len(PRODUCED) >= 40


@pytest.mark.parametrize("one", PRODUCED, ids=lambda p: p.name)
async def test_a_fault_of_the_sign_in_is_named_with_its_possible_causes(practice, one):
    report = await check(practice.base_url, one.arrange(practice))
    assert one.place in findings(report)
    assert report.verdict in ("failed", "warning")
    seen = of_stage(report, one.stage)
    assert all((seen.evidence, seen.cause, seen.remedy))
    known = find_fault(one.stage, one.id)
    assert (seen.state, seen.owner) == (known.state, known.owner)
    listed = [candidate.id for candidate in seen.candidates]
    assert bool(listed) is not one.certain
    assert set(one.among) <= set(listed)
    assert len(listed) == len(set(listed))
    for candidate in seen.candidates:
        assert candidate.cause
        assert candidate.where
        assert candidate.owner in set(Owner)
    assert PASSWORD not in json.dumps(seen.as_dict())


async def test_a_restricted_account_and_a_wrong_password_are_the_same_from_here(practice):
    """The body is the same, so the fault is, with both of its causes."""
    found = [
        of_stage(await check(practice.base_url, arrange(practice)), "authentication")
        for arrange in (wrong_password, restricted)
    ]
    wrong, blocked = found
    assert (wrong.fault, wrong.evidence, wrong.candidates) == (
        blocked.fault,
        blocked.evidence,
        blocked.candidates,
    )
    assert {"password-wrong", "basic-auth-restricted"} <= {candidate.id for candidate in wrong.candidates}
    refusals = [call for call in practice.log if call.status == 401]
    assert len(refusals) >= 2


async def test_tracking_lets_calls_through_and_counts_them(practice):
    restrict(practice, enforce="false")
    report = await check(practice.base_url, password(PERSON))
    assert states(report)["authentication"] == "ok"
    [row] = practice.records("sys_user_basic_auth_exception")
    assert int(row["usage_count"]) > 1
    assert row["last_seen"]
    # The properties are hidden from this account.
    assert "basic-auth-restriction" not in str(findings(report))


async def test_a_clock_that_is_ahead_is_made_up_for():
    """The first assertion has the time of this machine, the second one that of the instance."""
    behind = timedelta(minutes=5)
    async with PracticeInstance(password=PASSWORD, clock=lambda: datetime.now(UTC) - behind) as practice:
        report = await check(practice.base_url, assertion(practice))
        assert [call.status for call in practice.log if call.path == "/oauth_token.do"] == [401, 200]
    assert states(report)["authentication"] == "ok"
    assert findings(report) == [("clock", "clock-differs")]
