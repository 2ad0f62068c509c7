"""The poll state of servers in the store: the last successful poll, and the pause after a failed one."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlmodel import Session, col

from models.polled_server import PolledServer
from services.coordination.call_budget import CallBudget
from services.store.row_values import get_table

_POLLED = get_table(PolledServer)
_STATES = select(
    _POLLED.c.server_id,
    _POLLED.c.polled_at,
    _POLLED.c.clock_offset_s,
    _POLLED.c.complete,
    _POLLED.c.paused_until,
    _POLLED.c.fault,
)


@dataclass(frozen=True, slots=True)
class PollState:
    """The last poll of a server, the calls of the last hour, and its pause if there is one. Times are of the local clock.

    `fault` is the fault id of the poll that caused the pause.
    """

    seen_at: datetime | None
    complete: bool
    calls: int
    paused_until: datetime | None = None
    fault: str = ""


def load_polled_server(session: Session, server_id: uuid.UUID) -> PolledServer:
    """Return the stored poll state of a server; a server that was never polled has an empty one."""
    return session.get(PolledServer, server_id) or PolledServer(server_id=server_id)


@dataclass(frozen=True, slots=True)
class PollOutcome:
    """A poll that succeeded: when it began, whether it covered every request, and whether the account sees requests."""

    started: datetime
    complete: bool
    proven: bool
    clock_offset_s: int


def store_success(session: Session, server_id: uuid.UUID, done: PollOutcome) -> None:
    """Store that a poll has succeeded."""
    polled = load_polled_server(session, server_id)
    polled.polled_at, polled.clock_offset_s = done.started, done.clock_offset_s
    polled.complete, polled.proven = done.complete, done.proven
    _save(session, polled)


def store_pause(session: Session, server_id: uuid.UUID, until: datetime, fault: str, failures: int) -> None:
    """Store that the last poll of a server failed, for the `failures`-th time in a row."""
    polled = load_polled_server(session, server_id)
    polled.paused_until, polled.fault, polled.failures = until, fault[:128], failures
    _save(session, polled)


def clear_pause(session: Session, server_id: uuid.UUID) -> None:
    """Store that the last poll of a server did not fail."""
    polled = load_polled_server(session, server_id)
    if polled.paused_until is not None:
        polled.paused_until, polled.fault, polled.failures = None, "", 0
        _save(session, polled)


def _save(session: Session, polled: PolledServer) -> None:
    session.add(polled)
    session.flush()  # so that the next lookup in the same transaction finds a new row


def paused_servers(session: Session, now: datetime) -> list[uuid.UUID]:
    """Return the servers whose pause is not over; `now` is the common time of the store."""
    paused = select(_POLLED.c.server_id).where(_POLLED.c.paused_until > now)
    return list(session.execute(paused).scalars())


def load_poll_state(session: Session, server_id: uuid.UUID, budget: CallBudget) -> PollState:
    """Return the poll state of a server, whichever process polls it."""
    polled = load_polled_server(session, server_id)
    calls = budget.usage_in_session(session, server_id).calls
    state = PollState(local_polled_at(polled), polled.complete, calls)
    if polled.paused_until is not None and polled.paused_until > budget.time.now():
        return replace(state, paused_until=budget.time.shown(polled.paused_until), fault=polled.fault)
    return state


def load_poll_states(
    session: Session, server_ids: Sequence[uuid.UUID], budget: CallBudget
) -> tuple[tuple[uuid.UUID, PollState], ...]:
    """Return the poll states of servers by id, in their order, with two queries for any number of them."""
    calls = budget.calls_in_session(session)
    now = budget.time.now()
    known = {row.server_id: row for row in session.execute(_STATES)}
    states = []
    for server_id in server_ids:
        state, polled = PollState(None, complete=False, calls=calls.get(server_id, 0)), known.get(server_id)
        if polled is not None:
            seen_at = _to_local(polled.polled_at, polled.clock_offset_s)
            paused = polled.paused_until is not None and polled.paused_until > now
            state = PollState(
                seen_at,
                polled.complete,
                state.calls,
                budget.time.shown(polled.paused_until) if paused else None,
                polled.fault if paused else "",
            )
        states.append((server_id, state))
    return tuple(states)


def local_polled_at(polled: PolledServer) -> datetime | None:
    """Return when the last successful poll began by the clock of the computer that polled."""
    return _to_local(polled.polled_at, polled.clock_offset_s)


def _to_local(polled_at: datetime | None, clock_offset_s: int) -> datetime | None:
    return None if polled_at is None else polled_at - timedelta(seconds=clock_offset_s)


@dataclass(frozen=True, slots=True)
class Freshness:
    """How current the stored requests of some servers are.

    `at` is the oldest of their last successful polls. `complete` says that the last poll of each server succeeded and
    covered every request; `unproven` are servers whose account was shown no requested item, so that it is unknown whether
    there are any. `failing` are servers whose last poll failed, with its fault id; `never` were not polled yet.
    """

    at: datetime | None = None
    complete: bool = True
    failing: tuple[tuple[uuid.UUID, str], ...] = ()
    never: tuple[uuid.UUID, ...] = ()
    unproven: tuple[uuid.UUID, ...] = ()

    @property
    def unsure(self) -> frozenset[uuid.UUID]:
        """Servers whose current state is unknown."""
        return frozenset({*(server for server, _ in self.failing), *self.never})


def load_freshness(session: Session, server_ids: Sequence[uuid.UUID]) -> Freshness:
    """Return how current the stored requests of servers are, whichever process polls them."""
    if not server_ids:
        return Freshness()
    rows = session.execute(select(PolledServer).where(col(PolledServer.server_id).in_(server_ids))).scalars()
    known = {row.server_id: row for row in rows}
    states = [known[one] for one in server_ids if one in known]
    # A successful poll clears the pause: one that is there means that the last poll failed, even if it is over.
    failing = tuple((one.server_id, one.fault) for one in states if one.paused_until is not None)
    times = [at for one in states if (at := local_polled_at(one)) is not None]
    never = tuple(one for one in server_ids if one not in known or known[one].polled_at is None)
    complete = not never and all(one.complete for one in states)
    unproven = tuple(one.server_id for one in states if one.polled_at is not None and not one.proven)
    return Freshness(min(times) if times else None, complete and not failing, failing, never, unproven)
