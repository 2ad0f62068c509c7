"""Recovery of a lost Create: what happens when the response to Create never arrived.

The request may or may not exist on the instance, and a second Create could raise it twice. Therefore it is searched for
by its PMApprovalId. If an item carries it, the request adopts that item. Create may be called again only when the search
proves that there is no item, and the processing limit has passed, so that the first call can no longer produce one.

`RequestLifecycle` calls this module and stores the result.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from models.approval_process import ApprovalProcess
from models.approval_request import ApprovalRequest
from models.kinds import RequestEventKind
from services.requests.domain.journal import CreateAttempts, TimelineEvent
from services.requests.records.find_by_approval_id import FindResult, find_by_approval_id
from services.requests.records.requested_item import RequestedItem
from services.servicenow.approval_services import ApprovalServices
from services.servicenow.contract import ApprovalStatus
from services.servicenow.http_client import ServiceNowClient

CREATE_ATTEMPTS_MAX = 2


class LostCreateOutcome(Enum):
    """What is known about a call of Create without a response."""

    ARRIVED = "arrived"
    """An item carries the PMApprovalId."""
    IN_PROGRESS = "in progress"
    """No item was found, but the call may still produce one."""
    UNKNOWN = "unknown"
    """The processing limit has passed, and the search proves nothing."""
    NEVER_ARRIVED = "never arrived"
    """The processing limit has passed, and there is certainly no item."""


@dataclass(frozen=True, slots=True)
class AdoptedItem:
    """The item that a lost Create produced, the id that Create would have returned, and the event for the timeline."""

    item: RequestedItem
    request_id: str
    event: TimelineEvent


class CreateRecovery:
    """Finds out whether calls of Create without a response were carried out on the instance of one process.

    `processing_limit` is how long an instance may go on with a call after the connection to its caller is lost.
    """

    def __init__(
        self,
        instance: ServiceNowClient,
        process: ApprovalProcess,
        services: ApprovalServices,
        processing_limit: timedelta,
    ) -> None:
        self._instance = instance
        self._process = process
        self._services = services
        self._processing_limit = processing_limit

    async def find(self, row: ApprovalRequest) -> FindResult:
        """Search the instance for the PMApprovalId of the request. Raises ConsoleError as `find_by_approval_id` does."""
        return await find_by_approval_id(self._instance, row.approval_id, self._process)

    def outcome(self, found: FindResult, last_attempt: datetime, now: datetime) -> LostCreateOutcome:
        """Return what the result of a search says about a Create called at `last_attempt`.

        `now` is the time before the search: an item that appears during the search must not be missed.
        """
        if found.item is not None:
            return LostCreateOutcome.ARRIVED
        if now < last_attempt + self._processing_limit:
            return LostCreateOutcome.IN_PROGRESS
        return LostCreateOutcome.NEVER_ARRIVED if found.absent else LostCreateOutcome.UNKNOWN

    async def adopt(self, found: FindResult) -> AdoptedItem:
        """Return what the request takes over from the items that were found. Raises ConsoleError."""
        item = found.items[0]  # the oldest: later items do not come from this Create
        detail = f"{item.number} carries its PMApprovalId"
        if len(found.items) > 1:
            detail += f", and so do {', '.join(other.number for other in found.items[1:])}"
        event = TimelineEvent(RequestEventKind.FOUND, detail)
        return AdoptedItem(item, await self._request_id_for(item), event)

    async def _request_id_for(self, item: RequestedItem) -> str:
        """Return the id that Create returns: that of the item, or of its order if Status accepts only the latter."""
        first = await self._services.status(item.sys_id)
        if first.status is ApprovalStatus.INVALID and item.order_id:
            second = await self._services.status(item.order_id)
            if second.status is not ApprovalStatus.INVALID:
                return item.order_id
        return item.sys_id


def may_call_again(attempts: CreateAttempts) -> bool:
    """Whether Create may be called once more for a request that never arrived."""
    return attempts.count < CREATE_ATTEMPTS_MAX
