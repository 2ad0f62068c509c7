"""One approval request, step by step: every step is stored before and after the call it belongs to.

A crash therefore leaves a row that says how far it got; Create is never repeated for a row that was submitting.
"""

import asyncio
import uuid
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from models.approval_process import ApprovalProcess
from models.approval_request import ApprovalRequest
from models.approval_type import ApprovalType
from models.base import TEXT_MAX, utcnow
from models.kinds import RequestState
from services.errors import ConsoleError, InputError, Owner, Problem
from services.servicenow.approvals import ApprovalServices, RequestedItem
from services.servicenow.contract import CREATE_INPUTS, ApprovalStatus
from services.servicenow.instance import Instance
from services.store import Store
from services.store.values import table_of
from services.threads import kept

ENDS = {
    ApprovalStatus.APPROVED: RequestState.APPROVED,
    ApprovalStatus.REJECTED: RequestState.REJECTED,
    ApprovalStatus.INVALID: RequestState.INVALID,
}

GIVEN_UP = "Cancelled while it was being raised; it may have reached ServiceNow."

_COLUMNS = {
    "PMInitiatorId": "initiator_id",
    "PMInitiatorName": "initiator_name",
    "PMPolicyId": "policy_id",
    "PMPolicyName": "policy_name",
    "PMAgentId": "agent_id",
    "PMAgentName": "agent_name",
    "PMFilePath": "file_path",
    "PMUserReason": "reason",
}


class RequestLife:
    """Raises and follows requests of one process on its instance."""

    def __init__(self, store: Store, instance: Instance, process: ApprovalProcess) -> None:
        self._store = store
        self._instance = instance
        self._process = process
        self.services = ApprovalServices(instance, process)

    async def submit(
        self, approval_type: ApprovalType, fields: Mapping[str, str], *, rehearsal: bool = False
    ) -> ApprovalRequest:
        """Raise a request: stored as submitting, Create called once, stored as pending (or failed, which raises).

        `fields` are contract variables; PMApprovalId and the process are filled in here.
        """
        return await self.send(self.draft(approval_type, fields, rehearsal=rehearsal), fields)

    async def send(self, row: ApprovalRequest, fields: Mapping[str, str]) -> ApprovalRequest:
        """Raise a drafted request as `submit` does; the caller keeps the row, however this ends."""
        stored = False

        def insert() -> None:
            nonlocal stored
            with self._store.write("Request raised") as work:
                work.insert(row)
            stored = True

        try:
            await kept(insert)
            request_id = await self.services.create(self._variables(row, fields))
        except (ConsoleError, asyncio.CancelledError) as error:
            if stored:
                said = str(error) if isinstance(error, ConsoleError) else GIVEN_UP
                await self._end(row, RequestState.FAILED, error=said)
            raise
        # Whatever becomes of the row in the store, it says what there is to be followed or cleaned up.
        row.external_id, now = request_id, utcnow()
        await self._update(
            row,
            state=RequestState.PENDING,
            submitted_at=now,
            times_out_at=now + timedelta(seconds=self._process.timeout_after_s),
        )
        return row

    async def note_item(self, row: ApprovalRequest) -> RequestedItem | None:
        """Read the record behind the request and keep its number and approval state."""
        item = await self.services.requested_item(row.external_id)
        if item is not None and (row.number, row.servicenow_state) != (item.number, item.approval):
            seen = {"number": item.number, "servicenow_state": item.approval, "observed_at": utcnow()}
            await self._observe(row, seen)
        return item

    async def follow(self, row: ApprovalRequest) -> ApprovalRequest:
        """Ask once where the request stands. A request over its time is cancelled on the instance, then timed out.

        An unknown or failed answer raises and leaves the row as it was: it never counts as pending.
        """
        if RequestState(row.state).final or not row.external_id:
            # Without an id there is nothing to ask for: "invalid" would only mean that nothing was asked.
            return row
        if row.times_out_at is not None and utcnow() >= row.times_out_at:
            return await self.cancel(row, "Timed out in Privilege Manager", RequestState.TIMED_OUT)
        answer = await self.services.status(row.external_id)
        await self._observe(row, {"checked_at": utcnow()})
        end = ENDS.get(answer.status)
        if end is None:
            return row
        return await self._end(row, end, comment=answer.comment[:TEXT_MAX])

    async def cancel(
        self, row: ApprovalRequest, comment: str, state: RequestState = RequestState.CANCELLED
    ) -> ApprovalRequest:
        """Call Cancel for the request and store it as ended in `state`; what has ended already stays as it is.

        Raises InputError for a request that ServiceNow gave no id: there is nothing there to cancel.
        """
        if RequestState(row.state).final:
            return row
        if not row.external_id:
            raise _never_raised(row)
        await self.services.cancel(row.external_id, comment)
        return await self._end(row, state, comment=comment[:TEXT_MAX])

    def draft(
        self, approval_type: ApprovalType, fields: Mapping[str, str], *, rehearsal: bool = False
    ) -> ApprovalRequest:
        """Return a request that is neither stored nor raised yet. Texts longer than the store keeps are cut there only."""
        columns = table_of(ApprovalRequest).columns
        values: dict[str, Any] = {
            column: fields.get(name, "")[: columns[column].type.length]  # type: ignore[attr-defined]
            for name, column in _COLUMNS.items()
        }
        made = uuid.uuid4()
        return ApprovalRequest(
            id=made,
            approval_id=str(made),
            server_id=self._process.server_id,
            type_id=approval_type.id,
            process_id=self._process.id,
            type_name=approval_type.name,
            process_name=self._process.name,
            rehearsal=rehearsal,
            **values,
        )

    # -- inside ------------------------------------------------------------

    def _variables(self, row: ApprovalRequest, fields: Mapping[str, str]) -> dict[str, str]:
        values = {name: fields.get(name, "") for name in CREATE_INPUTS}
        values |= {
            "PMApprovalId": row.approval_id,
            "PMProcessId": str(self._process.id),
            "PMProcessName": self._process.name,
        }
        return values

    async def _update(self, row: ApprovalRequest, **values: Any) -> None:
        """Store `values` over the row, which takes them on once they are stored: until then it can be tried again."""

        def write() -> None:
            changed = ApprovalRequest(**{**row.model_dump(), **values})
            with self._store.write() as work:
                work.update(changed, row.version)
            for name in ("version", *values):
                setattr(row, name, getattr(changed, name))

        await kept(write)

    async def _observe(self, row: ApprovalRequest, seen: dict[str, Any]) -> None:
        """Keep what the instance says of the row; that is no edit of it."""

        def write() -> None:
            with self._store.write() as work:
                work.observe(ApprovalRequest, {row.id: seen})
            for name, value in seen.items():
                setattr(row, name, value)

        await kept(write)

    async def _end(
        self, row: ApprovalRequest, state: RequestState, *, error: str = "", **values: Any
    ) -> ApprovalRequest:
        await self._update(row, state=state, ended_at=utcnow(), error=error[:TEXT_MAX], **values)
        return row


def _never_raised(row: ApprovalRequest) -> InputError:
    return InputError(
        Problem(
            tried=f"Cancel the request {row.id}",
            evidence="ServiceNow gave it no id.",
            cause="It never reached ServiceNow, or its answer was lost.",
            owner=Owner.CONSOLE,
            remedy="Look for its PMApprovalId among the requested items in ServiceNow.",
            fault="request-never-raised",
        )
    )
