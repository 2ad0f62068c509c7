"""What Home shows of each server: its open requests, the timings of its processes and its calls of the last hour."""

import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from models.kinds import OPEN_STATES

if TYPE_CHECKING:
    from services.store import Store


@dataclass(frozen=True, slots=True)
class ServerStatistics:
    """One server: its address, its open requests, and the intervals and timeouts of its processes in seconds."""

    id: uuid.UUID
    name: str
    host: str
    production: bool
    has_credential: bool
    """Whether a User Credential is chosen."""
    pending: int
    timings: tuple[tuple[int, int], ...]
    """Polling interval and timeout of each of its processes."""
    minimum_interval_s: int
    """Seconds between two polls of its open requests."""
    calls_last_hour: int = 0
    """Counted calls of all windows and workers on this store."""


def load_server_statistics(store: "Store") -> list[ServerStatistics]:
    """Return the statistics of all servers, ordered by name; blocks."""
    from sqlmodel import col, func, select

    from models.api_call import ApiCall
    from models.approval_process import ApprovalProcess as Process
    from models.approval_request import ApprovalRequest as Request
    from models.base import utcnow
    from models.foreign_system import ForeignSystem

    an_hour_ago = utcnow() - timedelta(hours=1)
    with store.read() as session:
        servers = session.exec(select(ForeignSystem)).all()
        processes = session.exec(
            select(Process.server_id, Process.check_every_s, Process.timeout_after_s)
        ).all()
        pending = dict(
            session.exec(
                select(Process.server_id, func.count())
                .join(Request, col(Request.process_id) == col(Process.id))
                .where(col(Request.state).in_(OPEN_STATES))
                .group_by(col(Process.server_id))
            ).all()
        )
        calls = dict(
            session.exec(
                select(ApiCall.server_id, func.count())
                .where(col(ApiCall.at) > an_hour_ago)
                .group_by(col(ApiCall.server_id))
            ).all()
        )
    timings: dict[uuid.UUID | None, list[tuple[int, int]]] = {}
    for owner, every, after in processes:
        timings.setdefault(owner, []).append((every, after))
    found = [
        ServerStatistics(
            id=server.id,
            name=server.name,
            host=server.base_url.split("//", 1)[-1].rstrip("/"),
            production=server.production,
            has_credential=server.credential_id is not None,
            pending=int(pending.get(server.id, 0)),
            minimum_interval_s=server.minimum_interval_s,
            calls_last_hour=int(calls.get(server.id, 0)),
            timings=tuple(timings.get(server.id, ())),
        )
        for server in servers
    ]
    return sorted(found, key=lambda one: one.name.casefold())
