"""Loads the full view of one request: first from the store without a connection, then with the record in ServiceNow."""

import asyncio
import uuid
from collections.abc import Iterable
from dataclasses import replace

from sqlmodel import col, select

from models.approval_request import ApprovalRequest
from models.base import utcnow
from models.foreign_system import ForeignSystem
from models.kinds import RequestEventKind, RequestState
from models.request_event import RequestEvent
from models.translation_marks import tr_later
from services.answers.outbox import deliveries_of
from services.common.errors import ConsoleError
from services.language import tr_message
from services.requests.details.caller_answer import build_caller_answer, explain_why_stuck
from services.requests.details.labels import approval_label, state_label
from services.requests.details.model import EligibleApprover, RequestDetails, SystemStatus, TimelineEntry
from services.requests.details.timeline import (
    comments_not_stored,
    delivery_entries,
    drop_entries_covered_by_record,
    event_entries,
    kind_rank,
    record_entries,
    request_entries,
)
from services.requests.domain.states import assess_states
from services.requests.lifecycle.apply_observation import (
    load_request,
    read_own_record,
    store_observation,
)
from services.requests.records import problems
from services.requests.records.comments import Comments, read_comments
from services.requests.records.instance_provider import InstanceProvider
from services.requests.records.ownership import RecordNotOwnedError
from services.requests.records.request_action import action_event_id
from services.requests.records.requested_item import Approval, RequestedItem
from services.servicenow import ConnectionSettings, ServiceNowClient
from services.servicenow.journal_text import journal_to_text
from services.store import Store

EVENTS_MAX = 500
"""How many lines of a timeline are loaded: the newest."""


def load_stored_details(store: Store, key: uuid.UUID) -> RequestDetails:
    """Return what the store knows of a request, without a connection. Raises NotFoundError."""
    row = load_request(store, key)
    with store.read() as session:
        newest = select(RequestEvent).where(RequestEvent.request_id == key)
        events = list(session.exec(newest.order_by(col(RequestEvent.at).desc()).limit(EVENTS_MAX)))
        server = session.get(ForeignSystem, row.server_id) if row.server_id else None
        deliveries = tuple(deliveries_of(session, key))
    events.reverse()
    lines = [*request_entries(row), *event_entries(row, events), *delivery_entries(deliveries)]
    people = (
        tuple(EligibleApprover(name) for name in row.waits_for.splitlines())
        if not RequestState(row.state).is_final
        else ()
    )
    known = RequestDetails(
        row=row,
        timeline=(),
        deliveries=deliveries,
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
    stored = drop_entries_covered_by_record(known.timeline, record)
    made = any(line.kind is RequestEventKind.CREATED for line in stored)
    here = {line.event: line.actor for line in stored if line.event is not None}
    told_here = {one.sys_id for one in record.approvals if action_event_id(known.row.id, one.sys_id) in here}
    lines = [
        *stored,
        *record_entries(record, comments_not_stored(shown, stored), made=made, told_here=told_here),
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
    if row.is_copy and RequestState(row.state).is_final and not judgement.mismatch:
        # What Privilege Manager says is not known here, so that nothing is said of both systems.
        sentence = tr_message(
            "Its record in ServiceNow has ended as {state}. Privilege Manager learns that with its next status check, if it still waits.",
            state=row.servicenow_state or "closed",
        )
        judgement = replace(judgement, sentence=sentence)
    # An instance keeps whole seconds: within one, lines stand in the order in which their steps can only have come.
    ordered = sorted(
        dict.fromkeys(lines), key=lambda line: (line.at.replace(microsecond=0), kind_rank(line.kind))
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
