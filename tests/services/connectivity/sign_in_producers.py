"""Authentication faults, one producer each: how it is brought about, where it shows, and which causes are listed.

A producer prepares a practice instance and returns what the check signs in with.
"""

import functools
from dataclasses import dataclass, replace

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from starlette.responses import JSONResponse

from models.secret_names import SecretName
from models.sign_in import JwtAlgorithm, SignInMethod
from services.common.secret import Secret
from services.practice import basic_auth_restriction as gate
from services.practice.access_policies import GLOBAL, MachineIdentity, Policy, SignInKind
from services.practice.oauth import (
    CLIENT_CREDENTIALS_PROPERTY,
    PASSWORD_GRANT_PROPERTY,
    Verifier,
    make_client,
)
from services.practice.schema import TABLES
from services.transport.sign_in import SignIn, TokenSignIn
from tests.services.connectivity.conftest import ACCOUNT, PASSWORD
from tests.services.connectivity.producers import SERVICES

PERSON = "catalog.admin"
OAUTH, BASIC = SignInKind.OAUTH, SignInKind.BASIC
REVOKE = "Revoke basic authentication"
STATUS_STAGE = "service_status"


@dataclass(frozen=True)
class Produced:
    """A fault with its producer. `among` are candidates that have to be listed; `certain`: the wire shows the cause."""

    name: str
    stage: str
    id: str
    arrange: object
    among: tuple = ()
    certain: bool = False

    @property
    def place(self):
        return self.stage, self.id


PRODUCED = []


def produces(stage, fault_id, *among, certain=False):
    def register(function):
        name = function.__name__.strip("_")
        PRODUCED.append(Produced(name, stage, fault_id, function, among, certain))
        return function

    return register


def change_user(practice, user=ACCOUNT, **values):
    [row] = practice.records("sys_user", user_name=user)
    practice._database.update("sys_user", row["sys_id"], values)


def password(user=ACCOUNT, secret=PASSWORD):
    return SignIn(user, Secret(secret))


def restrict(practice, **values):
    practice.set_property(gate.ACTIVE_PROPERTY, "true")
    for name, value in ({"enforce": "true", "default_decision": REVOKE} | values).items():
        practice.set_property(f"glide.authenticate.basic_auth.restriction.{name}", value)


def token(practice, method=SignInMethod.CLIENT_CREDENTIALS, user=ACCOUNT, *, enabled="true", **changed):
    """Register a client and return what signs in with it; `changed` are values of the client, or of the sign-in."""
    if enabled is not None:
        practice.set_property(CLIENT_CREDENTIALS_PROPERTY, enabled)
    client = practice.tokens.add_client("Approval Console", make_client(user))
    given = {name: changed.pop(name) for name in ("secret", "client_id", "scope") if name in changed}
    secrets = {SecretName.CLIENT_SECRET: Secret(given.pop("secret", client.secret))}
    if method is SignInMethod.PASSWORD_GRANT:
        secrets[SecretName.PASSWORD] = Secret(changed.pop("password", PASSWORD))
    for name, value in changed.items():
        setattr(client, name, value)
    return TokenSignIn(
        account=user, method=method, secrets=secrets, **{"client_id": client.client_id} | given
    )


@functools.cache
def key(number):
    """Return a key pair; each number has its own."""
    del number
    return ec.generate_private_key(ec.SECP256R1())


def assertion(practice, *, kid="kid-1", subject=ACCOUNT, algorithm=JwtAlgorithm.ES256, verifier=0, skew_s=0):
    public = key(verifier).public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )  # fmt: skip
    private = key(0).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    client = practice.tokens.add_client("Approval Console", make_client())
    client.verifiers.append(Verifier("kid-1", public.decode()))
    client.skew_s = skew_s
    return TokenSignIn(
        account=ACCOUNT, method=SignInMethod.JWT_BEARER, client_id=client.client_id, key_id=kid,
        subject=subject, algorithm=algorithm, secrets={SecretName.PRIVATE_KEY: Secret(private.decode())},
    )  # fmt: skip


# -- Basic authentication ------------------------------------------------------

REFUSED = ("authentication", "authentication-refused")


@produces(*REFUSED, "password-wrong", "basic-auth-restricted")
def wrong_password(practice):
    return password(secret="no such password")


@produces(*REFUSED, "password-wrong", "basic-auth-restricted")
def restricted(practice):
    restrict(practice)
    return password(PERSON)


@produces(*REFUSED, "basic-auth-restricted")
def restricted_by_a_decision(practice):
    restrict(practice, default_decision="Maintain current login")
    practice.restriction.decide(practice.users.user(PERSON), gate.Decision.NO_GRANT)
    return password(PERSON)


@produces(*REFUSED, "account-state")
def locked_out(practice):
    change_user(practice, locked_out="true")
    return password()


@produces(*REFUSED, "account-state")
def inactive(practice):
    change_user(practice, active="false")
    return password()


@produces(*REFUSED, "account-state")
def has_to_reset_its_password(practice):
    change_user(practice, password_needs_reset="true")
    return password()


@produces("authentication", "authentication-mfa", certain=True)
def second_factor(practice):
    practice.users.second_factors.add(PERSON)
    return password(PERSON)


@produces(*REFUSED, "access-policy-address")
def filtered_by_address(practice):
    practice.access.rest["sys_user"] = Policy(networks=("192.0.2.0/24",))
    return password()


@produces(
    "authentication", "access-policy-refused", "access-policy-address", "machine-identity-access-control"
)
def filtered_by_address_with_403(practice):
    practice.access.rest["sys_user"] = Policy(networks=("192.0.2.0/24",), address_status=403)
    return password()


@produces("authentication", "basic-auth-not-offered", certain=True)
def policy_without_basic(practice):
    practice.access.rest[GLOBAL] = Policy(frozenset({OAUTH}))
    return password()


@produces("roles", "rights-missing", "user-role-missing", "machine-identity-access-control")
def machine_identity_without_tables(practice):
    practice.access.machine_identities[ACCOUNT] = MachineIdentity()
    return password()


@produces(STATUS_STAGE, "access-policy-soap-refused", "machine-identity-access-control")
def machine_identity_without_services(practice):
    practice.access.machine_identities[ACCOUNT] = MachineIdentity(tables=frozenset(TABLES))
    return password()


@produces(STATUS_STAGE, "access-policy-soap-refused", "access-policy-soap")
def soap_policy_without_basic(practice):
    practice.access.soap[GLOBAL] = Policy(frozenset({OAUTH}))
    return password()


@produces("status_call", "access-policy-soap-refused", "access-policy-soap")
def only_the_call_refuses_basic(practice):
    guests_read_descriptions(practice)
    practice.access.soap[GLOBAL] = Policy(frozenset({OAUTH}))
    return password()


@produces("account", "basic-auth-restriction-tracked", certain=True)
def tracked(practice):
    restrict(practice, enforce="false")
    return password("admin")


@produces("account", "basic-auth-restriction-tracked", certain=True)
def enforced_later(practice):
    restrict(practice, enforcement_date="2999-01-01 00:00:00")
    return password("admin")


@produces("account", "basic-auth-restriction-enforced", certain=True)
def enforced_with_an_exemption(practice):
    restrict(practice)
    practice.restriction.decide(practice.users.user("admin"), gate.Decision.GRANT)
    return password("admin")


# -- Access tokens ---------------------------------------------------------------

TOKEN_REFUSED = ("authentication", "oauth-token-refused")


@produces(*TOKEN_REFUSED, "oauth-client-credentials-off")
def property_absent(practice):
    return token(practice, enabled=None)


@produces(*TOKEN_REFUSED, "oauth-client-credentials-off")
def property_false(practice):
    return token(practice, enabled="false")


@produces(*TOKEN_REFUSED, "oauth-application-user-empty")
def without_application_user(practice):
    signed = token(practice)
    practice.tokens.clients[signed.client_id].user = ""
    return signed


@produces(*TOKEN_REFUSED, "oauth-client-secret-wrong")
def wrong_secret(practice):
    return token(practice, secret="another secret")


@produces(*TOKEN_REFUSED, "account-state")
def token_for_an_inactive_user(practice):
    change_user(practice, active="false")
    return token(practice)


@produces(*TOKEN_REFUSED, "account-state")
def token_for_a_locked_user(practice):
    change_user(practice, locked_out="true")
    return token(practice)


@produces(*TOKEN_REFUSED, "oauth-scope-or-profile")
def scope_not_allowed(practice):
    return token(practice, scope="reporting")


@produces(*TOKEN_REFUSED, "oauth-scope-or-profile")
def without_default_profile(practice):
    return token(practice, has_default_profile=False)


@produces(*TOKEN_REFUSED, "oauth-client-inactive")
def client_inactive(practice):
    return token(practice, active=False)


@produces(*TOKEN_REFUSED, "oauth-client-of-another-instance")
def client_id_unknown(practice):
    return token(practice, client_id="0" * 32)


@produces("authentication", "oauth-client-unknown", "oauth-client-of-another-instance")
def client_of_another_instance(practice):
    practice.tokens.foreign_clients.add("f" * 32)
    return token(practice, client_id="f" * 32)


@produces("authentication", "oauth-reply-unreadable", certain=True)
def reply_without_a_token(practice):
    practice.faults.set("token_reply_odd")
    return token(practice)


@produces("authentication", "oauth-token-unavailable", certain=True)
def token_endpoint_that_fails(practice):
    practice.tokens.answer = lambda *_: JSONResponse({}, 500)
    return token(practice)


@produces(*TOKEN_REFUSED, "oauth-password-grant-disabled")
def password_grant_disabled(practice):
    practice.set_property(PASSWORD_GRANT_PROPERTY, "true")
    return token(practice, SignInMethod.PASSWORD_GRANT, PERSON)


@produces(*TOKEN_REFUSED, "oauth-password-grant-web-service-only")
def password_grant_for_web_services_only(practice):
    return token(practice, SignInMethod.PASSWORD_GRANT)


@produces(*TOKEN_REFUSED, "password-wrong")
def password_grant_with_a_wrong_password(practice):
    return token(practice, SignInMethod.PASSWORD_GRANT, PERSON, password="no such password")


@produces(*TOKEN_REFUSED, "account-state")
def password_grant_before_a_reset(practice):
    change_user(practice, PERSON, password_needs_reset="true")
    return token(practice, SignInMethod.PASSWORD_GRANT, PERSON)


@produces("account", "oauth-password-grant-account", certain=True)
def password_grant_that_should_not_work(practice):
    practice.users.is_web_service_only = lambda _user: False
    return token(practice, SignInMethod.PASSWORD_GRANT)


@produces(*TOKEN_REFUSED, "oauth-key-unknown")
def key_id_unknown(practice):
    return assertion(practice, kid="kid-2")


@produces(*TOKEN_REFUSED, "oauth-key-unknown")
def certificate_of_another_key(practice):
    return assertion(practice, verifier=1)


@produces(*TOKEN_REFUSED, "oauth-subject-unknown")
def subject_unknown(practice):
    return assertion(practice, subject="nobody")


@produces(*TOKEN_REFUSED, "oauth-clock-differs", "oauth-subject-unknown")
def clock_that_differs_beside_another_cause(practice):
    practice.faults.set("clock_off", seconds=600)
    return assertion(practice, subject="nobody")


@produces("authentication", "oauth-private-key-unusable", certain=True)
def key_of_another_kind(practice):
    return assertion(practice, algorithm=JwtAlgorithm.RS256)


@produces(
    "authentication",
    "oauth-token-rejected",
    "oauth-token-revoked",
    "account-state",
    "access-policy-lacks-kind",
)
def token_that_has_ended(practice):
    return token(practice, lifetime_s=0)


@produces("authentication", "access-policy-kind", "access-policy-lacks-kind", "account-state")
def policy_without_oauth(practice):
    practice.access.rest[GLOBAL] = Policy(frozenset({BASIC}))
    return token(practice)


@produces("authentication", "access-policy-kind", "oauth-token-restriction")
def restricted_token(practice):
    return token(practice, is_restricted=True)


@produces("authentication", "oauth-other-account", certain=True)
def token_of_another_user(practice):
    return replace(token(practice, user=PERSON), account=ACCOUNT)


@produces("authentication", "oauth-client-scoped", certain=True)
def securely_scoped(practice):
    return token(practice, is_scoped=True)


@produces("authentication", "oauth-token-rejected", "access-policy-address")
def token_from_another_address(practice):
    practice.access.rest["sys_user"] = Policy(networks=("192.0.2.0/24",))
    return token(practice)


@produces("roles", "rights-missing", "machine-identity-access-control")
def machine_identity_with_a_token(practice):
    practice.access.machine_identities[ACCOUNT] = MachineIdentity()
    return token(practice)


@produces(STATUS_STAGE, "oauth-token-soap-refused", "access-policy-soap")
def soap_policy_without_oauth(practice):
    practice.access.soap[GLOBAL] = Policy(frozenset({BASIC}))
    return token(practice)


@produces("status_call", "oauth-token-soap-refused", "access-policy-soap")
def only_the_call_refuses_tokens(practice):
    guests_read_descriptions(practice)
    practice.access.soap[GLOBAL] = Policy(frozenset({BASIC}))
    return token(practice)


@produces("status_call", "oauth-token-guest", "soap-without-sign-in")
def token_that_runs_as_guest(practice):
    guests_read_descriptions(practice)
    practice.set_property("glide.basicauth.required.soap", "false")
    practice.access.soap[GLOBAL] = Policy(frozenset({BASIC}))
    return token(practice)


def _refused_service(stage, service, fault_id, sign_in):
    def one_service_is_refused(practice):
        practice.faults.set("soap_refused", service=service)
        return sign_in(practice)

    one_service_is_refused.__name__ = f"{stage}_{fault_id}"
    produces(stage, fault_id, "access-policy-soap")(one_service_is_refused)


for _stage, _service in SERVICES.items():
    if _stage != STATUS_STAGE:
        _refused_service(_stage, _service, "access-policy-soap-refused", lambda _practice: password())
        _refused_service(_stage, _service, "oauth-token-soap-refused", token)


def guests_read_descriptions(practice):
    practice.set_property("glide.basicauth.required.wsdl", "false")
    practice.set_property("glide.soap.strict_security", "false")
