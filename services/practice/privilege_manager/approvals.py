"""Approval types and approval requests of the practice server."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from services.common.json_types import JsonObject
from services.practice.privilege_manager.built_in_ids import DEFAULT_APPROVAL_TYPE, fixed_id

REASON_MAX = 250
"""Characters of a reason that the form takes."""


class ApprovalState(StrEnum):
    """State of an approval request."""

    PENDING = "Pending"
    APPROVED = "Approved"
    DENIED = "Denied"


@dataclass(frozen=True, slots=True)
class ApprovalType:
    """An approval type with its process; `id` is what the command line of an action names."""

    id: str
    name: str
    process_id: str
    process_name: str


def default_types() -> list[ApprovalType]:
    """Return the built-in approval types."""
    return [
        ApprovalType(
            DEFAULT_APPROVAL_TYPE,
            "Default Execute Application Request Type",
            fixed_id("process", "Default Manual Approval Process"),
            "Default Manual Approval Process",
        ),
        ApprovalType(
            fixed_id("approval type", "Default Offline Execute Application Request Type"),
            "Default Offline Execute Application Request Type",
            fixed_id("process", "Default Offline Approval Process"),
            "Default Offline Approval Process",
        ),
    ]


@dataclass(slots=True)
class Approval:
    """An approval request, and the decision when there is one."""

    id: str
    type_id: str
    action_id: str
    policy_id: str
    policy_name: str
    user_id: str
    user_name: str
    computer_id: str
    computer_name: str
    process_id: str
    process_name: str
    file_path: str
    reason: str
    requested: datetime
    state: ApprovalState = ApprovalState.PENDING
    decided: datetime | None = None
    until: datetime | None = None
    """End of an approval for a duration; None: one time."""
    comment: str = ""
    approver: str = ""
    answers: int = 0
    """How many answers were carried out or would have been: more than one was delivered twice."""

    def event(self) -> JsonObject:
        """Return what a webhook event tells, by the names of `EVENT_MEMBERS`."""
        return {
            "ApprovalId": self.id,
            "InitiatorId": self.user_id,
            "InitiatorName": self.user_name,
            "PolicyId": self.policy_id,
            "PolicyName": self.policy_name,
            "AgentId": self.computer_id,
            "AgentName": self.computer_name,
            "ProcessId": self.process_id,
            "ProcessName": self.process_name,
            "FilePath": self.file_path,
            "UserReason": self.reason,
            "ApprovalTypeId": self.type_id,
            "RequestedTime": self.requested.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        }

    def decide(
        self, *, approved: bool, now: datetime, duration: timedelta | None, comment: str, approver: str
    ) -> bool:
        """Decide a pending request; False: it was decided before, and stays as it is."""
        self.answers += 1
        if self.state is not ApprovalState.PENDING:
            return False
        self.state = ApprovalState.APPROVED if approved else ApprovalState.DENIED
        self.decided, self.comment, self.approver = now, comment, approver
        self.until = now + duration if approved and duration is not None else None
        return True


@dataclass(frozen=True, slots=True)
class SentEvent:
    """An event that was posted to a webhook: the status of the answer, or 0 and the error."""

    approval_id: str
    url: str
    status: int
    error: str = ""


@dataclass(slots=True)
class Computer:
    """An endpoint: the targets it belongs to, and the policies it got, each with the actions of that time."""

    id: str
    name: str
    targets: frozenset[str]
    policies: dict[str, tuple[str, ...]] = field(default_factory=dict)
    updated: datetime | None = None
