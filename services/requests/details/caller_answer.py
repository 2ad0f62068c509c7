"""Sentences about one request: why it waits, and what to tell the person who called."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import PureWindowsPath

from models.approval_request import ApprovalRequest
from models.base import utcnow
from models.kinds import RequestState
from models.translation_marks import tr_later
from services.language import ENGLISH, OR, JoinedNames, day, time_of_day, tr_message
from services.requests.domain.states import (
    ENDED_RECORD_STATUSES,
    RecordStatus,
    StateAssessment,
    record_status,
)
from services.requests.records.approver_names import join_english_names
from services.requests.records.request_action import action_from_approval
from services.requests.records.requested_item import RequestedItem
from services.servicenow.journal_text import journal_to_text

SUBMISSION_GRACE_PERIOD = timedelta(minutes=5)
"""What has not reached ServiceNow by then takes more than a moment."""


def explain_why_stuck(
    row: ApprovalRequest, judgement: StateAssessment, names: list[str], record: RequestedItem | None
) -> str:
    """Return why a request that is open does not go on; nothing for one that has ended.

    `judgement` is that of both states; `names` are those who can act.
    """
    state = RequestState(row.state)
    if state.is_final:
        return row.error if state is RequestState.FAILED else ""
    if row.error:
        return tr_message("{error} It is tried again by itself.", error=row.error)
    if state is RequestState.SUBMITTING:
        return tr_later(
            "It has not reached ServiceNow yet: the worker that sends it is not running, or is still at it."
        )
    if judgement.mismatch:
        return judgement.sentence
    if record is not None and any(one.is_open for one in record.shared_order_approvals) and not names:
        return tr_message(
            "It waits for the approval of {order}, which has other items: that is decided in ServiceNow.",
            order=record.order_number or tr_message("its order"),
        )
    if record is not None and record.open_approvals and not names:
        return tr_later("Nobody who is asked can act: their accounts are not active or locked out.")
    if names:
        return tr_message("It waits for {names}.", names=JoinedNames(names, OR, 5))
    if _observed_state(row) is RecordStatus.WAITING and record is not None:
        return tr_later("It waits for an approval; this account does not see whose.")
    return judgement.sentence


def build_caller_answer(
    row: ApprovalRequest,
    names: list[str],
    record: RequestedItem | None,
    comment: str = "",
    *,
    person: str = "",
    now: datetime | None = None,
) -> str:
    """Return what to tell the person who raised a request: where it stands, who acts, what to do.

    `comment` is what the decision was given with, where the row does not keep it. `person` is who made it at a console,
    where that is known.
    """
    now = now or utcnow()
    what = _describe_request(row)
    number = f" ({row.number})" if row.number else ""
    match RequestState(row.state):
        case RequestState.SUBMITTING:
            if row.error or now - row.requested_at > SUBMISSION_GRACE_PERIOD:
                return f"{what} has not reached the approvers yet; the service desk looks into it."
            return f"{what} is being sent to the approvers. Wait a minute and look again."
        case RequestState.PENDING:
            return _describe_pending(row, what, number, names, now)
        case RequestState.APPROVED:
            return f"{what} was approved{_format_decided_by(record, person)}{_format_moment(row.ended_at, now)}{number}. Start the program again."
        case RequestState.REJECTED:
            told = journal_to_text(row.comment or comment)
            said = f" The answer was: “{told}”." if told else ""
            return f"{what} was rejected{_format_decided_by(record, person)}{_format_moment(row.ended_at, now)}{number}.{said}"
        case RequestState.TIMED_OUT:
            return f"Nobody decided {_lower(what)} in time{number}. Start the program again to ask once more."
        case RequestState.CANCELLED:
            return f"{what} was cancelled{_format_moment(row.ended_at, now)}{number}. Start the program again if it is still needed."
        case RequestState.INVALID:
            return f"{what} was closed without a decision{_format_moment(row.ended_at, now)}{number}. Start the program again to ask once more."
        case RequestState.FAILED:
            return f"{what} did not reach the approvers. Start the program again; if that repeats, the service desk looks into it."


def _describe_pending(row: ApprovalRequest, what: str, number: str, names: list[str], now: datetime) -> str:
    seen = _observed_state(row)
    if seen is RecordStatus.APPROVED:
        return f"{what} is approved{number}; the answer is on its way. Start the program again in a minute."
    if seen in (RecordStatus.REJECTED, RecordStatus.ORDER_REJECTED):
        return f"{what} is rejected{number}; the answer is on its way."
    if seen in (*ENDED_RECORD_STATUSES, RecordStatus.UNKNOWN):
        return f"{what} was closed without a decision{number}. Start the program again to ask once more."
    if seen is RecordStatus.MISSING:
        return f"{what} cannot be found{number}; the service desk looks into it."
    until = ""
    if row.times_out_at is not None:
        if row.times_out_at <= now:
            # Nobody has looked since: an answer of the last moment may be on its way, and is found by starting again.
            return f"{what} expired{_format_moment(row.times_out_at, now)}{number}. Start the program again to ask once more."
        until = f" If nothing happens by {_format_deadline(row.times_out_at, now)}, start the program again."
    if seen is RecordStatus.ORDER_APPROVED and names:
        whose = join_english_names(names)
        return f"{what} was approved on the order, but not yet on its item. {whose} has to approve {row.number or 'it'}.{until}"
    whom = f" of {join_english_names(names)}" if names else ""
    return f"{what} waits for the approval{whom}{number}.{until}"


def _observed_state(row: ApprovalRequest) -> RecordStatus:
    return record_status(row.servicenow_state, row.record_state, row.order_state, closed=row.record_closed)


def _describe_request(row: ApprovalRequest) -> str:
    name = PureWindowsPath(row.file_path).name or row.file_path
    return f"Your request for {name}" if name else "Your request"


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def _format_decided_by(record: RequestedItem | None, person: str) -> str:
    decided = record.deciding_approval if record is not None else None
    if record is None or decided is None:
        return ""
    # With which account is nothing for a caller.
    deed = replace(
        action_from_approval(record.number, decided, person), account="" if person else decided.changed_by
    )
    return f" {deed.actor_phrase}"


def _format_moment(at: datetime | None, now: datetime) -> str:
    if at is None:
        return ""
    return f" at {_format_time(at)}" if _same_day(at, now) else f" on {_format_day(at)} at {_format_time(at)}"


def _format_deadline(at: datetime, now: datetime) -> str:
    return _format_time(at) if _same_day(at, now) else f"{_format_time(at)} on {_format_day(at)}"


def _same_day(at: datetime, now: datetime) -> bool:
    return at.astimezone().date() == now.astimezone().date()


def _format_day(at: datetime) -> str:
    return day(at, language=ENGLISH)


def _format_time(at: datetime) -> str:
    """Return a time of day with its time zone: who reads it may be elsewhere."""
    return time_of_day(at, zone=True, language=ENGLISH)
