"""The faults of the stage `instance`: what answers in place of Privilege Manager."""

from models.translation_marks import tr_later
from services.common.errors import Owner
from services.common.fault_ids import FaultId
from services.connectivity.fault_catalog import declare_faults, failure, warning

STAGE = "instance"
_PM, _NET, _ME = Owner.PRIVILEGE_MANAGER, Owner.NETWORK, Owner.CONSOLE
_API = "Privilege Manager API documentation"
_IIS = "Internet Information Services: HTTP status codes"
_SYS = "Internet Information Services: what HTTP.sys answers by itself"
_NO_CALL = tr_later(
    "Nothing of the server can be read or changed from this console. In a browser the address opens no Privilege Manager."
)

declare_faults(
    failure(FaultId.PRIVILEGE_MANAGER_SERVICENOW_ADDRESS, STAGE, _ME,
        tr_later("The server cannot be used. In a browser its address opens ServiceNow."),
        tr_later("The address is that of a ServiceNow instance."),
        tr_later("Enter the address of the Privilege Manager server, such as https://SERVER/TMS/; an instance is a ServiceNow Server."),
        "Headers and names by which a ServiceNow instance is known"),
    failure(FaultId.PRIVILEGE_MANAGER_PATH_WRONG, STAGE, _ME, _NO_CALL,
        tr_later("The host answers, and neither the API nor its Swagger document is below the path of the base URL."),
        tr_later("Compare the path with the address in a browser; it ends with /TMS/ where it was not changed at the installation."),
        f"{_API}: base address"),
    failure(FaultId.PRIVILEGE_MANAGER_SITE_MISSING, STAGE, _PM,
        tr_later("Nothing of the server can be read or changed. A browser shows “Bad Request - Invalid Hostname” or “Not Found”."),
        tr_later("The web server knows no site for this host name and port."),
        tr_later("Use the host name of the site's binding, or add a binding for this one in Internet Information Services."), _SYS),
    failure(FaultId.PRIVILEGE_MANAGER_NOT_RECOGNISED, STAGE, _NET, _NO_CALL,
        tr_later("What answers is not Privilege Manager."),
        tr_later("Check the base URL, and whether a proxy or portal answers in place of the server."), _API),
    failure(FaultId.PRIVILEGE_MANAGER_SETUP_UNFINISHED, STAGE, _PM,
        tr_later("The server cannot be used. A browser is sent to the pages of the setup."),
        tr_later("The server sends every caller to its setup: the installation or an upgrade is not finished."),
        tr_later("Finish the setup in a browser on the server."), "Privilege Manager documentation: installation"),
    failure(FaultId.PRIVILEGE_MANAGER_LOGIN_REDIRECT, STAGE, _PM,
        tr_later("The server cannot be used from this console. In a browser it asks for a user name and a password."),
        tr_later("A login page answers in place of the API: something in front of it, or the site itself, wants users to log in."),
        tr_later("Let calls below /services/ pass without that login; the API has a log-on of its own."), f"{_API}: log-on"),
    failure(FaultId.PRIVILEGE_MANAGER_SSO_REDIRECT, STAGE, _PM,
        tr_later("The server cannot be used from this console. A browser is sent to the company's single sign-on page."),
        tr_later("The server sends every caller to single sign-on."),
        tr_later("Let calls below /services/ pass without single sign-on; the API has a log-on of its own."), f"{_API}: log-on"),
    failure(FaultId.PRIVILEGE_MANAGER_WINDOWS_SIGN_IN, STAGE, _PM,
        tr_later("The server cannot be used from this console. A browser of a domain user opens it without a question."),
        tr_later("The web server wants a Windows sign-in before the API sees a call."),
        tr_later("Allow anonymous authentication for the services application of the site; the API has a log-on of its own."),
        f"{_IIS}: 401, WWW-Authenticate"),
    failure(FaultId.PRIVILEGE_MANAGER_ADDRESS_REFUSED, STAGE, _PM,
        tr_later("The server cannot be used from this machine. From another one it may work."),
        tr_later("The web server refuses calls from this address or without a client certificate, before anybody logs on."),
        tr_later("Look at the IP and domain restrictions and at the SSL settings of the site."), f"{_IIS}: 403 and its substatus"),
    failure(FaultId.PRIVILEGE_MANAGER_MAINTENANCE, STAGE, _PM,
        tr_later("The server cannot be used for a while. A browser shows a page about maintenance or an upgrade."),
        tr_later("The site is taken offline, or says that it cannot serve calls now."),
        tr_later("Wait until the maintenance is over; else look for a file app_offline.htm in the folder of the site."),
        f"{_IIS}: 503; ASP.NET: app_offline.htm"),
    failure(FaultId.PRIVILEGE_MANAGER_APPLICATION_POOL, STAGE, _PM,
        tr_later("The server cannot be used. A browser shows “Service Unavailable”."),
        tr_later("The application pool of the server is stopped."),
        tr_later("Start the application pool TMS, and look into the event log for why it stopped."), _SYS),
    warning(FaultId.PRIVILEGE_MANAGER_SWAGGER_MISSING, STAGE, _PM,
        tr_later("Actions and policies may be shown, and what needs an operation that cannot be confirmed is off."),
        tr_later("The server answers, and its Swagger document is not there: what its API can do is not known."),
        tr_later("Check that the address services/swagger/docs/v1 below the base URL is let through."), f"{_API}: Swagger document"),
    warning(FaultId.PRIVILEGE_MANAGER_SWAGGER_REFUSED, STAGE, _PM,
        tr_later("Nothing, unless the document is refused after the log-on too: then what needs its operations is off."),
        tr_later("The server shows its Swagger document to nobody who has not logged on."),
        tr_later("Let services/swagger/docs/v1 be read without a log-on, if the check cannot read it after one."),
        f"{_API}: Swagger document"),
    warning(FaultId.PRIVILEGE_MANAGER_SWAGGER_UNREADABLE, STAGE, _PM,
        tr_later("Actions and policies may be shown, and what needs an operation that cannot be confirmed is off."),
        tr_later("The Swagger document describes no operations of Privilege Manager that this console knows."),
        tr_later("Open services/swagger/docs/v1 below the base URL in a browser, and look for what changes it on the way."),
        f"{_API}: Swagger document"),
)  # fmt: skip
