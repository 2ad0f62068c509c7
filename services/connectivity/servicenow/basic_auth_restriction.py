"""Basic Auth Restriction as far as the account can read it: not active, tracked, enforced, or unknown.

Most accounts may not read the system properties of it: then the list comes empty with status 200, which says nothing.
Source: ServiceNow's documentation of Basic Auth Restriction.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from services.common.errors import ConsoleError
from services.connectivity.servicenow.basic_auth_date import ACTIVE, ENFORCE, ENFORCEMENT_DATE
from services.servicenow.encoded_query import Operator, where
from services.servicenow.http_client import ServiceNowClient
from services.servicenow.record_values import is_true

PREFIX = "glide.authenticate.basic_auth."
ALLOWED_ROLES = f"{PREFIX}allowed_roles"
ALLOWED_USERS = f"{PREFIX}allowed_users"
PROPERTIES = (ACTIVE, ENFORCE, ENFORCEMENT_DATE, ALLOWED_ROLES, ALLOWED_USERS)
DEFAULT_ROLE = "snc_basic_auth_api_access"


class RestrictionState(StrEnum):
    """How far the restriction has come."""

    UNKNOWN = "unknown"
    """The properties are hidden from this account, or the instance has none."""
    OFF = "off"
    TRACKED = "tracked"
    ENFORCED = "enforced"


@dataclass(frozen=True, slots=True)
class Restriction:
    """What the properties say."""

    state: RestrictionState = RestrictionState.UNKNOWN
    enforcement_date: str = ""
    """UTC date and time as the instance writes it; empty where none is set."""
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
        since = f" from {self.enforcement_date} UTC" if self.enforcement_date else ""
        texts = {
            RestrictionState.OFF: "Basic Auth Restriction is not active",
            RestrictionState.TRACKED: f"Basic Auth Restriction tracks{', and restricts' + since if since else ''}",
            RestrictionState.ENFORCED: f"Basic Auth Restriction is enforced{since}",
        }
        return texts[self.state]


async def fetch_restriction(instance: ServiceNowClient) -> Restriction:
    """Return what the account can read of the restriction; reading it is one call, and never raises."""
    rows = instance.table("sys_properties").rows(
        where("name", Operator.IN, *PROPERTIES), fields=("name", "value"), limit=len(PROPERTIES)
    )
    try:
        values = {row["name"]: row["value"] async for row in rows}
    except ConsoleError:
        return Restriction()
    return parse_restriction(values, datetime.now(UTC))


def parse_restriction(values: dict[str, str], now: datetime) -> Restriction:
    """Return what properties by name mean at a time."""
    if ACTIVE not in values:
        return Restriction()
    date = values.get(ENFORCEMENT_DATE, "").strip()
    state = RestrictionState.OFF
    if is_true(values[ACTIVE]):
        begun = _has_begun(date, now)
        enforced = is_true(values.get(ENFORCE, "")) and begun
        state = RestrictionState.ENFORCED if enforced else RestrictionState.TRACKED
    roles = _split(values.get(ALLOWED_ROLES, "")) or (DEFAULT_ROLE,)
    return Restriction(state, date, roles, _split(values.get(ALLOWED_USERS, "")))


def _has_begun(date: str, now: datetime) -> bool:
    """Return whether a date has passed; without one that can be read, enforcing has no later begin."""
    try:
        return datetime.fromisoformat(date).replace(tzinfo=UTC) <= now
    except ValueError:
        return True


def _split(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())
