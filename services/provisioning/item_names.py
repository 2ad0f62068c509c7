"""What the items of one set are called: several sets may stand on one instance, side by side."""

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TypedDict, cast

from models.approval_process import CANCEL_SERVICE, CREATE_SERVICE, ITEM_NAME, STATUS_SERVICE
from services.common.errors import InputError, Owner, Problem
from services.common.fault_ids import FaultId
from services.servicenow.contract import ServiceRole
from services.servicenow.script_templates import item_marker

DEFAULT_CATEGORY = "Thycotic"
"""The vendor's category up to 11.1; later versions say Delinea."""
DEFAULT_CATALOG = "Service Catalog"
TITLE_MAX = 100
_SERVICE = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,79}", re.ASCII)
_PREFIX = re.compile(r"[A-Za-z0-9_]{0,20}", re.ASCII)


class ItemNameError(InputError):
    """An instance cannot carry a name. `field` is the attribute of `ItemNames` that is wrong."""

    def __init__(self, field: str, problem: Problem) -> None:
        self.field = field
        super().__init__(problem)


class _StoredNames(TypedDict, total=False):
    """The fields of `ItemNames` in JSON."""

    category: str
    item: str
    create_service: str
    status_service: str
    cancel_service: str
    prefix: str
    catalog: str
    workflow: str
    further_variables: bool


@dataclass(frozen=True, slots=True)
class ItemNames:
    """The names of one set, and what it is to have.

    `prefix` stands in front of the services' names and the item's, and tells the sets of one instance apart. `workflow`
    is the name of the workflow that asks the approvers; without one, the only active workflow for requested items is
    taken. `further_variables` adds those that newer versions of Privilege Manager send.
    """

    category: str = DEFAULT_CATEGORY
    item: str = ITEM_NAME
    create_service: str = CREATE_SERVICE
    status_service: str = STATUS_SERVICE
    cancel_service: str = CANCEL_SERVICE
    prefix: str = ""
    catalog: str = DEFAULT_CATALOG
    workflow: str = ""
    further_variables: bool = False

    @classmethod
    def of(
        cls,
        *,
        prefix: str = "",
        category: str | None = None,
        item: str | None = None,
        create_service: str | None = None,
        status_service: str | None = None,
        cancel_service: str | None = None,
        catalog: str | None = None,
        workflow: str | None = None,
        further_variables: bool = False,
    ) -> "ItemNames":
        """Return the names with `prefix` before those that are not given. Raises ItemNameError."""
        if not _PREFIX.fullmatch(prefix):
            raise _name_error("prefix", "prefix", prefix, "Use at most 20 letters, digits and _ for it.")
        return cls(
            category=category or DEFAULT_CATEGORY,
            item=item or (f"{prefix} {ITEM_NAME}" if prefix else ITEM_NAME),
            create_service=create_service or prefix + CREATE_SERVICE,
            status_service=status_service or prefix + STATUS_SERVICE,
            cancel_service=cancel_service or prefix + CANCEL_SERVICE,
            prefix=prefix,
            catalog=catalog or DEFAULT_CATALOG,
            workflow=workflow or "",
            further_variables=further_variables,
        ).checked()

    @classmethod
    def from_dict(cls, values: Mapping[str, object]) -> "ItemNames":
        """Read back what `as_dict` wrote; unknown keys are ignored."""
        known = {name: value for name, value in values.items() if name in cls.__slots__}
        return cls(**cast("_StoredNames", known))

    def as_dict(self) -> dict[str, str | bool]:
        """Return the names for JSON."""
        return asdict(self)

    def service(self, role: ServiceRole) -> str:
        """Return the name of the service in a role."""
        names = {ServiceRole.CREATE: self.create_service, ServiceRole.STATUS: self.status_service}
        return names.get(role, self.cancel_service)

    @property
    def marker(self) -> str:
        """The text in the item by which the create script finds it."""
        return item_marker(self.prefix)

    @property
    def identity(self) -> str:
        """What tells this set from others on the same instance."""
        return "\n".join((self.category, self.item, *(self.service(role) for role in ServiceRole))).casefold()

    def checked(self) -> "ItemNames":
        """Return the names when an instance can carry them. Raises ItemNameError."""
        for what, value in (("category", self.category), ("item", self.item), ("catalog", self.catalog)):
            unusual = not value.strip() or len(value) > TITLE_MAX or "^" in value or not value.isprintable()
            if unusual or value.lstrip().lower().startswith("javascript:"):
                raise _name_error(what, what, value, f"Use 1 to {TITLE_MAX} printable characters without ^.")
        for role in ServiceRole:
            if not _SERVICE.fullmatch(self.service(role)):
                raise _name_error(f"{role.value}_service", f"{role.value} service", self.service(role), "A service's name is part of an address: "
                             "use letters, digits and _, and begin with a letter.")  # fmt: skip
        services = {self.service(role).casefold() for role in ServiceRole}
        if len(services) != len(ServiceRole):
            raise _name_error(
                "create_service",
                "services",
                self.create_service,
                "Give each of the three services a name of its own.",
            )
        return self


def _name_error(field: str, what: str, value: str, remedy: str) -> ItemNameError:
    return ItemNameError(
        field,
        Problem(
            tried="Name the items in ServiceNow",
            evidence=f"{what}: “{value}”",
            cause="An instance cannot carry this name, or not reliably.",
            owner=Owner.CONSOLE,
            remedy=remedy,
            fault=FaultId.PROVISION_NAME_INVALID,
        ),
    )
