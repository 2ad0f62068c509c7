"""Applies active faults to records that are read; the tables are not changed."""

from collections.abc import Callable

from services.practice.accounts_and_sessions import INTEGRATION_USER, user_sys_id
from services.practice.database import Row, fixed_sys_id
from services.practice.faults import FaultRegistry
from services.practice.schema import TABLES

EXECUTE_ITEM_ID = fixed_sys_id("sc_cat_item", "Execute Application Request")
QUERY_ACL_TABLES = ("sc_cat_item", "item_option_new")
"""The tables of the fault `query_acl` without its option."""
_LAST_SYS_ID = "f" * 32
"""A sys_id behind all others, for a record that is there only while a fault is on."""
DEFAULT_VARIABLE = "PMUserReason"
VARIABLE_TABLES = ("sc_item_option_mtom", "sc_item_option")
_NAME_FIELDS = {
    "sysapproval_approver": ("approver.name", "approver.user_name"),
    "sys_journal_field": ("value",),
}
"""Fields that `names_hidden` leaves empty."""
_ROLE_FAULTS = ("roles_shown", "role_admin_left", "role_missing", "role_soap_missing")
APPROVER = "app.approver"

_FIELD_CHANGES: dict[str, tuple[str, dict[str, str]]] = {
    "account_inactive": ("sys_user", {"active": "false"}),
    "account_locked": ("sys_user", {"locked_out": "true"}),
    "account_interactive": ("sys_user", {"web_service_access_only": "false"}),
    "item_inactive": ("sc_cat_item", {"active": "false"}),
    "item_not_orderable": ("sc_cat_item", {"sys_class_name": "sc_cat_item_producer"}),
    "item_without_flow": ("sc_cat_item", {"workflow": "", "flow_designer_flow": ""}),
    "category_inactive": ("sc_category", {"active": "false"}),
    "catalogue_inactive": ("sc_catalog", {"active": "false"}),
    "workflow_inactive": ("wf_workflow", {"active": "false"}),
}
"""What each fault changes in every record of a table."""


_ITEM_WITHOUT_APPROVER: Row = dict.fromkeys(TABLES["sc_req_item"].columns, "") | {
    "sys_id": _LAST_SYS_ID,
    "number": "RITM0000001",
    "cat_item": EXECUTE_ITEM_ID,
    "active": "true",
    "approval": "not requested",
    "sys_created_on": "2026-01-01 00:00:00",
}


def are_roles_visible(faults: FaultRegistry) -> bool:
    """Whether accounts without admin may read role assignments."""
    return any(faults.on(name) for name in (*_ROLE_FAULTS, "account_interactive"))


def hidden_row_ids(faults: FaultRegistry, table: str) -> tuple[str, ...] | None:
    """Return the rows of a table that rules hide before they are counted; None for all of them.

    Rules for queries, domains and user criteria change the query itself: what they hide is not in the count of a list.
    """
    if faults.on("query_acl"):
        named = faults.option("query_acl", "table", "")
        if table == named or (not named and table in QUERY_ACL_TABLES):
            return None
    if table == "sc_cat_item" and (faults.on("domain_separated") or faults.on("user_criteria")):
        return (EXECUTE_ITEM_ID,)
    return ()


def is_field_hidden(faults: FaultRegistry, table: str, path: str) -> bool:
    """Whether a field is returned empty, as by a field-level access rule."""
    if faults.on("names_hidden") and path in _NAME_FIELDS.get(table, ()):
        return True
    return faults.on("variables_hidden") and table == "sc_req_item" and path.startswith("variables.")


def apply_faults(faults: FaultRegistry, table: str, row: Row) -> Row:
    """Return a record with active faults applied."""
    changes: dict[str, str] = {}
    approver = table == "sys_user" and row["user_name"] == APPROVER
    for name, (changed, values) in _FIELD_CHANGES.items():
        # Faults of the integration account do not affect the approver.
        if changed == table and faults.on(name) and not approver:
            changes |= values
    if approver and faults.on("approvers_inactive"):
        changes["active"] = "false"
    if table == "sys_web_service" and faults.applies_to_service("service_inactive", row["name"]):
        changes["active"] = "false"
    return {**row, **changes} if changes else row


def apply_faults_to_list(
    faults: FaultRegistry, table: str, rows: list[Row], named: Callable[[str], bool]
) -> list[Row]:
    """Return a page of records with active faults applied; `named` are the values that the query names."""
    rows = [apply_faults(faults, table, row) for row in rows]
    match table:
        case "sc_cat_item" | "item_option_new" if faults.on("item_missing") and not named("ORDERBY"):
            return []
        case "item_option_new" if faults.on("variable_missing"):
            gone = faults.option("variable_missing", "variable", DEFAULT_VARIABLE)
            return [row for row in rows if row["name"] != gone]
        case "sys_user_has_role" if rows:
            return _faulty_roles(faults, rows)
        case "sc_req_item" if faults.on("nobody_asked") and named("cat_item="):
            return [*rows, _ITEM_WITHOUT_APPROVER]
        case "sys_user_grmember" if faults.on("approvers_missing") and not named("ORDERBY"):
            return []
        case "sys_web_service":
            return _faulty_services(faults, rows, named)
    return rows


def _faulty_services(faults: FaultRegistry, rows: list[Row], named: Callable[[str], bool]) -> list[Row]:
    kept = []
    for row in rows:
        if faults.applies_to_service("service_missing", row["name"]):
            continue
        if faults.applies_to_service("service_renamed", row["name"]):
            if named("name"):
                continue
            row = {**row, "name": f"{row['name']}V2"}  # noqa: PLW2901 -- the same record under its other name
        kept.append(row)
    doubled = [row for row in kept if faults.applies_to_service("service_duplicate", row["name"])]
    return kept + [{**row, "sys_id": f"{_LAST_SYS_ID}{number:02d}"[2:]} for number, row in enumerate(doubled)]


def _faulty_roles(faults: FaultRegistry, rows: list[Row]) -> list[Row]:
    gone: set[str] = set()
    if faults.on("role_missing"):
        gone.add("approval_admin")
    if faults.on("role_soap_missing"):
        gone |= {"soap", "soap_script"}
    ids = {fixed_sys_id("role", name) for name in gone}
    kept = [row for row in rows if row["role"] not in ids]
    if faults.on("role_admin_left") and rows[0]["user"] == user_sys_id(INTEGRATION_USER):
        kept.append({**rows[0], "sys_id": _LAST_SYS_ID, "role": fixed_sys_id("role", "admin")})
    return kept
