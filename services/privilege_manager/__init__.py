"""All that speaks to a Privilege Manager server: log-on, Swagger document, items, policies, tasks, reports, answers."""

from services.privilege_manager.client import PrivilegeManagerClient
from services.privilege_manager.operations import Operation

__all__ = ["Operation", "PrivilegeManagerClient"]
