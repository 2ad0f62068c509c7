"""The stage `actions`: whether the actions can be read, and whether those that ask for approval are among them."""

from models.translation_marks import tr_later
from services.common.errors import Owner
from services.common.fault_ids import FaultId
from services.connectivity.fault_catalog import declare_faults, failure, fault_result, warning
from services.connectivity.privilege_manager.item_lists import describe_count, is_cut, read_list
from services.connectivity.privilege_manager.stage import LoggedOnCheck, describe_missing, logged_on_stages
from services.connectivity.report import StageResult
from services.connectivity.stage import Stage
from services.privilege_manager.api_items import ActionItem, ItemList
from services.privilege_manager.operations import Operation

STAGE = "actions"
OPERATIONS = (Operation.LIST_ACTIONS, Operation.READ_ACTION)
APPROVAL_ACTIONS = (
    "Approval Request Form Action",
    "Approval Request (with Offline Fallback) Form Action",
    "Approval Request (with ServiceNow Request Item Number) Form Action",
    "Application Approval Request Message Action",
)
"""The actions that copies are made of, by the names that every server has for them."""
APPROVAL_COMMAND = "/approvaltypeid:"
"""Part of the command line of an action that asks for approval."""
NAMES_SHOWN = 4
_API = "Privilege Manager API documentation"
_PM = Owner.PRIVILEGE_MANAGER

declare_faults(
    failure(FaultId.PRIVILEGE_MANAGER_ACTIONS_EMPTY, STAGE, _PM,
        tr_later("The list of actions stays empty, although the server's own pages show actions."),
        tr_later("Every server has built-in actions; this API client sees none of them."),
        tr_later("Give the API client a role that may read all items, such as Privilege Manager Users."),
        "Privilege Manager documentation: roles"),
    failure(FaultId.PRIVILEGE_MANAGER_ACTIONS_WITHOUT_IDS, STAGE, _PM,
        tr_later("Actions are missing in lists, and policies show actions without a name."),
        tr_later("Actions came without an id that this console can read."),
        tr_later("Compare the version of the server with the versions that this console knows; an update may have changed the names of members."),
        f"{_API}: actions/GetAll"),
    warning(FaultId.PRIVILEGE_MANAGER_ACTIONS_INCOMPLETE, STAGE, _PM,
        tr_later("Some actions are missing in lists."),
        tr_later("The server has more actions than it sent."),
        tr_later("Check again; if it repeats, look at the role and the organizational groups of the API client."), f"{_API}: Total"),
    warning(FaultId.PRIVILEGE_MANAGER_APPROVAL_ACTIONS_MISSING, STAGE, _PM,
        tr_later("There is no action that a copy for approval can be made of."),
        tr_later("None of the actions that ask for approval is on the server, or this API client does not see them."),
        tr_later("Look in the server's own pages for Approval Request Form Action; let the API client read it."),
        "Privilege Manager documentation: default actions"),
    warning(FaultId.PRIVILEGE_MANAGER_ACTION_OPERATIONS_MISSING, STAGE, _PM,
        tr_later("Details of actions stay unknown, and links from policies to approval types cannot be proven."),
        tr_later("The server's Swagger document lacks operations for actions."),
        tr_later("Update Privilege Manager, or look at the actions in its own pages."), f"{_API}: Swagger document"),
)  # fmt: skip


@logged_on_stages(priority=2)
def create_actions_stage(check: LoggedOnCheck) -> list[Stage]:
    """Return the stage."""

    async def look() -> str | StageResult:
        missing = check.missing(OPERATIONS)
        if Operation.LIST_ACTIONS in missing:
            return fault_result(
                STAGE, FaultId.PRIVILEGE_MANAGER_ACTION_OPERATIONS_MISSING, describe_missing(missing)
            )
        return judge_actions(await read_list(check, "actions", check.server.actions), missing)

    return [Stage(STAGE, look)]


def judge_actions(actions: ItemList[ActionItem], missing: list[Operation]) -> str | StageResult:
    """Say what the list of actions tells."""
    seen = describe_count(actions, "action", "actions")
    if missing:
        seen += f"; {describe_missing(missing)}"
    if actions.unreadable:
        return fault_result(STAGE, FaultId.PRIVILEGE_MANAGER_ACTIONS_WITHOUT_IDS, seen)
    if not len(actions):
        return fault_result(STAGE, FaultId.PRIVILEGE_MANAGER_ACTIONS_EMPTY, seen)
    approving = [action for action in actions if asks_for_approval(action)]
    names = ", ".join(action.name or action.item_id for action in approving[:NAMES_SHOWN])
    more = f" and {len(approving) - NAMES_SHOWN} more" if len(approving) > NAMES_SHOWN else ""
    seen += f"; {len(approving)} ask for approval: {names}{more}" if approving else "; none asks for approval"
    if is_cut(actions):
        return fault_result(STAGE, FaultId.PRIVILEGE_MANAGER_ACTIONS_INCOMPLETE, seen)
    if not approving:
        return fault_result(STAGE, FaultId.PRIVILEGE_MANAGER_APPROVAL_ACTIONS_MISSING, seen)
    return fault_result(STAGE, FaultId.PRIVILEGE_MANAGER_ACTION_OPERATIONS_MISSING, seen) if missing else seen


def asks_for_approval(action: ActionItem) -> bool:
    """Return whether an action is known to ask for approval: by its command line, else by a built-in name."""
    if action.command_line is not None and APPROVAL_COMMAND in action.command_line.lower():
        return True
    return _squeezed(action.name or "") in {_squeezed(name) for name in APPROVAL_ACTIONS}


def _squeezed(name: str) -> str:
    """Return a name without its spaces: releases write “Item Number” and “ItemNumber”."""
    return "".join(name.casefold().split())
