"""Dates that checks saw: the end of a server's certificate, and the date from which basic authentication is refused."""

import json
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from models.servers import Server
from services.common.json_types import UncheckedJson
from services.common.utc_text import format_utc
from services.connectivity.check_history import load_recent_reports
from services.store import Store

if TYPE_CHECKING:
    from services.servicenow.basic_auth_restriction import Restriction

NO_DATE: Final = "none"
"""What a stage stores where the account sees that no date is set; nothing is stored where it cannot see it."""


@dataclass(frozen=True, slots=True)
class SeenDates:
    """What the newest check that could see it saw, at the present address of the server."""

    certificate_ends_at: datetime | None = None
    basic_auth_enforced_at: datetime | str | None = None
    """The date, `NO_DATE`, or None where it is unknown."""


def stored_date(found: "Restriction") -> str:
    """Return the date of a restriction as a check stores it: UTC in ISO form, `NO_DATE`, or empty where it is unknown."""
    if found.enforced_from is not None:
        return format_utc(found.enforced_from)
    return NO_DATE if found.has_no_date else ""


def find_seen_dates(store: Store, servers: Iterable[Server]) -> dict[uuid.UUID, SeenDates]:
    """Return what the last checks of servers saw; blocks."""
    with store.read() as session:
        reports = load_recent_reports(session)
    return {server.id: _find(server, reports.get(server.id, ())) for server in servers}


def _find(server: Server, reports: Iterable[str]) -> SeenDates:
    certificate, enforced = "", ""
    for report in reports:
        content: UncheckedJson = json.loads(report or "{}")
        if content.get("base_url") != server.base_url:
            continue
        for stage in content.get("stages", []):
            certificate = certificate or str(stage.get("certificate_ends_at") or "")
            enforced = enforced or str(stage.get("basic_auth_enforced_at") or "")
        if certificate and enforced:
            break
    return SeenDates(_parse(certificate), NO_DATE if enforced == NO_DATE else _parse(enforced))


def _parse(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=UTC)
