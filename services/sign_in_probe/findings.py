"""The problems of a probe that no single call raises: they follow from how its rows differ."""

from models.sign_in import TOKEN_METHODS, SignInMethod
from models.translation_marks import tr_later
from services.common.errors import Owner, Problem
from services.common.fault_ids import FaultId
from services.servicenow import sign_in_candidates as possible
from services.servicenow.faults import make_problem

_PROFILES = {
    SignInMethod.BASIC: "Basic Auth",
    SignInMethod.CLIENT_CREDENTIALS: "OAuth",
    SignInMethod.PASSWORD_GRANT: "OAuth",
    SignInMethod.JWT_BEARER: "OAuth",
    SignInMethod.CERTIFICATE: "Certificate based Auth",
}
"""The inbound authentication profile that an access policy names for a method."""
_POLICIES = "System Web Services > API Access Policies > SOAP API Access Policies"
_MACHINE_ACCESS = "System Security > Machine Identity Access Controls"


def soap_refused_problem(problem: Problem, method: SignInMethod) -> Problem:
    """Return the problem of a description or service that refuses what the Table API accepted just before."""
    profile = _PROFILES[method]
    return make_problem(
        problem.fault,
        problem.tried,
        problem.evidence,
        cause="The Table API accepts this sign-in and this call is refused. Which rule refuses it cannot be distinguished "
        "from here.",
        remedy=f"Look, the likeliest first: the SOAP API access policy of the service ({_POLICIES}; Inbound Authentication must "
        f"list {profile}); the Machine Identity Access Controls of the account ({_MACHINE_ACCESS}; the service must be listed); "
        "the system property glide.soap.require_ws_security.",
        candidates=possible.REFUSED_ON_SOAP,
    )


def account_hidden_problem(tried: str, evidence: str) -> Problem:
    """Return the problem of a Table API that accepts the call and shows no record of the account."""
    return Problem(
        tried=tried,
        evidence=evidence,
        cause=tr_later(
            "The Table API accepts the sign-in, and the user record of the account is not visible to it. Whether the calls run "
            "as this account cannot be distinguished from here."
        ),
        owner=Owner.SERVICENOW,
        remedy=tr_later(
            "Look, the likeliest first: whether Account Name is the User ID of the account behind the client (OAuth Application "
            "User) or certificate; the read and query ACLs of the table sys_user; the domain of the account."
        ),
        fault=FaultId.SIGN_IN_ACCOUNT_UNPROVEN,
    )


def guest_problem(tried: str, evidence: str, method: SignInMethod) -> Problem:
    """Return the problem of a call that ran as the guest user, as the instance itself says."""
    fault = FaultId.AUTHENTICATION_REFUSED
    if method in TOKEN_METHODS:
        fault = FaultId.OAUTH_TOKEN_GUEST
    elif method is SignInMethod.CERTIFICATE:
        fault = FaultId.CERTIFICATE_REFUSED
    return make_problem(fault, tried, evidence)


def guest_unknown_problem(tried: str, evidence: str) -> Problem:
    """Return the problem of a service that gives the same answer without a sign-in."""
    return Problem(
        tried=tried,
        evidence=evidence,
        cause=tr_later(
            "The status service gives the same answer to a call without a sign-in. Whether its calls run as the account or as "
            "the guest user cannot be distinguished from here."
        ),
        owner=Owner.SERVICENOW,
        remedy=tr_later(
            "Look at the system property glide.basicauth.required.soap: with false, a call with a refused sign-in runs as the "
            "guest user. Set it to true, and probe again."
        ),
        fault=FaultId.SIGN_IN_ACCOUNT_UNPROVEN,
    )


def answer_unexpected_problem(tried: str, word: str) -> Problem:
    """Return the problem of a status service that knows an id that nobody made."""
    return Problem(
        tried=tried,
        evidence=f"An ID that cannot exist is answered with {word}",
        cause=tr_later(
            "The sign-in is accepted, and the status service answers an unknown ID as if it knew it."
        ),
        owner=Owner.SERVICENOW,
        remedy=tr_later("Let the script of the status service answer an unknown ID with invalid."),
        fault=FaultId.STATUS_CALL_NOT_INVALID,
    )
