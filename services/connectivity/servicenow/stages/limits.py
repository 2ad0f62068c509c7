"""The stage `limits`: read from headers that came anyway, without a call of its own."""

from dataclasses import replace

import httpx

from models.approval_process import CHECK_INTERVAL_DEFAULT_S, ApprovalProcess
from models.translation_marks import tr_later
from services.common.errors import Owner
from services.common.fault_ids import FaultId
from services.connectivity.fault_catalog import declare_faults, fault_result, warning
from services.connectivity.report import StageResult
from services.transport.response_headers import integer_header

HOUR_S = 3600
RULE_NAME_MAX = 80

declare_faults(
    warning(
        FaultId.RATE_LIMIT_LOW,
        "limits",
        Owner.SERVICENOW,
        tr_later(
            "Decisions arrive late while many requests are pending. The instance answers some calls with 429."
        ),
        tr_later("The instance takes fewer calls an hour from this account than one pending request needs."),
        tr_later("Raise the rate limit rule for this account, or let the Approval Process ask less often."),
        "ServiceNow documentation: inbound REST API rate limiting",
    ),
)


def check_rate_limit(headers: httpx.Headers, process: ApprovalProcess | None) -> StageResult:
    """Compare the rate limit that the instance tells with the calls an hour that one pending request needs."""
    every = process.check_every_s if process is not None else CHECK_INTERVAL_DEFAULT_S
    needed = HOUR_S // every
    use = f"one pending request is asked about {needed} times an hour"
    limit = integer_header(headers, "x-ratelimit-limit")
    if limit is None:
        return StageResult.skipped("limits", f"the instance tells no rate limit; {use}")
    rule = headers.get("x-ratelimit-rule", "")[:RULE_NAME_MAX]
    seen = f"{limit} calls an hour" + (f" by the rule {rule}" if rule else "") + f"; {use}"
    if limit < needed:
        return replace(fault_result("limits", FaultId.RATE_LIMIT_LOW, seen), calls_per_hour=limit)
    return replace(StageResult.ok("limits", seen), calls_per_hour=limit)
