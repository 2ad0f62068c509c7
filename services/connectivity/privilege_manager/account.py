"""The stages `authentication`, `account` and `roles`: log-on and log-off of the API client, and what it may read."""

from collections.abc import Mapping

from models.translation_marks import tr_later
from services.common.errors import ConsoleError, Owner, Problem
from services.common.fault_ids import FaultId
from services.connectivity.fault_catalog import (
    declare_faults,
    failure,
    fault_result,
    refused_error,
    table_fault,
    warning,
)
from services.connectivity.privilege_manager.web_response import VERSION_PATH
from services.connectivity.report import StageResult
from services.connectivity.sign_in import PreviousSignIn
from services.language import ENGLISH, date_time
from services.privilege_manager.client import PrivilegeManagerClient
from services.privilege_manager.faults import FAULTS, make_error
from services.transport.sign_in import SignIn

AUTHENTICATION, ACCOUNT, ROLES = "authentication", "account", "roles"
ACCOUNT_SHOWN = 40
_API = "Privilege Manager API documentation"
_PM = Owner.PRIVILEGE_MANAGER
_OFF = tr_later("Every call fails at the log-on. The server's own pages work in a browser.")
_USERS = "Privilege Manager documentation: users of type API Client"

declare_faults(
    table_fault(FAULTS, FaultId.PRIVILEGE_MANAGER_LOG_ON_REFUSED, AUTHENTICATION, _OFF, f"{_API}: log-on"),
    table_fault(FAULTS, FaultId.PRIVILEGE_MANAGER_LOG_ON_REPLY, AUTHENTICATION, _OFF, f"{_API}: log-on"),
    table_fault(FAULTS, FaultId.PRIVILEGE_MANAGER_TOKEN_REFUSED, AUTHENTICATION,
        tr_later("The log-on works, and every call after it is refused."), f"{_API}: log-on"),
    table_fault(FAULTS, FaultId.PRIVILEGE_MANAGER_API_UNAVAILABLE, AUTHENTICATION, _OFF, f"{_API}: API Enabled"),
    failure(FaultId.PRIVILEGE_MANAGER_USER_ACCOUNT, AUTHENTICATION, _PM, _OFF,
        tr_later("The Account Name is that of a user. The API takes the Client ID of a user of type API Client."),
        tr_later("Create a user of type API Client in Privilege Manager, and enter its Client ID as Account Name and its secret as password."),
        _USERS),
    warning(FaultId.PRIVILEGE_MANAGER_USER_ACCOUNT, ACCOUNT, _PM,
        tr_later("Nothing yet. When the user's password changes, every call fails at the log-on."),
        tr_later("The log-on works with the account of a user, not with an API client."),
        tr_later("Create a user of type API Client in Privilege Manager, and use its Client ID and secret."), _USERS),
    warning(FaultId.PRIVILEGE_MANAGER_LOG_OFF_FAILED, ACCOUNT, _PM,
        tr_later("Nothing in this console. On the server, sessions of the API client stay open until they expire."),
        tr_later("The server does not take the log-off: each session lasts until it expires."),
        tr_later("Update Privilege Manager, or shorten the session time under Advanced > Timeout."), f"{_API}: log-off"),
    warning(FaultId.PRIVILEGE_MANAGER_TOKEN_OUTLIVES_LOG_OFF, ACCOUNT, _PM,
        tr_later("Nothing in this console. A token that was stolen could be used after the log-off."),
        tr_later("The server takes the token of a session that has logged off."),
        tr_later("Update Privilege Manager, or shorten the session time under Advanced > Timeout."), f"{_API}: log-off"),
    failure(FaultId.PRIVILEGE_MANAGER_READING_REFUSED, ROLES, _PM,
        tr_later("The API client logs on, and lists stay empty or end in an error about a role."),
        tr_later("The API client lacks a role for reading."),
        tr_later("Give the API client the role Privilege Manager Users for reading; changes need an administrator role."),
        "Privilege Manager documentation: roles"),
)  # fmt: skip


def looks_like_a_user(account: str) -> bool:
    """Return whether an account is written like a user's: with a domain, as an e-mail address, or in several words."""
    return any(mark in account for mark in ("\\", "@", "/", " "))


async def log_on(
    server: PrivilegeManagerClient, given: SignIn | None, accepted: PreviousSignIn | None
) -> str:
    """Log on once and use the token once; raises what means that no token was given or that it is not taken. `accepted` is when the very same secret last was."""
    account = given.account if given is not None else ""
    tried = f"Log on to {server.settings.origin.host}"
    try:
        await server.log_on(tried)
    except ConsoleError as error:
        problem = error.problem
        if problem.fault != FaultId.PRIVILEGE_MANAGER_LOG_ON_REFUSED:
            raise
        if looks_like_a_user(account):
            seen = f"{problem.evidence}; the Account Name {account[:ACCOUNT_SHOWN]} is written like a user's"
            raise refused_error(
                AUTHENTICATION, FaultId.PRIVILEGE_MANAGER_USER_ACCOUNT, tried, seen
            ) from error
        if accepted is not None:
            raise _secret_refused_error(problem, accepted) from error
        raise
    # Whatever else the call ends with is the finding of a later stage.
    response = await server.get(VERSION_PATH, tried)
    if response.status_code == 401:
        seen = f"HTTP 401 from {response.request.url.path} with a token that was given just before"
        raise make_error(FaultId.PRIVILEGE_MANAGER_TOKEN_REFUSED, tried, seen)
    return f"{account[:ACCOUNT_SHOWN]}, logged on with 1 attempt; its token is taken"


def _secret_refused_error(problem: Problem, accepted: PreviousSignIn) -> ConsoleError:
    """Return the error for a secret that was right until some time ago."""
    until = date_time(accepted.at, language=ENGLISH)
    return make_error(
        FaultId.PRIVILEGE_MANAGER_LOG_ON_REFUSED,
        problem.tried,
        problem.evidence,
        cause=f"The Client Secret that was accepted until {until} is refused now: it was reset, or the API Client was "
        "removed or switched off.",
        remedy="Look at the API Client under Admin > Users in Privilege Manager. Enter a secret again only if it was reset there.",
    )


async def check_account(server: PrivilegeManagerClient, account: str) -> str | StageResult:
    """Log off, and say whether the session ended."""
    told = account[:ACCOUNT_SHOWN]
    ended = await server.end_session("Log off")
    if ended is None:
        return StageResult.skipped(ACCOUNT, f"{told}: the server ended the session before the log-off")
    if ended.failure:
        return fault_result(ACCOUNT, FaultId.PRIVILEGE_MANAGER_LOG_OFF_FAILED, f"{told}: {ended.failure}")
    if ended.still_valid:
        seen = f"{told}, logged off; a call with its token is still answered"
        return fault_result(ACCOUNT, FaultId.PRIVILEGE_MANAGER_TOKEN_OUTLIVES_LOG_OFF, seen)
    if looks_like_a_user(account):
        return fault_result(
            ACCOUNT, FaultId.PRIVILEGE_MANAGER_USER_ACCOUNT, f"{told} is written like a user's name"
        )
    told += ", logged off again"
    return told if ended.still_valid is not None else f"{told}; whether its token has ended is not told"


def judge_roles(refused: Mapping[str, Problem], read: list[str]) -> StageResult:
    """Say what the API client may read. What it may change is seen only by changing something, which a check never does."""
    if refused:
        first = next(iter(refused.values()))
        seen = f"refused: {', '.join(refused)}; {first.evidence}"
        return fault_result(ROLES, FaultId.PRIVILEGE_MANAGER_READING_REFUSED, seen)
    changes = "whether it may change policies is not told without a change"
    if not read:
        return StageResult.skipped(ROLES, f"nothing was read; {changes}")
    return StageResult.skipped(ROLES, f"may read {', '.join(read)}; {changes}")
