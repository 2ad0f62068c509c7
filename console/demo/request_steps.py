"""Steps 22 to 25 of the demo: a request is raised, found, decided and seen approved."""

from typing import TYPE_CHECKING

from console.demo.input_driver import NotObservedError
from console.demo.privilege_manager_steps import POLICY_LABEL
from console.demo.servicenow_steps import APPROVER, SERVER_LABEL
from console.demo.stage import DemoStage, DemoStep
from console.inbox.requests_page import RequestsPage
from console.navigation.request_places import request_target
from models.kinds import RequestState

if TYPE_CHECKING:
    from services.requests.lifecycle.lifecycle import RequestLifecycle


class RequestSteps:
    """Raises a request as an endpoint does, and decides it as its approver."""

    def __init__(self, stage: DemoStage) -> None:
        self._stage = stage
        self._approval_id = ""

    def steps(self) -> tuple[DemoStep, ...]:
        """Return the steps in the order in which they are done."""
        return (
            DemoStep(22, "Raise a request", self.raise_request),
            DemoStep(23, "Find it in My Approvals", self.find),
            DemoStep(24, "Decide it", self.decide),
            DemoStep(25, "See it approved", self.see_approved),
        )

    async def _lifecycle(self) -> "RequestLifecycle":
        from models.approval_process import ApprovalProcess
        from services.requests.lifecycle.lifecycle import RequestLifecycle

        workspace = await self._stage.ctx.ready()
        process = await self._stage.ctx.call(
            workspace.configuration.get, ApprovalProcess, self._stage.ids["process"]
        )
        instance = await workspace.instance(self._stage.ids["server"])
        return RequestLifecycle(workspace.store, instance, process)

    async def raise_request(self) -> str:
        """Raise a request as an endpoint would, and see it on the requests page."""
        from models.approval_type import ApprovalType

        workspace = await self._stage.ctx.ready()
        approval_type = await self._stage.ctx.call(
            workspace.configuration.get, ApprovalType, self._stage.ids["type"]
        )
        self._life = await self._lifecycle()
        fields = {
            "PMInitiatorName": "b.okafor",
            "PMPolicyName": POLICY_LABEL,
            "PMAgentName": "WS-014",
            "PMFilePath": r"C:\Users\b.okafor\Downloads\vs_setup.exe",
            "PMUserReason": "Tools for release 8, “R&D” <build>",
        }
        self._request = await self._life.submit(approval_type, fields)
        await self._life.refresh_item(self._request)
        await self._life.follow(self._request)
        if self._request.state != RequestState.PENDING:
            raise NotObservedError(f"the request is {self._request.state}, not pending")
        await self._requests_page("Pending", "requests-pending")
        return f"{self._request.number}, PMRequestId {self._request.external_id}, {self._request.state}"

    async def find(self) -> str:
        """See, signed in as the approver, that the instance asks for an approval of the request."""
        from services.common.secret import Secret
        from services.servicenow import ConnectionSettings, ServiceNowClient, SignIn

        record = await self._life.refresh_item(self._request)
        if record is None or not record.open_approvals:
            raise NotObservedError("nobody is asked to approve the request")
        approval = record.open_approvals[0]
        account = self._stage.practice.accounts[APPROVER]
        settings = ConnectionSettings(SERVER_LABEL, self._stage.practice.base_url)
        async with ServiceNowClient(settings, SignIn(account.user, Secret(account.password))) as instance:
            row = await instance.table("sysapproval_approver").get(approval.sys_id, ("state",))
        if row is None or row["state"] != "requested":
            raise NotObservedError(f"the approval {approval.sys_id} does not wait for {account.user}")
        self._approval_id = approval.sys_id
        return f"approval {approval.sys_id} of {account.user}: {row['state']}"

    async def decide(self) -> str:
        """Approve through the Table API as the approver, as My Approvals would."""
        from services.common.secret import Secret
        from services.servicenow import ConnectionSettings, ServiceNowClient, SignIn

        account = self._stage.practice.accounts[APPROVER]
        settings = ConnectionSettings(SERVER_LABEL, self._stage.practice.base_url)
        async with ServiceNowClient(settings, SignIn(account.user, Secret(account.password))) as instance:
            row = await instance.table("sysapproval_approver").update(
                self._approval_id, {"state": "approved", "comments": "Approved in the demo"}
            )
        if row["state"] != "approved":
            raise NotObservedError(f"the approval is {row['state']}")
        return f"approval {self._approval_id} by {account.user}: {row['state']}"

    async def see_approved(self) -> str:
        """Ask the status service again, and see the answer on the requests page."""
        await self._life.follow(self._request)
        await self._life.refresh_item(self._request)
        if self._request.state != RequestState.APPROVED:
            raise NotObservedError(f"the request is {self._request.state}, not approved")
        await self._requests_page("Approved", "requests-approved")
        return f"{self._request.number}: {self._request.state}, comment “{self._request.comment}”"

    async def _requests_page(self, word: str, picture: str) -> None:
        self._stage.window.show_target(request_target(self._request.id))
        page = self._stage.shown(RequestsPage)
        hand = self._stage.hand
        await hand.until(
            f"the request shown as {word}",
            lambda: any(page.model.index(row, 0).data() == word for row in range(page.model.rowCount())),
        )
        await hand.until(
            "what to tell the caller, as ServiceNow says it now",
            lambda: (
                page.pane.answer
                and page.details_loader.approvers is not None
                and not page.details_loader.tasks.busy
            ),
        )
        await self._stage.picture(picture)
