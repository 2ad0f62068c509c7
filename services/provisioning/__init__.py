"""Create ServiceNow Approval Request Items: plan, apply, verify, undo, update set. Knows store and servicenow."""

from services.provisioning.apply_changes import ApplyResult, apply, plan
from services.provisioning.item_names import ItemNames
from services.provisioning.plan_changes import ProvisionPlan, RecordChange
from services.provisioning.run_receipts import Receipt, load_baseline
from services.provisioning.undo_run import UndoResult, undo
from services.provisioning.update_set import render_update_set
from services.provisioning.verify_records import Verification, verify

__all__ = [
    "ApplyResult",
    "ItemNames",
    "ProvisionPlan",
    "Receipt",
    "RecordChange",
    "UndoResult",
    "Verification",
    "apply",
    "load_baseline",
    "plan",
    "render_update_set",
    "undo",
    "verify",
]
