"""Whether an instance restricts basic authentication, as far as an account can read its properties.

Source: ServiceNow's documentation of the Basic Auth Restriction. An account without rights gets 200 and no rows: that is
unknown, never off.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from services.common.errors import ConsoleError
from services.common.json_types import JsonLike
from services.servicenow.encoded_query import Operator, where
from services.servicenow.http_client import ServiceNowClient

_PREFIX = "glide.authenticate.basic_auth.restriction."
ACTIVE, ENFORCE, DATE = f"{_PREFIX}active", f"{_PREFIX}enforce", f"{_PREFIX}enforcement_date"
TABLE = "sys_properties"


class RestrictionState(StrEnum):
    """What an instance does with basic authentication."""

    UNKNOWN = "unknown"
    """The properties cannot be read."""
    OFF = "off"
    TRACKED = "tracked"
    """Calls are recorded, none is blocked."""
    ENFORCED = "enforced"


@dataclass(frozen=True, slots=True)
class Restriction:
    """The state, and from when on it is enforced where that is written down."""

    state: RestrictionState
    enforced_from: datetime | None = None

    def as_dict(self) -> dict[str, JsonLike]:
        """Return it for JSON."""
        at = self.enforced_from
        return {"state": self.state.value, "enforced_from": at.isoformat() if at is not None else None}


async def read_restriction(instance: ServiceNowClient) -> Restriction:
    """Return the restriction of an instance, in one call; what cannot be read is unknown."""
    query = where("name", Operator.IN, ACTIVE, ENFORCE, DATE)
    try:
        rows = [row async for row in instance.table(TABLE).rows(query, fields=("name", "value"))]
    except ConsoleError:
        return Restriction(RestrictionState.UNKNOWN)
    return judge_restriction({row["name"]: row["value"] for row in rows})


def judge_restriction(values: dict[str, str]) -> Restriction:
    """Return what the properties that could be read say.

    A missing master switch may be off or hidden by a rule for its row: with it missing, nothing is known.
    """
    at = _parse_utc(values.get(DATE, ""))
    active = values.get(ACTIVE, "").strip().lower()
    if not active:
        return Restriction(RestrictionState.UNKNOWN, at)
    if active != "true":
        return Restriction(RestrictionState.OFF)
    enforce = values.get(ENFORCE)
    if enforce is None:
        return Restriction(RestrictionState.UNKNOWN, at)
    is_enforced = enforce.strip().lower() == "true"
    return Restriction(RestrictionState.ENFORCED if is_enforced else RestrictionState.TRACKED, at)


def _parse_utc(text: str) -> datetime | None:
    """Return a date and time of ServiceNow, which is in UTC, or None."""
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found.tzinfo is None else found
