"""The deliveries in the store: claiming, marking before a call, recording what came of it, retrying. Everything blocks."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, or_, select, update
from sqlmodel import Session, col
from sqlmodel import select as select_rows

from models.approval_request import ApprovalRequest
from models.base import NAME_MAX, TEXT_MAX
from models.delivery import FAULT_MAX, Delivery, DeliveryState
from models.intake_client import IntakeClient
from services.answers.destination import SendResult, Verdict
from services.common.plain_text import replace_unstorable
from services.coordination.process_identity import has_process_ended
from services.store import NotFoundError, Store, UnitOfWork
from services.store.row_values import RowDict, get_table

CLAIM_DURATION_S = 150.0
"""Longer than the calls of one try may take together."""
BATCH_MAX = 50
LIST_MAX = 1000

_TABLE = get_table(Delivery)
_FREE: RowDict = {"claimed_by": "", "claimed_until": None}


@dataclass(frozen=True, slots=True)
class ClaimLimits:
    """How many deliveries are claimed at once, for how long, and when one in doubt may be looked at again."""

    batch_max: int = BATCH_MAX
    claim_s: float = CLAIM_DURATION_S
    settle_s: float = 10.0
    """Seconds after the begin of a call whose end is not known: the other side may still be at work on it."""


class Outbox:
    """The deliveries of a store, as one process works on them under the name `holder`."""

    def __init__(self, store: Store, holder: str = "", limits: ClaimLimits | None = None) -> None:
        self.store, self.holder, self.limits = store, holder, limits or ClaimLimits()

    # -- working -------------------------------------------------------------------------------------------------

    def has_due(self, now: datetime, ahead_s: float = 0) -> bool:
        """Whether a delivery is due within `ahead_s` seconds and in nobody's hand; writes nothing."""
        with self.store.read() as session:
            return session.execute(self._due(session, now, ahead_s).limit(1)).first() is not None

    def claim_due(self, now: datetime, ahead_s: float = 0) -> list[Delivery]:
        """Claim deliveries that are due within `ahead_s` seconds and in nobody's hand, the oldest first."""
        if not self.has_due(now, ahead_s):
            return []
        until = now + timedelta(seconds=self.limits.claim_s)
        with self.store.write() as work:
            oldest = self._due(work.session, now, ahead_s).order_by(_TABLE.c.created_at, _TABLE.c.id)
            mine = list(work.session.execute(oldest.limit(self.limits.batch_max)).scalars())
            values = {"claimed_by": self.holder, "claimed_until": until}
            work.session.execute(update(_TABLE).where(_TABLE.c.id.in_(mine)).values(**values))
            return _load_all(work.session, mine)

    def mark_attempt(
        self, key: uuid.UUID, body: str, now: datetime, place: RowDict | None = None
    ) -> Delivery | None:
        """Write down that an answer is about to be sent; returns None where it is no longer this process's to send.

        `place` are the columns that say where it goes: its client may have got another destination since.
        """
        with self.store.write() as work:
            row = _load(work.session, key)
            if row is None or row.state != DeliveryState.PENDING or row.claimed_by != self.holder:
                return None
            values: RowDict = {
                **(place or {}),
                "tries": row.tries + 1,
                "in_doubt": True,
                "tried_at": now,
                "body": body,
                "claimed_until": now + timedelta(seconds=self.limits.claim_s),
            }
            work.session.execute(update(_TABLE).where(_TABLE.c.id == key).values(**values))
            return row.model_copy(update=values)

    def record(
        self, key: uuid.UUID, result: SendResult, now: datetime, *, next_try_at: datetime, tried: bool
    ) -> None:
        """Write down what came of a try. `tried` says that it was marked before; else a try is counted here.

        That an answer was delivered is true whoever has the claim; everything else counts only from its holder.
        """
        with self.store.write() as work:
            row = _load(work.session, key)
            delivered = result.verdict is Verdict.DELIVERED
            if row is None or row.state == DeliveryState.DELIVERED:
                return
            if not delivered and (row.claimed_by != self.holder or row.state != DeliveryState.PENDING):
                return
            values = _FREE | {
                "in_doubt": False if delivered else result.in_doubt or (row.in_doubt and not tried),
                "tries": row.tries + (not tried and not delivered),
                "last_status": replace_unstorable(result.status)[:NAME_MAX],
                "fault": result.problem.fault.value[:FAULT_MAX] if result.problem else "",
                "reason": _reason(result),
            }
            match result.verdict:
                case Verdict.DELIVERED:
                    values |= {"state": DeliveryState.DELIVERED, "ended_at": now, "fault": "", "reason": ""}
                case Verdict.REFUSED:
                    values |= {"state": DeliveryState.FAILED, "ended_at": now}
                case Verdict.LATER:
                    values["next_try_at"] = next_try_at
            _write(work, row, values)

    def release(self, keys: Iterable[uuid.UUID], next_try_at: datetime | None = None) -> None:
        """Give up the claims on deliveries, and put them off where their destination is known to be away."""
        wanted = list(keys)
        if not wanted:
            return
        values = _FREE | ({"next_try_at": next_try_at} if next_try_at is not None else {})
        mine = (_TABLE.c.id.in_(wanted), _TABLE.c.claimed_by == self.holder)
        pending = _TABLE.c.state == DeliveryState.PENDING
        with self.store.write() as work:
            work.session.execute(update(_TABLE).where(*mine, pending).values(**values))

    def redirect(self, delivery: Delivery, client: IntakeClient) -> Delivery:
        """Let a claimed delivery go where the answers of its client go now; the message for the earlier place is dropped."""
        values = _target_columns(client)
        # The new place was never asked: what became of the call to the earlier one does not matter there.
        values |= {"body": "", "in_doubt": False}
        with self.store.write("Delivery redirected") as work:
            row = _load(work.session, delivery.id)
            if row is not None and row.claimed_by == self.holder:
                _write(work, row, values)
        return delivery.model_copy(update=values)

    # -- people --------------------------------------------------------------------------------------------------

    def retry(self, key: uuid.UUID, now: datetime) -> Delivery:
        """Let a delivery be sent at once, one that was given up too; one that was delivered stays so. Raises NotFoundError."""
        with self.store.write("Delivery retried") as work:
            row = _load(work.session, key)
            if row is None:
                raise NotFoundError(f"the delivery {key}")
            if row.state != DeliveryState.DELIVERED:
                values: RowDict = {
                    "state": DeliveryState.PENDING,
                    "next_try_at": now,
                    "tries": 0,
                    "ended_at": None,
                }
                _write(work, row, values)
                row = row.model_copy(update=values)
        return row

    def wake(self, client_id: uuid.UUID, now: datetime) -> None:
        """Let the waiting answers of a client be tried at once: what they waited for was changed."""
        mine = (_TABLE.c.client_id == client_id, _TABLE.c.state == DeliveryState.PENDING)
        with self.store.write() as work:
            work.session.execute(update(_TABLE).where(*mine).values(next_try_at=now))

    def _due(self, session: Session, now: datetime, ahead_s: float) -> "Select[tuple[uuid.UUID]]":
        settled = now - timedelta(seconds=self.limits.settle_s)
        pending = _TABLE.c.state == DeliveryState.PENDING
        holders = select(_TABLE.c.claimed_by).where(pending, _TABLE.c.claimed_by != "").distinct()
        # In the hand of a process that is gone a delivery is nobody's.
        gone = [holder for holder in session.execute(holders).scalars() if has_process_ended(holder)]
        return select(_TABLE.c.id).where(
            pending,
            _TABLE.c.next_try_at <= now + timedelta(seconds=ahead_s),
            or_(
                _TABLE.c.claimed_until.is_(None), _TABLE.c.claimed_until <= now, _TABLE.c.claimed_by.in_(gone)
            ),
            or_(_TABLE.c.in_doubt.is_(False), _TABLE.c.tried_at.is_(None), _TABLE.c.tried_at <= settled),
        )


def has_pending_delivery(session: Session) -> bool:
    """Whether an answer waits, due or not, in anybody's hand."""
    pending = select(_TABLE.c.id).where(_TABLE.c.state == DeliveryState.PENDING)
    return session.execute(pending.limit(1)).first() is not None


def goes_elsewhere(delivery: Delivery, client: IntakeClient) -> bool:
    """Whether the answers of the client go to another place since the delivery was made."""
    return any(getattr(delivery, column) != value for column, value in _target_columns(client).items())


def _target_columns(client: IntakeClient) -> RowDict:
    return {
        "kind": client.answer_kind,
        "url": client.answer_url,
        "server_id": client.answer_server_id,
    }


def list_deliveries(
    store: Store, state: DeliveryState | None = None, *, limit: int = LIST_MAX
) -> list[Delivery]:
    """Return deliveries, the newest first."""
    query = select_rows(Delivery).order_by(col(Delivery.created_at).desc(), col(Delivery.id).desc())
    if state is not None:
        query = query.where(Delivery.state == state)
    with store.read() as session:
        return list(session.exec(query.limit(limit)))


def deliveries_of(session: Session, request_id: uuid.UUID) -> Sequence[Delivery]:
    """Return the deliveries of a request."""
    return session.exec(select_rows(Delivery).where(Delivery.request_id == request_id)).all()


def _write(work: UnitOfWork, row: Delivery, values: RowDict) -> None:
    """Write columns of a delivery, and on its request whether the answer could not be delivered."""
    work.observe(Delivery, {row.id: values}, detail=str(values.get("state", row.state)))
    state = values.get("state", row.state)
    fault = values.get("fault", row.fault) if state == DeliveryState.FAILED else ""
    table = get_table(ApprovalRequest)
    shown = work.session.execute(select(table.c.answer_fault).where(table.c.id == row.request_id)).scalar()
    if shown is not None and shown != fault:
        work.observe(ApprovalRequest, {row.request_id: {"answer_fault": fault}})


def _reason(result: SendResult) -> str:
    if result.problem is None:
        return ""
    text = f"{result.problem.cause} {result.problem.evidence}".strip()
    return replace_unstorable(" ".join(text.split()))[:TEXT_MAX]


def _load(session: Session, key: uuid.UUID) -> Delivery | None:
    found = session.exec(select_rows(Delivery).where(Delivery.id == key)).first()
    if found is not None:
        session.expunge(found)
    return found


def _load_all(session: Session, keys: Sequence[uuid.UUID]) -> list[Delivery]:
    query = select_rows(Delivery).where(col(Delivery.id).in_(keys))
    rows = list(session.exec(query.order_by(col(Delivery.created_at), col(Delivery.id))))
    for row in rows:
        session.expunge(row)
    return rows
