"""What the servers of the demo say about one approval: read from Privilege Manager, ServiceNow and the store. No Qt here."""

import asyncio
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from services.common.json_types import JsonValue
from services.practice.privilege_manager import built_in_ids
from services.requests.records.item_fields import (
    APPROVAL_TABLE,
    ITEM_TABLE,
    JOURNAL_TABLE,
    VARIABLE_ITEM_FIELD,
    VARIABLE_NAME_FIELD,
    VARIABLE_TABLE,
    VARIABLE_VALUE_FIELD,
)
from services.servicenow.journal_text import journal_to_text

if TYPE_CHECKING:
    from models.approval_request import ApprovalRequest
    from models.delivery import Delivery
    from services.privilege_manager import PrivilegeManagerClient
    from services.servicenow import ServiceNowClient
    from services.store import Store
    from services.workspace import Workspace


@dataclass(frozen=True, slots=True)
class PolicyFacts:
    """The policy as Privilege Manager tells it, its actions by name, and the computers that have it."""

    name: str = ""
    active: bool | None = None
    priority: int | None = None
    actions: tuple[str, ...] = ()
    computers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ApprovalFacts:
    """An approval as the reports of Privilege Manager tell it; `status` is empty while it is pending."""

    approval_id: str
    computer: str = ""
    user: str = ""
    file_path: str = ""
    reason: str = ""
    status: str = ""
    comment: str = ""
    approver: str = ""


@dataclass(frozen=True, slots=True)
class ItemApproval:
    """A row of the approvals of a requested item; `comment` is the newest one."""

    sys_id: str
    approver: str
    state: str
    comment: str = ""


@dataclass(frozen=True, slots=True)
class ItemFacts:
    """A requested item as its approver sees it."""

    number: str = ""
    approval: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)
    approvals: tuple[ItemApproval, ...] = ()


@dataclass(frozen=True, slots=True)
class WorkflowFacts:
    """Everything that is known about one approval now; what is not there yet is None."""

    policy: PolicyFacts = PolicyFacts()
    approval: ApprovalFacts | None = None
    event_status: int | None = None
    """How the console's intake answered the event; 0 for no answer."""
    request: "ApprovalRequest | None" = None
    delivery: "Delivery | None" = None
    item: ItemFacts | None = None


async def read_policy(client: "PrivilegeManagerClient", policy_id: str) -> PolicyFacts:
    """Return a policy of the server. Raises ConsoleError."""
    there = await client.policy(policy_id)
    names = [(await client.action(one)).name or one for one in there.action_ids or ()]
    report = await client.run_report(built_in_ids.POLICY_COMPUTERS_REPORT)
    rows = [row for row in report.records() if _text(row, "_PolicyId").lower() == there.item_id]
    computers = tuple(sorted(_text(row, "Computer Name") for row in rows))
    return PolicyFacts(there.name or "", there.active, there.priority, tuple(names), computers)


async def read_approval(client: "PrivilegeManagerClient", approval_id: str) -> ApprovalFacts | None:
    """Return an approval, pending or decided, or None where no report has it. Raises ConsoleError."""
    for report_id in (built_in_ids.DECIDED_APPROVALS_REPORT, built_in_ids.PENDING_APPROVALS_REPORT):
        report = await client.run_report(report_id)
        for row in report.records():
            if _text(row, "_ItemId") == approval_id:
                names = ("Computer", "User", "File Path", "User Reason", "Status", "Comment", "Approver")
                return ApprovalFacts(approval_id, *(_text(row, name) for name in names))
    return None


async def read_item(instance: "ServiceNowClient", record_id: str) -> ItemFacts | None:
    """Return a requested item with its variables and approvals, as far as the account sees them. Raises ConsoleError."""
    from services.servicenow.encoded_query import Operator, where

    item = await instance.table(ITEM_TABLE).first(
        where("sys_id", Operator.IS, record_id), ("number", "approval")
    )
    if item is None:
        return None
    of_item = where(VARIABLE_ITEM_FIELD, Operator.IS, record_id)
    fields = (VARIABLE_ITEM_FIELD, VARIABLE_NAME_FIELD, VARIABLE_VALUE_FIELD)
    variables = {
        row[VARIABLE_NAME_FIELD]: row[VARIABLE_VALUE_FIELD]
        async for row in instance.table(VARIABLE_TABLE).rows(of_item, fields=fields)
    }
    waiting = where("sysapproval", Operator.IS, record_id)
    rows = [
        row
        async for row in instance.table(APPROVAL_TABLE).rows(
            waiting, fields=("sysapproval", "state", "approver.name")
        )
    ]
    comments: dict[str, str] = {}
    if rows:
        entries = where("element_id", Operator.IN, *(row["sys_id"] for row in rows))
        fields = ("element_id", "value", "sys_created_on")
        found = [row async for row in instance.table(JOURNAL_TABLE).rows(entries, fields=fields)]
        for entry in sorted(found, key=lambda one: one["sys_created_on"]):
            comments[entry["element_id"]] = journal_to_text(entry["value"])
    approvals = tuple(
        ItemApproval(row["sys_id"], row["approver.name"], row["state"], comments.get(row["sys_id"], ""))
        for row in rows
    )
    return ItemFacts(item["number"], item["approval"], variables, approvals)


async def read_stored(
    workspace: "Workspace", client_id: uuid.UUID, approval_id: str
) -> "tuple[ApprovalRequest | None, Delivery | None]":
    """Return the request that the event of an approval became, and its answer."""
    return await asyncio.to_thread(_load_stored, workspace.store, client_id, approval_id)


def _load_stored(
    store: "Store", client_id: uuid.UUID, approval_id: str
) -> "tuple[ApprovalRequest | None, Delivery | None]":
    from sqlmodel import col, select

    from models.approval_request import ApprovalRequest
    from services.answers.outbox import deliveries_of

    query = select(ApprovalRequest).where(col(ApprovalRequest.intake_client_id) == client_id)
    with store.read() as session:
        request = session.exec(query.where(col(ApprovalRequest.caller_id) == approval_id)).first()
        delivery = next(iter(deliveries_of(session, request.id)), None) if request is not None else None
        session.expunge_all()
    return request, delivery


def _text(row: Mapping[str, JsonValue], name: str) -> str:
    value = row.get(name)
    return value if isinstance(value, str) else ""
