"""Asks the status service about single requests, where looking at records is not enough.

That is so where the account may not read a request's record, where the record is gone, and where the process has a
status script of its own, whose answer may be anything. One after the other, those whose record has changed first.
"""

import asyncio
import logging
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

from sqlalchemy import ColumnElement, or_, select
from sqlmodel import Session

from models.approval_process import ApprovalProcess
from models.approval_request import ApprovalRequest
from models.kinds import RequestErrorKind, RequestOrigin, RequestState
from services.common.errors import ConsoleError, Problem
from services.common.fault_ids import FaultId, FaultTrait
from services.common.unexpected_errors import to_console_error
from services.coordination.clock import Clock
from services.coordination.leases import LeaseLostError, Leases
from services.requests.lifecycle.lifecycle import RequestLifecycle
from services.requests.lifecycle.transactions import RequestTransactions
from services.requests.polling import poll_targets
from services.requests.polling.cursor import PollCursor
from services.requests.polling.poll_targets import PollTarget, ScriptCheck
from services.requests.polling.sync import apply_status_to_copy, store_decision_comment
from services.requests.records.requested_item import stored_item
from services.requests.records.resolve_requested_item import is_id_shared
from services.servicenow.approval_services import ApprovalServices
from services.servicenow.contract import ApprovalStatus, ServiceRole
from services.servicenow.encoded_query import Operator, where
from services.servicenow.http_client import ServiceNowClient
from services.servicenow.record_values import is_true
from services.servicenow.script_templates import is_unmodified_script
from services.store import Store, answer_outbox
from services.store.errors import StoreError
from services.store.row_values import get_table

QUEUE_MAX = 200
COMMENT_ASKS_MAX = 2
"""How often one decision is asked about: a comment may be entered after it."""
SCRIPT_CHECK_VALID_S = 24 * 3600.0
"""So long a look at a script is believed; somebody may have changed it since."""
_SCRIPT_FIELDS = ("name", "active", "script", "sys_updated_on", "sys_mod_count")
_TABLE = get_table(ApprovalRequest)
log = logging.getLogger(__name__)


class StatusQueue:
    """Which requests of one server are to be asked for, in which order."""

    def __init__(self, store: Store, leases: Leases, clock: Clock) -> None:
        self._store = store
        self._leases = leases
        self._clock = clock
        self._first: dict[uuid.UUID, None] = {}
        self._regular: list[uuid.UUID] = []
        self._gone: dict[str, None] = {}
        self._uncommented: dict[uuid.UUID, None] = {}
        self._awaited: dict[uuid.UUID, None] = {}
        """Requests whose answers wait for the comment of the decision."""
        self._comment_asks: Counter[uuid.UUID] = Counter()
        self._asked_at: dict[uuid.UUID, float] = {}
        self._described: set[str] = set()
        self.problem: Problem | None = None
        """Why the last request that was asked for told nothing, until somebody takes note of it."""

    @property
    def has_undecided(self) -> bool:
        """Whether a decision may only be known by asking for it."""
        return bool(self._first or self._regular or self._gone)

    @property
    def has_more(self) -> bool:
        """Whether there is anything to ask for, comments that belong to known decisions included."""
        return self.has_undecided or bool(self._uncommented or self._awaited)

    @property
    def needs_calls(self) -> bool:
        """Whether somebody waits for what only single calls tell: polls leave room for them."""
        return self.has_undecided or bool(self._awaited)

    # -- scripts ---------------------------------------------------------------

    def has_unchecked_scripts(self, target: PollTarget) -> bool:
        """Whether open requests hang on a status script that nobody has looked at yet, or not for a day."""
        since = self._clock.now().timestamp() - SCRIPT_CHECK_VALID_S
        known = {key for key, script in target.scripts.items() if script.checked > since}
        unknown = [one.id for one in target.processes if one.id not in known]
        if not unknown:
            return False
        with self._store.read() as session:
            hanging = select(_TABLE.c.id).where(
                *_own_pending_conditions(target), _TABLE.c.process_id.in_(unknown)
            )
            return session.execute(hanging.limit(1)).first() is not None

    async def check_scripts(self, instance: ServiceNowClient, target: PollTarget) -> PollTarget:
        """Compare the status scripts of the processes with this console's own, with one call, and remember it."""
        names = sorted({one.status_service for one in target.processes})
        found: dict[str, list[dict[str, str]]] = {}
        try:
            query = where("name", Operator.IN, *(name for name in names if "," not in name))
            page = await instance.table("sys_web_service").page(query, fields=_SCRIPT_FIELDS, limit=200)
        except ConsoleError as error:
            fault = error.problem.fault
            if FaultTrait.TABLE_UNREADABLE not in fault.traits and fault is not FaultId.INPUT_UNSENDABLE:
                raise
        else:
            for row in page.rows:
                found.setdefault(row["name"], []).append(row)
        scripts = {one.id: self._script(one, found.get(one.status_service, [])) for one in target.processes}

        def write() -> None:
            with self._store.write() as work:
                for one in target.processes:
                    poll_targets.store_script_check(work.session, one, scripts[one.id])

        await asyncio.to_thread(write)
        stock = frozenset(key for key, script in scripts.items() if script.stock)
        return replace(target, scripts=scripts, ground=replace(target.ground, stock=stock))

    def _script(self, process: ApprovalProcess, rows: Sequence[dict[str, str]]) -> ScriptCheck:
        active = [row for row in rows if is_true(row["active"])]
        now = self._clock.now().timestamp()
        if len(active) != 1:
            # Hidden, or nobody knows which of them answers.
            return ScriptCheck(process.status_service, stock=False, checked=now)
        row = active[0]
        stock = is_unmodified_script(ServiceRole.STATUS, row["script"])
        return ScriptCheck(process.status_service, stock, row["sys_updated_on"], row["sys_mod_count"], now)

    # -- whom to ask for -------------------------------------------------------

    def plan(
        self, target: PollTarget, course: PollCursor, *, readable: bool, changed: Sequence[uuid.UUID]
    ) -> None:
        """Take in what a look left open: requests whose record changed, records that are gone, and the rest."""
        self._first.update(dict.fromkeys(changed))
        self._gone.update(dict.fromkeys(course.gone))
        course.gone.clear()
        own = [one.id for one in target.processes if one.id not in target.ground.stock]
        conditions = list(_own_pending_conditions(target))
        if readable:
            seen_nowhere = _TABLE.c.record_id == ""
            needs = (
                or_(seen_nowhere, _TABLE.c.process_id.in_(own))
                if course.whole
                else _TABLE.c.process_id.in_(own)
            )
            conditions.append(needs)
        now = self._clock.now()
        conditions.append(or_(_TABLE.c.times_out_at.is_(None), _TABLE.c.times_out_at > now))
        with self._store.read() as session:
            listed = select(_TABLE.c.id).where(*conditions).order_by(_TABLE.c.checked_at, _TABLE.c.id)
            self._regular = list(session.execute(listed.limit(QUEUE_MAX)).scalars())
            awaited = answer_outbox.list_waiting(session, target.server_id, now)
        self._comment_asks = Counter({key: self._comment_asks[key] for key in awaited})
        self._awaited = {key: None for key in awaited if self._comment_asks[key] < COMMENT_ASKS_MAX}
        self._uncommented = {key: None for key in self._uncommented if key not in self._comment_asks}
        self._regular.sort(key=lambda one: self._asked_at.get(one, 0.0))
        waiting = {*self._regular, *self._first}
        self._asked_at = {key: at for key, at in self._asked_at.items() if key in waiting}

    def decided(self, ids: Sequence[uuid.UUID]) -> None:
        """Note requests raised here whose end was seen without the comment that belongs to it."""
        self._uncommented.update(dict.fromkeys(ids))

    # -- asking ----------------------------------------------------------------

    async def ask(
        self, instance: ServiceNowClient, target: PollTarget, check: Callable[[Session], None]
    ) -> list[uuid.UUID]:
        """Make one call for the request that is next, and return those that ended. Raises what stops every call."""
        row = await asyncio.to_thread(self._next, target)
        if row is None:
            return []
        process = next((one for one in target.processes if one.id == row.process_id), None)
        if process is None:
            return []
        try:
            if process.status_service not in self._described:
                await instance.service(process.status_service).describe()
                self._described.add(process.status_service)
                self._back(row)
                return []
            ended = await self._ask(instance, process, row, check)
            if row.error_kind == RequestErrorKind.STATUS_UNREADABLE:
                await asyncio.to_thread(RequestTransactions(self._store).clear_problem, row.id)
        except ConsoleError as error:
            if FaultTrait.PAUSES_CALLS in error.problem.fault.traits:
                self._back(row)
                raise
            if isinstance(error, StoreError | LeaseLostError):
                raise  # nothing was found out about the request
            # An answer that is none never counts as pending, and one request does not stop the others.
            await self._note(row, error.problem)
            return []
        except Exception as error:  # noqa: BLE001 -- nor does what nobody foresaw
            await self._note(row, to_console_error(log, "Ask where a request stands", error).problem)
            return []
        return ended

    async def _note(self, row: ApprovalRequest, problem: Problem) -> None:
        """Show why it is not known where a request stands; what was told before is not told again."""
        self.problem = problem
        text = f"Its status could not be read: {' '.join(problem.cause.split())}"
        transactions, kind = RequestTransactions(self._store), RequestErrorKind.STATUS_UNREADABLE
        if await asyncio.to_thread(transactions.record_problem, row.id, text, kind, self._clock.now()):
            log.info("request %s: %s", row.id, problem.as_text())

    async def _ask(
        self,
        instance: ServiceNowClient,
        process: ApprovalProcess,
        row: ApprovalRequest,
        check: Callable[[Session], None],
    ) -> list[uuid.UUID]:
        services = ApprovalServices(instance, process)
        if row.is_copy:
            answer = await services.status(row.external_id or row.record_id)
            ended = await asyncio.to_thread(
                apply_status_to_copy, self._store, row.id, answer.status, now=self._clock.now(), check=check
            )
            return [row.id] if ended else []
        if RequestState(row.state).is_final:
            await self._read_comment(instance, services, row, check)
            return []
        followed = await RequestLifecycle(self._store, instance, process).follow(row)
        return [row.id] if RequestState(followed.state).is_final else []

    async def _read_comment(
        self,
        instance: ServiceNowClient,
        services: ApprovalServices,
        row: ApprovalRequest,
        check: Callable[[Session], None],
    ) -> None:
        """Read the comment of a decision that was seen without it."""
        comment = ""
        if row.record_id and await is_id_shared(instance, row, stored_item(row)):
            pass  # the comment may be that of another item
        else:
            answer = await services.status(row.external_id)
            comment = "" if answer.status is ApprovalStatus.PENDING else answer.comment
        self._comment_asks[row.id] += 1
        # Who rejects has a reason, which may be entered after the decision; an approval is not held up.
        if comment or row.state != RequestState.REJECTED or self._comment_asks[row.id] >= COMMENT_ASKS_MAX:
            now = self._clock.now()
            await asyncio.to_thread(
                store_decision_comment, self._store, row.id, comment, now=now, check=check
            )

    def _next(self, target: PollTarget) -> ApprovalRequest | None:
        """Return the request to ask for, and take it off the list."""
        with self._store.read() as session:
            while self._gone:
                record = next(iter(self._gone))
                del self._gone[record]
                found = session.execute(
                    select(_TABLE).where(
                        _TABLE.c.server_id == target.server_id, _TABLE.c.record_id == record
                    ).order_by(_TABLE.c.version.desc())
                ).mappings().first()  # fmt: skip
                if found is not None and not RequestState(found["state"]).is_final:
                    return ApprovalRequest(**found)
            while True:
                key = self._pop()
                if key is None:
                    return None
                found = session.execute(select(_TABLE).where(_TABLE.c.id == key)).mappings().first()
                if found is not None:
                    return ApprovalRequest(**found)

    def _pop(self) -> uuid.UUID | None:
        for waiting in (self._first, self._awaited, self._uncommented if not self._regular else {}):
            if waiting:
                key = next(iter(waiting))
                del waiting[key]
                self._asked_at[key] = self._clock.monotonic()
                return key
        if not self._regular:
            return None
        key = self._regular.pop(0)
        self._asked_at[key] = self._clock.monotonic()
        return key

    def _back(self, row: ApprovalRequest) -> None:
        """Put a request back to where it came from: it was not asked for."""
        if row.is_copy:
            self._gone[row.record_id] = None
        elif RequestState(row.state).is_final:
            (self._awaited if row.id in self._comment_asks else self._uncommented)[row.id] = None
        else:
            self._first[row.id] = None


def _own_pending_conditions(target: PollTarget) -> tuple[ColumnElement[bool], ...]:
    return (
        _TABLE.c.server_id == target.server_id,
        _TABLE.c.origin == RequestOrigin.CONSOLE,
        _TABLE.c.state == RequestState.PENDING,
        _TABLE.c.external_id != "",
    )
