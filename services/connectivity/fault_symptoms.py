"""What people notice of each fault: users at their computers, approvers in ServiceNow, administrators of either system.

Texts are found by fault id, or by `id@stage` where a fault means something else at another stage. The faults that a stage
module declares are not here: each has its text in its declaration.
"""

from models.translation_marks import tr_later
from services.common.fault_ids import FaultId

SYMPTOMS: dict[str, str] = {
    # -- reach the instance
    FaultId.URL_INVALID: tr_later("Every request fails as soon as it is sent. No request item is created in ServiceNow."),
    FaultId.DNS_UNKNOWN_HOST: tr_later(
        "Every request fails at once. A browser on this machine does not find the instance either."
    ),
    FaultId.DNS_TIMEOUT: tr_later("Requests fail after several seconds. Other sites also open slowly on this machine."),
    FaultId.PROXY_INVALID: tr_later("Nothing is sent from this console. Browsers on this machine still reach the instance."),
    FaultId.PROXY_UNREACHABLE: tr_later("Requests fail at once. Browsers that use the same proxy show a proxy error."),
    FaultId.PROXY_TIMEOUT: tr_later("Requests hang for several seconds and then fail. Browsers behind the same proxy hang as well."),
    FaultId.PROXY_SIGN_IN: tr_later(
        "Requests fail at once. A browser on this machine asks for the password of the proxy, or signs in to it silently."
    ),
    FaultId.PROXY_SIGN_IN_REFUSED: tr_later("Requests fail at once. The proxy account may get locked after repeated tries."),
    FaultId.PROXY_SIGN_IN_UNSUPPORTED: tr_later(
        "Requests fail at once. A browser on this machine signs in to the proxy with the user's Windows account and works."
    ),
    FaultId.REPLY_DAMAGED: tr_later(
        "Requests fail now and then, or every time, with an answer that cannot be read. From another network they work."
    ),
    FaultId.BASIC_AUTH_NOT_OFFERED: tr_later(
        "Every request is refused, although the account and its password are right. Signing in with a browser works."
    ),
    FaultId.ACCESS_POLICY_REFUSED: tr_later(
        "Every request from this address or account is refused as forbidden. From another network it may work."
    ),
    FaultId.SERVICE_INPUT_TYPE: tr_later(
        "A reason or a path arrives in ServiceNow as another text, or the request ends in an error."
    ),
    FaultId.APPROVERS_MISSING: tr_later(
        "Requests stay at “Requested” until they time out, and no approver gets a notification."
    ),
    FaultId.PROXY_REFUSES: tr_later("Requests fail at once. A browser shows the proxy's own page that says the site is blocked."),
    FaultId.TCP_REFUSED: tr_later("Requests fail at once. A browser says that the site refused to connect."),
    FaultId.TCP_TIMEOUT: tr_later("Requests hang and then fail. A browser says that the site took too long to respond."),
    FaultId.TLS_CERTIFICATE_EXPIRED: tr_later(
        "Requests worked until the day of expiry and now all fail. A browser warns that the certificate has expired."
    ),
    FaultId.TLS_CERTIFICATE_NOT_YET_VALID: tr_later(
        "All requests fail. A browser warns that the certificate is not valid yet, or that the clock is wrong."
    ),
    FaultId.TLS_WRONG_HOST: tr_later("All requests fail. A browser warns that the certificate belongs to another site."),
    FaultId.TLS_UNTRUSTED: tr_later(
        "All requests fail from this machine. A browser may open the instance without a warning, because it has its own list of authorities."
    ),
    FaultId.TLS_SELF_SIGNED: tr_later("All requests fail. A browser warns that the certificate is self-signed or not trusted."),
    FaultId.TLS_INTERCEPTED: tr_later(
        "Requests fail from this network and work from others. In a browser the certificate is issued by the company's proxy or firewall."
    ),
    FaultId.TLS_PROTOCOL_OLD: tr_later("All requests fail. A browser reports an unsupported protocol."),
    FaultId.TLS_NOT_SPOKEN: tr_later("All requests fail at once. With http:// the same port may show a page."),
    FaultId.TLS_TIMEOUT: tr_later("Requests hang for several seconds and then fail, although the port is open."),
    FaultId.TLS_FAILED: tr_later("All requests fail at once with a TLS error. A browser cannot establish a secure connection either."),
    FaultId.TLS_FILE_UNREADABLE: tr_later("Requests from this console fail. Browsers on the same machine are not affected."),
    FaultId.TLS_CERTIFICATE_EXPIRES_SOON: tr_later("Nothing yet. From the day of expiry every request fails."),
    FaultId.CONNECTION_LOST: tr_later("Requests fail now and then, often the larger ones. A second try may succeed."),
    FaultId.REDIRECT_ELSEWHERE: tr_later("All requests fail. A browser that opens the base URL ends up at another address."),
    FaultId.SERVER_ERROR: tr_later("Requests fail with an internal server error. Pages of the instance may show errors as well."),
    FaultId.TIMEOUT: tr_later("Requests fail after a long wait. Pages of the instance load slowly."),
    FaultId.ANSWER_TOO_LARGE: tr_later("The check or a list stops with an error, although the instance responds."),
    # -- sign in and rights
    FaultId.INSTANCE_HIBERNATING: tr_later("A browser shows that the developer instance is hibernating. All requests fail."),
    FaultId.INSTANCE_MAINTENANCE: tr_later("A browser shows a maintenance or upgrade page. All requests fail until it is over."),
    FaultId.LOGIN_PAGE: tr_later("All requests fail. The account can sign in with a browser and cannot be used by programs."),
    FaultId.SSO_REDIRECT: tr_later("All requests fail. A browser is sent to the company's single sign-on page."),
    FaultId.HTML_INSTEAD_OF_DATA: tr_later("All requests fail. A browser that opens the base URL shows a page that is not ServiceNow's."),
    FaultId.NOT_SERVICENOW: tr_later("All requests fail. A browser that opens the base URL shows another product or an empty page."),
    FaultId.CREDENTIAL_MISSING: tr_later("This console sends nothing to the server. Its pages ask for a User Credential."),
    FaultId.SECRET_MISSING: tr_later("This console sends nothing to the server. The User Credential shows that no password is stored."),
    FaultId.SECRET_NOT_FOR_HOST: tr_later(
        "Requests stopped after the address of the Foreign System was changed. The password itself is still stored."
    ),
    FaultId.PASSWORD_MASKED: tr_later(
        "Every sign-in is refused, although a password is stored. It was often copied from a masked field."
    ),
    FaultId.VAULT_UNUSABLE: tr_later("No server can be signed in to from this console, until the vault can be read."),
    FaultId.PROXY_FAILED: tr_later("Requests fail now and then with a proxy error, although the address is right."),
    FaultId.AUTHENTICATION_REFUSED: tr_later(
        "Every request fails with 401. In ServiceNow the account may show failed login attempts or Locked out."
    ),
    FaultId.AUTHENTICATION_MFA: tr_later("Every request fails with 401. In a browser the account is asked for a one-time code."),
    FaultId.RATE_LIMITED: tr_later("Requests fail or are late at busy hours, and work again by themselves when the hour is over."),
    FaultId.REPLY_MALFORMED: tr_later("Lists and details cannot be read, or stop in the middle."),
    FaultId.RIGHTS_MISSING: tr_later("The account signs in, but lists stay empty and details or decisions are refused."),
    FaultId.RECORD_MISSING: tr_later("A request or item that others can open in ServiceNow is missing in this console."),
    FaultId.OPERATION_ABORTED: tr_later("A decision, comment or cancellation is refused, although the account may write to the record."),
    FaultId.TRANSACTION_CANCELLED: tr_later("Lists and searches end early or fail on instances with many records."),
    FaultId.QUERY_IGNORED: tr_later("Lists show records that do not belong there."),
    FaultId.ACCOUNT_INACTIVE: tr_later("Every request fails with 401. In ServiceNow the user record shows Active off."),
    FaultId.ACCOUNT_LOCKED: tr_later("Every request fails with 401. In ServiceNow the user record shows Locked out."),
    FaultId.ACCOUNT_INTERACTIVE: tr_later(
        "Nothing yet. Once the instance restricts basic authentication, every request fails with 401."
    ),
    FaultId.ROLE_ADMIN_LEFT: tr_later("Nothing. In ServiceNow the user record lists the role admin."),
    FaultId.ROLE_MISSING: tr_later("Approvals are not shown or cannot be decided, or a service refuses the call."),
    FaultId.ROLE_SOAP_MISSING: tr_later("Reading records works, and calling a service ends with a fault about insufficient rights."),
    # -- approval services
    FaultId.REQUEST_ITEM_MISSING: tr_later("Users get an error when they submit. ServiceNow shows no new requested item."),
    FaultId.REQUEST_ITEM_HIDDEN: tr_later(
        "Users get an error when they submit. Other accounts find the item in the Service Catalog."
    ),
    FaultId.REQUEST_ITEM_UNSEEN: tr_later(
        "Users get an error when they submit, or nothing is wrong: this account does not see enough to tell."
    ),
    FaultId.REQUEST_ITEM_STALE: tr_later(
        "Submitting fails since the item was created again. The item in the catalog looks right."
    ),
    FaultId.REQUEST_ITEM_INACTIVE: tr_later("Submitting fails. The item is not listed in the Service Catalog."),
    FaultId.REQUEST_ITEM_CATEGORY_INACTIVE: tr_later("Submitting fails or the item cannot be found. Its category is not listed in the Service Catalog."),
    FaultId.REQUEST_ITEM_CATALOGUE_INACTIVE: tr_later("Submitting fails or the item cannot be found. Its catalog is not offered in ServiceNow."),
    FaultId.REQUEST_ITEM_NOT_ORDERABLE: tr_later("Submitting fails. In ServiceNow the item opens as a form or page without Order Now."),
    FaultId.REQUEST_ITEM_VARIABLES: tr_later("Requests arrive in ServiceNow, and approvers see empty fields such as file path or reason."),
    FaultId.INPUT_UNSENDABLE: tr_later("Single requests fail, always those with unusual characters in the reason or file name."),
    FaultId.SERVICE_MISSING: tr_later("Submitting, polling or cancelling fails, whichever the named service is for."),
    FaultId.SERVICE_INACTIVE: tr_later("Submitting, polling or cancelling stopped when somebody switched the service off."),
    FaultId.SERVICE_NAME_DIFFERS: tr_later("Submitting, polling or cancelling fails since a service was renamed, or was mistyped from the start."),
    FaultId.SERVICE_SILENT: tr_later("The service is listed in ServiceNow, and calls to it fail."),
    FaultId.SERVICE_DUPLICATE: tr_later("The same request is answered differently from one call to the next."),
    FaultId.SERVICE_SWAPPED: tr_later("Submitting cancels or reads a status instead of creating a request, and no item appears."),
    FaultId.SERVICE_CONTRACT: tr_later("Requests arrive without some of their values, or their status cannot be read."),
    FaultId.SERVICE_DESCRIPTION_INVALID: tr_later("Privilege Manager and other programs cannot load the WSDL of the service."),
    "rights-missing@service_create": tr_later("Reading records works, and calling this service is refused with 403 or a fault."),
    FaultId.WSDL_ADDRESS_ELSEWHERE: tr_later("Programs that follow the WSDL call another host and may send it the password."),
    FaultId.ACCEPTED_ONLY: tr_later("Requests reach ServiceNow, and their decision never reaches the user."),
    FaultId.REPLY_CONTRACT: tr_later("Approvers decide in ServiceNow, and the request stays pending for the user until it times out."),
    "reply-malformed@status_call": tr_later(
        "Approvers decide in ServiceNow, and the user is not told. The status cannot be read."
    ),
    FaultId.STATUS_UNKNOWN: tr_later("Requests in one particular state of ServiceNow stay pending for the user; others are told."),
    FaultId.SOAP_FAULT: tr_later("Users get an error, and the system log of the instance shows an error of the script."),
    FaultId.STATUS_CALL_NOT_INVALID: tr_later("Requests that were deleted in ServiceNow stay pending for the user until they time out."),
    FaultId.STATUS_CALL_SLOW: tr_later("Users wait noticeably longer than the approver took to decide."),
    FaultId.APPROVAL_FLOW_MISSING: tr_later("Requests stay pending as Not Yet Requested in ServiceNow until they time out. No approver is notified."),
    FaultId.APPROVAL_FLOW_INACTIVE: tr_later("New requests appear in ServiceNow without approvals; older ones have them."),
    FaultId.APPROVAL_NOT_REQUESTED: tr_later("Single requests in ServiceNow have no approver, and time out without a decision."),
}  # fmt: skip


def find_symptom(fault_id: FaultId, stages: tuple[str, ...]) -> str:
    """Return what people notice of a fault that is found at `stages`; empty where nothing is known."""
    return SYMPTOMS.get(f"{fault_id}@{stages[0]}") or SYMPTOMS.get(fault_id, "")
