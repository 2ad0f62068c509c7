"""Accounts, roles, sessions and authentication of the practice instance.

Passwords are set at start and held in memory only, never in a table.
"""

import base64
import hmac
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from services.practice.database import Database, fixed_sys_id, new_sys_id

SESSION_SECONDS = 1800
GUEST_USER = "soap.guest"
INTEGRATION_USER = "privman.integration"

ROLES: dict[str, str] = {
    "admin": "The System Administrator role.",
    "web_service_admin": "Administers web services.",
    "approval_admin": "Views and changes approvals of others.",
    "approver_user": "Views and changes own approvals.",
    "catalog_admin": "Administers the service catalog.",
    "itil": "Works on tasks.",
    "soap": "May do all SOAP operations.",
    "soap_query": "May query through SOAP, and read WSDL.",
    "soap_create": "May create records through SOAP.",
    "soap_update": "May update records through SOAP.",
    "soap_delete": "May delete records through SOAP.",
    "soap_query_update": "May query and update records through SOAP.",
    "soap_ecc": "May use the ECC queue through SOAP.",
    "soap_script": "May run scripted web services.",
    "snc_platform_rest_api_access": "May use the platform's REST APIs.",
    "mid_server": "Used by MID servers.",
    "snc_basic_auth_api_access": "May go on with basic authentication where it is restricted.",
    "snc_external": "An external user.",
}
CONTAINED_ROLES: dict[str, tuple[str, ...]] = {
    "soap": ("soap_query", "soap_create", "soap_update", "soap_delete", "soap_query_update", "soap_ecc", "soap_script"),
    "itil": ("snc_platform_rest_api_access", "approver_user"),
    "mid_server": ("snc_basic_auth_api_access",),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class PracticeAccount:
    """A predefined account: user name, password, and the roles granted directly."""

    user: str
    password: str = field(repr=False)
    roles: tuple[str, ...]
    name: str = ""
    purpose: str = ""


_ACCOUNTS: tuple[tuple[str, str, tuple[str, ...], str], ...] = (
    ("admin", "System Administrator", ("admin",), "administrator of the instance"),
    (
        INTEGRATION_USER,
        "Privilege Manager Integration",
        ("web_service_admin", "approval_admin", "soap", "snc_platform_rest_api_access"),
        "the account the console signs in with",
    ),
    (
        "privman.documented",
        "Privilege Manager Documented Roles",
        ("web_service_admin", "approval_admin"),
        "has only the two roles of the guide: refused where strict security is on",
    ),
    (
        "app.approver",
        "Alex Approver",
        ("approver_user", "snc_platform_rest_api_access"),
        "approves the application requests",
    ),
    (
        "other.approver",
        "Olive Approver",
        ("approver_user", "snc_platform_rest_api_access"),
        "an approver of other requests",
    ),
    ("catalog.admin", "Cato Catalog", ("catalog_admin", "itil"), "keeps the service catalog"),
    ("service.desk", "Sam Desk", ("itil",), "works on requests"),
    ("no.roles", "Nora Roleless", (), "has no role at all"),
)

SERVICE_ACCOUNTS = (INTEGRATION_USER, "privman.documented")
"""Accounts that sign in to web services only, as the documentation advises for programs."""


def make_accounts(password: str | None = None) -> dict[str, PracticeAccount]:
    """Return the predefined accounts by user name, with `password` or a random one each."""
    return {
        user: PracticeAccount(user, password or secrets.token_urlsafe(12), roles, name, purpose)
        for user, name, roles, purpose in _ACCOUNTS
    }


def user_sys_id(user: str) -> str:
    """Return the sys_id of a predefined account."""
    return fixed_sys_id("sys_user", user)


def fill_accounts(database: Database, accounts: Mapping[str, PracticeAccount]) -> None:
    """Write roles, users and role assignments; contained roles get their own rows."""
    for role, description in ROLES.items():
        database.insert(
            "sys_user_role", {"sys_id": fixed_sys_id("role", role), "name": role, "description": description}
        )
    for role, contained in CONTAINED_ROLES.items():
        for one in contained:
            database.insert(
                "sys_user_role_contains",
                {"role": fixed_sys_id("role", role), "contains": fixed_sys_id("role", one)},
            )
    for account in (*accounts.values(), PracticeAccount(GUEST_USER, "", (), "SOAP Guest")):
        first, _, last = account.name.partition(" ")
        database.insert(
            "sys_user",
            {
                "sys_id": user_sys_id(account.user), "user_name": account.user, "name": account.name,
                "first_name": first, "last_name": last, "email": f"{account.user}@example.com",
                "active": True, "locked_out": False, "web_service_access_only": account.user in SERVICE_ACCOUNTS,
            },
        )  # fmt: skip
        for role, inherited in roles_with_contained(account.roles).items():
            database.insert(
                "sys_user_has_role",
                {
                    "user": user_sys_id(account.user), "role": fixed_sys_id("role", role),
                    "inherited": inherited, "state": "active",
                },
            )  # fmt: skip


def roles_with_contained(roles: tuple[str, ...]) -> dict[str, bool]:
    """Return `roles` and the roles they contain, each with whether it is only inherited."""
    found = dict.fromkeys(roles, False)
    for role in list(found):
        for one in CONTAINED_ROLES.get(role, ()):
            found.setdefault(one, True)
    return found


@dataclass(frozen=True, slots=True)
class User:
    """The user that a request runs as."""

    user_name: str
    sys_id: str
    roles: frozenset[str]
    time_zone: str = ""

    def has(self, *roles: str) -> bool:
        """Return whether the user has one of `roles`; admin has all."""
        return "admin" in self.roles or not self.roles.isdisjoint(roles)


@dataclass(slots=True)
class Session:
    """A session: user, and end in monotonic seconds."""

    user_name: str
    until: float


class Accounts:
    """Authenticates requests by Basic credentials or by the cookie of a session."""

    def __init__(self, database: Database, accounts: Mapping[str, PracticeAccount]) -> None:
        self._database = database
        self._accounts = accounts
        self._sessions: dict[str, Session] = {}
        self.second_factors: set[str] = set()
        """Users with an active second factor; basic calls of theirs are refused, unless they are limited to web services."""

    def user(self, user_name: str) -> User | None:
        """Return an active user that is not locked out, with its roles from the tables."""
        row = self._database.first("sys_user", user_name=user_name)
        if row is None or row["active"] != "true" or row["locked_out"] == "true":
            return None
        roles = self._database.execute(
            "SELECT r.name FROM sys_user_has_role h JOIN sys_user_role r ON r.sys_id = h.role "
            "WHERE h.\"user\" = ? AND h.state = 'active'",
            [row["sys_id"]],
        )
        return User(row["user_name"], row["sys_id"], frozenset(r[0] for r in roles), row["time_zone"])

    def sign_in(self, authorization: str) -> User | None:
        """Return the user of an Authorization header, or None for wrong credentials."""
        scheme, _, encoded = authorization.partition(" ")
        if scheme.lower() != "basic":
            return None
        try:
            user_name, found, password = (
                base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
            )
        except ValueError:
            # Not base64, or not text inside.
            return None
        return self.check(user_name, password) if found else None

    def check(self, user_name: str, password: str) -> User | None:
        """Return the user of a name and a password, or None for wrong ones."""
        account = self._accounts.get(user_name)
        if account is None or not hmac.compare_digest(account.password.encode(), password.encode()):
            return None
        row = self._database.first("sys_user", user_name=user_name)
        if row is None or row["password_needs_reset"] == "true":  # noqa: S105 -- a flag
            return None
        return self.user(user_name)

    def needs_second_factor(self, user: User) -> bool:
        """Return whether basic calls of a user are refused for a one-time password."""
        return user.user_name in self.second_factors and not self.is_web_service_only(user.user_name)

    def is_web_service_only(self, user_name: str) -> bool:
        """Return whether an account may not sign in interactively."""
        row = self._database.first("sys_user", user_name=user_name)
        return row is not None and row["web_service_access_only"] == "true"

    def resume(self, session_id: str) -> User | None:
        """Return the user of a session that has not expired, or None."""
        session = self._sessions.get(session_id)
        if session is None or session.until < time.monotonic():
            self._sessions.pop(session_id, None)
            return None
        session.until = time.monotonic() + SESSION_SECONDS
        return self.user(session.user_name)

    def open_session(self, user: User) -> str:
        """Start a session and return its id, the value of JSESSIONID."""
        session_id = new_sys_id().upper()
        self._sessions[session_id] = Session(user.user_name, time.monotonic() + SESSION_SECONDS)
        return session_id

    def session_user_name(self, session_id: str) -> str:
        """Return the user name of a session, or an empty text."""
        session = self._sessions.get(session_id)
        return session.user_name if session else ""

    @property
    def sessions(self) -> int:
        """Return the number of open sessions."""
        return len(self._sessions)
