"""The stages `limits` and `clock`: read from headers that came anyway, without a call of their own."""

import re

import httpx

from models.approval_process import CHECK_DEFAULT_S, ApprovalProcess
from services.connectivity.faults import found
from services.connectivity.results import StageResult
from services.servicenow.headers import moment_of, number_of, whole_number

CLOCK_MAX_S = 60
HOUR_S = 3600
RULE_SHOWN = 80
CALLS_AN_HOUR = " calls an hour"
_TOLD = re.compile(rf"(\d+){CALLS_AN_HOUR}")


def look_at_limits(headers: httpx.Headers, process: ApprovalProcess | None) -> str | StageResult:
    """Compare the rate limit that the instance tells with the calls an hour that one pending request needs."""
    every = process.check_every_s if process is not None else CHECK_DEFAULT_S
    needed = HOUR_S // every
    use = f"one pending request is asked about {needed} times an hour"
    limit = number_of(headers, "x-ratelimit-limit")
    if limit is None:
        return StageResult("limits", "skipped", f"the instance tells no rate limit; {use}")
    rule = headers.get("x-ratelimit-rule", "")[:RULE_SHOWN]
    seen = f"{limit}{CALLS_AN_HOUR}" + (f" by the rule {rule}" if rule else "") + f"; {use}"
    if limit < needed:
        return found("limits", "rate-limit-low", seen)
    return seen


def told_limit(evidence: str) -> int | None:
    """Return the calls an hour that the evidence of the stage `limits` tells, or None when the instance told none."""
    found = _TOLD.match(evidence)
    return whole_number(found[1]) if found else None


def look_at_clock(response: httpx.Response, at: float) -> str | StageResult:
    """Compare the header Date with the time of this machine (`at`, seconds since 1970)."""
    told = moment_of(response.headers.get("date", ""))
    if told is None:
        return StageResult("clock", "skipped", "the reply carries no date that can be read")
    # The header counts whole seconds, cut off: on average half a second is lost.
    ahead = at - told.timestamp() - 0.5
    seen = f"{abs(ahead):.0f} s between this machine and the instance"
    if abs(ahead) > CLOCK_MAX_S:
        which = "ahead of" if ahead > 0 else "behind"
        return found("clock", "clock-differs", f"This machine is {abs(ahead):.0f} s {which} the instance")
    return seen
