"""All there is to say about one request: its timeline, both systems' states, who can act, what to tell the caller.

What the store knows comes at once and without a connection; the record on the instance is read after that.
"""

import asyncio
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import PureWindowsPath
from typing import Any

from sqlmodel import col, select

from models.approval_request import ApprovalRequest
from models.base import TEXT_MAX, utcnow
from models.foreign_system import ForeignSystem
from models.kinds import RequestEventKind, RequestState
from models.request_event import RequestEvent
from models.translation_marks import tr_later
from services.common.errors import ConsoleError, Problem
from services.common.redaction import redact, redact_user_text
from services.language import Message, plural_message, tr_message
from services.requests.details.caller_answer import build_caller_answer, explain_why_stuck
from services.requests.domain.journal import CREATE_DETAIL, INTAKE_DETAIL_PREFIX, TIME_OUT_DETAIL
from services.requests.domain.states import ResponsibleParty, assess_states
from services.requests.lifecycle.apply_observation import (
    InstanceProvider,
    load_request,
    read_own_record,
    store_observation,
)
from services.requests.records import problems
from services.requests.records.approver_names import join_english_names
from services.requests.records.comments import Comment, Comments, read_comments
from services.requests.records.item_fields import DECISION_STATES
from services.requests.records.ownership import RecordNotOwnedError
from services.requests.records.request_action import action_event_id, action_from_approval
from services.requests.records.requested_item import Approval, RequestedItem
from services.servicenow import ConnectionSettings, ServiceNowClient
from services.servicenow.journal_text import journal_to_text
from services.store import Store

EVENTS_MAX = 500
"""Lines of a timeline that are read: the newest."""
COMMENT_PREFIX_LENGTH = 50
"""Characters that a comment is known by where its end was cut off."""


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One line of a timeline: when, what kind of step, a title and more about it. `there` marks ServiceNow's own."""

    at: datetime
    kind: RequestEventKind
    title: str
    detail: str = ""
    actor: str = ""
    there: bool = False
    due: bool = False
    """Whether it has not happened yet."""
    event: uuid.UUID | None = None
    """The stored line that it tells."""


@dataclass(frozen=True, slots=True)
class SystemStatus:
    """Where a request stands in one system: the state in words, more about it, and when that was learnt."""

    system: str
    state: str
    detail: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class EligibleApprover:
    """Somebody who can act. `absent` says why not, where the instance says so; else nothing is known of it."""

    name: str
    user_name: str = ""
    via: str = ""
    """The group that the person is asked through."""
    absent: str = ""
    is_for_order: bool = False


@dataclass(frozen=True, slots=True)
class RequestDetails:
    """Everything about one request. `complete` says that the instance was asked and hid nothing that is known of."""

    row: ApprovalRequest
    timeline: tuple[TimelineEntry, ...]
    here: SystemStatus
    there: SystemStatus
    mismatch: str = ""
    """Id of the way in which the systems disagree, or nothing."""
    sentence: str = ""
    """The judgement of both states in a sentence."""
    must_act: ResponsibleParty = ResponsibleParty.NOBODY
    why_stuck: str = ""
    who_can_act: tuple[EligibleApprover, ...] = ()
    link: str = ""
    answer_for_caller: str = ""
    complete: bool = False
    unseen: tuple[str, ...] = ()
    """What could not be seen, each a sentence."""
    problem: Problem | None = None
    """Why the instance could not be asked, or not for all of it."""

    def as_dict(self) -> dict[str, Any]:
        """Return the details for JSON. What people wrote is redacted, as in every other file that leaves the console."""
        row = self.row
        return {
            "id": str(row.id),
            "approval_id": row.approval_id,
            "request_id": row.external_id,
            "number": row.number,
            "order": row.order_number,
            "origin": row.origin,
            "state": row.state,
            "servicenow_state": row.servicenow_state,
            "mismatch": self.mismatch or None,
            "judgement": self.sentence,
            "must_act": self.must_act.value,
            "why_stuck": self.why_stuck,
            "initiator": row.initiator_name or row.initiator_id,
            "agent": row.agent_name or row.agent_id,
            "policy": row.policy_name,
            "file_path": redact(row.file_path),
            "reason": redact_user_text(row.reason),
            "comment": redact_user_text(journal_to_text(row.comment)),
            "error": redact(row.error),
            "process": row.process_name,
            "rehearsal": row.rehearsal,
            "requested_at": _format_timestamp(row.requested_at),
            "times_out_at": _format_timestamp(row.times_out_at),
            "ended_at": _format_timestamp(row.ended_at),
            "observed_at": _format_timestamp(row.observed_at),
            "who_can_act": [
                {"name": p.name, "user_name": p.user_name, "via": p.via or None, "absent": p.absent or None}
                for p in self.who_can_act
            ],
            "timeline": [
                {
                    "at": _format_timestamp(line.at),
                    "kind": line.kind.value,
                    "title": line.title,
                    "detail": redact_user_text(line.detail),
                    "actor": line.actor,
                    "system": "servicenow" if line.there else "console",
                    "due": line.due,
                }
                for line in self.timeline
            ],
            "answer_for_caller": redact_user_text(self.answer_for_caller),
            "url": self.link or None,
            "complete": self.complete,
            "unseen": list(self.unseen),
            "problem": self.problem.as_dict() if self.problem else None,
        }


def load_stored_details(store: Store, key: uuid.UUID) -> RequestDetails:
    """Return what the store knows of a request, without a connection. Raises NotFoundError."""
    row = load_request(store, key)
    with store.read() as session:
        newest = select(RequestEvent).where(RequestEvent.request_id == key)
        events = list(session.exec(newest.order_by(col(RequestEvent.at).desc()).limit(EVENTS_MAX)))
        server = session.get(ForeignSystem, row.server_id) if row.server_id else None
    events.reverse()
    lines = [*_request_entries(row), *_event_entries(row, events)]
    people = (
        tuple(EligibleApprover(name) for name in row.waits_for.splitlines()) if not _is_final(row) else ()
    )
    known = RequestDetails(
        row=row,
        timeline=(),
        here=_privilege_manager_status(row),
        there=_servicenow_status(row),
        who_can_act=people,
        link=_link(row, server),
        unseen=(tr_later("ServiceNow has not been asked now; this is what was seen last."),),
    )
    return _complete_details(known, lines, None)


async def load_details(source: InstanceProvider, key: uuid.UUID) -> RequestDetails:
    """Return everything about a request, the record on its instance included, and keep what was read there.

    Where the instance cannot be asked, what the store knows comes with the `problem`. Raises NotFoundError, StoreError.
    """
    known = await asyncio.to_thread(load_stored_details, source.store, key)
    row = known.row
    if row.server_id is None:
        return replace(known, problem=problems.server_missing(row.number or str(row.id)).problem)
    if not (row.record_id or row.external_id or row.number):
        return known
    try:
        instance = await source.instance(row.server_id)
        record = await read_own_record(source.store, instance, row)
        if record is None:
            missing = problems.record_missing(f"Read the record of {row.number or row.id}")
            return replace(known, problem=missing, unseen=())
    except RecordNotOwnedError as error:
        # What was known of a record is of another request's.
        known = await asyncio.to_thread(load_stored_details, source.store, key)
        return replace(known, problem=error.problem)
    except ConsoleError as error:
        return replace(known, problem=error.problem)
    comments: Comments | None = Comments()
    problem = None
    try:
        comments = await read_comments(instance, record)
    except ConsoleError as error:
        # Where the request stands is known all the same.
        problem = error.problem
    await store_observation(source.store, row, record)
    known = await asyncio.to_thread(load_stored_details, source.store, key)
    found = _merge_record(known, record, comments)
    if problem is None:
        return found
    unseen = (*found.unseen, tr_later("Its comments could not be read now."))
    return replace(found, problem=problem, unseen=unseen, complete=False)


def _merge_record(known: RequestDetails, record: RequestedItem, comments: Comments | None) -> RequestDetails:
    unseen = []
    if record.is_open and not record.open_approvals:
        unseen.append(_explain_no_visible_approver(record))
    if any(not one.name for one in record.approvals):
        unseen.append(tr_later("This account may not read the names of all approvers."))
    if comments is None:
        unseen.append(tr_later("This account may not read comments."))
    elif comments.hidden:
        unseen.append(tr_later("There are comments that this account may not read."))
    shown = list(comments.shown) if comments is not None else []
    who = tuple(_to_eligible_approver(one) for one in record.open_approvals) if record.is_open else ()
    now = replace(
        known,
        there=_servicenow_status(known.row, record),
        who_can_act=who,
        unseen=tuple(unseen),
        complete=not unseen,
    )
    stored = _drop_entries_covered_by_record(known.timeline, record)
    made = any(line.kind is RequestEventKind.CREATED for line in stored)
    here = {line.event: line.actor for line in stored if line.event is not None}
    told_here = {one.sys_id for one in record.approvals if action_event_id(known.row.id, one.sys_id) in here}
    lines = [
        *stored,
        *_record_entries(record, _comments_not_stored(shown, stored), made=made, told_here=told_here),
    ]
    decided = record.deciding_approval
    person = here.get(action_event_id(known.row.id, decided.sys_id), "") if decided is not None else ""
    said = [one.text for one in shown if decided is not None and one.on == decided.sys_id]
    return _complete_details(now, lines, record, said[-1] if said else "", person)


def _explain_no_visible_approver(record: RequestedItem) -> str:
    if any(one.is_open for one in record.shared_order_approvals):
        return tr_message(
            "{order} waits for an approval that decides about its other items as well. Decide it in ServiceNow.",
            order=record.order_number or tr_message("Its order"),
        )
    return tr_later("This account sees no open approval: nobody is asked, or it may not see who is.")


def _drop_entries_covered_by_record(
    timeline: tuple[TimelineEntry, ...], record: RequestedItem
) -> list[TimelineEntry]:
    """Leave out of the stored lines those that the record tells better: when it was asked and decided, and by whom."""
    told = {RequestEventKind.ASKED} if record.approvals else set()
    if record.deciding_approval is not None:
        told.add(RequestEventKind.DECIDED)
    # Decisions that were made here begin with the number: who sat at the console is told nowhere else.
    return [line for line in timeline if line.kind not in told or line.detail.startswith(f"{record.number} ")]


def _complete_details(
    known: RequestDetails,
    lines: Iterable[TimelineEntry],
    record: RequestedItem | None,
    said: str = "",
    person: str = "",
) -> RequestDetails:
    """Put the timeline in order and add the judgement, the reason for waiting, and what to tell the caller."""
    row = known.row
    judgement = assess_states(
        row.state, row.servicenow_state, row.record_state, row.order_state, closed=row.record_closed
    )
    if row.is_copy and _is_final(row) and not judgement.mismatch:
        # What Privilege Manager says is not known here, so that nothing is said of both systems.
        sentence = tr_message(
            "Its record in ServiceNow has ended as {state}. Privilege Manager learns that with its next status check, if it still waits.",
            state=row.servicenow_state or "closed",
        )
        judgement = replace(judgement, sentence=sentence)
    # An instance keeps whole seconds: within one, lines stand in the order in which their steps can only have come.
    ordered = sorted(
        dict.fromkeys(lines), key=lambda line: (line.at.replace(microsecond=0), _KIND_RANK[line.kind])
    )
    names = [person.name for person in known.who_can_act if not person.absent]
    return replace(
        known,
        timeline=tuple(ordered),
        mismatch=judgement.mismatch,
        sentence=judgement.sentence,
        must_act=judgement.actor,
        why_stuck=explain_why_stuck(row, judgement, names, record),
        answer_for_caller=build_caller_answer(row, names, record, said, person=person),
    )


def _request_entries(row: ApprovalRequest) -> Iterable[TimelineEntry]:
    who, where = row.initiator_name or row.initiator_id, row.agent_name or row.agent_id
    told = ", ".join(
        part for part in (file_name(row.file_path), f"“{row.reason}”" if row.reason else "") if part
    )
    yield TimelineEntry(row.requested_at, RequestEventKind.RAISED, _submitted_title(who, where), told, who)
    if row.times_out_at is None or _is_final(row):
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


def _entry_title(kind: RequestEventKind, actor: str) -> Message:
    step = tr_message(_EVENT_TITLES[kind])
    return tr_message("{step} by {who}", step=step, who=actor) if actor else step


def _created_title(took: timedelta) -> Message:
    seconds = f"{took.total_seconds():.1f}"
    return tr_message("Made in ServiceNow in {seconds} s", seconds=seconds)


def _event_entries(row: ApprovalRequest, events: list[RequestEvent]) -> Iterable[TimelineEntry]:
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
        )
        match kind:
            case RequestEventKind.RAISED:
                # Who and for what stands in a line that is made from the request itself.
                if event.detail.startswith(INTAKE_DETAIL_PREFIX):
                    yield replace(line, title=tr_message("Taken in from {who}", who=event.actor))
            case RequestEventKind.SENT if event.detail == CREATE_DETAIL:
                sent = event.at
                yield replace(line, title=_EVENT_TITLES[kind], detail="")
            case RequestEventKind.SENT if event.detail.startswith(TIME_OUT_DETAIL):
                yield replace(line, title=tr_message("Cancelling in ServiceNow"), actor="")
            case RequestEventKind.TIMED_OUT | RequestEventKind.FAILED:
                # Nobody did that: the program that was running saw it.
                yield replace(line, title=_EVENT_TITLES[kind], actor="")
            case RequestEventKind.DECIDED if event.actor and not event.detail.startswith(f"{row.number} "):
                # The answer of the status service: who decided is not told by whoever read it.
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


def _format_numbers(order: str, item: str) -> str:
    return tr_message("{order} with {item}", order=order, item=item) if order and item else order or item


def _record_entries(
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
        yield TimelineEntry(one.changed_at, RequestEventKind.DECIDED, title, detail, doer, there=True)
    for comment in comments:
        if comment not in told:
            title = f"{comment.author or 'Somebody'} commented"
            yield TimelineEntry(
                comment.at, RequestEventKind.SEEN, title, comment.text, comment.author, there=True
            )


def _comments_not_stored(comments: list[Comment], stored: list[TimelineEntry]) -> list[Comment]:
    """Leave out the comments that were written here and stand with what they were written for; one of each text."""
    here = [line.detail for line in stored if line.kind in _KINDS_WITH_COMMENT]
    seen: dict[tuple[datetime, str], Comment] = {}
    for comment in comments:
        if not any(_contains_comment(detail, comment.text) for detail in here):
            seen.setdefault((comment.at, comment.text), comment)
    return list(seen.values())


def _contains_comment(detail: str, text: str) -> bool:
    """Whether a line tells a comment, or as much of it as it had room for."""
    if detail.endswith(f": {text}"):
        return True
    begin = text[:COMMENT_PREFIX_LENGTH]
    _, found, rest = detail.partition(f": {begin}")
    return bool(found) and len(detail) >= TEXT_MAX and text.startswith(begin + rest)


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


def _to_eligible_approver(one: Approval) -> EligibleApprover:
    absent = "" if one.active else tr_later("The account is not active or locked out.")
    return EligibleApprover(one.display_name, one.user_name, one.group, absent, one.is_for_order)


def _privilege_manager_status(row: ApprovalRequest) -> SystemStatus:
    detail = journal_to_text(row.comment) or row.error
    if row.is_copy:
        return SystemStatus(
            "Privilege Manager",
            tr_later("Not known here"),
            tr_message("It raised this request itself."),
            row.checked_at,
        )
    return SystemStatus("Privilege Manager", state_label(row.state), detail, row.checked_at)


def _servicenow_status(row: ApprovalRequest, record: RequestedItem | None = None) -> SystemStatus:
    at = utcnow() if record is not None else row.observed_at
    if not row.servicenow_state and not row.record_id:
        return SystemStatus("ServiceNow", tr_later("Not seen yet"), "", at)
    order = (
        tr_message("{order} is {state}", order=row.order_number, state=approval_label(row.order_state))
        if row.order_number and row.order_state
        else ""
    )
    return SystemStatus("ServiceNow", approval_label(row.servicenow_state), order, at)


def _link(row: ApprovalRequest, server: ForeignSystem | None) -> str:
    if server is None:
        return ""
    instance = ServiceNowClient(ConnectionSettings.of(server), None)
    if row.record_id:
        return instance.link("sc_req_item", row.record_id)
    return instance.link("sc_request", row.order_id) if row.order_id else ""


def state_label(state: str) -> str:
    """Return a state of ours as people read it."""
    return state.replace("_", " ").capitalize()


def approval_label(value: str) -> str:
    """Return a stored value of `approval` as ServiceNow shows it."""
    words = {"not requested": "Not yet requested", "not_required": "No longer required", "": "Empty"}
    return words.get(value, value.replace("_", " ").capitalize())


def file_name(path: str) -> str:
    """Return the last part of a path, whichever system wrote it."""
    return PureWindowsPath(path).name or path


def _is_final(row: ApprovalRequest) -> bool:
    return RequestState(row.state).is_final


def _format_timestamp(at: datetime | None) -> str | None:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ") if at is not None else None
