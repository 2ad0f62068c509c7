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
from models.translatable import tr_later
from services.errors import ConsoleError, Problem
from services.language import Message, plural_message, tr_message
from services.redact import redact, redact_words
from services.requests import refusals
from services.requests.answers import answer_for_caller, why_stuck
from services.requests.deeds import deed_id, deed_of
from services.requests.intake import INTAKE
from services.requests.learning import Source, keep, read_own, stored_request
from services.requests.marks import CREATE, TIME_OUT
from services.requests.record import (
    DECIDED,
    Asked,
    Comment,
    Comments,
    Record,
    is_copy,
    read_comments,
    sentence_list,
)
from services.requests.resolving import NotItsRecordError
from services.requests.states import Actor, judge
from services.servicenow import ConnectionSettings, Instance
from services.servicenow.journal import readable
from services.store import Store

EVENTS_MAX = 500
"""Lines of a timeline that are read: the newest."""
BEGIN = 50
"""Characters that a comment is known by where its end was cut off."""


@dataclass(frozen=True, slots=True)
class Line:
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
class Side:
    """Where a request stands in one system: the state in words, more about it, and when that was learnt."""

    system: str
    state: str
    detail: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who can act. `absent` says why not, where the instance says so; else nothing is known of it."""

    name: str
    user_name: str = ""
    via: str = ""
    """The group that the person is asked through."""
    absent: str = ""
    on_order: bool = False


@dataclass(frozen=True, slots=True)
class Details:
    """Everything about one request. `complete` says that the instance was asked and hid nothing that is known of."""

    row: ApprovalRequest
    timeline: tuple[Line, ...]
    here: Side
    there: Side
    mismatch: str = ""
    """Id of the way in which the systems disagree, or nothing."""
    sentence: str = ""
    """The judgement of both states in a sentence."""
    must_act: Actor = Actor.NOBODY
    why_stuck: str = ""
    who_can_act: tuple[Person, ...] = ()
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
            "reason": redact_words(row.reason),
            "comment": redact_words(readable(row.comment)),
            "error": redact(row.error),
            "process": row.process_name,
            "rehearsal": row.rehearsal,
            "requested_at": _text_of(row.requested_at),
            "times_out_at": _text_of(row.times_out_at),
            "ended_at": _text_of(row.ended_at),
            "observed_at": _text_of(row.observed_at),
            "who_can_act": [
                {"name": p.name, "user_name": p.user_name, "via": p.via or None, "absent": p.absent or None}
                for p in self.who_can_act
            ],
            "timeline": [
                {
                    "at": _text_of(line.at),
                    "kind": line.kind.value,
                    "title": line.title,
                    "detail": redact_words(line.detail),
                    "actor": line.actor,
                    "system": "servicenow" if line.there else "console",
                    "due": line.due,
                }
                for line in self.timeline
            ],
            "answer_for_caller": redact_words(self.answer_for_caller),
            "url": self.link or None,
            "complete": self.complete,
            "unseen": list(self.unseen),
            "problem": self.problem.as_dict() if self.problem else None,
        }


def stored_details(store: Store, key: uuid.UUID) -> Details:
    """Return what the store knows of a request, without a connection. Raises NotFoundError."""
    row = stored_request(store, key)
    with store.read() as session:
        newest = select(RequestEvent).where(RequestEvent.request_id == key)
        events = list(session.exec(newest.order_by(col(RequestEvent.at).desc()).limit(EVENTS_MAX)))
        server = session.get(ForeignSystem, row.server_id) if row.server_id else None
    events.reverse()
    lines = [*_own_lines(row), *_event_lines(row, events)]
    people = tuple(Person(name) for name in row.waits_for.splitlines()) if not _final(row) else ()
    known = Details(
        row=row,
        timeline=(),
        here=_here(row),
        there=_there(row),
        who_can_act=people,
        link=_link(row, server),
        unseen=(tr_later("ServiceNow has not been asked now; this is what was seen last."),),
    )
    return _judged(known, lines, None)


async def details(source: Source, key: uuid.UUID) -> Details:
    """Return everything about a request, the record on its instance included, and keep what was read there.

    Where the instance cannot be asked, what the store knows comes with the `problem`. Raises NotFoundError, StoreError.
    """
    known = await asyncio.to_thread(stored_details, source.store, key)
    row = known.row
    if row.server_id is None:
        return replace(known, problem=refusals.no_server(row.number or str(row.id)).problem)
    if not (row.record_id or row.external_id or row.number):
        return known
    try:
        instance = await source.instance(row.server_id)
        record = await read_own(source.store, instance, row)
        if record is None:
            missing = refusals.no_record(f"Read the record of {row.number or row.id}")
            return replace(known, problem=missing, unseen=())
    except NotItsRecordError as error:
        # What was known of a record is of another request's.
        known = await asyncio.to_thread(stored_details, source.store, key)
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
    await keep(source.store, row, record)
    known = await asyncio.to_thread(stored_details, source.store, key)
    found = _with_record(known, record, comments)
    if problem is None:
        return found
    unseen = (*found.unseen, tr_later("Its comments could not be read now."))
    return replace(found, problem=problem, unseen=unseen, complete=False)


def _with_record(known: Details, record: Record, comments: Comments | None) -> Details:
    unseen = []
    if record.open and not record.waiting:
        unseen.append(_nobody_seen(record))
    if any(not one.name for one in record.asked):
        unseen.append(tr_later("This account may not read the names of all approvers."))
    if comments is None:
        unseen.append(tr_later("This account may not read comments."))
    elif comments.hidden:
        unseen.append(tr_later("There are comments that this account may not read."))
    shown = list(comments.shown) if comments is not None else []
    who = tuple(_person(one) for one in record.waiting) if record.open else ()
    now = replace(
        known,
        there=_there(known.row, record),
        who_can_act=who,
        unseen=tuple(unseen),
        complete=not unseen,
    )
    stored = _without_what_the_record_tells(known.timeline, record)
    made = any(line.kind is RequestEventKind.CREATED for line in stored)
    here = {line.event: line.actor for line in stored if line.event is not None}
    told_here = {one.sys_id for one in record.asked if deed_id(known.row.id, one.sys_id) in here}
    lines = [*stored, *_record_lines(record, _untold(shown, stored), made=made, told_here=told_here)]
    decided = record.decided
    person = here.get(deed_id(known.row.id, decided.sys_id), "") if decided is not None else ""
    said = [one.text for one in shown if decided is not None and one.on == decided.sys_id]
    return _judged(now, lines, record, said[-1] if said else "", person)


def _nobody_seen(record: Record) -> str:
    if any(one.open for one in record.asked_on_order):
        return tr_message(
            "{order} waits for an approval that decides about its other items as well. Decide it in ServiceNow.",
            order=record.order_number or tr_message("Its order"),
        )
    return tr_later("This account sees no open approval: nobody is asked, or it may not see who is.")


def _without_what_the_record_tells(timeline: tuple[Line, ...], record: Record) -> list[Line]:
    """Leave out of the stored lines those that the record tells better: when it was asked and decided, and by whom."""
    told = {RequestEventKind.ASKED} if record.asked else set()
    if record.decided is not None:
        told.add(RequestEventKind.DECIDED)
    # Decisions that were made here begin with the number: who sat at the console is told nowhere else.
    return [line for line in timeline if line.kind not in told or line.detail.startswith(f"{record.number} ")]


def _judged(
    known: Details, lines: Iterable[Line], record: Record | None, said: str = "", person: str = ""
) -> Details:
    """Put the timeline in order and add the judgement, the reason for waiting, and what to tell the caller."""
    row = known.row
    judgement = judge(
        row.state, row.servicenow_state, row.record_state, row.order_state, closed=row.record_closed
    )
    if is_copy(row) and _final(row) and not judgement.mismatch:
        # What Privilege Manager says is not known here, so that nothing is said of both systems.
        sentence = tr_message(
            "Its record in ServiceNow has ended as {state}. Privilege Manager learns that with its next status check, if it still waits.",
            state=row.servicenow_state or "closed",
        )
        judgement = replace(judgement, sentence=sentence)
    # An instance keeps whole seconds: within one, lines stand in the order in which their steps can only have come.
    ordered = sorted(
        dict.fromkeys(lines), key=lambda line: (line.at.replace(microsecond=0), _RANK[line.kind])
    )
    names = [person.name for person in known.who_can_act if not person.absent]
    return replace(
        known,
        timeline=tuple(ordered),
        mismatch=judgement.mismatch,
        sentence=judgement.sentence,
        must_act=judgement.actor,
        why_stuck=why_stuck(row, judgement, names, record),
        answer_for_caller=answer_for_caller(row, names, record, said, person=person),
    )


def _own_lines(row: ApprovalRequest) -> Iterable[Line]:
    who, where = row.initiator_name or row.initiator_id, row.agent_name or row.agent_id
    told = ", ".join(
        part for part in (file_name(row.file_path), f"“{row.reason}”" if row.reason else "") if part
    )
    yield Line(row.requested_at, RequestEventKind.RAISED, _submitted(who, where), told, who)
    if row.times_out_at is None or _final(row):
        return
    if row.times_out_at <= utcnow():
        yield Line(
            row.times_out_at,
            RequestEventKind.TIMED_OUT,
            tr_message("Timed out"),
            tr_message("The result has not been read from ServiceNow yet"),
        )
    else:
        yield Line(
            row.times_out_at,
            RequestEventKind.TIMED_OUT,
            tr_message("Times out"),
            tr_message("Then cancelled in ServiceNow"),
            due=True,
        )


def _submitted(who: str, where: str) -> Message:
    if who and where:
        return tr_message("Submitted by {who} on {where}", who=who, where=where)
    if who:
        return tr_message("Submitted by {who}", who=who)
    return tr_message("Submitted on {where}", where=where) if where else tr_message("Submitted")


_TITLES = {
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

_COMMENTED = (
    RequestEventKind.REMINDED,
    RequestEventKind.DECIDED,
    RequestEventKind.CANCELLED,
    RequestEventKind.SENT,
)
_ORDER = (RequestEventKind.RAISED, RequestEventKind.SENT, RequestEventKind.CREATED, RequestEventKind.FOUND,
          RequestEventKind.ASKED, RequestEventKind.REMINDED, RequestEventKind.SEEN)  # fmt: skip
_RANK = {kind: place for place, kind in enumerate(dict.fromkeys([*_ORDER, *_TITLES]))}


def _titled(kind: RequestEventKind, actor: str) -> Message:
    step = tr_message(_TITLES[kind])
    return tr_message("{step} by {who}", step=step, who=actor) if actor else step


def _made_in(took: timedelta) -> Message:
    seconds = f"{took.total_seconds():.1f}"
    return tr_message("Made in ServiceNow in {seconds} s", seconds=seconds)


def _event_lines(row: ApprovalRequest, events: list[RequestEvent]) -> Iterable[Line]:
    sent: datetime | None = None
    for event in events:
        kind = RequestEventKind(event.kind)
        line = Line(
            event.at, kind, _titled(kind, event.actor), readable(event.detail), event.actor, event=event.id
        )
        match kind:
            case RequestEventKind.RAISED:
                # Who and for what stands in a line that is made from the request itself.
                if event.detail.startswith(INTAKE):
                    yield replace(line, title=tr_message("Taken in from {who}", who=event.actor))
            case RequestEventKind.SENT if event.detail == CREATE:
                sent = event.at
                yield replace(line, title=_TITLES[kind], detail="")
            case RequestEventKind.SENT if event.detail.startswith(TIME_OUT):
                yield replace(line, title=tr_message("Cancelling in ServiceNow"), actor="")
            case RequestEventKind.TIMED_OUT | RequestEventKind.FAILED:
                # Nobody did that: the program that was running saw it.
                yield replace(line, title=_TITLES[kind], actor="")
            case RequestEventKind.DECIDED if event.actor and not event.detail.startswith(f"{row.number} "):
                # The answer of the status service: who decided is not told by whoever read it.
                yield replace(line, title=tr_message("Answer received from ServiceNow"), actor="")
            case RequestEventKind.SENT:
                yield replace(line, title=tr_message("Cancelling, by {who}", who=event.actor))
            case RequestEventKind.CREATED:
                title = _made_in(event.at - sent) if sent is not None else _TITLES[kind]
                yield replace(
                    line, title=title, detail=_numbers(row.order_number, row.number) or event.detail
                )
            case RequestEventKind.FOUND | RequestEventKind.ASKED | RequestEventKind.SEEN:
                yield replace(line, title=_TITLES[kind])
            case _:
                yield line


def _numbers(order: str, item: str) -> str:
    return tr_message("{order} with {item}", order=order, item=item) if order and item else order or item


def _record_lines(
    record: Record, comments: list[Comment], *, made: bool, told_here: set[str]
) -> Iterable[Line]:
    """Tell what the record tells; `made` says that when it was made is told already.

    `told_here` are the approvals whose decision a stored line tells: it knows more than the record.
    """
    if record.created_at is not None and not made:
        order = _numbers(record.order_number, record.number)
        made_there = tr_message("Made in ServiceNow")
        yield Line(record.created_at, RequestEventKind.CREATED, made_there, order, there=True)
    yield from _asked_lines(record.asked)
    said = {comment.on: comment for comment in comments}
    told = set()
    for one in record.asked:
        if one.state not in DECIDED or one.changed_at is None or one.sys_id in told_here:
            continue
        number = record.order_number if one.on_order else record.number
        detail = f"“{said[one.sys_id].text}”" if one.sys_id in said else ""
        told |= {said[one.sys_id]} if detail else set()
        deed = deed_of(number, one)
        doer = one.who if deed.own else one.changed_by
        title = deed.sentence
        yield Line(one.changed_at, RequestEventKind.DECIDED, title, detail, doer, there=True)
    for comment in comments:
        if comment not in told:
            title = f"{comment.author or 'Somebody'} commented"
            yield Line(comment.at, RequestEventKind.SEEN, title, comment.text, comment.author, there=True)


def _untold(comments: list[Comment], stored: list[Line]) -> list[Comment]:
    """Leave out the comments that were written here and stand with what they were written for; one of each text."""
    here = [line.detail for line in stored if line.kind in _COMMENTED]
    seen: dict[tuple[datetime, str], Comment] = {}
    for comment in comments:
        if not any(_ends_with(detail, comment.text) for detail in here):
            seen.setdefault((comment.at, comment.text), comment)
    return list(seen.values())


def _ends_with(detail: str, text: str) -> bool:
    """Whether a line tells a comment, or as much of it as it had room for."""
    if detail.endswith(f": {text}"):
        return True
    begin = text[:BEGIN]
    _, found, rest = detail.partition(f": {begin}")
    return bool(found) and len(detail) >= TEXT_MAX and text.startswith(begin + rest)


def _asked_lines(asked: tuple[Asked, ...]) -> Iterable[Line]:
    """Tell whom the instance asked: those asked at one time in one line."""
    together: dict[tuple[datetime, str], list[str]] = {}
    for one in asked:
        if one.asked_at is not None and one.state != "not requested":
            together.setdefault((one.asked_at, one.group), []).append(one.who)
    for (at, group), names in together.items():
        people = sentence_list(names, "and", most=10)
        detail = (
            plural_message(len(names), "{count} person: {people}", "{count} people: {people}", people=people)
            if group
            else ""
        )
        yield Line(
            at, RequestEventKind.ASKED, tr_message("Asked {names}", names=group or people), detail, there=True
        )


def _person(one: Asked) -> Person:
    absent = "" if one.active else tr_later("The account is not active or locked out.")
    return Person(one.who, one.user_name, one.group, absent, one.on_order)


def _here(row: ApprovalRequest) -> Side:
    detail = readable(row.comment) or row.error
    if is_copy(row):
        return Side(
            "Privilege Manager",
            tr_later("Not known here"),
            tr_message("It raised this request itself."),
            row.checked_at,
        )
    return Side("Privilege Manager", state_word(row.state), detail, row.checked_at)


def _there(row: ApprovalRequest, record: Record | None = None) -> Side:
    at = utcnow() if record is not None else row.observed_at
    if not row.servicenow_state and not row.record_id:
        return Side("ServiceNow", tr_later("Not seen yet"), "", at)
    order = (
        tr_message("{order} is {state}", order=row.order_number, state=approval_word(row.order_state))
        if row.order_number and row.order_state
        else ""
    )
    return Side("ServiceNow", approval_word(row.servicenow_state), order, at)


def _link(row: ApprovalRequest, server: ForeignSystem | None) -> str:
    if server is None:
        return ""
    instance = Instance(ConnectionSettings.of(server), None)
    if row.record_id:
        return instance.link("sc_req_item", row.record_id)
    return instance.link("sc_request", row.order_id) if row.order_id else ""


def state_word(state: str) -> str:
    """Return a state of ours as people read it."""
    return state.replace("_", " ").capitalize()


def approval_word(value: str) -> str:
    """Return a stored value of `approval` as ServiceNow shows it."""
    words = {"not requested": "Not yet requested", "not_required": "No longer required", "": "Empty"}
    return words.get(value, value.replace("_", " ").capitalize())


def file_name(path: str) -> str:
    """Return the last part of a path, whichever system wrote it."""
    return PureWindowsPath(path).name or path


def _final(row: ApprovalRequest) -> bool:
    return RequestState(row.state).final


def _text_of(at: datetime | None) -> str | None:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ") if at is not None else None
