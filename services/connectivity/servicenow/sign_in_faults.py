"""What the check names of tokens, access policies and Basic Auth Restriction: entries of the fault catalog.

Sources: ServiceNow's documentation of inbound OAuth, of REST and SOAP API access policies, and of Basic Auth Restriction.
"""

from dataclasses import replace

from models.translation_marks import tr_later
from services.common.errors import Owner
from services.common.fault_ids import FaultId
from services.connectivity.fault_catalog import CheckFault, declare_faults, failure, table_fault, warning
from services.servicenow import sign_in_candidates as possible
from services.servicenow.faults import FAULTS

_SN = Owner.SERVICENOW
_DOC = "ServiceNow documentation"
_OAUTH, _RESTRICTION = f"{_DOC}: inbound OAuth", f"{_DOC}: Basic Auth Restriction"
_TOKENS_END = tr_later(
    "Every request ends in an error about the sign-in, though the Client ID and its secret were entered."
)
_SOAP_STAGES = "service_create service_status service_cancel status_call"


def _call(fault_id: FaultId, see: str, source: str) -> CheckFault:
    return table_fault(FAULTS, fault_id, "authentication", see, source)


declare_faults(
    _call(FaultId.OAUTH_TOKEN_REFUSED, _TOKENS_END, f"{_OAUTH}: almost every failure has the same reply"),
    _call(FaultId.OAUTH_CLIENT_UNKNOWN, _TOKENS_END, "RFC 6749, 5.2: unauthorized_client"),
    _call(FaultId.OAUTH_TOKEN_UNAVAILABLE, tr_later("Requests fail from time to time, and work when they are repeated."),
          f"{_OAUTH}: token endpoint"),
    _call(FaultId.OAUTH_REPLY_UNREADABLE, _TOKENS_END, f"{_OAUTH}: response parameters"),
    _call(FaultId.OAUTH_PRIVATE_KEY_UNUSABLE, tr_later("This console sends nothing to the server."),
          "RFC 7518, 3.1: algorithms and the keys they need"),
    _call(FaultId.OAUTH_TOKEN_REJECTED,
          tr_later("Every request fails with 401, though the instance gives this console an access token."), _OAUTH),
    _call(FaultId.OAUTH_CLIENT_SCOPED, tr_later("Every request fails with 403, though the user behind the token has its roles."),
          f"{_DOC}: REST API Auth Scope"),
    _call(FaultId.OAUTH_OTHER_ACCOUNT,
          tr_later("Requests and decisions run under the name of another user than the one chosen here."), _OAUTH),
    table_fault(FAULTS, FaultId.OAUTH_TOKEN_GUEST, "status_call",
          tr_later("Services answer “no access” or do not know any request, though no call is refused."),
          f"{_DOC}: SOAP web service security"),
    _call(FaultId.ACCESS_POLICY_KIND,
          tr_later("Every request fails with 401, though the instance gives this console an access token."),
          f"{_DOC}: API access policies"),
    replace(failure(
        FaultId.OAUTH_TOKEN_SOAP_REFUSED, _SOAP_STAGES, _SN,
        tr_later("Reading records works with the access token, and calling the three services fails with 401."),
        tr_later("The access token is accepted for REST and refused for SOAP."),
        tr_later("Let the SOAP API access policy of the services, or the global one of the SOAP processor, list OAuth."),
        f"{_DOC}: SOAP API access policies"), candidates=possible.REFUSED_ON_SOAP),
    replace(failure(
        FaultId.ACCESS_POLICY_SOAP_REFUSED, _SOAP_STAGES, _SN,
        tr_later("Reading records works with this sign-in, and calling the three services fails with 401."),
        tr_later("The sign-in is accepted for REST and refused for SOAP."),
        tr_later("Let the SOAP API access policy of the services, or the global one of the SOAP processor, list this kind of "
        "sign-in."),
        f"{_DOC}: SOAP API access policies"), candidates=possible.REFUSED_ON_SOAP),
    warning(
        FaultId.OAUTH_PASSWORD_GRANT_ACCOUNT, "account", _SN,
        tr_later("Nothing yet, or requests fail with 401 as soon as the access token has ended."),
        tr_later("The user has Web service access only; the password grant asks for a user with interactive access."),
        tr_later("Use client credentials or JWT bearer for this user, or take away Web service access only."),
        f"{_DOC}: OAuth API request parameters"),
    warning(
        FaultId.BASIC_AUTH_RESTRICTION_TRACKED, "account", _SN,
        tr_later("Nothing yet. From the enforcement date every request fails with 401."),
        tr_later("The instance tracks basic authentication in order to restrict it, and nothing that can be seen exempts this account."),
        tr_later("Move this server off passwords, or exempt the account: Web service access only, or the role "
        "snc_basic_auth_api_access."), _RESTRICTION),
    warning(
        FaultId.BASIC_AUTH_RESTRICTION_ENFORCED, "account", _SN,
        tr_later("Nothing yet. When the exemption of the account is taken away, every request fails with 401."),
        tr_later("Basic authentication is restricted; the account is let in by an exemption that cannot be seen from here."),
        tr_later("Move this server off passwords. Look at glide.authenticate.basic_auth.allowed_users, and at the decision for the "
        "account in sys_user_basic_auth_exception."), _RESTRICTION),
)  # fmt: skip
