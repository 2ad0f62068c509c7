"""The stage `policies`: whether policies and filters can be read, and what can be changed about them."""

from models.translation_marks import tr_later
from services.common.errors import Owner
from services.common.fault_ids import FaultId
from services.connectivity.fault_catalog import declare_faults, failure, fault_result, warning
from services.connectivity.privilege_manager.item_lists import describe_count, is_cut, read_list
from services.connectivity.privilege_manager.stage import LoggedOnCheck, describe_missing, logged_on_stages
from services.connectivity.report import StageResult
from services.connectivity.stage import Stage
from services.privilege_manager.api_items import FilterItem, ItemList, PolicyItem
from services.privilege_manager.operations import Operation

STAGE = "policies"
OPERATIONS = (
    Operation.LIST_POLICIES,
    Operation.READ_POLICY,
    Operation.LIST_FILTERS,
    Operation.READ_FILTER,
    Operation.CREATE_POLICY,
    Operation.ADD_ACTIONS,
    Operation.REMOVE_ACTIONS,
    Operation.ADD_FILTERS,
    Operation.REMOVE_FILTERS,
    Operation.SET_ACTIVE,
)
_API = "Privilege Manager API documentation"
_PM = Owner.PRIVILEGE_MANAGER

declare_faults(
    failure(FaultId.PRIVILEGE_MANAGER_POLICIES_HIDDEN, STAGE, _PM,
        tr_later("The list of policies stays empty, although the server has policies."),
        tr_later("The server counts policies and sends none of them to this API client."),
        tr_later("Give the API client a role that may read all items, such as Privilege Manager Users."),
        f"{_API}: Total"),
    failure(FaultId.PRIVILEGE_MANAGER_POLICIES_WITHOUT_IDS, STAGE, _PM,
        tr_later("Policies are missing in lists and cannot be changed."),
        tr_later("Policies or filters came without an id that this console can read."),
        tr_later("Compare the version of the server with the versions that this console knows; an update may have changed the names of members."),
        f"{_API}: policies/GetAll"),
    warning(FaultId.PRIVILEGE_MANAGER_POLICIES_EMPTY, STAGE, _PM,
        tr_later("The list of policies is empty."),
        tr_later("The API client may read policies, and the server has none that it shows to it."),
        tr_later("Nothing on a new server: the first policy is created here. If its own pages show policies, give the API client a role that may read all items."),
        "Privilege Manager documentation: roles"),
    warning(FaultId.PRIVILEGE_MANAGER_POLICIES_INCOMPLETE, STAGE, _PM,
        tr_later("Some policies or filters are missing in lists."),
        tr_later("The server has more policies or filters than it sent."),
        tr_later("Check again; if it repeats, look at the role and the organizational groups of the API client."), f"{_API}: Total"),
    warning(FaultId.PRIVILEGE_MANAGER_POLICY_MEMBERS_MISSING, STAGE, _PM,
        tr_later("Whether a policy is active, and which actions it has, is shown as unknown."),
        tr_later("The server tells of its policies neither their actions nor whether they are active."),
        tr_later("Look at the policies in the server's own pages; a change made here can then not be read back."),
        f"{_API}: policies/{{itemId}}"),
    warning(FaultId.PRIVILEGE_MANAGER_POLICY_OPERATIONS_MISSING, STAGE, _PM,
        tr_later("Buttons for what is named are off; everything else works."),
        tr_later("The server's Swagger document lacks operations for policies or filters."),
        tr_later("Update Privilege Manager, or do what is named in its own pages."), f"{_API}: Swagger document"),
)  # fmt: skip


@logged_on_stages(priority=3)
def create_policies_stage(check: LoggedOnCheck) -> list[Stage]:
    """Return the stage."""

    async def look() -> str | StageResult:
        missing = check.missing(OPERATIONS)
        if Operation.LIST_POLICIES in missing:
            return fault_result(
                STAGE, FaultId.PRIVILEGE_MANAGER_POLICY_OPERATIONS_MISSING, describe_missing(missing)
            )
        policies = await read_list(check, "policies", check.server.policies)
        filters = None
        if Operation.LIST_FILTERS not in missing:
            filters = await read_list(check, "filters", check.server.filters)
        sample = next(iter(policies), None)
        if sample is not None and not _tells_members(sample) and Operation.READ_POLICY not in missing:
            # A list may leave out what the policy itself tells.
            sample = await check.server.policy(sample.item_id)
        return judge_policies(policies, filters, sample, missing)

    return [Stage(STAGE, look)]


def judge_policies(
    policies: ItemList[PolicyItem],
    filters: ItemList[FilterItem] | None,
    sample: PolicyItem | None,
    missing: list[Operation],
) -> str | StageResult:
    """Say what the lists tell; `sample` is one of the policies with all that the server tells of it."""
    seen = describe_count(policies, "policy", "policies")
    if filters is not None:
        seen += f", {describe_count(filters, 'filter', 'filters')}"
    if missing:
        seen += f"; {describe_missing(missing)}"
    if policies.unreadable or (filters is not None and filters.unreadable):
        return fault_result(STAGE, FaultId.PRIVILEGE_MANAGER_POLICIES_WITHOUT_IDS, seen)
    if sample is None and is_cut(policies):
        return fault_result(STAGE, FaultId.PRIVILEGE_MANAGER_POLICIES_HIDDEN, seen)
    if sample is None:
        # Refused reads raise before: an empty list is the proof that policies may be read.
        evidence = f"The list of policies was read and is empty; {seen}"
        return fault_result(STAGE, FaultId.PRIVILEGE_MANAGER_POLICIES_EMPTY, evidence)
    if is_cut(policies) or (filters is not None and is_cut(filters)):
        return fault_result(STAGE, FaultId.PRIVILEGE_MANAGER_POLICIES_INCOMPLETE, seen)
    if not _tells_members(sample):
        return fault_result(
            STAGE, FaultId.PRIVILEGE_MANAGER_POLICY_MEMBERS_MISSING, f"{seen}; such as “{sample.name}”"
        )
    return fault_result(STAGE, FaultId.PRIVILEGE_MANAGER_POLICY_OPERATIONS_MISSING, seen) if missing else seen


def _tells_members(policy: PolicyItem) -> bool:
    return policy.active is not None and policy.action_ids is not None
