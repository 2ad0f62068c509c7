"""Requests as rows of the list: their columns, and what is derived from a row without showing it. Imports no Qt."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from models.kinds import RequestOrigin, RequestState

if TYPE_CHECKING:
    from models.approval_request import ApprovalRequest
    from services.requests.inbox.inbox import RequestRow

STATE, AGE, POLICY, USER, COMPUTER, FILE, REASON, APPROVERS, DUE, NUMBER = range(10)
"""The columns of the table."""
SORTABLE: dict[int, str] = {
    STATE: "state",
    AGE: "age",
    POLICY: "policy",
    USER: "user",
    COMPUTER: "computer",
    FILE: "file",
    DUE: "times_out",
    NUMBER: "number",
}
"""Columns that can be sorted, with their names in `services.requests.inbox.filters.Sort`."""
COLUMN_BY_SORT_NAME = {name: column for column, name in SORTABLE.items()}
DESCENDING_FIRST = (AGE,)
"""Columns whose first click puts the greatest value on top."""


@dataclass(frozen=True, slots=True)
class RowOutcome:
    """Result of an action on one request: whether it was done, and a sentence that says so."""

    ok: bool
    text: str
    why: str = ""
    """Why it was not done, and what to do about it."""


def utcnow() -> datetime:
    """Return the current time in UTC."""
    return datetime.now(UTC)


def is_open(row: "RequestRow") -> bool:
    """Whether a request can still be decided."""
    return not RequestState(row.state).is_final


def is_raised_by_privilege_manager(row: "RequestRow") -> bool:
    """Whether Privilege Manager raised a request itself."""
    return row.origin == RequestOrigin.SERVICENOW


def request_label(row: "RequestRow") -> str:
    """Return the number of a request, or an id while it has none."""
    return row.number or row.approval_id or str(row.id)


def row_from_request(request: "ApprovalRequest") -> "RequestRow":
    """Return a stored request as a row of the list."""
    from services.requests.inbox.filter_sql import ROW_COLUMN_NAMES, to_request_row

    return to_request_row([getattr(request, name) for name in ROW_COLUMN_NAMES])
