"""The entries of a request's timeline, from stored lines and from the record in ServiceNow."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from models.approval_request import ApprovalRequest
from models.base import TEXT_MAX, utcnow
from models.delivery import Delivery, DeliveryState
from models.kinds import RequestEventKind, RequestOperation, RequestState
from models.request_event import RequestEvent
from models.translation_marks import tr_later
from services.language import Message, plural_message, tr_message
from services.requests.details.labels import file_name
from services.requests.details.model import TimelineEntry
from services.requests.records.approver_names import join_english_names
from services.requests.records.comments import Comment
from services.requests.records.item_fields import DECISION_STATES
from services.requests.records.request_action import action_from_approval
from services.requests.records.requested_item import Approval, RequestedItem
from services.servicenow.journal_text import journal_to_text

COMMENT_PREFIX_LENGTH = 50
"""A comment whose end is missing is recognized by at least so many characters."""


def request_entries(row: ApprovalRequest) -> Iterable[TimelineEntry]:
    """Yield the entries that follow from the request itself: when it was raised, and when it times out."""
    who, where = row.initiator_name or row.initiator_id, row.agent_name or row.agent_id
    told = ", ".join(
        part for part in (file_name(row.file_path), f"“{row.reason}”" if row.reason else "") if part
    )
    yield TimelineEntry(row.requested_at, RequestEventKind.RAISED, _submitted_title(who, where), told, who)
    if row.times_out_at is None or RequestState(row.state).is_final:
        return
    if row.times_out_at <= utcnow():
        yield TimelineEntry(
            row.times_out_at,
            RequestEventKind.TIMED_OUT,
            tr_message("Timed out"),
            tr_message("The result has not been read from ServiceNow yet"),
        )
    else:
        yield TimelineEntry(
            row.times_out_at,
            RequestEventKind.TIMED_OUT,
            tr_message("Times out"),
            tr_message("Then cancelled in ServiceNow"),
            due=True,
        )


def _submitted_title(who: str, where: str) -> Message:
    if who and where:
        return tr_message("Submitted by {who} on {where}", who=who, where=where)
    if who:
        return tr_message("Submitted by {who}", who=who)
    return tr_message("Submitted on {where}", where=where) if where else tr_message("Submitted")


_EVENT_TITLES = {
    RequestEventKind.RAISED: tr_later("Raised"),
    RequestEventKind.SENT: tr_later("Sent to ServiceNow"),
    RequestEventKind.CREATED: tr_later("Made in ServiceNow"),
    RequestEventKind.FOUND: tr_later("Found in ServiceNow"),
    RequestEventKind.ASKED: tr_later("Asked for approval"),
    RequestEventKind.SEEN: tr_later("Seen in ServiceNow"),
    RequestEventKind.DECIDED: tr_later("Decided"),
    RequestEventKind.REMINDED: tr_later("Reminded"),
    RequestEventKind.CANCELLED: tr_later("Cancelled"),
    RequestEventKind.TIMED_OUT: tr_later("Timed out"),
    RequestEventKind.FAILED: tr_later("Failed"),
    RequestEventKind.PROBLEM: tr_later("Tried without success"),
    RequestEventKind.ANSWERED: tr_later("Answer delivered"),
}

_KINDS_WITH_COMMENT = (
    RequestEventKind.REMINDED,
    RequestEventKind.DECIDED,
    RequestEventKind.CANCELLED,
    RequestEventKind.SENT,
)
_KIND_ORDER = (RequestEventKind.RAISED, RequestEventKind.SENT, RequestEventKind.CREATED, RequestEventKind.FOUND,
          RequestEventKind.ASKED, RequestEventKind.REMINDED, RequestEventKind.SEEN)  # fmt: skip
_KIND_RANK = {kind: place for place, kind in enumerate(dict.fromkeys([*_KIND_ORDER, *_EVENT_TITLES]))}


def kind_rank(kind: RequestEventKind) -> int:
    """Return the order of entries within one second."""
    return _KIND_RANK[kind]


def _entry_title(kind: RequestEventKind, actor: str) -> Message:
    step = tr_message(_EVENT_TITLES[kind])
    return tr_message("{step} by {who}", step=step, who=actor) if actor else step


def _created_title(took: timedelta) -> Message:
    seconds = f"{took.total_seconds():.1f}"
    return tr_message("Made in ServiceNow in {seconds} s", seconds=seconds)


def event_entries(row: ApprovalRequest, events: list[RequestEvent]) -> Iterable[TimelineEntry]:
    """Yield the entries of stored lines, which come oldest first."""
    sent: datetime | None = None
    for event in events:
        kind = RequestEventKind(event.kind)
        line = TimelineEntry(
            event.at,
            kind,
            _entry_title(kind, event.actor),
            journal_to_text(event.detail),
            event.actor,
            event=event.id,
            operation=RequestOperation(event.operation),
            outcome=RequestState(event.outcome) if event.outcome else None,
            comment=journal_to_text(event.comment),
            comment_cut=len(event.detail) >= TEXT_MAX,
        )
        match kind:
            case RequestEventKind.RAISED:
                # Who and for what stands in a line that is made from the request itself.
                if row.intake_client_id is not None:
                    yield replace(line, title=tr_message("Taken in from {who}", who=event.actor))
            case RequestEventKind.SENT if line.operation is RequestOperation.CREATE:
                sent = event.at
                yield replace(line, title=_EVENT_TITLES[kind], detail="")
            case RequestEventKind.SENT if line.outcome is RequestState.TIMED_OUT:
                yield replace(line, title=tr_message("Cancelling in ServiceNow"), actor="")
            case RequestEventKind.TIMED_OUT | RequestEventKind.FAILED:
                # Nobody did that: the program that was running saw it.
                yield replace(line, title=_EVENT_TITLES[kind], actor="")
            case RequestEventKind.DECIDED if event.actor and line.operation is not RequestOperation.DECIDE:
                # The answer of the status service: it does not name who decided.
                yield replace(line, title=tr_message("Answer received from ServiceNow"), actor="")
            case RequestEventKind.SENT:
                yield replace(line, title=tr_message("Cancelling, by {who}", who=event.actor))
            case RequestEventKind.CREATED:
                title = _created_title(event.at - sent) if sent is not None else _EVENT_TITLES[kind]
                yield replace(
                    line, title=title, detail=_format_numbers(row.order_number, row.number) or event.detail
                )
            case RequestEventKind.FOUND | RequestEventKind.ASKED | RequestEventKind.SEEN:
                yield replace(line, title=_EVENT_TITLES[kind])
            case _:
                yield line


def delivery_entries(deliveries: Iterable[Delivery]) -> Iterable[TimelineEntry]:
    """Yield an entry for each answer on its way back: delivered, given up, or still to be delivered."""
    for one in deliveries:
        detail = one.reason or one.last_status
        outcome = RequestState(one.outcome)
        match DeliveryState(one.state):
            case DeliveryState.DELIVERED:
                title, at = tr_message("Answer delivered to {who}", who=one.client_name), one.ended_at
                kind = RequestEventKind.ANSWERED
            case DeliveryState.FAILED:
                title, at = tr_message("Answer not delivered to {who}", who=one.client_name), one.ended_at
                kind = RequestEventKind.FAILED
            case DeliveryState.PENDING:
                title, at = tr_message("Answer to be delivered to {who}", who=one.client_name), one.tried_at
                kind = RequestEventKind.ANSWERED
        is_due = one.state == DeliveryState.PENDING
        yield TimelineEntry(at or one.created_at, kind, title, detail, due=is_due, outcome=outcome)


def _format_numbers(order: str, item: str) -> str:
    return tr_message("{order} with {item}", order=order, item=item) if order and item else order or item


def record_entries(
    record: RequestedItem, comments: list[Comment], *, made: bool, told_here: set[str]
) -> Iterable[TimelineEntry]:
    """Tell what the record tells; `made` says that when it was made is told already.

    `told_here` are the approvals whose decision a stored line tells: it knows more than the record.
    """
    if record.created_at is not None and not made:
        order = _format_numbers(record.order_number, record.number)
        made_there = tr_message("Made in ServiceNow")
        yield TimelineEntry(record.created_at, RequestEventKind.CREATED, made_there, order, there=True)
    yield from _approval_requested_entries(record.approvals)
    said = {comment.on: comment for comment in comments}
    told = set()
    for one in record.approvals:
        if one.state not in DECISION_STATES or one.changed_at is None or one.sys_id in told_here:
            continue
        number = record.order_number if one.is_for_order else record.number
        detail = f"“{said[one.sys_id].text}”" if one.sys_id in said else ""
        told |= {said[one.sys_id]} if detail else set()
        deed = action_from_approval(number, one)
        doer = one.display_name if deed.own else one.changed_by
        title = deed.sentence
        yield TimelineEntry(
            one.changed_at,
            RequestEventKind.DECIDED,
            title,
            detail,
            doer,
            there=True,
            outcome=RequestState(one.state),
        )
    for comment in comments:
        if comment not in told:
            title = f"{comment.author or 'Somebody'} commented"
            yield TimelineEntry(
                comment.at, RequestEventKind.SEEN, title, comment.text, comment.author, there=True
            )


def comments_not_stored(comments: list[Comment], stored: list[TimelineEntry]) -> list[Comment]:
    """Leave out the comments that a stored entry shows, and repetitions of the same text at the same time."""
    here = [line for line in stored if line.comment and line.kind in _KINDS_WITH_COMMENT]
    seen: dict[tuple[datetime, str], Comment] = {}
    for comment in comments:
        if not any(_shows_comment(line, comment.text) for line in here):
            seen.setdefault((comment.at, comment.text), comment)
    return list(seen.values())


def _shows_comment(entry: TimelineEntry, text: str) -> bool:
    """Whether an entry shows a comment, or as much of it as fits into its line."""
    if entry.comment == text:
        return True
    cut = entry.comment_cut and len(entry.comment) >= COMMENT_PREFIX_LENGTH
    return cut and text.startswith(entry.comment)


def _approval_requested_entries(asked: tuple[Approval, ...]) -> Iterable[TimelineEntry]:
    """Tell whom the instance asked: those asked at one time in one line."""
    together: dict[tuple[datetime, str], list[str]] = {}
    for one in asked:
        if one.asked_at is not None and one.state != "not requested":
            together.setdefault((one.asked_at, one.group), []).append(one.display_name)
    for (at, group), names in together.items():
        people = join_english_names(names, "and", most=10)
        detail = (
            plural_message(len(names), "{count} person: {people}", "{count} people: {people}", people=people)
            if group
            else ""
        )
        yield TimelineEntry(
            at, RequestEventKind.ASKED, tr_message("Asked {names}", names=group or people), detail, there=True
        )


def drop_entries_covered_by_record(
    timeline: tuple[TimelineEntry, ...], record: RequestedItem
) -> list[TimelineEntry]:
    """Leave out the stored entries that the record describes better: when it was asked and decided, and by whom."""
    told = {RequestEventKind.ASKED} if record.approvals else set()
    if record.deciding_approval is not None:
        told.add(RequestEventKind.DECIDED)
    # Of decisions made here, only the stored line names the person at the console.
    return [line for line in timeline if line.kind not in told or line.operation is RequestOperation.DECIDE]
