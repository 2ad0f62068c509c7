"""What an instance says of one request right now: the requested item, its order, who is asked, who decided."""

import heapq
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from models.approval_request import ApprovalRequest
from models.base import TEXT_MAX, utcnow
from services.common.errors import ConsoleError
from services.common.fault_ids import FaultTrait
from services.language import AND, ENGLISH, OR, join_names
from services.requests.domain.states import OPEN_RECORD_STATUSES, RecordStatus, record_status
from services.requests.records.batch_query import (
    APPROVAL_REQUESTED,
    APPROVAL_TABLE,
    UNNAMED_APPROVER,
    is_active,
    parse_time,
)
from services.requests.records.record_resolution import order_has_other_items, resolve_item
from services.servicenow.encoded_query import Operator, where
from services.servicenow.http_client import ServiceNowClient
from services.servicenow.journal_text import journal_to_text
from services.servicenow.table_api import Row

JOURNAL_TABLE = "sys_journal_field"
COMMENT_SOURCES_MAX = 100
COMMENTS_MAX = 200
"""Comments that are shown: the newest."""
DECISION_STATES = ("approved", "rejected")

_APPROVAL_FIELDS = (
    "sys_id", "state", "approver", "approver.user_name", "approver.name", "approver.active", "approver.locked_out",
    "sysapproval", "group.assignment_group.name", "sys_created_on", "sys_updated_on", "sys_updated_by",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Approval:
    """One approval: who is asked, through which group, its stored state, and who changed it last and when."""

    sys_id: str
    state: str
    user_name: str
    name: str
    group: str = ""
    on_order: bool = False
    """Whether the order (REQ) is to be approved, not the item (RITM)."""
    asked_at: datetime | None = None
    changed_at: datetime | None = None
    changed_by: str = ""
    """User name of whoever changed the approval last."""
    active: bool = True
    """False only where the instance says that the approver's account is not active, or locked out."""

    @property
    def open(self) -> bool:
        """Whether an answer is waited for."""
        return self.state == APPROVAL_REQUESTED

    @property
    def who(self) -> str:
        """Who is asked, as people call them."""
        return self.name or self.user_name or UNNAMED_APPROVER


@dataclass(frozen=True, slots=True)
class RequestedItem:
    """A requested item with its order and the approvals that the account may see. States are stored values."""

    sys_id: str
    number: str
    state: str
    approval: str
    order_id: str = ""
    order_number: str = ""
    order_approval: str = ""
    created_at: datetime | None = None
    changed_at: datetime | None = None
    changed_by: str = ""
    active: bool = True
    asked: tuple[Approval, ...] = field(default=())
    """The approvals that decide this item and no other."""
    shared_order_approvals: tuple[Approval, ...] = field(default=())
    """The approvals of an order that has further items: they decide about all of them."""
    read_at: datetime = field(default_factory=utcnow, compare=False)
    """When it began to be read: what changed there since may be missing."""

    @property
    def open(self) -> bool:
        """Whether it can still be decided: neither decided nor closed."""
        seen = record_status(self.approval, self.state, self.order_approval, closed=not self.active)
        return self.active and seen in (*OPEN_RECORD_STATUSES, RecordStatus.UNSEEN)

    @property
    def waiting(self) -> tuple[Approval, ...]:
        """The approvals that wait for an answer."""
        return tuple(one for one in self.asked if one.open)

    @property
    def decided(self) -> Approval | None:
        """The newest decision, as far as the account may see it."""
        made = [one for one in self.asked if one.state in DECISION_STATES]
        return max(made, key=lambda one: one.changed_at or datetime.min.replace(tzinfo=UTC), default=None)


async def read_requested_item(
    instance: ServiceNowClient, row: ApprovalRequest, request_items: Collection[str] = ()
) -> RequestedItem | None:
    """Return the record behind a request as it stands now, or None when there is none that the account may see.

    `request_items` are those of the request's process. Raises NotItsRecordError where what is found is not known to be
    the request's own record, and ConsoleError.
    """
    began = utcnow()
    item = await resolve_item(instance, row, request_items)
    return await _read_with_approvals(instance, item, began) if item is not None else None


async def read_approvals(
    instance: ServiceNowClient, record: RequestedItem, reader: ServiceNowClient
) -> tuple[Approval, ...]:
    """Return the approvals of a record as another account sees them, without those of an order with further items.

    `reader` reads items: whoever is asked need not be allowed to.
    """
    asked = await _fetch_approvals(instance, record.sys_id, record.order_id)
    own, _ = await _split_order_approvals(reader, asked, record.order_id)
    return own


def observed_columns(record: RequestedItem) -> dict[str, Any]:
    """Return what `record` says as observed columns, but for `waits_for`, `mismatch` and the time."""
    return {
        "servicenow_state": record.approval[:40],
        "record_state": record.state[:40],
        "record_closed": not record.active,
        "order_state": record.order_approval[:40],
        "record_id": record.sys_id[:32],
        "order_id": record.order_id[:32],
        "number": record.number[:40],
        "order_number": record.order_number[:40],
    }


def approver_names(asked: tuple[Approval, ...]) -> str:
    """Return who is asked as the column `waits_for` keeps it: names, one a line, each once."""
    lines = dict.fromkeys(" ".join(one.who.split()) for one in asked)
    kept: list[str] = []
    for line in lines:
        if sum(len(one) + 1 for one in kept) + len(line) > TEXT_MAX:
            break
        kept.append(line)
    return "\n".join(kept)


def row_with(row: ApprovalRequest, values: Mapping[str, Any]) -> ApprovalRequest:
    """Return a copy of the instance's record with `values` over it."""
    return ApprovalRequest(**{**row.model_dump(), **values})


def capitalize_for_sentence(who: str) -> str:
    """Return who is meant as the beginning of a sentence; names stay as they are."""
    return f"{UNNAMED_APPROVER[:1].upper()}{UNNAMED_APPROVER[1:]}" if who == UNNAMED_APPROVER else who


def join_english_names(names: list[str], word: str = "or", most: int = 5) -> str:
    """Write names as people do: “A, B or C”; what goes beyond `most` is counted."""
    return join_names(names, AND if word == "and" else OR, most, ENGLISH)


async def _read_with_approvals(instance: ServiceNowClient, item: Row, began: datetime) -> RequestedItem:
    own, on_order = await _split_order_approvals(
        instance, await _fetch_approvals(instance, item["sys_id"], item["request"]), item["request"]
    )
    return RequestedItem(
        sys_id=item["sys_id"],
        number=item["number"],
        state=item["state"],
        approval=item["approval"],
        order_id=item["request"],
        order_number=item["request.number"],
        order_approval=item["request.approval"],
        created_at=parse_time(item["sys_created_on"]),
        changed_at=parse_time(item["sys_updated_on"]),
        changed_by=item["sys_updated_by"],
        active=is_active(item["active"]),
        asked=own,
        shared_order_approvals=on_order,
        read_at=began,
    )


async def _fetch_approvals(instance: ServiceNowClient, item_id: str, order_id: str) -> list[Approval]:
    query = where("sysapproval", Operator.IN, item_id, *([order_id] if order_id else []))
    return [
        Approval(
            sys_id=row["sys_id"],
            state=row["state"],
            user_name=row["approver.user_name"],
            name=row["approver.name"] or row["approver.user_name"],
            group=row["group.assignment_group.name"],
            on_order=row["sysapproval"] != item_id,
            asked_at=parse_time(row["sys_created_on"]),
            changed_at=parse_time(row["sys_updated_on"]),
            changed_by=row["sys_updated_by"],
            active=row["approver.active"] not in ("false", "0") and row["approver.locked_out"] not in ("true", "1"),
        )
        async for row in instance.table(APPROVAL_TABLE).rows(query, fields=_APPROVAL_FIELDS)
    ]  # fmt: skip


async def _split_order_approvals(
    instance: ServiceNowClient, asked: list[Approval], order_id: str
) -> tuple[tuple[Approval, ...], tuple[Approval, ...]]:
    """Return the approvals that decide this item alone, and those of an order that has further items."""
    if not any(one.on_order for one in asked) or not await order_has_other_items(instance, order_id):
        return tuple(asked), ()
    own = tuple(one for one in asked if not one.on_order)
    return own, tuple(one for one in asked if one.on_order)


@dataclass(frozen=True, slots=True)
class Comment:
    """An entry of a journal: when, by whom (user name), and the text."""

    at: datetime
    author: str
    text: str
    on: str = ""
    """sys_id of the record or approval that it stands on."""


@dataclass(frozen=True, slots=True)
class Comments:
    """The newest comments, oldest first. `hidden` says that there are more which the account may not read."""

    shown: tuple[Comment, ...] = ()
    hidden: bool = False


async def read_comments(instance: ServiceNowClient, record: RequestedItem) -> Comments | None:
    """Return the newest comments on a record and its approvals; None where the account may read none at all.

    No comment does not say that there are none: access rules may hide each of them.
    """
    # What a decision was given with matters most, where there are more approvals than one query can name.
    asked = sorted(record.asked, key=lambda one: one.state not in DECISION_STATES)
    ids = [record.sys_id, *(one.sys_id for one in asked)][:COMMENT_SOURCES_MAX]
    query = where("element_id", Operator.IN, *ids).where("element", Operator.IS, "comments")
    fields = ("value", "element_id", "sys_created_on", "sys_created_by")
    newest: list[tuple[datetime, str, Comment]] = []
    hidden = False
    try:
        # Rows come in the order of their ids, which says nothing of time: which are the newest is known at the end.
        async for row in instance.table(JOURNAL_TABLE).rows(query, fields=fields):
            at = parse_time(row["sys_created_on"])
            if at is None or not row["value"].strip():
                # Nobody writes an empty comment: an access rule hides the field.
                hidden = True
                continue
            comment = Comment(
                at, row["sys_created_by"], journal_to_text(row["value"].strip()), row["element_id"]
            )
            found = (at, row["sys_id"], comment)
            if len(newest) < COMMENTS_MAX:
                heapq.heappush(newest, found)
            else:
                heapq.heappushpop(newest, found)
    except ConsoleError as error:
        if FaultTrait.ACCESS_DENIED not in error.problem.fault.traits:
            raise
        return None
    return Comments(tuple(comment for _, _, comment in sorted(newest)), hidden)
