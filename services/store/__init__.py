"""Where configuration, history and requests are kept: engine, unit of work, migrations, change feed.

Names are looked up when they are first used, so that `services.store.tree_outline` costs no import of the database library.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from services.store.audit_trail import AuditVerdict
    from services.store.change_feed import Change, ChangeFeed
    from services.store.errors import NotFoundError, StoreError, StoreTooNewError
    from services.store.store import Store
    from services.store.unit_of_work import UnitOfWork

__all__ = [
    "AuditVerdict",
    "Change",
    "ChangeFeed",
    "NotFoundError",
    "Store",
    "StoreError",
    "StoreTooNewError",
    "UnitOfWork",
]

_LAZY_EXPORTS = {
    "AuditVerdict": "audit_trail",
    "Change": "change_feed",
    "ChangeFeed": "change_feed",
    "NotFoundError": "errors",
    "Store": "store",
    "StoreError": "errors",
    "StoreTooNewError": "errors",
    "UnitOfWork": "unit_of_work",
}


def __getattr__(name: str) -> object:
    """Import the module that holds `name`."""
    if name in _LAZY_EXPORTS:
        import importlib

        return getattr(importlib.import_module(f"{__name__}.{_LAZY_EXPORTS[name]}"), name)
    raise AttributeError(name)
