"""The steps of a request in the store: each is one transaction that looks at the stored row before it writes.

Several programs may be at work on one request. What one of them finds already done is taken over, never done again, and
a final state stays.
"""

import uuid
from collections.abc import Mapping
from datetime import datetime

from sqlmodel import Session, select

from models.approval_request import ApprovalRequest
from models.base import TEXT_MAX
from models.kinds import RequestErrorKind, RequestEventKind, RequestState
from services.common.plain_text import replace_unstorable
from services.requests.domain import inputs, journal
from services.requests.domain.journal import TimelineEvent
from services.requests.domain.states import check_transition
from services.store import NotFoundError, Store
from services.store.row_values import RowDict, RowValues, row_to_dict

_UNCLAIMED: RowDict = {"claimed_by": "", "claimed_until": None}


class RequestTransactions:
    """Writes the steps of requests. Everything here blocks."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def stored(self, key: uuid.UUID) -> ApprovalRequest | None:
        """Return a request as it is stored now, or None."""
        with self.store.read() as session:
            return _load(session, key)

    def look_again(self, row: ApprovalRequest) -> journal.CreateAttempts:
        """Let `row` take on what is stored, and return how often Create was about to be called for it.

        Raises NotFoundError.
        """
        with self.store.read() as session:
            stored = _load_existing(session, row.id)
            sends = journal.load_create_attempts(session, row.id)
        copy_stored_values(row, stored)
        return sends

    def wish(self, key: uuid.UUID) -> journal.CancelIntent | None:
        """Return the end of a request that was about to be asked for."""
        with self.store.read() as session:
            return journal.load_cancel_intent(session, key)

    def inputs(self, row: ApprovalRequest) -> dict[str, str]:
        """Return what a stored request was meant to be raised with."""
        with self.store.read() as session:
            return inputs.load_inputs(session, row)

    def insert(self, row: ApprovalRequest, fields: Mapping[str, str], now: datetime) -> None:
        """Store a new request that nobody has been asked about yet."""
        with self.store.write("Request raised") as work:
            work.insert(row)
            inputs.store_inputs(work, row, fields, self.store.actor)
            on = f" on {row.agent_name}" if row.agent_name else ""
            detail = f"{row.initiator_name or 'Somebody'}{on}: {row.file_path or row.policy_name}"
            raised = TimelineEvent(RequestEventKind.RAISED, detail)
            self._add_event(work.session, row.id, raised, now)

    def record_create_attempt(
        self, row: ApprovalRequest, sent: int, holder: str, now: datetime, until: datetime
    ) -> bool:
        """Write down that Create is about to be called; returns False where it is no longer this caller's to call.

        `sent` is how often it was about to be called before, as the caller knows it.
        """
        with self.store.write() as work:
            stored = _load_existing(work.session, row.id)
            done = (
                stored.state == RequestState.SUBMITTING
                and journal.load_create_attempts(work.session, row.id).count == sent
            )
            if done:
                claim = {"claimed_by": holder[:64], "claimed_until": until}
                work.observe(ApprovalRequest, {row.id: claim})
                self._add_event(work.session, row.id, journal.CREATE_EVENT, now)
                stored = stored.model_copy(update=claim)
        copy_stored_values(row, stored)
        return done

    def discard_create_attempt(self, row: ApprovalRequest, marked: datetime) -> None:
        """Take back that Create was about to be called at `marked`: it was certainly not carried out, and may be again."""
        with self.store.write() as work:
            journal.remove_create_attempt(work.session, row.id, marked)
            if not RequestState(_load_existing(work.session, row.id).state).is_final:
                work.observe(ApprovalRequest, {row.id: _UNCLAIMED})
        copy_stored_values(row, self.stored(row.id) or row)

    def record_cancel_intent(
        self, row: ApprovalRequest, end: RequestState, comment: str, now: datetime
    ) -> bool:
        """Write down that Cancel is about to be called; returns False where the request has ended already."""
        intent = journal.CancelIntent(end, comment)
        with self.store.write() as work:
            stored = _load_existing(work.session, row.id)
            done = not RequestState(stored.state).is_final
            if done and journal.load_cancel_intent(work.session, row.id) != intent:
                self._add_event(work.session, row.id, intent.event(), now)
                # Open pages look at what the audit trail names.
                work.event("observe", kind="approval_request", object_id=row.id, detail="sent")
        if not done:
            copy_stored_values(row, stored)
        return done

    def add_event(self, row: ApprovalRequest, event: TimelineEvent, now: datetime) -> None:
        """Add a line to the timeline that belongs to no other change."""
        with self.store.write() as work:
            self._add_event(work.session, row.id, event, now)
            work.event("observe", kind="approval_request", object_id=row.id, detail=event.kind.value)

    def record_problem(self, key: uuid.UUID, problem: str, kind: RequestErrorKind, now: datetime) -> bool:
        """Show on an open request and in its timeline why it does not go on; returns whether that is new."""
        problem = replace_unstorable(problem)[:TEXT_MAX]
        with self.store.write("Request does not go on") as work:
            stored = _load(work.session, key)
            if stored is None or RequestState(stored.state).is_final:
                return False
            known = journal.latest_problem(work.session, key) if stored.is_copy else stored.error
            if known == problem:
                return False
            self._add_event(work.session, key, TimelineEvent(RequestEventKind.PROBLEM, problem), now)
            if not stored.is_copy:
                stored.error, stored.error_kind = problem, kind
                work.update(stored, stored.version)
        return True

    def clear_problem(self, key: uuid.UUID) -> None:
        """Clear the error of an open request."""
        with self.store.write("Request goes on") as work:
            stored = _load(work.session, key)
            if stored is None or RequestState(stored.state).is_final or not stored.error or stored.is_copy:
                return
            stored.error, stored.error_kind = "", RequestErrorKind.NONE
            work.update(stored, stored.version)

    def observe(self, row: ApprovalRequest, seen: RowValues) -> None:
        """Keep what the instance says of a request; that is no edit of it."""
        with self.store.write() as work:
            work.observe(ApprovalRequest, {row.id: seen})
        for name, value in seen.items():
            setattr(row, name, value)

    def take(
        self,
        row: ApprovalRequest,
        state: RequestState,
        event: TimelineEvent,
        now: datetime,
        *,
        values: RowValues,
        seen: RowValues | None = None,
        sent: int | None = None,
    ) -> bool:
        """Take the step to `state`; `row` then is as it is stored, whoever took the step.

        Returns False where the request was there already or has ended: it is as it is. `sent` makes the step depend on
        how often Create was about to be called. Raises NotFoundError, TransitionError, StoreError; then the row is as it was.
        """
        with self.store.write() as work:
            stored = _load_existing(work.session, row.id)
            done = not RequestState(stored.state).is_final and stored.state != state
            if done and sent is not None:
                done = journal.load_create_attempts(work.session, row.id).count == sent
            if done:
                check_transition(stored.state, state)
                # What kept it from going on is over.
                stored = ApprovalRequest(
                    **{**row_to_dict(stored), "error": "", "error_kind": "", **values, "state": state}
                )
                work.update(stored, stored.version)
                learnt = {**(_UNCLAIMED if stored.claimed_by else {}), **(seen or {})}
                if learnt:
                    work.observe(ApprovalRequest, {row.id: learnt})
                self._add_event(work.session, row.id, event, now)
                stored = ApprovalRequest(**{**row_to_dict(stored), **learnt})
        copy_stored_values(row, stored)
        return done

    def _add_event(self, session: Session, key: uuid.UUID, event: TimelineEvent, now: datetime) -> None:
        journal.add_event(session, key, event, actor=self.store.actor, at=now)


def copy_stored_values(row: ApprovalRequest, stored: ApprovalRequest) -> None:
    """Let `row` take on everything that is stored."""
    for name, value in row_to_dict(stored).items():
        setattr(row, name, value)


def row_with(row: ApprovalRequest, values: RowValues) -> ApprovalRequest:
    """Return a copy of `row` with `values` in place of its own."""
    return ApprovalRequest(**{**row_to_dict(row), **values})


def _load(session: Session, key: uuid.UUID) -> ApprovalRequest | None:
    found = session.exec(select(ApprovalRequest).where(ApprovalRequest.id == key)).first()
    if found is not None:
        # What is changed on it further on is not meant for this session.
        session.expunge(found)
    return found


def _load_existing(session: Session, key: uuid.UUID) -> ApprovalRequest:
    found = _load(session, key)
    if found is None:
        raise NotFoundError(f"the request {key}")
    return found
