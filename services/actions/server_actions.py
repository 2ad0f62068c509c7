"""The actions of a Privilege Manager server: the local copy of their list, and whether a copy has arrived there."""

import asyncio
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlmodel import col, select

from models.action import Action
from models.action_progress import ActionProgress
from models.base import name_key, utcnow
from models.privilege_manager_server import PrivilegeManagerServer
from models.server_item import ItemKind
from services.actions.progress import digest_of, record_asked
from services.common.threads import run_to_completion
from services.policies.item_copies import ItemCopies
from services.privilege_manager.api_items import ActionItem, ItemList
from services.store import Store

APPROVAL_SWITCH = "/approvaltypeid:"
"""In the command line of every approval action, in any case."""


class ActionSource(Protocol):
    """A server that lists its actions."""

    async def actions(self) -> ItemList[ActionItem]:
        """Return all actions."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """Whether a server has a copy. `namesake_id` is the id of another action with the name of the copy, or empty."""

    has_copy: bool
    namesake_id: str = ""


@dataclass(frozen=True, slots=True)
class ListedActions:
    """The local copy of a server's actions by name; `read_at` is None where none was read yet."""

    actions: tuple[ActionItem, ...] = ()
    read_at: datetime | None = None

    @property
    def approval_actions(self) -> tuple[ActionItem, ...]:
        """The actions that raise approval requests; all of them where no command line is told."""
        if all(one.command_line is None for one in self.actions):
            return self.actions
        return tuple(one for one in self.actions if APPROVAL_SWITCH in (one.command_line or "").lower())


def find_copy(actions: Sequence[ActionItem], item_id: str, name: str) -> Sighting:
    """Return whether a copy is among the actions of a server. Only the item id proves it; a name may be taken by another."""
    if item_id and any(one.item_id == item_id.lower() for one in actions):
        return Sighting(has_copy=True)
    wanted = name_key(name)
    namesake = next((one for one in actions if one.name is not None and name_key(one.name) == wanted), None)
    return Sighting(has_copy=False, namesake_id=namesake.item_id if namesake is not None else "")


async def read_server_actions(store: Store, source: ActionSource, server_id: uuid.UUID) -> ListedActions:
    """Ask a server for its actions and replace the local copy. Raises ConsoleError."""
    listed = await source.actions()
    await asyncio.to_thread(keep_server_actions, store, server_id, listed)
    return ListedActions(listed.items, utcnow())


async def ask_for_copy(
    store: Store, source: ActionSource, server_id: uuid.UUID, progress: ActionProgress, name: str
) -> Sighting:
    """Ask a server once whether it has a written copy, and keep the answer. Raises ConsoleError.

    A copy that is written again keeps its id: what the server tells of the earlier one does not count.
    """
    listed = await read_server_actions(store, source, server_id)
    sighting = find_copy(listed.actions, progress.item_id, name)
    if sighting.has_copy and await asyncio.to_thread(_shows_earlier_copy, store, listed.actions, progress):
        sighting = Sighting(has_copy=False)
    await asyncio.to_thread(
        record_asked, store, progress.action_id, progress.item_id, found=sighting.has_copy
    )
    return sighting


async def record_copies_seen(
    store: Store, server_id: uuid.UUID, name: str, found: Sequence[ActionItem]
) -> None:
    """Keep with the stored Actions of this name whether `found`, of their server, has their copies.

    Only the item id of a copy proves that it was imported: another action may have its name.
    """

    def record() -> None:
        wanted = (Action.server_id == server_id, Action.name_key == name_key(name))
        with store.read() as session:
            ids = select(col(Action.id)).where(*wanted)
            mine = session.exec(select(ActionProgress).where(col(ActionProgress.action_id).in_(ids))).all()
        for progress in mine:
            has_copy = any(one.item_id == progress.item_id.lower() for one in found)
            seen = has_copy and not _shows_earlier_copy(store, found, progress)
            record_asked(store, progress.action_id, progress.item_id, found=seen)

    await run_to_completion(record)


def _shows_earlier_copy(store: Store, actions: Sequence[ActionItem], progress: ActionProgress) -> bool:
    """Return whether name or approval type on the server differ from those that were written last."""
    with store.read() as session:
        action = session.get(Action, progress.action_id)
    if action is None or digest_of(action, progress.export_content) != progress.written_digest:
        return False  # what was written is not known any more
    item = next(one for one in actions if one.item_id == progress.item_id.lower())
    if item.name is not None and name_key(item.name) != name_key(action.name):
        return True
    return item.command_line is not None and action.approval_type_guid not in item.command_line.lower()


def keep_server_actions(store: Store, server_id: uuid.UUID, listed: ItemList[ActionItem]) -> None:
    """Replace the local copy of a server's actions; does nothing for a server that was deleted meanwhile."""
    copies = _copies(store, server_id)
    if copies is not None:
        copies.replace(ItemKind.ACTION, listed)


def load_server_actions(store: Store, server_id: uuid.UUID) -> ListedActions:
    """Return the local copy of a server's actions."""
    copies = _copies(store, server_id)
    if copies is None:
        return ListedActions()
    known = copies.actions()
    return ListedActions(known.items, known.read_at)


def _copies(store: Store, server_id: uuid.UUID) -> ItemCopies | None:
    with store.read() as session:
        server = session.get(PrivilegeManagerServer, server_id)
    return None if server is None else ItemCopies(store, server)
