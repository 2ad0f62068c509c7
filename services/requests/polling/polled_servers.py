"""Which servers there are to poll; imports no client, so that a store without one is read at little cost."""

import uuid

from sqlalchemy import select
from sqlmodel import Session

from models.approval_process import ApprovalProcess
from services.store import Store
from services.store.row_values import get_table


def list_servers(store: Store) -> list[uuid.UUID]:
    """Return the servers that processes go through."""
    with store.read() as session:
        return list_servers_in(session)


def list_servers_in(session: Session) -> list[uuid.UUID]:
    """Return the servers that processes go through."""
    column = get_table(ApprovalProcess).c.server_id
    return sorted(session.execute(select(column).where(column.is_not(None)).distinct()).scalars())
