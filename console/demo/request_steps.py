"""Steps 22 to 25 of the demo: a request is raised in the endpoint window, found, decided and seen approved there."""

from typing import TYPE_CHECKING

from PyQt6.QtCore import Qt

from console.demo.approver import DemoApprover
from console.demo.input_driver import NotObservedError
from console.demo.servicenow_steps import APPROVER
from console.demo.stage import DemoStage, DemoStep
from console.endpoint.endpoint_dialog import EndpointDialog, open_endpoint_window
from console.inbox.requests_page import RequestsPage
from console.navigation.request_places import request_target
from console.widgets.window_content import WindowState, WindowText
from models.kinds import RequestState

if TYPE_CHECKING:
    from models.approval_request import ApprovalRequest

DIALOG_SIZE = 560, 720
REASON = "Tools for release 8, R&D <build>"


class RequestSteps:
    """Raises a request as an endpoint does, and decides it as its approver."""

    def __init__(self, stage: DemoStage) -> None:
        self._stage = stage
        self._hand = stage.hand
        self._approver = DemoApprover(stage.practice)
        self._dialog: EndpointDialog | None = None
        self._approval_id = ""

    def steps(self) -> tuple[DemoStep, ...]:
        """Return the steps in the order in which they are done."""
        return (
            DemoStep(22, "Raise a request", self.raise_request),
            DemoStep(23, "Find it in My Approvals", self.find),
            DemoStep(24, "Decide it", self.decide),
            DemoStep(25, "See it approved", self.see_approved),
        )

    @property
    def dialog(self) -> EndpointDialog:
        """The endpoint window."""
        if self._dialog is None:
            raise NotObservedError("the endpoint window is not open")
        return self._dialog

    @property
    def request(self) -> "ApprovalRequest":
        """The request of the endpoint window."""
        request = self.dialog.state.request
        if request is None:
            raise NotObservedError("no request was raised")
        return request

    async def raise_request(self) -> str:
        """Type a reason into the endpoint window and continue; see the request pending there and on the requests page."""
        stage = self._stage
        self._dialog = await open_endpoint_window(
            stage.ctx, stage.ids["action"], stage.ids["policy"], stage.window
        )
        self.dialog.resize(*DIALOG_SIZE)
        window = self.dialog.frame_window
        edit = await self._hand.until("the field of the reason", lambda: window.reason_edit)
        edit.setFocus(Qt.FocusReason.TabFocusReason)
        await self._hand.type(edit, REASON)
        await stage.picture("endpoint-asking", self.dialog)
        button = window.childAt(window.place_of(WindowText.CONTINUE).center())
        await self._hand.click(await self._hand.until("the button Continue", lambda: button))
        await self._hand.until(
            "the request pending in the endpoint window",
            lambda: (
                self.dialog.state.problem is not None
                or (self.dialog.state.window_state is WindowState.PENDING and self.request.number)
            ),
        )
        if self.dialog.state.problem is not None:
            raise NotObservedError(self.dialog.state.problem.as_text())
        await stage.picture("endpoint-pending", self.dialog)
        await self._requests_page("Pending", "requests-pending")
        request = self.request
        return f"{request.number}, PMRequestId {request.external_id}, {request.state} in the endpoint window"

    async def find(self) -> str:
        """See, signed in as the approver, that the instance asks for an approval of the request."""
        self._approval_id = await self._approver.find(self.request.record_id)
        return f"approval {self._approval_id} waits for {APPROVER}"

    async def decide(self) -> str:
        """Approve through the Table API as the approver, as My Approvals would."""
        try:
            await self._approver.decide(self._approval_id)
        finally:
            await self._approver.aclose()
        return f"approval {self._approval_id} by {APPROVER}: approved"

    async def see_approved(self) -> str:
        """Refresh the endpoint window and see the answer there and on the requests page."""
        self.dialog.refresh()
        await self._hand.until(
            "the request approved in the endpoint window",
            lambda: self.dialog.state.window_state is WindowState.APPROVED,
        )
        request = self.request
        if request.state != RequestState.APPROVED:
            raise NotObservedError(f"the request is {request.state}, not approved")
        await self._stage.picture("endpoint-approved", self.dialog)
        await self._requests_page("Approved", "requests-approved")
        said = f"{request.number}: {request.state} in the endpoint window, comment “{request.comment}”"
        self.dialog.accept()
        return said

    async def _requests_page(self, word: str, picture: str) -> None:
        self._stage.window.show_target(request_target(self.request.id))
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
