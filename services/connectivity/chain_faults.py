"""The faults of an approval chain in the fault catalog. The chain itself is in `services.approval_chain`.

A fault with which a link is broken counts as a failure; one that means that a link cannot be seen counts as a warning.
"""

from models.translation_marks import tr_later
from services.common.errors import Owner
from services.common.fault_ids import FaultId
from services.connectivity.fault_catalog import declare_faults, failure, warning

_PM, _SN, _ME = Owner.PRIVILEGE_MANAGER, Owner.SERVICENOW, Owner.CONSOLE
_POLICY, _ACTION, _TYPE, _PROCESS = "chain_policy", "chain_action", "chain_approval_type", "chain_process"
_SERVER, _ITEM, _APPROVER = "chain_server", "chain_request_item", "chain_approver"

_DOC = "Privilege Manager documentation"
_API = f"{_DOC}: API, policies and actions"
_CONTRACT = "Exported policies of Privilege Manager: members of the policy contract"
_COMMAND = "Exported approval actions of Privilege Manager: the switch /approvalTypeId:"
_SET_UP = f"{_DOC}, Set up ServiceNow"
_CONSOLE = "How this console keeps the objects of an approval"

declare_faults(
    failure(FaultId.CHAIN_POLICY_MISSING, _POLICY, _PM, tr_later("Applications start, or are blocked, without a question to the user."),
         tr_later("The policy is not on the Privilege Manager server, or its API Client may not see it."),
         tr_later("Create the policy, or correct its name or Item ID here."), _API),
    failure(FaultId.CHAIN_POLICY_NONE, _POLICY, _PM, tr_later("Applications start, or are blocked, without a question to the user."),
         tr_later("No policy has the action, so no computer ever asks for approval."),
         tr_later("Add the action to a policy."), _API),
    failure(FaultId.CHAIN_POLICY_INACTIVE, _POLICY, _PM, tr_later("Applications start, or are blocked, without a question to the user."),
         tr_later("The policy is inactive: no computer gets it."), tr_later("Activate the policy."), f"{_DOC}: policy page"),
    failure(FaultId.CHAIN_POLICY_NO_TARGETS, _POLICY, _PM, tr_later("Applications start, or are blocked, without a question to the user."),
         tr_later("The policy has no targets: no computer gets it."),
         tr_later("Add a computer group to Computer Groups Targeted of the policy."), f"{_DOC}: policy page"),
    failure(FaultId.CHAIN_POLICY_NO_EVENTS, _POLICY, _PM, tr_later("Requests are made, but reports and mails of Privilege Manager do not show them."),
         tr_later("Audit Policy Events is off, so that the policy sends no events."),
         tr_later("Switch Audit Policy Events on in the policy."), _CONTRACT),
    warning(FaultId.CHAIN_POLICY_UNKNOWN, _POLICY, _PM, tr_later("Nothing by itself."),
         tr_later("The server does not tell enough about the policy, so nobody can say from here whether computers get it."),
         tr_later("Open the policy in Privilege Manager and look at its status and its computer groups."), _API),
    warning(FaultId.CHAIN_PRIVILEGE_MANAGER_MISSING, _POLICY, _ME, tr_later("Nothing by itself."),
         tr_later("No Privilege Manager Server is chosen here, so policies and actions cannot be seen."),
         tr_later("Create a Privilege Manager Server, and choose it on the policy or action."), _CONSOLE),
    failure(FaultId.CHAIN_ACTION_NONE, _ACTION, _ME, tr_later("The user is not asked for a reason."),
         tr_later("The chain has no approval action."), tr_later("Add an approval action."), _CONSOLE),
    failure(FaultId.CHAIN_ACTION_MISSING, _ACTION, _PM, tr_later("The user is not asked for a reason."),
         tr_later("The action is not on the Privilege Manager server, or its API Client may not see it."),
         tr_later("Write the copy of the action and import it with Import Items."), _API),
    failure(FaultId.CHAIN_ACTION_NOT_IN_POLICY, _ACTION, _PM, tr_later("The user is not asked for a reason, or by the window of another action."),
         tr_later("The policy does not have the action."), tr_later("Add the action to the policy."), _API),
    warning(FaultId.CHAIN_ACTION_UNKNOWN, _ACTION, _PM, tr_later("Nothing by itself."),
         tr_later("The server does not tell which actions the policy has."),
         tr_later("Open the policy in Privilege Manager and look at its actions."), _API),
    failure(FaultId.CHAIN_APPROVAL_TYPE_NONE, _TYPE, _ME, tr_later("Requests go to the manual process of Privilege Manager, and nobody is asked in ServiceNow."),
         tr_later("The chain has no Approval Type."), tr_later("Choose the Approval Type on the action."), _CONSOLE),
    failure(FaultId.CHAIN_APPROVAL_TYPE_DIFFERS, _TYPE, _PM, tr_later("Requests go to another process, often the manual one, and nobody is asked in ServiceNow."),
         tr_later("The action in Privilege Manager names another Approval Type. A copied action keeps the type of its source until another one is chosen."),
         tr_later("Import a corrected copy of the action, or choose the Approval Type on the action's page in Privilege Manager."), _COMMAND),
    warning(FaultId.CHAIN_APPROVAL_TYPE_UNKNOWN, _TYPE, _PM, tr_later("Nothing by itself."),
         tr_later("The API of this server does not tell which Approval Type an action names."),
         tr_later("Export the action in Privilege Manager and choose the file on the action's page here."), _COMMAND),
    failure(FaultId.CHAIN_PROCESS_MISSING, _PROCESS, _ME, tr_later("Requests of this Approval Type are not sent to ServiceNow."),
         tr_later("The chain has no Approval Process."), tr_later("Choose the Process Handler on the Approval Type."), _SET_UP),
    failure(FaultId.CHAIN_SERVER_MISSING, _SERVER, _ME, tr_later("Requests are not sent to ServiceNow."),
         tr_later("The Approval Process names no ServiceNow Server."),
         tr_later("Choose the ServiceNow Server on the Approval Process."), _SET_UP),
    warning(FaultId.CHAIN_REQUEST_ITEM_UNKNOWN, _ITEM, _SN, tr_later("Nothing by itself."),
         tr_later("The Request Item cannot be seen with this account, or not at the moment."),
         tr_later("Put the server right first; then give the account the right to read the catalog."), _SET_UP),
    warning(FaultId.CHAIN_APPROVERS_UNKNOWN, _APPROVER, _SN, tr_later("Nothing by itself."),
         tr_later("Whom the Request Item asks cannot be seen with this account, or not before the first request."),
         tr_later("Raise a rehearsal, or give the account the right to read groups and approvals."), _SET_UP),
)  # fmt: skip
