"""The state of the practice server: items, computers, tasks and approval requests. Every method takes its lock."""

import re
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from models.addresses import is_loopback
from services.common.json_types import JsonObject
from services.practice.privilege_manager import built_in_ids as ids
from services.practice.privilege_manager.approvals import (
    REASON_MAX,
    Approval,
    ApprovalState,
    ApprovalType,
    Computer,
    SentEvent,
    default_types,
)
from services.practice.privilege_manager.initial_items import initial_items
from services.practice.privilege_manager.items import Item, ItemKind, ItemStore
from services.practice.privilege_manager.options import PracticeOptions, Webhook

_TYPE_IN_COMMAND = re.compile(r"/approvalTypeId:\{?([0-9a-f-]{36})\}?", re.IGNORECASE)
TASKS = {
    ids.TARGETING_TASK: "Resource and Collection Targeting Update",
    ids.CREATE_ITEMS_TASK: "Create ServiceNow Approval Request Items",
}


class RequestRefusedError(ValueError):
    """A request that an endpoint cannot raise; its text says why."""


@dataclass(frozen=True, slots=True)
class TaskRun:
    """A task that was run."""

    id: str
    task_id: str
    name: str
    parameters: tuple[JsonObject, ...]


def approval_type_of(command_line: str) -> str | None:
    """Return the id of the approval type that the command line of an action names, in lower case, or None."""
    found = _TYPE_IN_COMMAND.search(command_line)
    return found[1].lower() if found else None


def check_webhook(url: str) -> None:
    """Raise ValueError for an address that events are not posted to."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not is_loopback(parts.hostname or ""):
        raise ValueError("the practice server posts events to this machine only")


class PracticeState:
    """Everything the server knows. Tests read the members; changes go through the methods."""

    def __init__(
        self, options: PracticeOptions, clock: Callable[[], datetime], *, empty: bool, computers: int
    ) -> None:
        self.lock = threading.RLock()
        self.options = options
        self.clock = clock
        self.api_enabled = True
        self.items = ItemStore(initial_items(with_policies=not empty))
        self.types: dict[str, ApprovalType] = {one.id: one for one in default_types()}
        self.computers: list[Computer] = _computers(computers)
        self.approvals: dict[str, Approval] = {}
        self.webhooks: list[Webhook] = []
        self.sent_events: list[SentEvent] = []
        self.task_runs: list[TaskRun] = []

    # -- set-up that the API does not offer --------------------------------

    def add_approval_type(
        self, name: str, *, type_id: str | None = None, process: str = "Default Manual Approval Process"
    ) -> ApprovalType:
        """Add an approval type, as an administrator does in the product."""
        with self.lock:
            made = ApprovalType(
                (type_id or ids.new_id()).lower(), name, ids.fixed_id("process", process), process
            )
            self.types[made.id] = made
            return made

    def add_webhook(self, url: str, authorization: str = "") -> Webhook:
        """Post approval events to an address of this machine from now on. Raises ValueError."""
        check_webhook(url)
        webhook = Webhook(url, authorization)
        with self.lock:
            self.webhooks.append(webhook)
        return webhook

    def add_computer(self, name: str, *, macos: bool = False) -> Computer:
        """Add an endpoint that belongs to the target of its platform."""
        with self.lock:
            target = ids.MACOS_TARGET if macos else ids.WINDOWS_TARGET
            made = Computer(ids.fixed_id("computer", name), name, frozenset({target}))
            self.computers.append(made)
            return made

    # -- policies and tasks ------------------------------------------------

    def update_targets(self) -> None:
        """Give every computer the active policies whose targets it belongs to."""
        with self.lock:
            active = [
                one for one in self.items.of_kind(ItemKind.POLICY) if one.members.get("Enabled") is True
            ]
            for computer in self.computers:
                computer.policies = {
                    policy.id: tuple(policy.ids("ApplicationActionIds"))
                    for policy in active
                    if not computer.targets.isdisjoint(policy.ids("DefaultResourceTargetIds"))
                }
                computer.updated = self.clock()

    def run_task(self, task_id: str, name: str, parameters: tuple[JsonObject, ...]) -> TaskRun | None:
        """Run a task and return its instance; None: there is no such task."""
        with self.lock:
            if task_id.lower() not in TASKS:
                return None
            run = TaskRun(ids.new_id(), task_id.lower(), name, parameters)
            self.task_runs.append(run)
            if run.task_id == ids.TARGETING_TASK:
                self.update_targets()
            return run

    # -- approval requests -------------------------------------------------

    def new_request(
        self, *, policy: str, user: str, file_path: str, reason: str, computer: str | None = None
    ) -> Approval:
        """Add a pending approval, as the form of an endpoint does.

        `policy` is the name or id of a policy, `computer` the name of an endpoint that has it, None for the first.
        Raises RequestRefusedError.
        """
        with self.lock:
            if not reason.strip() or len(reason) > REASON_MAX:
                raise RequestRefusedError(f"A reason of at most {REASON_MAX} characters is needed.")
            item = self.items.get(policy, ItemKind.POLICY) or self.items.named(policy)
            if item is None or item.kind is not ItemKind.POLICY:
                raise RequestRefusedError(f"There is no policy {policy}.")
            endpoint, actions = self._endpoint(item, computer)
            action, approval_type = self._approval_action(item, actions)
            made = Approval(
                id=ids.new_id(),
                type_id=approval_type.id,
                action_id=action.id,
                policy_id=item.id,
                policy_name=item.name,
                user_id=ids.fixed_id("user", user),
                user_name=user,
                computer_id=endpoint.id,
                computer_name=endpoint.name,
                process_id=approval_type.process_id,
                process_name=approval_type.process_name,
                file_path=file_path,
                reason=reason,
                requested=self.clock(),
            )
            self.approvals[made.id] = made
            return made

    def _endpoint(self, policy: Item, name: str | None) -> tuple[Computer, tuple[str, ...]]:
        candidates = [one for one in self.computers if name is None or one.name.lower() == name.lower()]
        if not candidates:
            raise RequestRefusedError(f"There is no computer {name or 'yet'}.")
        if policy.members.get("Enabled") is not True:
            raise RequestRefusedError(f"The policy {policy.name} is inactive.")
        if not self.options.need_deployment:
            return candidates[0], tuple(policy.ids("ApplicationActionIds"))
        for computer in candidates:
            if policy.id in computer.policies:
                return computer, computer.policies[policy.id]
        raise RequestRefusedError(f"No such computer has the policy {policy.name}: run the targeting update.")

    def _approval_action(self, policy: Item, action_ids: tuple[str, ...]) -> tuple[Item, ApprovalType]:
        for action_id in action_ids:
            action = self.items.get(action_id, ItemKind.ACTION)
            type_id = approval_type_of(action.command_line) if action is not None else None
            if action is None or type_id is None:
                continue
            if type_id not in self.types:
                raise RequestRefusedError(
                    f"The action {action.name} names an unknown approval type {type_id}."
                )
            return action, self.types[type_id]
        raise RequestRefusedError(f"The policy {policy.name} has no action that asks for approval.")

    def decide(
        self,
        approval_id: str,
        *,
        approved: bool,
        duration: timedelta | None = None,
        comment: str = "",
        approver: str = "",
    ) -> bool | None:
        """Decide a request; False: it was decided before, None: there is no such request."""
        with self.lock:
            approval = self.approvals.get(approval_id.strip("{}").lower())
            if approval is None:
                return None
            return approval.decide(
                approved=approved, now=self.clock(), duration=duration, comment=comment, approver=approver
            )

    @property
    def pending(self) -> list[Approval]:
        """The requests that wait for a decision, oldest first."""
        with self.lock:
            return [one for one in self.approvals.values() if one.state is ApprovalState.PENDING]

    @property
    def repeated_answers(self) -> int:
        """How many answers came for requests that had one already; a client that looks first causes none."""
        with self.lock:
            return sum(max(0, one.answers - 1) for one in self.approvals.values())


def _computers(number: int) -> list[Computer]:
    names = [("WS-014", ids.WINDOWS_TARGET), ("WS-027", ids.WINDOWS_TARGET), ("MAC-003", ids.MACOS_TARGET)]
    names += [(f"PC-{count:04d}", ids.WINDOWS_TARGET) for count in range(1, number + 1)]
    return [Computer(ids.fixed_id("computer", name), name, frozenset({target})) for name, target in names]
