"""Initial data of the practice instance: accounts, catalog, and (stock) the approval items."""

from collections.abc import Mapping

from resources import read_text
from services.practice.accounts_and_sessions import PracticeAccount, fill_accounts, user_sys_id
from services.practice.database import Database, fixed_sys_id, quote_identifier
from services.practice.orders_and_approvals import place_order
from services.practice.schema import TABLES
from services.servicenow.contract import (
    CANCEL_COMMENT_INPUT,
    CANCEL_ID_INPUT,
    CANCEL_OUTPUTS,
    COMMENT_OUTPUT,
    CREATE_OUTPUT,
    DEFAULT_SERVICE_NAMES,
    STATUS_INPUT,
    STATUS_OUTPUT,
    VARIABLES,
    ServiceRole,
)
from services.servicenow.script_templates import MARKER_COLUMN, item_marker, render_script

CATALOG_ID = fixed_sys_id("sc_catalog", "Service Catalog")
WORKFLOW = "Application Approvers"
CATEGORIES: dict[str, tuple[str, ...]] = {
    "Hardware": ("Standard Laptop", "Developer Laptop", "Docking Station", "External Monitor", "Headset", "Webcam",
                 "Mobile Phone", "Tablet", "Desk Phone", "Replacement Battery"),
    "Software": ("Microsoft Project", "Microsoft Visio", "Adobe Acrobat Pro", "Visual Studio Professional",
                 "Database Client", "Diagram Editor", "Statistics Package", "Screen Recorder"),
    "Access": ("New User Account", "Password Reset", "VPN Access", "Shared Mailbox", "Distribution List",
               "Folder Permission", "Application Role", "Badge for Visitors"),
    "Services": ("Move a Workplace", "Conference Room Equipment", "Print Quota", "Backup Restore", "Server Reboot",
                 "Firewall Rule", "Public Certificate", "Report a Lost Device"),
    "Facilities": ("Office Chair", "Standing Desk", "Locker", "Parking Space", "Room Key", "Catering"),
}  # fmt: skip

EXECUTE_ITEM_ID = fixed_sys_id("sc_cat_item", "Execute Application Request")
STOCK_SERVICES: tuple[tuple[ServiceRole, str, tuple[str, ...], tuple[str, ...]], ...] = (
    (ServiceRole.CREATE, "This service creates a new approval request.", VARIABLES, (CREATE_OUTPUT,)),
    (
        ServiceRole.STATUS,
        "This service returns the status of an approval request.",
        (STATUS_INPUT,),
        (STATUS_OUTPUT, COMMENT_OUTPUT),
    ),
    (
        ServiceRole.CANCEL,
        "This service cancels an execute application request.",
        (CANCEL_ID_INPUT, CANCEL_COMMENT_INPUT),
        CANCEL_OUTPUTS,
    ),
)
"""What it is for, short description, inputs, outputs of the three services; their scripts are those of provisioning."""


def fill_database(
    database: Database, accounts: Mapping[str, PracticeAccount], *, stock: bool, items: int, requests: int
) -> None:
    """Write the initial data."""
    with database.transaction():
        fill_accounts(database, accounts)
        _properties(database)
        _dictionary(database)
        _catalogue(database)
        _approvers(database)
        _insert_service(
            database,
            "InstanceInfo",
            "Describes the instance.",
            read_text("practice/instance_info.js"),
            (),
            ("result",),
        )
        if stock:
            _approval_items(database)
        _bulk_items(database, items)
    for number in range(requests if stock else 0):
        place_order(
            database,
            EXECUTE_ITEM_ID,
            _sample_variables(number),
            user_id=user_sys_id("privman.integration"),
            by="privman.integration",
        )


def _properties(database: Database) -> None:
    for name, value in (
        ("instance_name", "practice"),
        ("instance_id", fixed_sys_id("instance", "practice")),
        ("glide.node_id", fixed_sys_id("node", "practice")),
        ("glide.buildtag", "glide-practice-00-00-2026__patch0"),
        ("glide.builddate", "01-01-2026_0000"),
        ("glide.buildname", "Practice"),
        ("mid.buildstamp", "practice-00-00-2026__patch0"),
        ("glide.soap.strict_security", "true"),
        ("glide.basicauth.required.soap", "true"),
        ("glide.basicauth.required.wsdl", "true"),
        ("glide.invalid_query.returns_no_rows", "false"),
    ):
        database.insert("sys_properties", {"name": name, "value": value, "type": "string"})


def _dictionary(database: Database) -> None:
    """Write a sys_dictionary row for every column, at the table that defines it."""
    for table, spec in TABLES.items():
        inherited = TABLES[spec.extends].columns if spec.extends else {}
        for column in (c for name, c in spec.columns.items() if name not in inherited):
            database.insert(
                "sys_dictionary",
                {
                    "name": table,
                    "element": column.name,
                    "column_label": column.label,
                    "internal_type": column.type.value,
                    "reference": column.reference,
                    "mandatory": column.mandatory,
                    "display": column.name == spec.display,
                    "active": True,
                },
            )


def _catalogue(database: Database) -> None:
    database.insert("sc_catalog", {"sys_id": CATALOG_ID, "title": "Service Catalog", "active": True})
    for category, names in CATEGORIES.items():
        key = fixed_sys_id("sc_category", category)
        database.insert(
            "sc_category", {"sys_id": key, "title": category, "sc_catalog": CATALOG_ID, "active": True}
        )
        for name in names:
            database.insert(
                "sc_cat_item",
                {
                    "sys_id": fixed_sys_id("sc_cat_item", name),
                    "name": name,
                    "short_description": f"Request: {name}",
                    "category": key,
                    "sc_catalogs": CATALOG_ID,
                    "active": True,
                },
            )


def _approvers(database: Database) -> None:
    database.insert(
        "wf_workflow",
        {
            "sys_id": fixed_sys_id("wf_workflow", WORKFLOW),
            "name": WORKFLOW,
            "table": "sc_req_item",
            "active": True,
        },
    )
    group = fixed_sys_id("sys_user_group", WORKFLOW)
    database.insert("sys_user_group", {"sys_id": group, "name": WORKFLOW, "active": True})
    database.insert("sys_user_grmember", {"user": user_sys_id("app.approver"), "group": group})


def _approval_items(database: Database) -> None:
    category = fixed_sys_id("sc_category", "Thycotic")
    database.insert(
        "sc_category", {"sys_id": category, "title": "Thycotic", "sc_catalog": CATALOG_ID, "active": True}
    )
    database.insert(
        "sc_cat_item",
        {
            "sys_id": EXECUTE_ITEM_ID,
            "name": "Execute Application Request",
            "short_description": "Approval to run an application",
            "category": category,
            "sc_catalogs": CATALOG_ID,
            "active": True,
            "workflow": fixed_sys_id("wf_workflow", WORKFLOW),
            MARKER_COLUMN: item_marker(""),
        },
    )
    for order, name in enumerate(VARIABLES, 1):
        database.insert(
            "item_option_new",
            {
                "name": name,
                "question_text": name,
                "type": "6",
                "cat_item": EXECUTE_ITEM_ID,
                "order": order * 100,
                "active": True,
            },
        )
    for role, text, inputs, outputs in STOCK_SERVICES:
        _insert_service(
            database,
            DEFAULT_SERVICE_NAMES[role],
            text,
            render_script(role, marker=item_marker("")),
            inputs,
            outputs,
        )


def _insert_service(
    database: Database, name: str, text: str, script: str, inputs: tuple[str, ...], outputs: tuple[str, ...]
) -> None:
    key = fixed_sys_id("sys_web_service", name)
    database.insert(
        "sys_web_service",
        {
            "sys_id": key,
            "name": name,
            "active": True,
            "function_name": "execute",
            "short_description": text,
            "script": script,
        },
    )
    for table, parameters in (("sys_web_service_input", inputs), ("sys_web_service_output", outputs)):
        for order, parameter in enumerate(parameters, 1):
            database.insert(table, {"name": parameter, "order": order * 100, "web_service": key})


def _bulk_items(database: Database, count: int) -> None:
    if not count:
        return
    at, category = database.now_text(), fixed_sys_id("sc_category", "Software")
    names = ("sys_id", "sys_class_name", "name", "short_description", "category", "active", "sys_created_on",
             "sys_updated_on", "sys_mod_count")  # fmt: skip
    columns = ", ".join(quote_identifier(name) for name in names)
    marks = ", ".join("?" for _ in names)
    database.executemany(
        f"INSERT INTO sc_cat_item ({columns}) VALUES ({marks})",  # noqa: S608 -- names of the schema
        (
            (fixed_sys_id("bulk", str(n)), "sc_cat_item", f"Catalog item {n:06d}", f"Item {n}", category, "true",
             at, at, "0")
            for n in range(count)
        ),
    )  # fmt: skip


def _sample_variables(number: int) -> dict[str, str]:
    values = dict.fromkeys(VARIABLES, "")
    return values | {
        "PMApprovalId": fixed_sys_id("approval", str(number)),
        "PMInitiatorName": f"user{number % 50:02d}",
        "PMAgentName": f"LT-{40000 + number}",
        "PMPolicyName": "Unsigned installers",
        "PMFilePath": rf"C:\Users\Public\Downloads\setup-{number}.exe",
        "PMUserReason": f"Needed for case {number}",
    }
