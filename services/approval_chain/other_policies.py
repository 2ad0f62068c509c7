"""The other policies of a chain: those with the same action, on the server and here."""

from collections.abc import Sequence

from models.text_folding import fold_text
from services.approval_chain.links import ChainLink, LinkKind, LinkState, OtherPolicy, PolicyState
from services.approval_chain.privilege_manager_links import PrivilegeManagerLinks
from services.approval_chain.route import StoredObjects
from services.approval_chain.server_facts import ServerFacts
from services.common.fault_ids import FaultId
from services.privilege_manager.api_items import PolicyItem

LAST_PRIORITY = 10**9
"""Where policies stand whose priority is not known."""


def find_others(
    objects: StoredObjects,
    found: PrivilegeManagerLinks,
    facts: ServerFacts | None,
    links: Sequence[ChainLink],
) -> list[OtherPolicy]:
    """Return the other policies with the action of a chain, in the order in which the endpoint takes them."""
    own_id = found.item.item_id if found.item is not None else ""
    own_name = fold_text(links[0].name)
    listed = facts.policies if facts is not None else None
    shared = _shared_state(links)
    others: list[OtherPolicy] = []
    here = {fold_text(policy.name): policy for policy in objects.policies}
    for item in listed or ():
        if not found.action_id or found.action_id not in (item.action_ids or ()) or item.item_id == own_id:
            continue
        known = here.get(fold_text(item.name or ""))
        others.append(
            OtherPolicy(
                item.name or item.item_id,
                _state_of(item, shared),
                item.priority,
                0,
                known.id if known is not None else None,
            )
        )
    seen = {own_name, *(fold_text(other.name) for other in others)}
    action = found.route.action
    others += [
        OtherPolicy(policy.name, _state_here(facts), None, 0, policy.id)
        for policy in (objects.policies_of(action) if action is not None else ())
        if fold_text(policy.name) not in seen
    ]
    return sorted(
        others,
        key=lambda one: (LAST_PRIORITY if one.priority is None else one.priority, fold_text(one.name)),
    )


def _shared_state(links: Sequence[ChainLink]) -> PolicyState:
    """Return the state of what all policies with this action share: everything behind the policy."""
    states = {link.state for link in links if link.kind not in (LinkKind.POLICY, LinkKind.ACTION)}
    action = links[1]
    if action.fault == FaultId.CHAIN_ACTION_MISSING:
        states.add(LinkState.BROKEN)
    if LinkState.BROKEN in states:
        return PolicyState.BROKEN
    return PolicyState.UNKNOWN if LinkState.UNKNOWN in states else PolicyState.OK


def _state_of(item: PolicyItem, shared: PolicyState) -> PolicyState:
    if item.active is False:
        return PolicyState.INACTIVE
    if item.target_ids == () or shared is PolicyState.BROKEN:
        return PolicyState.BROKEN
    if item.active is None or item.target_ids is None:
        return PolicyState.UNKNOWN
    return shared


def _state_here(facts: ServerFacts | None) -> PolicyState:
    """Return the state of a policy that the server does not list with the action."""
    listed = facts.policies if facts is not None else None
    if listed is None or not listed.complete or any(item.action_ids is None for item in listed):
        return PolicyState.UNKNOWN
    return PolicyState.BROKEN
