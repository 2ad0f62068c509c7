"""Policies of a Privilege Manager server: copies of its items, plan, apply, read back, undo, endpoints."""

from services.policies.apply import ApplyResult, PolicyService
from services.policies.item_copies import CopiedList, ItemCopies, refresh_copies
from services.policies.plan import PlanField, PlanRow, PolicyPlan, RowOperation
from services.policies.plan_warnings import PlanWarning, WarningKind
from services.policies.undo import UndoResult, undo
from services.policies.wishes import PolicyWish, WantedAction, wish_for_policy

__all__ = [
    "ApplyResult",
    "CopiedList",
    "ItemCopies",
    "PlanField",
    "PlanRow",
    "PlanWarning",
    "PolicyPlan",
    "PolicyService",
    "PolicyWish",
    "RowOperation",
    "UndoResult",
    "WantedAction",
    "WarningKind",
    "refresh_copies",
    "undo",
    "wish_for_policy",
]
