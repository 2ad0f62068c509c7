"""What an instance is to have: category, catalog item, variables, and three scripted services with parameters.

Source of the contract: `services.servicenow.contract`; the further variables are those seen in the field since 10.8.
"""

from dataclasses import dataclass, field

from services.provisioning.names import ItemNames
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
    Role,
)
from services.servicenow.scripts import MARKER_COLUMN, render

SINGLE_LINE, MULTI_LINE = "6", "2"
"""Types of catalogue variables."""
LONG_VARIABLES = frozenset({"PMUserReason", "PMFilePath", "PMFileCommandLine"})
"""A reason of 4,000 characters does not fit a single line's column."""

CATEGORY_KEY, ITEM_KEY = "category", "item"
SERVICES, INPUTS, OUTPUTS = "sys_web_service", "sys_web_service_input", "sys_web_service_output"
PURPOSES = {
    Role.CREATE: "This service creates a new approval request.",
    Role.STATUS: "This service returns the status of an approval request.",
    Role.CANCEL: "This service cancels an execute application request.",
}
PARAMETERS: dict[Role, tuple[tuple[str, ...], tuple[str, ...]]] = {
    Role.CREATE: (VARIABLES, (CREATE_OUTPUT,)),
    Role.STATUS: ((STATUS_INPUT,), (STATUS_OUTPUT, COMMENT_OUTPUT)),
    Role.CANCEL: ((CANCEL_ID_INPUT, CANCEL_COMMENT_INPUT), CANCEL_OUTPUTS),
}


@dataclass(frozen=True, slots=True)
class Reference:
    """A column that points at another record of the plan, whose sys_id is not known before it is made."""

    key: str


Value = str | Reference


@dataclass(frozen=True, slots=True)
class Wanted:
    """One record that is to be there.

    `fields` are written when it is made; of those, `essential` are compared with what is found: the rest is wording
    that people may change on the instance. `parent` is the key of the record it hangs on.
    """

    key: str
    table: str
    name: str
    fields: dict[str, Value] = field(default_factory=dict)
    essential: tuple[str, ...] = ()
    parent: str = ""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the records hang on that is there already: catalogue, workflow (or ""), and the parameters' parent column."""

    catalog_id: str
    workflow_id: str
    input_parent: str
    output_parent: str


def wanted_records(names: ItemNames, around: Surroundings) -> tuple[Wanted, ...]:
    """Return every record in the order in which they can be made."""
    return (
        _category(names, around),
        _item(names, around),
        *_variables(names),
        *(_service(names, role) for role in Role),
        *(one for role in Role for one in _parameters(names, role, around)),
    )


def service_key(role: Role) -> str:
    """Return the key of a service's record."""
    return f"service:{role.value}"


def _category(names: ItemNames, around: Surroundings) -> Wanted:
    fields: dict[str, Value] = {"title": names.category, "sc_catalog": around.catalog_id, "active": "true"}
    return Wanted(CATEGORY_KEY, "sc_category", names.category, fields, ("active",))


def _item(names: ItemNames, around: Surroundings) -> Wanted:
    fields: dict[str, Value] = {
        "name": names.item,
        "short_description": "Approval to run an application",
        "category": Reference(CATEGORY_KEY),
        "sc_catalogs": around.catalog_id,
        MARKER_COLUMN: names.marker,
        "active": "true",
        "no_cart_v2": "true",
        "no_quantity_v2": "true",
    }
    if around.workflow_id:
        fields["workflow"] = around.workflow_id
    return Wanted(ITEM_KEY, "sc_cat_item", names.item, fields, ("active", MARKER_COLUMN), CATEGORY_KEY)


def _variables(names: ItemNames) -> list[Wanted]:
    found = VARIABLES + (FURTHER_VARIABLES if names.further_variables else ())
    return [
        Wanted(
            f"variable:{name}",
            "item_option_new",
            name,
            {
                "name": name,
                "question_text": name,
                "type": MULTI_LINE if name in LONG_VARIABLES else SINGLE_LINE,
                "cat_item": Reference(ITEM_KEY),
                "order": str(order * 100),
                "active": "true",
            },
            ("active",),
            ITEM_KEY,
        )
        for order, name in enumerate(found, 1)
    ]


def _service(names: ItemNames, role: Role) -> Wanted:
    name = names.service(role)
    return Wanted(
        service_key(role),
        SERVICES,
        name,
        {
            "name": name,
            "short_description": PURPOSES[role],
            "script": render(role, marker=names.marker),
            "active": "true",
        },
        ("active", "script"),
    )


def _parameters(names: ItemNames, role: Role, around: Surroundings) -> list[Wanted]:
    inputs, outputs = PARAMETERS[role]
    if role is Role.CREATE and names.further_variables:
        inputs += FURTHER_VARIABLES
    parent = service_key(role)
    return [
        Wanted(
            f"{kind}:{role.value}:{name}",
            table,
            name,
            {"name": name, "order": str(order * 100), column: Reference(parent)},
            (),
            parent,
        )
        for kind, table, column, found in (
            ("input", INPUTS, around.input_parent, inputs),
            ("output", OUTPUTS, around.output_parent, outputs),
        )
        for order, name in enumerate(found, 1)
    ]
