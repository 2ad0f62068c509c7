"""The tables of the practice instance: names, columns, types, references, display fields and choices.

Tables of one hierarchy (task, sc_cat_item) share one stored table with `sys_class_name`, as on an instance.
"""

from dataclasses import dataclass, field
from enum import StrEnum


class ColumnType(StrEnum):
    """Column types; the values are those of `sys_dictionary.internal_type`."""

    STRING = "string"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    REFERENCE = "reference"
    DATE_TIME = "glide_date_time"
    LIST = "glide_list"
    JOURNAL = "journal_input"
    SCRIPT = "script_plain"


@dataclass(frozen=True, slots=True)
class Column:
    """One column; `reference` is the referenced table; writes that leave a mandatory one empty are rejected."""

    name: str
    type: ColumnType = ColumnType.STRING
    reference: str = ""
    mandatory: bool = False

    @property
    def label(self) -> str:
        """The label of the column in forms."""
        return self.name.replace("_", " ").capitalize()


@dataclass(frozen=True, slots=True)
class Table:
    """One table: own and inherited columns, display field, and the table it extends."""

    name: str
    label: str
    display: str
    columns: dict[str, Column]
    extends: str = ""
    hierarchy: bool = field(default=False)

    @property
    def stored_in(self) -> str:
        """The name of the SQLite table that contains the rows."""
        return self.extends or self.name

    @property
    def is_class(self) -> bool:
        """Whether its rows are distinguished by `sys_class_name`."""
        return bool(self.extends)


_SYSTEM = "sys_id sys_created_on:dt sys_created_by sys_updated_on:dt sys_updated_by sys_mod_count:int"
_TYPES = {
    "int": ColumnType.INTEGER,
    "bool": ColumnType.BOOLEAN,
    "dt": ColumnType.DATE_TIME,
    "list": ColumnType.LIST,
    "journal": ColumnType.JOURNAL,
    "script": ColumnType.SCRIPT,
}


def _parse_columns(text: str) -> dict[str, Column]:
    """Parse columns written as `name`, `name:type` or `name>referenced_table`; a trailing `!` means mandatory."""
    columns = {}
    for word in text.split():
        name, _, reference = word.rstrip("!").partition(">")
        name, _, kind = name.partition(":")
        kind_of = ColumnType.REFERENCE if reference else _TYPES.get(kind, ColumnType.STRING)
        columns[name] = Column(name, kind_of, reference, word.endswith("!"))
    return columns


_TASK = (
    "number short_description description state:int approval active:bool opened_by>sys_user opened_at:dt "
    "assignment_group>sys_user_group comments:journal work_notes:journal sys_class_name"
)
_ITEM = (
    "name! short_description description category>sc_category sc_catalogs:list active:bool order:int price "
    "no_cart_v2:bool no_quantity_v2:bool no_delivery_time_v2:bool no_wishlist_v2:bool no_attachment_v2:bool "
    "mandatory_attachment:bool workflow>wf_workflow flow_designer_flow meta sys_class_name"
)
_PARAMETER = "name! order:int mandatory:bool web_service>sys_web_service"

_SPECS: tuple[tuple[str, str, str, str, str], ...] = (
    # name, label, display field, columns, table it extends
    ("sys_properties", "System Property", "name", "name value description type read_roles", ""),
    ("sys_db_object", "Table", "label", "name label super_class>sys_db_object", ""),
    (
        "sys_dictionary",
        "Dictionary Entry",
        "element",
        "name element column_label internal_type reference max_length:int mandatory:bool active:bool display:bool",
        "",
    ),
    ("sys_choice", "Choice", "label", "name element value label sequence:int inactive:bool language", ""),
    (
        "sys_user",
        "User",
        "name",
        (
            "user_name name first_name last_name email title active:bool locked_out:bool time_zone "
            "web_service_access_only:bool internal_integration_user:bool password_needs_reset:bool"
        ),
        "",
    ),
    ("sys_user_role", "Role", "name", "name description", ""),
    ("sys_plugins", "Plugin", "name", "name source active:bool", ""),
    (
        "sys_user_basic_auth_exception",
        "Basic Auth Exception",
        "user",
        "user>sys_user decision action_taken:bool last_seen:dt usage_count:int source",
        "",
    ),
    ("oauth_entity", "Application Registry", "name", "name client_id type user>sys_user active:bool", ""),
    (
        "sys_user_role_contains",
        "Contained Role",
        "sys_id",
        "role>sys_user_role contains>sys_user_role",
        "",
    ),
    (
        "sys_user_certificate",
        "User to Certificate Mapping",
        "name",
        "name user>sys_user pem_certificate active:bool",
        "",
    ),
    (
        "sys_user_has_role",
        "User Role",
        "sys_id",
        "user>sys_user role>sys_user_role inherited:bool state granted_by>sys_user_group",
        "",
    ),
    ("sys_user_group", "Group", "name", "name description manager>sys_user active:bool email", ""),
    ("sys_user_grmember", "Group Member", "sys_id", "user>sys_user group>sys_user_group", ""),
    (
        "sys_user_delegate",
        "Delegate",
        "sys_id",
        "user>sys_user delegate>sys_user starts:dt ends:dt approvals:bool assignments:bool",
        "",
    ),
    (
        "sys_web_service",
        "Scripted SOAP Service",
        "name",
        "name! active:bool function_name scoped_name short_description script:script wsdl:script wsdl_compliance:bool",
        "",
    ),
    ("sys_web_service_input", "Web Service Input Parameter", "name", _PARAMETER, ""),
    ("sys_web_service_output", "Web Service Output Parameter", "name", _PARAMETER, ""),
    ("sc_catalog", "Catalog", "title", "title description active:bool", ""),
    (
        "sc_category",
        "Category",
        "title",
        "title! description sc_catalog>sc_catalog parent>sc_category active:bool order:int",
        "",
    ),
    ("sc_cat_item", "Catalog Item", "name", _ITEM, ""),
    ("sc_cat_item_producer", "Record Producer", "name", "table_name", "sc_cat_item"),
    (
        "item_option_new",
        "Variable",
        "name",
        (
            "name! question_text type cat_item>sc_cat_item order:int mandatory:bool default_value active:bool "
            "read_only:bool hidden:bool tooltip variable_set>item_option_new_set"
        ),
        "",
    ),
    (
        "item_option_new_set",
        "Variable Set",
        "title",
        "title internal_name description active:bool order:int",
        "",
    ),
    (
        "io_set_item",
        "Catalog Variable Set",
        "sys_id",
        "sc_cat_item>sc_cat_item variable_set>item_option_new_set order:int",
        "",
    ),
    ("wf_workflow", "Workflow", "name", "name description table active:bool", ""),
    ("task", "Task", "number", _TASK, ""),
    ("sc_request", "Request", "number", "request_state requested_for>sys_user price stage", "task"),
    (
        "sc_req_item",
        "Requested Item",
        "number",
        "request>sc_request cat_item>sc_cat_item requested_for>sys_user stage quantity:int price",
        "task",
    ),
    ("sysapproval_group", "Group approval", "number", "parent>task", "task"),
    ("sc_task", "Catalog Task", "number", "request_item>sc_req_item request>sc_request", "task"),
    (
        "sc_item_option",
        "Options",
        "value",
        "item_option_new>item_option_new cart_item>sc_cart_item value order:int",
        "",
    ),
    ("sc_cart", "Shopping Cart", "name", "name user>sys_user", ""),
    ("sc_cart_item", "Cart Item", "sys_id", "cart>sc_cart cat_item>sc_cat_item quantity:int", ""),
    ("syslog", "Log Entry", "message", "level:int message source", ""),
    (
        "sc_item_option_mtom",
        "Item Options",
        "sys_id",
        "request_item>sc_req_item sc_item_option>sc_item_option",
        "",
    ),
    (
        "sysapproval_approver",
        "Approval",
        "state",
        (
            "approver>sys_user state sysapproval>task source_table document_id comments:journal "
            "approval_journal_column group>sysapproval_group expected_start:dt due_date:dt"
        ),
        "",
    ),
    (
        "sys_audit_delete",
        "Deleted Record",
        "display_value",
        "tablename documentkey display_value",
        "",
    ),
    ("sys_journal_field", "Journal Entry", "sys_id", "name element element_id value", ""),
)


def _build_tables() -> dict[str, Table]:
    tables: dict[str, Table] = {}
    for name, label, display, own, extends in _SPECS:
        columns = _parse_columns(_SYSTEM)
        if extends:
            columns |= tables[extends].columns
        columns |= _parse_columns(own)
        tables[name] = Table(name, label, display, columns, extends, "sys_class_name" in columns)
    return tables


TABLES: dict[str, Table] = _build_tables()

INDEXES: tuple[tuple[str, str], ...] = (
    ("task", "sys_class_name"),
    ("task", "request"),
    ("task", "number"),
    ("sc_cat_item", "name"),
    ("sc_cat_item", "category"),
    ("item_option_new", "cat_item"),
    ("item_option_new", "variable_set"),
    ("io_set_item", "sc_cat_item"),
    ("sys_audit_delete", "documentkey"),
    ("sc_item_option", "cart_item"),
    ("sc_item_option_mtom", "request_item"),
    ("sysapproval_approver", "sysapproval"),
    ("sysapproval_approver", "approver"),
    ("sys_journal_field", "element_id"),
    ("sys_user", "user_name"),
    ("sys_user_has_role", "user"),
    ("sys_web_service", "name"),
    ("sys_web_service_input", "web_service"),
    ("sys_web_service_output", "web_service"),
)
"""Stored table and column of each index."""

_APPROVAL = {
    "not requested": "Not Yet Requested",
    "requested": "Requested",
    "approved": "Approved",
    "rejected": "Rejected",
    "cancelled": "Cancelled",
    "not_required": "No Longer Required",
    "duplicate": "Duplicate",
    "skipped": "Skipped",
}
CHOICES: dict[tuple[str, str], dict[str, str]] = {
    ("task", "approval"): _APPROVAL,
    ("sysapproval_approver", "state"): _APPROVAL,
    ("task", "state"): {
        "-5": "Pending",
        "1": "Open",
        "2": "Work in Progress",
        "3": "Closed Complete",
        "4": "Closed Incomplete",
        "7": "Closed Skipped",
    },
}
"""Display words of choice fields by stored table and column."""


def stored_columns(stored: str) -> dict[str, Column]:
    """Return all columns of a stored table, including those of extending tables."""
    columns: dict[str, Column] = {}
    for table in TABLES.values():
        if table.stored_in == stored:
            columns |= table.columns
    return columns
