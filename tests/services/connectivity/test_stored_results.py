"""Stored stages of check reports: written and read back, and those that earlier versions stored."""

from dataclasses import replace

import pytest

from services.connectivity.report import SkipReason, StageResult, StageState
from services.connectivity.stored_results import parse_stage

ITEM_ID = "0123456789abcdef0123456789abcdef"
NEW_FIELDS = ("skip_reason", "needed_stage", "suggested_name", "suggested_item_id", "calls_per_hour")


def written_by_an_earlier_version(result):
    return {key: value for key, value in result.as_dict().items() if key not in NEW_FIELDS}


RESULTS = [
    StageResult.ok("tls", "TLSv1.3"),
    replace(StageResult.ok("limits", "5000 calls an hour by the rule Integrations"), calls_per_hour=5000),
    StageResult.skipped("limits", "the instance tells no rate limit; one pending request"),
    StageResult.skipped("tls", "plain http to this machine"),
    replace(
        StageResult.skipped("status_call", "needs service_status, which failed"),
        skip_reason=SkipReason.NEEDED_STAGE_FAILED,
        needed_stage="service_status",
    ),
    replace(
        StageResult.skipped("approval_flow", "needs request_item, which cannot be judged"),
        skip_reason=SkipReason.NEEDED_STAGE_UNCLEAR,
        needed_stage="request_item",
    ),
    StageResult(
        "service_create",
        StageState.FAILED,
        "seen",
        "service-name-differs",
        "why",
        "this console",
        "Use CreateIt on the Approval Process, or rename the service.",
        12,
        suggested_name="CreateIt",
    ),
    StageResult(
        "request_item",
        StageState.FAILED,
        "seen",
        "request-item-stale",
        "why",
        "ServiceNow administrator",
        f"Choose “Execute” ({ITEM_ID}) on the Approval Process.",
        suggested_item_id=ITEM_ID,
    ),
    StageResult("dns", StageState.FAILED, "seen", "an-id-of-a-later-version", "why", "network", "what to do"),
]


@pytest.mark.parametrize("result", RESULTS, ids=lambda one: f"{one.stage}-{one.state}")
def test_a_stage_reads_back_as_it_was(result):
    assert parse_stage(result.as_dict()) == result
    assert parse_stage(written_by_an_earlier_version(result)) == result
