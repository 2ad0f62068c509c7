"""Basic Auth Restriction as far as an account can read it: not active, tracked, enforced, or unknown.

Most accounts may not read its system properties: then the list comes empty with status 200, which says nothing and never
means off. Source: ServiceNow's documentation of Basic Auth Restriction.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from services.common.errors import ConsoleError
from services.servicenow.encoded_query import Operator, where
from services.servicenow.http_client import ServiceNowClient
from services.servicenow.record_values import is_true

PREFIX = "glide.authenticate.basic_auth."
ACTIVE = f"{PREFIX}restriction.active"
ENFORCE = f"{PREFIX}restriction.enforce"
ENFORCEMENT_DATE = f"{PREFIX}restriction.enforcement_date"
ALLOWED_ROLES = f"{PREFIX}allowed_roles"
ALLOWED_USERS = f"{PREFIX}allowed_users"
DATE_PROPERTIES = (ACTIVE, ENFORCE, ENFORCEMENT_DATE)
PROPERTIES = (*DATE_PROPERTIES, ALLOWED_ROLES, ALLOWED_USERS)
DEFAULT_ROLE = "snc_basic_auth_api_access"


class RestrictionState(StrEnum):
    """What an instance does with basic authentication."""

    UNKNOWN = "unknown"
    """The properties are hidden from this account, or the instance has none."""
    OFF = "off"
    TRACKED = "tracked"
    """Calls are recorded, none is blocked yet."""
    ENFORCED = "enforced"


@dataclass(frozen=True, slots=True)
class Restriction:
    """What the properties say."""

    state: RestrictionState = RestrictionState.UNKNOWN
    enforced_from: datetime | None = None
    """From when on it blocks, or has blocked; None where no date can be read."""
    has_no_date: bool = False
    """Whether it is known that no date is set."""
    allowed_roles: tuple[str, ...] = (DEFAULT_ROLE,)
    allowed_users: tuple[str, ...] = ()
    """The sys_ids of users."""

    @property
    def text(self) -> str:
        """Return the state for evidence."""
        if self.state is RestrictionState.UNKNOWN:
            return (
                "whether basic authentication is restricted is unknown: its properties are hidden or absent"
            )
        at = self.enforced_from
        since = f" from {at.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC" if at is not None else ""
        texts = {
            RestrictionState.OFF: "Basic Auth Restriction is not active",
            RestrictionState.TRACKED: f"Basic Auth Restriction tracks{', and restricts' + since if since else ''}",
            RestrictionState.ENFORCED: f"Basic Auth Restriction is enforced{since}",
        }
        return texts[self.state]


async def fetch_restriction(instance: ServiceNowClient) -> Restriction:
    """Return what the account can read of the restriction; reading it is one call, and what cannot be read is unknown."""
    rows = instance.table("sys_properties").rows(
        where("name", Operator.IN, *PROPERTIES), fields=("name", "value"), limit=len(PROPERTIES)
    )
    try:
        values = {row["name"]: row["value"] async for row in rows}
    except ConsoleError:
        return Restriction()
    return parse_restriction(values, datetime.now(UTC))


def parse_restriction(values: Mapping[str, str], now: datetime) -> Restriction:
    """Return what the properties that could be read mean at a time.

    A missing switch may be off or hidden by a rule for its row: then nothing is known. Enforcing begins at its date, at once
    where none can be read.
    """
    at = _parse_utc(values.get(ENFORCEMENT_DATE, ""))
    active, enforce = (values.get(name, "").strip().lower() for name in (ACTIVE, ENFORCE))
    records_only = bool(enforce) and not is_true(enforce)
    has_no_date = records_only and values.get(ENFORCEMENT_DATE, "?").strip() == ""
    state = RestrictionState.UNKNOWN
    if active and not is_true(active):
        state, at, has_no_date = RestrictionState.OFF, None, True
    elif active and records_only:
        state = RestrictionState.TRACKED
        if at is not None and at <= now:
            # The date has no effect while enforcing is off.
            at, has_no_date = None, True
    elif active and enforce:
        has_begun = at is None or at <= now
        state = RestrictionState.ENFORCED if has_begun else RestrictionState.TRACKED
    roles = _split(values.get(ALLOWED_ROLES, "")) or (DEFAULT_ROLE,)
    return Restriction(state, at, has_no_date, roles, _split(values.get(ALLOWED_USERS, "")))


def _parse_utc(text: str) -> datetime | None:
    """Return a date and time of ServiceNow, which is in UTC, or None."""
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found


def _split(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())
