"""Create ServiceNow Approval Request Items: plan, apply, verify, undo, update set. Knows store and servicenow."""

from services.provisioning.applying import Applied, apply, plan
from services.provisioning.names import ItemNames
from services.provisioning.planning import Change, ProvisionPlan
from services.provisioning.receipts import Receipt, last_good
from services.provisioning.undoing import Undone, undo
from services.provisioning.update_set import update_set
from services.provisioning.verifying import Verification, verify

__all__ = [
    "Applied",
    "Change",
    "ItemNames",
    "ProvisionPlan",
    "Receipt",
    "Undone",
    "Verification",
    "apply",
    "last_good",
    "plan",
    "undo",
    "update_set",
    "verify",
]
