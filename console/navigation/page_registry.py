"""Which page shows which target. A kind of object is one line here; its module is imported when it is first shown."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from console.runtime.targets import DELETED, FAULTS, FOLDER, HOME, PROVISIONING, REQUESTS, Target
from models.kinds import Kind

if TYPE_CHECKING:
    from console.navigation.page import Page

PAGES: dict[str, tuple[str, str]] = {
    HOME: ("console.setup.home", "HomePage"),
    FOLDER: ("console.objects.folder", "FolderPage"),
    REQUESTS: ("console.inbox.requests_page", "RequestsPage"),
    PROVISIONING: ("console.provisioning.provisioning_page", "ProvisioningPage"),
    FAULTS: ("console.checks.fault_catalog_page", "FaultsPage"),
    DELETED: ("console.objects.deleted_objects", "DeletedPage"),
    Kind.USER_CREDENTIAL: ("console.objects.user_credential", "CredentialPage"),
    Kind.FOREIGN_SYSTEM: ("console.objects.foreign_system", "ForeignSystemPage"),
    Kind.APPROVAL_PROCESS: ("console.objects.approval_process", "ApprovalProcessPage"),
    Kind.APPROVAL_TYPE: ("console.objects.approval_type", "ApprovalTypePage"),
}


def page_class(kind: str) -> "type[Page]":
    """Return the class of the pages of a kind; raises KeyError for a kind without one."""
    module, name = PAGES[kind.partition(":")[0]]
    found: type[Page] = getattr(import_module(module), name)
    return found


def import_all_pages() -> None:
    """Import every page; in a thread while nothing else is asked, so that the first click is as fast as the second."""
    for module, _ in PAGES.values():
        import_module(module)


def create_page(target: Target, ctx: Any) -> "Page":
    """Make the page of a target. It fills itself when `load` is called."""
    return page_class(target.kind)(ctx, target)
