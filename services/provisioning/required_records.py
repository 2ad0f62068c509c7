"""What an instance is to have: category, catalog item, variables, and three scripted services with parameters.

Source of the contract: `services.servicenow.contract`; the further variables are those seen in the field since 10.8.
"""

from dataclasses import dataclass, field

from services.provisioning.item_names import ItemNames
from services.servicenow.contract import (
    CANCEL_COMMENT_INPUT,
    CANCEL_ID_INPUT,
    CANCEL_OUTPUTS,
    COMMENT_OUTPUT,
    CREATE_OUTPUT,
    FURTHER_VARIABLES,
    STATUS_INPUT,
    STATUS_OUTPUT,
    VARIABLES,
    ServiceRole,
)
from services.servicenow.script_templates import MARKER_COLUMN, render_script

SINGLE_LINE, MULTI_LINE = "6", "2"
"""Types of catalogue variables."""
LONG_VARIABLES = frozenset({"PMUserReason", "PMFilePath", "PMFileCommandLine"})
"""A reason of 4,000 characters does not fit a single line's column."""

CATEGORY_KEY, ITEM_KEY = "category", "item"
SERVICE_TABLE, INPUT_TABLE, OUTPUT_TABLE = (
    "sys_web_service",
    "sys_web_service_input",
    "sys_web_service_output",
)
SERVICE_DESCRIPTIONS = {
    ServiceRole.CREATE: "This service creates a new approval request.",
    ServiceRole.STATUS: "This service returns the status of an approval request.",
    ServiceRole.CANCEL: "This service cancels an execute application request.",
}
SERVICE_PARAMETERS: dict[ServiceRole, tuple[tuple[str, ...], tuple[str, ...]]] = {
    ServiceRole.CREATE: (VARIABLES, (CREATE_OUTPUT,)),
    ServiceRole.STATUS: ((STATUS_INPUT,), (STATUS_OUTPUT, COMMENT_OUTPUT)),
    ServiceRole.CANCEL: ((CANCEL_ID_INPUT, CANCEL_COMMENT_INPUT), CANCEL_OUTPUTS),
}


@dataclass(frozen=True, slots=True)
class RecordReference:
    """A column that points at another record of the plan, whose sys_id is not known before it is made."""

    key: str


FieldValue = str | RecordReference


@dataclass(frozen=True, slots=True)
class DesiredRecord:
    """One record that is to be there.

    `fields` are written when it is made; of those, `essential` are compared with what is found: the rest is wording
    that people may change on the instance. `parent` is the key of the record it hangs on.
    """

    key: str
    table: str
    name: str
    fields: dict[str, FieldValue] = field(default_factory=dict)
    compared_fields: tuple[str, ...] = ()
    parent: str = ""


@dataclass(frozen=True, slots=True)
class Prerequisites:
    """What the records hang on that is there already: catalogue, workflow (or ""), and the parameters' parent column."""

    catalog_id: str
    workflow_id: str
    input_parent: str
    output_parent: str


def desired_records(names: ItemNames, around: Prerequisites) -> tuple[DesiredRecord, ...]:
    """Return every record in the order in which they can be made."""
    return (
        _category_record(names, around),
        _item_record(names, around),
        *_variable_records(names),
        *(_service_record(names, role) for role in ServiceRole),
        *(one for role in ServiceRole for one in _parameter_records(names, role, around)),
    )


def service_key(role: ServiceRole) -> str:
    """Return the key of a service's record."""
    return f"service:{role.value}"


def _category_record(names: ItemNames, around: Prerequisites) -> DesiredRecord:
    fields: dict[str, FieldValue] = {
        "title": names.category,
        "sc_catalog": around.catalog_id,
        "active": "true",
    }
    return DesiredRecord(CATEGORY_KEY, "sc_category", names.category, fields, ("active",))


def _item_record(names: ItemNames, around: Prerequisites) -> DesiredRecord:
    fields: dict[str, FieldValue] = {
        "name": names.item,
        "short_description": "Approval to run an application",
        "category": RecordReference(CATEGORY_KEY),
        "sc_catalogs": around.catalog_id,
        MARKER_COLUMN: names.marker,
        "active": "true",
        "no_cart_v2": "true",
        "no_quantity_v2": "true",
    }
    if around.workflow_id:
        fields["workflow"] = around.workflow_id
    return DesiredRecord(ITEM_KEY, "sc_cat_item", names.item, fields, ("active", MARKER_COLUMN), CATEGORY_KEY)


def _variable_records(names: ItemNames) -> list[DesiredRecord]:
    found = VARIABLES + (FURTHER_VARIABLES if names.further_variables else ())
    return [
        DesiredRecord(
            f"variable:{name}",
            "item_option_new",
            name,
            {
                "name": name,
                "question_text": name,
                "type": MULTI_LINE if name in LONG_VARIABLES else SINGLE_LINE,
                "cat_item": RecordReference(ITEM_KEY),
                "order": str(order * 100),
                "active": "true",
            },
            ("active",),
            ITEM_KEY,
        )
        for order, name in enumerate(found, 1)
    ]


def _service_record(names: ItemNames, role: ServiceRole) -> DesiredRecord:
    name = names.service(role)
    return DesiredRecord(
        service_key(role),
        SERVICE_TABLE,
        name,
        {
            "name": name,
            "short_description": SERVICE_DESCRIPTIONS[role],
            "script": render_script(role, marker=names.marker),
            "active": "true",
        },
        ("active", "script"),
    )


def _parameter_records(names: ItemNames, role: ServiceRole, around: Prerequisites) -> list[DesiredRecord]:
    inputs, outputs = SERVICE_PARAMETERS[role]
    if role is ServiceRole.CREATE and names.further_variables:
        inputs += FURTHER_VARIABLES
    parent = service_key(role)
    return [
        DesiredRecord(
            f"{kind}:{role.value}:{name}",
            table,
            name,
            {"name": name, "order": str(order * 100), column: RecordReference(parent)},
            (),
            parent,
        )
        for kind, table, column, found in (
            ("input", INPUT_TABLE, around.input_parent, inputs),
            ("output", OUTPUT_TABLE, around.output_parent, outputs),
        )
        for order, name in enumerate(found, 1)
    ]
