"""The integration workflow of the demo: an endpoint asks, the console's worker raises, an approver decides, the answer returns.

What people and computers do outside this console is done on the practice servers; everything else is the program itself.
No Qt here.
"""

import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from console.demo import workflow_facts
from console.demo.approver import DemoApprover
from console.demo.workflow_facts import WorkflowFacts
from models.kinds import RequestState
from services.coordination.clock import SystemClock

if TYPE_CHECKING:
    from models.approval_request import ApprovalRequest
    from models.delivery import Delivery
    from services.practice import PracticeInstance
    from services.practice.privilege_manager import PracticePrivilegeManager
    from services.workspace import Workspace

ROUND_S = 35
"""By how much the worker's clock is ahead after each round: more than the interval of its polls."""
ROUNDS_MAX = 8


@dataclass(frozen=True, slots=True)
class ClockAhead(SystemClock):
    """A clock that is some seconds ahead, so that the demo need not wait for the intervals of a worker."""

    seconds: int = 0

    def now(self) -> datetime:
        """Return the time of now, moved."""
        return SystemClock.now(self) + timedelta(seconds=self.seconds)


@dataclass(frozen=True, slots=True)
class WorkflowObjects:
    """What the workflow goes through: servers, policy and action there, and the intake client of the events."""

    server_id: uuid.UUID
    policy_id: str
    client_id: uuid.UUID
    action_id: uuid.UUID
    """The action of this console, whose export has the texts of the window."""
    computer: str


class Workflow:
    """One approval at a time; `approval_id` is empty until an endpoint has asked."""

    def __init__(
        self,
        workspace: "Workspace",
        practice: "PracticeInstance",
        privilege_manager: "PracticePrivilegeManager",
        objects: WorkflowObjects,
    ) -> None:
        self.workspace, self.objects = workspace, objects
        self.practice, self.privilege_manager = practice, privilege_manager
        self.approver = DemoApprover(practice)
        self.approval_id = ""
        self._ahead = 0

    # -- what happens ----------------------------------------------------------

    async def ask(self, application: str, user: str, reason: str) -> None:
        """Raise a request at the endpoint, whose event the intake gets; then let the worker raise it in ServiceNow.

        Raises NotObservedError where the server refuses it, and ConsoleError.
        """
        from console.demo.input_driver import NotObservedError
        from services.practice.privilege_manager.state import RequestRefusedError

        try:
            made = await self.privilege_manager.raise_request(
                policy=self.objects.policy_id,
                user=user,
                file_path=application,
                reason=reason,
                computer=self.objects.computer,
            )
        except RequestRefusedError as error:
            raise NotObservedError(str(error)) from error
        self.approval_id = made.id
        await self._work(self._is_raised)

    async def decide(self, word: str, comment: str) -> None:
        """Decide as the approver; then let the worker see it and send the answer. Raises NotObservedError and ConsoleError."""
        request, _ = await self._stored()
        if request is not None:
            await self.approver.decide(await self.approver.find(request.record_id), word, comment)
            await self._work(self._is_answered)

    def forget(self) -> None:
        """Begin anew with another approval."""
        self.approval_id = ""

    async def _work(self, done: Callable[[], Awaitable[bool]]) -> None:
        """Do rounds of a worker, each later than the one before, until a condition is true."""
        from services.requests.worker.worker import Worker

        for _ in range(ROUNDS_MAX):
            worker = Worker(self.workspace, present=False, clock=ClockAhead(self._ahead))
            report = await worker.once()
            self._ahead += ROUND_S
            if await done():
                return
            if report.problems:
                from services.common.errors import ConsoleError

                raise ConsoleError(report.problems[0])

    async def _is_raised(self) -> bool:
        request, _ = await self._stored()
        return request is not None and bool(request.record_id)

    async def _is_answered(self) -> bool:
        request, delivery = await self._stored()
        is_final = request is not None and RequestState(request.state).is_final
        return is_final and (delivery is None or delivery.ended_at is not None)

    # -- what is seen ----------------------------------------------------------

    async def _stored(self) -> "tuple[ApprovalRequest | None, Delivery | None]":
        return await workflow_facts.read_stored(self.workspace, self.objects.client_id, self.approval_id)

    async def read(self) -> WorkflowFacts:
        """Ask the servers and the store. Raises ConsoleError."""
        client = await self.workspace.privilege_manager(self.objects.server_id)
        policy = await workflow_facts.read_policy(client, self.objects.policy_id)
        if not self.approval_id:
            return WorkflowFacts(policy)
        approval_id = self.approval_id
        approval = await workflow_facts.read_approval(client, approval_id)
        sent = [one for one in self.privilege_manager.state.sent_events if one.approval_id == approval_id]
        request, delivery = await self._stored()
        item = None
        if request is not None and request.record_id:
            instance = await self.approver.instance()
            item = await workflow_facts.read_item(instance, request.record_id)
        status = sent[-1].status if sent else None
        return WorkflowFacts(policy, approval, status, request, delivery, item)

    async def aclose(self) -> None:
        """Sign the approver out."""
        await self.approver.aclose()
