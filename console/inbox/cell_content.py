"""The content of the cells of the table: text, tooltip, accessible text, shape and tone."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from console.inbox.request_rows import AGE, DUE, FILE, REASON, STATE, is_open
from console.navigation.request_places import state_label
from console.widgets.data_table import ELIDE_MIDDLE, ELIDE_RIGHT, Column, file_name
from console.widgets.plain_text import replace_bidi_controls
from models.kinds import RequestState
from models.translation_marks import tr_later
from services.language import date_time, duration, short_duration, short_moment, tr

if TYPE_CHECKING:
    from services.requests.inbox.inbox import RequestRow

COLUMNS = (
    Column("State", cut=ELIDE_RIGHT, least=12, most=24, give=4),
    Column("Age", cut=ELIDE_RIGHT, align=ELIDE_RIGHT),
    Column("Policy", cut=ELIDE_RIGHT, least=10, most=28, take=1, give=5),
    Column("User", cut=ELIDE_MIDDLE, least=8, most=22, take=1, give=1),
    Column("Computer", tone="muted", cut=ELIDE_MIDDLE, least=8, most=20, give=1),
    Column("File", cut=ELIDE_MIDDLE, least=16, most=36, take=1, give=2),
    Column("Reason", tone="muted", cut=ELIDE_RIGHT, least=8, most=44, take=3, give=9),
    Column("Waits for", tone="muted", cut=ELIDE_RIGHT, least=8, most=26, take=1, give=5),
    Column("Times out", tone="muted", cut=ELIDE_RIGHT, align=ELIDE_RIGHT),
    Column("Number", most=24),
)

STATE_SHAPES = {
    RequestState.APPROVED: "good",
    RequestState.REJECTED: "bad",
    RequestState.INVALID: "bad",
    RequestState.FAILED: "bad",
    RequestState.TIMED_OUT: "notice",
    RequestState.CANCELLED: "off",
    RequestState.PENDING: "pending",
    RequestState.SUBMITTING: "running",
}
NOTICE_THRESHOLD, BAD_THRESHOLD = 0.60, 0.85
"""Shares of the time-out above which an age is coloured."""
NOT_YET, NOT_KNOWN, NOBODY = tr_later("Not yet"), tr_later("Not known"), tr_later("Nobody")


def state_text(row: "RequestRow") -> str:
    """Return the state of a request, marked if it is a rehearsal."""
    word = state_label(row.state)
    return tr("{state} (rehearsal)", state=word) if row.rehearsal else word


# -- times -----------------------------------------------------------------------------------------------------


def age_seconds(row: "RequestRow", now: datetime) -> float:
    """Return the age of a request in seconds, or how long it took if it has ended."""
    return float(((row.ended_at or now) - row.requested_at).total_seconds())


def time_used(row: "RequestRow", now: datetime) -> float | None:
    """Return the share of its time-out that an open request has used, 0 to 1; None if it has no time-out."""
    if row.times_out_at is None or not is_open(row):
        return None
    whole = (row.times_out_at - row.requested_at).total_seconds()
    used = (now - row.requested_at).total_seconds()
    return 1.0 if whole <= 0 else min(max(used / whole, 0.0), 1.0)


def age_tone(used: float | None) -> str:
    """Return the tone of an age: off, notice or bad."""
    if used is None or used < NOTICE_THRESHOLD:
        return "off"
    return "notice" if used <= BAD_THRESHOLD else "bad"


def due_text(row: "RequestRow", now: datetime) -> str:
    """Return when an open request times out, or when an ended one ended."""
    if not is_open(row):
        return "" if row.ended_at is None else tr("ended {time}", time=short_moment(row.ended_at, now))
    if row.times_out_at is None:
        return tr(NOT_KNOWN)
    left = (row.times_out_at - now).total_seconds()
    if left >= 0:
        return tr("in {duration}", duration=short_duration(left))
    return tr("overdue by {duration}", duration=short_duration(-left))


# -- cells -----------------------------------------------------------------------------------------------------


def approvers_text(row: "RequestRow") -> str:
    """Return the approvers that have not answered."""
    if not is_open(row):
        return ""
    if row.waits_for:
        return ", ".join(row.waits_for)
    if not row.record_id:
        return tr(NOT_YET)
    # A record in “requested” has approvers: none is known only because the account may not see them.
    nobody = row.observed_at is not None and row.servicenow_state != "requested"
    return tr(NOBODY if nobody else NOT_KNOWN)


def _one_line(text: str) -> str:
    return replace_bidi_controls(" ".join(text.split()) if any(c in text for c in "\n\r\t") else text)


COLUMN_FORMATTERS: "tuple[Callable[[RequestRow, datetime], str], ...]" = (
    lambda row, _now: state_text(row),
    lambda row, now: short_duration(age_seconds(row, now)),
    lambda row, _now: _one_line(row.policy),
    lambda row, _now: _one_line(row.user),
    lambda row, _now: _one_line(row.computer),
    lambda row, _now: _one_line(file_name(row.file_path)),
    lambda row, _now: _one_line(row.reason),
    lambda row, _now: _one_line(approvers_text(row)),
    due_text,
    lambda row, _now: row.number or tr(NOT_YET),
)


def text(row: "RequestRow", column: int, now: datetime) -> str:
    """Return the text of a cell."""
    return COLUMN_FORMATTERS[column](row, now)


def has_warning(row: "RequestRow") -> bool:
    """Whether the two systems disagree about a request, or an error stops it."""
    return bool(row.mismatch or (row.error and is_open(row)))


def tooltip_text(row: "RequestRow", column: int, now: datetime, mismatch: str = "") -> str:
    """Return the full text of a cell. `mismatch` is the text for the mismatch of the row."""
    if column == STATE:
        return "\n".join(part for part in (text(row, column, now), mismatch, row.error) if part)
    if column == AGE:
        return tr("Raised {time}", time=date_time(row.requested_at, seconds=True, zone=True))
    if column == DUE:
        moment = row.times_out_at if is_open(row) else row.ended_at
        if moment is None:
            return text(row, column, now)
        at = date_time(moment, seconds=True, zone=True)
        return tr("Times out {time}", time=at) if is_open(row) else tr("Ended {time}", time=at)
    if column == FILE:
        return replace_bidi_controls(row.file_path)
    if column == REASON:
        return replace_bidi_controls(row.reason)
    return text(row, column, now)


def accessible_text(row: "RequestRow", column: int, now: datetime, mismatch: str = "") -> str:
    """Return the text of a cell for a screen reader: the column, then everything shown by shape and colour."""
    words = text(row, column, now)
    if column == STATE and mismatch:
        words = f"{words}, {mismatch}"
    elif column == STATE and row.error:
        words = f"{words}, {row.error}"
    elif column == AGE:
        used = time_used(row, now)
        words = duration(age_seconds(row, now))
        words += "" if used is None else tr(", {percent} % of its time", percent=round(used * 100))
    elif column == DUE and is_open(row) and row.times_out_at is not None:
        left = (row.times_out_at - now).total_seconds()
        words = (
            tr("in {duration}", duration=duration(left))
            if left >= 0
            else tr("overdue by {duration}", duration=duration(-left))
        )
    elif column == FILE:
        words = row.file_path
    words = words or tr("nothing")
    return f"{tr(COLUMNS[column].name)}: {words}"
