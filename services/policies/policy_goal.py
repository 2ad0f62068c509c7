"""What a policy is meant to be: from a stored Policy, or from the arguments of a command."""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass

from sqlmodel import select

from models.action import Action, Platform
from models.action_progress import ActionProgress
from models.policy import Policy
from services.common.json_types import JsonLike, UncheckedJson
from services.privilege_manager.api_items import FilterRole
from services.store import Store


@dataclass(frozen=True, slots=True)
class WantedAction:
    """An action by its GUID where that is known, else by its name: another action may have the name of a copy."""

    name: str
    item_id: str = ""

    @property
    def key(self) -> str:
        """What it is looked for by, besides its GUID."""
        return self.name or self.item_id


@dataclass(frozen=True, slots=True)
class WantedFilter:
    """A filter by its GUID, and what it is for in the policy."""

    item_id: str
    role: FilterRole


@dataclass(frozen=True, slots=True)
class PolicyGoal:
    """What a plan is made for. What it does not name stays as it is."""

    policy: str
    """Name or GUID."""
    item_id: str = ""
    """GUID, where it is known."""
    create: Platform | None = None
    """The platform it is created for when it is missing; None: it has to be there."""
    platform: Platform | None = None
    """The platform it is expected to be for."""
    description: str = ""
    add_actions: tuple[WantedAction, ...] = ()
    remove_actions: tuple[WantedAction, ...] = ()
    add_filters: tuple[WantedFilter, ...] = ()
    remove_filters: tuple[WantedFilter, ...] = ()
    active: bool | None = None
    object_id: uuid.UUID | None = None
    """The stored Policy it comes from."""

    @property
    def wants_change(self) -> bool:
        """Whether it asks for anything."""
        actions, filters = self.add_actions or self.remove_actions, self.add_filters or self.remove_filters
        return bool(actions or filters or self.create) or self.active is not None

    def as_dict(self) -> dict[str, JsonLike]:
        """Return it for the report of a run."""
        return {
            "policy": self.policy,
            "item_id": self.item_id,
            "create": self.create,
            "platform": self.platform,
            "description": self.description,
            "add_actions": [[one.name, one.item_id] for one in self.add_actions],
            "remove_actions": [[one.name, one.item_id] for one in self.remove_actions],
            "add_filters": [[one.item_id, int(one.role)] for one in self.add_filters],
            "remove_filters": [[one.item_id, int(one.role)] for one in self.remove_filters],
            "active": self.active,
            "object_id": str(self.object_id) if self.object_id else None,
        }

    @classmethod
    def from_dict(cls, values: UncheckedJson) -> "PolicyGoal":
        """Return the goal in the report of a run."""
        return cls(
            policy=values["policy"],
            item_id=values["item_id"],
            create=Platform(values["create"]) if values["create"] else None,
            platform=Platform(values["platform"]) if values["platform"] else None,
            description=values["description"],
            add_actions=tuple(WantedAction(*one) for one in values["add_actions"]),
            remove_actions=tuple(WantedAction(*one) for one in values["remove_actions"]),
            # Runs of earlier versions changed no filters.
            add_filters=_read_filters(values.get("add_filters", ())),
            remove_filters=_read_filters(values.get("remove_filters", ())),
            active=values["active"],
            object_id=uuid.UUID(values["object_id"]) if values["object_id"] else None,
        )


def _read_filters(values: Iterable[tuple[str, int]]) -> tuple[WantedFilter, ...]:
    return tuple(WantedFilter(item_id, FilterRole(role)) for item_id, role in values)


def goal_for_policy(store: Store, policy: Policy) -> PolicyGoal:
    """Return what a stored Policy asks for; blocks.

    Of the actions on the server, those that this console manages and the Policy does not list are removed; all
    others stay. An action that the Policy lists is wanted, whatever server it names itself.
    """
    with store.read() as session:
        actions = list(session.exec(select(Action)))
        copies = dict(session.exec(select(ActionProgress.action_id, ActionProgress.item_id)).all())
    wanted = {action.id: WantedAction(action.name, copies.get(action.id, "")) for action in actions}
    listed = [one for one in policy.references_to_actions if one in wanted]
    of_server = [action.id for action in actions if action.server_id == policy.server_id]
    platform = Platform(policy.platform)
    return PolicyGoal(
        policy=policy.name,
        item_id=policy.item_id,
        create=platform,
        platform=platform,
        description=policy.description,
        add_actions=tuple(wanted[one] for one in listed),
        remove_actions=tuple(wanted[one] for one in of_server if one not in listed),
        active=policy.active,
        object_id=policy.id,
    )
