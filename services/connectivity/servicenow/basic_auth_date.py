"""From when an instance refuses basic authentication, as far as the account can read it.

Property names and their meaning: ServiceNow's documentation of the Basic Auth Restriction. An account without rights gets
the same empty list as on an instance without these properties, so that nothing is concluded from a missing row.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

from services.common.utc_text import format_utc
from services.connectivity.seen_dates import NO_DATE

ACTIVE = "glide.authenticate.basic_auth.restriction.active"
ENFORCE = "glide.authenticate.basic_auth.restriction.enforce"
ENFORCEMENT_DATE = "glide.authenticate.basic_auth.restriction.enforcement_date"
PROPERTIES = (ACTIVE, ENFORCE, ENFORCEMENT_DATE)


def enforcement_date(values: Mapping[str, str]) -> str:
    """Return the date as a check stores it: UTC in ISO form, `NO_DATE`, or empty where it is unknown.

    `values` are the rows of `PROPERTIES` that the account could read. No date is set where the restriction is off, or
    where it only records and the account sees an empty date.
    """
    if values.get(ACTIVE, "").strip().lower() == "false":
        return NO_DATE
    told = values.get(ENFORCEMENT_DATE)
    if told is None:
        return ""
    if told.strip():
        return _to_utc(told.strip())
    return NO_DATE if values.get(ENFORCE, "").strip().lower() == "false" else ""


def _to_utc(text: str) -> str:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return ""
    return format_utc(found if found.tzinfo is not None else found.replace(tzinfo=UTC))
