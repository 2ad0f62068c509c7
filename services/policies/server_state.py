"""What a plan is made from: the policy as the server tells it, and what else is there."""

from dataclasses import dataclass, field, replace

from models.action import Platform
from services.common.errors import ConsoleError
from services.common.fault_ids import FaultId
from services.policies.item_copies import find_items
from services.privilege_manager import Operation, PrivilegeManagerClient
from services.privilege_manager.api_items import (
    ActionItem,
    FilterItem,
    FilterRole,
    Item,
    ItemList,
    Members,
    PolicyItem,
    read_id,
)
from services.privilege_manager.swagger import ApiDescription

PLATFORM_TAGS = {"pm.platform.windows": Platform.WINDOWS, "pm.platform.macos": Platform.MACOS}
_READ_ONLY = "NoModify"


@dataclass(frozen=True, slots=True)
class PolicySnapshot:
    """A policy as it was read. None is unknown: the server does not tell."""

    item_id: str
    name: str | None
    active: bool | None
    action_ids: tuple[str, ...] | None
    child_action_ids: tuple[str, ...] | None
    priority: int | None
    target_ids: tuple[str, ...] | None
    filter_ids: tuple[tuple[int, tuple[str, ...] | None], ...]
    """Role and filters."""

    @classmethod
    def of(cls, policy: PolicyItem) -> "PolicySnapshot":
        """Return the snapshot of a policy."""
        return cls(
            policy.item_id,
            policy.name,
            policy.active,
            policy.action_ids,
            policy.child_action_ids,
            policy.priority,
            policy.target_ids,
            tuple((int(role), policy.filter_ids.get(role)) for role in FilterRole),
        )


@dataclass(frozen=True, slots=True)
class ServerState:
    """What was read for a plan."""

    api: ApiDescription
    policies: ItemList[PolicyItem] | None
    """None: the server has no operation for it."""
    actions: ItemList[ActionItem] | None
    filters: ItemList[FilterItem] | None
    single: dict[str, PolicyItem] = field(default_factory=dict)
    """Policies that were read one by one, which may tell more than the list."""

    missing: frozenset[str] = frozenset()
    """GUIDs of policies that the server was asked for one by one, and that are not there."""

    def find_policies(self, name: str, item_id: str = "") -> list[PolicyItem]:
        """Return the policy with a GUID, or those with a name or GUID that `name` is.

        Where a GUID is given, a name counts only if no policy has the GUID for certain.
        """
        known = list({**{one.item_id: one for one in self.policies or ()}, **self.single}.values())
        by_id = find_items(known, item_id) if item_id else []
        if by_id or (item_id and not self._is_gone(item_id)):
            return by_id
        return find_items(known, name)

    def _is_gone(self, item_id: str) -> bool:
        whole = self.policies is not None and self.policies.complete
        return whole or read_id(item_id) in self.missing

    def find_actions(self, name: str, item_id: str = "") -> list[ActionItem]:
        """Return the action with a GUID; where none is given, those with a name or GUID that `name` is."""
        return find_items(self.actions or (), item_id or name)

    def action_name(self, item_id: str) -> str:
        """Return the name of an action, or its GUID."""
        return _name_of(self.actions, item_id)

    def filter_name(self, item_id: str) -> str:
        """Return the name of a filter, or its GUID."""
        return _name_of(self.filters, item_id)


async def read_server_state(client: PrivilegeManagerClient, policy: str, item_id: str = "") -> ServerState:
    """Read what a plan for a policy is made from; only reads. Raises ConsoleError.

    What the server has no operation for is left out. The policy itself is read by its id where that is possible.
    """
    api = await client.operations()
    policies = await client.policies() if Operation.LIST_POLICIES in api else None
    actions = await client.actions() if Operation.LIST_ACTIONS in api else None
    filters = await client.filters() if Operation.LIST_FILTERS in api else None
    state = ServerState(api, policies, actions, filters)
    wanted = {one.item_id for one in state.find_policies(policy, item_id)}
    if not wanted and (policies is None or not policies.complete):
        wanted = {one for one in (read_id(item_id), read_id(policy)) if one}
    if Operation.READ_POLICY in api and len(wanted) == 1:
        for one in wanted:
            found = await _read_policy(client, one)
            if found is None:
                return replace(state, missing=frozenset(wanted))
            state.single[one] = found
    return state


async def _read_policy(client: PrivilegeManagerClient, item_id: str) -> PolicyItem | None:
    try:
        return await client.policy(item_id)
    except ConsoleError as error:
        if error.problem.fault is FaultId.PRIVILEGE_MANAGER_NOT_FOUND:
            return None
        raise


def platform_of(item: Item) -> Platform | None:
    """Return the platform that the tags of an item name, or None."""
    tags = Members(item.document).texts("Tags") or ()
    found = {PLATFORM_TAGS[tag.lower()] for tag in tags if tag.lower() in PLATFORM_TAGS}
    return found.pop() if len(found) == 1 else None


def is_read_only(item: Item) -> bool:
    """Whether an item says that it cannot be changed."""
    attributes = Members(item.document).text("Attributes") or ""
    return _READ_ONLY in attributes.split()


def _name_of(items: ItemList[ActionItem] | ItemList[FilterItem] | None, item_id: str) -> str:
    found = items.find(item_id) if items is not None else None
    return (found.name if found is not None else None) or item_id
