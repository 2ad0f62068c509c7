"""Access rules of the practice instance: API access policies, IP filters and Machine Identity Access Controls.

Source: ServiceNow's documentation of REST and SOAP API access policies and of Machine Identity Access Controls. The body of a SOAP
call that a policy refuses is not public: it gets the page of any refused SOAP call. That a Machine Identity Access Control answers
REST with 403 is a choice; the documentation only says that nothing else is reached.
"""

import ipaddress
from dataclasses import dataclass, field
from enum import StrEnum

from starlette.responses import Response

from services.practice.accounts_and_sessions import User
from services.practice.table_api import error_response, not_authenticated
from services.practice.web_parts import html_page

REALM = "Service-now"
GLOBAL = ""
"""The key of the policy of every API."""


class SignInKind(StrEnum):
    """Kinds that an inbound authentication profile can name; NONE lets calls without a sign-in through."""

    BASIC = "basic"
    OAUTH = "oauth"
    CERTIFICATE = "certificate"
    ID_TOKEN = "idtoken"  # noqa: S105 -- a kind
    WSSE = "wsse"
    NONE = "none"


SCHEMES = {SignInKind.BASIC: "BASIC", SignInKind.OAUTH: "BEARER"}
"""What `WWW-Authenticate` calls a kind."""
USUAL_KINDS = frozenset({SignInKind.BASIC, SignInKind.OAUTH, SignInKind.CERTIFICATE})
"""What is accepted where no policy says anything else."""


@dataclass(slots=True)
class Policy:
    """The kinds and the addresses that one API takes; empty kinds: the usual ones, no networks: every address."""

    kinds: frozenset[SignInKind] = frozenset()
    networks: tuple[str, ...] = ()
    address_status: int = 401
    """What an address that is not let in gets: 401 or 403."""

    def takes(self, kind: SignInKind) -> bool:
        """Return whether a call that signs in with `kind` goes on."""
        return kind in (self.kinds or USUAL_KINDS)

    def lets_in(self, address: str) -> bool:
        """Return whether a call from `address` goes on."""
        if not self.networks:
            return True
        found = ipaddress.ip_address(address)
        return any(found in ipaddress.ip_network(network) for network in self.networks)

    def challenge(self, kind: SignInKind) -> str:
        """Return `WWW-Authenticate` for a refused call: the scheme it came with where that is taken, else the first one."""
        wanted = [kind] if self.takes(kind) else []
        first = next((SCHEMES[one] for one in (*wanted, *SCHEMES) if one in SCHEMES and self.takes(one)), "")
        return f'{first} realm="{REALM}"' if first else ""


@dataclass(frozen=True, slots=True)
class MachineIdentity:
    """A Machine Identity Access Control: all that a user reaches, whatever its roles."""

    tables: frozenset[str] = frozenset()
    services: frozenset[str] = frozenset()
    rest: bool = True
    """Whether it names the Table API."""


@dataclass(slots=True)
class AccessRules:
    """All rules of an instance. REST policies are named by `METHOD table`, `table`, `METHOD` or GLOBAL, SOAP policies by service or GLOBAL."""

    rest: dict[str, Policy] = field(default_factory=dict)
    soap: dict[str, Policy] = field(default_factory=dict)
    machine_identities: dict[str, MachineIdentity] = field(default_factory=dict)
    """By user name."""

    def find_rest(self, method: str, table: str) -> Policy:
        """Return the policy of a call of the Table API: a specific one wins over the global one."""
        keys = (f"{method} {table}", table, method, GLOBAL)
        return next((self.rest[key] for key in keys if key in self.rest), Policy())

    def find_soap(self, service: str) -> Policy:
        """Return the policy of a scripted service: its own wins over that of the SOAP processor."""
        return self.soap.get(service) or self.soap.get(GLOBAL) or Policy()

    def refuse_rest(
        self, method: str, table: str, kind: SignInKind, address: str, *, restricted: bool = False
    ) -> Response | None:
        """Return the refusal of a policy, or None. `restricted`: the client's token is for APIs whose policy names OAuth."""
        policy = self.find_rest(method, table)
        if not policy.lets_in(address):
            refusal = not_authenticated(policy.challenge(kind))
            refusal.status_code = policy.address_status
            return refusal
        named = SignInKind.OAUTH in policy.kinds
        if policy.takes(kind) and (named or not restricted):
            return None
        return not_authenticated(policy.challenge(SignInKind.NONE if restricted else kind))

    def refuse_machine_on_rest(self, user: User, table: str) -> Response | None:
        """Return the refusal of a Machine Identity Access Control for a table, or None."""
        rule = self.machine_identities.get(user.user_name)
        if rule is None or (rule.rest and table in rule.tables):
            return None
        return error_response(
            403, "Insufficient rights to query records", "Access is not allowed for this identity"
        )

    def accepts_soap(self, service: str, kind: SignInKind, address: str, user: User | None) -> bool:
        """Return whether a call of a service keeps its user."""
        policy = self.find_soap(service)
        rule = self.machine_identities.get(user.user_name) if user is not None else None
        reached = rule is None or service in rule.services
        return policy.takes(kind) and policy.lets_in(address) and reached


def refused_soap(challenge: str) -> Response:
    """Return the page of a refused SOAP call."""
    page = html_page("Error report", "HTTP Status 401", 401)
    if challenge:
        page.headers["WWW-Authenticate"] = challenge
    return page
