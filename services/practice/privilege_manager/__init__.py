"""A practice Privilege Manager: the documented API on loopback, with items, approvals, webhook events and faults.

It does what public sources say. What is not public is chosen in `options` and can be varied there.
"""

from services.practice.privilege_manager.approvals import Approval, ApprovalState
from services.practice.privilege_manager.faults import FAULTS, PrivilegeManagerFaults
from services.practice.privilege_manager.item_xml import ImportRefusedError
from services.practice.privilege_manager.options import ApprovalSchema, PracticeOptions, Webhook
from services.practice.privilege_manager.server import PracticePrivilegeManager, describe, serve
from services.practice.privilege_manager.sessions import ADMINISTRATORS, HELPDESK, USERS
from services.practice.privilege_manager.state import RequestRefusedError

__all__ = [
    "ADMINISTRATORS",
    "FAULTS",
    "HELPDESK",
    "USERS",
    "Approval",
    "ApprovalSchema",
    "ApprovalState",
    "ImportRefusedError",
    "PracticeOptions",
    "PracticePrivilegeManager",
    "PrivilegeManagerFaults",
    "RequestRefusedError",
    "Webhook",
    "describe",
    "serve",
]
