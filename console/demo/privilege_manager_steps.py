"""Steps 16 to 21 of the demo: the action, the policy and the endpoints.

What people do on pages of Privilege Manager is done through the practice server's stand-in addresses, and printed as such.
"""

import asyncio

from console.demo.input_driver import NotObservedError
from console.demo.stage import DemoStage, DemoStep
from models.approval_type import ApprovalType
from models.kinds import Kind
from services.common.secret import Secret
from services.policies.endpoints import Endpoints
from services.practice.privilege_manager import built_in_ids
from services.setup import privilege_manager_setup
from services.setup.privilege_manager_setup import PrivilegeManagerObjects, PrivilegeManagerSignIn

POLICY_LABEL = "Ask for Approval of Installers"


class PrivilegeManagerSteps:
    """Does what the guide asks for on the Privilege Manager side, on a server without policies."""

    def __init__(self, stage: DemoStage) -> None:
        self._stage = stage
        self._made: PrivilegeManagerObjects | None = None
        self._copy_id = ""

    def steps(self) -> tuple[DemoStep, ...]:
        """Return the steps in the order in which they are done."""
        return (
            DemoStep(16, "Copy the form action", self.copy_action),
            DemoStep(17, "Name the action", self.name_action),
            DemoStep(18, "Set its Approval Type", self.set_type),
            DemoStep(19, "Choose a policy", self.choose_policy),
            DemoStep(20, "Add it to the policy", self.add_to_policy),
            DemoStep(21, "Update the endpoints", self.update_endpoints),
        )

    @property
    def made(self) -> PrivilegeManagerObjects:
        """The objects of this side."""
        if self._made is None:
            raise NotObservedError("the Privilege Manager side is not set up")
        return self._made

    async def copy_action(self) -> str:
        """Make server and action from the server's own export, and import the copy."""
        stage, practice = self._stage, self._stage.privilege_manager
        workspace = await stage.ctx.ready()
        stage.print(
            f"   in Privilege Manager (by its stand-in): API client {practice.client_id} is there, "
            f"{built_in_ids.APPROVAL_FORM} is exported"
        )
        export = practice.export_item(built_in_ids.APPROVAL_FORM)
        if export is None:
            raise NotObservedError("the practice server exports no action")
        approval_type = await stage.ctx.call(workspace.configuration.get, ApprovalType, stage.ids["type"])
        sign_in = PrivilegeManagerSignIn(
            practice.base_url, practice.client_id, Secret(practice.client_secret), POLICY_LABEL
        )
        made = await asyncio.to_thread(
            privilege_manager_setup.create_objects,
            workspace.configuration,
            workspace.vault,
            sign_in,
            approval_type,
            export,
        )
        self._made = made
        stage.ids["privilege manager"], stage.ids["action"] = made.server.id, made.action.id
        await stage.show_object(Kind.PRIVILEGE_MANAGER_SERVER, made.server.id, "privilege-manager-server")
        imported: list[str] = []
        copy = await asyncio.to_thread(
            privilege_manager_setup.write_copy,
            workspace.store,
            made.action,
            lambda content: imported.extend(practice.import_items(content).imported),
        )
        stage.print(f"   in Privilege Manager (by its stand-in): Import Items took {', '.join(imported)}")
        client = await workspace.privilege_manager(made.server.id)
        if not await privilege_manager_setup.is_copy_there(workspace.store, client, made.action):
            raise NotObservedError(f"the server does not show the copy {copy.item_id}")
        self._copy_id = copy.item_id
        return f"{made.action.copy_of} copied, {len(copy.content)} bytes; on the server as {copy.item_id}"

    async def name_action(self) -> str:
        """See the name on the server."""
        workspace = await self._stage.ctx.ready()
        client = await workspace.privilege_manager(self.made.server.id)
        there = await client.action(self._copy_id)
        if there.name != self.made.action.name:
            raise NotObservedError(f"the copy is called {there.name}")
        await self._stage.show_object(Kind.ACTION, self.made.action.id, "action")
        return f"{there.name}, on the server too"

    async def set_type(self) -> str:
        """See the GUID of the Approval Type in the copy as the server exports it."""
        from services.privilege_manager.items.approval_action import read_action

        wanted = self.made.action.approval_type_guid
        export = self._stage.privilege_manager.export_item(self._copy_id)
        there = None if export is None else read_action(export).approval_type_id
        if not wanted or there != wanted:
            raise NotObservedError(f"the copy names the Approval Type {there}, not {wanted}")
        return f"{wanted}, in the export of the copy too"

    async def choose_policy(self) -> str:
        """Show the policy, which the server does not have yet."""
        policy = self.made.policy
        self._stage.ids["policy"] = policy.id
        await self._stage.show_object(Kind.POLICY, policy.id, "policy")
        return f"{policy.name}, created with the next step"

    async def add_to_policy(self) -> str:
        """Apply the plan: create the policy, add the action, make it active; then read it back."""
        workspace = await self._stage.ctx.ready()
        client = await workspace.privilege_manager(self.made.server.id)
        applied = await privilege_manager_setup.apply_policy(
            workspace.store, self.made.server, client, self.made.policy
        )
        if not applied.ok or applied.run is None:
            raise NotObservedError(f"the plan was not carried out: {applied.as_dict()}")
        there = await client.policy(applied.run.policy_id)
        if there.action_ids is None or self._copy_id not in there.action_ids or not there.active:
            raise NotObservedError("the policy on the server has no such action, or is inactive")
        await self._stage.show_object(Kind.POLICY, self.made.policy.id, "policy-applied")
        return f"{there.name} ({there.item_id}) has the action and is active; run {applied.run.id}"

    async def update_endpoints(self) -> str:
        """Run the targeting update, and see which endpoints have the policy."""
        stage = self._stage
        workspace = await stage.ctx.ready()
        client = await workspace.privilege_manager(self.made.server.id)
        stage.print(f"   in Privilege Manager: the task's page shows its id {built_in_ids.TARGETING_TASK}")
        update = await Endpoints(workspace.store, self.made.server, client).update(
            built_in_ids.TARGETING_TASK
        )
        computers = stage.privilege_manager.state.computers
        names = [one.name for one in computers if any(self._copy_id in ids for ids in one.policies.values())]
        if not names:
            raise NotObservedError("no endpoint has the policy")
        return f"{update.instance_name} started; the policy is on {', '.join(names)}"
