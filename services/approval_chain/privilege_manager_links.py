"""The first three links: policy and action on the Privilege Manager server, and the Approval Type that the action names."""

from dataclasses import dataclass

from models.action import Action
from models.kinds import Kind
from models.reference_lists import load_references
from services.approval_chain.finding import found
from services.approval_chain.links import (
    ChainLink,
    LinkKind,
    LinkObject,
    LinkState,
    Reading,
    RemedyAct,
    Source,
)
from services.approval_chain.route import Route, StoredObjects
from services.approval_chain.server_facts import ServerFacts, Sight, approval_type_of, read_action
from services.common.errors import ConsoleError
from services.common.fault_ids import FaultId
from services.privilege_manager import PrivilegeManagerClient
from services.privilege_manager.api_items import ActionItem, PolicyItem
from services.privilege_manager.items.approval_action import read_action as read_exported_action

NAMES_SHOWN = 3
NO_SERVER = "No Privilege Manager Server is chosen on the policy or the action"


@dataclass(slots=True)
class PrivilegeManagerLinks:
    """The three links, the route as it is known now, and the policy as the server told it."""

    policy: ChainLink
    action: ChainLink
    approval_type: ChainLink
    route: Route
    item: PolicyItem | None = None
    action_id: str = ""
    """The id of the action on the server, where it is known."""


def unseen_links(route: Route) -> PrivilegeManagerLinks:
    """Return the links where no Privilege Manager server is there to be asked."""
    policy, action = outline_policy(route), outline_action(route)
    exists = route.policy is not None or bool(route.start.policy)
    return PrivilegeManagerLinks(
        found(policy, FaultId.CHAIN_PRIVILEGE_MANAGER_MISSING, NO_SERVER)
        if exists
        else found(policy, FaultId.CHAIN_PRIVILEGE_MANAGER_MISSING, f"{NO_SERVER}; no policy here has it"),
        _no_action(route, action)
        if route.action is None
        else found(action, FaultId.CHAIN_ACTION_UNKNOWN, NO_SERVER, cause="There is no server to ask."),
        _judge_type(route, None, None),
        route,
    )


def unreadable_links(facts: ServerFacts, route: Route) -> PrivilegeManagerLinks:
    """Return the links where the server did not answer: what is known here is named, nothing of it is judged."""
    sight: Sight[ActionItem] | None = Sight() if route.action is not None else None
    return PrivilegeManagerLinks(
        _judge_policy(route, facts, None),
        _judge_action(route, facts, None, sight),
        _judge_type(route, None, None),
        route,
    )


async def check_links(
    client: PrivilegeManagerClient, facts: ServerFacts, objects: StoredObjects, route: Route
) -> PrivilegeManagerLinks:
    """Judge what the server told; reads the action by itself where its list tells too little."""
    if facts.problem is not None:
        return unreadable_links(facts, route)
    policy = facts.policy.item
    sight: Sight[ActionItem] | None = None
    if route.action is not None:
        sight = await read_action(client, facts, route.record.item_id, route.action.name)
    elif policy is not None:
        route, sight = await _find_action_of(client, facts, objects, route, policy)
    action_id = sight.item.item_id if sight is not None and sight.item is not None else route.record.item_id
    if policy is None and not route.policy_name and action_id:
        policy = _find_policy_with(facts, action_id)
    return PrivilegeManagerLinks(
        _judge_policy(route, facts, policy),
        _judge_action(route, facts, policy, sight),
        _judge_type(route, sight.item if sight is not None else None, facts.reading),
        route,
        policy,
        action_id,
    )


# -- what the links are called ------------------------------------------------------------------------------


def outline_policy(route: Route) -> ChainLink:
    """Return the link of the policy before anything was asked."""
    here = LinkObject(Kind.POLICY, route.policy.id) if route.policy is not None else None
    return ChainLink(LinkKind.POLICY, route.policy_name, object=here)


def outline_action(route: Route) -> ChainLink:
    """Return the link of the action before anything was asked."""
    action = route.action
    here = LinkObject(Kind.ACTION, action.id) if action is not None else None
    return ChainLink(LinkKind.ACTION, action.name if action is not None else "", object=here)


def outline_type(route: Route) -> ChainLink:
    """Return the link of the Approval Type before anything was asked."""
    known = route.type
    here = LinkObject(Kind.APPROVAL_TYPE, known.id) if known is not None else None
    return ChainLink(LinkKind.APPROVAL_TYPE, known.name if known is not None else "", object=here)


# -- policy -------------------------------------------------------------------------------------------------


def _judge_policy(route: Route, facts: ServerFacts, policy: PolicyItem | None) -> ChainLink:
    link = outline_policy(route)
    reading = facts.reading
    if policy is None:
        return _judge_unseen_policy(route, facts, link)
    link = ChainLink(LinkKind.POLICY, policy.name or link.name or policy.item_id, object=link.object)
    if policy.active is False:
        more = "; it has no targets either" if policy.target_ids == () else ""
        evidence = f"Enabled is false{more}"
        planned = route.policy is None or route.policy.active
        # Where it is inactive here as well, a plan would keep it so.
        act = RemedyAct.ENABLE_POLICY if planned else RemedyAct.OPEN_OBJECT
        return found(link, FaultId.CHAIN_POLICY_INACTIVE, evidence, reading, act=act)
    if policy.target_ids == ():
        return found(link, FaultId.CHAIN_POLICY_NO_TARGETS, "DefaultResourceTargetIds is empty", reading)
    if _sends_events(policy) is False:
        return found(link, FaultId.CHAIN_POLICY_NO_EVENTS, "SendActionEvent is false", reading)
    hidden = [
        name
        for name, value in (("Enabled", policy.active), ("DefaultResourceTargetIds", policy.target_ids))
        if value is None
    ]
    if hidden:
        seen = f"The server does not tell {' and '.join(hidden)}"
        return found(link, FaultId.CHAIN_POLICY_UNKNOWN, seen, reading)
    count = len(policy.target_ids or ())
    parts = [f"Active, {count} target{'s' if count != 1 else ''}"]
    if policy.priority is not None:
        parts.append(f"priority {policy.priority}")
    if _sends_events(policy) is None:
        parts.append("whether it sends events is not told")
    return link.ok(", ".join(parts), reading)


def _judge_unseen_policy(route: Route, facts: ServerFacts, link: ChainLink) -> ChainLink:
    seen, reading = facts.policy, facts.reading
    problem = facts.problem or seen.problem
    if seen.absent:
        evidence = f"No policy “{route.policy_name}” among {len(facts.policies or ())} on the server"
        return found(link, FaultId.CHAIN_POLICY_MISSING, evidence, reading)
    if seen.several:
        evidence = f"{len(seen.several)} policies are called “{route.policy_name}”"
        return found(
            link,
            FaultId.CHAIN_POLICY_UNKNOWN,
            evidence,
            reading,
            cause="Several policies have this name, and no Item ID says which one is meant.",
            remedy="Enter the Item ID on the policy here.",
            act=RemedyAct.OPEN_OBJECT,
        )
    if problem is not None:
        return link.failed(problem, LinkState.UNKNOWN)
    if route.policy_name:
        return found(link, FaultId.CHAIN_POLICY_UNKNOWN, "The policy was not looked for", reading)
    if facts.policies is None and facts.policies_problem is not None:
        return link.failed(facts.policies_problem, LinkState.UNKNOWN)
    if route.action is None:
        return link.missing("No action leads to a policy")
    told = facts.policies is not None and all(one.action_ids is not None for one in facts.policies)
    if not told or (facts.policies is not None and not facts.policies.complete):
        return found(
            link,
            FaultId.CHAIN_POLICY_UNKNOWN,
            "The server does not tell which actions its policies have",
            reading,
        )
    evidence = f"None of {len(facts.policies or ())} policies on the server has “{route.action.name}”"
    return found(link, FaultId.CHAIN_POLICY_NONE, evidence, reading)


def _sends_events(policy: PolicyItem) -> bool | None:
    value = next(
        (value for name, value in policy.document.items() if name.lower() == "sendactionevent"), None
    )
    return value if isinstance(value, bool) else None


def _find_policy_with(facts: ServerFacts, action_id: str) -> PolicyItem | None:
    """Return the policy of the server that has an action: an active one first, then the one that decides first."""
    having = [one for one in facts.policies or () if action_id in (one.action_ids or ())]
    return min(
        having,
        key=lambda one: (one.active is not True, one.priority if one.priority is not None else 999),
        default=None,
    )


# -- action -------------------------------------------------------------------------------------------------


async def _find_action_of(
    client: PrivilegeManagerClient,
    facts: ServerFacts,
    objects: StoredObjects,
    route: Route,
    policy: PolicyItem,
) -> tuple[Route, Sight[ActionItem] | None]:
    """Find out which action of a policy asks for approval: one that is here, else one that names an approval type."""
    ids = policy.action_ids or ()
    for action_id in ids:
        action = objects.find_action(action_id, facts.action_name(action_id))
        if action is not None:
            return objects.with_action(route, action), await read_action(
                client, facts, action_id, action.name
            )
    for action_id in ids:
        seen = await read_action(client, facts, action_id, facts.action_name(action_id) or "")
        named = approval_type_of(seen.item.command_line or "") if seen.item is not None else None
        if named is not None:
            same = next((one for one in objects.actions if one.approval_type_guid == named), None)
            approval_type = next(
                (one for one in objects.types if same is not None and one.id == same.type_id), None
            )
            return objects.with_type(route, approval_type), seen
    return route, None


def _no_action(route: Route, link: ChainLink, *readings: Reading, evidence: str = "") -> ChainLink:
    if route.policy is None and not route.start.policy and route.type is None:
        return link.missing("No Approval Type leads to an action")
    if route.policy is not None or route.start.policy:
        seen = evidence or f"“{route.policy_name}” has no action here"
        place = LinkObject(Kind.POLICY, route.policy.id) if route.policy is not None else None
        return found(link, FaultId.CHAIN_ACTION_NONE, seen, *readings, place=place)
    return found(
        link,
        FaultId.CHAIN_ACTION_NONE,
        f"No action here names “{route.type.name if route.type is not None else ''}”",
        *readings,
        remedy="Create an action with this Approval Type, and add it to a policy.",
        act=RemedyAct.CREATE_ACTION,
    )


def _judge_action(
    route: Route, facts: ServerFacts, policy: PolicyItem | None, sight: Sight[ActionItem] | None
) -> ChainLink:
    link, reading = outline_action(route), facts.reading
    if sight is None:
        return _judge_no_action(route, facts, policy, link)
    if facts.problem is not None:
        return link.failed(facts.problem, LinkState.UNKNOWN)
    if sight.absent:
        evidence = f"No action “{link.name}” among {len(facts.actions or ())} on the server"
        return found(link, FaultId.CHAIN_ACTION_MISSING, evidence, reading)
    if sight.several:
        evidence = f"{len(sight.several)} actions are called “{link.name}”"
        return found(
            link,
            FaultId.CHAIN_ACTION_UNKNOWN,
            evidence,
            reading,
            cause="Several actions have this name, and nothing says which one is meant.",
            remedy="Rename all but one of them in Privilege Manager.",
        )
    if sight.item is None:
        return _judge_unlisted_action(route, facts, policy, sight, link)
    name = link.name or sight.item.name or sight.item.item_id
    link = ChainLink(LinkKind.ACTION, name, object=link.object)
    return _judge_membership(route, facts, policy, sight.item.item_id, link)


def _judge_unlisted_action(
    route: Route, facts: ServerFacts, policy: PolicyItem | None, sight: Sight[ActionItem], link: ChainLink
) -> ChainLink:
    """Judge an action that cannot be read; the policy may still say that it has it."""
    item_id = route.record.item_id
    if item_id and policy is not None and item_id in (policy.action_ids or ()):
        return link.ok("In the policy by its id; the list of actions cannot be read", facts.reading)
    if sight.problem is not None:
        return link.failed(sight.problem, LinkState.UNKNOWN)
    return found(link, FaultId.CHAIN_ACTION_UNKNOWN, "The action was not looked for", facts.reading)


def _judge_membership(
    route: Route, facts: ServerFacts, policy: PolicyItem | None, item_id: str, link: ChainLink
) -> ChainLink:
    reading = facts.reading
    if policy is None:
        return found(
            link,
            FaultId.CHAIN_ACTION_UNKNOWN,
            f"On the server as {item_id}; the policy cannot be seen",
            reading,
            cause="Whether the policy has the action cannot be seen, because the policy cannot.",
            remedy="Put the policy right first.",
        )
    place = LinkObject(Kind.POLICY, route.policy.id) if route.policy is not None else None
    if policy.action_ids is None:
        evidence = "The server does not tell ApplicationActionIds of the policy"
        return found(link, FaultId.CHAIN_ACTION_UNKNOWN, evidence, reading, place=place)
    if item_id in policy.action_ids:
        return link.ok(f"On the server as {item_id}, in ApplicationActionIds of the policy", reading)
    only_child = item_id in (policy.child_action_ids or ())
    has = _describe_actions(facts, policy)
    evidence = "Only among ChildApplicationActionIds" if only_child else f"In the policy: {has}"
    here = load_references(route.policy.action_ids) if route.policy is not None else []
    # The policy here has it already: what is missing is to apply its plan.
    is_planned = route.action is not None and route.action.id in here
    return found(
        link,
        FaultId.CHAIN_ACTION_NOT_IN_POLICY,
        f"{evidence}\nExpected: {item_id}",
        reading,
        act=RemedyAct.APPLY_PLAN if is_planned else RemedyAct.ADD_ACTION,
        place=place,
    )


def _describe_actions(facts: ServerFacts, policy: PolicyItem) -> str:
    names = [facts.action_name(one) or one for one in policy.action_ids or ()]
    more = f" and {len(names) - NAMES_SHOWN} more" if len(names) > NAMES_SHOWN else ""
    return (", ".join(names[:NAMES_SHOWN]) + more) or "no action"


def _judge_no_action(
    route: Route, facts: ServerFacts, policy: PolicyItem | None, link: ChainLink
) -> ChainLink:
    if route.policy is None and not route.start.policy:
        return _no_action(route, link)
    if facts.problem is not None:
        return link.failed(facts.problem, LinkState.UNKNOWN)
    if policy is None:
        problem = facts.policy.problem
        if route.policy is not None:
            return _no_action(route, link, facts.reading)
        return (
            link.failed(problem, LinkState.UNKNOWN)
            if problem is not None
            else link.missing("The policy is not there")
        )
    if policy.action_ids is None or (policy.action_ids and not _all_command_lines_told(facts, policy)):
        evidence = f"In the policy: {_describe_actions(facts, policy)}; none of them is an action here"
        place = LinkObject(Kind.POLICY, route.policy.id) if route.policy is not None else None
        return found(
            link,
            FaultId.CHAIN_ACTION_UNKNOWN,
            evidence,
            facts.reading,
            cause="The API does not tell whether one of its actions asks for approval.",
            remedy="Choose the action of the policy here, or open the policy in Privilege Manager.",
            act=RemedyAct.ADD_ACTION,
            place=place,
        )
    evidence = f"In the policy: {_describe_actions(facts, policy)}; none names an Approval Type"
    return _no_action(route, link, facts.reading, evidence=evidence)


def _all_command_lines_told(facts: ServerFacts, policy: PolicyItem) -> bool:
    found = [
        facts.actions.find(one) if facts.actions is not None else None for one in policy.action_ids or ()
    ]
    return all(item is not None and item.command_line is not None for item in found)


# -- Approval Type ------------------------------------------------------------------------------------------


def _judge_type(route: Route, item: ActionItem | None, reading: Reading | None) -> ChainLink:
    link = outline_type(route)
    action = route.action
    if action is None:
        return _judge_type_without_action(route, item, reading, link)
    place = LinkObject(Kind.ACTION, action.id)
    if route.type is None:
        evidence = f"“{action.name}” names no Approval Type"
        here = Reading.now(Source.CONSOLE)
        return found(link, FaultId.CHAIN_APPROVAL_TYPE_NONE, evidence, here, place=place)
    named, source, hint = _read_named_type(route, action, item, reading)
    expected = action.approval_type_guid
    if source is None:
        return found(link, FaultId.CHAIN_APPROVAL_TYPE_UNKNOWN, hint, place=place)
    if not expected:
        seen = f"In the action: {_switch(named)}"
        return found(
            link,
            FaultId.CHAIN_APPROVAL_TYPE_UNKNOWN,
            seen,
            source,
            cause="The GUID of the Approval Type in Privilege Manager is not entered here.",
            remedy="Enter the GUID of the Approval Type on the action; its page in Privilege Manager has it in the address.",
            act=RemedyAct.OPEN_OBJECT,
            place=place,
        )
    if named == expected:
        return link.ok(f"The action names {_switch(named)}", source)
    evidence = f"In the action: {_switch(named)}\nExpected: {_switch(expected)}"
    return found(link, FaultId.CHAIN_APPROVAL_TYPE_DIFFERS, evidence, source, place=place)


def _switch(guid: str) -> str:
    return f"/approvalTypeId:{guid.upper()}" if guid else "no /approvalTypeId:"


def _read_named_type(
    route: Route, action: Action, item: ActionItem | None, reading: Reading | None
) -> tuple[str, Reading | None, str]:
    """Return the GUID that the action names and where that was read; without a place, why it cannot be told."""
    if item is not None and item.command_line is not None:
        return approval_type_of(item.command_line) or "", reading, ""
    record = route.record
    item_id = item.item_id if item is not None else record.item_id
    if not record.export:
        return "", None, f"“{action.name}” comes without its command line, and no export was chosen here"
    try:
        exported = read_exported_action(record.export)
    except ConsoleError as error:
        return "", None, f"The export that was chosen cannot be read: {error.problem.evidence}"
    if not item_id or exported.item.item_id != item_id:
        return (
            "",
            None,
            f"The export that was chosen is that of “{exported.item.name}”, not of “{action.name}”",
        )
    at = record.progress.exported_at if record.progress is not None else None
    export = Reading(Source.EXPORT, at) if at is not None else Reading.now(Source.EXPORT)
    return exported.approval_type_id or "", export, ""


def _judge_type_without_action(
    route: Route, item: ActionItem | None, reading: Reading | None, link: ChainLink
) -> ChainLink:
    """Judge the type where the chain has no action here: it is looked at from below, or the server's action names it."""
    if item is not None and reading is not None:
        named = approval_type_of(item.command_line or "") or ""
        if route.type is not None:
            return link.ok(f"The action names {_switch(named)}", reading)
        return found(
            link,
            FaultId.CHAIN_APPROVAL_TYPE_NONE,
            f"In the action: {_switch(named)}; no action here has this GUID",
            reading,
            cause="The action names an Approval Type that is not known here.",
            remedy="Create an action here with this GUID and its Approval Type.",
            act=RemedyAct.NONE,
        )
    if route.type is not None:
        return found(
            link,
            FaultId.CHAIN_APPROVAL_TYPE_UNKNOWN,
            "No action here names it",
            cause="There is no action that could name it.",
            remedy="Create an action with this Approval Type.",
            act=RemedyAct.NONE,
        )
    if route.process is not None:
        return found(
            link,
            FaultId.CHAIN_APPROVAL_TYPE_NONE,
            f"No Approval Type here has the Process Handler “{route.process.name}”",
            Reading.now(Source.CONSOLE),
            remedy="Choose the Approval Process as Process Handler of an Approval Type.",
            act=RemedyAct.NONE,
        )
    return link.missing("No action leads to an Approval Type")
