"""Request items: found on the instance while the user types, marked when they carry the contract's variables."""

from collections.abc import AsyncGenerator, Iterable
from dataclasses import dataclass, replace

from services.servicenow.contract import ITEM_NAMES, VARIABLES
from services.servicenow.encoded_query import Operator, TableQuery, equals, where
from services.servicenow.http_client import ServiceNowClient
from services.servicenow.record_values import is_true
from services.servicenow.visible_rows import RowVisibility, probe_visibility

FIELDS = ("name", "short_description", "active", "category.title")
BATCH = 25
VARIABLES_PAGE = 1000


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
        marked = await self.find_by_contract(name)
        if marked:
            yield marked
        seen, given = {item.sys_id for item in marked}, len(marked)
        batch: list[RequestItem] = []
        query = _orderable()
        if name:
            query = query.where("name", Operator.LIKE, name)
        async for row in self._instance.table("sc_cat_item").rows(query, fields=FIELDS, page_size=BATCH):
            if given + len(batch) >= limit:
                break
            if row["sys_id"] not in seen:
                batch.append(_to_request_item(row))
            if len(batch) >= BATCH:
                yield await self._load_variables(batch)
                given, batch = given + len(batch), []
        if batch:
            yield await self._load_variables(batch)

    async def find_by_contract(self, name: str = "", category: str = "") -> list[RequestItem]:
        """Return the active items that carry all variables of the contract; `name` and `category` narrow it."""
        holders = equals(name=VARIABLES[0], active="true")
        carriers = [
            row["cat_item"]
            async for row in self._instance.table("item_option_new").rows(holders, fields=("cat_item",))
            if row["cat_item"]
        ]
        if not carriers:
            return []
        query = _orderable().where("sys_id", Operator.IN, *dict.fromkeys(carriers))
        rows = self._instance.table("sc_cat_item").rows(query, fields=FIELDS)
        found = [_to_request_item(row) async for row in rows]
        wanted = [
            item
            for item in await self._load_variables(found)
            if item.meets_contract
            and (not name or name.casefold() in item.name.casefold())
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
        return (await self._load_variables([_to_request_item(row)]))[0] if row else None

    async def _load_variables(self, items: Iterable[RequestItem]) -> list[RequestItem]:
        items = list(items)
        unknown = [i.sys_id for i in items if i.sys_id not in self._variables]
        if unknown:
            found: dict[str, list[str]] = {sys_id: [] for sys_id in unknown}
            query = (
                where("cat_item", Operator.IN, *unknown)
                .where("active", Operator.IS, "true")
                .where("name", Operator.IN, *VARIABLES)
            )
            table = self._instance.table("item_option_new")
            async for row in table.rows(query, fields=("name", "cat_item"), page_size=VARIABLES_PAGE):
                found.setdefault(row["cat_item"], []).append(row["name"])
            # In the contract's order: the instance gives them in that of their ids, which says nothing.
            self._variables.update(
                {sys_id: tuple(v for v in VARIABLES if v in names) for sys_id, names in found.items()}
            )
        return [replace(i, variables=self._variables[i.sys_id]) for i in items]


def _orderable() -> TableQuery:
    return equals(active="true", sys_class_name="sc_cat_item")


def _to_request_item(row: dict[str, str]) -> RequestItem:
    active = is_true(row["active"])
    return RequestItem(row["sys_id"], row["name"], row["category.title"], row["short_description"], active)
