"""Which workers are running on a store, on this computer or others."""

from datetime import datetime, timedelta

from sqlalchemy import delete, select
from sqlmodel import Session

from models.worker_presence import INTAKE_URL_MAX, WorkerPresence
from services.coordination.process_identity import has_process_ended
from services.store.row_values import get_table
from services.store.schema_version import SCHEMA_REVISION

PRESENCE_TTL = timedelta(seconds=60)
PRESENCE_INTERVAL_S = 20.0

_WORKERS = get_table(WorkerPresence)


def announce_worker(session: Session, holder: str, now: datetime, intake_url: str = "") -> None:
    """Store that a worker is running, for the next minute; rows that have expired are deleted."""
    session.execute(delete(_WORKERS).where((_WORKERS.c.until <= now) | (_WORKERS.c.holder == holder)))
    values = {
        "holder": holder,
        "until": now + PRESENCE_TTL,
        "intake_url": intake_url[:INTAKE_URL_MAX],
        "schema_revision": SCHEMA_REVISION,
    }
    session.execute(_WORKERS.insert().values(**values))


def remove_worker(session: Session, holder: str) -> None:
    """Store that a worker has stopped."""
    session.execute(delete(_WORKERS).where(_WORKERS.c.holder == holder))


def list_active_workers(session: Session, now: datetime) -> list[str]:
    """Return the process identities of the running workers of this release. `now` is the common time of the store.

    One that an upgrade left behind cannot read the store any more, so others have to do its work.
    """
    own = (_WORKERS.c.until > now, _WORKERS.c.schema_revision == SCHEMA_REVISION)
    holders = session.execute(select(_WORKERS.c.holder).where(*own)).scalars()
    return [holder for holder in holders if not has_process_ended(holder)]


def list_intake_urls(session: Session, now: datetime) -> list[str]:
    """Return where running workers serve the intake, in a fixed order. `now` is the common time of the store."""
    query = select(_WORKERS.c.holder, _WORKERS.c.intake_url).where(
        _WORKERS.c.until > now, _WORKERS.c.intake_url != ""
    )
    return sorted({url for holder, url in session.execute(query) if not has_process_ended(holder)})
