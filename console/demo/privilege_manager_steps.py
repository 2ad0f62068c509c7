"""Steps 16 to 21 of the demo: the action, the policy and the endpoints, by mouse and keyboard on their pages.

What people do on pages of Privilege Manager is done through the practice server's stand-in addresses, and printed as such.
"""

import asyncio
from pathlib import Path

from PyQt6.QtCore import QPoint
from PyQt6.QtWidgets import QFileDialog

from console.actions.approval_type_field import GuidDialog
from console.demo.input_driver import NotObservedError
from console.demo.servicenow_steps import TYPE_LABEL
from console.demo.stage import DemoStage, DemoStep
from console.forms.reference_list import ReferenceListField
from console.objects.action import ENTER_GUID, ActionPage
from console.objects.policy import PLAN, PolicyPage
from console.policies.endpoints_dialog import EndpointsDialog
from console.policies.plan_presenter import Work
from console.widgets.labels import LinkLabel
from models.kinds import Kind
from services.practice.privilege_manager import built_in_ids

CREDENTIAL_LABEL, SERVER_LABEL = "Privilege Manager API Client", "Privilege Manager"
COPY_LABEL, ACTION_LABEL = "Approval Request Form Action copy", "ServiceNow Approval Request Form Action"
CHECK_MARK = 8
"""How far the mark of a checkbox is from its edge."""
POLICY_LABEL = "Ask for Approval of Installers"


class PrivilegeManagerSteps:
    """Does what the guide asks for on the Privilege Manager side, on a server without policies."""

    def __init__(self, stage: DemoStage, folder: Path) -> None:
        """Make the steps; `folder` is for files of exports and copies."""
        self._stage, self._folder = stage, folder
        self._hand = stage.hand
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

    # -- the action ------------------------------------------------------------

    async def copy_action(self) -> str:
        """Add the API client and its server, then an action, and read the export of the action that is copied."""
        stage, practice = self._stage, self._stage.privilege_manager
        await self._connect()
        await self._hand.menu(Kind.ACTION, "New", "Action")
        await self._hand.page(Kind.ACTION)
        await self._hand.fill("name", COPY_LABEL)
        await self._hand.pick("server_id", SERVER_LABEL)
        await self._hand.press("Save")
        stage.ids["action"] = (await self._hand.saved()).id
        stage.print(
            f"   in Privilege Manager (by its stand-in): API client {practice.client_id} is there, "
            f"{built_in_ids.APPROVAL_FORM} is exported"
        )
        export = practice.export_item(built_in_ids.APPROVAL_FORM)
        if export is None:
            raise NotObservedError("the practice server exports no action")
        file = self._folder / "export.zip"
        await asyncio.to_thread(file.write_bytes, export)
        await self._press_step("Choose an export…")
        await self._choose_file(file)
        page = self._stage.shown(ActionPage)
        await self._hand.until(
            "the export is read", lambda: page.facts.export is not None or page.facts.refused
        )
        if page.facts.refused is not None:
            raise NotObservedError(page.facts.refused.as_text())
        await self._hand.until("what is copied is stored", lambda: page.stored and page.stored.copy_of)
        await self._hand.saved()
        await stage.picture("action-export")
        return f"{page.session.text('copy_of')}, {len(export)} bytes"

    async def _connect(self) -> None:
        """Add the API client with its secret, and the server."""
        stage, practice = self._stage, self._stage.privilege_manager
        await self._hand.menu(Kind.USER_CREDENTIAL, "New", "User Credential")
        page = await self._hand.page(Kind.USER_CREDENTIAL)
        await self._hand.fill("name", CREDENTIAL_LABEL)
        await self._hand.fill("account", practice.client_id)
        password = page.form.field("password").editor
        await self._hand.click(password.edit_button)
        await self._hand.type(password.line, practice.client_secret)
        await self._hand.press("Save")
        await self._hand.saved()
        await self._hand.menu(Kind.PRIVILEGE_MANAGER_SERVER, "New", "Privilege Manager Server")
        await self._hand.page(Kind.PRIVILEGE_MANAGER_SERVER)
        await self._hand.fill("name", SERVER_LABEL)
        await self._hand.fill("base_url", practice.base_url)
        await self._hand.pick("credential_id", CREDENTIAL_LABEL)
        await self._hand.press("Save")
        stage.ids["privilege manager"] = (await self._hand.saved()).id
        await stage.picture("privilege-manager-server")

    async def _press_step(self, text: str) -> None:
        """Press the button of the next step once it says `text`."""
        page = self._stage.shown(ActionPage)
        await self._hand.until(
            f"the step “{text}”", lambda: page.next_button.text() == text and page.next_button.isEnabled()
        )
        await self._hand.click(page.next_button)

    async def _choose_file(self, file: Path) -> None:
        """Enter a file into the open dialog, and accept it."""
        dialog = await self._hand.dialog("the dialog of files", QFileDialog)
        await self._hand.accept_file(dialog, file)

    async def name_action(self) -> str:
        """Give the copy its name."""
        page = self._stage.shown(ActionPage)
        await self._hand.until("the page has read everything", lambda: not page.tasks.busy)
        await self._hand.fill("name", ACTION_LABEL)
        await self._hand.press("Save")
        stored = await self._hand.saved()
        if stored.name != ACTION_LABEL:
            raise NotObservedError(f"the action is called {stored.name}")
        return f"{stored.name}, id {stored.id}"

    async def set_type(self) -> str:
        """Choose the Approval Type with its GUID, write the copy, import it, and wait until the server shows it."""
        page = self._stage.shown(ActionPage)
        await self._hand.until("the page has read everything", lambda: not page.tasks.busy)
        await self._hand.pick("type_id", TYPE_LABEL)
        await self._enter_guid(page)
        await self._hand.press("Save")
        stored = await self._hand.saved()
        await self._press_step("Write copy…")
        file = self._folder / "copy.zip"
        await self._choose_file(file)
        await self._hand.until("the copy is written", lambda: page.copy_state.is_written)
        content = await asyncio.to_thread(file.read_bytes)
        imported = self._stage.privilege_manager.import_items(content).imported
        self._stage.print(
            f"   in Privilege Manager (by its stand-in): Import Items took {', '.join(imported)}"
        )
        page.acts.ask_now()
        await self._hand.until("the import on the server", lambda: page.copy_state.imported_at, 30)
        await self._stage.picture("action")
        self._copy_id = imported[0]
        return await self._type_in_export(stored.approval_type_guid)

    async def _enter_guid(self, page: ActionPage) -> None:
        """Enter the GUID of the Approval Type, which the server's default one has."""
        if page.approval_type.guid:
            return
        frame = page.form.field("type_id").frame
        link = await self._hand.until(
            f"the link “{ENTER_GUID}”",
            lambda: next((one for one in frame.findChildren(LinkLabel) if one.text() == ENTER_GUID), None),
        )
        await self._hand.click(link)
        dialog = await self._hand.dialog("the dialog of the GUID", GuidDialog)
        await self._hand.type(dialog.line, built_in_ids.DEFAULT_APPROVAL_TYPE)
        await self._hand.click(dialog.accept_button)

    async def _type_in_export(self, wanted: str) -> str:
        """See the GUID of the Approval Type in the copy as the server exports it."""
        from services.privilege_manager.items.approval_action import read_action

        export = self._stage.privilege_manager.export_item(self._copy_id)
        there = None if export is None else read_action(export).approval_type_id
        if not wanted or there != wanted:
            raise NotObservedError(f"the copy names the Approval Type {there}, not {wanted}")
        return f"{wanted}; on the server as {self._copy_id}, in its export too"

    # -- the policy --------------------------------------------------------------

    async def choose_policy(self) -> str:
        """Add the policy, which the server does not have yet, with the action."""
        await self._hand.menu(Kind.POLICY, "New", "Policy")
        await self._hand.page(Kind.POLICY)
        await self._hand.fill("name", POLICY_LABEL)
        await self._hand.pick("server_id", SERVER_LABEL)
        page = self._stage.shown(PolicyPage)
        actions = page.form.editor("action_ids", ReferenceListField)
        await self._hand.pick_from(actions.picker, ACTION_LABEL)
        if not page.session.values["active"]:
            box = page.form.field("active").editor.focus_target
            await self._hand.click(box, QPoint(CHECK_MARK, box.height() // 2))
        await self._hand.press("Save")
        stored = await self._hand.saved()
        self._stage.ids["policy"] = stored.id
        await self._stage.picture("policy")
        return f"{stored.name}, created with the next step"

    async def add_to_policy(self) -> str:
        """Apply the plan on its tab: create the policy, add the action, make it active; then read it back."""
        page = self._stage.shown(PolicyPage)
        presenter = page.plan_controller.presenter
        page.open_tab(PLAN)
        view = page.plan_tab.plan
        await self._hand.until(
            "the plan of the policy",
            lambda: presenter.problem or (presenter.plan is not None and view.apply_button.isEnabled()),
        )
        if presenter.problem is not None:
            raise NotObservedError(presenter.problem.as_text())
        await self._stage.picture("policy-plan")
        await self._hand.click(view.apply_button)
        result = await self._hand.until(
            "the plan was carried out", lambda: presenter.result if presenter.work is Work.NONE else None, 30
        )
        if not result.ok or result.run is None:
            raise NotObservedError(f"the plan was not carried out: {result.as_dict()}")
        workspace = await self._stage.ctx.ready()
        client = await workspace.privilege_manager(self._stage.ids["privilege manager"])
        there = await client.policy(result.run.policy_id)
        if there.action_ids is None or self._copy_id not in there.action_ids or not there.active:
            raise NotObservedError("the policy on the server has no such action, or is inactive")
        await self._stage.picture("policy-applied")
        return f"{there.name} ({there.item_id}) has the action and is active; run {result.run.id}"

    async def update_endpoints(self) -> str:
        """Run the targeting update from the page, and see which endpoints have the policy."""
        stage = self._stage
        page = stage.shown(PolicyPage)
        stage.print(f"   in Privilege Manager: the task's page shows its id {built_in_ids.TARGETING_TASK}")
        await self._hand.until("the page has read everything", lambda: not page.tasks.busy)
        await self._hand.click(page.endpoints_button)
        dialog = await self._hand.dialog("the dialog Update endpoints", EndpointsDialog)
        await self._hand.type(dialog.task, built_in_ids.TARGETING_TASK)
        await self._hand.click(dialog.go)
        await self._hand.until(
            "the server's answer", lambda: dialog.outcome.isVisible() or dialog.failure.isVisible()
        )
        await stage.picture("update-endpoints", dialog)
        said = dialog.outcome.text()
        await self._hand.click(dialog.close_button)
        computers = stage.privilege_manager.state.computers
        names = [one.name for one in computers if any(self._copy_id in ids for ids in one.policies.values())]
        if not names:
            raise NotObservedError(f"no endpoint has the policy: {said}")
        return f"{said.rstrip('.')}; the policy is on {', '.join(names)}"
