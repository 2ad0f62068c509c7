"""Basic Auth Restriction of the practice instance: its switches, the order of its exemptions, and what it records.

Source: ServiceNow's documentation of Basic Auth Restriction. A refused caller gets exactly the reply to a wrong password; the
true reason is only in the log of the practice instance.
"""

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum

from services.practice.accounts_and_sessions import User
from services.practice.database import Database, Row

_PREFIX = "glide.authenticate.basic_auth."
ACTIVE_PROPERTY = f"{_PREFIX}restriction.active"
ENFORCE_PROPERTY = f"{_PREFIX}restriction.enforce"
ENFORCEMENT_DATE_PROPERTY = f"{_PREFIX}restriction.enforcement_date"
DEFAULT_DECISION_PROPERTY = f"{_PREFIX}restriction.default_decision"
ALLOWED_ROLES_PROPERTY = f"{_PREFIX}allowed_roles"
ALLOWED_USERS_PROPERTY = f"{_PREFIX}allowed_users"
ALLOW_EXTERNAL_PROPERTY = f"{_PREFIX}allow_snc_external"
DEFAULT_ROLE = "snc_basic_auth_api_access"
EXTERNAL_ROLE = "snc_external"
EXCEPTION_TABLE = "sys_user_basic_auth_exception"
REVOKE = "Revoke"
"""What the recommended default decision begins with."""
_log = logging.getLogger(__name__)


class Decision(StrEnum):
    """What an administrator decided for an account; the values are those of the exception table."""

    GRANT = "grant"
    NO_GRANT = "no_grant"
    CONVERTED = "converted"
    """To Web service access only."""
    GLOBAL = "global"
    """Use the property."""


class BasicAuthRestriction:
    """Decides whether an account whose password is right may go on."""

    def __init__(self, database: Database, is_web_service_only: Callable[[str], bool]) -> None:
        self._database = database
        self._is_web_service_only = is_web_service_only

    def lets_in(self, user: User, *, second_factor: bool = False) -> bool:
        """Return whether `user` is let in, and record it; `second_factor`: the session has passed it.

        A request for an access token never comes here: the password grant is exempt.
        """
        if not self._database.is_set(ACTIVE_PROPERTY, default=False):
            return True
        if EXTERNAL_ROLE in user.roles:
            external = self._database.is_set(ALLOW_EXTERNAL_PROPERTY, default=True)
            return external or not self.is_enforced
        if self._is_web_service_only(user.user_name) or second_factor:
            return True
        if user.sys_id in self._listed(ALLOWED_USERS_PROPERTY):
            return True
        if user.roles & set(self._listed(ALLOWED_ROLES_PROPERTY) or (DEFAULT_ROLE,)):
            return True
        allowed = self._is_allowed(self._record(user))
        if allowed or not self.is_enforced:
            return True
        _log.info(
            "basic authentication of %s is restricted; it gets the reply to a wrong password", user.user_name
        )
        return False

    @property
    def is_enforced(self) -> bool:
        """Whether accounts are blocked: enforcing is on, and its date (UTC) has come or is empty."""
        if not self._database.is_set(ENFORCE_PROPERTY, default=False):
            return False
        date = self._database.get_property(ENFORCEMENT_DATE_PROPERTY).strip()
        try:
            return not date or datetime.fromisoformat(date).replace(tzinfo=UTC) <= self._database.clock()
        except ValueError:
            return True

    def decide(self, user: User, decision: Decision) -> None:
        """Write the decision of an administrator for an account."""
        row = self._database.first(EXCEPTION_TABLE, user=user.sys_id)
        values = {"decision": decision.value, "action_taken": True}
        if row is None:
            self._database.insert(EXCEPTION_TABLE, {"user": user.sys_id, **values})
        else:
            self._database.update(EXCEPTION_TABLE, row["sys_id"], values)

    def _record(self, user: User) -> Row:
        """Raise the count of uses of an account that nothing else exempts, and return its row."""
        now = self._database.now_text()
        row = self._database.first(EXCEPTION_TABLE, user=user.sys_id)
        if row is None:
            values = {
                "user": user.sys_id,
                "decision": Decision.GLOBAL.value,
                "usage_count": "1",
                "last_seen": now,
            }
            self._database.insert(EXCEPTION_TABLE, values)
            return self._database.rows(EXCEPTION_TABLE, user=user.sys_id)[0]
        count = int(row["usage_count"] or 0) + 1
        self._database.update(EXCEPTION_TABLE, row["sys_id"], {"usage_count": str(count), "last_seen": now})
        return row

    def _is_allowed(self, row: Row) -> bool:
        match row["decision"]:
            case Decision.GRANT | Decision.CONVERTED:
                return True
            case Decision.NO_GRANT:
                return False
        return not self._database.get_property(DEFAULT_DECISION_PROPERTY).startswith(REVOKE)

    def _listed(self, name: str) -> tuple[str, ...]:
        return tuple(part.strip() for part in self._database.get_property(name).split(",") if part.strip())
