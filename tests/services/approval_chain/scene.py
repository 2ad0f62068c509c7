"""A complete chain on real sockets: both practice servers, and the seven objects of a chain in a store."""

from dataclasses import dataclass

from models.action import Action
from models.action_progress import ActionProgress
from models.approval_process import ApprovalProcess
from models.approval_type import ApprovalType
from models.foreign_system import ForeignSystem
from models.kinds import Kind
from models.policy import Policy
from models.privilege_manager_server import PrivilegeManagerServer
from models.reference_lists import dump_references
from models.user_credential import UserCredential
from services.approval_chain.route import ChainStart
from services.common.secret import Secret
from services.practice import PracticeInstance
from services.practice.privilege_manager import PracticeOptions, PracticePrivilegeManager
from services.practice.privilege_manager import built_in_ids as ids
from services.practice.privilege_manager.initial_items import new_policy
from services.privilege_manager.items.action_copy import ActionEdits, write_copy
from services.vault.base import Vault
from services.workspace import Workspace

PASSWORD = "practice password"
ACCOUNT = "privman.integration"
TYPE_GUID = "9c41d7e0-52b8-4f6a-8e13-7b0a64c2d915"
ACTION_ID = "0b7f1f5e-6d0c-4a35-9f57-6c7c3a2b1d10"
POLICY_ID = "5a0e8c1a-77aa-4f5c-93de-2d4f8a1f0b21"
ACTION_NAME = "ServiceNow Approval Request Form Action"
POLICY_NAME = "Unsigned installers"


@dataclass(slots=True)
class Scene:
    """Everything of one chain. `policy` to `server` are the objects here, `item` the policy on the server."""

    pm: PracticePrivilegeManager
    practice: PracticeInstance
    workspace: Workspace
    policy: Policy
    action: Action
    approval_type: ApprovalType
    process: ApprovalProcess
    server: ForeignSystem
    pm_server: PrivilegeManagerServer

    @property
    def item(self):
        return self.pm.state.items.get(POLICY_ID)

    @property
    def start(self):
        return ChainStart(Kind.POLICY, self.policy.id)

    def save(self, item, **values):
        """Store changed values of an object and return it."""
        found = self.workspace.configuration.get(item.kind, item.id)
        for name, value in values.items():
            setattr(found, name, value)
        return self.workspace.configuration.save(found, confirmed=10)


def fill_privilege_manager(pm, *, named=TYPE_GUID, action_id=ACTION_ID):
    """Import a copy of the approval action that names a type, and add an active policy with it."""
    pm.state.add_approval_type("ServiceNow Execute Application Request Type", type_id=TYPE_GUID)
    pm.import_items(make_copy(pm, named=named, action_id=action_id))
    policy = new_policy(POLICY_NAME, "", macos=False, targeted=True, item_id=POLICY_ID)
    policy.members.update(Enabled=True, Priority=10, ApplicationActionIds=[action_id])
    pm.state.items.add(policy)


def add_policy(pm, name, *, priority, active=True):
    """Add another policy with the action, and return it."""
    policy = new_policy(name, "", macos=False, targeted=True)
    policy.members.update(Enabled=active, Priority=priority, ApplicationActionIds=[ACTION_ID])
    return pm.state.items.add(policy)


def make_copy(pm, *, named=TYPE_GUID, action_id=ACTION_ID, name=ACTION_NAME):
    """Return the XML of a copy of the server's approval action."""
    export = pm.export_item(ids.APPROVAL_FORM)
    return write_copy(export, ActionEdits(name, approval_type_id=named, item_id=action_id))


def set_progress(store, action, *, export=b"", item_id=ACTION_ID):
    """Store how far an action is, with the export that was chosen."""
    with store.write() as unit:
        unit.session.merge(
            ActionProgress(
                action_id=action.id, item_id=item_id, export_name="items.xml", export_content=export
            )
        )


def make_scene(store, vault: Vault, pm, practice, *, role=None):
    """Store the objects of a chain that leads from one practice server to the other."""
    workspace = Workspace(store, vault)
    save = workspace.configuration.save
    client = pm.client(role) if role is not None else pm.client()
    signs_in = save(UserCredential(name="ServiceNow", account=ACCOUNT))
    api_client = save(UserCredential(name="PM API Client", account=client.client_id))
    server = save(
        ForeignSystem(name="ServiceNow Server", base_url=practice.base_url, credential_id=signs_in.id)
    )
    pm_server = save(
        PrivilegeManagerServer(name="Privilege Manager", base_url=pm.base_url, credential_id=api_client.id)
    )
    vault.put(signs_in.id, signs_in.name, ACCOUNT, Secret(PASSWORD), [server.destination])
    vault.put(
        api_client.id, api_client.name, client.client_id, Secret(client.secret), [pm_server.destination]
    )
    process = save(ApprovalProcess(name="ServiceNow Approval Process", server_id=server.id))
    approval_type = save(
        ApprovalType(name="ServiceNow Execute Application Request Type", process_id=process.id)
    )
    action = save(
        Action(
            name=ACTION_NAME,
            server_id=pm_server.id,
            type_id=approval_type.id,
            approval_type_guid=TYPE_GUID,
        )
    )
    set_progress(store, action)
    policy = save(
        Policy(
            name=POLICY_NAME,
            server_id=pm_server.id,
            action_ids=dump_references([action.id]),
            active=True,
        )
    )
    return Scene(pm, practice, workspace, policy, action, approval_type, process, server, pm_server)


def telling_options(**values):
    """Return options of a server that tells the command line of its actions."""
    return PracticeOptions(whole_items=True, **values)
