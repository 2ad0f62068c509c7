"""Which page shows a target. A page is imported when it is first shown, or by `page_imports` after the start."""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from PyQt6.QtWidgets import QWidget

from console.navigation.page import Page
from console.runtime.context import Context
from console.runtime.page_targets import (
    CHAIN,
    CONNECT,
    DELETED,
    EXPIRIES,
    FAULTS,
    FOLDER,
    HOME,
    MOVE_OFF,
    POLICIES,
    PROVISIONING,
    REQUESTS,
    Target,
)
from models.kinds import Kind

if TYPE_CHECKING:
    from console.forms.object_page import ObjectPage
    from models.base import ConfigurationObject


def _home() -> type[Page]:
    from console.setup.home import HomePage

    return HomePage


def _folder() -> type[Page]:
    from console.objects.folder import FolderPage

    return FolderPage


def _policies() -> type[Page]:
    from console.policies.policies_page import PoliciesPage

    return PoliciesPage


def _requests() -> type[Page]:
    from console.inbox.requests_page import RequestsPage

    return RequestsPage


def _provisioning() -> type[Page]:
    from console.provisioning.provisioning_page import ProvisioningPage

    return ProvisioningPage


def _faults() -> type[Page]:
    from console.checks.fault_catalog_page import FaultsPage

    return FaultsPage


def _deleted() -> type[Page]:
    from console.objects.deleted_objects import DeletedPage

    return DeletedPage


def _expiries() -> type[Page]:
    from console.expiries.expiries_page import ExpiriesPage

    return ExpiriesPage


def _connect() -> type[Page]:
    from console.connect.connect_page import ConnectPage

    return ConnectPage


def _move_off() -> type[Page]:
    from console.move_off.move_page import MovePage

    return MovePage


def _chain() -> type[Page]:
    from console.chain.chain_page import ChainPage

    return ChainPage


PAGES: dict[str, Callable[[], type[Page]]] = {
    HOME: _home,
    FOLDER: _folder,
    POLICIES: _policies,
    REQUESTS: _requests,
    PROVISIONING: _provisioning,
    FAULTS: _faults,
    DELETED: _deleted,
    EXPIRIES: _expiries,
    CONNECT: _connect,
    MOVE_OFF: _move_off,
    CHAIN: _chain,
}
"""The pages that show no object, by their target or its first part. Pages of objects are found in `console.objects`."""


_imported: set[str] = set()
"""The keys of the pages that are imported: those of `PAGES`, and kinds of objects."""


def object_page(kind: Kind) -> type["ObjectPage"]:
    """Return the page class of a kind; raises LookupError."""
    from console.objects import find_object_page

    return find_object_page(kind)


def page_class(target: Target) -> type[Page]:
    """Return the class of the page that shows a target; raises LookupError."""
    key = _key_of(target)
    found = object_page(target.object_kind) if target.object_kind is not None else PAGES[key]()
    _imported.add(key)
    return found


def register_page(key: str, page: type[Page]) -> None:
    """Add a page that shows no object to those of the window."""
    PAGES[key] = lambda: page
    _imported.add(key)


def is_imported(target: Target) -> bool:
    """Return whether the page of a target is imported, so that it can be made without holding up the window."""
    return _key_of(target) in _imported


def _key_of(target: Target) -> str:
    if target.object_kind is not None or target.kind in PAGES:
        return target.kind
    return target.head


def create_page(target: Target, ctx: Context, parent: QWidget | None = None) -> Page:
    """Return a new page for a target. It reads its content when `load` is called.

    Made inside its parent, it is not styled again with all it holds when it is added there.
    """
    return page_class(target)(ctx, target, parent)


def page_imports() -> list[Callable[[], object]]:
    """Return what imports each page; runs in a thread after the start, so that the first click is as fast as the second."""
    return [partial(page_class, Target(key)) for key in (*PAGES, *Kind)]


def import_all_pages() -> None:
    """Import every page now."""
    for import_page in page_imports():
        import_page()


async def create_object(ctx: Context, kind: Kind, parent: QWidget | None) -> "ConfigurationObject | None":
    """Show the dialog for a new object of a kind, with the form of its page; returns what was stored, or None."""
    from console.forms.new_object_dialog import show_new_object_dialog

    return await show_new_object_dialog(ctx, kind, object_page(kind).groups, parent)
