"""Steps 16 to 21 of the guide: the action, the policy and the endpoints, with what the store and the server tell."""

import uuid
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from models.kinds import Kind, TaskState
from services.language import tr_message
from services.setup.guide_step import (
    ExternalTask,
    GuideStep,
    console_step,
    external_step,
)

if TYPE_CHECKING:
    from models.action import Action
    from models.approval_type import ApprovalType
    from models.policy import Policy
    from models.privilege_manager_server import PrivilegeManagerServer
    from services.configuration import Configuration
    from services.store import Store

PROGRAM = tr_message("Privilege Manager")
IMPORT_PATH = "Admin > Import Items"
SETUP_PATH = "Setup > Install/Upgrade/Add products"


@dataclass(frozen=True, slots=True)
class PrivilegeManagerFacts:
    """What is true for one Privilege Manager server. None stands for what is not known."""

    server: "PrivilegeManagerServer | None" = None
    action: "Action | None" = None
    copy_written: bool = False
    copy_seen: bool = False
    """Whether the server showed the copy after it was imported."""
    policy: "Policy | None" = None
    policy_found: bool | None = None
    action_added: bool | None = None
    policy_active: bool | None = None
    endpoints_updated_at: datetime | None = None


def load_privilege_manager_facts(
    configuration: "Configuration", approval_type: "ApprovalType | None"
) -> PrivilegeManagerFacts:
    """Read what the store tells about actions and policies around one Approval Type. Blocks."""
    from models.action import Action
    from models.policy import Policy
    from models.privilege_manager_server import PrivilegeManagerServer

    servers = configuration.all(PrivilegeManagerServer)
    actions = configuration.all(Action)
    action = next(
        (one for one in actions if approval_type is not None and one.type_id == approval_type.id),
        next((one for one in actions if one.type_id is None), None),
    )
    wanted = None if action is None else action.server_id
    server = next((one for one in servers if one.id == wanted), servers[0] if servers else None)
    policies = configuration.all(Policy)
    policy = next(
        (one for one in policies if action is not None and action.id in one.references_to_actions),
        next((one for one in policies if not one.references_to_actions), None),
    )
    written, seen, copy_id = _read_progress(configuration.store, action)
    found, added, active = _read_policy(configuration.store, server, policy, copy_id)
    return PrivilegeManagerFacts(
        server=server,
        action=action,
        copy_written=written,
        copy_seen=seen,
        policy=policy,
        policy_found=found,
        action_added=added,
        policy_active=active,
        endpoints_updated_at=None
        if server is None
        else find_endpoints_update(configuration.store, server.id),
    )


def _read_progress(store: "Store", action: "Action | None") -> tuple[bool, bool, str]:
    """Return whether the copy of an action was written, whether it was seen on the server, and its GUID there."""
    from sqlmodel import col, select

    from models.action_progress import ActionProgress
    from models.privilege_manager_server import PrivilegeManagerServer

    if action is None:
        return False, False, ""
    address = select(PrivilegeManagerServer.base_url).where(
        col(PrivilegeManagerServer.id) == action.server_id
    )
    seen = col(ActionProgress.imported_at).is_not(None) & (
        col(ActionProgress.imported_to) == address.scalar_subquery()
    )
    query = select(ActionProgress.written_at, seen, ActionProgress.item_id).where(
        col(ActionProgress.action_id) == action.id
    )
    with store.read() as session:
        row = session.exec(query).first()
    if row is None:
        return False, False, ""
    written_at, was_seen, item_id = row
    return written_at is not None, bool(was_seen), item_id


def _read_policy(
    store: "Store", server: "PrivilegeManagerServer | None", policy: "Policy | None", copy_id: str
) -> tuple[bool | None, bool | None, bool | None]:
    """Return whether the server has a policy, whether that has the action, and whether it is active."""
    from models.server_item import ItemKind
    from services.policies.item_copies import ItemCopies

    if policy is None or server is None or policy.server_id != server.id:
        return None, None, None
    copies = ItemCopies(store, server)
    items = copies.find_policies(policy.item_id, policy.name)
    if len(items) != 1:
        # Of an incomplete list, and of several policies with one name, nothing is known about this one.
        absent = not items and copies.has_whole_list(ItemKind.POLICY)
        return (False if absent else None), None, None
    item = items[0]
    added = None if item.action_ids is None or not copy_id else copy_id in item.action_ids
    return True, added, item.active


def find_endpoints_update(store: "Store", server_id: uuid.UUID) -> datetime | None:
    """Return when the endpoints of a server were last updated from here."""
    from sqlmodel import col, select

    from models.task_run import ENDPOINTS_TASK, TaskRun

    query = (
        select(TaskRun.ended_at)
        .where(
            TaskRun.task == ENDPOINTS_TASK,
            TaskRun.object_id == server_id,
            TaskRun.state == TaskState.SUCCEEDED,
        )
        .order_by(col(TaskRun.started_at).desc())
        .limit(1)
    )
    with store.read() as session:
        return session.exec(query).first()


def setup_page(facts: PrivilegeManagerFacts) -> ExternalTask:
    """Return the page of Privilege Manager on which products are installed."""
    return ExternalTask(PROGRAM, _address(facts, "Setup/ProductOptions/ShowProducts"), SETUP_PATH)


def _address(facts: PrivilegeManagerFacts, page: str) -> str:
    return "" if facts.server is None else f"{facts.server.base_url}{page}"


def build_privilege_manager_steps(
    facts: PrivilegeManagerFacts, approval_type: "ApprovalType | None"
) -> tuple[GuideStep, ...]:
    """Return steps 16 to 21."""
    return (*_action_steps(facts, approval_type), *_policy_steps(facts))


def _action_steps(
    facts: PrivilegeManagerFacts, approval_type: "ApprovalType | None"
) -> tuple[GuideStep, ...]:
    action, waits = facts.action, 0 if approval_type is not None else 15
    if facts.server is None:
        copying = console_step(
            16,
            tr_message("Copy the form action"),
            done=False,
            fact=tr_message("Needs a Privilege Manager Server"),
            kind=Kind.PRIVILEGE_MANAGER_SERVER,
            item=None,
            waits_for=waits,
        )
    elif facts.copy_written and not facts.copy_seen:
        importing = ExternalTask(PROGRAM, _address(facts, "PrivilegeManager/#/item/xml/"), IMPORT_PATH)
        copying = external_step(
            16, tr_message("Copy the form action"), tr_message("Written, not imported yet"), importing
        )
    else:
        said = tr_message("On the server") if facts.copy_seen else tr_message("No copy written yet")
        copying = console_step(
            16, tr_message("Copy the form action"), facts.copy_seen, said, Kind.ACTION, action, waits
        )
    named = console_step(
        17,
        tr_message("Name the action"),
        action,
        action.name if action is not None else tr_message("None yet"),
        Kind.ACTION,
        action,
        waits,
    )
    chosen = action is not None and action.type_id is not None
    guid = "" if action is None or not chosen else action.approval_type_guid
    missing = tr_message("Its GUID in Privilege Manager is missing") if chosen else tr_message("None chosen")
    typed = console_step(
        18,
        tr_message("Set its Approval Type"),
        guid,
        guid or missing,
        Kind.ACTION,
        action,
        waits or (0 if action is not None else 17),
    )
    return copying, named, typed


def _policy_steps(facts: PrivilegeManagerFacts) -> tuple[GuideStep, ...]:
    policy = facts.policy
    waits = 0 if facts.action is not None else 17
    choosing = console_step(
        19,
        tr_message("Choose a policy"),
        policy,
        policy.name if policy is not None else tr_message("None yet"),
        Kind.POLICY,
        policy,
        waits,
    )
    said = {
        True: tr_message("In the policy"),
        False: tr_message("Not in the policy"),
        None: tr_message("Not read from the server yet"),
    }[facts.action_added]
    if facts.policy_found is False:
        said = tr_message("The policy is not on the server")
    elif facts.action_added and facts.policy_active is False:
        said = tr_message("In the policy, which is inactive")
    adding = console_step(
        20,
        tr_message("Add it to the policy"),
        facts.action_added and facts.policy_active is not False,
        said,
        Kind.POLICY,
        policy,
        waits or (0 if policy is not None else 19),
    )
    updated = facts.endpoints_updated_at
    updating = console_step(
        21,
        tr_message("Update the endpoints"),
        updated,
        tr_message("Update started") if updated is not None else tr_message("By their schedule, or at once"),
        Kind.POLICY,
        policy,
        waits or (0 if facts.action_added else 20),
    )
    return choosing, adding, updating
