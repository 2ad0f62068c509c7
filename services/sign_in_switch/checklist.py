"""What a ServiceNow administrator prepares for a sign-in method: records and values in ServiceNow's words, in order.

Sources are ServiceNow's documentation of inbound OAuth (client credentials, resource owner password credentials, JWT
bearer) and of mutual authentication. A probe shows the effect of some of these settings only.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from models.sign_in import METHODS, SignInMethod
from models.translation_marks import tr_later
from models.user_credential import UserCredential
from services.common.errors import Owner
from services.common.json_types import JsonLike
from services.language import tr_message, translate, translate_message
from services.servicenow.account_roles import REQUIRED_ROLES
from services.sign_in_probe import ProbeRow

CLIENT_NAME = "Approval Console"
SOAP_ROLES_NEEDED = ("soap_script", "soap_query")
TARGET_METHODS = tuple(method for method in SignInMethod if method is not SignInMethod.BASIC)
"""The methods that a server can move to."""
OPEN_VALUE = tr_later("(chosen in ServiceNow)")
"""In place of a value that nobody has entered in the console yet."""
ELSEWHERE = tr_later("cannot be seen from here")


@dataclass(frozen=True, slots=True)
class ChecklistEntry:
    """One setting: what it is, its value, and where it is made. Texts are English and can be translated."""

    name: str
    value: str
    where: str
    owner: Owner = Owner.SERVICENOW
    confirmed_by: ProbeRow | None = None
    """Which row of the probe shows its effect; None where it leaves no trace that can be seen from here."""

    def as_dict(self) -> dict[str, JsonLike]:
        """Return the entry for JSON."""
        return {
            "name": self.name,
            "value": self.value,
            "where": self.where,
            "owner": self.owner.value,
            "confirmed_by": self.confirmed_by.value if self.confirmed_by is not None else None,
        }


_INBOUND = "Machine Identity Console > Inbound integrations > New integration"
_ON_INTEGRATION = tr_later("On the integration (table oauth_entity)")
_JWT_RELATED = tr_later("On the integration, related list JWT Verifier Maps")
_MUTUAL = "Certificate Based Authentication"


def build_checklist(method: SignInMethod, credential: UserCredential) -> tuple[ChecklistEntry, ...]:
    """Return what has to be prepared so that `credential` can sign in with `method`, in the order of the work.

    `credential` gives the account and the client ID; it need not be stored or complete. The result has no secret. Basic
    authentication needs nothing: an empty tuple.
    """
    account = credential.account or OPEN_VALUE
    builders = {
        SignInMethod.CLIENT_CREDENTIALS: _client_credentials,
        SignInMethod.PASSWORD_GRANT: _password_grant,
        SignInMethod.JWT_BEARER: _jwt_bearer,
        SignInMethod.CERTIFICATE: _certificate,
    }
    builder = builders.get(method)
    return (*builder(credential, account), *_roles(account)) if builder is not None else ()


def _client_credentials(credential: UserCredential, account: str) -> Iterable[ChecklistEntry]:
    yield ChecklistEntry(
        tr_later("Property"),
        "glide.oauth.inbound.client.credential.grant_type.enabled = true",
        tr_later(
            "sys_properties, type true | false; it does not exist until it is created, in the global scope"
        ),
        confirmed_by=ProbeRow.TOKEN,
    )
    yield from _integration("OAuth - Client credentials grant")
    yield ChecklistEntry(
        "OAuth Application User",
        account,
        tr_later("On the integration; add the field to the form if it is hidden"),
        confirmed_by=ProbeRow.TOKEN,
    )
    yield _default_profile("Client Credentials")
    yield _auth_scope(credential)


def _password_grant(credential: UserCredential, account: str) -> Iterable[ChecklistEntry]:
    yield ChecklistEntry(
        tr_later("Property"),
        "glide.oauth.inbound.ropc.grant_type.disabled = false",
        tr_later("sys_properties; ServiceNow's hardening guide recommends true, which closes this grant"),
        confirmed_by=ProbeRow.TOKEN,
    )
    yield from _integration("OAuth - Resource owner password credential grant")
    yield ChecklistEntry(
        "Web service access only",
        tr_message("not ticked on {account}", account=account),
        tr_message(
            "User Administration > Users > {account}; the grant asks for interactive access", account=account
        ),
        confirmed_by=ProbeRow.TOKEN,
    )
    yield ChecklistEntry(
        "Password needs reset, Locked out",
        tr_message("not ticked on {account}", account=account),
        tr_message("User Administration > Users > {account}", account=account),
        confirmed_by=ProbeRow.TOKEN,
    )
    yield _default_profile("Resource Owner Password Credentials")
    yield _auth_scope(credential)


def _jwt_bearer(credential: UserCredential, account: str) -> Iterable[ChecklistEntry]:
    yield from _integration("OAuth - JWT bearer grant")
    yield ChecklistEntry(
        "User field",
        tr_message(
            "the column that holds “{subject}” for {account}",
            subject=credential.subject or account,
            account=account,
        ),
        _ON_INTEGRATION,
        confirmed_by=ProbeRow.TOKEN,
    )
    yield ChecklistEntry(
        "Sys Certificate",
        tr_later("X.509 certificate in PEM with the public key of the console's private key"),
        "System Definition > Certificates (sys_certificate)",
        confirmed_by=ProbeRow.TOKEN,
    )
    yield ChecklistEntry(
        "JWT Verifier Map, Kid",
        credential.key_id or OPEN_VALUE,
        _JWT_RELATED,
        confirmed_by=ProbeRow.TOKEN,
    )
    yield ChecklistEntry(
        "JWT Verifier Map, Sys certificate",
        tr_later("the certificate above"),
        _JWT_RELATED,
        confirmed_by=ProbeRow.TOKEN,
    )
    yield ChecklistEntry(
        "Clock skew",
        "300",
        tr_later(
            "On the integration, in seconds; the new form starts with 0, which refuses a clock that is ahead"
        ),
    )
    yield _default_profile("JWT Bearer")
    yield _auth_scope(credential)


def _certificate(credential: UserCredential, account: str) -> Iterable[ChecklistEntry]:
    del credential
    yield ChecklistEntry(
        tr_later("Plugin"),
        "com.glide.auth.mutual",
        tr_later("All > System Applications; the instance must be behind the ADCv2 load balancer"),
        confirmed_by=ProbeRow.REST,
    )
    yield ChecklistEntry(
        tr_later("Property"),
        tr_later("Enable certificate based authentication = true"),
        tr_message("{menu} > Properties", menu=_MUTUAL),
        confirmed_by=ProbeRow.REST,
    )
    yield ChecklistEntry(
        "CA Certificate",
        tr_later("root as CA Cert, others as Intermediate Cert"),
        tr_message(
            "{menu} > CA Certificate Chain (sys_ca_certificate); the load balancer takes a while",
            menu=_MUTUAL,
        ),
        confirmed_by=ProbeRow.REST,
    )
    yield ChecklistEntry(
        "User to Certificate Mapping",
        tr_message("PEM, user {account}, Active", account=account),
        tr_message("{menu} (sys_user_certificate); needs the role sso_config_admin", menu=_MUTUAL),
        confirmed_by=ProbeRow.REST,
    )
    yield ChecklistEntry(
        "API access policies",
        "Certificate based Auth",
        tr_later("System Web Services > API Access Policies, only where policies for these APIs exist"),
        confirmed_by=ProbeRow.SOAP,
    )


def _integration(kind: str) -> Iterable[ChecklistEntry]:
    yield ChecklistEntry(tr_later("Integration"), kind, _INBOUND, confirmed_by=ProbeRow.TOKEN)
    yield ChecklistEntry(tr_later("Name and provider name"), CLIENT_NAME, tr_later("On the new integration"))


def _default_profile(grant: str) -> ChecklistEntry:
    return ChecklistEntry(
        tr_later("Default profile"),
        grant,
        tr_later("oauth_entity_profile of the integration, Default ticked"),
        confirmed_by=ProbeRow.TOKEN,
    )


def _auth_scope(credential: UserCredential) -> ChecklistEntry:
    return ChecklistEntry(
        "Auth scope",
        credential.scope or "useraccount",
        tr_later("On the integration; not needed where it is broadly scoped"),
        confirmed_by=ProbeRow.REST,
    )


def _roles(account: str) -> Iterable[ChecklistEntry]:
    where = tr_message("User Administration > Users > {account} > Roles", account=account)
    yield ChecklistEntry(
        tr_later("Roles for SOAP"), ", ".join(SOAP_ROLES_NEEDED), where, confirmed_by=ProbeRow.SOAP
    )
    yield ChecklistEntry(tr_later("Roles of the user"), ", ".join(REQUIRED_ROLES), where)


def checklist_document(
    title: str, server: str, method: SignInMethod, entries: Sequence[ChecklistEntry]
) -> str:
    """Return the checklist as Markdown in the user's language, to hand over; it holds no secret.

    `server` is the base URL of the instance.
    """
    owner = translate(tr_later("Owner"))
    lines = [
        f"# {title}",
        "",
        f"{translate('Instance')}: {server}  ",
        f"{translate(METHODS[method].label)}",
        "",
    ]
    for place, entry in enumerate(entries, 1):
        seen = entry.confirmed_by is not None
        note = translate(tr_later("the probe sees its effect") if seen else ELSEWHERE)
        lines += [
            f"{place}. **{translate(entry.name)}**: `{translate_message(entry.value)}`  ",
            f"   {translate_message(entry.where)}  ",
            f"   {owner}: {translate(entry.owner.value)}; {note}",
        ]
    return "\n".join(lines) + "\n"
