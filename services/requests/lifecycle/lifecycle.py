"""One approval request, step by step: every step is stored before the call it belongs to, and again after it.

A crash at any point leaves a row that says how far it got. Create must not be repeated blindly; `recovery` finds out
what a Create whose response never arrived has done.
"""

import asyncio
import contextlib
import logging
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from models.approval_process import ApprovalProcess
from models.approval_request import ApprovalRequest
from models.approval_type import ApprovalType
from models.base import TEXT_MAX, utcnow
from models.kinds import RequestEventKind as Event
from models.kinds import RequestState
from services.common.errors import ConsoleError, InputError, Owner, Problem, RefusedError, ReplyError
from services.common.fault_ids import Execution, FaultId, FaultTrait
from services.common.threads import run_to_completion
from services.coordination import process_identity
from services.requests.domain import inputs
from services.requests.domain.journal import TimelineEvent, decided_event, ended_event
from services.requests.domain.states import FINAL_STATE_BY_STATUS, UNOBSERVED_COLUMNS
from services.requests.domain.validation import validate_fields
from services.requests.lifecycle.recovery import CreateRecovery, LostCreateOutcome, may_call_again
from services.requests.lifecycle.transactions import RequestTransactions, row_with
from services.requests.records.find_by_approval_id import FindResult
from services.requests.records.item_reader import read_requested_item
from services.requests.records.ownership import IdSharedError, RecordNotOwnedError
from services.requests.records.problems import id_names_shared_order, id_of_other_item
from services.requests.records.record_resolution import id_names_order, is_id_shared, resolve_item
from services.requests.records.requested_item import RequestedItem
from services.servicenow.approval_services import ApprovalServices, StatusResult
from services.servicenow.contract import CREATE_INPUTS, FURTHER_VARIABLES, ApprovalStatus
from services.servicenow.faults import NotFoundOnInstanceError, make_error
from services.servicenow.http_client import ServiceNowClient
from services.store import NotFoundError, Store
from services.store.errors import StoreError
from services.store.row_values import ColumnValue, RowDict, RowValues

PROCESSING_LIMIT_S = 300.0
"""What an instance has not done by then it never does: a balancer cuts every call off after this time."""
SEND_TIMEOUT_SHARE = 0.4
"""Of that limit: so long a call may wait for its turn and its answer here, which leaves the instance the rest."""
STORE_ATTEMPTS = 3
STORE_RETRY_DELAY_S = 0.3

TIMED_OUT_COMMENT = "Timed out in Privilege Manager"
NEVER_SENT_COMMENT = "It was taken back before it was sent to ServiceNow."
NEVER_ARRIVED_COMMENT = "It never arrived in ServiceNow."
OUTCOME_UNKNOWN_COMMENT = "Nobody can tell whether it was raised"
REHEARSAL_ABANDONED_COMMENT = "The rehearsal was broken off"
ENDED_BEFORE_CREATE_COMMENT = "Ended in Privilege Manager before it was raised"

log = logging.getLogger(__name__)


class RequestLifecycle:
    """Raises and follows requests of one process on its instance.

    `holder` is the name under which a request is claimed while Create is called, and `limit_s` how long an instance may
    go on with a call after its caller has gone.
    """

    def __init__(
        self,
        store: Store,
        instance: ServiceNowClient,
        process: ApprovalProcess,
        *,
        holder: str = "",
        limit_s: float = PROCESSING_LIMIT_S,
    ) -> None:
        self._steps = RequestTransactions(store)
        self._instance = instance
        self._process = process
        self._holder = holder or process_identity.process_identity()
        self._processing_limit = timedelta(seconds=limit_s)
        self.services = ApprovalServices(instance, process)
        self._recovery = CreateRecovery(instance, process, self.services, self._processing_limit)
        self._request_items = frozenset(filter(None, (process.request_item_id,)))
        self.cancel_warning = ""
        """What there is to remark about the outputs of the last Cancel."""

    # -- raising -----------------------------------------------------------

    async def submit(
        self, approval_type: ApprovalType, fields: Mapping[str, str], *, rehearsal: bool = False
    ) -> ApprovalRequest:
        """Raise a request: stored as submitting, Create called once, stored as pending.

        `fields` are contract variables; PMApprovalId and the process are filled in here. Raises InputError for what no
        request can carry, and ConsoleError as `send` does.
        """
        fields = validate_fields(fields)
        return await self.send(self.draft(approval_type, fields, rehearsal=rehearsal), fields)

    async def send(self, row: ApprovalRequest, fields: Mapping[str, str]) -> ApprovalRequest:
        """Raise a drafted request as `submit` does; the caller keeps the row, however this ends.

        A refused Create is stored as failed and raised. Where nobody can tell whether it was carried out the row stays
        submitting, for `resume`, and the error says so.
        """
        fields = validate_fields(fields)
        await self.keep(row, fields)
        return await self._raise(row, fields, 0)

    async def keep(self, row: ApprovalRequest, fields: Mapping[str, str]) -> None:
        """Store a drafted request without raising it; `resume` raises it."""
        row.claimed_by, row.claimed_until = self._holder[:64], utcnow() + self._processing_limit
        await run_to_completion(lambda: self._steps.insert(row, fields, utcnow()))

    def draft(
        self, approval_type: ApprovalType, fields: Mapping[str, str], *, rehearsal: bool = False
    ) -> ApprovalRequest:
        """Return a request that is neither stored nor raised yet. Texts longer than the store keeps are cut there only."""
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
            **inputs.column_values(fields),
        )

    async def resume(self, row: ApprovalRequest) -> ApprovalRequest:
        """Go on with a request that a crash left submitting, and return it as it is stored then.

        Found on the instance it is pending. Proven absent it is raised again, once, or has timed out. Where nobody can
        tell it has failed, with the reason. As long as an answer may still be on its way, or another process is at
        work on it, it is left as it is. Raises ConsoleError; the row then is what was stored last.
        """
        sends = await asyncio.to_thread(self._steps.look_again, row)
        now = utcnow()
        claimed = process_identity.is_claimed_by_other(row.claimed_by, row.claimed_until, self._holder, now)
        if row.state != RequestState.SUBMITTING or claimed:
            return row
        if row.rehearsal:
            # Nobody watches it any more: it is no use to anybody, and approvers must not be asked for it.
            return await self.withdraw(row, REHEARSAL_ABANDONED_COMMENT)
        if sends.last is not None:
            found = await self._recovery.find(row)
            outcome = self._recovery.outcome(found, sends.last, now)
            if outcome is LostCreateOutcome.ARRIVED:
                return await self._adopt(row, found)
            if outcome is LostCreateOutcome.IN_PROGRESS:
                return row
            if outcome is LostCreateOutcome.UNKNOWN:
                return await self._fail(row, f"{OUTCOME_UNKNOWN_COMMENT}: {found.reason}", sent=sends.count)
        if now >= row.requested_at + timedelta(seconds=self._process.timeout_after_s):
            event = TimelineEvent(Event.TIMED_OUT, NEVER_ARRIVED_COMMENT)
            return await self._end(row, RequestState.TIMED_OUT, event, sent=sends.count)
        if not may_call_again(sends):
            said = f"Create was called {sends.count} times. {NEVER_ARRIVED_COMMENT}"
            return await self._fail(row, said, sent=sends.count)
        fields = await asyncio.to_thread(self._steps.inputs, row)
        return await self._raise(row, fields, sends.count, patient=True)

    # -- following ---------------------------------------------------------

    async def refresh_item(self, row: ApprovalRequest) -> RequestedItem | None:
        """Read the record of the request and keep what is new of it. Raises as `read_record` does."""
        try:
            record = await read_requested_item(self._instance, row, self._request_items)
        except RecordNotOwnedError:
            await self._observe(row, UNOBSERVED_COLUMNS)
            raise
        if record is not None:
            await self._observe(row, record.observed_columns())
        return record

    async def _observe(self, row: ApprovalRequest, says: RowValues) -> None:
        seen = {name: value for name, value in says.items() if getattr(row, name) != value}
        if seen:
            await run_to_completion(lambda: self._steps.observe(row, {**seen, "observed_at": utcnow()}))

    async def _resolve_own_item(self, row: ApprovalRequest) -> tuple[RequestedItem | None, bool]:
        """Return the record of the request, and whether its id stands for other items as well, or for another one.

        None where the account may not look. Raises NotItsRecordError where the id leads to the record of another, and
        ConsoleError where it is not known to what it leads.
        """
        try:
            item = await resolve_item(self._instance, row, self._request_items)
        except RecordNotOwnedError as error:
            if error.contradicted:
                raise
            return None, False
        except ConsoleError as error:
            if FaultTrait.ROWS_HIDDEN not in error.problem.fault.traits:
                raise
            # What the account may not look at is left to the services, as the contract has it.
            return None, False
        return item, item is not None and await is_id_shared(self._instance, row, item)

    async def follow(self, row: ApprovalRequest) -> ApprovalRequest:
        """Ask once where the request stands. One over its time that nobody decided is cancelled on the instance, then timed out.

        What was decided in time counts also where nobody looked for long: the computer may have slept meanwhile. An
        unknown or failed answer raises and leaves the row as it was: it never counts as pending. Nothing is written while
        the answer is pending.
        """
        if RequestState(row.state).is_final or not row.external_id:
            # Without an id there is nothing to ask for: "invalid" would only mean that nothing was asked.
            return row
        over = row.times_out_at is not None and utcnow() >= row.times_out_at
        try:
            row = await self.decided(row, await self._status(row))
        except (ReplyError, NotFoundOnInstanceError, RecordNotOwnedError) as error:
            if not over:
                raise
            # A service that cannot say how it stands must not keep a request open for ever.
            log.info("request %s: %s", row.id, error.problem.as_text())
        if over and not RequestState(row.state).is_final:
            return await self.cancel(row, TIMED_OUT_COMMENT, RequestState.TIMED_OUT)
        return row

    async def _status(self, row: ApprovalRequest) -> StatusResult:
        """Ask the status service; where its answer may be that of another request, the record says how it stands."""
        answer = await self.services.status(row.external_id)
        if answer.status is ApprovalStatus.PENDING and row.external_id != row.order_id:
            return answer
        item, shared = await self._resolve_own_item(row)
        if item is None or not shared:
            return answer
        return StatusResult(item.approval_status)

    async def decided(self, row: ApprovalRequest, answer: StatusResult) -> ApprovalRequest:
        """Let the request take the answer that was read for it; `pending` ends nothing.

        Where a crash came between the wish to cancel it and its end, that is now brought to its end.
        """
        end = FINAL_STATE_BY_STATUS.get(answer.status)
        if RequestState(row.state).is_final:
            return row
        if end in (None, RequestState.INVALID):
            wish = await asyncio.to_thread(self._steps.wish, row.id)
            if wish is not None and end is None:
                return await self.cancel(row, wish.comment, wish.state)
            if wish is not None:
                return await self._cancelled(row, wish.comment, wish.state)
        if end is None:
            return row
        comment = answer.comment[:TEXT_MAX]
        seen = {"checked_at": utcnow()}
        return await self._end(row, end, decided_event(end, comment), seen=seen, comment=comment)

    async def cancel(
        self, row: ApprovalRequest, comment: str, state: RequestState = RequestState.CANCELLED
    ) -> ApprovalRequest:
        """Call Cancel for the request and store it as ended in `state`; what has ended already stays as it is.

        May be repeated: what a crash left undone is done then. A request that is still submitting is taken back, as far
        as anybody can tell where it is. Raises InputError `request-never-raised` for one that was never stored,
        `request-in-doubt` while Create may still be under way.
        """
        if RequestState(row.state).is_final:
            return row
        if not row.external_id:
            await self.withdraw(row, comment, state)
            if row.state == RequestState.SUBMITTING:
                raise _in_doubt_error(row)
            return row
        if not await run_to_completion(
            lambda: self._steps.record_cancel_intent(row, state, comment, utcnow())
        ):
            return row
        try:
            await self._require_unshared_id(row)
            self.cancel_warning = await self.services.cancel(row.external_id, comment)
        except (IdSharedError, RecordNotOwnedError) as error:
            told = f"Not cancelled in ServiceNow: {error.problem.cause}"
            if state is RequestState.TIMED_OUT:
                # Its time is over here all the same.
                return await self._cancelled(row, f"{comment}. {told}", state)
            await run_to_completion(
                lambda: self._steps.add_event(row, TimelineEvent(Event.FAILED, told), utcnow())
            )
            raise
        except ConsoleError as error:
            if state is not RequestState.TIMED_OUT and _is_certainly_not_executed(error):
                # Whoever wanted it is told, and decides anew. Time goes on by itself. Where nobody knows what Cancel did,
                # the wish stands: it may be what ends the record.
                told = f"Not cancelled: {error.problem.cause}"
                await run_to_completion(
                    lambda: self._steps.add_event(row, TimelineEvent(Event.FAILED, told), utcnow())
                )
            raise
        if self.cancel_warning:
            await run_to_completion(
                lambda: self._steps.add_event(row, TimelineEvent(Event.SEEN, self.cancel_warning), utcnow())
            )
        return await self._cancelled(row, comment, state)

    async def _require_unshared_id(self, row: ApprovalRequest) -> None:
        """See to it that Cancel is called with an id that stands for this request alone; raises RefusedError."""
        item, shared = await self._resolve_own_item(row)
        if item is None or not shared:
            return
        label = item.number or str(row.id)
        if id_names_order(row, item):
            raise IdSharedError(id_names_shared_order(label, item.order_number))
        raise IdSharedError(id_of_other_item(label, row.external_id))

    async def withdraw(
        self, row: ApprovalRequest, comment: str, state: RequestState = RequestState.CANCELLED
    ) -> ApprovalRequest:
        """Take back a request that is submitting: end it where it never arrived, cancel it where it did.

        It stays submitting as long as Create may be under way: try again later. Raises ConsoleError.
        """
        try:
            sends = await asyncio.to_thread(self._steps.look_again, row)
        except NotFoundError as error:
            raise _never_raised_error(row) from error
        if RequestState(row.state).is_final:
            return row
        if row.state == RequestState.PENDING:
            return await self.cancel(row, comment, state)
        kind = Event.TIMED_OUT if state is RequestState.TIMED_OUT else Event.CANCELLED
        if sends.last is None:
            # Only as long as nobody has begun to send it meanwhile.
            return await self._end(row, state, TimelineEvent(kind, NEVER_SENT_COMMENT), sent=0)
        now = utcnow()
        found = await self._recovery.find(row)
        outcome = self._recovery.outcome(found, sends.last, now)
        if outcome is LostCreateOutcome.ARRIVED:
            return await self.cancel(await self._adopt(row, found), comment, state)
        if outcome is LostCreateOutcome.IN_PROGRESS:
            return row
        if outcome is LostCreateOutcome.UNKNOWN:
            return await self._fail(row, f"{OUTCOME_UNKNOWN_COMMENT}: {found.reason}", sent=sends.count)
        return await self._end(row, state, TimelineEvent(kind, NEVER_ARRIVED_COMMENT), sent=sends.count)

    # -- Create ------------------------------------------------------------

    async def _raise(
        self, row: ApprovalRequest, fields: Mapping[str, str], sent: int, *, patient: bool = False
    ) -> ApprovalRequest:
        """Call Create once; `patient` leaves the request as it is while the instance cannot be reached."""
        try:
            # Read before anything is marked: the call itself then is all that can come between.
            offered = await self._instance.service(self._process.create_service).describe()
        except ConsoleError as error:
            if not (patient and error.retryable):
                await self._fail(row, str(error))
            raise
        variables = _create_variables(row, self._process, fields, offered.inputs)
        marked = utcnow()
        until = marked + self._processing_limit
        if not await run_to_completion(
            lambda: self._steps.record_create_attempt(row, sent, self._holder, marked, until)
        ):
            return row
        try:
            request_id = await self._create(variables, marked)
        except ConsoleError as error:
            if patient and error.retryable and error.problem.fault.execution is Execution.NOT_EXECUTED:
                # Nothing was sent, and the instance may be back in a moment: whoever looks next tries again.
                await run_to_completion(lambda: self._steps.discard_create_attempt(row, marked))
                raise
            return await self._handle_create_failure(row, error)
        # Whatever becomes of the row in the store, it says what there is to be followed or cleaned up.
        row.external_id = request_id
        event = TimelineEvent(Event.CREATED, f"PMRequestId {request_id}")
        return await self._created(row, event, marked)

    async def _create(self, variables: Mapping[str, str], marked: datetime) -> str:
        tried = f"Call the service {self._process.create_service}"
        share = self._processing_limit * SEND_TIMEOUT_SHARE
        if utcnow() - marked > share:
            # The computer slept meanwhile: by now somebody else may take it that nothing was sent.
            raise make_error(FaultId.TIMEOUT, tried, "nothing was sent in time")
        try:
            async with asyncio.timeout(share.total_seconds()):
                return await self.services.create(variables)
        except TimeoutError as error:
            raise make_error(
                FaultId.TIMEOUT, tried, f"no answer within {share.total_seconds():.0f} s"
            ) from error

    async def _handle_create_failure(self, row: ApprovalRequest, error: ConsoleError) -> ApprovalRequest:
        """Go on after a Create that brought no id: failed, found all the same, or in doubt."""
        execution, found = error.problem.fault.execution, None
        if execution is not Execution.NOT_EXECUTED:
            with contextlib.suppress(ConsoleError):
                found = await self._recovery.find(row)
                if found.item is not None:
                    return await self._adopt(row, found)
        over = execution is Execution.FINISHED and found is not None and found.item is None
        if execution is Execution.NOT_EXECUTED or over:
            await self._fail(row, str(error))
        else:
            doubt = (
                "It may have been raised all the same: it is looked for on the instance by its PMApprovalId."
            )
            error.problem = replace(error.problem, remedy=f"{error.problem.remedy} {doubt}")
        raise error

    async def _created(
        self, row: ApprovalRequest, event: TimelineEvent, sent: datetime, **seen: ColumnValue
    ) -> ApprovalRequest:
        request_id = row.external_id
        values: RowDict = {
            "external_id": request_id,
            "submitted_at": sent,
            "times_out_at": sent + timedelta(seconds=self._process.timeout_after_s),
        }
        try:
            taken = await self._take(row, RequestState.PENDING, event, seen=seen, **values)
        except StoreError as error:
            left = f"The request was raised as {request_id}, and is found again by its PMApprovalId."
            error.problem = replace(error.problem, remedy=f"{error.problem.remedy} {left}")
            raise
        if not taken and RequestState(row.state).is_final and row.external_id != request_id:
            # Ended here while nobody knew of it there: nobody would ever look at it again.
            note = f"Cancelled {request_id}, which was raised after the end"
            try:
                await self._require_unshared_id(
                    row_with(row, {**UNOBSERVED_COLUMNS, "external_id": request_id})
                )
            except (IdSharedError, RecordNotOwnedError) as error:
                note = f"{request_id} was raised after the end, and was not cancelled: {error.problem.cause}"
            else:
                await self.services.cancel(request_id, ENDED_BEFORE_CREATE_COMMENT)
            await run_to_completion(
                lambda: self._steps.add_event(row, TimelineEvent(Event.SEEN, note), utcnow())
            )
        return row

    async def _adopt(self, row: ApprovalRequest, found: FindResult) -> ApprovalRequest:
        """Store the request as pending with the item that a lost Create produced."""
        adopted = await self._recovery.adopt(found)
        row.external_id = adopted.request_id
        sent = row.submitted_at or row.requested_at
        observed = adopted.item.observed_columns()
        return await self._created(row, adopted.event, sent, **observed, observed_at=utcnow())

    # -- steps -------------------------------------------------------------

    async def _take(
        self,
        row: ApprovalRequest,
        state: RequestState,
        event: TimelineEvent,
        *,
        seen: RowValues | None = None,
        sent: int | None = None,
        **values: ColumnValue,
    ) -> bool:
        def write() -> bool:
            return self._steps.take(row, state, event, utcnow(), values=values, seen=seen, sent=sent)

        return await run_to_completion(_with_store_retries(write))

    async def _end(
        self, row: ApprovalRequest, state: RequestState, event: TimelineEvent, **more: ColumnValue
    ) -> ApprovalRequest:
        values: RowDict = {"ended_at": utcnow(), **more}
        if row.external_id:
            values["external_id"] = row.external_id
        await self._take(row, state, event, **values)
        return row

    async def _cancelled(self, row: ApprovalRequest, comment: str, state: RequestState) -> ApprovalRequest:
        return await self._end(row, state, ended_event(state, comment), comment=comment[:TEXT_MAX])

    async def _fail(self, row: ApprovalRequest, said: str, sent: int | None = None) -> ApprovalRequest:
        """End the request as failed; `sent` as `Steps.take` has it."""
        event = TimelineEvent(Event.FAILED, said)
        return await self._end(row, RequestState.FAILED, event, sent=sent, error=said[:TEXT_MAX])


def _create_variables(
    row: ApprovalRequest, process: ApprovalProcess, fields: Mapping[str, str], offered: tuple[str, ...]
) -> dict[str, str]:
    """Return the variables of a call of Create; `offered` are the inputs that the service on the instance has."""
    values = {name: fields.get(name, "") for name in CREATE_INPUTS}
    values |= {name: fields[name] for name in FURTHER_VARIABLES if name in fields and name in offered}
    values |= {
        "PMApprovalId": row.approval_id,
        "PMProcessId": str(process.id),
        "PMProcessName": process.name,
    }
    return values


def _with_store_retries(write: Callable[[], bool]) -> Callable[[], bool]:
    """Return `write` with a few more tries where the store is busy: what it writes down has happened elsewhere."""

    def tried() -> bool:
        for _ in range(STORE_ATTEMPTS - 1):
            try:
                return write()
            except StoreError as error:
                if error.problem.fault != FaultId.STORE_LOCKED:
                    raise
                time.sleep(STORE_RETRY_DELAY_S)
        return write()

    return tried


def _never_raised_error(row: ApprovalRequest) -> InputError:
    return InputError(
        Problem(
            tried=f"Cancel the request {row.id}",
            evidence="It is not in the store.",
            cause="It was never raised.",
            owner=Owner.CONSOLE,
            remedy="Look for its PMApprovalId among the requested items in ServiceNow.",
            fault=FaultId.REQUEST_NEVER_RAISED,
        )
    )


def _is_certainly_not_executed(error: ConsoleError) -> bool:
    """Whether a call that came to this error has certainly changed nothing on the instance."""
    return isinstance(error, RefusedError) or error.problem.fault.execution is Execution.NOT_EXECUTED


def _in_doubt_error(row: ApprovalRequest) -> InputError:
    return InputError(
        Problem(
            tried=f"Cancel the request {row.id}",
            evidence="It is being raised, and ServiceNow has not given it an id yet.",
            cause="Whether it is there can be told a few minutes after it was sent.",
            owner=Owner.CONSOLE,
            remedy="Try again in a few minutes.",
            fault=FaultId.REQUEST_IN_DOUBT,
        )
    )
