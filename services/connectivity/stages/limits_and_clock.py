"""The stages `limits` and `clock`: read from headers that came anyway, without a call of their own."""

from dataclasses import replace

import httpx

from models.approval_process import CHECK_INTERVAL_DEFAULT_S, ApprovalProcess
from services.common.fault_ids import FaultId
from services.connectivity.fault_catalog import fault_result
from services.connectivity.report import StageResult
from services.servicenow.response_headers import integer_header, parse_http_date

CLOCK_SKEW_MAX_S = 60
HOUR_S = 3600
RULE_NAME_MAX = 80


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


def check_clock(response: httpx.Response, at: float) -> str | StageResult:
    """Compare the header Date with the time of this machine (`at`, seconds since 1970)."""
    told = parse_http_date(response.headers.get("date", ""))
    if told is None:
        return StageResult.skipped("clock", "the reply carries no date that can be read")
    # The header counts whole seconds, cut off: on average half a second is lost.
    ahead = at - told.timestamp() - 0.5
    seen = f"{abs(ahead):.0f} s between this machine and the instance"
    if abs(ahead) > CLOCK_SKEW_MAX_S:
        which = "ahead of" if ahead > 0 else "behind"
        return fault_result(
            "clock", FaultId.CLOCK_DIFFERS, f"This machine is {abs(ahead):.0f} s {which} the instance"
        )
    return seen
