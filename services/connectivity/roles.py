"""The stage `roles`: what is missing, and what was left behind."""

from services.connectivity.faults import found
from services.connectivity.results import StageResult
from services.servicenow.roles import ADMIN, DOCUMENTED, SOAP

STAGE = "roles"


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
