"""Finds the objects of a chain in the store, from any of them: downwards by its references, upwards by what refers to it."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from sqlmodel import select

from models.action import Action
from models.action_progress import ActionProgress
from models.approval_process import ApprovalProcess
from models.approval_type import ApprovalType
from models.base import ConfigurationObject
from models.foreign_system import ForeignSystem
from models.kinds import Kind
from models.policy import Policy
from models.privilege_manager_server import PrivilegeManagerServer
from models.text_folding import fold_text
from services.configuration import Configuration
from services.store import NotFoundError

T = TypeVar("T", bound=ConfigurationObject)


@dataclass(frozen=True, slots=True)
class ChainStart:
    """Where a chain is looked at from: an object of this console, or a policy on a Privilege Manager server.

    `policy` is the name or id of such a policy; `kind` and `id` are those of the server then.
    """

    kind: Kind
    id: uuid.UUID
    policy: str = ""


@dataclass(frozen=True, slots=True)
class ActionRecord:
    """What is kept of the way of an action into Privilege Manager."""

    item_id: str = ""
    export: bytes = b""
    progress: ActionProgress | None = None


@dataclass(frozen=True, slots=True)
class Route:
    """The objects of a chain as far as they are in the store."""

    start: ChainStart
    policy: Policy | None = None
    action: Action | None = None
    type: ApprovalType | None = None
    process: ApprovalProcess | None = None
    server: ForeignSystem | None = None
    privilege_manager: PrivilegeManagerServer | None = None
    record: ActionRecord = ActionRecord()

    @property
    def policy_name(self) -> str:
        """The name of the policy, or how it is called where it is not here."""
        return self.policy.name if self.policy is not None else self.start.policy

    @property
    def name(self) -> str:
        """The name of the chain: that of its first object."""
        objects = (self.policy, self.action, self.type, self.process, self.server)
        return self.policy_name or next((item.name for item in objects if item is not None), "")


@dataclass(frozen=True, slots=True)
class StoredObjects:
    """All objects that chains are made of. Every list is sorted by name."""

    policies: Sequence[Policy]
    actions: Sequence[Action]
    types: Sequence[ApprovalType]
    processes: Sequence[ApprovalProcess]
    servers: Sequence[ForeignSystem]
    privilege_managers: Sequence[PrivilegeManagerServer]
    records: dict[uuid.UUID, ActionRecord]
    """By the id of the action."""

    @classmethod
    def read(cls, configuration: Configuration) -> "StoredObjects":
        """Read the store; blocks."""
        with configuration.store.read() as session:
            rows = session.exec(select(ActionProgress)).all()
            records = {row.action_id: ActionRecord(row.item_id, row.export_content, row) for row in rows}
        return cls(
            configuration.all(Policy),
            configuration.all(Action),
            configuration.all(ApprovalType),
            configuration.all(ApprovalProcess),
            configuration.all(ForeignSystem),
            configuration.all(PrivilegeManagerServer),
            records,
        )

    # -- from an object to those that refer to it ---------------------------

    def policies_of(self, action: Action) -> list[Policy]:
        """Return the policies that are meant to have an action, active ones first."""
        having = [policy for policy in self.policies if action.id in policy.references_to_actions]
        return sorted(having, key=lambda policy: not policy.active)

    def best_action(self, approval_type: ApprovalType) -> Action | None:
        """Return the action of a type, one with a policy if there is any."""
        having = [action for action in self.actions if action.type_id == approval_type.id]
        return max(having, key=self._depth_of_action, default=None)

    def best_type(self, process: ApprovalProcess) -> ApprovalType | None:
        """Return the type that a process handles, one that is used if there is any."""
        having = [one for one in self.types if one.process_id == process.id]
        return max(having, key=self._depth_of_type, default=None)

    def best_process(self, server: ForeignSystem) -> ApprovalProcess | None:
        """Return the process on a server, one that is used if there is any."""
        having = [one for one in self.processes if one.server_id == server.id]
        return max(having, key=self._depth_of_process, default=None)

    def _depth_of_action(self, action: Action) -> int:
        return 2 if self.policies_of(action) else 1

    def _depth_of_type(self, approval_type: ApprovalType) -> int:
        action = self.best_action(approval_type)
        return 1 if action is None else 1 + self._depth_of_action(action)

    def _depth_of_process(self, process: ApprovalProcess) -> int:
        approval_type = self.best_type(process)
        return 1 if approval_type is None else 1 + self._depth_of_type(approval_type)

    # -- routes -------------------------------------------------------------

    def route(self, start: ChainStart) -> Route:
        """Return the chain that goes through an object; raises NotFoundError where it is not there any more."""
        route = Route(start)
        if start.kind is Kind.PRIVILEGE_MANAGER_SERVER:
            return self._from_privilege_manager(route)
        if start.kind is Kind.USER_CREDENTIAL:
            return self._from_credential(route)
        if start.kind is Kind.POLICY:
            return self._from_policy(route, _required(self.policies, start))
        if start.kind is Kind.ACTION:
            return self._from_action(route, _required(self.actions, start))
        if start.kind is Kind.APPROVAL_TYPE:
            return self._from_type(route, _required(self.types, start))
        if start.kind is Kind.APPROVAL_PROCESS:
            return self._from_process(route, _required(self.processes, start))
        return self._from_server(route, _required(self.servers, start))

    def with_action(self, route: Route, action: Action) -> Route:
        """Return a route whose action became known, with everything behind it."""
        approval_type = _find(self.types, action.type_id)
        record = self.records.get(action.id, ActionRecord())
        route = replace(route, action=action, record=record)
        return self.with_type(route, approval_type)

    def with_type(self, route: Route, approval_type: ApprovalType | None) -> Route:
        """Return a route whose type became known, with everything behind it."""
        process = _find(self.processes, approval_type.process_id) if approval_type is not None else None
        server = _find(self.servers, process.server_id) if process is not None else None
        return replace(route, type=approval_type, process=process, server=server)

    def find_action(self, item_id: str, name: str | None) -> Action | None:
        """Return the action here that is an item of the server: by the id of its copy, else by name."""
        for action in self.actions:
            record = self.records.get(action.id)
            if record is not None and record.item_id == item_id:
                return action
        wanted = fold_text(name) if name else None
        same = [one for one in self.actions if fold_text(one.name) == wanted]
        return next((one for one in same if not self.records.get(one.id, ActionRecord()).item_id), None)

    def _from_policy(self, route: Route, policy: Policy) -> Route:
        actions = [_find(self.actions, one) for one in policy.references_to_actions]
        known = [action for action in actions if action is not None]
        action = next((one for one in known if one.type_id is not None), known[0] if known else None)
        route = self._with_server(replace(route, policy=policy), policy.server_id)
        return route if action is None else self.with_action(route, action)

    def _from_action(self, route: Route, action: Action) -> Route:
        policy = next(iter(self.policies_of(action)), None)
        server_id = (policy.server_id if policy is not None else None) or action.server_id
        return self.with_action(self._with_server(replace(route, policy=policy), server_id), action)

    def _from_type(self, route: Route, approval_type: ApprovalType) -> Route:
        action = self.best_action(approval_type)
        if action is not None:
            return self._from_action(route, action)
        return self.with_type(self._with_server(route, None), approval_type)

    def _from_process(self, route: Route, process: ApprovalProcess) -> Route:
        approval_type = self.best_type(process)
        if approval_type is not None:
            return self._from_type(route, approval_type)
        server = _find(self.servers, process.server_id)
        return replace(self._with_server(route, None), process=process, server=server)

    def _from_server(self, route: Route, server: ForeignSystem) -> Route:
        process = self.best_process(server)
        if process is not None:
            return self._from_process(route, process)
        return replace(self._with_server(route, None), server=server)

    def _from_privilege_manager(self, route: Route) -> Route:
        server = _required(self.privilege_managers, route.start)
        route = replace(route, privilege_manager=server)
        if route.start.policy:
            return route
        policies = [one for one in self.policies if one.server_id == server.id]
        if policies:
            return self._from_policy(route, min(policies, key=lambda one: not one.active))
        action = next((one for one in self.actions if one.server_id == server.id), None)
        return route if action is None else self._from_action(route, action)

    def _from_credential(self, route: Route) -> Route:
        credential_id = route.start.id
        server = next((one for one in self.servers if one.credential_id == credential_id), None)
        if server is not None:
            return self._from_server(route, server)
        other = next((one for one in self.privilege_managers if one.credential_id == credential_id), None)
        if other is not None:
            start = ChainStart(Kind.PRIVILEGE_MANAGER_SERVER, other.id)
            return replace(self._from_privilege_manager(replace(route, start=start)), start=route.start)
        return route

    def _with_server(self, route: Route, server_id: uuid.UUID | None) -> Route:
        """Choose the Privilege Manager server: the one that is named, else the only one there is."""
        found = _find(self.privilege_managers, server_id)
        if found is None and len(self.privilege_managers) == 1:
            found = self.privilege_managers[0]
        return replace(route, privilege_manager=found)


def _find(items: Sequence[T], wanted: uuid.UUID | None) -> T | None:
    return next((item for item in items if item.id == wanted), None) if wanted is not None else None


def _required(items: Sequence[T], start: ChainStart) -> T:
    found = _find(items, start.id)
    if found is None:
        raise NotFoundError(f"the {start.kind.value.replace('_', ' ')} with id {start.id}")
    return found
