"""What people should know before a plan is applied: nothing of it stops the plan."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from models.translation_marks import tr_later
from services.common.json_types import JsonLike
from services.language import tr_message
from services.policies.policy_goal import PolicyGoal
from services.policies.server_state import ServerState, platform_of
from services.privilege_manager.api_items import PolicyItem

LIST_INCOMPLETE = tr_later("A list of the server is incomplete, so something may be missing here.")


class WarningKind(StrEnum):
    """The kinds of warnings."""

    INACTIVE = "inactive"
    WITHOUT_TARGETS = "without_targets"
    OTHER_FIRST = "other_first"
    OTHER_PLATFORM = "other_platform"
    WITHOUT_ACTIONS = "without_actions"
    LIST_INCOMPLETE = "list_incomplete"
    FOUND_BY_NAME = "found_by_name"


@dataclass(frozen=True, slots=True)
class PlanWarning:
    """A warning; `about_id` is the policy or action that it is about."""

    kind: WarningKind
    text: str
    """A sentence, to be translated."""
    about_id: str = ""

    def as_dict(self) -> dict[str, JsonLike]:
        """Return the warning for JSON."""
        return {"kind": self.kind.value, "text": self.text, "id": self.about_id or None}


def find_warnings(
    goal: PolicyGoal,
    state: ServerState,
    policy: PolicyItem | None,
    *,
    action_ids: Collection[str],
    active: bool | None,
) -> tuple[PlanWarning, ...]:
    """Return the warnings for a policy that has these actions and this status after the plan is applied."""
    found: list[PlanWarning] = []
    if active is False:
        text = tr_message("The policy is inactive: endpoints do not use it.")
        found.append(PlanWarning(WarningKind.INACTIVE, text))
    if not action_ids and (policy is None or policy.action_ids is not None):
        found.append(PlanWarning(WarningKind.WITHOUT_ACTIONS, tr_message("The policy has no action.")))
    if policy is not None and policy.target_ids == ():
        text = tr_message("The policy has no targets: it reaches no endpoint.")
        found.append(PlanWarning(WarningKind.WITHOUT_TARGETS, text))
    if policy is not None:
        found += _find_others_first(state, policy, action_ids)
        if goal.item_id and policy.item_id != goal.item_id:
            text = tr_message("The policy with the id {id} is gone; this one has its name.", id=goal.item_id)
            found.append(PlanWarning(WarningKind.FOUND_BY_NAME, text, policy.item_id))
    found += _find_other_platforms(goal, state, policy, action_ids)
    for listed in (state.policies, state.actions):
        if listed is not None and not listed.complete:
            return (*found, PlanWarning(WarningKind.LIST_INCOMPLETE, tr_message(LIST_INCOMPLETE)))
    return tuple(found)


def _find_others_first(
    state: ServerState, policy: PolicyItem, action_ids: Collection[str]
) -> list[PlanWarning]:
    """Return a warning for each active policy with a smaller priority, one of these actions, and common targets."""
    found = []
    for other in state.policies or ():
        if other.item_id == policy.item_id or other.active is not True:
            continue
        if policy.priority is None or other.priority is None or other.priority >= policy.priority:
            continue
        if set(action_ids).isdisjoint(other.action_ids or ()):
            continue
        values = {"name": other.name or other.item_id, "priority": other.priority}
        if policy.target_ids is None or other.target_ids is None:
            text = tr_message(
                "“{name}” may come first: priority {priority}, same action. Targets cannot be read.", **values
            )
        elif set(policy.target_ids).isdisjoint(other.target_ids):
            continue
        else:
            text = tr_message("“{name}” comes first: priority {priority}, same action and targets.", **values)
        found.append(PlanWarning(WarningKind.OTHER_FIRST, text, other.item_id))
    return found


def _find_other_platforms(
    goal: PolicyGoal, state: ServerState, policy: PolicyItem | None, action_ids: Collection[str]
) -> list[PlanWarning]:
    found = []
    platform = platform_of(policy) if policy is not None else goal.create
    if policy is not None and platform is not None and goal.platform not in (None, platform):
        text = tr_message("The policy on the server is for another platform.")
        found.append(PlanWarning(WarningKind.OTHER_PLATFORM, text, policy.item_id))
    for action in state.actions or ():
        if action.item_id in action_ids and platform_of(action) not in (
            None,
            platform or platform_of(action),
        ):
            text = tr_message(
                "The action “{name}” is for another platform than the policy.", name=action.name or ""
            )
            found.append(PlanWarning(WarningKind.OTHER_PLATFORM, text, action.item_id))
    return found
