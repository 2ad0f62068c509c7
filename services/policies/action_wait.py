"""Waits until an action that was imported is on the server."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sqlalchemy import update
from sqlmodel import select

from models.action import Action
from models.action_progress import ActionProgress
from models.base import name_key, utcnow
from models.privilege_manager_server import PrivilegeManagerServer
from services.common.errors import ConsoleError
from services.common.threads import run_to_completion
from services.coordination.clock import Clock
from services.policies.item_copies import find_items
from services.privilege_manager import PrivilegeManagerClient
from services.privilege_manager.api_items import ActionItem
from services.store import Store
from services.store.row_values import get_table

FIRST_INTERVAL_S = 10.0
LATER_INTERVAL_S = 60.0
FIRST_PHASE_S = 300.0
"""How long the server is asked at the first interval."""


@dataclass(frozen=True, slots=True)
class ActionWait:
    """How a wait ended: the actions of the name, none after the time was over."""

    found: tuple[ActionItem, ...]
    asked: int
    """How often the server was asked."""


async def wait_for_action(
    client: PrivilegeManagerClient,
    name_or_id: str,
    clock: Clock,
    *,
    timeout_s: float,
    report: Callable[[str], None],
) -> ActionWait:
    """Ask for the list of actions until one has the name or GUID, or the time is over.

    What passes by itself, such as a lost connection, is reported and asked again; everything else is raised.
    """
    begun, asked = clock.monotonic(), 0
    while True:
        asked += 1
        try:
            found = find_items(await client.actions(), name_or_id)
        except ConsoleError as error:
            if not error.retryable:
                raise
            report(str(error))
            found = []
        passed = clock.monotonic() - begun
        if found or passed >= timeout_s:
            return ActionWait(tuple(found), asked)
        interval = FIRST_INTERVAL_S if passed < FIRST_PHASE_S else LATER_INTERVAL_S
        await clock.sleep(min(interval, timeout_s - passed))


async def note_action_seen(
    store: Store, server: PrivilegeManagerServer, name: str, found: Iterable[ActionItem]
) -> None:
    """Note with the stored Action of this name, if there is one, that the server was asked for its copy.

    Only the item id of the copy proves that it was imported: another action may have its name.
    """
    table, now = get_table(ActionProgress), utcnow()
    found_ids = [one.item_id for one in found]

    def write() -> None:
        with store.write() as work:
            query = select(Action.id).where(Action.server_id == server.id, Action.name_key == name_key(name))
            mine = table.c.action_id.in_(query)
            work.session.execute(update(table).where(mine).values(asked_at=now))
            first = mine & table.c.imported_at.is_(None) & table.c.item_id.in_(found_ids)
            work.session.execute(update(table).where(first).values(imported_at=now))

    await run_to_completion(write)
