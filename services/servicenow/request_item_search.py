"""Request items: found on the instance while the user types, marked when they carry the contract's variables."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from services.servicenow.contract import ITEM_NAMES, VARIABLES
from services.servicenow.encoded_query import Operator, TableQuery, equals, where
from services.servicenow.http_client import ServiceNowClient
from services.servicenow.record_values import is_true
from services.servicenow.table_api import Row
from services.servicenow.visible_rows import RowVisibility, probe_visibility

FIELDS = ("name", "short_description", "active", "category.title")
BATCH = 25
"""Items that a search yields together, so that a list can be painted between two batches."""
SEARCH_PAGE_MAX = 200
VARIABLES_PAGE = 1000
IDS_MAX = 100
"""Ids in one query: servers limit the length of an address."""


@dataclass(frozen=True, slots=True)
class RequestItem:
    """A catalog item that can be ordered. `variables` are those of the contract that it carries."""

    sys_id: str
    name: str
    category: str
    short_description: str
    active: bool
    variables: tuple[str, ...] = ()

    @property
    def meets_contract(self) -> bool:
        """Whether the item carries every variable of the contract."""
        return set(VARIABLES) <= set(self.variables)


class Catalogue:
    """The request items of an instance."""

    def __init__(self, instance: ServiceNowClient) -> None:
        self._instance = instance
        self._variables: dict[str, tuple[str, ...]] = {}

    async def search(self, text: str = "", limit: int = 50) -> AsyncGenerator[list[RequestItem], None]:
        """Yield batches of items whose name contains `text`: first those that keep the contract, then the rest.

        A "Category | Name" text, as the set-up guide writes it, is searched for by its name. Cancelling the iteration
        cancels the call in flight.
        """
        name = text.rsplit("|", 1)[-1].strip()
        query = _orderable()
        if name:
            query = query.where("name", Operator.LIKE, name)
        # A search costs the instance about as much for one row as for a page, so that there is one page for most.
        size = max(BATCH, min(limit, SEARCH_PAGE_MAX))
        rows = self._instance.table("sc_cat_item").rows(query, fields=FIELDS, page_size=size)
        async with _started(rows) as listed:
            marked = await self.find_by_contract(name)
            if marked:
                yield marked
            seen, given = {item.sys_id for item in marked}, len(marked)
            batch: list[RequestItem] = []
            async for row in listed:
                if given + len(batch) >= limit:
                    break  # those that keep the contract may be as many
                if row["sys_id"] not in seen:
                    batch.append(self._with_variables(_to_request_item(row)))
                if len(batch) >= BATCH or given + len(batch) >= limit:
                    yield batch
                    given, batch = given + len(batch), []
                if given >= limit:
                    break  # not after the next row, which may be the first of another page
            if batch:
                yield batch

    async def find_by_contract(self, name: str = "", category: str = "") -> list[RequestItem]:
        """Return the active items that carry all variables of the contract; `name` and `category` narrow it."""
        await self._load_all_variables()
        carriers = [sys_id for sys_id, carried in self._variables.items() if set(VARIABLES) <= set(carried)]
        found: list[RequestItem] = []
        for start in range(0, len(carriers), IDS_MAX):
            query = _orderable().where("sys_id", Operator.IN, *carriers[start : start + IDS_MAX])
            rows = self._instance.table("sc_cat_item").rows(query, fields=FIELDS)
            found += [self._with_variables(_to_request_item(row)) async for row in rows]
        wanted = [
            item
            for item in found
            if (not name or name.casefold() in item.name.casefold())
            and (not category or category.casefold() == item.category.casefold())
        ]
        return sorted(wanted, key=lambda item: (item.name not in ITEM_NAMES, item.name))

    async def visibility(self) -> RowVisibility:
        """Say whether a search that found nothing proves that there is nothing; one call, or two."""
        items = await probe_visibility(self._instance, "sc_cat_item")
        return await probe_visibility(self._instance, "item_option_new") if items.is_proof else items

    async def get(self, sys_id: str) -> RequestItem | None:
        """Return the item with this sys_id, active or not, or None."""
        row = await self._instance.table("sc_cat_item").get(sys_id, FIELDS)
        if row is None:
            return None
        await self._load_variables(where("cat_item", Operator.IS, sys_id))
        return self._with_variables(_to_request_item(row))

    def _with_variables(self, item: RequestItem) -> RequestItem:
        return replace(item, variables=self._variables.get(item.sys_id, ()))

    async def _load_all_variables(self) -> None:
        """Read which items carry variables of the contract: few do, and one query finds them all."""
        self._variables = {}
        await self._load_variables(TableQuery())

    async def _load_variables(self, query: TableQuery) -> None:
        query = query.where("active", Operator.IS, "true").where("name", Operator.IN, *VARIABLES)
        table = self._instance.table("item_option_new")
        found: dict[str, set[str]] = {}
        async for row in table.rows(query, fields=("name", "cat_item"), page_size=VARIABLES_PAGE):
            if row["cat_item"]:
                found.setdefault(row["cat_item"], set()).add(row["name"])
        # In the contract's order: the instance gives them in that of their ids, which says nothing.
        for sys_id, names in found.items():
            self._variables[sys_id] = tuple(v for v in VARIABLES if v in names)


@asynccontextmanager
async def _started(rows: AsyncIterator[Row]) -> AsyncIterator[AsyncIterator[Row]]:
    """Give the rows of a list whose first call runs from now on, beside what else the block does."""
    first: asyncio.Future[Row | None] = asyncio.ensure_future(anext(rows, None))

    async def listed() -> AsyncIterator[Row]:
        row = await first
        while row is not None:
            yield row
            row = await anext(rows, None)

    try:
        yield listed()
    finally:
        first.cancel()
        await asyncio.wait({first})
        if not first.cancelled():
            first.exception()  # marks it as retrieved: another call may have failed before


def _orderable() -> TableQuery:
    return equals(active="true", sys_class_name="sc_cat_item")


def _to_request_item(row: dict[str, str]) -> RequestItem:
    active = is_true(row["active"])
    return RequestItem(row["sys_id"], row["name"], row["category.title"], row["short_description"], active)
