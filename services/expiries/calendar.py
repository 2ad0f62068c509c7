"""The expiry calendar: entries with days left and a state, computed from facts, a moment and a time zone.

`days_left` counts calendar days of the time zone of whoever reads it: 0 is today, 1 tomorrow, -1 yesterday, whatever the
time of day. A day that was entered by hand ends at midnight of that time zone.
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, tzinfo
from enum import StrEnum

from models.kinds import Kind
from services.common.errors import Owner
from services.common.json_types import JsonObject
from services.common.utc_text import format_utc

NOTICE_DAYS, WARNING_DAYS, BAD_DAYS = 30, 7, 1
THRESHOLDS = (NOTICE_DAYS, WARNING_DAYS, BAD_DAYS)
"""Days left from which an entry is a notice, a warning, and bad."""
NEVER = datetime.max.replace(microsecond=0, tzinfo=UTC)
"""RFC 5280, 4.1.2.5: the end of a certificate that has no well-defined one."""


_FIRST_DAY, _LAST_DAY = date(1970, 1, 2), date(9999, 12, 29)
"""Days that a local time exists for on every system and in every time zone."""
_FIRST_MOMENT = datetime.combine(_FIRST_DAY, time(), UTC)
_LAST_MOMENT = datetime.combine(_LAST_DAY, time(), UTC)


class ExpiryKind(StrEnum):
    """What runs out; the values are those of JSON."""

    SECRET = "secret"  # noqa: S105 -- the name of a kind
    SIGNING_KEY = "signing_key"
    CLIENT_CERTIFICATE = "client_certificate"
    CA_BUNDLE = "ca_bundle"
    SERVER_CERTIFICATE = "server_certificate"
    BASIC_AUTHENTICATION = "basic_authentication"


class ExpiryState(StrEnum):
    """How urgent an entry is. The last three have no date."""

    OK = "ok"
    NOTICE = "notice"
    WARNING = "warning"
    BAD = "bad"
    UNREADABLE = "unreadable"
    """A file that cannot be read; `detail` says why."""
    UNKNOWN = "unknown"
    """It may have a date, which cannot be seen from here."""
    UNDATED = "undated"
    """It has no date."""


DUE_STATES = frozenset({ExpiryState.NOTICE, ExpiryState.WARNING, ExpiryState.BAD})
"""The states of what runs out within 30 days, or has run out."""


@dataclass(frozen=True, slots=True)
class ExpiryFact:
    """One thing that runs out, as it was read. It has an end, a last day that was entered by hand, or a `gap`."""

    kind: ExpiryKind
    object_kind: Kind
    object_id: uuid.UUID
    object_name: str
    what: str
    """What it is called, in the middle of a sentence."""
    remedy: str
    owner: Owner
    expires_at: datetime | None = None
    last_day: date | None = None
    gap: ExpiryState = ExpiryState.UNKNOWN
    """Its state where it has neither end nor last day."""
    detail: str = ""
    """Which certificate it is, or why there is no date."""


@dataclass(frozen=True, slots=True)
class Expiry:
    """An entry of the calendar."""

    fact: ExpiryFact
    expires_at: datetime | None
    """In UTC; the last second of a day that was entered by hand."""
    days_left: int | None
    state: ExpiryState
    threshold: int | None = None
    """The last of the thresholds that was passed: 30, 7 or 1."""

    def as_dict(self) -> JsonObject:
        """Return the entry for JSON."""
        fact = self.fact
        return {
            "kind": fact.kind.value,
            "object": {
                "kind": fact.object_kind.value,
                "id": str(fact.object_id),
                "name": fact.object_name,
            },
            "expires_at": format_utc(self.expires_at),
            "days_left": self.days_left,
            "state": self.state.value,
            "detail": str(fact.detail),
            "remedy": str(fact.remedy),
            "owner": fact.owner.value,
        }


def build_calendar(facts: Iterable[ExpiryFact], now: datetime, zone: tzinfo | None = None) -> list[Expiry]:
    """Return the entries, the nearest first; what has no date follows, files that cannot be read before the rest.

    `now` is aware. Days are those of `zone`, by default of this computer's time zone.
    """
    entries = [_entry(fact, now, zone) for fact in facts]
    gaps = (ExpiryState.UNREADABLE, ExpiryState.UNKNOWN, ExpiryState.UNDATED)

    def order(entry: Expiry) -> tuple[int, datetime, str, str, str]:
        fact = entry.fact
        rank = gaps.index(entry.state) + 1 if entry.state in gaps else 0
        return rank, entry.expires_at or NEVER, fact.object_name.casefold(), fact.kind, str(fact.object_id)

    return sorted(entries, key=order)


def within(entries: Iterable[Expiry], days: int) -> list[Expiry]:
    """Return what ends within `days`, what has ended, and what cannot be read or seen; not what has no date."""
    return [
        one
        for one in entries
        if one.state in (ExpiryState.UNREADABLE, ExpiryState.UNKNOWN)
        or (one.days_left is not None and one.days_left <= days)
    ]


def state_for(days_left: int) -> ExpiryState:
    """Return how urgent it is with so many days left."""
    if days_left <= BAD_DAYS:
        return ExpiryState.BAD
    if days_left <= WARNING_DAYS:
        return ExpiryState.WARNING
    return ExpiryState.NOTICE if days_left <= NOTICE_DAYS else ExpiryState.OK


def threshold_for(days_left: int) -> int | None:
    """Return the last threshold that was passed with so many days left; None before the first."""
    return min((days for days in THRESHOLDS if days_left <= days), default=None)


def count_days_left(expires_at: datetime, now: datetime, zone: tzinfo | None = None) -> int:
    """Return the calendar days of `zone` from the day of `now` to the day of `expires_at`, negative when it is past."""
    return (_in_zone(expires_at, zone).date() - _in_zone(now, zone).date()).days


def _entry(fact: ExpiryFact, now: datetime, zone: tzinfo | None) -> Expiry:
    if fact.last_day is not None:
        expires_at = _end_of(fact.last_day, zone)
        days = (fact.last_day - _in_zone(now, zone).date()).days
    elif fact.expires_at is not None:
        expires_at = min(max(fact.expires_at.astimezone(UTC), _FIRST_MOMENT), _LAST_MOMENT)
        days = count_days_left(expires_at, now, zone)
    else:
        return Expiry(fact, None, None, fact.gap)
    return Expiry(fact, expires_at, days, state_for(days), threshold_for(days))


def _in_zone(moment: datetime, zone: tzinfo | None) -> datetime:
    return min(max(moment, _FIRST_MOMENT), _LAST_MOMENT).astimezone(zone)


def _end_of(day: date, zone: tzinfo | None) -> datetime:
    """Return the last second of a day in `zone`, in UTC; every time zone has the result, also at the ends of the calendar."""
    last = datetime.combine(min(max(day, _FIRST_DAY), _LAST_DAY), time(23, 59, 59))
    return (last.astimezone() if zone is None else last.replace(tzinfo=zone)).astimezone(UTC)
