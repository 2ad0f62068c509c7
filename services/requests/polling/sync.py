"""What a look saw goes into the store: observed columns, copies of what Privilege Manager raised, ends and timelines.

A look that found nothing new writes nothing. What differs is compared once more inside the transaction that writes it,
behind the check of the lease, so that neither a late worker nor a second one doubles a line.
"""

import uuid
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache

from sqlalchemy import ColumnElement, delete, select
from sqlmodel import Session

from models.approval_process import ApprovalProcess
from models.approval_request import COPY_VERSION, ApprovalRequest
from models.base import TEXT_MAX
from models.kinds import RequestEventKind, RequestOrigin, RequestState
from models.request_event import HASH_FORMAT, RequestEvent
from services.common.uuid_text import id_variants
from services.requests.domain import inputs, journal
from services.requests.domain.journal import TimelineEvent, decided_event
from services.requests.domain.states import (
    FINAL_STATE_BY_STATUS,
    MISSING_RECORD,
    UNOBSERVED_COLUMNS,
    assess_states,
)
from services.requests.lifecycle.apply_observation import copy_final_state
from services.requests.records.approver_names import format_waits_for
from services.requests.records.ownership import RecordOwnership, record_ownership
from services.requests.records.requested_item import RequestedItem, max_length
from services.servicenow.contract import ApprovalStatus
from services.store import Store, UnitOfWork, answer_outbox, timeline_hash_chain
from services.store.row_values import RowDict, RowValues, SqlColumn, get_table
from services.store.timeline_facts import TimelineFacts

CHUNK_SIZE = 400
"""Requests in one transaction: others get their turn in between."""

_TABLE = get_table(ApprovalRequest)
_EVENTS = get_table(RequestEvent)
LeaseCheck = Callable[[Session], None]
StoredRow = RowValues

COPY_COLUMN_BY_VARIABLE = {"PMApprovalId": "approval_id", **inputs.COLUMN_BY_VARIABLE}
"""Variable to the column that a copy keeps it in."""


@dataclass(frozen=True, slots=True)
class MatchContext:
    """What a look is judged by: the server, its processes, and which of those have this console's own status script."""

    server_id: uuid.UUID
    processes: tuple[ApprovalProcess, ...]
    stock: frozenset[uuid.UUID]

    @property
    def request_items(self) -> frozenset[str]:
        """The request items of all processes."""
        return frozenset(one.request_item_id for one in self.processes if one.request_item_id)

    def items_of(self, row: RowValues) -> frozenset[str]:
        """Return the request items that the record of a stored request may be of; none where that is not known."""
        process = next((one for one in self.processes if one.id == row["process_id"]), None)
        if process is not None:
            return frozenset(filter(None, (process.request_item_id,)))
        return self.request_items if row["version"] == COPY_VERSION else frozenset()

    def claim_of(self, row: RowValues, item: RequestedItem) -> RecordOwnership:
        """Return how an item relates to a stored request."""
        return record_ownership(row["approval_id"], (_approval_id(item),), item.cat_item, self.items_of(row))

    def contradicts(self, row: RowValues, item: RequestedItem) -> bool:
        """Whether an item is known to be no record of a stored request, and not only not known to be."""
        claim, items = self.claim_of(row, item), self.items_of(row)
        return claim is RecordOwnership.FOREIGN or (
            claim is RecordOwnership.UNPROVEN and bool(items) and bool(item.cat_item)
        )

    def process_of(self, item: RequestedItem) -> ApprovalProcess | None:
        """Return the process whose request item was ordered; None where several share it."""
        fitting = [one for one in self.processes if one.request_item_id == item.cat_item]
        return fitting[0] if len(fitting) == 1 else None


@dataclass(slots=True)
class SyncResult:
    """What came of a look: requests that changed, those that ended, and what is still to be learnt about others."""

    changed: int = 0
    new: int = 0
    ended: list[uuid.UUID] = field(default_factory=list)
    ended_own: list[uuid.UUID] = field(default_factory=list)
    """Those of them that were raised here."""
    needs_status_call: list[uuid.UUID] = field(default_factory=list)
    """Requests raised here whose record changed and whose process has scripts of its own: their service decides."""

    def add(self, other: "SyncResult") -> None:
        """Count what another part of the look brought."""
        self.changed += other.changed
        self.new += other.new
        self.ended += other.ended
        self.ended_own += other.ended_own
        self.needs_status_call += other.needs_status_call


@dataclass(slots=True)
class _Change:
    """What is to be written about one requested item."""

    key: uuid.UUID
    seen: RowDict = field(default_factory=dict)
    copy: RowDict | None = None
    end: RequestState | None = None
    comment: str = ""
    before: StoredRow | None = None
    replaced_copy_id: uuid.UUID | None = None
    detached: list[StoredRow] = field(default_factory=list)
    """Requests that had this item for their record, and are not its own."""
    needs_status_call: bool = False
    events: list[RowDict] = field(default_factory=list)

    @property
    def writes(self) -> bool:
        return bool(self.seen or self.copy or self.end or self.replaced_copy_id or self.detached)


def copy_id(server_id: uuid.UUID, record_id: str) -> uuid.UUID:
    """Return the id of the copy of a requested item: the same whoever makes it."""
    return uuid.uuid5(server_id, record_id)


def sync_items(
    store: Store, ground: MatchContext, items: Sequence[RequestedItem], *, now: datetime, check: LeaseCheck
) -> SyncResult:
    """Store what `items` say. `check` raises inside each transaction where the work is somebody else's by then."""
    kept, unlike = SyncResult(), []
    with store.read() as session:
        for part in _chunks(items):
            matched = _match_items(session, ground, part)
            for item in part:
                change = _compute_change(ground, item, matched[item.sys_id], now)
                if change.writes:
                    unlike.append(item)
                elif change.needs_status_call:
                    kept.needs_status_call.append(change.key)
    for part in _chunks(unlike):
        with store.write() as work:
            check(work.session)
            matched = _match_items(work.session, ground, part)
            changes = [_compute_change(ground, item, matched[item.sys_id], now) for item in part]
            for change in changes:
                _apply_cancel_intent(work.session, change)
            kept.add(_write_changes(work, [change for change in changes if change.writes], now))
    return kept


def _chunks(items: Sequence[RequestedItem]) -> Iterator[Sequence[RequestedItem]]:
    for start in range(0, len(items), CHUNK_SIZE):
        yield items[start : start + CHUNK_SIZE]


# -- which request an item belongs to --------------------------------------------------------------------------


@dataclass(slots=True)
class _Match:
    """The stored requests that an item is the record of: one that was raised here, a copy, or none.

    `strays` have it for their record and are not its own. `unclear` says that it may be that of a request raised here,
    and that this look does not tell.
    """

    own: StoredRow | None = None
    copy: StoredRow | None = None
    mismatched: list[StoredRow] = field(default_factory=list)
    unclear: bool = False


def _match_items(session: Session, ground: MatchContext, items: Sequence[RequestedItem]) -> dict[str, _Match]:
    """Return what is stored of the request that each item belongs to, by the rule of `resolving`."""
    on_server = _TABLE.c.server_id == ground.server_id
    ours = (on_server, _TABLE.c.origin == RequestOrigin.CONSOLE)
    by_record = _rows_by_column(session, "record_id", {one.sys_id for one in items}, on_server)
    given = {key for one in items for key in (one.sys_id, one.order_id) if key}
    by_id = _rows_by_column(session, "external_id", given, *ours)
    spelt = {form for one in items for form in id_variants(_approval_id(one))} - {""}
    by_approval = _rows_by_column(session, "approval_id", spelt, *ours)
    orders = {one.order_id for one in items if one.hides_variables and one.order_id in by_id}
    siblings = _records_by_order(session, orders, items, on_server)
    found = {}
    for item in items:
        match = found[item.sys_id] = _Match()
        recorded = [row for row in by_record[item.sys_id] if row["version"] != COPY_VERSION]
        named = [row for row in by_id[item.sys_id] if _is_candidate(row, item)]
        forms = id_variants(_approval_id(item))
        carrying = [row for form in forms for row in by_approval[form] if _is_candidate(row, item)]
        ordered = [row for row in by_id[item.order_id] if _is_candidate(row, item)]
        alone = item.hides_variables and len(siblings[item.order_id]) == 1
        sure = [*(row for row in recorded if _may_keep_record(row, item, alone=alone)), *named, *carrying]
        own = [row for row in (*sure, *(ordered if alone else ())) if ground.claim_of(row, item).is_own]
        match.own = own[0] if own else None
        match.mismatched = [
            row
            for row in recorded
            if row is not match.own
            and (ground.contradicts(row, item) or not _may_keep_record(row, item, alone=alone))
        ]
        match.copy = next((row for row in by_record[item.sys_id] if row["version"] == COPY_VERSION), None)
        if match.copy is not None and ground.contradicts(match.copy, item):
            match.copy, match.unclear = None, True
        maybe = [row for row in (*recorded, *named, *ordered) if row not in match.mismatched]
        match.unclear |= match.own is None and any(not ground.contradicts(row, item) for row in maybe)
        match.unclear |= bool(ground.request_items) and item.cat_item not in ground.request_items
    return found


def _rows_by_column(
    session: Session, column: str, values: set[str], *conditions: ColumnElement[bool]
) -> "defaultdict[str, list[StoredRow]]":
    grouped = defaultdict(list)
    for row in _select_rows(session, _TABLE.c[column], values, *conditions):
        grouped[row[column]].append(row)
    return grouped


def _records_by_order(
    session: Session, orders: set[str], items: Sequence[RequestedItem], *conditions: ColumnElement[bool]
) -> "defaultdict[str, set[str]]":
    """Return the records of each order, as far as they are followed."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for item in items:
        found[item.order_id].add(item.sys_id)
    for row in _select_rows(session, _TABLE.c.order_id, orders, *conditions):
        found[row["order_id"]].add(row["record_id"])
    return found


def _may_keep_record(row: StoredRow, item: RequestedItem, *, alone: bool) -> bool:
    """Whether a request keeps the record it has: not where only its order is known, and now has more of them."""
    return not item.hides_variables or row["external_id"] != item.order_id or alone


def _select_rows(
    session: Session, column: SqlColumn, values: set[str], *conditions: ColumnElement[bool]
) -> Iterator[StoredRow]:
    wanted = sorted(values)
    for start in range(0, len(wanted), CHUNK_SIZE):
        chosen = select(_TABLE).where(column.in_(wanted[start : start + CHUNK_SIZE]), *conditions)
        for row in session.execute(chosen).mappings():
            yield dict(row)


def _is_candidate(row: StoredRow, item: RequestedItem) -> bool:
    """Whether a request raised here is this item's: it has no other record yet."""
    return row["record_id"] in ("", item.sys_id)


def _approval_id(item: RequestedItem) -> str:
    return (item.variables or {}).get("PMApprovalId", "")[: max_length("approval_id")]


# -- what differs ----------------------------------------------------------------------------------------------


def _compute_change(ground: MatchContext, item: RequestedItem, match: _Match, now: datetime) -> _Change:
    if match.own is not None:
        change = _compute_own_change(ground, item, match.own, now)
        change.replaced_copy_id = match.copy["id"] if match.copy is not None else None
    elif match.copy is None and match.unclear:
        # Not known to be anybody's: it is neither shown nor taken for a decision.
        change = _Change(copy_id(ground.server_id, item.sys_id))
    else:
        change = _compute_copy_change(ground, item, match.copy, now)
    change.detached = match.mismatched
    return change


def _compute_own_change(ground: MatchContext, item: RequestedItem, row: StoredRow, now: datetime) -> _Change:
    change = _Change(row["id"], before=row)
    state = RequestState(row["state"])
    claimed = row["claimed_until"] is not None and row["claimed_until"] > now
    if state is RequestState.SUBMITTING and claimed:
        return change  # its id is on the way, and says more than this look does
    seen = _changed_observations(item, row)
    moved = any(name in seen for name in _DECISION_COLUMNS)
    if state is RequestState.PENDING and row["external_id"]:
        end = FINAL_STATE_BY_STATUS.get(item.approval_status)
        if row["process_id"] in ground.stock:
            change.end = end
        elif moved or end is not None:
            change.needs_status_call = True
    mismatch = item.assess(change.end or state).mismatch
    if mismatch != row["mismatch"]:
        seen["mismatch"] = mismatch
    if change.end is not None and row["claimed_by"]:
        seen |= {"claimed_by": "", "claimed_until": None}
    if seen:
        change.seen = {**seen, "observed_at": now}
    if change.end is not None:
        change.events.append(_event_values(row["id"], decided_event(change.end), item.changed_at or now))
    change.events += _asked_events(row["id"], row["waits_for"], seen, now)
    return change


_DECISION_COLUMNS = ("servicenow_state", "record_state", "record_closed", "order_state")
"""Columns whose change may be a decision."""


def _apply_cancel_intent(session: Session, change: _Change) -> None:
    """Let a request that somebody was about to cancel end so: the record that has ended is what came of that."""
    if (
        change.end is not RequestState.INVALID
        or change.before is None
        or change.before["version"] == COPY_VERSION
    ):
        return
    wish = journal.load_cancel_intent(session, change.key)
    if wish is None:
        return
    change.end, change.comment = wish.state, wish.comment
    for event in change.events:
        if event["kind"] == RequestEventKind.DECIDED:
            event.update(journal.event_columns(journal.ended_event(wish.state, wish.comment)))


def _compute_copy_change(
    ground: MatchContext, item: RequestedItem, row: StoredRow | None, now: datetime
) -> _Change:
    key = row["id"] if row else copy_id(ground.server_id, item.sys_id)
    values = dict(row) if row else _new_copy(ground, item, key, now)
    if item.variables is not None:
        # A look may be cut off in the middle of an item, or see only some of them: what is known is not lost by that.
        told = {column: item.variables.get(name, "") for name, column in COPY_COLUMN_BY_VARIABLE.items()}
        values |= {column: text[: max_length(column)] for column, text in told.items() if text}
    seen = _changed_observations(item, values)
    values |= seen
    if not RequestState(values["state"]).is_final:
        values["state"] = _copy_state(item, values["times_out_at"])
        if values["state"].is_final:
            values["ended_at"] = item.changed_at or now
    values["mismatch"] = item.assess(values["state"]).mismatch
    change = _Change(key, before=row)
    different = {name: value for name, value in values.items() if row is None or row[name] != value}
    if different and different.keys() <= ApprovalRequest.observed:
        change.seen = {**different, "observed_at": now}
    elif different:
        change.copy = {**values, "observed_at": now}
    if row is None:
        event = TimelineEvent(RequestEventKind.RAISED, item.number)
        raised = _event_values(key, event, values["requested_at"])
        raised["actor"] = values["initiator_name"]
        change.events.append(raised)
    if change.copy is not None and values["ended_at"] and not (row and row["ended_at"]):
        change.end = values["state"]
        change.events.append(_event_values(key, _decision_event(item, change.end), values["ended_at"]))
    change.events += _asked_events(key, row["waits_for"] if row else "", seen, now)
    return change


def _new_copy(ground: MatchContext, item: RequestedItem, key: uuid.UUID, now: datetime) -> RowDict:
    process, at = ground.process_of(item), item.opened_at or item.created_at or item.changed_at or now
    return {
        **_blank_copy(),
        "id": key,
        "server_id": ground.server_id,
        "process_id": process.id if process else None,
        "process_name": process.name if process else "",
        "requested_at": at,
        "submitted_at": at,
        "times_out_at": at + timedelta(seconds=process.timeout_after_s) if process else None,
    }


@cache
def _blank_copy() -> StoredRow:
    """Return the values of a copy of which nothing is known: making a row for each of many takes its time."""
    blank = ApprovalRequest(version=COPY_VERSION, origin=RequestOrigin.SERVICENOW, state=RequestState.PENDING)
    return blank.model_dump()


def _changed_observations(item: RequestedItem, row: StoredRow) -> RowDict:
    """Return the observed columns, but for `mismatch`, that the item says otherwise than the row."""
    values = item.observed_columns()
    if not item.is_open:
        values["waits_for"] = ""
    elif item.has_approvals:
        values["waits_for"] = format_waits_for(one.display_name for one in item.open_approvals)
    return {name: text for name, text in values.items() if text != row[name]}


def _copy_state(item: RequestedItem, times_out_at: datetime | None) -> RequestState:
    if item.approval_status is ApprovalStatus.PENDING:
        return RequestState.PENDING
    return copy_final_state(item.approval_status, item.changed_at, times_out_at)


# -- timelines -------------------------------------------------------------------------------------------------


def _event_values(key: uuid.UUID, event: TimelineEvent, at: datetime, part: str = "") -> RowDict:
    """Return the columns of a timeline line whose id depends only on the request, the kind and `part`."""
    line = uuid.uuid5(key, f"{event.kind}:{part}")
    columns = journal.event_columns(event)
    return {"id": line, "request_id": key, "at": at, "actor": "", "hash_format": HASH_FORMAT, **columns}


def _asked_events(key: uuid.UUID, before: str, seen: RowValues, now: datetime) -> list[RowDict]:
    names = seen.get("waits_for", "")
    if not names or names == before:
        return []
    event = TimelineEvent(RequestEventKind.ASKED, ", ".join(names.split("\n")))
    return [_event_values(key, event, now, names)]


def _decision_event(item: RequestedItem, state: RequestState) -> TimelineEvent:
    detail = f"{item.number}: {item.approval or 'closed'}"
    return TimelineEvent(RequestEventKind.DECIDED, detail, TimelineFacts(outcome=state))


# -- writing ---------------------------------------------------------------------------------------------------


def _write_changes(work: UnitOfWork, changes: Sequence[_Change], now: datetime) -> SyncResult:
    kept = SyncResult(changed=len(changes))
    copies, seen = [], {}
    for change in changes:
        if change.needs_status_call:
            kept.needs_status_call.append(change.key)
        if change.copy is not None:
            copies.append(change.copy)
            kept.new += change.before is None
        elif change.end is not None and change.before is not None:
            ended = ApprovalRequest(**change.before)
            kept.ended_own.append(change.key)
            ended.state, ended.ended_at, ended.comment = change.end, now, change.comment[:TEXT_MAX]
            work.update(ended, change.before["version"])
            if change.end in (RequestState.APPROVED, RequestState.REJECTED) and not change.comment:
                answer_outbox.wait_for_comments(work.session, [change.key], now)
        if change.end is not None:
            kept.ended.append(change.key)
        if change.seen:
            seen[change.key] = change.seen
        for row in change.detached:
            seen[row["id"]] = {
                **UNOBSERVED_COLUMNS,
                "mismatch": assess_states(row["state"], "", "").mismatch,
                "observed_at": now,
            }
        if change.replaced_copy_id is not None:
            work.session.execute(
                delete(_TABLE).where(_TABLE.c.id == change.replaced_copy_id, _TABLE.c.version == COPY_VERSION)
            )
            timeline_hash_chain.remove_lines(work.session, _EVENTS.c.request_id == change.replaced_copy_id)
    if seen or copies:
        work.observe(ApprovalRequest, seen, copies)
    add_events(work.session, [event for change in changes for event in change.events])
    return kept


def add_events(session: Session, events: Sequence[RowDict]) -> None:
    """Add lines to timelines, as columns and values; one that is there already is not added again."""
    made = {event["id"]: event for event in events}
    ids = list(made)
    for start in range(0, len(ids), CHUNK_SIZE):
        part = ids[start : start + CHUNK_SIZE]
        present = set(session.execute(select(_EVENTS.c.id).where(_EVENTS.c.id.in_(part))).scalars())
        rows = [made[key] for key in part if key not in present]
        if rows:
            session.execute(_EVENTS.insert(), rows)


def apply_status_to_copy(
    store: Store, key: uuid.UUID, status: ApprovalStatus, *, now: datetime, check: LeaseCheck
) -> bool:
    """Store what the status service says of a copy whose record is gone or hidden; returns whether that ends it."""
    with store.write() as work:
        check(work.session)
        found = work.session.execute(select(_TABLE).where(_TABLE.c.id == key)).mappings().first()
        if found is None or found["version"] != COPY_VERSION or RequestState(found["state"]).is_final:
            return False
        end = FINAL_STATE_BY_STATUS.get(status)
        values = dict(found) | {"servicenow_state": MISSING_RECORD, "record_state": "", "waits_for": ""}
        if end is not None:
            values |= {"state": end, "ended_at": now}
            detail = f"Its record is gone; the status service says {status}"
            event = TimelineEvent(RequestEventKind.DECIDED, detail, TimelineFacts(outcome=end))
            add_events(work.session, [_event_values(key, event, now)])
        values["mismatch"] = assess_states(values["state"], MISSING_RECORD, "").mismatch
        if any(values[name] != found[name] for name in values):
            work.observe(ApprovalRequest, {}, [values | {"observed_at": now}])
        return end is not None


def store_decision_comment(
    store: Store, key: uuid.UUID, comment: str, *, now: datetime, check: LeaseCheck
) -> None:
    """Store the comment that belongs to a decision which was seen without it; its answer waits no longer."""
    with store.write() as work:
        check(work.session)
        answer_outbox.stop_waiting(work.session, key, now)
        found = work.session.execute(select(_TABLE).where(_TABLE.c.id == key)).mappings().first()
        if not comment or found is None or found["comment"] or not RequestState(found["state"]).is_final:
            return
        row = ApprovalRequest(**found)
        row.comment = comment[:TEXT_MAX]
        work.update(row, row.version)
