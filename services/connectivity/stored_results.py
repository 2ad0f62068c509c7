"""Reads stages of stored check reports, those of earlier versions included, which said in words what fields say now."""

import re
from dataclasses import replace

from services.common.errors import Candidate
from services.common.fault_ids import FaultId
from services.common.json_types import UncheckedJson
from services.connectivity.report import SkipReason, StageResult, StageState
from services.transport.response_headers import parse_integer

_CALLS_PER_HOUR = re.compile(r"(\d+) calls an hour")
_NEEDED_STAGE = re.compile(r"needs (\w+), which (failed|cannot be judged)")
_SUGGESTED_NAME = re.compile(r"\bUse (?P<name>.+?) on the Approval Process\b")
_ITEM_ID = re.compile(r"\b[0-9a-f]{32}\b")


def parse_stage(stored: UncheckedJson) -> StageResult:
    """Return the result of a stage as it was stored in JSON."""
    result = StageResult(
        stage=str(stored["stage"]),
        state=StageState(stored["state"]),
        evidence=str(stored.get("evidence", "")),
        fault=stored.get("fault"),
        cause=str(stored.get("cause", "")),
        owner=str(stored.get("owner", "")),
        remedy=str(stored.get("remedy", "")),
        ms=float(stored.get("ms", 0)),
        candidates=tuple(Candidate.parse(one) for one in stored.get("candidates", ())),
    )
    if "skip_reason" not in stored:
        return _with_fields_from_texts(result)
    reason = stored["skip_reason"]
    return replace(
        result,
        skip_reason=SkipReason(reason) if reason else None,
        needed_stage=str(stored["needed_stage"]),
        suggested_name=str(stored["suggested_name"]),
        suggested_item_id=str(stored["suggested_item_id"]),
        calls_per_hour=stored["calls_per_hour"],
        operations=stored.get("operations", {}),
        certificate_ends_at=str(stored.get("certificate_ends_at", "")),
        basic_auth_enforced_at=str(stored.get("basic_auth_enforced_at", "")),
    )


def _with_fields_from_texts(result: StageResult) -> StageResult:
    """Fill the fields of a report that was stored before they existed."""
    if result.state is StageState.SKIPPED and (needed := _NEEDED_STAGE.match(result.evidence)):
        failed = needed[2] == "failed"
        reason = SkipReason.NEEDED_STAGE_FAILED if failed else SkipReason.NEEDED_STAGE_UNCLEAR
        return replace(result, skip_reason=reason, needed_stage=needed[1])
    if result.stage == "limits":
        return replace(result, calls_per_hour=parse_calls_per_hour(result.evidence))
    if result.fault == FaultId.SERVICE_NAME_DIFFERS and (name := _SUGGESTED_NAME.search(result.remedy)):
        return replace(result, suggested_name=name["name"])
    if result.fault == FaultId.REQUEST_ITEM_STALE and (item := _ITEM_ID.search(result.remedy)):
        return replace(result, suggested_item_id=item[0])
    return result


def parse_calls_per_hour(evidence: str) -> int | None:
    """Return the rate limit in the evidence of an earlier version, or None when the instance reported none."""
    found = _CALLS_PER_HOUR.match(evidence)
    return parse_integer(found[1]) if found else None
