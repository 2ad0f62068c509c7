"""What can go wrong between this console and an instance: id, cause, owner, remedy. One place for the words."""

from models.sign_in import SignInMethod
from models.translation_marks import tr_later
from services.common.errors import Owner, RefusedError, ReplyError, UnreachableError
from services.common.fault_ids import FaultId
from services.servicenow import sign_in_candidates as possible
from services.servicenow.certificate_faults import CERTIFICATE_FAULTS
from services.transport.faults import Fault, FaultTable, RateLimitedError, transport_faults


class NotFoundOnInstanceError(RefusedError):
    """A record or service is not there, or hidden from this account: the instance does not say which."""


_F = Fault
_SN, _NET, _ME = Owner.SERVICENOW, Owner.NETWORK, Owner.CONSOLE

FAULTS = FaultTable(
    (
        *transport_faults(_SN),
        *CERTIFICATE_FAULTS,
        _F(FaultId.URL_INVALID, tr_later("The base URL is not the address of an instance."), _ME,
           tr_later("Correct the base URL; it looks like https://INSTANCE.service-now.com/"), RefusedError),
        _F(FaultId.TIMEOUT, tr_later("The instance did not answer in time."), _SN,
           tr_later("Try again; if it repeats, look at the load and the semaphores of the instance."), UnreachableError),
        _F(FaultId.INSTANCE_HIBERNATING, tr_later("The developer instance is hibernating."), _SN,
           tr_later("Wake the instance up on the developer site, then try again."), UnreachableError),
        _F(FaultId.INSTANCE_MAINTENANCE, tr_later("The instance is in maintenance."), _SN,
           tr_later("Wait until the maintenance is over, then try again."), UnreachableError),
        _F(FaultId.LOGIN_PAGE, tr_later("The instance answered with its login page instead of data."), _SN,
           tr_later("Let the account sign in with basic authentication; single sign-on does not apply to web services."),
           RefusedError),
        _F(FaultId.HTML_INSTEAD_OF_DATA, tr_later("A web page came back instead of data."), _NET,
           tr_later("Check the base URL, and whether a proxy or portal answers in place of the instance."), ReplyError),
        _F(FaultId.REDIRECT_ELSEWHERE, tr_later("The instance points to another host. The password was not sent there."), _SN,
           tr_later("Use the address it points to as the base URL, if it is yours."), RefusedError),
        _F(FaultId.AUTHENTICATION_REFUSED, tr_later("The account or password was refused, and ServiceNow does not say why."), _SN,
           tr_later("Enter the password again. If it is right, look, the likeliest first, at Basic Auth Restriction (Web service "
           "access only exempts the account); at the account: Locked out, Active, Password needs reset; then at the API "
           "access policies."), RefusedError, possible.REFUSED_PASSWORD),
        _F(FaultId.AUTHENTICATION_MFA, tr_later("The account must enter a one-time password, which web services cannot."), _SN,
           tr_later("Make the account Web service access only, or take it out of multi-factor authentication."), RefusedError),
        _F(FaultId.OAUTH_TOKEN_REFUSED, tr_later("The token endpoint refused, and ServiceNow does not say why: the reply is the same for every cause."),
           _SN, tr_later("Look in this order: the system property glide.oauth.inbound.client.credential.grant_type.enabled (client "
           "credentials); the OAuth Application User of the client; the client secret; the user (Active, Locked out, Password "
           "needs reset; with a user name and password not Web service access only); scope and default profile of the client; "
           "whether the client belongs to another instance. The cause is in the system log: search for “token flow”."),
           RefusedError, possible.refused_token_candidates(SignInMethod.CLIENT_CREDENTIALS)),
        _F(FaultId.OAUTH_CLIENT_UNKNOWN, tr_later("The instance does not know this client, or the client may not use this grant."), _SN,
           tr_later("Compare the Client ID with the record in Application Registry of this instance; a clone carries the clients of its "
           "source."), RefusedError, possible.UNKNOWN_CLIENT),
        _F(FaultId.OAUTH_TOKEN_UNAVAILABLE, tr_later("No access token can be fetched now: the token endpoint did not answer, or failed. The call itself was not sent."),
           _SN, tr_later("Try again; if it repeats, look at the load and the system log of the instance, and at the network on the way."),
           UnreachableError),
        _F(FaultId.OAUTH_REPLY_UNREADABLE, tr_later("The token endpoint did not answer with a token."), _SN,
           tr_later("Check that the base URL is the instance itself, and that no proxy or portal answers in its place."), ReplyError),
        _F(FaultId.OAUTH_PRIVATE_KEY_UNUSABLE, tr_later("The private key cannot sign the assertion."), _ME,
           tr_later("Enter the private key in PEM form and its passphrase again; RS algorithms need an RSA key, ES algorithms an "
           "elliptic curve."), RefusedError),
        _F(FaultId.OAUTH_TOKEN_REJECTED, tr_later("The instance gave an access token and refuses it here."), _SN,
           tr_later("Look, the likeliest first, at the user behind the token (Active, Locked out), at the API access policies (they may "
           "not name OAuth for this API), and whether the token was revoked."), RefusedError, possible.REJECTED_TOKEN),
        _F(FaultId.ACCESS_POLICY_KIND, tr_later("The instance refuses the access token here and offers another kind of sign-in, which some instances offer to "
           "every caller."), _SN,
           tr_later("Look first whether the API access policy of this API has an inbound authentication profile for OAuth; then at the "
           "user behind the token (Active, Locked out), and whether the token was revoked."), RefusedError,
           possible.KIND_NOT_OFFERED),
        _F(FaultId.OAUTH_TOKEN_GUEST, tr_later("The instance did not take the access token; the call ran as a guest."), _SN,
           tr_later("Set the system property glide.basicauth.required.soap to true, so that such calls are refused, and let the SOAP "
           "API access policy of the service list OAuth."), RefusedError, possible.GUEST),
        _F(FaultId.OAUTH_OTHER_ACCOUNT, tr_later("The access token signs in another user than the User Credential names."), _SN,
           tr_later("Choose the account of the User Credential as OAuth Application User of the client, or with JWT bearer as its "
           "subject; or enter the name of the user that is signed in as the account."), RefusedError),
        _F(FaultId.OAUTH_CLIENT_SCOPED, tr_later("The OAuth client is securely scoped, and this API is in none of its scopes."), _SN,
           tr_later("Add a REST API Auth Scope for this API to the client, allow the scope useraccount, or make the client broadly "
           "scoped."), RefusedError),
        _F(FaultId.BASIC_AUTH_NOT_OFFERED, tr_later("The server does not offer Basic authentication, the only kind this console uses here."),
           _SN, tr_later("Allow Basic authentication for web services for this account, at the instance or at the gateway in front "
           "of it."), RefusedError),
        _F(FaultId.ACCESS_POLICY_REFUSED, tr_later("The instance does not let calls in from this address, or from this account."), _SN,
           tr_later("Look at IP Address Access Control and at the API access policies of the instance: allow the address that this "
           "machine, or its proxy, calls from, and this account."), RefusedError, possible.ADDRESS_REFUSED),
        _F(FaultId.RIGHTS_MISSING, tr_later("The account is signed in but lacks a role for this."), _SN,
           tr_later("Give the account web_service_admin and approval_admin; where strict security is on also soap_script and "
           "soap_query."), RefusedError, possible.MISSING_RIGHT),
        _F(FaultId.RATE_LIMITED, tr_later("The instance limits how many calls it takes."), _SN,
           tr_later("Wait as long as it asks, or raise the rate limit rule for this account."), RateLimitedError),
        _F(FaultId.RECORD_MISSING, tr_later("The record does not exist, or the account may not see it."), _SN,
           tr_later("Check that the record is there and that the account may read it."), NotFoundOnInstanceError),
        _F(FaultId.SERVICE_MISSING, tr_later("No active scripted SOAP service of this name answers."), _SN,
           tr_later("Compare the name letter by letter with Scripted SOAP Services; create or activate the service."),
           NotFoundOnInstanceError),
        _F(FaultId.SERVICE_DESCRIPTION_INVALID, tr_later("The description (WSDL) of the service cannot be used."), _SN,
           tr_later("Open the service in ServiceNow, save it again, and remove a hand-written WSDL."), ReplyError),
        _F(FaultId.SERVICE_CONTRACT, tr_later("The service does not have the inputs or outputs of the contract."), _SN,
           tr_later("Add the missing parameters to the service, spelled exactly as listed."), ReplyError),
        _F(FaultId.SERVICE_INPUT_TYPE, tr_later("The service declares an input that carries any text as a number, a date or a Boolean."), _SN,
           tr_later("Change the type of the named inputs to xsd:string in the service's WSDL, or remove a hand-written WSDL."),
           ReplyError),
        _F(FaultId.SOAP_FAULT, tr_later("The service answered with a fault: its script failed or refused."), _SN,
           tr_later("Look at the system log of the instance for the script's error."), ReplyError),
        _F(FaultId.ACCEPTED_ONLY, tr_later("The instance took the call but gave no answer."), _SN,
           tr_later("A SOAP call must be answered with 200; look for a proxy or a queue in between."), ReplyError),
        _F(FaultId.REPLY_MALFORMED, tr_later("The answer is not well-formed or incomplete."), _SN,
           tr_later("Try again; if it repeats, call the service from ServiceNow's own tester."), ReplyError),
        _F(FaultId.REPLY_DAMAGED, tr_later("The answer was cut, held up or changed on its way."), _NET,
           tr_later("Look at the proxy, the gateway or the inspecting device between this machine and the instance; try without it."),
           ReplyError),
        _F(FaultId.REPLY_CONTRACT, tr_later("The answer does not carry the outputs that the contract asks for, exactly once."), _SN,
           tr_later("Correct the script or its output parameters."), ReplyError),
        _F(FaultId.STATUS_UNKNOWN, tr_later("The status service answered with a word that is not in the contract."), _SN,
           tr_later("Let the script answer with approved, rejected, pending or invalid."), ReplyError),
        _F(FaultId.TRANSACTION_CANCELLED, tr_later("The instance cut the query off because it ran too long."), _SN,
           tr_later("Ask for less at once, or have an index added."), ReplyError),
        _F(FaultId.OPERATION_ABORTED, tr_later("A business rule or access rule stopped the change."), _SN,
           tr_later("Look at the rule named in the evidence."), RefusedError),
        _F(FaultId.QUERY_IGNORED, tr_later("The instance ignored a part of the query and sent other records."), _SN,
           tr_later("Check that the account may read every field that is asked for."), ReplyError),
        _F(FaultId.SERVER_ERROR, tr_later("The instance failed with an error of its own."), _SN,
           tr_later("Try again; if it repeats, look at the system log of the instance."), UnreachableError),
        _F(FaultId.INPUT_UNSENDABLE, tr_later("A text holds characters that XML cannot carry."), _ME,
           tr_later("Remove the control characters."), RefusedError),
    )
)  # fmt: skip

make_problem = FAULTS.problem
make_error = FAULTS.error
