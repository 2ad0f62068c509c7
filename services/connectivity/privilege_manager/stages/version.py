"""The stage `version`: whether the server is new enough, and which operations beside actions and policies it lacks."""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace

from models.translation_marks import tr_later
from services.common.errors import Owner
from services.common.fault_ids import FaultId
from services.connectivity.fault_catalog import declare_faults, failure, fault_result, warning
from services.connectivity.privilege_manager.stage import LoggedOnCheck, describe_missing, logged_on_stages
from services.connectivity.report import StageResult, StageState
from services.connectivity.stage import Stage
from services.privilege_manager.operations import Operation

STAGE = "version"
API_SINCE, TASKS_SINCE = (10, 8), (11, 1)
OPERATIONS = (
    Operation.LOG_OFF,
    Operation.VERSION,
    Operation.RUN_TASK,
    Operation.RUN_REPORT,
    Operation.SEND_ANSWER,
)
"""What this stage looks for in the Swagger document."""
_NUMBERS = re.compile(r"\D{0,20}(\d{1,4})\.(\d{1,4})")
_API = "Privilege Manager API documentation"
_PM = Owner.PRIVILEGE_MANAGER

_CHANGES: dict[str, Callable[[str | None, str | None], bool]] = {
    "called in another way": lambda before, now: None not in (before, now) and before != now,
    "gone": lambda before, now: before is not None and now is None,
}

declare_faults(
    failure(FaultId.PRIVILEGE_MANAGER_VERSION_TOO_OLD, STAGE, _PM,
        tr_later("Nothing of the server can be read or changed from this console, although its pages work in a browser."),
        tr_later("Servers before 10.8 have no API for programs."),
        tr_later("Update Privilege Manager to 11.1 or newer."), f"{_API}: versions"),
    warning(FaultId.PRIVILEGE_MANAGER_VERSION_LIMITED, STAGE, _PM,
        tr_later("Actions and policies can be set up. Endpoints cannot be updated, and reports are not shown."),
        tr_later("Servers before 11.1 do not run tasks and reports for programs."),
        tr_later("Update Privilege Manager to 11.1 or newer, or run tasks and reports in its own pages."), f"{_API}: versions"),
    warning(FaultId.PRIVILEGE_MANAGER_VERSION_UNREADABLE, STAGE, _PM,
        tr_later("Nothing. What the server can do is judged by its Swagger document alone."),
        tr_later("The version is not written as numbers."),
        tr_later("Compare the version on the server's own pages with what this console needs: 10.8, or 11.1 for tasks."),
        f"{_API}: version"),
    warning(FaultId.PRIVILEGE_MANAGER_SERVER_OPERATIONS_MISSING, STAGE, _PM,
        tr_later("Endpoints cannot be updated, reports are not shown, or decisions do not get back to Privilege Manager."),
        tr_later("The server's Swagger document lacks operations for tasks, reports or approvals."),
        tr_later("Update Privilege Manager, or do what is named in its own pages."), f"{_API}: Swagger document"),
    warning(FaultId.PRIVILEGE_MANAGER_OPERATIONS_CHANGED, STAGE, _PM,
        tr_later("What worked until now may be refused or act differently: planning policies, updating endpoints, or sending decisions back."),
        tr_later("The server's Swagger document describes operations in another way than at the last check, as after an update."),
        tr_later("Look at what is named: plan a policy, and confirm the mapping of answers again where it asks for that."),
        f"{_API}: Swagger document"),
)  # fmt: skip


@logged_on_stages(priority=1)
def create_version_stage(check: LoggedOnCheck) -> list[Stage]:
    """Return the stage."""

    async def look() -> StageResult:
        found = await judge()
        result = StageResult.ok(STAGE, found) if isinstance(found, str) else found
        if check.api is None:
            return result
        fingerprints = check.api.fingerprints
        changed = describe_changes(check.known_operations, fingerprints)
        if changed and result.state is StageState.OK:
            seen = f"{result.evidence}; {changed}"
            result = fault_result(STAGE, FaultId.PRIVILEGE_MANAGER_OPERATIONS_CHANGED, seen)
        elif changed:
            result = replace(result, evidence=f"{result.evidence}; {changed}")
        return replace(result, operations=fingerprints)

    async def judge() -> str | StageResult:
        missing = check.missing(OPERATIONS)
        if Operation.VERSION in missing:
            seen = f"the version is unknown; {describe_missing(missing)}"
            return fault_result(STAGE, FaultId.PRIVILEGE_MANAGER_SERVER_OPERATIONS_MISSING, seen)
        return judge_version(await check.server.version(), missing)

    return [Stage(STAGE, look)]


def describe_changes(before: Mapping[str, str], now: Mapping[str, str]) -> str:
    """Say which operations are gone or called in another way than before; an empty text where none, or nothing is known."""
    if not before:
        return ""
    told = [
        (how, [one for one in Operation if is_so(before.get(one.value), now.get(one.value))])
        for how, is_so in _CHANGES.items()
    ]
    listed = [f"{how}: {', '.join(one.purpose for one in found)}" for how, found in told if found]
    return f"since the last check, {'; '.join(listed)}" if listed else ""


def judge_version(text: str, missing: list[Operation]) -> str | StageResult:
    """Say what a version and the operations that are missing besides mean."""
    numbers = _NUMBERS.match(text)
    lacks = f"; {describe_missing(missing)}" if missing else ""
    if numbers is None:
        return fault_result(
            STAGE, FaultId.PRIVILEGE_MANAGER_VERSION_UNREADABLE, f"the version is “{text[:80]}”{lacks}"
        )
    version = (int(numbers[1]), int(numbers[2]))
    if version < API_SINCE:
        return fault_result(STAGE, FaultId.PRIVILEGE_MANAGER_VERSION_TOO_OLD, f"version {text}{lacks}")
    if version < TASKS_SINCE:
        return fault_result(STAGE, FaultId.PRIVILEGE_MANAGER_VERSION_LIMITED, f"version {text}{lacks}")
    if missing:
        return fault_result(
            STAGE, FaultId.PRIVILEGE_MANAGER_SERVER_OPERATIONS_MISSING, f"version {text}{lacks}"
        )
    return f"version {text}"
