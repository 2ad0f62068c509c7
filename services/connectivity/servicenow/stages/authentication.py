"""The stages `authentication` and `account`: one log-in attempt, and what the account's own record says."""

from dataclasses import dataclass, replace

from models.sign_in import METHODS, SignInMethod
from services.common.errors import ConsoleError, Problem
from services.common.fault_ids import FaultId, FaultTrait
from services.connectivity.fault_catalog import fault_result
from services.connectivity.report import StageResult, StageState
from services.connectivity.servicenow import sign_in_faults as _sign_in_faults  # noqa: F401 -- declares its faults
from services.connectivity.servicenow.certificate_refusal import explain_refusal
from services.connectivity.sign_in import PreviousSignIn
from services.language import ENGLISH, date_time
from services.servicenow import sign_in_candidates as possible
from services.servicenow.account_roles import signed_in_account
from services.servicenow.basic_auth_restriction import (
    DEFAULT_ROLE,
    Restriction,
    RestrictionState,
)
from services.servicenow.encoded_query import equals
from services.servicenow.faults import make_error
from services.servicenow.http_client import ServiceNowClient
from services.servicenow.record_values import is_false, is_true
from services.servicenow.signed_in_user import read_own_record
from services.servicenow.table_api import Row
from services.transport.sign_in import CertificateSignIn, TokenSignIn

USER_FIELDS = (
    "sys_id", "user_name", "active", "locked_out", "web_service_access_only", "internal_integration_user",
)  # fmt: skip


_LATER_CANDIDATES = (
    possible.PASSWORD_WRONG,
    possible.KIND_NOT_IN_POLICY,
    possible.ADDRESS_FILTER,
    possible.MACHINE_IDENTITY,
)


@dataclass(frozen=True, slots=True)
class SignInResult:
    """The outcome of the one attempt: the stage's result, the account, and its record where it can be read.

    `elsewhere` is why it cannot be read, where that is the finding of a later stage: rights, or a limit.
    """

    result: StageResult
    account: str
    row: Row | None
    elsewhere: Problem | None = None


async def attempt_sign_in(instance: ServiceNowClient, accepted: PreviousSignIn | None = None) -> SignInResult:
    """Sign in once by reading the account's own record; raises what means that the password was not accepted.

    `accepted` is when it last was, where that is known: a refusal does not say why, and this tells more than it does.
    """
    stage = "authentication"
    account = await signed_in_account(instance)
    try:
        row, is_shown = await read_own_record(instance, account, USER_FIELDS)
    except ConsoleError as error:
        fault = error.problem.fault
        if fault == FaultId.CERTIFICATE_REFUSED:
            raise await explain_refusal(instance.settings, error.problem) from error
        if fault == FaultId.AUTHENTICATION_REFUSED and accepted is not None:
            raise _password_refused_error(error.problem, accepted) from error
        if FaultTrait.SIGNED_IN not in fault.traits:
            raise
        problem = error.problem
        seen = f"{account}, signed in; its own record cannot be read: {problem.evidence}"
        if fault == FaultId.TRANSACTION_CANCELLED or (
            fault == FaultId.RIGHTS_MISSING and await _lists_are_forbidden(instance)
        ):
            return SignInResult(StageResult.ok(stage, seen), account, None, problem)
        result = replace(StageResult.failed(stage, problem, 0), state=StageState.WARNING, evidence=seen)
        return SignInResult(result, account, None)
    if row is None:
        seen = f"{account}, signed in; its user record is hidden from it"
    else:
        unproven = "" if is_shown else "; that it runs as this user is not shown"
        seen = f"{account}, signed in with 1 attempt{_method_evidence(instance)}{unproven}"
    return SignInResult(StageResult.ok(stage, seen), account, row)


def _method_evidence(instance: ServiceNowClient) -> str:
    """Return how it signed in, where that is not with a password, and what is known of the access token, which is never shown."""
    token, sign_in = instance.access_token, instance.sign_in
    if isinstance(sign_in, CertificateSignIn):
        return f"; {METHODS[SignInMethod.CERTIFICATE].label}"
    if token is None or not isinstance(sign_in, TokenSignIn):
        return ""
    scope = f"scope {token.scope}" if token.scope else "no scope named"
    return f"; {METHODS[sign_in.method].label}, token for {token.lifetime_s:.0f} s, {scope}"


async def _lists_are_forbidden(instance: ServiceNowClient) -> bool:
    """Return whether the instance refuses this account the list of requests too, and not the record of users alone."""
    try:
        await instance.table("sc_req_item").first(equals(active="true"), ("number",))
    except ConsoleError as error:
        return error.problem.fault == FaultId.RIGHTS_MISSING
    return False


def _password_refused_error(problem: Problem, accepted: PreviousSignIn) -> ConsoleError:
    """Return the error for a password that was right until some time ago: what it can be, the likeliest first."""
    seen = f"The password that was accepted until {date_time(accepted.at, language=ENGLISH)} is refused now. "
    if accepted.interactive:
        cause = (
            "No other was entered here since, and the account may sign in interactively: basic authentication was "
            "probably restricted to other accounts; or the account was locked, or its password changed."
        )
        remedy = (
            "Set Web service access only on the account, or give it snc_basic_auth_api_access, where basic "
            "authentication is restricted; else look at Locked out, Active and Password needs reset."
        )
        candidates = (possible.BASIC_RESTRICTED, possible.ACCOUNT_STATE, *_LATER_CANDIDATES)
    else:
        cause = (
            "No other was entered here since: the account is probably locked or not active, or its password was "
            "changed or has to be reset in ServiceNow."
        )
        remedy = (
            "Look at the account in ServiceNow: Locked out, Active, Password needs reset. "
            "Enter the password again only if it was changed there."
        )
        candidates = (possible.ACCOUNT_STATE, possible.BASIC_RESTRICTED, *_LATER_CANDIDATES)
    return make_error(
        FaultId.AUTHENTICATION_REFUSED,
        problem.tried,
        problem.evidence,
        cause=seen + cause,
        remedy=remedy,
        candidates=candidates,
    )


def check_account(
    signed: SignInResult,
    roles: tuple[str, ...] | None,
    method: SignInMethod = SignInMethod.BASIC,
    restriction: Restriction | None = None,
) -> str | StageResult:
    """Say whether the account is active, locked, and may go on signing in as it does.

    `roles` is empty or None where the instance does not show them; then nothing is concluded from their absence.
    `restriction` is what is known of Basic Auth Restriction.
    """
    row = signed.row
    if row is None:
        return StageResult.skipped("account", "cannot tell: the account's record is hidden from it")
    if is_false(row["active"]):
        return fault_result("account", FaultId.ACCOUNT_INACTIVE, f"{signed.account} has Active off")
    if is_true(row["locked_out"]):
        return fault_result("account", FaultId.ACCOUNT_LOCKED, f"{signed.account} is locked out")
    seen = f"{signed.account}, active" + ("" if row["locked_out"] else "; whether it is locked is hidden")
    if method is SignInMethod.BASIC:
        return _check_basic(row, roles, restriction or Restriction(), seen)
    if is_true(row["web_service_access_only"]):
        if method is SignInMethod.PASSWORD_GRANT:
            return fault_result(
                "account", FaultId.OAUTH_PASSWORD_GRANT_ACCOUNT, f"{seen}, web service access only"
            )
        return f"{seen}, web service access only"
    return seen


def _check_basic(
    row: Row, roles: tuple[str, ...] | None, restriction: Restriction, seen: str
) -> str | StageResult:
    """Say whether an account that signs in with a password may go on doing so."""
    known = "" if restriction.state is RestrictionState.UNKNOWN else f"; {restriction.text}"
    if is_true(row["web_service_access_only"]):
        return f"{seen}, web service access only{known}"
    if is_true(row["internal_integration_user"]) and not known:
        return f"{seen}, internal integration user"
    exempting = [role for role in restriction.allowed_roles if role in (roles or ())]
    if exempting:
        return f"{seen}, interactive, {exempting[0]}{known}"
    if row["sys_id"] in restriction.allowed_users:
        return f"{seen}, interactive, among the allowed users{known}"
    if restriction.state is RestrictionState.ENFORCED:
        return fault_result("account", FaultId.BASIC_AUTH_RESTRICTION_ENFORCED, f"{seen}{known}")
    if restriction.state is RestrictionState.TRACKED:
        return fault_result("account", FaultId.BASIC_AUTH_RESTRICTION_TRACKED, f"{seen}{known}")
    if restriction.state is RestrictionState.OFF:
        return f"{seen}{known}"
    if row["web_service_access_only"] and roles:
        return fault_result(
            "account",
            FaultId.ACCOUNT_INTERACTIVE,
            f"{seen}, not web service access only, without {DEFAULT_ROLE}",
        )
    hidden = "its roles are" if row["web_service_access_only"] else "Web service access only is"
    return StageResult.skipped(
        "account", f"{seen}; cannot tell whether basic authentication lasts: {hidden} hidden"
    )
