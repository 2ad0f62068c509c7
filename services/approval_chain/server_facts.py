"""Reads what a Privilege Manager server tells about the policy and the action of a chain. Judges nothing."""

import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from models.text_folding import fold_text
from services.approval_chain.links import Reading, Source
from services.approval_chain.route import Route
from services.common.errors import ConsoleError, Problem
from services.common.fault_ids import FaultId
from services.common.tasks import gather_or_cancel
from services.privilege_manager import PrivilegeManagerClient
from services.privilege_manager.api_items import ActionItem, Item, ItemList, PolicyItem, read_id
from services.privilege_manager.faults import NotFoundOnServerError, make_problem

_SWITCH = re.compile(r"""/approvalTypeId:["{]{0,2}(?P<id>[0-9a-f-]{36})""", re.IGNORECASE)

AnyItem = TypeVar("AnyItem", bound=Item)


@dataclass(slots=True)
class Sight(Generic[AnyItem]):
    """What was seen of one item: the item, that it is certainly not there, or why neither can be said."""

    item: AnyItem | None = None
    absent: bool = False
    problem: Problem | None = None
    several: Sequence[AnyItem] = ()
    """Items that have the same name, where only the name is known."""


@dataclass(slots=True)
class ServerFacts:
    """What the server told. `policies` and `actions` are its lists, None where they could not be read."""

    policies: ItemList[PolicyItem] | None = None
    actions: ItemList[ActionItem] | None = None
    policy: Sight[PolicyItem] = field(default_factory=Sight)
    action: Sight[ActionItem] = field(default_factory=Sight)
    problem: Problem | None = None
    """Why the server could not be asked at all."""
    policies_problem: Problem | None = None
    actions_problem: Problem | None = None
    reading: Reading = field(default_factory=lambda: Reading.now(Source.API))

    def action_name(self, action_id: str) -> str | None:
        """Return the name of an action of the server, or None."""
        found = self.actions.find(action_id) if self.actions is not None else None
        return found.name if found is not None else None


def approval_type_of(command_line: str) -> str | None:
    """Return the GUID behind the switch `/approvalTypeId:` in lower case, or None."""
    found = _SWITCH.search(command_line)
    return read_id(found["id"]) if found is not None else None


async def read_server(client: PrivilegeManagerClient, route: Route) -> ServerFacts:
    """Read the lists of the server, and the policy and action of a route as far as they are known by then."""
    facts = ServerFacts()
    try:
        await client.operations()
    except ConsoleError as error:
        facts.problem = error.problem
        return facts
    (facts.policies, facts.policies_problem), (facts.actions, facts.actions_problem) = await gather_or_cancel(
        _try_list(client.policies), _try_list(client.actions)
    )
    facts.policy = await _see_policy(client, facts, route)
    facts.reading = Reading.now(Source.API)
    return facts


async def read_action(
    client: PrivilegeManagerClient, facts: ServerFacts, item_id: str, name: str
) -> Sight[ActionItem]:
    """Return what can be seen of an action, by its id where that is known, else by its name."""
    seen = _find(facts.actions, facts.actions_problem, item_id, name)
    if seen.item is not None and seen.item.command_line is not None:
        return seen
    known_id = seen.item.item_id if seen.item is not None else item_id
    if not known_id or seen.absent:
        return seen
    return await _read_one(client.action, known_id, seen)


async def _try_list(
    read: Callable[[], Awaitable[ItemList[AnyItem]]],
) -> tuple[ItemList[AnyItem] | None, Problem | None]:
    try:
        return await read(), None
    except ConsoleError as error:
        return None, error.problem


async def _see_policy(client: PrivilegeManagerClient, facts: ServerFacts, route: Route) -> Sight[PolicyItem]:
    item_id = (route.policy.item_id if route.policy is not None else read_id(route.start.policy)) or ""
    if not item_id and not route.policy_name:
        return Sight()
    seen = _find(facts.policies, facts.policies_problem, item_id, route.policy_name)
    if seen.item is not None and _is_complete(seen.item):
        return seen
    known_id = seen.item.item_id if seen.item is not None else item_id
    if not known_id or seen.absent:
        return seen
    return await _read_one(client.policy, known_id, seen)


def _is_complete(policy: PolicyItem) -> bool:
    return None not in (policy.active, policy.action_ids, policy.target_ids)


async def _read_one(
    read: Callable[[str], Awaitable[AnyItem]], item_id: str, seen: Sight[AnyItem]
) -> Sight[AnyItem]:
    """Read an item by itself: lists may tell less, or may not be there. What was seen before stays where that fails."""
    try:
        return Sight(await read(item_id))
    except NotFoundOnServerError as error:
        if seen.item is not None:
            return seen
        return Sight(absent=error.problem.fault == FaultId.PRIVILEGE_MANAGER_NOT_FOUND, problem=error.problem)
    except ConsoleError as error:
        return seen if seen.item is not None else Sight(problem=seen.problem or error.problem)


def _find(
    items: ItemList[AnyItem] | None, problem: Problem | None, item_id: str, name: str
) -> Sight[AnyItem]:
    """Look for an item in a list: by its id, else by its name; an id that is not there may belong to a former item.

    Of a list that is incomplete, no other item is taken for the one with the id.
    """
    if items is None:
        return Sight(problem=problem)
    found = items.find(item_id) if item_id else None
    if found is not None:
        return Sight(found)
    wanted = fold_text(name)
    same = [item for item in items if item.name is not None and fold_text(item.name) == wanted]
    is_certain = items.complete or not item_id
    if same and is_certain:
        return Sight(same[0]) if len(same) == 1 else Sight(several=same)
    if items.complete:
        return Sight(absent=True)
    seen = f"{len(items)} of {items.total or 'more'} items came; {item_id or name} is not among them"
    return Sight(problem=make_problem(FaultId.PRIVILEGE_MANAGER_LIST_INCOMPLETE, "Look for an item", seen))
