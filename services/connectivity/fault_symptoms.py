"""What people notice of each fault: users at their computers, approvers in ServiceNow, administrators of either system.

Texts are found by fault id, or by `id@stage` where a fault means something else at another stage.
"""

from models.translation_marks import tr_later

SYMPTOMS: dict[str, str] = {
    # -- reach the instance
    "url-invalid": tr_later("Every request fails as soon as it is sent. No request item is created in ServiceNow."),
    "dns-unknown-host": tr_later(
        "Every request fails at once. A browser on this machine does not find the instance either."
    ),
    "dns-timeout": tr_later("Requests fail after several seconds. Other sites also open slowly on this machine."),
    "proxy-invalid": tr_later("Nothing is sent from this console. Browsers on this machine still reach the instance."),
    "proxy-unreachable": tr_later("Requests fail at once. Browsers that use the same proxy show a proxy error."),
    "proxy-timeout": tr_later("Requests hang for several seconds and then fail. Browsers behind the same proxy hang as well."),
    "proxy-sign-in": tr_later(
        "Requests fail at once. A browser on this machine asks for the password of the proxy, or signs in to it silently."
    ),
    "proxy-sign-in-refused": tr_later("Requests fail at once. The proxy account may get locked after repeated tries."),
    "proxy-sign-in-unsupported": tr_later(
        "Requests fail at once. A browser on this machine signs in to the proxy with the user's Windows account and works."
    ),
    "reply-damaged": tr_later(
        "Requests fail now and then, or every time, with an answer that cannot be read. From another network they work."
    ),
    "basic-auth-not-offered": tr_later(
        "Every request is refused, although the account and its password are right. Signing in with a browser works."
    ),
    "access-policy-refused": tr_later(
        "Every request from this address or account is refused as forbidden. From another network it may work."
    ),
    "service-input-type": tr_later(
        "A reason or a path arrives in ServiceNow as another text, or the request ends in an error."
    ),
    "approvers-missing": tr_later(
        "Requests stay at “Requested” until they time out, and no approver gets a notification."
    ),
    "proxy-refuses": tr_later("Requests fail at once. A browser shows the proxy's own page that says the site is blocked."),
    "tcp-refused": tr_later("Requests fail at once. A browser says that the site refused to connect."),
    "tcp-timeout": tr_later("Requests hang and then fail. A browser says that the site took too long to respond."),
    "tls-certificate-expired": tr_later(
        "Requests worked until the day of expiry and now all fail. A browser warns that the certificate has expired."
    ),
    "tls-certificate-not-yet-valid": tr_later(
        "All requests fail. A browser warns that the certificate is not valid yet, or that the clock is wrong."
    ),
    "tls-wrong-host": tr_later("All requests fail. A browser warns that the certificate belongs to another site."),
    "tls-untrusted": tr_later(
        "All requests fail from this machine. A browser may open the instance without a warning, because it has its own list of authorities."
    ),
    "tls-self-signed": tr_later("All requests fail. A browser warns that the certificate is self-signed or not trusted."),
    "tls-intercepted": tr_later(
        "Requests fail from this network and work from others. In a browser the certificate is issued by the company's proxy or firewall."
    ),
    "tls-protocol-old": tr_later("All requests fail. A browser reports an unsupported protocol."),
    "tls-not-spoken": tr_later("All requests fail at once. With http:// the same port may show a page."),
    "tls-timeout": tr_later("Requests hang for several seconds and then fail, although the port is open."),
    "tls-failed": tr_later("All requests fail at once with a TLS error. A browser cannot establish a secure connection either."),
    "tls-file-unreadable": tr_later("Requests from this console fail. Browsers on the same machine are not affected."),
    "tls-certificate-expires-soon": tr_later("Nothing yet. From the day of expiry every request fails."),
    "connection-lost": tr_later("Requests fail now and then, often the larger ones. A second try may succeed."),
    "redirect-elsewhere": tr_later("All requests fail. A browser that opens the base URL ends up at another address."),
    "server-error": tr_later("Requests fail with an internal server error. Pages of the instance may show errors as well."),
    "timeout": tr_later("Requests fail after a long wait. Pages of the instance load slowly."),
    "answer-too-large": tr_later("The check or a list stops with an error, although the instance responds."),
    # -- sign in and rights
    "instance-hibernating": tr_later("A browser shows that the developer instance is hibernating. All requests fail."),
    "instance-maintenance": tr_later("A browser shows a maintenance or upgrade page. All requests fail until it is over."),
    "login-page": tr_later("All requests fail. The account can sign in with a browser and cannot be used by programs."),
    "sso-redirect": tr_later("All requests fail. A browser is sent to the company's single sign-on page."),
    "html-instead-of-data": tr_later("All requests fail. A browser that opens the base URL shows a page that is not ServiceNow's."),
    "not-servicenow": tr_later("All requests fail. A browser that opens the base URL shows another product or an empty page."),
    "credential-missing": tr_later("This console sends nothing to the server. Its pages ask for a User Credential."),
    "secret-missing": tr_later("This console sends nothing to the server. The User Credential shows that no password is stored."),
    "secret-not-for-host": tr_later(
        "Requests stopped after the address of the Foreign System was changed. The password itself is still stored."
    ),
    "password-masked": tr_later(
        "Every sign-in is refused, although a password is stored. It was often copied from a masked field."
    ),
    "vault-unusable": tr_later("No server can be signed in to from this console, until the vault can be read."),
    "proxy-failed": tr_later("Requests fail now and then with a proxy error, although the address is right."),
    "authentication-refused": tr_later(
        "Every request fails with 401. In ServiceNow the account may show failed login attempts or Locked out."
    ),
    "authentication-mfa": tr_later("Every request fails with 401. In a browser the account is asked for a one-time code."),
    "rate-limited": tr_later("Requests fail or are late at busy hours, and work again by themselves when the hour is over."),
    "reply-malformed": tr_later("Lists and details cannot be read, or stop in the middle."),
    "rights-missing": tr_later("The account signs in, but lists stay empty and details or decisions are refused."),
    "record-missing": tr_later("A request or item that others can open in ServiceNow is missing in this console."),
    "operation-aborted": tr_later("A decision, comment or cancellation is refused, although the account may write to the record."),
    "transaction-cancelled": tr_later("Lists and searches end early or fail on instances with many records."),
    "query-ignored": tr_later("Lists show records that do not belong there."),
    "account-inactive": tr_later("Every request fails with 401. In ServiceNow the user record shows Active off."),
    "account-locked": tr_later("Every request fails with 401. In ServiceNow the user record shows Locked out."),
    "account-interactive": tr_later(
        "Nothing yet. Once the instance restricts basic authentication, every request fails with 401."
    ),
    "role-admin-left": tr_later("Nothing. In ServiceNow the user record lists the role admin."),
    "role-missing": tr_later("Approvals are not shown or cannot be decided, or a service refuses the call."),
    "role-soap-missing": tr_later("Reading records works, and calling a service ends with a fault about insufficient rights."),
    "rate-limit-low": tr_later("Decisions arrive late while many requests are pending. The instance answers some calls with 429."),
    "clock-differs": tr_later("Ages and times of requests are off by a constant amount, and requests time out early or late."),
    # -- approval services
    "request-item-missing": tr_later("Users get an error when they submit. ServiceNow shows no new requested item."),
    "request-item-stale": tr_later(
        "Submitting fails since the item was created again. The item in the catalog looks right."
    ),
    "request-item-inactive": tr_later("Submitting fails. The item is not listed in the Service Catalog."),
    "request-item-category-inactive": tr_later("Submitting fails or the item cannot be found. Its category is not listed in the Service Catalog."),
    "request-item-catalogue-inactive": tr_later("Submitting fails or the item cannot be found. Its catalog is not offered in ServiceNow."),
    "request-item-not-orderable": tr_later("Submitting fails. In ServiceNow the item opens as a form or page without Order Now."),
    "request-item-variables": tr_later("Requests arrive in ServiceNow, and approvers see empty fields such as file path or reason."),
    "input-unsendable": tr_later("Single requests fail, always those with unusual characters in the reason or file name."),
    "service-missing": tr_later("Submitting, polling or cancelling fails, whichever the named service is for."),
    "service-inactive": tr_later("Submitting, polling or cancelling stopped when somebody switched the service off."),
    "service-name-differs": tr_later("Submitting, polling or cancelling fails since a service was renamed, or was mistyped from the start."),
    "service-silent": tr_later("The service is listed in ServiceNow, and calls to it fail."),
    "service-duplicate": tr_later("The same request is answered differently from one call to the next."),
    "service-swapped": tr_later("Submitting cancels or reads a status instead of creating a request, and no item appears."),
    "service-contract": tr_later("Requests arrive without some of their values, or their status cannot be read."),
    "service-description-invalid": tr_later("Privilege Manager and other programs cannot load the WSDL of the service."),
    "rights-missing@service_create": tr_later("Reading records works, and calling this service is refused with 403 or a fault."),
    "wsdl-address-elsewhere": tr_later("Programs that follow the WSDL call another host and may send it the password."),
    "accepted-only": tr_later("Requests reach ServiceNow, and their decision never reaches the user."),
    "reply-contract": tr_later("Approvers decide in ServiceNow, and the request stays pending for the user until it times out."),
    "reply-malformed@status_call": tr_later(
        "Approvers decide in ServiceNow, and the user is not told. The status cannot be read."
    ),
    "status-unknown": tr_later("Requests in one particular state of ServiceNow stay pending for the user; others are told."),
    "soap-fault": tr_later("Users get an error, and the system log of the instance shows an error of the script."),
    "status-call-not-invalid": tr_later("Requests that were deleted in ServiceNow stay pending for the user until they time out."),
    "status-call-slow": tr_later("Users wait noticeably longer than the approver took to decide."),
    "approval-flow-missing": tr_later("Requests stay pending as Not Yet Requested in ServiceNow until they time out. No approver is notified."),
    "approval-flow-inactive": tr_later("New requests appear in ServiceNow without approvals; older ones have them."),
    "approval-not-requested": tr_later("Single requests in ServiceNow have no approver, and time out without a decision."),
}  # fmt: skip


def find_symptom(fault_id: str, stages: tuple[str, ...]) -> str:
    """Return what people notice of a fault that is found at `stages`; empty where nothing is known."""
    return SYMPTOMS.get(f"{fault_id}@{stages[0]}") or SYMPTOMS.get(fault_id, "")
