"""The fault catalog: everything the check can name, with its stage, owner, cause, remedy, and where that is known from.

A stage module declares the faults that only its stages have (`declare_faults`); the other ones are listed here.
"""

from dataclasses import dataclass, replace
from functools import cache

from models.check_stages import ALL_STAGES, PROCESS_STAGES, REACH_STAGES
from models.translation_marks import tr_later
from services.common.errors import Candidate, Owner, Problem, RefusedError, UnreachableError
from services.common.fault_ids import FaultId, FaultTrait
from services.common.redaction import evidence_excerpt as redacted
from services.connectivity.fault_symptoms import find_symptom
from services.connectivity.report import StageResult, StageState
from services.privilege_manager.faults import FAULTS as PRIVILEGE_MANAGER_FAULTS
from services.servicenow.faults import FAULTS
from services.transport.faults import FaultTable

SERVICE_STAGES = ("service_create", "service_status", "service_cancel")


@dataclass(frozen=True, slots=True)
class CheckFault:
    """One fault: the stages it shows at, what people see, why, who owns it, what to do, and the source of all that.

    `state` is what a stage that found it ends with: failed or warning.
    """

    id: FaultId
    stages: tuple[str, ...]
    owner: Owner
    symptom: str
    cause: str
    remedy: str
    source: str
    state: StageState = StageState.FAILED
    candidates: tuple[Candidate, ...] = ()
    """The possible causes, the likeliest first, where the server does not say which one it is."""


_SN, _NET, _ME = Owner.SERVICENOW, Owner.NETWORK, Owner.CONSOLE

# Where the words are known from: a vendor's page or area, a standard, or what was seen.
_DOC, _PM = "ServiceNow documentation", "Privilege Manager documentation, Set up ServiceNow"
_SEEN = "Observed on real sockets, and brought about so by the tests of the check"
_CLIENTS = "Observed by public clients of ServiceNow, which look for this in every answer"
_WSDLS = "Observed on descriptions of services that their owners made public"
_VALIDITY, _PATH = "RFC 5280, 4.1.2.5: validity", "RFC 5280, 6: certification path validation"
_CONTRACT = f"{_PM}: inputs, outputs and words of the three services"
_SCRIPTED, _SOAP_ROLES = (
    f"{_DOC}: scripted web services",
    f"{_DOC}: SOAP web service roles and strict security",
)
_USERS, _CATALOG, _APPROVALS = f"{_DOC}: users", f"{_DOC}: Service Catalog", f"{_DOC}: approvals"
_VAULT = "How this console keeps passwords: bound to scheme, host and port"


def failure(
    fault_id: FaultId, stages: str, owner: Owner, see: str, cause: str, remedy: str, source: str
) -> CheckFault:
    """Return a fault with which a stage fails; `stages` are keys separated by spaces."""
    return _with_symptom(CheckFault(fault_id, _parse_stages(stages), owner, see, cause, remedy, source))


def warning(
    fault_id: FaultId, stages: str, owner: Owner, see: str, cause: str, remedy: str, source: str
) -> CheckFault:
    """Return a fault with which a stage ends as a warning; `stages` are keys separated by spaces."""
    return _with_symptom(
        CheckFault(fault_id, _parse_stages(stages), owner, see, cause, remedy, source, StageState.WARNING)
    )


def table_fault(
    table: FaultTable,
    fault_id: FaultId,
    stages: str,
    see: str,
    source: str,
    state: StageState = StageState.FAILED,
) -> CheckFault:
    """Return a fault that calls can end with; its words stand with the calls, in their `table`."""
    known = table[fault_id]
    return _with_symptom(
        CheckFault(
            fault_id,
            _parse_stages(stages),
            known.owner,
            see,
            known.cause,
            known.remedy,
            source,
            state,
            known.candidates,
        )
    )


def _call_fault(
    fault_id: FaultId, stages: str, see: str, source: str, state: StageState = StageState.FAILED
) -> CheckFault:
    """Return a fault that any call to an instance can end with."""
    return table_fault(FAULTS, fault_id, stages, see, source, state)


def _with_symptom(fault: CheckFault) -> CheckFault:
    """Return a fault with its own text of what people see, where `fault_symptoms` has one."""
    return replace(fault, symptom=find_symptom(fault.id, fault.stages) or fault.symptom)


def _parse_stages(text: str) -> tuple[str, ...]:
    return SERVICE_STAGES if text == "service" else tuple(text.split())


_NOTHING = "No approval request leaves Privilege Manager."
_REFUSED = "Every request ends in an error about the sign-in."
_ITEM = "Requests fail when they are submitted."
_REQUEST = "Users send a request and it ends in an error."
_FOREVER = "Requests stay pending until they time out."

_LISTED_FAULTS: tuple[CheckFault, ...] = (
    _call_fault(FaultId.URL_INVALID, "url", _NOTHING, f"{_PM}: base URL"),
    _call_fault(FaultId.DNS_UNKNOWN_HOST, "dns", _NOTHING, _SEEN),
    failure(FaultId.DNS_TIMEOUT, "dns", _NET, _NOTHING, tr_later("The name server is too slow."),
         tr_later("Ask the network team about the name servers of this machine."), _SEEN),
    failure(FaultId.PROXY_INVALID, "proxy", _ME, _NOTHING, tr_later("A proxy is written as http://HOST:PORT; other kinds are not used."),
         tr_later("Correct the proxy of the Foreign System."), "How this console calls: through HTTP proxies only"),
    failure(FaultId.PROXY_UNREACHABLE, "proxy", _NET, _NOTHING, tr_later("The proxy cannot be reached."),
         tr_later("Check host and port of the proxy, and whether it runs."), _SEEN),
    failure(FaultId.PROXY_TIMEOUT, "proxy", _NET, _NOTHING, tr_later("The proxy does not answer."),
         tr_later("Check whether this machine may reach the proxy."), _SEEN),
    _call_fault(FaultId.PROXY_SIGN_IN, "http", _NOTHING, "RFC 9110, 15.5.8: 407 Proxy Authentication Required"),
    _call_fault(FaultId.PROXY_SIGN_IN_REFUSED, "http", _NOTHING, "RFC 9110, 15.5.8: 407 Proxy Authentication Required"),
    _call_fault(FaultId.PROXY_SIGN_IN_UNSUPPORTED, "http", "Nobody can send an approval request; the proxy turns every call away.",
          "RFC 9110, 11.7.1: Proxy-Authenticate; this console speaks Basic to proxies"),
    failure(FaultId.PROXY_REFUSES, "http", _NET, _NOTHING, tr_later("The proxy does not connect to the instance."),
         tr_later("Have the proxy let connections to this host through."), "RFC 9110, 9.3.6: CONNECT"),
    _call_fault(FaultId.TCP_REFUSED, "tcp", _NOTHING, _SEEN),
    _call_fault(FaultId.TCP_TIMEOUT, "tcp", _NOTHING, _SEEN),
    _call_fault(FaultId.TLS_CERTIFICATE_EXPIRED, "tls", _NOTHING, _VALIDITY),
    failure(FaultId.TLS_CERTIFICATE_NOT_YET_VALID, "tls", _SN, _NOTHING,
         tr_later("The certificate is not valid yet, or the clock of this machine is slow."),
         tr_later("Compare the clock of this machine with the certificate's first day."), _VALIDITY),
    _call_fault(FaultId.TLS_WRONG_HOST, "tls", _NOTHING, "RFC 9525: service identity in TLS"),
    _call_fault(FaultId.TLS_UNTRUSTED, "tls", _NOTHING, _PATH),
    failure(FaultId.TLS_SELF_SIGNED, "tls", _SN, _NOTHING, tr_later("The server made its certificate itself; no authority has signed it."),
         tr_later("Give the server a certificate of an authority, or set this one as CA bundle on the Foreign System."),
         _PATH),
    failure(FaultId.TLS_INTERCEPTED, "tls", _NET, _NOTHING,
         tr_later("A device of the network opens encrypted connections and signs them with a CA of its own."),
         tr_later("Have that CA added to the system's trust store, or this host taken out of the inspection."),
         "The names that inspecting devices give to their own authorities"),
    failure(FaultId.TLS_PROTOCOL_OLD, "tls", _SN, _NOTHING, tr_later("The server speaks only TLS versions that are no longer used."),
         tr_later("Switch TLS 1.2 or newer on at the server, or at the device in front of it."),
         "RFC 8996: TLS 1.0 and TLS 1.1 are deprecated"),
    failure(FaultId.TLS_NOT_SPOKEN, "tls", _NET, _NOTHING, tr_later("The service on this port does not use TLS."),
         tr_later("Check the port of the base URL."), _SEEN),
    failure(FaultId.TLS_TIMEOUT, "tls", _NET, _NOTHING, tr_later("The server took the connection and did not complete the TLS handshake."),
         tr_later("Look for a device in between that holds connections."), _SEEN),
    _call_fault(FaultId.TLS_FAILED, "tls", _NOTHING, "RFC 8446, 6.2: error alerts"),
    failure(FaultId.TLS_FILE_UNREADABLE, "tls", _ME, _NOTHING, tr_later("The CA bundle or client certificate cannot be read."),
         tr_later("Name a PEM file that this console may read, on the Foreign System."),
         "Observed: what the TLS library says of such a file"),
    warning(FaultId.TLS_CERTIFICATE_EXPIRES_SOON, "tls", _SN, "Nothing yet.",
          tr_later("The certificate expires soon; approvals stop on that day."), tr_later("Renew the certificate."), _VALIDITY),
    _call_fault(FaultId.CONNECTION_LOST, "tls http", _NOTHING, _SEEN),
    _call_fault(FaultId.REDIRECT_ELSEWHERE, "http", _NOTHING, "RFC 9110, 15.4: redirection; this console follows none"),
    _call_fault(FaultId.SERVER_ERROR, "http", _NOTHING, f"{_DOC}: REST API HTTP response codes"),
    _call_fault(FaultId.TIMEOUT, "http", _NOTHING, f"{_DOC}: glide.soap.request_processing_timeout"),
    _call_fault(FaultId.REPLY_DAMAGED, "http", "Requests fail now and then, or every time, with an answer that cannot be read.",
          "RFC 9110, 8.4 and 8.6, and RFC 9112, 7.1: content coding, length and chunks of a message"),
    _call_fault(FaultId.ANSWER_TOO_LARGE, "http", _NOTHING, "How this console reads: no answer beyond 32 MiB, none packed twice"),
    _call_fault(FaultId.INSTANCE_HIBERNATING, "instance", _NOTHING, _CLIENTS),
    _call_fault(FaultId.INSTANCE_MAINTENANCE, "instance", _NOTHING,
          "Its words, “maintenance” or “upgrade in progress”; no page of the vendor describes it"),
    _call_fault(FaultId.LOGIN_PAGE, "instance", _NOTHING, _CLIENTS),
    failure(FaultId.SSO_REDIRECT, "instance", _SN, _NOTHING, tr_later("The instance sends every caller to single sign-on."),
         tr_later("Let web services sign in with basic authentication; single sign-on does not apply to them."), _CLIENTS),
    _call_fault(FaultId.HTML_INSTEAD_OF_DATA, "instance", _NOTHING, _CLIENTS),
    failure(FaultId.NOT_SERVICENOW, "instance", _NET, _NOTHING, tr_later("The server that responds is not a ServiceNow instance."),
         tr_later("Check the base URL, and whether a proxy or portal answers in place of the instance."), _SEEN),
    failure(FaultId.CREDENTIAL_MISSING, "authentication", _ME, _REFUSED, tr_later("No User Credential is chosen on the Foreign System."),
         tr_later("Choose a User Credential on the Foreign System."), f"{_PM}: credential of the Foreign System"),
    failure(FaultId.SECRET_MISSING, "authentication", _ME, _REFUSED, tr_later("No password is stored for the User Credential."),
         tr_later("Enter the password on the User Credential."), _VAULT),
    failure(FaultId.SECRET_NOT_FOR_HOST, "authentication", _ME, _REFUSED,
         tr_later("The password was entered for another scheme, host or port, and was not sent to this one."),
         tr_later("Enter the password again, if the address of the Foreign System is right."), _VAULT),
    failure(FaultId.PASSWORD_MASKED, "authentication", _ME, _REFUSED,
         tr_later("The stored text is not a password: it is empty, masked with dots, or has a line break."),
         tr_later("Enter the password itself on the User Credential."), _VAULT),
    failure(FaultId.VAULT_UNUSABLE, "authentication", _ME, _REFUSED, tr_later("The vault that keeps the passwords cannot be read."),
         tr_later("Unlock it, or choose another vault with --vault."), _VAULT),
    _call_fault(FaultId.PROXY_FAILED, "authentication", _NOTHING, _SEEN),
    _call_fault(FaultId.AUTHENTICATION_REFUSED, "authentication", _REFUSED,
          f"{_DOC}: basic authentication restriction, login lockout, API access policies; one reply stands for all"),
    _call_fault(FaultId.BASIC_AUTH_NOT_OFFERED, "authentication", "Every request is turned away before ServiceNow looks at it.",
          "RFC 9110, 11.6.1: WWW-Authenticate"),
    _call_fault(FaultId.ACCESS_POLICY_REFUSED, "authentication", "Every request is turned away as forbidden.",
          f"{_DOC}: IP Address Access Control, and API access policies"),
    _call_fault(FaultId.AUTHENTICATION_MFA, "authentication", _REFUSED, f"{_DOC}: REST API, header X-MFA_TOKEN"),
    _call_fault(FaultId.RATE_LIMITED, "authentication", "Requests fail at busy hours.", f"{_DOC}: inbound REST API rate limiting"),
    _call_fault(FaultId.REPLY_MALFORMED, "authentication", _NOTHING, _SEEN),
    _call_fault(FaultId.RIGHTS_MISSING, "authentication", _REQUEST, f"{_DOC}: REST API HTTP response codes", StageState.WARNING),
    _call_fault(FaultId.RECORD_MISSING, "authentication", "Lists come incomplete.", f"{_DOC}: Table API", StageState.WARNING),
    _call_fault(FaultId.OPERATION_ABORTED, "authentication", _REQUEST, f"{_DOC}: REST API HTTP response codes", StageState.WARNING),
    _call_fault(FaultId.QUERY_IGNORED, "authentication", "Other records than those asked for appear.",
          f"{_DOC}: glide.invalid_query.returns_no_rows", StageState.WARNING),
    failure(FaultId.ACCOUNT_INACTIVE, "account", _SN, _REFUSED, tr_later("The account is not active."),
         tr_later("Activate the account in ServiceNow."), _USERS),
    failure(FaultId.ACCOUNT_LOCKED, "account", _SN, _REFUSED, tr_later("The account is locked out."),
         tr_later("Unlock the account in ServiceNow, and look for a program that still uses an old password."),
         f"{_DOC}: lockout for failed login attempts"),
    warning(FaultId.ACCOUNT_INTERACTIVE, "account", _SN, "Nothing yet; later every request ends in an error about the sign-in.",
          tr_later("The account may sign in interactively; instances that restrict basic authentication refuse such accounts."),
          tr_later("Set Web service access only on the account, or give it snc_basic_auth_api_access."),
          f"{_DOC}: basic authentication restriction"),
    warning(FaultId.ROLE_ADMIN_LEFT, "roles", _SN, "Nothing; the account may do far more than it needs.",
          tr_later("The account may do everything. It takes admin only while the request items are made."),
          tr_later("Take admin away from the account."), f"{_PM}: roles of the account"),
    _call_fault(FaultId.RIGHTS_MISSING, "roles", "Requests end in an error that names missing rights, or nobody can follow them.",
          f"{_DOC}: access control list rules; {_SOAP_ROLES.partition(': ')[2]}"),
    warning(FaultId.ROLE_MISSING, "roles", _SN, _REQUEST,
          tr_later("The vendor asks for these roles; without them services or approvals cannot be read."),
          tr_later("Give the account the roles that are named."), f"{_PM}: roles of the account"),
    warning(FaultId.ROLE_SOAP_MISSING, "roles", _SN, _REQUEST,
          tr_later("Where SOAP security is strict, scripted services refuse to be called by this account."),
          tr_later("Give the account soap_script and soap_query."), _SOAP_ROLES),
    _call_fault(FaultId.TRANSACTION_CANCELLED, "limits", "The state of requests is not updated, and lists stay empty or old.",
          f"{_DOC}: default transaction quota rules"),
    failure(FaultId.REQUEST_ITEM_MISSING, "request_item", _SN, _ITEM,
         tr_later("No request item that this account may see carries the variables of the contract."),
         tr_later("Run Create ServiceNow Approval Request Items, then choose the item on the Approval Process."),
         f"{_PM}: Create ServiceNow Approval Request Items"),
    failure(FaultId.REQUEST_ITEM_HIDDEN, "request_item", _SN, _ITEM,
         tr_later("The request item is there, and a rule of the instance hides it from this account. Which rule cannot be "
         "distinguished from here."),
         tr_later("Look, the likeliest first: at the user criteria of the item (Available for, Not available for); at its domain and the "
         "domain of the account, where domain separation is used; at the read and query rules (Access Control, ACL) of sc_cat_item. "
         "Owner: the administrator of the service catalog, or who has the role security_admin."),
         f"{_DOC}: user criteria, domain separation, query access control rules"),
    failure(FaultId.REQUEST_ITEM_UNSEEN, "request_item", _SN, _ITEM,
         tr_later("The account does not see the request item. Whether it does not exist, or a rule of the instance hides it, cannot be "
         "distinguished from here."),
         tr_later("Look, the likeliest first: whether the item is there (Create ServiceNow Approval Request Items); at the query rules "
         "(Access Control, operation query_range or query_match) of sc_cat_item; at the domain of the account, where domain separation "
         "is used; at user criteria. Owner: who has the role security_admin."),
         f"{_DOC}: user criteria, domain separation, query access control rules"),
    failure(FaultId.REQUEST_ITEM_STALE, "request_item", _ME, _ITEM,
         tr_later("The item was created again: the Approval Process still names the old one."),
         tr_later("Choose the new item on the Approval Process."), "Public create scripts, which carry the sys_id of the item"),
    failure(FaultId.REQUEST_ITEM_INACTIVE, "request_item", _SN, _ITEM, tr_later("The request item is not active."),
         tr_later("Activate the item in ServiceNow."), _CATALOG),
    failure(FaultId.REQUEST_ITEM_CATEGORY_INACTIVE, "request_item", _SN, _ITEM, tr_later("The category of the request item is not active."),
         tr_later("Activate the category in ServiceNow."), _CATALOG),
    failure(FaultId.REQUEST_ITEM_CATALOGUE_INACTIVE, "request_item", _SN, _ITEM, tr_later("No catalog of the request item is active."),
         tr_later("Activate the catalog in ServiceNow, or put the item into another one."), _CATALOG),
    failure(FaultId.REQUEST_ITEM_NOT_ORDERABLE, "request_item", _SN, _ITEM, tr_later("The record is of a class that cannot be ordered."),
         tr_later("Choose a catalog item; record producers, guides and content items raise no request."), _CATALOG),
    failure(FaultId.REQUEST_ITEM_VARIABLES, "request_item", _SN, "Approvers see requests with empty fields.",
         tr_later("The request item lacks variables of the contract."),
         tr_later("Add the missing variables to the item, spelled exactly as listed and active."), _CONTRACT),
    _call_fault(FaultId.INPUT_UNSENDABLE, "service", _REQUEST, "Extensible Markup Language 1.0, 2.2: characters"),
    _call_fault(FaultId.SERVICE_MISSING, "service", _REQUEST, _SCRIPTED),
    failure(FaultId.SERVICE_INACTIVE, "service", _SN, _REQUEST, tr_later("The service is not active."),
         tr_later("Switch Active on at the service."), _SCRIPTED),
    failure(FaultId.SERVICE_NAME_DIFFERS, "service", _ME, _REQUEST, tr_later("The name differs from the one on the instance."),
         tr_later("Use the name on the instance, or rename the service."), f"{_PM}: names of the services"),
    failure(FaultId.SERVICE_SILENT, "service", _SN, _REQUEST, tr_later("The service is there, but nothing answers under its name."),
         tr_later("Open the service in ServiceNow and compare its WSDL address; look for an access rule on it."),
         f"{_DOC}: SOAP API access policies"),
    warning(FaultId.SERVICE_DUPLICATE, "service", _SN, "Requests are answered by one script now and by another later.",
          tr_later("Several services have this name; which of them answers is not defined."),
          tr_later("Rename or deactivate all but one of them."), f"{_SCRIPTED}, which asks for no unique name"),
    failure(FaultId.SERVICE_SWAPPED, "service", _ME, _REQUEST, tr_later("The names of the services are swapped."),
         tr_later("Swap the names on the Approval Process."), _CONTRACT),
    _call_fault(FaultId.SERVICE_CONTRACT, "service", _REQUEST, _CONTRACT),
    _call_fault(FaultId.SERVICE_INPUT_TYPE, "service", "A reason or a path arrives as another text, or the request ends in an error.",
          "XML Schema Part 2: lexical space of boolean, integer and other types"),
    _call_fault(FaultId.SERVICE_DESCRIPTION_INVALID, "service", _REQUEST, _WSDLS),
    _call_fault(FaultId.RIGHTS_MISSING, "service", _REQUEST, _SOAP_ROLES),
    warning(FaultId.WSDL_ADDRESS_ELSEWHERE, "service", _SN, "Other programs send their password to another host.",
          tr_later("The WSDL names another address; this console calls the Foreign System's own."),
          tr_later("Set the instance's own URL (glide.servlet.uri), so that other clients do not go elsewhere."), _WSDLS),
    _call_fault(FaultId.ACCEPTED_ONLY, "status_call", _FOREVER, "RFC 9110, 15.3.3: 202 Accepted"),
    _call_fault(FaultId.REPLY_CONTRACT, "status_call", _FOREVER, f"{_SCRIPTED}, WSDL compliance"),
    _call_fault(FaultId.REPLY_MALFORMED, "status_call", _FOREVER, _SEEN),
    _call_fault(FaultId.STATUS_UNKNOWN, "status_call", _FOREVER, _CONTRACT),
    _call_fault(FaultId.SOAP_FAULT, "status_call", _FOREVER, "ServiceNow knowledge base: KB0758043"),
    warning(FaultId.STATUS_CALL_NOT_INVALID, "status_call", _SN, "Requests that were removed stay pending.",
          tr_later("The script does not tell unknown requests apart."),
          tr_later("Let the status script answer invalid for an id it does not know."), _CONTRACT),
    warning(FaultId.STATUS_CALL_SLOW, "status_call", _SN, "Answers reach users late.",
          tr_later("One call takes a large part of the interval at which each pending request is polled."),
          tr_later("Let the Approval Process ask less often, or have the script made faster."),
          f"{_PM}: check request status every"),
    warning(FaultId.APPROVAL_FLOW_MISSING, "approval_flow", _SN, _FOREVER,
          tr_later("No workflow or flow is attached to the request item, so nobody is ever asked."),
          tr_later("Attach a workflow or flow with an approval to the item."), _APPROVALS),
    warning(FaultId.APPROVAL_FLOW_INACTIVE, "approval_flow", _SN, _FOREVER,
          tr_later("The workflow of the request item is not active, so nobody is ever asked."),
          tr_later("Activate or publish the workflow."), _APPROVALS),
    failure(FaultId.APPROVERS_MISSING, "approval_flow", _SN, "Requests wait, and no approver is ever asked.",
         tr_later("The group that is to approve has no member who is active and can sign in."),
         tr_later("Add an active member to the group that is named, or let the workflow ask another group."), _APPROVALS),
    warning(FaultId.APPROVAL_NOT_REQUESTED, "approval_flow", _SN, _FOREVER,
          tr_later("Requests wait that nobody was asked about: the workflow or flow does not start, or finds no approver."),
          tr_later("Open the request that is named, and its workflow or flow; look whether the approvers it asks exist."),
          _APPROVALS),
)  # fmt: skip
"""The faults that no stage module declares, in the order of the stages."""
_declared: list[CheckFault] = []


CALL_STAGES = ("authentication", *PROCESS_STAGES)
"""The stages that call the instance signed in: what can befall any call can befall each of them."""


CALLS_OF_KINDS = (
    (FAULTS, CALL_STAGES),
    (PRIVILEGE_MANAGER_FAULTS, ("authentication", "version", "actions", "policies")),
)
"""For each kind of system, what its calls can end with and the stages that make calls."""


def declare_faults(*faults: CheckFault) -> None:
    """Add the faults of a stage to the catalog; called by the module of the stage."""
    _declared.extend(faults)
    all_faults.cache_clear()
    _by_stage_and_id.cache_clear()


@cache
def all_faults() -> tuple[CheckFault, ...]:
    """Return the catalog in the order of the stages: within a stage, declared faults follow the listed ones.

    `services.connectivity.complete_catalog` offers it with the faults of every module; here it has those of the modules
    that are imported.
    """
    faults = list(_LISTED_FAULTS)
    for fault in _declared:
        own = ALL_STAGES.index(fault.stages[0])
        before = [i for i, other in enumerate(faults) if ALL_STAGES.index(other.stages[0]) <= own]
        faults.insert(before[-1] + 1 if before else 0, fault)
    return tuple(faults)


@cache
def _by_stage_and_id() -> dict[tuple[str, str], CheckFault]:
    return {(stage, fault.id): fault for fault in all_faults() for stage in fault.stages}


def find_fault(stage: str, fault_id: str) -> CheckFault | None:
    """Return what the catalogue says of a fault at a stage, or None."""
    return _by_stage_and_id().get((stage, fault_id))


def faults_by_id(fault_id: str) -> list[CheckFault]:
    """Return every entry of an id: one that means another thing at another stage has one for each."""
    return [fault for fault in all_faults() if fault.id == fault_id]


def find_fault_or_similar(stage: str, fault_id: str) -> CheckFault | None:
    """Return the entry to read about a finding: that of its stage, else the first of its id, or None."""
    return find_fault(stage, fault_id) or next(iter(faults_by_id(fault_id)), None)


def other_stages(fault: CheckFault) -> tuple[str, ...]:
    """Return the other stages that can end with the id of `fault`, in the order of a check."""
    named = {stage for other in faults_by_id(fault.id) for stage in other.stages}
    if FaultTrait.ANY_CALL in fault.id.traits:
        for table, stages in CALLS_OF_KINDS:
            if fault.id in table:
                named.update(stages)
    return tuple(stage for stage in ALL_STAGES if stage in named and stage not in fault.stages)


def find_other_owner(fault: CheckFault) -> Owner | None:
    """Return who owns a fault on a Privilege Manager Server, where that is not its owner on a ServiceNow Server."""
    shared = any(stage in REACH_STAGES for stage in fault.stages)
    return Owner.PRIVILEGE_MANAGER if fault.owner is Owner.SERVICENOW and shared else None


def fault_result(
    stage: str,
    fault_id: FaultId,
    evidence: str,
    *,
    cause: str = "",
    remedy: str = "",
    suggested_name: str = "",
    suggested_item_id: str = "",
) -> StageResult:
    """Return the result of a stage that found a fault; `cause` and `remedy` replace the general words."""
    fault = _by_stage_and_id()[stage, fault_id]
    return StageResult(
        stage,
        fault.state,
        redacted(evidence),
        fault_id,
        cause or fault.cause,
        fault.owner.value,
        remedy or fault.remedy,
        suggested_name=suggested_name,
        suggested_item_id=suggested_item_id,
        candidates=fault.candidates,
    )


def stage_problem(stage: str, fault_id: FaultId, tried: str, evidence: str) -> Problem:
    """Return the five parts of a fault at a stage."""
    fault = _by_stage_and_id()[stage, fault_id]
    return Problem(
        tried=tried,
        evidence=redacted(evidence),
        cause=fault.cause,
        owner=fault.owner,
        remedy=fault.remedy,
        fault=fault_id,
        candidates=fault.candidates,
    )


def unreachable_error(stage: str, fault_id: FaultId, tried: str, evidence: str) -> UnreachableError:
    """Return the error to raise where the other side was not reached."""
    return UnreachableError(stage_problem(stage, fault_id, tried, evidence))


def refused_error(stage: str, fault_id: FaultId, tried: str, evidence: str) -> RefusedError:
    """Return the error to raise where the other side said no."""
    return RefusedError(stage_problem(stage, fault_id, tried, evidence))
