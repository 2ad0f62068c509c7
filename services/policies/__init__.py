"""Policies of a Privilege Manager server: copies of its items, plan, apply, read back, undo, endpoints."""

from services.policies.apply import ApplyResult, PolicyService
from services.policies.item_copies import CopiedList, ItemCopies, refresh_copies
from services.policies.plan import PlanField, PlanRow, PolicyPlan, RowOperation
from services.policies.plan_warnings import PlanWarning, WarningKind
from services.policies.policy_goal import PolicyGoal, WantedAction, goal_for_policy
from services.policies.undo import UndoResult, undo

__all__ = [
    "ApplyResult",
    "CopiedList",
    "ItemCopies",
    "PlanField",
    "PlanRow",
    "PlanWarning",
    "PolicyGoal",
    "PolicyPlan",
    "PolicyService",
    "RowOperation",
    "UndoResult",
    "WantedAction",
    "WarningKind",
    "goal_for_policy",
    "refresh_copies",
    "undo",
]
