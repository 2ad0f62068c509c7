"""The way back in the demo: an endpoint asks through the webhook of Privilege Manager, and the decision gets back to it."""

import asyncio
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from console.demo.approver import DemoApprover
from console.demo.input_driver import NotObservedError
from console.demo.privilege_manager_steps import POLICY_LABEL
from console.demo.stage import DemoStage, DemoStep
from console.inbox.requests_page import RequestsPage
from console.navigation.request_places import request_target
from services.coordination.clock import SystemClock
from services.practice.privilege_manager import ApprovalState

if TYPE_CHECKING:
    from models.approval_request import ApprovalRequest
    from services.intake.server import IntakeServer
    from services.practice.privilege_manager.approvals import Approval
    from services.workspace import Workspace

CLIENT = "intake client"
CLIENT_LABEL = "Privilege Manager webhook"
USER, PROGRAM = r"ACME\b.okafor", r"C:\Users\b.okafor\Downloads\vs_setup.exe"
RECORD_AFTER_S, SEEN_AFTER_S, SENT_AFTER_S = 35, 70, 110
"""Seconds after which a worker knows the record of a request, has seen its decision, and sends the answer."""


@dataclass(frozen=True, slots=True)
class ClockAhead(SystemClock):
    """A clock that is some seconds ahead, so that the demo need not wait for the intervals of a worker."""

    seconds: int = 0

    def now(self) -> datetime:
        """Return the time of now, moved."""
        return SystemClock.now(self) + timedelta(seconds=self.seconds)


class WayBack:
    """Connects Privilege Manager by its webhook, and follows one request from an endpoint to its answer there."""

    def __init__(self, stage: DemoStage) -> None:
        self._stage = stage
        self._server: IntakeServer | None = None
        self._approval: Approval | None = None

    def steps(self) -> tuple[DemoStep, ...]:
        """Return what is done after the steps of the guide."""
        return (
            DemoStep(26, "Connect the webhook", self.connect),
            DemoStep(27, "An endpoint asks through the webhook", self.ask),
            DemoStep(28, "The decision gets back to Privilege Manager", self.answer),
        )

    async def close(self) -> None:
        """Stop the intake."""
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

    async def _raise(self, reason: str) -> "Approval":
        """Raise a request at an endpoint of the practice server, and see that the intake takes its event."""
        practice = self._stage.privilege_manager
        made = await practice.raise_request(
            policy=POLICY_LABEL, user=USER, file_path=PROGRAM, reason=reason, computer="WS-014"
        )
        sent = [one for one in practice.state.sent_events if one.approval_id == made.id]
        if not sent or not 200 <= sent[-1].status < 300:
            raise NotObservedError(f"the event was answered with {sent[-1] if sent else 'nothing'}")
        return made

    async def ask(self) -> str:
        """Raise a request at an endpoint; the worker raises it in ServiceNow."""
        from services.requests.worker.worker import Worker

        workspace = await self._stage.ctx.ready()
        approval = self._approval = await self._raise("Tools for release 9")
        for seconds in (0, RECORD_AFTER_S):
            report = await Worker(workspace, present=False, clock=ClockAhead(seconds)).once()
            if report.problems:
                raise NotObservedError(report.problems[0].as_text())
        request = await asyncio.to_thread(_newest_request, workspace, self._stage.ids[CLIENT])
        self._stage.window.show_target(request_target(request.id))
        page = self._stage.shown(RequestsPage)
        await self._stage.hand.until(
            "the request shown as Pending",
            lambda: any(page.model.index(row, 0).data() == "Pending" for row in range(page.model.rowCount())),
        )
        await self._stage.picture("webhook-request-pending")
        return f"{approval.computer_name} asks as {approval.id}; {request.number}, {request.state}"

    async def answer(self) -> str:
        """Approve in ServiceNow, let the worker see and send it, and look at the request in Privilege Manager."""
        from services.requests.worker.worker import Worker

        approval = self._approval
        if approval is None:
            raise NotObservedError("no endpoint has asked")
        workspace = await self._stage.ctx.ready()
        request = await asyncio.to_thread(_newest_request, workspace, self._stage.ids[CLIENT])
        approver = DemoApprover(self._stage.practice)
        await approver.approve(await approver.find(request.record_id))
        for seconds in (SEEN_AFTER_S, SENT_AFTER_S):
            await Worker(workspace, present=False, clock=ClockAhead(seconds)).once()
        answered = self._stage.privilege_manager.state.approvals[approval.id]
        if answered.state is not ApprovalState.APPROVED or answered.answers != 1:
            raise NotObservedError(f"the request is {answered.state} after {answered.answers} answers")
        await self._stage.picture("webhook-request-approved")
        return (
            f"{approval.id}: {answered.state}, answered {answered.answers} time, comment “{answered.comment}”"
        )


def _newest_request(workspace: "Workspace", client_id: uuid.UUID) -> "ApprovalRequest":
    """Return the request that the newest event of a client became; raises NotObservedError. Blocks."""
    from models.approval_request import ApprovalRequest
    from services.intake.event_store import IntakeEvents

    [event] = IntakeEvents(workspace.store).newest(client_id, 1)
    with workspace.store.read() as session:
        found = session.get(ApprovalRequest, event.request_id) if event.request_id else None
    if found is None:
        raise NotObservedError(f"no request came of the event, which was answered with {event.status}")
    return found
