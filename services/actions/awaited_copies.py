"""Which copies of actions were written and not seen on their server yet.

Every window asks that at its start, so this imports nothing that reads or writes such copies.
"""

import uuid

from sqlalchemy import func
from sqlmodel import col, select

from models.action import Action
from models.action_progress import ActionProgress
from models.privilege_manager_server import PrivilegeManagerServer
from services.store import Store


def list_awaited(store: Store) -> list[uuid.UUID]:
    """Return the actions whose copy was written and not seen on the server yet."""
    query = (
        select(ActionProgress.action_id)
        .join(Action, col(Action.id) == col(ActionProgress.action_id))
        .join(PrivilegeManagerServer, col(PrivilegeManagerServer.id) == col(Action.server_id), isouter=True)
        .where(
            col(ActionProgress.written_at).is_not(None),
            col(ActionProgress.imported_at).is_(None)
            | (col(ActionProgress.imported_to) != func.coalesce(PrivilegeManagerServer.base_url, "")),
        )
    )
    with store.read() as session:
        return list(session.exec(query))
