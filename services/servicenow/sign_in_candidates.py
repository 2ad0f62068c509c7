"""What a refusal of ServiceNow can stand for where its reply is the same for several causes.

One 401 answers a wrong password, a restricted account and a locked one; one reply of the token endpoint answers almost
everything. Sources: ServiceNow's documentation of Basic Auth Restriction, inbound OAuth, API access policies and Machine
Identity Access Controls. The lists are ordered by how often each cause is met.
"""

from models.sign_in import SignInMethod
from models.translation_marks import tr_later
from services.common.errors import Candidate, Owner

_C = Candidate
_ME, _NET = Owner.CONSOLE, Owner.NETWORK

PASSWORD_WRONG = _C(
    "password-wrong", tr_later("The password is not the one of the account."),
    tr_later("the User Credential in this console: enter the password again"), _ME,
)  # fmt: skip
BASIC_RESTRICTED = _C(
    "basic-auth-restricted", tr_later("Basic authentication is restricted for this account."),
    tr_later("All > Basic Auth Restriction > Properties (glide.authenticate.basic_auth.restriction.enforce and "
    "enforcement_date) and the table sys_user_basic_auth_exception; exempt are accounts with Web service access only, and the "
    "role snc_basic_auth_api_access"),
)  # fmt: skip
ACCOUNT_STATE = _C(
    "account-state", tr_later("The user is locked out, not active, or has to reset its password."),
    tr_later("the record of the user (sys_user): Locked out, Active, Password needs reset"),
)  # fmt: skip
KIND_NOT_IN_POLICY = _C(
    "access-policy-lacks-kind", tr_later("An API access policy does not list this kind of sign-in."),
    tr_later("System Web Services > API Access Policies: the policy of this API, or the Global one, and its Inbound Authentication "
    "Profiles"),
)  # fmt: skip
ADDRESS_FILTER = _C(
    "access-policy-address", tr_later("The address of this machine is not let in."),
    tr_later("IP Address Access Control, and the IP filters of the API access policies; the instance sees the address of the proxy"),
)  # fmt: skip
MACHINE_IDENTITY = _C(
    "machine-identity-access-control",
    tr_later("A Machine Identity Access Control lists this user, and not this API or table."),
    tr_later("System Security > Machine Identity Access Controls: REST API policy, SOAP API policy, tables, users"),
)  # fmt: skip
GRANT_PROPERTY = _C(
    "oauth-client-credentials-off",
    tr_later("The client credentials grant is not enabled; the property does not exist by default."),
    tr_later("the system property glide.oauth.inbound.client.credential.grant_type.enabled (true/false, global scope): true"),
)  # fmt: skip
APPLICATION_USER = _C(
    "oauth-application-user-empty", tr_later("The OAuth client has no OAuth Application User."),
    tr_later("the record of the client (oauth_entity): OAuth Application User, which may have to be added to the form"),
)  # fmt: skip
CLIENT_SECRET = _C(
    "oauth-client-secret-wrong", tr_later("The client secret is another one, or was changed when it was copied."),
    tr_later("the User Credential in this console: enter the client secret again; it may hold characters such as + & # %"), _ME,
)  # fmt: skip
SCOPE_OR_PROFILE = _C(
    "oauth-scope-or-profile", tr_later("The scope is not allowed to the client, or the client has no default profile for this grant."),
    tr_later("the record of the client: OAuth Entity Profiles (default, grant type) and OAuth Entity Scopes"),
)  # fmt: skip
OTHER_INSTANCE = _C(
    "oauth-client-of-another-instance", tr_later("The Client ID belongs to another instance; a clone brings the clients of its source."),
    tr_later("Application Registry, or Machine Identity Console > Inbound integrations, of this instance: the Client ID"),
)  # fmt: skip
CLIENT_INACTIVE = _C(
    "oauth-client-inactive", tr_later("The OAuth client is not active."),
    tr_later("the record of the client (oauth_entity): Active"),
)  # fmt: skip
PASSWORD_GRANT_OFF = _C(
    "oauth-password-grant-disabled", tr_later("The password grant is disabled."),
    tr_later("the system property glide.oauth.inbound.ropc.grant_type.disabled: false"),
)  # fmt: skip
WEB_SERVICE_ONLY = _C(
    "oauth-password-grant-web-service-only",
    tr_later("The user may not sign in interactively; the password grant asks for that."),
    tr_later("the record of the user (sys_user): Web service access only, Identity type"),
)  # fmt: skip
KEY_UNKNOWN = _C(
    "oauth-key-unknown", tr_later("The key id is in no JWT verifier map, or its certificate has expired or is another one."),
    tr_later("the record of the client: JWT Verifier Maps (kid, sys_certificate), and the dates of the certificate"),
)  # fmt: skip
SUBJECT_UNKNOWN = _C(
    "oauth-subject-unknown", tr_later("The subject finds no user."),
    tr_later("the record of the client: User field; it is compared with the subject of the User Credential"),
)  # fmt: skip
CLOCK = _C(
    "oauth-clock-differs", tr_later("The clock of this machine differs from that of the instance by more than the client allows."),
    tr_later("the clock of this machine, and Clock skew in the record of the client"), _ME,
)  # fmt: skip
CLAIMS = _C(
    "oauth-claims-not-valid", tr_later("A claim is not what the client asks for, or the assertion counts as used before."),
    tr_later("the record of the client: JWT claim validations (iss, aud) and the replay check of jti"),
)  # fmt: skip
TOKEN_REVOKED = _C(
    "oauth-token-revoked", tr_later("The access token was revoked, or has ended earlier than it said."),
    tr_later("System OAuth > Manage Tokens (oauth_credential)"),
)  # fmt: skip
TOKEN_RESTRICTION = _C(
    "oauth-token-restriction", tr_later("The client enforces token restriction, and no policy of this API names OAuth."),
    tr_later("the record of the client: Enforce token restriction; and System Web Services > API Access Policies"),
)  # fmt: skip
GRANT_OF_CLIENT = _C(
    "oauth-grant-not-allowed", tr_later("The client may not use this grant."),
    tr_later("the record of the client: Default Grant type, OAuth Entity Profiles"),
)  # fmt: skip
SOAP_POLICY = _C(
    "access-policy-soap", tr_later("A SOAP API access policy does not list this kind of sign-in for the service."),
    tr_later("System Web Services > API Access Policies > SOAP API Access Policies: Inbound Authentication"),
)  # fmt: skip
SOAP_PROCESSOR = _C(
    "access-policy-soap-processor",
    tr_later("The global profile of the SOAP processor does not list this kind of sign-in."),
    tr_later("the processor access policy of the SOAP processor, which a SOAP API access policy of the service overrides"),
)  # fmt: skip
WS_SECURITY = _C(
    "soap-ws-security", tr_later("SOAP calls need WS-Security as well."),
    tr_later("the system property glide.soap.require_ws_security; Internal Integration User of the user skips it"),
)  # fmt: skip
SOAP_GUEST = _C(
    "soap-without-sign-in", tr_later("SOAP asks for no sign-in: a call whose token is not accepted runs as guest."),
    tr_later("the system property glide.basicauth.required.soap: true"),
)  # fmt: skip
ROLE = _C(
    "user-role-missing", tr_later("The user lacks a role."),
    tr_later("the roles of the user: web_service_admin, approval_admin; for SOAP also soap_script and soap_query"),
)  # fmt: skip
ACCESS_RULE = _C(
    "access-rule", tr_later("An access rule (ACL) of the table or of the API refuses the user."),
    tr_later("System Security > Access Control (ACL), and the access log of the user"),
)  # fmt: skip
GATEWAY = _C(
    "gateway-rule", tr_later("A gateway or web application firewall in front of the instance refuses the call."),
    tr_later("the rules of the gateway for the addresses of the instance"), _NET,
)  # fmt: skip

REFUSED_PASSWORD = (
    PASSWORD_WRONG,
    BASIC_RESTRICTED,
    ACCOUNT_STATE,
    KIND_NOT_IN_POLICY,
    ADDRESS_FILTER,
    MACHINE_IDENTITY,
)
"""A call with a user name and a password that is answered 401."""
REJECTED_TOKEN = (
    ACCOUNT_STATE,
    KIND_NOT_IN_POLICY,
    TOKEN_RESTRICTION,
    TOKEN_REVOKED,
    ADDRESS_FILTER,
    MACHINE_IDENTITY,
)
"""A call with an access token that is answered 401."""
KIND_NOT_OFFERED = (KIND_NOT_IN_POLICY, *(one for one in REJECTED_TOKEN if one is not KIND_NOT_IN_POLICY))
"""A call with an access token whose 401 offers other schemes; some instances offer Basic to every caller."""
UNKNOWN_CLIENT = (OTHER_INSTANCE, GRANT_OF_CLIENT)
REFUSED_ON_SOAP = (SOAP_POLICY, SOAP_PROCESSOR, MACHINE_IDENTITY, ADDRESS_FILTER, WS_SECURITY)
"""A SOAP call that is answered 401 with a sign-in that REST accepts."""
GUEST = (SOAP_GUEST, SOAP_POLICY, TOKEN_REVOKED)
MISSING_RIGHT = (ROLE, ACCESS_RULE, MACHINE_IDENTITY)
ADDRESS_REFUSED = (ADDRESS_FILTER, GATEWAY, MACHINE_IDENTITY)

REFUSED_TOKEN_REQUEST: dict[SignInMethod, tuple[Candidate, ...]] = {
    SignInMethod.CLIENT_CREDENTIALS: (
        GRANT_PROPERTY,
        APPLICATION_USER,
        CLIENT_SECRET,
        ACCOUNT_STATE,
        SCOPE_OR_PROFILE,
        OTHER_INSTANCE,
        CLIENT_INACTIVE,
    ),
    SignInMethod.PASSWORD_GRANT: (
        CLIENT_SECRET,
        PASSWORD_WRONG,
        ACCOUNT_STATE,
        WEB_SERVICE_ONLY,
        PASSWORD_GRANT_OFF,
        SCOPE_OR_PROFILE,
        OTHER_INSTANCE,
        CLIENT_INACTIVE,
    ),
    SignInMethod.JWT_BEARER: (
        KEY_UNKNOWN,
        SUBJECT_UNKNOWN,
        CLIENT_SECRET,
        ACCOUNT_STATE,
        SCOPE_OR_PROFILE,
        OTHER_INSTANCE,
        CLAIMS,
        CLIENT_INACTIVE,
    ),
}
"""A request for an access token that is refused with the reply that stands for almost everything."""


def refused_token_candidates(
    method: SignInMethod, *, sends_secret: bool = True, clock_differs: bool = False
) -> tuple[Candidate, ...]:
    """Return what a refused request for a token can stand for; without a client secret that is not among it."""
    found = REFUSED_TOKEN_REQUEST.get(method, REFUSED_TOKEN_REQUEST[SignInMethod.CLIENT_CREDENTIALS])
    possible = tuple(one for one in found if sends_secret or one is not CLIENT_SECRET)
    return (CLOCK, *possible) if clock_differs else possible
