"""What was read of one request goes into the store: its observed columns, and the line that tells of it."""

import asyncio
import uuid
from datetime import datetime, timedelta

from sqlmodel import col, select

from models.approval_process import ApprovalProcess
from models.approval_request import ApprovalRequest
from models.base import utcnow
from models.kinds import RequestState
from services.common.threads import run_to_completion
from services.requests.domain.journal import TimelineEvent, add_event
from services.requests.domain.states import (
    FINAL_STATE_BY_STATUS,
    UNOBSERVED_COLUMNS,
    assess_states,
)
from services.requests.lifecycle.transactions import row_with
from services.requests.records.approver_names import format_waits_for
from services.requests.records.item_reader import read_requested_item
from services.requests.records.ownership import RecordNotOwnedError
from services.requests.records.requested_item import RequestedItem, stored_item
from services.servicenow.contract import ApprovalStatus
from services.servicenow.http_client import ServiceNowClient
from services.store import Store
from services.store.errors import NotFoundError
from services.store.row_values import RowDict

TIMEOUT_TOLERANCE = timedelta(seconds=5)
"""Clocks differ: an end this shortly before the time was over still counts as timed out."""


def load_request(store: Store, key: uuid.UUID) -> ApprovalRequest:
    """Return a request; raises NotFoundError."""
    with store.read() as session:
        row = session.get(ApprovalRequest, key)
    if row is None:
        raise NotFoundError(f"the request {key}")
    return row


def load_process(store: Store, key: uuid.UUID) -> ApprovalProcess:
    """Return an approval process; raises NotFoundError."""
    with store.read() as session:
        process = session.get(ApprovalProcess, key)
    if process is None:
        raise NotFoundError("the Approval Process of the request")
    return process


def load_request_item_ids(store: Store, row: ApprovalRequest) -> frozenset[str]:
    """Return the request items of a request's process, by which its record is known where PMApprovalId is hidden.

    A copy whose process is not known belongs to one of those that go through its server.
    """
    with store.read() as session:
        if row.process_id is not None:
            chosen = select(ApprovalProcess.request_item_id).where(ApprovalProcess.id == row.process_id)
        elif row.is_copy and row.server_id is not None:
            chosen = select(ApprovalProcess.request_item_id).where(ApprovalProcess.server_id == row.server_id)
        else:
            return frozenset()
        return frozenset(session.exec(chosen.where(col(ApprovalProcess.request_item_id) != "")))


async def read_own_record(
    store: Store, instance: ServiceNowClient, row: ApprovalRequest
) -> RequestedItem | None:
    """Return the record of a request, or None where there is none; raises as `read_record` does.

    What is stored of a record that is not known to be this request's is forgotten.
    """
    items = await asyncio.to_thread(load_request_item_ids, store, row)
    try:
        return await read_requested_item(instance, row, items)
    except RecordNotOwnedError:
        await clear_observation(store, row)
        raise


async def clear_observation(store: Store, row: ApprovalRequest) -> None:
    """Forget what is stored of the record of a request that was raised here. Raises StoreError."""

    def write() -> None:
        with store.write() as work:
            present = work.session.get(ApprovalRequest, row.id)
            if present is None or present.is_copy:
                return  # a copy is its record, and nothing else is known of it
            work.session.expunge(present)
            seen = {**UNOBSERVED_COLUMNS, "mismatch": assess_states(present.state, "", "").mismatch}
            if any(getattr(present, name) != value for name, value in seen.items()):
                work.observe(ApprovalRequest, {row.id: {**seen, "observed_at": utcnow()}})

    await run_to_completion(write)


async def store_observation(
    store: Store,
    row: ApprovalRequest,
    record: RequestedItem,
    event: TimelineEvent | None = None,
    *,
    whole: bool = True,
    comment: str = "",
    event_id: uuid.UUID | None = None,
) -> None:
    """Store what `record` says of `row`, with a line of its timeline; a look that finds nothing new writes nothing.

    A look that began before what the row says was seen says nothing new either, unless it is the one after a deed (an
    `event`). `whole` says that the account sees every approval: only then it is known who is asked. `comment` is what a copy was
    decided with here; a request of our own gets it with the answer of its status service. `event_id` is the id that the
    line is to be known by, unless there is one of that id. Raises StoreError. It is
    written to its end even where the task is cancelled, because it has happened.
    """

    def news(present: ApprovalRequest) -> RowDict:
        values = _observed_values(present, record, whole=whole, deed=event is not None)
        if comment and present.is_copy:
            values["comment"] = comment
        return {name: value for name, value in values.items() if getattr(present, name) != value}

    def write() -> None:
        with store.read() as session:
            present = session.get(ApprovalRequest, row.id)
        if present is None or (event is None and not news(present)):
            return
        with store.write() as work:
            # Others look at it, too: it is compared once more where nobody can come in between.
            present = work.session.get(ApprovalRequest, row.id)
            if present is None:
                return
            work.session.expunge(present)
            new = news(present)
            seen = {**new, "observed_at": max(record.read_at, present.observed_at or record.read_at)}
            if new and present.is_copy:
                work.observe(ApprovalRequest, {}, [row_with(present, seen)])
            elif new:
                work.observe(ApprovalRequest, {row.id: seen})
            if event is not None:
                add_event(work.session, row.id, event, actor=store.actor, event_id=event_id)
                if not new:
                    # Open pages look at what the audit trail names.
                    work.event("observe", kind="approval_request", object_id=row.id, detail=event.kind.value)

    await run_to_completion(write)


async def load_request_in_thread(store: Store, key: uuid.UUID) -> ApprovalRequest:
    """Return a request without keeping the loop waiting; raises NotFoundError."""
    return await asyncio.to_thread(load_request, store, key)


def _observed_values(row: ApprovalRequest, record: RequestedItem, *, whole: bool, deed: bool) -> RowDict:
    if not deed and row.observed_at is not None and row.observed_at > record.read_at:
        # Somebody looked later: all that is left to say is how that goes with the state of the row.
        return {"mismatch": stored_item(row).assess(row.state).mismatch}
    values: RowDict = dict(record.observed_columns())
    if not record.is_open:
        values["waits_for"] = ""  # whatever the account sees: an approval that was left open decides nothing
    elif whole and record.open_approvals:
        values["waits_for"] = format_waits_for(one.display_name for one in record.open_approvals)
    else:
        # Who is asked is not seen, but perhaps who has answered: nobody waits for them any more.
        answered = format_waits_for(one.display_name for one in record.approvals if not one.is_open).split(
            "\n"
        )
        values["waits_for"] = "\n".join(name for name in row.waits_for.split("\n") if name not in answered)
    if row.is_copy and not record.is_open:
        values["state"] = _final_state(row, record)
        values["ended_at"] = row.ended_at or record.changed_at or utcnow()
    values["mismatch"] = record.assess(values.get("state", row.state)).mismatch
    return values


def _final_state(row: ApprovalRequest, record: RequestedItem) -> RequestState:
    if RequestState(row.state).is_final:
        return RequestState(row.state)
    status = record.approval_status
    # A record that is not open any more is decided by nobody, whatever its words say.
    status = ApprovalStatus.INVALID if status is ApprovalStatus.PENDING else status
    return copy_final_state(status, record.changed_at, row.times_out_at)


def copy_final_state(
    status: ApprovalStatus, changed_at: datetime | None, times_out_at: datetime | None
) -> RequestState:
    """Return how a request of Privilege Manager ended whose record was changed last at `changed_at`."""
    late = (
        changed_at is not None and times_out_at is not None and changed_at >= times_out_at - TIMEOUT_TOLERANCE
    )
    # Privilege Manager cancels what nobody decided in time.
    return (
        RequestState.TIMED_OUT if late and status is ApprovalStatus.INVALID else FINAL_STATE_BY_STATUS[status]
    )
