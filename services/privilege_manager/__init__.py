"""All that speaks to a Privilege Manager server: log-on, Swagger document, items, policies, tasks, reports, answers."""

from typing import TYPE_CHECKING

from services.common.lazy_exports import lazy_exports

if TYPE_CHECKING:
    from services.privilege_manager.client import PrivilegeManagerClient
    from services.privilege_manager.operations import Operation

__all__ = ["Operation", "PrivilegeManagerClient"]

__getattr__ = lazy_exports(
    __name__,
    {
        "services.privilege_manager.client": ("PrivilegeManagerClient",),
        "services.privilege_manager.operations": ("Operation",),
    },
)
