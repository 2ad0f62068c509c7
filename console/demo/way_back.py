"""The way back in the demo: an endpoint asks through the webhook of Privilege Manager, and the decision gets back to it."""

import asyncio
from typing import TYPE_CHECKING

from console.demo.input_driver import NotObservedError
from console.demo.privilege_manager_steps import POLICY_LABEL
from console.demo.stage import DemoStage, DemoStep
from console.demo.workflow import Workflow, WorkflowObjects
from console.demo.workflow_page import APPLICATION, USER, WORKFLOW, WorkflowPage
from console.demo.workflow_presenter import waiting_approval
from console.runtime.page_targets import Target
from console.shell.page_registry import register_page
from console.widgets.window_content import WindowState, WindowText

if TYPE_CHECKING:
    from services.intake.server import IntakeServer

CLIENT = "intake client"
CLIENT_LABEL = "Privilege Manager webhook"
COMPUTER = "WS-014"
REASON, COMMENT = "Tools for release 9", "Approved for this release"


class WayBack:
    """Connects Privilege Manager by its webhook, and follows one request from an endpoint to its answer there."""

    def __init__(self, stage: DemoStage) -> None:
        self._stage = stage
        self._server: IntakeServer | None = None
        self._workflow: Workflow | None = None

    def steps(self) -> tuple[DemoStep, ...]:
        """Return what is done after the steps of the guide."""
        return (
            DemoStep(26, "Connect the webhook", self.connect),
            DemoStep(27, "Show the workflow on one screen", self.show),
            DemoStep(28, "An endpoint asks through the webhook", self.ask),
            DemoStep(29, "The decision gets back to Privilege Manager", self.answer),
        )

    async def close(self) -> None:
        """Stop the intake, and sign the approver out."""
        workflow, self._workflow = self._workflow, None
        if workflow is not None:
            await workflow.aclose()
        server, self._server = self._server, None
        if server is not None:
            await server.__aexit__(None, None, None)

    async def connect(self) -> str:
        """Serve the intake, add the client of the server, and confirm what a test event suggests."""
        from services.intake.answer_setup import confirm_answer_setup, read_answer_setup
        from services.intake.clients import IntakeClients
        from services.intake.event_fields import mapping_rows, pointer_source
        from services.intake.event_mapping import change_mapping, newest_payload
        from services.intake.server import IntakeServer

        stage = self._stage
        workspace = await stage.ctx.ready()
        server = self._server = await IntakeServer(workspace.store, port=0).__aenter__()
        clients = IntakeClients(workspace.store)
        client, token = await asyncio.to_thread(
            clients.add_for_events, CLIENT_LABEL, stage.ids["type"], stage.ids["privilege manager"]
        )
        stage.ids[CLIENT] = client.id
        address = f"{server.url}v1/requests"
        stage.privilege_manager.add_webhook(address, token)
        stage.print(f"   in Privilege Manager (by its stand-in): Webhook Configuration posts to {address}")
        await self._raise("A test event")
        payload = await asyncio.to_thread(newest_payload, workspace.store, client)
        if payload is None:
            raise NotObservedError("no event arrived")
        suggested = {
            row.variable: pointer_source(row.variable, row.source)
            for row in mapping_rows({}, payload)
            if row.source
        }
        mapping = await asyncio.to_thread(change_mapping, workspace.store, client, suggested)
        if mapping.is_learning:
            raise NotObservedError(f"nothing is mapped to {', '.join(mapping.missing)}")
        setup = await read_answer_setup(workspace, client.name)
        confirmed = await asyncio.to_thread(confirm_answer_setup, workspace, setup)
        if not confirmed.is_confirmed:
            raise NotObservedError(f"the mapping of answers does not fit: {confirmed.problem}")
        return f"a test event arrived, {len(suggested)} variables read from it; answers by its approval operation"

    async def _raise(self, reason: str) -> None:
        """Raise a request at an endpoint of the practice server, and see that the intake takes its event."""
        practice = self._stage.privilege_manager
        made = await practice.raise_request(
            policy=POLICY_LABEL, user=USER, file_path=APPLICATION, reason=reason, computer=COMPUTER
        )
        sent = [one for one in practice.state.sent_events if one.approval_id == made.id]
        if not sent or not 200 <= sent[-1].status < 300:
            raise NotObservedError(f"the event was answered with {sent[-1] if sent else 'nothing'}")

    # -- the workflow on one screen -------------------------------------------------

    async def show(self) -> str:
        """Show the endpoint, ServiceNow and Privilege Manager on one page, and wait until their servers have answered."""
        from models.action import Action
        from models.policy import Policy

        stage = self._stage
        workspace = await stage.ctx.ready()
        policy = await stage.ctx.call(workspace.configuration.get, Policy, stage.ids["policy"])
        action = await stage.ctx.call(workspace.configuration.get, Action, stage.ids["action"])
        objects = WorkflowObjects(
            stage.ids["privilege manager"], policy.item_id, stage.ids[CLIENT], action.id, COMPUTER
        )
        self._workflow = Workflow(workspace, stage.practice, stage.privilege_manager, objects)
        WorkflowPage.workflow = self._workflow
        register_page(WORKFLOW, WorkflowPage)
        stage.window.show_target(Target(WORKFLOW))
        page = stage.shown(WorkflowPage)
        await stage.hand.until(
            "the policy as Privilege Manager tells it", lambda: page.facts.policy.active and page.sets.source
        )
        await stage.picture("workflow")
        there = page.facts.policy
        return f"{there.name}: active with {', '.join(there.actions)}, on {', '.join(there.computers)}"

    async def ask(self) -> str:
        """Type a reason into the endpoint window and continue; see the request pending on all sides."""
        stage, page = self._stage, self._stage.shown(WorkflowPage)
        window = page.endpoint.window_frame
        edit = await stage.hand.until("the field of the reason", lambda: window.reason_edit)
        await stage.hand.type(edit, REASON)
        await stage.pause()
        button = window.childAt(window.place_of(WindowText.CONTINUE).center())
        await stage.hand.click(await stage.hand.until("the button Continue", lambda: button))
        await stage.hand.until(
            "an approval that waits in ServiceNow, and the endpoint window that shows Pending",
            lambda: (
                page.error
                or (
                    window.content.state is WindowState.PENDING
                    and waiting_approval(page.facts) is not None
                    and page.servicenow.approve.isEnabled()
                )
            ),
            30,
        )
        await stage.picture("workflow-pending")
        approval, item = page.facts.approval, page.facts.item
        if page.error or approval is None or item is None:
            raise NotObservedError(page.error or "the approval is not shown")
        return f"{approval.computer} asks as {approval.approval_id}; {item.number}, {item.approval}"

    async def answer(self) -> str:
        """Approve as the approver on the page; see the answer in Privilege Manager and in the endpoint window."""
        stage, page = self._stage, self._stage.shown(WorkflowPage)
        await stage.hand.type(page.servicenow.comment, COMMENT)
        await stage.pause()
        await stage.hand.click(page.servicenow.approve)
        window = page.endpoint.window_frame
        await stage.hand.until(
            "the answer in Privilege Manager and in the endpoint window",
            lambda: page.error or (window.content.state is WindowState.APPROVED and not page.busy),
            30,
        )
        await stage.picture("workflow-approved")
        there = page.facts.approval
        if page.error or there is None:
            raise NotObservedError(page.error or "the approval is not shown")
        answers = stage.privilege_manager.state.approvals[there.approval_id].answers
        if there.comment != COMMENT or answers != 1:
            raise NotObservedError(f"answered {answers} times, with the comment “{there.comment}”")
        return f"{there.approval_id}: {there.status}, answered once, comment “{there.comment}”"
