"""What stands on an instance of what a set needs, read in few calls; nothing is written."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from services.common.errors import ConsoleError
from services.common.fault_ids import FaultId, FaultTrait
from services.common.tasks import gather_or_cancel
from services.provisioning.item_names import ItemNames
from services.provisioning.problems import cannot_plan_error
from services.provisioning.required_records import (
    CATEGORY_KEY,
    INPUT_TABLE,
    ITEM_KEY,
    OUTPUT_TABLE,
    SERVICE_TABLE,
    Prerequisites,
    service_key,
)
from services.servicenow.contract import ServiceRole
from services.servicenow.encoded_query import Operator, TableQuery, equals, where
from services.servicenow.faults import make_error
from services.servicenow.http_client import ServiceNowClient
from services.servicenow.script_templates import MARKER_COLUMN
from services.servicenow.table_api import Row
from services.servicenow.visible_rows import RowVisibility, hidden_rows, probe_visibility
from services.transport.http_channel import GET_ATTEMPTS

AUDIT_COLUMNS = ("sys_created_by", "sys_created_on", "sys_updated_by", "sys_updated_on", "sys_mod_count")
PAGE_SIZE = 1000
TABLE_COLUMNS: dict[str, tuple[str, ...]] = {
    "sc_category": ("title", "sc_catalog", "active", "description"),
    "sc_cat_item": ("name", "short_description", "description", "category", "sc_catalogs", MARKER_COLUMN, "active",
                    "workflow"),
    "item_option_new": ("name", "question_text", "type", "cat_item", "order", "active", "mandatory", "default_value"),
    SERVICE_TABLE: ("name", "short_description", "script", "active", "function_name", "wsdl_compliance"),
}  # fmt: skip
"""The columns that are read and remembered, by table; those of the parameters depend on the instance."""


@dataclass(frozen=True, slots=True)
class InstanceState:
    """What was found: `records` by the key of what is wanted, more than one where a name is not unique.

    `doubts` are the tables of which a wanted record was not found, and whose rows the account may not see: there the
    record may exist.
    """

    around: Prerequisites
    records: dict[str, list[Row]] = field(default_factory=dict)
    tables: dict[str, str] = field(default_factory=dict)
    doubts: dict[str, RowVisibility] = field(default_factory=dict)
    workflow: str = ""
    workflows: tuple[str, ...] = ()

    def one(self, key: str) -> Row | None:
        """Return the record of a key when there is exactly one."""
        found = self.records.get(key, [])
        return found[0] if len(found) == 1 else None


async def read_instance_state(instance: ServiceNowClient, names: ItemNames) -> InstanceState:
    """Read what is there. Raises ConsoleError; `provision-cannot-plan` when it cannot be told what hangs on what."""
    return await _StateReader(instance, names).read()


class _StateReader:
    """One reading."""

    def __init__(self, instance: ServiceNowClient, names: ItemNames) -> None:
        self._instance = instance
        self._names = names
        self._records: dict[str, list[Row]] = {}
        self._tables: dict[str, str] = {}
        self._hidden: dict[str, RowVisibility] = {}
        """Tables of which a list counts more rows than it shows."""
        self._asked_for_parts: set[str] = set()
        """Tables of variables and parameters that were read, because what they hang on is there."""

    async def read(self) -> InstanceState:
        # Two at a time, which is what an instance is asked at most.
        parents, catalog = await gather_or_cancel(self._parents(), self._catalog())
        workflow, workflows = await self._find_workflow()
        around = Prerequisites(catalog, workflow, *parents)
        await gather_or_cancel(self._read_item(catalog), self._read_services(parents))
        chosen = next((name for name, sys_id in workflows.items() if sys_id == workflow), "")
        doubts = await self._find_doubts()
        return InstanceState(around, self._records, self._tables, doubts, chosen, tuple(workflows))

    async def _rows(self, table: str, query: TableQuery, columns: Sequence[str]) -> list[Row]:
        fields = (*columns, *AUDIT_COLUMNS)
        page = await self._instance.table(table).page(
            query, fields=fields, limit=PAGE_SIZE, tries=GET_ATTEMPTS
        )
        rows = page.rows
        if page.more:
            listed = self._instance.table(table).rows(query, fields=fields, page_size=PAGE_SIZE)
            rows = [row async for row in listed]
        if page.total is not None and page.total > len(rows):
            text = f"access rules hide {page.total - len(rows)} records of {table} that were asked for"
            self._hidden[table] = hidden_rows(table, text)
        return rows

    async def _find_doubts(self) -> dict[str, RowVisibility]:
        """Look whether the account sees rows of the tables of which a wanted record was not found.

        Only what was asked for: a record that hangs on one that is not there cannot be there.
        """
        shown = {self._tables[key] for key, rows in self._records.items() if rows}
        asked = {self._tables[key] for key, rows in self._records.items() if not rows}
        asked |= self._asked_for_parts
        unproven = sorted(asked - shown - self._hidden.keys())
        found = [await probe_visibility(self._instance, table) for table in unproven]
        return self._hidden | {one.table: one for one in found if not one.is_proof}

    def _keep(self, key: str, table: str, rows: list[Row]) -> None:
        self._records[key] = rows
        self._tables[key] = table

    # -- what things hang on -----------------------------------------------

    async def _parents(self) -> tuple[str, str]:
        """Return the columns by which inputs and outputs point at their service, as the dictionary has them."""
        query = where("name", Operator.IN, INPUT_TABLE, OUTPUT_TABLE, "sc_cat_item")
        table = self._instance.table("sys_dictionary")
        try:
            rows = [
                row
                async for row in table.rows(
                    query, fields=("name", "element", "reference"), page_size=PAGE_SIZE
                )
            ]
        except ConsoleError as error:
            if FaultTrait.ACCESS_DENIED not in error.problem.fault.traits:
                raise
            raise cannot_plan_error(
                f"sys_dictionary: {error.problem.evidence}",
                "The account may not read which columns these tables have.",
                "Let the account read sys_dictionary, or run the task as an administrator.",
            ) from error
        if not rows:
            seen = await probe_visibility(self._instance, "sys_dictionary")
            raise cannot_plan_error(
                f"sys_dictionary shows nothing of these tables; {seen.evidence}",
                "The account does not see which columns these tables have.",
                "Let the account read sys_dictionary, or run the task as an administrator.",
            )
        if not any(r["name"] == "sc_cat_item" and r["element"] == MARKER_COLUMN for r in rows):
            raise cannot_plan_error(
                f"sc_cat_item has no column {MARKER_COLUMN}",
                "The scripts find their item by a marker in this column.",
                "Make the items by hand on this instance, or report what the column is called.",
            )
        return _parent_column(rows, INPUT_TABLE), _parent_column(rows, OUTPUT_TABLE)

    async def _catalog(self) -> str:
        query = equals(title=self._names.catalog, active="true")
        rows = await self._rows("sc_catalog", query, ("title", "active"))
        if len(rows) != 1:
            raise cannot_plan_error(
                f"{len(rows)} active catalogs are called “{self._names.catalog}”"
                f"{'' if rows else await self._doubt('sc_catalog')}",
                "The category needs exactly one catalog to stand in.",
                "Name an active catalog of the instance.",
            )
        return rows[0]["sys_id"]

    async def _find_workflow(self) -> tuple[str, dict[str, str]]:
        """Return the workflow to attach (or ""), and those that there are: name to sys_id."""
        table = self._instance.table("wf_workflow")
        query = equals(table="sc_req_item", active="true")
        if self._names.workflow:
            query = query.where("name", Operator.IS, self._names.workflow)
        found: dict[str, str] = {}
        try:
            async for row in table.rows(query, fields=("name",), page_size=PAGE_SIZE):
                found[row["name"]] = row["sys_id"]
        except ConsoleError as error:
            if FaultTrait.ACCESS_DENIED not in error.problem.fault.traits:
                raise
        if self._names.workflow and len(found) != 1:
            raise cannot_plan_error(
                f"{len(found)} active workflows for requested items are called “{self._names.workflow}”"
                f"{'' if found else await self._doubt('wf_workflow')}",
                "The workflow that asks the approvers is named, and there is not exactly one of that name.",
                "Name an active workflow on the table sc_req_item.",
            )
        return (next(iter(found.values())) if len(found) == 1 else "", found)

    async def _doubt(self, table: str) -> str:
        """Return why an empty list of `table` proves nothing, to be put behind what was seen; empty if it does."""
        seen = self._hidden.get(table) or await probe_visibility(self._instance, table)
        return "" if seen.is_proof else f"; {seen.evidence}"

    # -- the records -------------------------------------------------------

    async def _read_item(self, catalog: str) -> None:
        query = equals(title=self._names.category, sc_catalog=catalog)
        categories = await self._rows("sc_category", query, TABLE_COLUMNS["sc_category"])
        self._keep(CATEGORY_KEY, "sc_category", categories)
        items: list[Row] = []
        if categories:
            query = equals(name=self._names.item, sys_class_name="sc_cat_item").where(
                "category", Operator.IN, *(row["sys_id"] for row in categories)
            )
            items = await self._rows("sc_cat_item", query, TABLE_COLUMNS["sc_cat_item"])
        self._keep(ITEM_KEY, "sc_cat_item", items)
        if len(items) == 1:
            query = equals(cat_item=items[0]["sys_id"])
            self._asked_for_parts.add("item_option_new")
            for row in await self._rows("item_option_new", query, TABLE_COLUMNS["item_option_new"]):
                key = f"variable:{row['name']}"
                self._keep(key, "item_option_new", [*self._records.get(key, []), row])

    async def _read_services(self, parents: tuple[str, str]) -> None:
        wanted = {self._names.service(role).casefold(): role for role in ServiceRole}
        query = where("name", Operator.IN, *(self._names.service(role) for role in ServiceRole))
        by_role: dict[ServiceRole, list[Row]] = {role: [] for role in ServiceRole}
        for row in await self._rows(SERVICE_TABLE, query, TABLE_COLUMNS[SERVICE_TABLE]):
            role = wanted.get(row["name"].strip().casefold())
            # Some databases take accents for nothing; a service is not called under such a name.
            if role is not None:
                by_role[role].append(row)
        roles: dict[str, ServiceRole] = {}
        for role, rows in by_role.items():
            self._keep(service_key(role), SERVICE_TABLE, rows)
            if len(rows) == 1:
                roles[rows[0]["sys_id"]] = role
        if roles:
            await gather_or_cancel(
                self._read_parameters("input", INPUT_TABLE, parents[0], roles),
                self._read_parameters("output", OUTPUT_TABLE, parents[1], roles),
            )

    async def _read_parameters(
        self, kind: str, table: str, parent: str, roles: dict[str, ServiceRole]
    ) -> None:
        query = where(parent, Operator.IN, *roles)
        self._asked_for_parts.add(table)
        for row in await self._rows(table, query, ("name", "order", parent)):
            if row[parent] not in roles:
                raise make_error(
                    FaultId.QUERY_IGNORED, f"Read records of {table}", f"{parent} is {row[parent]}"
                )
            key = f"{kind}:{roles[row[parent]].value}:{row['name']}"
            self._keep(key, table, [*self._records.get(key, []), row])


def _parent_column(rows: list[Row], table: str) -> str:
    """Return the one column of a parameter table that refers to services; raises `provision-cannot-plan`."""
    found = [r["element"] for r in rows if r["name"] == table and r["reference"] == SERVICE_TABLE]
    if len(found) != 1:
        raise cannot_plan_error(
            f"{table} has {len(found)} columns that refer to {SERVICE_TABLE}",
            "It cannot be told which column of a parameter points at its service.",
            "Make the services by hand on this instance, or report which column it is.",
        )
    return found[0]
