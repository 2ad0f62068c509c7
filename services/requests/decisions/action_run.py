"""What every action on one request shares: reading the newest state, sending a change once, storing what was read back."""

import asyncio
import uuid
from dataclasses import dataclass, replace

from models.approval_request import ApprovalRequest
from models.kinds import RequestEventKind, RequestState
from services.common.errors import ConsoleError, Problem, ReplyError, UnreachableError
from services.common.fault_ids import Execution
from services.requests.domain.journal import TimelineEvent
from services.requests.lifecycle.apply_observation import (
    load_process,
    load_request_in_thread,
    load_request_item_ids,
    read_own_record,
    store_observation,
)
from services.requests.lifecycle.lifecycle import RequestLifecycle
from services.requests.records import problems
from services.requests.records.instance_provider import InstanceProvider
from services.requests.records.item_reader import read_requested_item
from services.requests.records.ownership import RecordNotOwnedError
from services.requests.records.request_action import RequestAction
from services.requests.records.requested_item import RequestedItem
from services.servicenow.http_client import ServiceNowClient
from services.store.errors import StoreError

"""Values of `approval` (and of `state` of an approval) that are decisions."""


def may_have_been_applied(error: ConsoleError) -> bool:
    """Whether a change may have been made although the call ended with this error."""
    certainly_not = error.problem.fault.execution is Execution.NOT_EXECUTED
    return isinstance(error, UnreachableError | ReplyError) and not certainly_not


@dataclass(frozen=True, slots=True)
class ActionResult:
    """Whether the action on one request was done, what was read back (`message`, a sentence), and the problem if any.

    A `problem` of a result that is `ok` happened after the change, for example when the store could not be written.
    """

    id: uuid.UUID
    ok: bool
    message: str = ""
    problem: Problem | None = None
    label: str = ""
    """The number of the request, or its id if it has none."""
    action: RequestAction | None = None
    """Who did it, on whose behalf and with which account; None if nothing was done."""


def request_label(row: ApprovalRequest) -> str:
    """Return the number of a request, or its id if it has none."""
    return row.number or str(row.id)


def require_server_id(row: ApprovalRequest) -> uuid.UUID:
    """Return the id of the foreign system of a request; raises InputError if it was deleted."""
    if row.server_id is None:
        raise problems.server_missing(request_label(row))
    return row.server_id


class ActionRun:
    """One action on one request. Subclasses implement the actions."""

    def __init__(
        self,
        workspace: InstanceProvider,
        row: ApprovalRequest,
        comment: str,
        decider: ServiceNowClient | None = None,
    ) -> None:
        self._workspace = workspace
        self._row = row
        self._comment = comment.strip()
        self._decider = decider
        self._sees_all_approvals = decider is None
        """Whether the record is read with an account that sees every approval."""
        self._request_items: frozenset[str] | None = None
        self._person = workspace.store.actor
        self.label = request_label(row)

    def refused(self, problem: Problem) -> ActionResult:
        """Return the result of an action that was not done."""
        return ActionResult(self._row.id, ok=False, problem=problem, label=self.label)

    def _done(
        self, label: str, message: str, problem: Problem | None, action: RequestAction | None = None
    ) -> ActionResult:
        return ActionResult(
            self._row.id, ok=True, message=message, problem=problem, label=label, action=action
        )

    # -- reading -------------------------------------------------------------------------------------------------

    async def _server_instance(self) -> ServiceNowClient:
        return await self._workspace.instance(require_server_id(self._row))

    async def _read(self, instance: ServiceNowClient) -> RequestedItem | None:
        if self._request_items is None:
            self._request_items = await asyncio.to_thread(
                load_request_item_ids, self._workspace.store, self._row
            )
        return await read_requested_item(instance, self._row, self._request_items)

    async def _read_open_item(self, instance: ServiceNowClient, tried: str) -> RequestedItem | ActionResult:
        """Read the newest state; returns the result "not open any more" instead if the item has ended."""
        try:
            record = await read_own_record(self._workspace.store, instance, self._row)
        except RecordNotOwnedError as error:
            return self.refused(replace(error.problem, tried=tried))
        return await self._require_open(record, tried)

    async def _require_open(self, record: RequestedItem | None, tried: str) -> RequestedItem | ActionResult:
        if record is None:
            ended = RequestState(self._row.state).is_final
            none = problems.already_ended(tried, self._row.state) if ended else problems.record_missing(tried)
            return self.refused(none)
        self.label = record.number or self.label
        if not record.is_open:
            await self._store(record)
            if not self._row.is_copy:
                await self._poll_status()
                # The state of the request may have changed, so the mismatch is computed again.
                await self._store(record)
            return self.refused(problems.already_decided(tried, record, record.deciding_approval))
        return record

    # -- changing ------------------------------------------------------------------------------------------------

    def _values(self, name: str, value: str) -> dict[str, str]:
        return {name: value, **({"comments": self._comment} if self._comment else {})}

    async def _change(
        self, instance: ServiceNowClient, table: str, sys_id: str, values: dict[str, str]
    ) -> ConsoleError | None:
        """Send one change, once; returns the error, which does not prove that nothing was changed."""
        try:
            await instance.table(table).update(sys_id, values)
        except ConsoleError as error:
            return error
        return None

    # -- storing -------------------------------------------------------------------------------------------------

    def _event_detail(self, deed: RequestAction) -> str:
        return f"{deed.sentence}: {self._comment}" if self._comment else deed.sentence

    async def _store(
        self,
        record: RequestedItem,
        event: TimelineEvent | None = None,
        *,
        event_id: uuid.UUID | None = None,
    ) -> Problem | None:
        """Store what was read; returns the problem if the store cannot be written.

        Open approvals are stored only if the account sees all of them: an approver sees only its own.
        """
        comment = self._comment if event and event.kind is RequestEventKind.DECIDED else ""
        try:
            await store_observation(
                self._workspace.store,
                self._row,
                record,
                event,
                whole=self._sees_all_approvals,
                comment=comment,
                event_id=event_id,
            )
        except StoreError as error:
            return error.problem
        return None

    async def _poll_status(self) -> Problem | None:
        """Read the status service for a request that was raised here, and apply its answer; returns the problem."""
        try:
            lifecycle = await self._lifecycle()
            row = await load_request_in_thread(self._workspace.store, self._row.id)
            await lifecycle.follow(row)
        except ConsoleError as error:
            return error.problem
        return None

    async def _lifecycle(self) -> RequestLifecycle:
        row = self._row
        if row.process_id is None:
            raise problems.process_missing(self.label)
        process = await asyncio.to_thread(load_process, self._workspace.store, row.process_id)
        return RequestLifecycle(self._workspace.store, await self._server_instance(), process)
