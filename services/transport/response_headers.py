"""Reads headers of answers. A header that cannot be read counts as absent, whatever it holds."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from models.addresses import Origin

if TYPE_CHECKING:
    import httpx

RETRY_AFTER_MAX_S = 3600.0
"""No server limits for longer than an hour; what asks for more is not believed."""
RETRY_AFTER_DEFAULT_S = 60.0
_NUMBER = re.compile(r"[0-9]{1,15}", re.ASCII)
_SECONDS = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,15})?", re.ASCII)
_QUOTED = re.compile(r'"(?:\\.|[^"\\])*"?')
_SCHEME = re.compile(r"([A-Za-z0-9!#$%&'*+.^_`|~-]+)(?![A-Za-z0-9!#$%&'*+.^_`|~-])(?!\s*=)", re.ASCII)
BASIC = "basic"


def integer_header(headers: "httpx.Headers", name: str) -> int | None:
    """Return the whole number that a header holds, or None."""
    return parse_integer(headers.get(name, ""))


def parse_integer(text: str) -> int | None:
    """Return a number without sign and fraction, or None for every other text."""
    value = text.strip()
    return int(value) if _NUMBER.fullmatch(value) else None


def parse_http_date(text: str) -> datetime | None:
    """Return the moment that an HTTP date names, or None for every other text."""
    try:
        found = parsedate_to_datetime(text.strip())
        # HTTP dates name their zone; the conversion raises for what no clock shows.
        return found.astimezone(UTC) if found.tzinfo is not None else None
    except (ValueError, TypeError, OverflowError, IndexError):
        return None


def parse_retry_after(headers: "httpx.Headers", now: datetime) -> float | None:
    """Return the seconds that Retry-After asks for, from 1 to an hour; None where it is absent or cannot be read."""
    value = headers.get("retry-after", "").strip()
    if _SECONDS.fullmatch(value):
        seconds = float(value)
    else:
        # What is no number is a date or nothing: Python also reads “inf”, “nan” and “1_0” as numbers.
        until = parse_http_date(value)
        if until is None:
            return None
        seconds = (until - now).total_seconds()
    return min(max(1.0, seconds), RETRY_AFTER_MAX_S)


def parse_auth_schemes(values: Iterable[str]) -> tuple[str, ...]:
    """Return the sign-in schemes that WWW-Authenticate or Proxy-Authenticate headers offer, as they are written."""
    found: dict[str, str] = {}
    for value in values:
        for part in _QUOTED.sub('""', value).split(","):
            scheme = _SCHEME.match(part.strip())
            if scheme is not None:
                found.setdefault(scheme[1].lower(), scheme[1])
    return tuple(found.values())


def offers_basic(schemes: Iterable[str]) -> bool:
    """Return whether Basic is among the schemes."""
    return any(scheme.lower() == BASIC for scheme in schemes)


def read_redirect(response: "httpx.Response") -> tuple[Origin | None, str, str]:
    """Return where a redirect points to: its origin, None where it has none, its Location, and both as evidence.

    The evidence leaves the query out: it may repeat what was sent, in any encoding.
    """
    location = response.headers.get("location", "")
    shown, mark, _ = location.partition("?")
    seen = f"HTTP {response.status_code} to {shown + ('?…' if mark else '') or 'nowhere'}"
    try:
        return Origin.of(urljoin(str(response.request.url), location)), location, seen
    except ValueError:
        return None, location, seen
