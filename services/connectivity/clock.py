"""The stage `clock`: read from a header that came anyway, without a call of its own."""

import httpx

from models.translation_marks import tr_later
from services.common.errors import Owner
from services.common.fault_ids import FaultId
from services.connectivity.fault_catalog import declare_faults, fault_result, warning
from services.connectivity.report import StageResult
from services.transport.response_headers import parse_http_date

CLOCK_SKEW_MAX_S = 60

declare_faults(
    warning(
        FaultId.CLOCK_DIFFERS,
        "clock",
        Owner.CONSOLE,
        tr_later(
            "Ages and times of requests are off by a constant amount, and requests time out early or late."
        ),
        tr_later("The clocks of this machine and of the instance differ."),
        tr_later("Let this machine take its time from a time server."),
        "RFC 9110, 6.6.1: Date",
    ),
)


def check_clock(response: httpx.Response, at: float, *, system: str = "the instance") -> str | StageResult:
    """Compare the header Date with the time of this machine (`at`, seconds since 1970); `system` is what sent it."""
    told = parse_http_date(response.headers.get("date", ""))
    if told is None:
        return StageResult.skipped("clock", "the reply carries no date that can be read")
    # The header counts whole seconds, cut off: on average half a second is lost.
    ahead = at - told.timestamp() - 0.5
    seen = f"{abs(ahead):.0f} s between this machine and {system}"
    if abs(ahead) > CLOCK_SKEW_MAX_S:
        which = "ahead of" if ahead > 0 else "behind"
        return fault_result(
            "clock", FaultId.CLOCK_DIFFERS, f"This machine is {abs(ahead):.0f} s {which} {system}"
        )
    return seen
