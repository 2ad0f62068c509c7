"""Copies of the actions, policies and filters of a Privilege Manager server in the store.

They answer searches at once and without the server. Nothing here is an edit, so there are no revisions and no audit
entries.
"""

import hashlib
import json
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Generic, Protocol, TypeVar

from sqlalchemy import delete
from sqlmodel import Session, col, select

from models.base import NAME_MAX, name_key, utcnow
from models.privilege_manager_server import PrivilegeManagerServer
from models.server_item import ItemKind, ServerItem
from models.store_meta import StoreMeta
from models.text_folding import fold_text
from services.common.json_types import JsonValue
from services.common.threads import run_to_completion
from services.privilege_manager import PrivilegeManagerClient
from services.privilege_manager.api_items import (
    ActionItem,
    FilterItem,
    Item,
    ItemList,
    PolicyItem,
    read_action,
    read_filter,
    read_policy,
)
from services.store import Store
from services.store.row_values import get_table, row_to_dict
from services.store.unit_of_work import UnitOfWork

_ITEMS = get_table(ServerItem)
_META_KEY = "server_items:{server}:{kind}"
_BATCH_SIZE = 500
"""Rows in one statement: databases limit how many values one may carry."""

CopiedItem_co = TypeVar("CopiedItem_co", bound=Item, covariant=True)


@dataclass(frozen=True, slots=True)
class CopiedList(Generic[CopiedItem_co]):
    """The copies of one kind, by name."""

    items: tuple[CopiedItem_co, ...] = ()
    read_at: datetime | None = None
    """When the server was last asked for the list; None: never, or at another address."""
    complete: bool = False
    """Whether that list held everything. After an incomplete one, copies of older lists are still here."""

    def age_s(self, now: datetime | None = None) -> float | None:
        """Return how many seconds ago the list was read, or None."""
        return None if self.read_at is None else max(0.0, ((now or utcnow()) - self.read_at).total_seconds())

    def find(self, name_or_id: str) -> list[CopiedItem_co]:
        """Return the items with a name (case does not matter) or a GUID."""
        return find_items(self.items, name_or_id)


def find_items(items: Iterable[CopiedItem_co], name_or_id: str) -> list[CopiedItem_co]:
    """Return the items with a GUID in any spelling, or else with a name in any case."""
    listed = list(items)
    by_id = ItemList(tuple(listed)).find(name_or_id)
    if by_id is not None:
        return [by_id]
    wanted = fold_text(name_or_id)
    return [item for item in listed if item.name is not None and fold_text(item.name) == wanted]


class CopiedServer(Protocol):
    """What is needed of a Privilege Manager server to find its copies."""

    @property
    def id(self) -> uuid.UUID:
        """Its id."""

    @property
    def base_url(self) -> str:
        """Its address."""


class ItemCopies:
    """The copies of one server. All methods block. Copies that were made at another base URL do not count."""

    def __init__(self, store: Store, server: CopiedServer) -> None:
        self._store = store
        self._server_id = server.id
        self._place = hashlib.sha256(server.base_url.encode()).hexdigest()[:16]

    def replace(self, kind: ItemKind, listed: ItemList[Item]) -> None:
        """Store a list in one transaction; only a complete one removes what it does not hold.

        Nothing is stored of a server that was deleted while it was read.
        """
        now = utcnow()
        with self._store.write() as work:
            if work.session.get(PrivilegeManagerServer, self._server_id) is None:
                return
            whole = listed.complete or self._state(work.session, kind) is None
            self._put(work, kind, listed, now, whole=whole)
            value = json.dumps({"at": now.isoformat(), "complete": listed.complete, "place": self._place})
            work.session.merge(StoreMeta(key=self._key(kind), value=value))

    def put(self, kind: ItemKind, item: Item) -> None:
        """Store one item that was read by itself; the age of the list stays."""
        with self._store.write() as work:
            if self._state(work.session, kind) is not None:
                self._put(work, kind, ItemList((item,)), utcnow(), whole=False)

    def actions(self) -> CopiedList[ActionItem]:
        """Return the copies of actions."""
        return self._load(ItemKind.ACTION, read_action)

    def policies(self) -> CopiedList[PolicyItem]:
        """Return the copies of policies."""
        return self._load(ItemKind.POLICY, read_policy)

    def filters(self) -> CopiedList[FilterItem]:
        """Return the copies of filters."""
        return self._load(ItemKind.FILTER, read_filter)

    def find_policies(self, item_id: str, name: str) -> list[PolicyItem]:
        """Return the copy of the policy with this GUID, or where that is empty those with this name, at most two."""
        same = (
            col(ServerItem.item_id) == item_id.lower()
            if item_id
            else col(ServerItem.name_key) == name_key(name)
        )
        with self._store.read() as session:
            if self._state(session, ItemKind.POLICY) is None:
                return []
            query = select(ServerItem.document).where(
                ServerItem.server_id == self._server_id,
                ServerItem.item_kind == ItemKind.POLICY.value,
                same,
            )
            documents = list(session.exec(query.limit(2)))
        items = (read_policy(json.loads(document)) for document in documents)
        return [item for item in items if item is not None]

    def has_whole_list(self, kind: ItemKind) -> bool:
        """Return whether the server was asked for a list at its present address, and all of it came."""
        with self._store.read() as session:
            state = self._state(session, kind)
        return state is not None and state[1]

    def search(self, text: str, kind: ItemKind, limit: int) -> list[tuple[str, str]]:
        """Return name and item id of the copies whose name contains `text`, by name."""
        with self._store.read() as session:
            if self._state(session, kind) is None:
                return []
            query = (
                select(ServerItem.name, ServerItem.item_id)
                .where(ServerItem.server_id == self._server_id, ServerItem.item_kind == kind.value)
                .where(col(ServerItem.name_key).contains(name_key(text), autoescape=True))
                .order_by(col(ServerItem.name_key))
                .limit(limit)
            )
            return [(name, item_id) for name, item_id in session.exec(query)]

    def _load(
        self, kind: ItemKind, read: Callable[[JsonValue], CopiedItem_co | None]
    ) -> CopiedList[CopiedItem_co]:
        with self._store.read() as session:
            state = self._state(session, kind)
            if state is None:
                return CopiedList()
            query = (
                select(ServerItem.document)
                .where(ServerItem.server_id == self._server_id, ServerItem.item_kind == kind.value)
                .order_by(col(ServerItem.name_key), col(ServerItem.item_id))
            )
            documents = list(session.exec(query))
        items = (read(json.loads(document)) for document in documents)
        return CopiedList(tuple(item for item in items if item is not None), *state)

    def _put(
        self, work: UnitOfWork, kind: ItemKind, listed: ItemList[Item], now: datetime, *, whole: bool
    ) -> None:
        """Replace the copies of the items of a list, or of all of the kind."""
        mine = (_ITEMS.c.server_id == self._server_id, _ITEMS.c.item_kind == kind.value)
        rows = {item.item_id: self._row(kind, item, now) for item in listed}
        if whole:
            work.session.execute(delete(_ITEMS).where(*mine))
        ids = list(rows)
        for start in range(0, len(ids), _BATCH_SIZE):
            part = ids[start : start + _BATCH_SIZE]
            if not whole:
                work.session.execute(delete(_ITEMS).where(*mine, _ITEMS.c.item_id.in_(part)))
            work.session.execute(_ITEMS.insert(), [row_to_dict(rows[one]) for one in part])

    def _row(self, kind: ItemKind, item: Item, now: datetime) -> ServerItem:
        name = (item.name or "")[:NAME_MAX]
        return ServerItem(
            server_id=self._server_id,
            item_kind=kind.value,
            item_id=item.item_id,
            name=name,
            name_key=name_key(name)[:NAME_MAX],
            document=json.dumps(item.document, ensure_ascii=False),
            read_at=now,
        )

    def _key(self, kind: ItemKind) -> str:
        return _META_KEY.format(server=self._server_id, kind=kind.value)

    def _state(self, session: Session, kind: ItemKind) -> tuple[datetime, bool] | None:
        """Return when the list was read and whether it was complete; None: never from this address."""
        found = session.get(StoreMeta, self._key(kind))
        if found is None:
            return None
        known = json.loads(found.value)
        if known["place"] != self._place:
            return None
        return datetime.fromisoformat(known["at"]).astimezone(UTC), bool(known["complete"])


async def refresh_copies(
    store: Store, server: PrivilegeManagerServer, client: PrivilegeManagerClient, kinds: Iterable[ItemKind]
) -> dict[ItemKind, ItemList[Item]]:
    """Read lists from the server and store them; return what was read, by kind. Raises ConsoleError."""
    copies, found = ItemCopies(store, server), dict[ItemKind, ItemList[Item]]()
    for kind in kinds:
        listed: ItemList[Item]
        if kind is ItemKind.ACTION:
            listed = await client.actions()
        elif kind is ItemKind.POLICY:
            listed = await client.policies()
        else:
            listed = await client.filters()
        found[kind] = listed
        await run_to_completion(partial(copies.replace, kind, listed))
    return found
