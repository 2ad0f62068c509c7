"""Runs a check: each stage as early as its inputs allow, side by side where independent, reported as it finishes."""

import logging
from collections.abc import Mapping

from models.approval_process import ApprovalProcess
from models.kinds import Kind
from services.connectivity.privilege_manager.check import PrivilegeManagerCheck
from services.connectivity.report import CheckReport, StageResult, StageState
from services.connectivity.servicenow.check import ServiceNowCheck
from services.connectivity.sign_in import PreviousSignIn
from services.connectivity.stage_run import StageCallback
from services.transport.connection_settings import ConnectionSettings
from services.transport.sign_in import ServerSignInSource

_log = logging.getLogger(__name__)


def _ignore_result(result: StageResult) -> None:
    del result


async def run_check(
    settings: ConnectionSettings,
    sign_in: ServerSignInSource,
    process: ApprovalProcess | None = None,
    *,
    kind: Kind = Kind.FOREIGN_SYSTEM,
    accepted: PreviousSignIn | None = None,
    known_operations: Mapping[str, str] | None = None,
    report: StageCallback = _ignore_result,
) -> CheckReport:
    """Check a server of a kind, and on a ServiceNow Server item and services of `process` where one is given. Nothing is written.

    `settings` and `process` may be unsaved; `accepted` is when the password of now last was accepted, and
    `known_operations` what the last check found of a Privilege Manager server's operations, if that is known. The password
    is sent to the server's own origin only, and only once as long as it has not been accepted. Cancelling the task ends the
    check at once.
    """
    if kind is Kind.PRIVILEGE_MANAGER_SERVER:
        found = await PrivilegeManagerCheck(settings, sign_in, accepted, report, known_operations or {}).run()
    else:
        found = await ServiceNowCheck(settings, sign_in, process, accepted, report).run()
    bad = "; ".join(
        f"{s.stage} {s.fault}" for s in found.stages if s.state in (StageState.WARNING, StageState.FAILED)
    )
    _log.info(
        "check %s of %s: %s, %.0f ms%s",
        found.correlation_id,
        found.server,
        found.verdict,
        found.ms,
        bad and f": {bad}",
    )
    return found
