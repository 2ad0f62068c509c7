"""Where configuration, history and requests are kept: engine, unit of work, migrations, change feed.

Names are looked up when they are first used, so that `services.store.tree_outline` costs no import of the database library.
"""

from typing import TYPE_CHECKING

from services.common.lazy_exports import lazy_exports

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

__getattr__ = lazy_exports(
    __name__,
    {
        "services.store.audit_trail": ("AuditVerdict",),
        "services.store.change_feed": ("Change", "ChangeFeed"),
        "services.store.errors": ("NotFoundError", "StoreError", "StoreTooNewError"),
        "services.store.store": ("Store",),
        "services.store.unit_of_work": ("UnitOfWork",),
    },
)
