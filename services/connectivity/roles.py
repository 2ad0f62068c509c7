"""The stage `roles`: what is missing, and what was left behind."""

from collections.abc import Sequence
from dataclasses import replace

from services.connectivity.faults import found
from services.connectivity.results import StageResult
from services.errors import Problem
from services.servicenow.roles import ADMIN, DOCUMENTED, SOAP

STAGE, CALL = "roles", "status_call"
QUERY = "soap_query"


def look_at_roles(account: str, roles: tuple[str, ...]) -> StageResult | str:
    """Say which roles the account has; a warning names what is missing, or admin that is still there."""
    if not roles:
        return StageResult(STAGE, "skipped", "the instance does not show which roles the account has")
    if ADMIN in roles:
        return found(
            STAGE,
            "role-admin-left",
            f"{account} has admin",
            remedy=f"Take admin away from {account}; {' and '.join(DOCUMENTED)} are enough from there on.",
        )
    missing = [role for role in DOCUMENTED if role not in roles]
    if missing:
        return found(
            STAGE,
            "role-missing",
            f"{account} lacks {', '.join(missing)}",
            remedy=f"Give {account} {' and '.join(missing)}.",
        )
    if not set(SOAP) & set(roles):
        return found(
            STAGE,
            "role-soap-missing",
            f"{account} has no {' or '.join(SOAP)}",
            remedy=f"Give {account} {SOAP[-1]} and soap_query.",
        )
    return ", ".join(role for role in (*DOCUMENTED, *SOAP) if role in roles)


def look_at_refusals(
    seen: StageResult, refused: Sequence[Problem], services: Sequence[StageResult], roles: tuple[str, ...]
) -> StageResult:
    """Return what the stage ends with when the instance itself refused what the console needs.

    `refused` are lists that were refused for missing rights, `services` the stages of the three services and the call
    of one of them, `roles` what is known of the account's.
    """
    if refused:
        remedy = (
            f"Give the account {' and '.join(DOCUMENTED)}, and let it read the tables and fields of requests, approvals "
            "and catalog items: an access control rule (ACL) hides one that is named or searched for."
        )
        return _refused(seen, f"lists are refused: {refused[0].evidence}", remedy)
    described = [one for one in services if one.stage != CALL]
    denied = [one for one in described if one.fault == "rights-missing"]
    if denied and len(denied) == len(described) and not {QUERY, SOAP[0]} & set(roles):
        # One that is refused alone is a rule for that one; a role would open or close all of them.
        evidence = f"the services cannot be described to the account without {QUERY}: {denied[0].evidence}"
        remedy = f"Give the account {QUERY} and {SOAP[1]}, or {SOAP[0]}, which contains both."
        return _refused(seen, evidence, remedy)
    called = next((one for one in services if one.stage == CALL and one.fault == "rights-missing"), None)
    if called is not None and not set(SOAP) & set(roles):
        evidence = f"services cannot be called by the account without {SOAP[1]}: {called.evidence}"
        return _refused(seen, evidence, f"Give the account {SOAP[1]}, or {SOAP[0]}, which contains it.")
    return seen


def _refused(seen: StageResult, evidence: str, remedy: str) -> StageResult:
    """Return the result for a proven refusal, with the documented roles that are missing besides."""
    if seen.fault == "role-missing":
        evidence, remedy = f"{seen.evidence}; {evidence}", f"{seen.remedy} {remedy}"
    return replace(found(STAGE, "rights-missing", evidence, remedy=remedy), ms=seen.ms)
