"""What a look saw goes into the store: observed columns, copies of what Privilege Manager raised, ends and timelines.

A look that found nothing new writes nothing. What differs is compared once more inside the transaction that writes it,
behind the check of the lease, so that neither a late worker nor a second one doubles a line.
"""

import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import delete, select
from sqlmodel import Session

from models.approval_process import ApprovalProcess
from models.approval_request import COPY, ApprovalRequest
from models.base import TEXT_MAX
from models.kinds import RequestEventKind, RequestOrigin, RequestState
from models.request_event import RequestEvent
from services.ids import spellings
from services.requests import inputs, marks
from services.requests.learning import end_of_copy
from services.requests.reading import Item
from services.requests.resolving import Claim, claim_of
from services.requests.states import ENDS, MISSING, UNSEEN, judge, status_of
from services.servicenow.contract import ApprovalStatus
from services.store import Store, UnitOfWork, timeline
from services.store.values import table_of

CHUNK = 400
"""Requests in one transaction: others get their turn in between."""

_TABLE = table_of(ApprovalRequest)
_EVENTS = table_of(RequestEvent)
Check = Callable[[Session], None]
Stored = Mapping[str, Any]

COLUMNS = {"PMApprovalId": "approval_id", **inputs.COLUMNS}
"""Variable to the column that a copy keeps it in."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What a look is judged by: the server, its processes, and which of those have this console's own status script."""

    server_id: uuid.UUID
    processes: tuple[ApprovalProcess, ...]
    stock: frozenset[uuid.UUID]

    @property
    def request_items(self) -> frozenset[str]:
        """The request items of all processes."""
        return frozenset(one.request_item_id for one in self.processes if one.request_item_id)

    def items_of(self, row: Mapping[str, Any]) -> frozenset[str]:
        """Return the request items that the record of a stored request may be of; none where that is not known."""
        process = next((one for one in self.processes if one.id == row["process_id"]), None)
        if process is not None:
            return frozenset(filter(None, (process.request_item_id,)))
        return self.request_items if row["version"] == COPY else frozenset()

    def claim_of(self, row: Mapping[str, Any], item: Item) -> Claim:
        """Return how an item relates to a stored request."""
        return claim_of(row["approval_id"], (_approval_id(item),), item.cat_item, self.items_of(row))

    def contradicts(self, row: Mapping[str, Any], item: Item) -> bool:
        """Whether an item is known to be no record of a stored request, and not only not known to be."""
        claim, items = self.claim_of(row, item), self.items_of(row)
        return claim is Claim.FOREIGN or (claim is Claim.UNPROVEN and bool(items) and bool(item.cat_item))

    def process_of(self, item: Item) -> ApprovalProcess | None:
        """Return the process whose request item was ordered; None where several share it."""
        fitting = [one for one in self.processes if one.request_item_id == item.cat_item]
        return fitting[0] if len(fitting) == 1 else None


@dataclass(slots=True)
class Kept:
    """What came of a look: requests that changed, those that ended, and what is still to be learnt about others."""

    changed: int = 0
    new: int = 0
    ended: list[uuid.UUID] = field(default_factory=list)
    ended_here: list[uuid.UUID] = field(default_factory=list)
    """Those of them that were raised here."""
    to_ask: list[uuid.UUID] = field(default_factory=list)
    """Requests raised here whose record changed and whose process has scripts of its own: their service decides."""

    def add(self, other: "Kept") -> None:
        """Count what another part of the look brought."""
        self.changed += other.changed
        self.new += other.new
        self.ended += other.ended
        self.ended_here += other.ended_here
        self.to_ask += other.to_ask


@dataclass(slots=True)
class _Change:
    """What is to be written about one requested item."""

    key: uuid.UUID
    seen: dict[str, Any] = field(default_factory=dict)
    copy: dict[str, Any] | None = None
    end: RequestState | None = None
    comment: str = ""
    before: Stored | None = None
    absorbed: uuid.UUID | None = None
    forgotten: list[Stored] = field(default_factory=list)
    """Requests that had this item for their record, and are not its own."""
    to_ask: bool = False
    events: list[dict[str, Any]] = field(default_factory=list)

    @property
    def writes(self) -> bool:
        return bool(self.seen or self.copy or self.end or self.absorbed or self.forgotten)


def copy_id(server_id: uuid.UUID, record_id: str) -> uuid.UUID:
    """Return the id of the copy of a requested item: the same whoever makes it."""
    return uuid.uuid5(server_id, record_id)


def keep(store: Store, ground: Ground, items: Sequence[Item], *, now: datetime, check: Check) -> Kept:
    """Store what `items` say. `check` raises inside each transaction where the work is somebody else's by then."""
    kept, unlike = Kept(), []
    with store.read() as session:
        for part in _chunks(items):
            matched = _matched(session, ground, part)
            for item in part:
                change = _change(ground, item, matched[item.sys_id], now)
                if change.writes:
                    unlike.append(item)
                elif change.to_ask:
                    kept.to_ask.append(change.key)
    for part in _chunks(unlike):
        with store.write() as work:
            check(work.session)
            matched = _matched(work.session, ground, part)
            changes = [_change(ground, item, matched[item.sys_id], now) for item in part]
            for change in changes:
                _respect_wish(work.session, change)
            kept.add(_write(work, [change for change in changes if change.writes], now))
    return kept


def _chunks(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    for start in range(0, len(items), CHUNK):
        yield items[start : start + CHUNK]


# -- which request an item belongs to --------------------------------------------------------------------------


@dataclass(slots=True)
class _Match:
    """The stored requests that an item is the record of: one that was raised here, a copy, or none.

    `strays` have it for their record and are not its own. `unclear` says that it may be that of a request raised here,
    and that this look does not tell.
    """

    own: Stored | None = None
    copy: Stored | None = None
    strays: list[Stored] = field(default_factory=list)
    unclear: bool = False


def _matched(session: Session, ground: Ground, items: Sequence[Item]) -> dict[str, _Match]:
    """Return what is stored of the request that each item belongs to, by the rule of `resolving`."""
    on_server = _TABLE.c.server_id == ground.server_id
    ours = (on_server, _TABLE.c.origin == RequestOrigin.CONSOLE)
    by_record = _grouped(session, "record_id", {one.sys_id for one in items}, on_server)
    given = {key for one in items for key in (one.sys_id, one.order_id) if key}
    by_id = _grouped(session, "external_id", given, *ours)
    spelt = {form for one in items for form in spellings(_approval_id(one))} - {""}
    by_approval = _grouped(session, "approval_id", spelt, *ours)
    orders = {one.order_id for one in items if one.hides_variables and one.order_id in by_id}
    siblings = _siblings(session, orders, items, on_server)
    found = {}
    for item in items:
        match = found[item.sys_id] = _Match()
        recorded = [row for row in by_record[item.sys_id] if row["version"] != COPY]
        named = [row for row in by_id[item.sys_id] if _may_be(row, item)]
        forms = spellings(_approval_id(item))
        carrying = [row for form in forms for row in by_approval[form] if _may_be(row, item)]
        ordered = [row for row in by_id[item.order_id] if _may_be(row, item)]
        alone = item.hides_variables and len(siblings[item.order_id]) == 1
        sure = [*(row for row in recorded if _keeps(row, item, alone=alone)), *named, *carrying]
        own = [row for row in (*sure, *(ordered if alone else ())) if ground.claim_of(row, item).own]
        match.own = own[0] if own else None
        match.strays = [
            row
            for row in recorded
            if row is not match.own and (ground.contradicts(row, item) or not _keeps(row, item, alone=alone))
        ]
        match.copy = next((row for row in by_record[item.sys_id] if row["version"] == COPY), None)
        if match.copy is not None and ground.contradicts(match.copy, item):
            match.copy, match.unclear = None, True
        maybe = [row for row in (*recorded, *named, *ordered) if row not in match.strays]
        match.unclear |= match.own is None and any(not ground.contradicts(row, item) for row in maybe)
        match.unclear |= bool(ground.request_items) and item.cat_item not in ground.request_items
    return found


def _grouped(
    session: Session, column: str, values: set[str], *conditions: Any
) -> "defaultdict[str, list[Stored]]":
    grouped = defaultdict(list)
    for row in _rows(session, _TABLE.c[column], values, *conditions):
        grouped[row[column]].append(row)
    return grouped


def _siblings(
    session: Session, orders: set[str], items: Sequence[Item], *conditions: Any
) -> "defaultdict[str, set[str]]":
    """Return the records of each order, as far as they are followed."""
    found: defaultdict[str, set[str]] = defaultdict(set)
    for item in items:
        found[item.order_id].add(item.sys_id)
    for row in _rows(session, _TABLE.c.order_id, orders, *conditions):
        found[row["order_id"]].add(row["record_id"])
    return found


def _keeps(row: Stored, item: Item, *, alone: bool) -> bool:
    """Whether a request keeps the record it has: not where only its order is known, and now has more of them."""
    return not item.hides_variables or row["external_id"] != item.order_id or alone


def _rows(session: Session, column: Any, values: set[str], *conditions: Any) -> Iterator[Stored]:
    wanted = sorted(values)
    for start in range(0, len(wanted), CHUNK):
        chosen = select(_TABLE).where(column.in_(wanted[start : start + CHUNK]), *conditions)
        for row in session.execute(chosen).mappings():
            yield dict(row)


def _may_be(row: Stored, item: Item) -> bool:
    """Whether a request raised here is this item's: it has no other record yet."""
    return row["record_id"] in ("", item.sys_id)


def _approval_id(item: Item) -> str:
    return (item.variables or {}).get("PMApprovalId", "")[: _length("approval_id")]


# -- what differs ----------------------------------------------------------------------------------------------


def _change(ground: Ground, item: Item, match: _Match, now: datetime) -> _Change:
    if match.own is not None:
        change = _change_of_own(ground, item, match.own, now)
        change.absorbed = match.copy["id"] if match.copy is not None else None
    elif match.copy is None and match.unclear:
        # Not known to be anybody's: it is neither shown nor taken for a decision.
        change = _Change(copy_id(ground.server_id, item.sys_id))
    else:
        change = _change_of_copy(ground, item, match.copy, now)
    change.forgotten = match.strays
    return change


def _change_of_own(ground: Ground, item: Item, row: Stored, now: datetime) -> _Change:
    change = _Change(row["id"], before=row)
    state = RequestState(row["state"])
    claimed = row["claimed_until"] is not None and row["claimed_until"] > now
    if state is RequestState.SUBMITTING and claimed:
        return change  # its id is on the way, and says more than this look does
    seen = _seen(item, row)
    moved = any(name in seen for name in _MOVES)
    if state is RequestState.PENDING and row["external_id"]:
        end = ENDS.get(status_of(item.approval, item.state, item.order_state, closed=not item.active))
        if row["process_id"] in ground.stock:
            change.end = end
        elif moved or end is not None:
            change.to_ask = True
    mismatch = _judged(change.end or state, item)
    if mismatch != row["mismatch"]:
        seen["mismatch"] = mismatch
    if change.end is not None and row["claimed_by"]:
        seen |= {"claimed_by": "", "claimed_until": None}
    if seen:
        change.seen = {**seen, "observed_at": now}
    if change.end is not None:
        told = change.end.value.capitalize()
        change.events.append(_event(row["id"], RequestEventKind.DECIDED, item.updated or now, told))
    change.events += _asked(row["id"], row["waits_for"], seen, now)
    return change


_MOVES = ("servicenow_state", "record_state", "record_closed", "order_state")
"""Columns whose change may be a decision."""


def _judged(state: RequestState, item: Item) -> str:
    return judge(state, item.approval, item.state, item.order_state, closed=not item.active).mismatch


def _respect_wish(session: Session, change: _Change) -> None:
    """Let a request that somebody was about to cancel end so: the record that has ended is what came of that."""
    if change.end is not RequestState.INVALID or change.before is None or change.before["version"] == COPY:
        return
    wish = marks.wish_of(session, change.key)
    if wish is None:
        return
    change.end, change.comment = wish.state, wish.comment
    timed_out = wish.state is RequestState.TIMED_OUT
    kind = RequestEventKind.TIMED_OUT if timed_out else RequestEventKind.CANCELLED
    for event in change.events:
        if event["kind"] == RequestEventKind.DECIDED:
            event.update(kind=kind, detail=wish.comment[:TEXT_MAX])


def _change_of_copy(ground: Ground, item: Item, row: Stored | None, now: datetime) -> _Change:
    key = row["id"] if row else copy_id(ground.server_id, item.sys_id)
    values = dict(row) if row else _new_copy(ground, item, key, now)
    if item.variables is not None:
        # A look may be cut off in the middle of an item, or see only some of them: what is known is not lost by that.
        told = {column: item.variables.get(name, "") for name, column in COLUMNS.items()}
        values |= {column: text[: _length(column)] for column, text in told.items() if text}
    seen = _seen(item, values)
    values |= seen
    if not RequestState(values["state"]).final:
        values["state"] = _state_of_copy(item, values["times_out_at"])
        if values["state"].final:
            values["ended_at"] = item.updated or now
    values["mismatch"] = _judged(values["state"], item)
    change = _Change(key, before=row)
    different = {name: value for name, value in values.items() if row is None or row[name] != value}
    if different and different.keys() <= ApprovalRequest.observed:
        change.seen = {**different, "observed_at": now}
    elif different:
        change.copy = {**values, "observed_at": now}
    if row is None:
        raised = _event(key, RequestEventKind.RAISED, values["requested_at"], item.number)
        raised["actor"] = values["initiator_name"]
        change.events.append(raised)
    if change.copy is not None and values["ended_at"] and not (row and row["ended_at"]):
        change.end = values["state"]
        change.events.append(_event(key, RequestEventKind.DECIDED, values["ended_at"], _decided(item)))
    change.events += _asked(key, row["waits_for"] if row else "", seen, now)
    return change


def _new_copy(ground: Ground, item: Item, key: uuid.UUID, now: datetime) -> dict[str, Any]:
    process, at = ground.process_of(item), item.opened or item.updated or now
    return {
        **_blank(),
        "id": key,
        "server_id": ground.server_id,
        "process_id": process.id if process else None,
        "process_name": process.name if process else "",
        "requested_at": at,
        "submitted_at": at,
        "times_out_at": at + timedelta(seconds=process.timeout_after_s) if process else None,
    }


@cache
def _blank() -> Stored:
    """Return the values of a copy of which nothing is known: making a row for each of many takes its time."""
    blank = ApprovalRequest(version=COPY, origin=RequestOrigin.SERVICENOW, state=RequestState.PENDING)
    return blank.model_dump()


def _seen(item: Item, row: Stored) -> dict[str, Any]:
    """Return the observed columns, but for `mismatch`, that the item says otherwise than the row."""
    values: dict[str, Any] = {
        "servicenow_state": item.approval,
        "record_state": item.state,
        "record_id": item.sys_id,
        "order_id": item.order_id,
        "number": item.number,
        "order_number": item.order_number,
        "order_state": item.order_state,
    }
    values = {name: text[: _length(name)] for name, text in values.items()}
    values["record_closed"] = not item.active
    if not item.is_open:
        values["waits_for"] = ""
    elif item.waits_for is not None:
        values["waits_for"] = _lines(item.waits_for)
    return {name: text for name, text in values.items() if text != row[name]}


def _lines(names: Iterable[str]) -> str:
    """Return names one a line, as many whole ones as the column keeps."""
    text = "\n".join(names)
    return text if len(text) <= TEXT_MAX else text[: TEXT_MAX + 1].rpartition("\n")[0]


def _state_of_copy(item: Item, times_out_at: datetime | None) -> RequestState:
    status = status_of(item.approval, item.state, item.order_state, closed=not item.active)
    if status is ApprovalStatus.PENDING:
        return RequestState.PENDING
    return end_of_copy(status, item.updated, times_out_at)


@cache
def _length(column: str) -> int:
    return int(_TABLE.c[column].type.length)  # type: ignore[attr-defined]


# -- timelines -------------------------------------------------------------------------------------------------


def _event(
    key: uuid.UUID, kind: RequestEventKind, at: datetime, detail: str, part: str = ""
) -> dict[str, Any]:
    """Return a line of a timeline with an id that it has whoever writes it."""
    line = uuid.uuid5(key, f"{kind}:{part}")
    return {"id": line, "request_id": key, "at": at, "kind": kind, "actor": "", "detail": detail[:TEXT_MAX]}


def _asked(key: uuid.UUID, before: str, seen: Mapping[str, Any], now: datetime) -> list[dict[str, Any]]:
    names = seen.get("waits_for", "")
    if not names or names == before:
        return []
    return [_event(key, RequestEventKind.ASKED, now, ", ".join(names.split("\n")), names)]


def _decided(item: Item) -> str:
    return f"{item.number}: {item.approval or 'closed'}"


# -- writing ---------------------------------------------------------------------------------------------------


def _write(work: UnitOfWork, changes: Sequence[_Change], now: datetime) -> Kept:
    kept = Kept(changed=len(changes))
    copies, seen = [], {}
    for change in changes:
        if change.to_ask:
            kept.to_ask.append(change.key)
        if change.copy is not None:
            copies.append(change.copy)
            kept.new += change.before is None
        elif change.end is not None and change.before is not None:
            ended = ApprovalRequest(**change.before)
            kept.ended_here.append(change.key)
            ended.state, ended.ended_at, ended.comment = change.end, now, change.comment[:TEXT_MAX]
            work.update(ended, change.before["version"])
        if change.end is not None:
            kept.ended.append(change.key)
        if change.seen:
            seen[change.key] = change.seen
        for row in change.forgotten:
            seen[row["id"]] = {**UNSEEN, "mismatch": judge(row["state"], "", "").mismatch, "observed_at": now}
        if change.absorbed is not None:
            work.session.execute(
                delete(_TABLE).where(_TABLE.c.id == change.absorbed, _TABLE.c.version == COPY)
            )
            timeline.remove(work.session, _EVENTS.c.request_id == change.absorbed)
    if seen or copies:
        work.observe(ApprovalRequest, seen, copies)
    add_events(work.session, [event for change in changes for event in change.events])
    return kept


def add_events(session: Session, events: Sequence[dict[str, Any]]) -> None:
    """Add lines to timelines, as columns and values; one that is there already is not added again."""
    made = {event["id"]: event for event in events}
    ids = list(made)
    for start in range(0, len(ids), CHUNK):
        part = ids[start : start + CHUNK]
        present = set(session.execute(select(_EVENTS.c.id).where(_EVENTS.c.id.in_(part))).scalars())
        rows = [made[key] for key in part if key not in present]
        if rows:
            session.execute(_EVENTS.insert(), rows)


def answer_copy(store: Store, key: uuid.UUID, status: ApprovalStatus, *, now: datetime, check: Check) -> bool:
    """Store what the status service says of a copy whose record is gone or hidden; returns whether that ends it."""
    with store.write() as work:
        check(work.session)
        found = work.session.execute(select(_TABLE).where(_TABLE.c.id == key)).mappings().first()
        if found is None or found["version"] != COPY or RequestState(found["state"]).final:
            return False
        end = ENDS.get(status)
        values = dict(found) | {"servicenow_state": MISSING, "record_state": "", "waits_for": ""}
        if end is not None:
            values |= {"state": end, "ended_at": now}
            detail = f"Its record is gone; the status service says {status}"
            add_events(work.session, [_event(key, RequestEventKind.DECIDED, now, detail)])
        values["mismatch"] = judge(values["state"], MISSING, "").mismatch
        if any(values[name] != found[name] for name in values):
            work.observe(ApprovalRequest, {}, [values | {"observed_at": now}])
        return end is not None


def comment_on(store: Store, key: uuid.UUID, comment: str, *, check: Check) -> None:
    """Store the comment that belongs to a decision which was seen without it."""
    with store.write() as work:
        check(work.session)
        found = work.session.execute(select(_TABLE).where(_TABLE.c.id == key)).mappings().first()
        if found is None or found["comment"] or not RequestState(found["state"]).final:
            return
        row = ApprovalRequest(**found)
        row.comment = comment[:TEXT_MAX]
        work.update(row, row.version)
