"""How up to date the list is: when the servers whose requests it may show were polled last."""

from sqlalchemy import select

from models.approval_process import ApprovalProcess
from services.requests.inbox.filters import Filter
from services.requests.polling.poll_state import Freshness, load_freshness
from services.store.row_values import get_table
from services.store.store import Store


def load_list_freshness(store: Store, filter_: Filter | None = None) -> Freshness:
    """Return how up to date the requests of a filter are; without one, those of all servers that are polled. Blocks."""
    process = get_table(ApprovalProcess)
    polled = select(process.c.server_id).where(process.c.server_id.is_not(None)).distinct()
    if filter_ is not None and filter_.process_id is not None:
        polled = polled.where(process.c.id == filter_.process_id)
    if filter_ is not None and filter_.server_id is not None:
        polled = polled.where(process.c.server_id == filter_.server_id)
    with store.read() as session:
        return load_freshness(session, list(session.execute(polled).scalars()))
