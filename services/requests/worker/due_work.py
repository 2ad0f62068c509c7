"""Reads what is due for a worker, and no more often than anything can have become due."""

import math
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import ColumnElement, func, select
from sqlmodel import Session

from models.approval_request import ApprovalRequest
from models.audit_entry import AuditEntry
from models.kinds import Kind, RequestOrigin, RequestState
from services.answers.outbox import has_pending_delivery
from services.coordination.clock import Clock
from services.coordination.leases import Leases
from services.coordination.process_identity import is_claimed_by_other
from services.requests.polling.poll_state import paused_servers
from services.store import Store
from services.store.row_values import get_table

READ_INTERVAL_S = 30.0
"""Everything is read at least so often: a pause was cleared elsewhere, the time of day changed, a computer slept."""

_TABLE, _AUDIT = get_table(ApprovalRequest), get_table(AuditEntry)
_NEWEST = select(func.max(_AUDIT.c.seq))
_POLLING_KINDS = (Kind.USER_CREDENTIAL, Kind.FOREIGN_SYSTEM, Kind.APPROVAL_PROCESS)
_OWN = _TABLE.c.origin == RequestOrigin.CONSOLE
_RAISED = (_OWN, _TABLE.c.state == RequestState.SUBMITTING)
_TIMED = (_OWN, _TABLE.c.state == RequestState.PENDING, _TABLE.c.external_id != "")


@dataclass(frozen=True, slots=True)
class WorkItem:
    """A request whose next step is due, and the server that it goes through."""

    request_id: uuid.UUID
    server_id: uuid.UUID
    raising: bool


@dataclass(frozen=True, slots=True)
class DueWork:
    """The requests whose next step is due, and the servers that are left alone after a failed poll.

    `answers` says whether answers wait, due or not. `fresh` is False where the store was not read, because nothing in
    it can be due that was not before. `reconfigured` says that servers, processes or
    credentials were changed since the last read.
    """

    paused: frozenset[uuid.UUID] = frozenset()
    items: Sequence[WorkItem] = ()
    answers: bool = False
    fresh: bool = True
    reconfigured: bool = False


class DueWorkReader:
    """Reads for one worker; everything blocks. `raises` says whether it raises requests that were taken in."""

    def __init__(self, store: Store, leases: Leases, clock: Clock, *, raises: bool) -> None:
        self._store, self._leases, self._clock = store, leases, clock
        self._raises = raises
        self._mark: tuple[int, int] | None = None
        self._audited = -1
        self._known = DueWork()
        self._quiet_until = -math.inf
        """Until then nothing becomes due without a change that is in the audit trail."""

    def forget(self) -> None:
        """Read the store next time, whatever is known of it."""
        self._quiet_until = -math.inf

    def read(self, most: int) -> DueWork:
        """Return what is due, at most `most` requests of each sort. Raises StoreError.

        The store is read where something waits in it, something was changed, or the time has come.
        """
        mark = self._store.mark.read()
        quiet = self._clock.monotonic() < self._quiet_until
        if quiet and mark is not None and mark == self._mark:
            return replace(self._known, fresh=False)
        with self._store.read() as session:
            audited = session.execute(_NEWEST).scalar() or 0
            # Leases, calls and the state of polls are written often, and none of that is audited.
            fresh = not (quiet and audited == self._audited)
            if fresh:
                self.forget()
                self._known = self._read(session, most)
            reconfigured = self._audited not in (-1, audited) and _is_reconfigured(session, self._audited)
        self._mark, self._audited = mark, audited
        return replace(self._known, fresh=fresh, reconfigured=reconfigured)

    def _read(self, session: Session, most: int) -> DueWork:
        now = self._clock.now()
        paused = frozenset(paused_servers(session, self._leases.time.now()))
        raising = self._raises and _exists(session, *_RAISED)
        first = session.execute(select(func.min(_TABLE.c.times_out_at)).where(*_TIMED)).scalar()
        timed_out = first is not None and first <= now
        answers = has_pending_delivery(session)
        items: list[WorkItem] = []
        awake = (_TABLE.c.server_id.is_not(None), _TABLE.c.server_id.not_in(paused))
        columns = (_TABLE.c.id, _TABLE.c.server_id, _TABLE.c.claimed_by, _TABLE.c.claimed_until)
        wanted = []
        if timed_out:
            over = select(*columns).where(*_TIMED, _TABLE.c.times_out_at <= now)
            wanted.append((over.order_by(_TABLE.c.times_out_at), False))
        if raising:
            wanted.append((select(*columns).where(*_RAISED).order_by(_TABLE.c.requested_at), True))
        for query, raises in wanted:
            items += [
                WorkItem(row.id, row.server_id, raises)
                for row in session.execute(query.where(*awake).limit(most))
                if not is_claimed_by_other(row.claimed_by, row.claimed_until, self._leases.holder, now)
            ]
        if not (raising or timed_out or answers):
            rest = READ_INTERVAL_S if first is None else min(READ_INTERVAL_S, (first - now).total_seconds())
            self._quiet_until = self._clock.monotonic() + rest
        return DueWork(paused, items, answers)


def _is_reconfigured(session: Session, since: int) -> bool:
    entries = select(_AUDIT.c.seq).where(_AUDIT.c.seq > since, _AUDIT.c.object_kind.in_(_POLLING_KINDS))
    return session.execute(entries.limit(1)).first() is not None


def _exists(session: Session, *conditions: ColumnElement[bool]) -> bool:
    return session.execute(select(_TABLE.c.id).where(*conditions).limit(1)).first() is not None
