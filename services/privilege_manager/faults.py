"""What can go wrong between this console and a Privilege Manager server: id, cause, owner, remedy."""

from models.translation_marks import tr_later
from services.common.errors import Owner, RefusedError, ReplyError, UnreachableError
from services.common.fault_ids import FaultId
from services.transport.faults import Fault, FaultTable, RateLimitedError, transport_faults


class NotFoundOnServerError(RefusedError):
    """An item is not there, or hidden from this API client: the server does not say which."""


_F = Fault
_PM, _NET, _ME = Owner.PRIVILEGE_MANAGER, Owner.NETWORK, Owner.CONSOLE

FAULTS = FaultTable(
    (
        *transport_faults(_PM),
        _F(FaultId.URL_INVALID, tr_later("The base URL is not the address of a Privilege Manager server."), _ME,
           tr_later("Correct the base URL; it looks like https://HOST/TMS/"), RefusedError),
        _F(FaultId.TIMEOUT, tr_later("The server did not answer in time."), _PM,
           tr_later("Try again; if it repeats, look at the load of the server and its database."), UnreachableError),
        _F(FaultId.REDIRECT_ELSEWHERE, tr_later("The server points to another address. Nothing was sent there."), _PM,
           tr_later("Open the base URL in a browser and compare the address, the virtual directory included."), RefusedError),
        _F(FaultId.LOGIN_PAGE, tr_later("The server answered with its login page instead of data."), _PM,
           tr_later("Check that the base URL ends with the virtual directory, such as /TMS/, and that an API Client is used."),
           RefusedError),
        _F(FaultId.HTML_INSTEAD_OF_DATA, tr_later("A web page came back instead of data."), _NET,
           tr_later("Check the base URL, and whether a proxy or gateway answers in place of the server."), ReplyError),
        _F(FaultId.REPLY_DAMAGED, tr_later("The answer was cut or changed on its way."), _NET,
           tr_later("Look at the proxy or gateway between this machine and the server; try without it."), ReplyError),
        _F(FaultId.RATE_LIMITED, tr_later("The server asks to wait before the next call."), _PM,
           tr_later("Wait as long as it asks."), RateLimitedError),
        _F(FaultId.INPUT_UNSENDABLE, tr_later("A text holds characters that a call cannot carry."), _ME,
           tr_later("Remove the control characters."), RefusedError),
        _F(FaultId.PRIVILEGE_MANAGER_LOG_ON_REFUSED, tr_later("The server does not accept the Client ID and Client Secret."), _PM,
           tr_later("Compare the Client ID with the API Client user in Privilege Manager. The secret is shown once: if it is lost, use "
           "Reset Secret there and enter the new one in the User Credential."), RefusedError),
        _F(FaultId.PRIVILEGE_MANAGER_LOG_ON_REPLY, tr_later("The reply to the log-on is not a token."), _PM,
           tr_later("Check what answers at this address, and the version of the server: tokens of this form exist since 10.8.2."),
           ReplyError),
        _F(FaultId.PRIVILEGE_MANAGER_API_UNAVAILABLE, tr_later("The server's API does not take log-ons: it is switched off, or it is not at this address."), _PM,
           tr_later("Set API Enabled under Advanced > API Settings in Privilege Manager, and compare the base URL with the address "
           "in a browser."), RefusedError),
        _F(FaultId.PRIVILEGE_MANAGER_TOKEN_REFUSED, tr_later("The server refuses a token that it has just issued."), _PM,
           tr_later("Check the clocks of the servers behind the address, and whether calls reach the server that took the log-on."),
           RefusedError),
        _F(FaultId.PRIVILEGE_MANAGER_FORBIDDEN, tr_later("The API Client is logged on but lacks a role for this."), _PM,
           tr_later("Give the API Client a role: Privilege Manager Users for reading, an administrator role for changes."),
           RefusedError),
        _F(FaultId.PRIVILEGE_MANAGER_NOT_FOUND, tr_later("The item does not exist on the server, or the API Client may not see it."), _PM,
           tr_later("Check in Privilege Manager that the item is there and that the API Client's role may read it."),
           NotFoundOnServerError),
        _F(FaultId.PRIVILEGE_MANAGER_CALL_REFUSED, tr_later("The server refused the call."), _PM,
           tr_later("Compare the evidence with the server's log."), RefusedError),
        _F(FaultId.PRIVILEGE_MANAGER_STATUS_ERROR, tr_later("The server reports that the operation failed."), _PM,
           tr_later("Read its messages in the evidence; more is in the server's log."), RefusedError),
        _F(FaultId.PRIVILEGE_MANAGER_SERVER_ERROR, tr_later("The server failed with an error of its own."), _PM,
           tr_later("Search the Server Logs page for the CorrelationID in the evidence."), UnreachableError),
        _F(FaultId.PRIVILEGE_MANAGER_SWAGGER_UNREADABLE, tr_later("The server's Swagger document cannot be read, so what it can do is unknown."), _PM,
           tr_later("Open services/swagger/docs/v1 below the base URL in a browser. It has to be a Swagger 2.0 document."),
           ReplyError),
        _F(FaultId.PRIVILEGE_MANAGER_OPERATION_MISSING, tr_later("This server's Swagger document lacks an operation that is needed."), _PM,
           tr_later("Upgrade Privilege Manager, or do this step in its own user interface."), RefusedError),
        _F(FaultId.PRIVILEGE_MANAGER_REPLY_MALFORMED, tr_later("The reply is not what the API reference describes."), _PM,
           tr_later("Try again; if it repeats, call the operation from the server's Swagger page and compare."), ReplyError),
        _F(FaultId.PRIVILEGE_MANAGER_REPORT_UNREADABLE, tr_later("The reply to a report has no columns and rows that can be read."), _PM,
           tr_later("Open the report in Privilege Manager; check that its columns were not changed."), ReplyError),
        _F(FaultId.PRIVILEGE_MANAGER_POLICY_ID_MISSING, tr_later("The server created the policy but did not say which id it has."), _PM,
           tr_later("Read the list of policies again and choose the new policy by its name."), ReplyError),
        _F(FaultId.PRIVILEGE_MANAGER_LIST_INCOMPLETE, tr_later("The list does not hold as many items as the server says there are."), _PM,
           tr_later("Check that the API Client's role may read all items, then read the list again."), ReplyError),
    )
)  # fmt: skip

make_problem = FAULTS.problem
make_error = FAULTS.error
