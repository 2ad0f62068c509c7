"""Orders and approvals: the records that an order creates, and the business rules that propagate a decision."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.common.json_types import JsonLike
from services.practice.database import Database
from services.practice.schema import TABLES, ColumnType

FINAL_APPROVALS = ("approved", "rejected", "cancelled")
CLOSED_INCOMPLETE = "4"
CLOSED_STATES = ("3", CLOSED_INCOMPLETE, "7")


class OrderError(Exception):
    """An item cannot be ordered; the text says why."""


@dataclass(frozen=True, slots=True)
class Order:
    """A placed order: sys_id and number of the request and of the requested item."""

    request_id: str
    request_number: str
    item_id: str
    item_number: str


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One line of an order: catalog item, values of its variables, quantity."""

    item: str
    variables: Mapping[str, str]
    quantity: str = "1"


def place_order(
    database: Database, item_id: str, variables: Mapping[str, str], *, user_id: str, by: str
) -> Order:
    """Order one catalog item: request, requested item, variables, and approvals where the item has a workflow.

    Raises OrderError when the item, its category or its catalogue is missing or inactive.
    """
    return place_order_lines(database, [OrderLine(item_id, variables)], user_id=user_id, by=by)[0]


def place_order_lines(
    database: Database, lines: Sequence[OrderLine], *, user_id: str, by: str
) -> list[Order]:
    """Order several catalog items in one request, in one transaction."""
    items = [_get_orderable_item(database, line.item) for line in lines]
    common: dict[str, JsonLike] = {
        "opened_by": user_id,
        "requested_for": user_id,
        "opened_at": database.now_text(),
        "active": True,
        "state": "1",
    }
    with database.transaction():
        asked = "requested" if any(item["workflow"] for item in items) else "not requested"
        request = database.insert(
            "sc_request",
            {**common, "approval": asked, "request_state": "requested", "stage": "requested"},
            by=by,
        )
        number = database.rows("sc_request", sys_id=request)[0]["number"]
        made = [
            (_create_requested_item(database, request, line, item, common, by), line, item)
            for line, item in zip(lines, items, strict=True)
        ]
        for requested_item, _, item in made:
            # Approvals are created last, because a decision reads all items of the request.
            if item["workflow"]:
                _request_approvals(database, item["workflow"], requested_item, by)
    rows = [database.rows("sc_req_item", sys_id=requested_item)[0] for requested_item, _, _ in made]
    return [Order(request, number, row["sys_id"], row["number"]) for row in rows]


def _create_requested_item(
    database: Database,
    request: str,
    line: OrderLine,
    item: dict[str, str],
    common: Mapping[str, JsonLike],
    by: str,
) -> str:
    waiting = bool(item["workflow"])
    values = {
        **common, "request": request, "cat_item": line.item, "short_description": item["short_description"],
        "approval": "requested" if waiting else "not requested",
        "stage": "waiting_for_approval" if waiting else "", "quantity": line.quantity,
    }  # fmt: skip
    requested_item = database.insert("sc_req_item", values, by=by)
    _store_variables(database, line.item, requested_item, line.variables, by)
    return requested_item


def _get_orderable_item(database: Database, item_id: str) -> dict[str, str]:
    item = database.get("sc_cat_item", item_id)
    if item is None:
        raise OrderError("The catalog item does not exist.")
    category = database.get("sc_category", item["category"]) or {}
    catalog = database.get("sc_catalog", category.get("sc_catalog", "")) or {}
    if any(row.get("active") != "true" for row in (item, category, catalog)):
        raise OrderError("The catalog item, its category or its catalog is not active.")
    return item


def list_variables(database: Database, item_id: str) -> list[dict[str, str]]:
    """Return the active variables of a catalog item, then those of its variable sets."""
    found = database.rows("item_option_new", cat_item=item_id, active="true")
    for link in database.rows("io_set_item", sc_cat_item=item_id):
        found += database.rows("item_option_new", variable_set=link["variable_set"], active="true")
    return found


def _store_variables(
    database: Database, item_id: str, requested_item: str, variables: Mapping[str, str], by: str
) -> None:
    for option in list_variables(database, item_id):
        value = variables.get(option["name"], option["default_value"])
        stored = {"item_option_new": option["sys_id"], "value": value, "order": option["order"]}
        answer = database.insert("sc_item_option", stored, by=by)
        database.insert(
            "sc_item_option_mtom", {"request_item": requested_item, "sc_item_option": answer}, by=by
        )


def _request_approvals(database: Database, workflow: str, requested_item: str, by: str) -> None:
    """Create an approval for every member of the group named like the workflow; without members, approve the item."""
    flow = database.get("wf_workflow", workflow)
    group = database.first("sys_user_group", name=flow["name"], active="true") if flow else None
    members = database.rows("sys_user_grmember", group=group["sys_id"]) if group else []
    if group is None or not members:
        _set_item_approval(database, requested_item, "approved", by)
        return
    asked = {"parent": requested_item, "assignment_group": group["sys_id"], "approval": "requested"}
    group_approval = database.insert("sysapproval_group", asked, by=by)
    for member in members:
        database.insert(
            "sysapproval_approver",
            {
                "approver": member["user"], "state": "requested", "sysapproval": requested_item,
                "document_id": requested_item, "source_table": "sc_req_item", "group": group_approval,
            },
            by=by,
        )  # fmt: skip


def update_record(
    database: Database, table: str, sys_id: str, values: Mapping[str, JsonLike], *, by: str
) -> dict[str, str] | None:
    """Update a row as the Table API does: journals become entries, then the business rules run.

    Returns the row afterwards, or None if it does not exist.
    """
    with database.transaction():
        before = database.get(table, sys_id)
        if before is None:
            return None
        write_journals(database, table, sys_id, values, by)
        database.update(table, sys_id, values, by=by)
        after = database.get(table, sys_id)
        if after is not None:
            _after_update(database, table, before, after, by)
    return database.get(table, sys_id)


def write_journals(
    database: Database, table: str, sys_id: str, values: Mapping[str, JsonLike], by: str
) -> None:
    """Add an entry to sys_journal_field for every journal column that `values` writes text to."""
    for name, value in values.items():
        column = TABLES[table].columns.get(name)
        if column is not None and column.type is ColumnType.JOURNAL and str(value or "").strip():
            entry = {"name": table, "element": name, "element_id": sys_id, "value": str(value)}
            database.insert("sys_journal_field", entry, by=by)


def variable_value(database: Database, requested_item: str, name: str) -> str:
    """Return the value of a variable of a requested item, or an empty text."""
    return variable_values(database, requested_item).get(name, "")


def variable_values(database: Database, requested_item: str) -> dict[str, str]:
    """Return the variables of a requested item by name."""
    found = database.execute(
        "SELECT v.name, o.value FROM sc_item_option_mtom m JOIN sc_item_option o ON o.sys_id = m.sc_item_option "
        "JOIN item_option_new v ON v.sys_id = o.item_option_new WHERE m.request_item = ? ORDER BY m.rowid DESC",
        [requested_item],
    )
    return {str(name): str(value) for name, value in found}


def _after_update(
    database: Database, table: str, before: dict[str, str], after: dict[str, str], by: str
) -> None:
    if table == "sysapproval_approver" and before["state"] != after["state"]:
        _apply_decision(database, after, by)
    elif table == "sc_req_item":
        if before["approval"] != after["approval"] and after["approval"] in FINAL_APPROVALS:
            _withdraw_approvals(database, after["sys_id"], by)
            _set_item_approval(database, after["sys_id"], after["approval"], by)
        elif before["state"] != after["state"] and after["state"] in CLOSED_STATES:
            _withdraw_approvals(database, after["sys_id"], by)
            database.update("sc_req_item", after["sys_id"], {"active": "false"}, by=by)


def _apply_decision(database: Database, approval: dict[str, str], by: str) -> None:
    """Apply the decision of one approver to the requested item: the first decision counts."""
    requested_item = database.get("sc_req_item", approval["sysapproval"])
    if (
        requested_item is None
        or requested_item["approval"] in FINAL_APPROVALS
        or requested_item["state"] in CLOSED_STATES
    ):
        return
    if approval["state"] in ("approved", "rejected"):
        _withdraw_approvals(database, requested_item["sys_id"], by, "not_required")
        _set_item_approval(database, requested_item["sys_id"], approval["state"], by)
    elif approval["state"] == "cancelled":
        others = database.rows("sysapproval_approver", sysapproval=requested_item["sys_id"])
        if all(one["state"] == "cancelled" for one in others):
            _set_item_approval(database, requested_item["sys_id"], "cancelled", by)


def _withdraw_approvals(database: Database, requested_item: str, by: str, state: str = "cancelled") -> None:
    """Cancel the approvals that are not decided."""
    for row in database.rows("sysapproval_approver", sysapproval=requested_item):
        if row["state"] in ("requested", "not requested"):
            database.update("sysapproval_approver", row["sys_id"], {"state": state}, by=by)


def _set_item_approval(database: Database, requested_item: str, approval: str, by: str) -> None:
    """Set the approval of the requested item, then that of the request, which is derived from its items."""
    values = {"approval": approval}
    if approval == "approved":
        values |= {"state": "2", "stage": "fulfillment"}
    else:
        values |= {"state": CLOSED_INCOMPLETE, "stage": "request_cancelled", "active": "false"}
    database.update("sc_req_item", requested_item, values, by=by)
    row = database.get("sc_req_item", requested_item)
    if row is None or not row["request"]:
        return
    approvals = {one["approval"] for one in database.rows("sc_req_item", request=row["request"])}
    if len(approvals) == 1:
        state = {"approved": "in_process", "rejected": "closed_rejected"}.get(approval, "closed_cancelled")
        request = {"approval": approval, "request_state": state}
        if approval != "approved":
            request |= {"state": CLOSED_INCOMPLETE, "active": "false"}
        database.update("sc_request", row["request"], request, by=by)
