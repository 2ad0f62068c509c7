"""What is not public about Privilege Manager and therefore chosen here, each as an option that tests vary.

Own choices: the members of the approval operation and its words; the members of the webhook event; the member that
holds the rows of a report; which members of an item the API gives; the answer while the API is switched off.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

from services.common.json_types import JsonObject, JsonValue

DurationUnit = Literal["minutes", "hours", "seconds", "timespan"]
"""How a duration is written; `timespan` is .NET's text [d.]hh:mm:ss."""

EVENT_MEMBERS: Mapping[str, str] = MappingProxyType(
    {
        name: name
        for name in (
            "ApprovalId", "InitiatorId", "InitiatorName", "PolicyId", "PolicyName", "AgentId", "AgentName",
            "ProcessId", "ProcessName", "FilePath", "UserReason", "ApprovalTypeId", "RequestedTime",
        )
    }
)  # fmt: skip
"""What the event tells, and the member that holds it; a name that is left out is not sent."""


@dataclass(frozen=True, slots=True)
class ApprovalSchema:
    """The body of `approval/approve`: names of its members (None: there is none) and the words of a decision."""

    definition: str = "ApprovalResponse"
    approval_id: str = "ApprovalId"
    response: str = "Response"
    approve: str | bool = "Approve"
    deny: str | bool = "Deny"
    comment: str | None = "Comment"
    duration: str | None = "DurationMinutes"
    duration_unit: DurationUnit = "minutes"
    approver: str | None = "ApproverName"


@dataclass(frozen=True, slots=True)
class Webhook:
    """A receiver of approval events. `authorization` is the whole value of the header; empty: none is sent."""

    url: str
    authorization: str = field(default="", repr=False)
    enabled: bool = True


@dataclass(frozen=True, slots=True)
class PracticeOptions:
    """How the practice server behaves; see the options of `PracticePrivilegeManager`."""

    version: str = "12.0.5.1047"
    session_seconds: float = 720 * 60
    idle_seconds: float = 30 * 60
    id_member: str = "ItemId"
    whole_items: bool = False
    """Whether actions and filters come with the members of their contract, as Commandline; else the common ones only."""
    wrap_reports: bool = False
    """Whether a report comes in Result as other answers do; the documented sample stands by itself."""
    rows_member: str = "Rows"
    new_policies_targeted: bool = True
    """Whether a policy made by the API has the target of its platform."""
    need_deployment: bool = True
    """Whether a computer raises requests only for policies it got by the targeting update."""
    without: frozenset[str] = frozenset()
    """Names of operations that this server does not have: neither in Swagger nor as an address."""
    approval: ApprovalSchema = field(default_factory=ApprovalSchema)
    event_members: Mapping[str, str] = field(default_factory=lambda: EVENT_MEMBERS)
    event_shape: Callable[[JsonObject], JsonValue] | None = None
    """Makes the posted JSON of the event's members; None: an object of them."""
