"""Which page shows which target. A kind of object is one line here; its module is imported when it is first shown."""

import uuid
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from models.kinds import Kind

if TYPE_CHECKING:
    from console.pages.base import Page

HOME = "home"
FOLDER = "folder"
REQUESTS = "requests"
PROVISIONING = "provisioning"
FAULTS = "faults"
DELETED = "deleted"


@dataclass(frozen=True, slots=True)
class Target:
    """Where to go: the value of a `Kind` with an id, or "home", "requests", "provisioning", "faults", "deleted", "folder:NAME" without one.

    `tab` names a tab to open there, such as "Check"; `run` a command of the page to run on arrival.
    """

    kind: str
    id: uuid.UUID | None = None
    tab: str = ""
    run: str = ""

    @property
    def head(self) -> str:
        """Return the kind without what follows a colon."""
        return self.kind.partition(":")[0]

    @property
    def object_kind(self) -> Kind | None:
        """Return the kind of object, or None for a place that is no object."""
        try:
            return Kind(self.kind)
        except ValueError:
            return None

    @property
    def place(self) -> "Target":
        """Return the page alone, without what is to be done on arrival."""
        return Target(self.kind, self.id)

    def same_page(self, other: "Target | None") -> bool:
        """Whether both are shown by one page."""
        return other is not None and (self.kind, self.id) == (other.kind, other.id)


PAGES: dict[str, tuple[str, str]] = {
    HOME: ("console.pages.home", "HomePage"),
    FOLDER: ("console.pages.folder", "FolderPage"),
    REQUESTS: ("console.pages.requests.page", "RequestsPage"),
    PROVISIONING: ("console.pages.provisioning.page", "ProvisioningPage"),
    FAULTS: ("console.pages.faults", "FaultsPage"),
    DELETED: ("console.pages.deleted", "DeletedPage"),
    Kind.USER_CREDENTIAL: ("console.pages.credential", "CredentialPage"),
    Kind.FOREIGN_SYSTEM: ("console.pages.foreign_system", "ForeignSystemPage"),
    Kind.APPROVAL_PROCESS: ("console.pages.approval_process", "ApprovalProcessPage"),
    Kind.APPROVAL_TYPE: ("console.pages.approval_type", "ApprovalTypePage"),
}


def entry_of(fault_id: str, stage: str) -> Target:
    """Return the page of the fault catalog, opened at the entry for a fault that a stage ended with."""
    return Target(FAULTS, tab=f"{fault_id}@{stage}")


def page_class(kind: str) -> "type[Page]":
    """Return the class of the pages of a kind; raises KeyError for a kind without one."""
    module, name = PAGES[kind.partition(":")[0]]
    found: type[Page] = getattr(import_module(module), name)
    return found


def preload() -> None:
    """Import every page; in a thread while nothing else is asked, so that the first click is as fast as the second."""
    for module, _ in PAGES.values():
        import_module(module)


def page_for(target: Target, ctx: Any) -> "Page":
    """Make the page of a target. It fills itself when `load` is called."""
    return page_class(target.kind)(ctx, target)
