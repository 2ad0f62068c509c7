"""What an instance says of one request right now: the requested item, its order, who is asked, who decided."""

import heapq
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from models.approval_request import ApprovalRequest
from models.base import TEXT_MAX, utcnow
from models.kinds import RequestOrigin
from services.errors import ConsoleError, RefusedError, ReplyError
from services.language import AND, ENGLISH, OR, list_of
from services.requests.finding import approval_id_of
from services.requests.reading import APPROVALS, ASKED, ITEMS, time_of
from services.requests.states import OPEN, Seen, seen_of
from services.servicenow.faults import RateLimitedError
from services.servicenow.instance import Instance
from services.servicenow.queries import Operator, Query, equals, where
from services.servicenow.records import Row
from services.servicenow.roles import HIDING

JOURNAL = "sys_journal_field"
COMMENTED_MAX = 100
COMMENTS_MAX = 200
"""Comments that are shown: the newest."""
DECIDED = ("approved", "rejected")

_ITEM_FIELDS = (
    "sys_id", "number", "state", "approval", "active", "request", "request.number", "request.approval",
    "sys_created_on", "sys_updated_on", "sys_updated_by",
)  # fmt: skip
_APPROVAL_FIELDS = (
    "sys_id", "state", "approver", "approver.user_name", "approver.name", "approver.active", "approver.locked_out",
    "sysapproval", "group.assignment_group.name", "sys_created_on", "sys_updated_on", "sys_updated_by",
)  # fmt: skip
_SYS_ID = re.compile("[0-9a-f]{32}", re.IGNORECASE)
_NUMBER = re.compile("[A-Z]{3,8}[0-9]{3,20}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Asked:
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
        return self.state == ASKED

    @property
    def who(self) -> str:
        """Who is asked, as people call them."""
        return self.name or self.user_name


@dataclass(frozen=True, slots=True)
class Record:
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
    asked: tuple[Asked, ...] = field(default=())
    read_at: datetime = field(default_factory=utcnow, compare=False)
    """When it began to be read: what changed there since may be missing."""

    @property
    def open(self) -> bool:
        """Whether it can still be decided: neither decided nor closed."""
        return self.active and seen_of(self.approval, self.state, self.order_approval) in (*OPEN, Seen.UNSEEN)

    @property
    def waiting(self) -> tuple[Asked, ...]:
        """The approvals that wait for an answer."""
        return tuple(one for one in self.asked if one.open)

    @property
    def decided(self) -> Asked | None:
        """The newest decision, as far as the account may see it."""
        made = [one for one in self.asked if one.state in DECIDED]
        return max(made, key=lambda one: one.changed_at or datetime.min.replace(tzinfo=UTC), default=None)


async def read_record(instance: Instance, row: ApprovalRequest) -> Record | None:
    """Return the record behind a request as it stands now, or None when there is none that the account may see.

    A number says little by itself: an instance that was reset or cloned gives it to another request. What is found by
    its number alone is taken for this request only where it carries the same PMApprovalId, as far as the account sees it.
    """
    for query, by_number in _queries(row):
        began = utcnow()
        found = await instance.table(ITEMS).first(query, _ITEM_FIELDS)
        if found is not None and not (by_number and await _is_another(instance, row, found["sys_id"])):
            return await _with_approvals(instance, found, began)
    return None


def seen_in(record: Record) -> dict[str, Any]:
    """Return what `record` says as observed columns, but for `waits_for`, `mismatch` and the time."""
    return {
        "servicenow_state": record.approval[:40],
        "record_state": record.state[:40],
        "order_state": record.order_approval[:40],
        "record_id": record.sys_id[:32],
        "order_id": record.order_id[:32],
        "number": record.number[:40],
        "order_number": record.order_number[:40],
    }


def names_of(asked: tuple[Asked, ...]) -> str:
    """Return who is asked as the column `waits_for` keeps it: names, one a line, each once."""
    lines = dict.fromkeys(" ".join(one.who.split()) for one in asked)
    kept: list[str] = []
    for line in lines:
        if sum(len(one) + 1 for one in kept) + len(line) > TEXT_MAX:
            break
        kept.append(line)
    return "\n".join(kept)


def copy_with(row: ApprovalRequest, values: Mapping[str, Any]) -> ApprovalRequest:
    """Return a copy of the instance's record with `values` over it."""
    return ApprovalRequest(**{**row.model_dump(), **values})


def is_copy(row: ApprovalRequest) -> bool:
    """Whether a row is only the copy of a request that Privilege Manager raised."""
    return row.origin == RequestOrigin.SERVICENOW


def sentence_list(names: list[str], word: str = "or", most: int = 5) -> str:
    """Write names as people do: “A, B or C”; what goes beyond `most` is counted."""
    return list_of(names, AND if word == "and" else OR, most, ENGLISH)


def _queries(row: ApprovalRequest) -> list[tuple[Query, bool]]:
    """Return where to look, the surest place first, and whether that is by number; ids of own scripts may be anything."""
    if _SYS_ID.fullmatch(row.record_id):
        return [(equals(sys_id=row.record_id), False)]
    if _SYS_ID.fullmatch(row.external_id):
        return [(equals(sys_id=row.external_id), False), (equals(request=row.external_id), False)]
    numbers = dict.fromkeys(n for n in (row.number, row.external_id) if _NUMBER.fullmatch(n))
    return [(equals(number=n), True) for n in numbers]


async def _is_another(instance: Instance, row: ApprovalRequest, sys_id: str) -> bool:
    """Whether a requested item carries another PMApprovalId than the request; False where the account sees none."""
    try:
        carried = await approval_id_of(instance, sys_id)
    except RateLimitedError:
        raise
    except (RefusedError, ReplyError):
        return False
    return bool(carried) and bool(row.approval_id) and carried != row.approval_id


async def _with_approvals(instance: Instance, item: Row, began: datetime) -> Record:
    tasks = [item["sys_id"], *([item["request"]] if item["request"] else [])]
    query = where("sysapproval", Operator.IN, *tasks)
    asked = [
        Asked(
            sys_id=row["sys_id"],
            state=row["state"],
            user_name=row["approver.user_name"],
            name=row["approver.name"] or row["approver.user_name"] or row["approver"],
            group=row["group.assignment_group.name"],
            on_order=row["sysapproval"] != item["sys_id"],
            asked_at=time_of(row["sys_created_on"]),
            changed_at=time_of(row["sys_updated_on"]),
            changed_by=row["sys_updated_by"],
            active=row["approver.active"] not in ("false", "0") and row["approver.locked_out"] not in ("true", "1"),
        )
        async for row in instance.table(APPROVALS).rows(query, fields=_APPROVAL_FIELDS)
    ]  # fmt: skip
    return Record(
        sys_id=item["sys_id"],
        number=item["number"],
        state=item["state"],
        approval=item["approval"],
        order_id=item["request"],
        order_number=item["request.number"],
        order_approval=item["request.approval"],
        created_at=time_of(item["sys_created_on"]),
        changed_at=time_of(item["sys_updated_on"]),
        changed_by=item["sys_updated_by"],
        active=item["active"] not in ("false", "0"),
        asked=tuple(asked),
        read_at=began,
    )


@dataclass(frozen=True, slots=True)
class Comment:
    """An entry of a journal: when, by whom (user name), and the text."""

    at: datetime
    author: str
    text: str
    on: str = ""
    """sys_id of the record or approval that it stands on."""


async def read_comments(instance: Instance, record: Record) -> list[Comment] | None:
    """Return the newest comments on a record and its approvals, oldest first; None where they are hidden.

    An empty list does not say that there are none: access rules may hide each of them.
    """
    # What a decision was given with matters most, where there are more approvals than one query can name.
    asked = sorted(record.asked, key=lambda one: one.state not in DECIDED)
    ids = [record.sys_id, *(one.sys_id for one in asked)][:COMMENTED_MAX]
    query = where("element_id", Operator.IN, *ids).where("element", Operator.IS, "comments")
    fields = ("value", "element_id", "sys_created_on", "sys_created_by")
    newest: list[tuple[datetime, str, Comment]] = []
    try:
        # Rows come in the order of their ids, which says nothing of time: which are the newest is known at the end.
        async for row in instance.table(JOURNAL).rows(query, fields=fields):
            at = time_of(row["sys_created_on"])
            if at is None or not row["value"].strip():
                continue
            comment = Comment(at, row["sys_created_by"], row["value"].strip(), row["element_id"])
            found = (at, row["sys_id"], comment)
            if len(newest) < COMMENTS_MAX:
                heapq.heappush(newest, found)
            else:
                heapq.heappushpop(newest, found)
    except ConsoleError as error:
        if error.problem.fault not in HIDING:
            raise
        return None
    return [comment for _, _, comment in sorted(newest)]
