"""Steps 16 to 21 of the guide: the action, the policy and the endpoints, with what the store and the server tell."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from models.kinds import Kind
from models.reference_lists import load_references
from services.language import tr_message
from services.setup.guide_source import CopyProgress, PolicyCopy
from services.setup.guide_step import (
    ExternalTask,
    GuideStep,
    console_step,
    external_step,
)
from services.setup.setup_objects import GuideAction, GuideManager, GuidePolicy, GuideType

if TYPE_CHECKING:
    from services.setup.guide_source import GuideSource

PROGRAM = tr_message("Privilege Manager")
IMPORT_PATH = "Admin > Import Items"
SETUP_PATH = "Setup > Install/Upgrade/Add products"


@dataclass(frozen=True, slots=True)
class PrivilegeManagerFacts:
    """What is true for one Privilege Manager server. None stands for what is not known."""

    server: GuideManager | None = None
    action: GuideAction | None = None
    copy_written: bool = False
    copy_seen: bool = False
    """Whether the server showed the copy after it was imported."""
    policy: GuidePolicy | None = None
    policy_found: bool | None = None
    action_added: bool | None = None
    policy_active: bool | None = None
    endpoints_updated_at: datetime | None = None


def read_privilege_manager_facts(
    source: "GuideSource", approval_type: GuideType | None
) -> PrivilegeManagerFacts:
    """Read what the store tells about actions and policies around one Approval Type. Blocks."""
    servers, actions = source.all(GuideManager), source.all(GuideAction)
    action = next(
        (one for one in actions if approval_type is not None and one.type_id == approval_type.id),
        next((one for one in actions if one.type_id is None), None),
    )
    wanted = None if action is None else action.server_id
    server = next((one for one in servers if one.id == wanted), servers[0] if servers else None)
    policies = source.all(GuidePolicy)
    policy = next(
        (one for one in policies if action is not None and action.id in load_references(one.action_ids)),
        next((one for one in policies if not load_references(one.action_ids)), None),
    )
    progress = CopyProgress() if action is None else source.copy_progress(action)
    copy = PolicyCopy()
    if policy is not None and server is not None and policy.server_id == server.id:
        copy = source.policy_copy(server, policy)
    is_known = copy.action_ids is not None and bool(progress.item_id)
    return PrivilegeManagerFacts(
        server=server,
        action=action,
        copy_written=progress.is_written,
        copy_seen=progress.is_seen,
        policy=policy,
        policy_found=copy.found,
        action_added=progress.item_id in (copy.action_ids or ()) if is_known else None,
        policy_active=copy.active,
        endpoints_updated_at=None if server is None else source.endpoints_updated_at(server.id),
    )


def setup_page(facts: PrivilegeManagerFacts) -> ExternalTask:
    """Return the page of Privilege Manager on which products are installed."""
    return ExternalTask(PROGRAM, _address(facts, "Setup/ProductOptions/ShowProducts"), SETUP_PATH)


def _address(facts: PrivilegeManagerFacts, page: str) -> str:
    return "" if facts.server is None else f"{facts.server.base_url}{page}"


def build_privilege_manager_steps(
    facts: PrivilegeManagerFacts, approval_type: GuideType | None
) -> tuple[GuideStep, ...]:
    """Return steps 16 to 21."""
    return (*_action_steps(facts, approval_type), *_policy_steps(facts))


def _action_steps(facts: PrivilegeManagerFacts, approval_type: GuideType | None) -> tuple[GuideStep, ...]:
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
