"""The fault catalogue: everything the check can name, with its stage, owner, cause, remedy, and where that is known from."""

from dataclasses import dataclass

from services.connectivity.results import StageResult
from services.errors import Owner, Problem, RefusedError, UnreachableError
from services.redact import evidence as redacted
from services.servicenow.faults import FAULTS

SERVICE_STAGES = ("service_create", "service_status", "service_cancel")


@dataclass(frozen=True, slots=True)
class CheckFault:
    """One fault: the stages it shows at, what people see, why, who owns it, what to do, and the source of all that."""

    id: str
    stages: tuple[str, ...]
    owner: Owner
    people_see: str
    cause: str
    remedy: str
    source: str
    state: str = "failed"


_SN, _NET, _ME = Owner.SERVICENOW, Owner.NETWORK, Owner.CONSOLE
_R_PM, _R_SN, _SELF = "privilege-manager 6", "servicenow", "measured"


def _own(
    fault_id: str, stages: str, owner: Owner, see: str, cause: str, remedy: str, source: str
) -> CheckFault:
    return CheckFault(fault_id, _stages(stages), owner, see, cause, remedy, source)


def _warn(
    fault_id: str, stages: str, owner: Owner, see: str, cause: str, remedy: str, source: str
) -> CheckFault:
    return CheckFault(fault_id, _stages(stages), owner, see, cause, remedy, source, "warning")


def _call(fault_id: str, stages: str, see: str, source: str, state: str = "failed") -> CheckFault:
    """Return a fault that any call can end with; its words stand with the calls."""
    known = FAULTS[fault_id]
    return CheckFault(fault_id, _stages(stages), known.owner, see, known.cause, known.remedy, source, state)


def _stages(text: str) -> tuple[str, ...]:
    return SERVICE_STAGES if text == "service" else tuple(text.split())


_NOTHING = "No approval request leaves Privilege Manager."
_REFUSED = "Every request ends in an error about the sign-in."
_ITEM = "Requests fail when they are made, or nobody finds them in the catalogue."
_REQUEST = "Users send a request and it ends in an error."
_FOREVER = "Requests stay pending until they time out."

CATALOGUE: tuple[CheckFault, ...] = (
    _call("url-invalid", "url", _NOTHING, f"{_R_PM}, 24"),
    _call("dns-unknown-host", "dns", _NOTHING, f"{_R_PM}, C"),
    _own("dns-timeout", "dns", _NET, _NOTHING, "The name server is too slow.",
         "Ask the network team about the name servers of this machine.", f"{_R_PM}, C"),
    _own("proxy-invalid", "proxy", _ME, _NOTHING, "A proxy is written as http://HOST:PORT; other kinds are not used.",
         "Correct the proxy of the Foreign System.", f"{_R_PM}, C"),
    _own("proxy-unreachable", "proxy", _NET, _NOTHING, "The proxy cannot be reached.",
         "Check host and port of the proxy, and whether it runs.", f"{_R_PM}, C"),
    _own("proxy-timeout", "proxy", _NET, _NOTHING, "The proxy does not answer.",
         "Check whether this machine may reach the proxy.", f"{_R_PM}, C"),
    _call("proxy-sign-in", "http", _NOTHING, f"{_R_PM}, C"),
    _call("proxy-sign-in-refused", "http", _NOTHING, f"{_R_PM}, C"),
    _own("proxy-refuses", "http", _NET, _NOTHING, "The proxy does not connect to the instance.",
         "Have the proxy let connections to this host through.", f"{_R_PM}, C"),
    _call("tcp-refused", "tcp", _NOTHING, f"{_R_PM}, C"),
    _call("tcp-timeout", "tcp", _NOTHING, f"{_R_PM}, C"),
    _call("tls-certificate-expired", "tls", _NOTHING, f"{_R_PM}, 25"),
    _own("tls-certificate-not-yet-valid", "tls", _SN, _NOTHING,
         "The certificate is not valid yet, or the clock of this machine is slow.",
         "Compare the clock of this machine with the certificate's first day.", f"{_R_PM}, 25"),
    _call("tls-wrong-host", "tls", _NOTHING, f"{_R_PM}, 25"),
    _call("tls-untrusted", "tls", _NOTHING, f"{_R_PM}, 25"),
    _own("tls-self-signed", "tls", _SN, _NOTHING, "The server made its certificate itself; nobody vouches for it.",
         "Give the server a certificate of an authority, or set this one as CA bundle on the Foreign System.",
         f"{_R_PM}, 25"),
    _own("tls-intercepted", "tls", _NET, _NOTHING,
         "A device of the network opens encrypted connections and signs them with a CA of its own.",
         "Have that CA added to the system's trust store, or this host taken out of the inspection.", f"{_R_PM}, 25"),
    _own("tls-protocol-old", "tls", _SN, _NOTHING, "The server speaks only TLS versions that are no longer used.",
         "Switch TLS 1.2 or newer on at the server, or at the device in front of it.", f"{_R_PM}, C"),
    _own("tls-not-spoken", "tls", _NET, _NOTHING, "What listens on this port speaks no TLS.",
         "Check the port of the base URL.", f"{_R_PM}, C"),
    _own("tls-timeout", "tls", _NET, _NOTHING, "The server took the connection and never agreed on encryption.",
         "Look for a device in between that holds connections.", f"{_R_PM}, C"),
    _call("tls-failed", "tls", _NOTHING, f"{_R_PM}, C"),
    _own("tls-file-unreadable", "tls", _ME, _NOTHING, "The CA bundle or client certificate cannot be read.",
         "Name a PEM file that this console may read, on the Foreign System.", _SELF),
    _warn("tls-certificate-expires-soon", "tls", _SN, "Nothing yet.",
          "The certificate expires soon; approvals stop on that day.", "Renew the certificate.", f"{_R_PM}, 25"),
    _call("connection-lost", "tls http", _NOTHING, f"{_R_SN} 5"),
    _call("redirect-elsewhere", "http", _NOTHING, f"{_R_SN} 3"),
    _call("server-error", "http", _NOTHING, f"{_R_SN} 3"),
    _call("timeout", "http", _NOTHING, f"{_R_SN} 1.5"),
    _call("instance-hibernating", "instance", _NOTHING, f"{_R_SN} 3"),
    _call("instance-maintenance", "instance", _NOTHING, f"{_R_SN} 5"),
    _call("login-page", "instance", _NOTHING, f"{_R_SN} 3"),
    _own("sso-redirect", "instance", _SN, _NOTHING, "The instance sends every caller to single sign-on.",
         "Let web services sign in with basic authentication; single sign-on does not apply to them.", f"{_R_SN} 3"),
    _call("html-instead-of-data", "instance", _NOTHING, f"{_R_SN} 5"),
    _own("not-servicenow", "instance", _NET, _NOTHING, "What answers does not look like a ServiceNow instance.",
         "Check the base URL, and whether a proxy or portal answers in place of the instance.", f"{_R_PM}, 24"),
    _call("authentication-refused", "authentication", _REFUSED, f"{_R_SN} 1.4"),
    _own("authentication-mfa", "authentication", _SN, _REFUSED,
         "The account must enter a one-time password, which web services cannot.",
         "Make the account Web service access only, or take it out of multi-factor authentication.", f"{_R_SN} 1.3"),
    _call("rate-limited", "authentication", "Requests fail at busy hours.", f"{_R_SN} 3"),
    _call("reply-malformed", "authentication", _NOTHING, f"{_R_SN} 5"),
    _call("rights-missing", "authentication", _REQUEST, f"{_R_SN} 3", "warning"),
    _call("transaction-cancelled", "authentication", "Lists come incomplete.", f"{_R_SN} 3", "warning"),
    _call("query-ignored", "authentication", "Other records than those asked for appear.", f"{_R_SN} 3", "warning"),
    _own("account-inactive", "account", _SN, _REFUSED, "The account is not active.",
         "Activate the account in ServiceNow.", f"{_R_SN} 3"),
    _own("account-locked", "account", _SN, _REFUSED, "The account is locked out.",
         "Unlock the account in ServiceNow, and look for a program that still uses an old password.", f"{_R_SN} 3"),
    _warn("account-interactive", "account", _SN, "Nothing yet; later every request ends in an error about the sign-in.",
          "The account may sign in interactively; instances that restrict basic authentication refuse such accounts.",
          "Set Web service access only on the account, or give it snc_basic_auth_api_access.", f"{_R_PM}, 18"),
    _warn("role-admin-left", "roles", _SN, "Nothing; the account may do far more than it needs.",
          "The account may do everything. It takes admin only while the request items are made.",
          "Take admin away from the account.", f"{_R_SN} 0"),
    _warn("role-missing", "roles", _SN, _REQUEST,
          "The vendor asks for these roles; without them services or approvals cannot be read.",
          "Give the account the roles that are named.", f"{_R_SN} 0"),
    _warn("role-soap-missing", "roles", _SN, _REQUEST,
          "Where SOAP security is strict, scripted services refuse to be called by this account.",
          "Give the account soap_script and soap_query.", f"{_R_PM}, 17"),
    _warn("rate-limit-low", "limits", _SN, "Requests fail at busy hours.",
          "The instance takes fewer calls an hour from this account than one pending request needs.",
          "Raise the rate limit rule for this account, or let the Approval Process ask less often.", f"{_R_SN} 3"),
    _warn("clock-differs", "clock", _ME, "Times of requests look wrong, and they time out early or late.",
          "The clocks of this machine and of the instance differ.",
          "Let this machine take its time from a time server.", f"{_R_PM}, 25"),
    _own("request-item-missing", "request_item", _SN, _ITEM,
         "No request item that this account may see carries the variables of the contract.",
         "Run Create ServiceNow Approval Request Items, then choose the item on the Approval Process.", f"{_R_PM}, 22"),
    _own("request-item-stale", "request_item", _ME, _ITEM,
         "The item was made anew: the Approval Process still names the old one.",
         "Choose the new item on the Approval Process.", f"{_R_PM}, 22"),
    _own("request-item-inactive", "request_item", _SN, _ITEM, "The request item is not active.",
         "Activate the item in ServiceNow.", f"{_R_PM}, 22"),
    _own("request-item-category-inactive", "request_item", _SN, _ITEM, "The category of the request item is not active.",
         "Activate the category in ServiceNow.", f"{_R_SN} 4"),
    _own("request-item-catalogue-inactive", "request_item", _SN, _ITEM, "No catalogue of the request item is active.",
         "Activate the catalogue in ServiceNow, or put the item into another one.", f"{_R_SN} 4"),
    _own("request-item-not-orderable", "request_item", _SN, _ITEM, "The record is of a class that cannot be ordered.",
         "Choose a catalogue item; record producers, guides and content items raise no request.", f"{_R_SN} 4"),
    _own("request-item-variables", "request_item", _SN, "Approvers see requests with empty fields.",
         "The request item lacks variables of the contract.",
         "Add the missing variables to the item, spelled exactly alike and active.", f"{_R_SN} 0"),
    _call("service-missing", "service", _REQUEST, f"{_R_PM}, 21"),
    _own("service-inactive", "service", _SN, _REQUEST, "The service is not active.",
         "Switch Active on at the service.", f"{_R_PM}, 22"),
    _own("service-name-differs", "service", _ME, _REQUEST, "The name differs from the one on the instance.",
         "Use the name on the instance, or rename the service.", f"{_R_SN} 2"),
    _own("service-silent", "service", _SN, _REQUEST, "The service is there, but nothing answers under its name.",
         "Open the service in ServiceNow and compare its WSDL address; look for an access rule on it.", f"{_R_SN} 2"),
    _warn("service-duplicate", "service", _SN, "Requests are answered by one script now and by another later.",
          "Several services have this name; which of them answers is not defined.",
          "Rename or deactivate all but one of them.", f"{_R_SN} 2"),
    _own("service-swapped", "service", _ME, _REQUEST, "The names of the services stand in each other's place.",
         "Exchange the names on the Approval Process.", "peers 3, 2"),
    _call("service-contract", "service", _REQUEST, f"{_R_SN} 0"),
    _call("service-description-invalid", "service", _REQUEST, f"{_R_SN} 2"),
    _call("rights-missing", "service", _REQUEST, f"{_R_SN} 1.3"),
    _warn("wsdl-address-elsewhere", "service", _SN, "Other programs send their password to another host.",
          "The description names another address; this console calls the Foreign System's own.",
          "Set the instance's own URL (glide.servlet.uri), so that other clients do not go elsewhere.", f"{_R_SN} 2"),
    _call("accepted-only", "status_call", _FOREVER, f"{_R_SN} 2"),
    _call("reply-contract", "status_call", _FOREVER, f"{_R_PM}, 20"),
    _call("reply-malformed", "status_call", _FOREVER, f"{_R_SN} 2"),
    _call("status-unknown", "status_call", _FOREVER, f"{_R_SN} 0"),
    _call("soap-fault", "status_call", _FOREVER, f"{_R_SN} 1.4"),
    _warn("status-call-not-invalid", "status_call", _SN, "Requests that were removed stay pending.",
          "The script does not tell unknown requests apart.",
          "Let the status script answer invalid for an id it does not know.", f"{_R_SN} 0"),
    _warn("status-call-slow", "status_call", _SN, "Answers reach users late.",
          "One call takes a large part of the interval at which each pending request is asked about.",
          "Let the Approval Process ask less often, or have the script made faster.", f"{_R_PM}, C"),
    _warn("approval-flow-missing", "approval_flow", _SN, _FOREVER,
          "No workflow or flow is attached to the request item, so nobody is ever asked.",
          "Attach a workflow or flow with an approval to the item.", f"{_R_PM}, 22"),
    _warn("approval-flow-inactive", "approval_flow", _SN, _FOREVER,
          "The workflow of the request item is not active, so nobody is ever asked.",
          "Activate or publish the workflow.", f"{_R_SN} 4"),
    _warn("approval-not-requested", "approval_flow", _SN, _FOREVER,
          "Requests wait that nobody was asked about: the workflow or flow does not start, or finds no approver.",
          "Open the request that is named, and its workflow or flow; look whether the approvers it asks exist.",
          f"{_R_SN} 4"),
)  # fmt: skip
"""Every fault, in the order of the stages."""

_BY_PLACE = {(stage, fault.id): fault for fault in CATALOGUE for stage in fault.stages}


def fault_at(stage: str, fault_id: str) -> CheckFault | None:
    """Return what the catalogue says of a fault at a stage, or None."""
    return _BY_PLACE.get((stage, fault_id))


def found(stage: str, fault_id: str, evidence: str, *, cause: str = "", remedy: str = "") -> StageResult:
    """Return the result of a stage that found a fault; `cause` and `remedy` replace the general words."""
    fault = _BY_PLACE[stage, fault_id]
    return StageResult(
        stage,
        fault.state,
        redacted(evidence),
        fault_id,
        cause or fault.cause,
        fault.owner.value,
        remedy or fault.remedy,
    )


def problem_at(stage: str, fault_id: str, tried: str, evidence: str) -> Problem:
    """Return the five parts of a fault at a stage."""
    fault = _BY_PLACE[stage, fault_id]
    return Problem(
        tried=tried,
        evidence=redacted(evidence),
        cause=fault.cause,
        owner=fault.owner,
        remedy=fault.remedy,
        fault=fault_id,
    )


def unreachable(stage: str, fault_id: str, tried: str, evidence: str) -> UnreachableError:
    """Return the error to raise where the other side was not reached."""
    return UnreachableError(problem_at(stage, fault_id, tried, evidence))


def refused(stage: str, fault_id: str, tried: str, evidence: str) -> RefusedError:
    """Return the error to raise where the other side said no."""
    return RefusedError(problem_at(stage, fault_id, tried, evidence))
