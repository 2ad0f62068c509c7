"""The requested item (RITM) behind a request: the one class for it, and the one mapping to the observed columns.

Every read of ServiceNow returns it: the poll, the search by PMApprovalId, and the full read of one request. What a read
does not cover has its default value.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache

from models.approval_request import ApprovalRequest
from models.base import utcnow
from models.kinds import RequestState
from services.requests.domain.states import (
    OPEN_RECORD_STATUSES,
    RecordStatus,
    StateAssessment,
    approval_status,
    assess_states,
    record_status,
)
from services.requests.records.approver_names import UNNAMED_APPROVER
from services.requests.records.item_fields import APPROVAL_ID_FIELD, APPROVAL_REQUESTED, DECISION_STATES
from services.servicenow.contract import ApprovalStatus
from services.servicenow.record_values import is_active, parse_time
from services.servicenow.table_api import Row
from services.store.row_values import get_table

_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """One approval: the approver, the group, the stored state, and the last change."""

    sys_id: str
    state: str
    user_name: str = ""
    """The name that the approver signs in with."""
    name: str = ""
    group: str = ""
    """The group through which the approver was asked."""
    is_for_order: bool = False
    """Whether it approves the order (REQ), not the item (RITM)."""
    asked_at: datetime | None = None
    changed_at: datetime | None = None
    changed_by: str = ""
    """User name of the account that changed the approval last."""
    active: bool = True
    """False only if the instance says that the approver's account is inactive or locked out."""

    @property
    def is_open(self) -> bool:
        """Whether the approver has not answered yet."""
        return self.state == APPROVAL_REQUESTED

    @property
    def display_name(self) -> str:
        """The name of the approver, or a text that says that it is not visible."""
        return self.name or self.user_name or UNNAMED_APPROVER


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestedItem:
    """A requested item with its order (REQ). `approval`, `state` and `order_approval` are stored values, not labels."""

    sys_id: str
    number: str = ""
    approval: str = ""
    state: str = ""
    active: bool = True
    cat_item: str = ""
    """sys_id of the request item (catalog item) that was ordered."""
    order_id: str = ""
    order_number: str = ""
    order_approval: str = ""
    approval_id: str = ""
    """PMApprovalId, if the item shows its variables as fields."""
    opened_at: datetime | None = None
    created_at: datetime | None = None
    changed_at: datetime | None = None
    changed_by: str = ""
    variables: Mapping[str, str] | None = None
    """Variables of the contract by name; None if they were not read."""
    hides_variables: bool = False
    """Whether the variables were read and none came: the account may not see them."""
    approvals: tuple[Approval, ...] = ()
    """The approvals that decide this item only. A poll reads open ones only."""
    shared_order_approvals: tuple[Approval, ...] = ()
    """The approvals of an order that has further items: they decide about all of them."""
    has_approvals: bool = False
    """Whether `approvals` was read and holds every open approval that the account may see."""
    read_at: datetime = field(default_factory=utcnow, compare=False)
    """When the read began: later changes may be missing."""

    # -- states ------------------------------------------------------------------------------------------------

    @property
    def status(self) -> RecordStatus:
        """The meaning of the states of the item and its order."""
        return record_status(self.approval, self.state, self.order_approval, closed=not self.active)

    @property
    def approval_status(self) -> ApprovalStatus:
        """What the status service answers for this item."""
        return approval_status(self.approval, self.state, self.order_approval, closed=not self.active)

    @property
    def is_open(self) -> bool:
        """Whether the item can still be decided: neither decided nor closed."""
        return self.active and self.status in (*OPEN_RECORD_STATUSES, RecordStatus.UNSEEN)

    def assess(self, state: RequestState | str) -> StateAssessment:
        """Return what it means that the request of this item is in `state`."""
        return assess_states(state, self.approval, self.state, self.order_approval, closed=not self.active)

    # -- approvals ---------------------------------------------------------------------------------------------

    @property
    def open_approvals(self) -> tuple[Approval, ...]:
        """The approvals that have not been given yet."""
        return tuple(one for one in self.approvals if one.is_open)

    @property
    def deciding_approval(self) -> Approval | None:
        """The approval that counts: the newest one with the decision of the item, else the newest decision.

        None if no decision is visible to the account.
        """
        made = [one for one in self.approvals if one.state in DECISION_STATES]
        same = [one for one in made if one.state == self.approval]
        return max(same or made, key=lambda one: one.changed_at or _NEVER, default=None)

    # -- rows --------------------------------------------------------------------------------------------------

    def observed_columns(self) -> dict[str, str | bool]:
        """Return the observed columns of a request with this item, without `waits_for`, `mismatch` and the time."""
        texts = {
            "servicenow_state": self.approval,
            "record_state": self.state,
            "order_state": self.order_approval,
            "record_id": self.sys_id,
            "order_id": self.order_id,
            "number": self.number,
            "order_number": self.order_number,
        }
        values: dict[str, str | bool] = {name: text[: max_length(name)] for name, text in texts.items()}
        return {**values, "record_closed": not self.active}


def stored_item(row: ApprovalRequest) -> RequestedItem:
    """Return the item of a request as it was observed last: the reverse of `observed_columns`."""
    return RequestedItem(
        sys_id=row.record_id,
        number=row.number,
        approval=row.servicenow_state,
        state=row.record_state,
        active=not row.record_closed,
        order_id=row.order_id,
        order_number=row.order_number,
        order_approval=row.order_state,
    )


def parse_item(
    row: Row,
    *,
    sys_id: str,
    task_prefix: str = "",
    item_prefix: str = "",
    variables: Mapping[str, str] | None = None,
    hides_variables: bool = False,
    approvals: tuple[Approval, ...] = (),
    has_approvals: bool = False,
) -> RequestedItem:
    """Return the item that a row describes.

    Rows of other tables hold the fields of the item under a prefix such as `request_item.`; `task_prefix` is that of the
    fields which every task has, `item_prefix` that of the fields which only requested items have.
    """
    task = {name: row.get(f"{task_prefix}{name}", "") for name in _TASK_FIELDS}
    return RequestedItem(
        sys_id=sys_id,
        number=task["number"],
        approval=task["approval"],
        state=task["state"],
        active=is_active(task["active"]),
        cat_item=row.get(f"{item_prefix}cat_item", ""),
        order_id=row.get(f"{item_prefix}request", ""),
        order_number=row.get(f"{item_prefix}request.number", ""),
        order_approval=row.get(f"{item_prefix}request.approval", ""),
        approval_id=row.get(f"{item_prefix}{APPROVAL_ID_FIELD}", ""),
        opened_at=parse_time(task["opened_at"]),
        created_at=parse_time(task["sys_created_on"]),
        changed_at=parse_time(task["sys_updated_on"]),
        changed_by=task["sys_updated_by"],
        variables=variables,
        hides_variables=hides_variables,
        approvals=approvals,
        has_approvals=has_approvals,
    )


_TASK_FIELDS = (
    "number", "approval", "state", "active", "opened_at", "sys_created_on", "sys_updated_on", "sys_updated_by",
)  # fmt: skip


@cache
def max_length(column: str) -> int:
    """Return how many characters a text column of ApprovalRequest holds."""
    length = getattr(get_table(ApprovalRequest).c[column].type, "length", None)
    if not isinstance(length, int):
        raise TypeError(f"{column} has no length")
    return length
