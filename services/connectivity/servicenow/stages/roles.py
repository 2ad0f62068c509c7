"""The stage `roles`: what is missing, and what was left behind."""

from collections.abc import Sequence
from dataclasses import replace

from services.common.errors import Problem
from services.common.fault_ids import FaultId
from services.connectivity.fault_catalog import fault_result
from services.connectivity.report import StageResult
from services.servicenow.account_roles import ADMIN_ROLE, REQUIRED_ROLES, SOAP_ROLES

STAGE, CALL_STAGE = "roles", "status_call"
SOAP_QUERY_ROLE = "soap_query"


def check_roles(account: str, roles: tuple[str, ...]) -> StageResult | str:
    """Say which roles the account has; a warning names what is missing, or admin that is still there."""
    if not roles:
        return StageResult.skipped(STAGE, "the instance does not show which roles the account has")
    if ADMIN_ROLE in roles:
        return fault_result(
            STAGE,
            FaultId.ROLE_ADMIN_LEFT,
            f"{account} has admin",
            remedy=f"Take admin away from {account}; {' and '.join(REQUIRED_ROLES)} are enough from there on.",
        )
    missing = [role for role in REQUIRED_ROLES if role not in roles]
    if missing:
        return fault_result(
            STAGE,
            FaultId.ROLE_MISSING,
            f"{account} lacks {', '.join(missing)}",
            remedy=f"Give {account} {' and '.join(missing)}.",
        )
    if not set(SOAP_ROLES) & set(roles):
        return fault_result(
            STAGE,
            FaultId.ROLE_SOAP_MISSING,
            f"{account} has no {' or '.join(SOAP_ROLES)}",
            remedy=f"Give {account} {SOAP_ROLES[-1]} and soap_query.",
        )
    return ", ".join(role for role in (*REQUIRED_ROLES, *SOAP_ROLES) if role in roles)


def apply_refusals(
    seen: StageResult, refused: Sequence[Problem], services: Sequence[StageResult], roles: tuple[str, ...]
) -> StageResult:
    """Return what the stage ends with when the instance itself refused what the console needs.

    `refused` are lists that were refused for missing rights, `services` the stages of the three services and the call
    of one of them, `roles` what is known of the account's.
    """
    if refused:
        remedy = (
            f"Give the account {' and '.join(REQUIRED_ROLES)}, and let it read the tables and fields of requests, approvals "
            "and catalog items: an access control rule (ACL) hides one that is named or searched for."
        )
        return _refused_result(seen, f"lists are refused: {refused[0].evidence}", remedy)
    described = [one for one in services if one.stage != CALL_STAGE]
    denied = [one for one in described if one.fault == FaultId.RIGHTS_MISSING]
    if denied and len(denied) == len(described) and not {SOAP_QUERY_ROLE, SOAP_ROLES[0]} & set(roles):
        # One that is refused alone is a rule for that one; a role would open or close all of them.
        evidence = (
            f"the services cannot be described to the account without {SOAP_QUERY_ROLE}: {denied[0].evidence}"
        )
        remedy = f"Give the account {SOAP_QUERY_ROLE} and {SOAP_ROLES[1]}, or {SOAP_ROLES[0]}, which contains both."
        return _refused_result(seen, evidence, remedy)
    called = next(
        (one for one in services if one.stage == CALL_STAGE and one.fault == FaultId.RIGHTS_MISSING), None
    )
    if called is not None and not set(SOAP_ROLES) & set(roles):
        evidence = f"services cannot be called by the account without {SOAP_ROLES[1]}: {called.evidence}"
        return _refused_result(
            seen, evidence, f"Give the account {SOAP_ROLES[1]}, or {SOAP_ROLES[0]}, which contains it."
        )
    return seen


def _refused_result(seen: StageResult, evidence: str, remedy: str) -> StageResult:
    """Return the result for a proven refusal, with the documented roles that are missing besides."""
    if seen.fault == FaultId.ROLE_MISSING:
        evidence, remedy = f"{seen.evidence}; {evidence}", f"{seen.remedy} {remedy}"
    return replace(fault_result(STAGE, FaultId.RIGHTS_MISSING, evidence, remedy=remedy), ms=seen.ms)
